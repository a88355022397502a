/* The oldest makes room, whichever stream has it. */
#include "retain/room.h"

#include <stdlib.h>

#include "base/err.h"

#define WEEK_US (7 * RETAIN_DAY_US)
#define HOUR_US (RETAIN_DAY_US / 24)

/* ---- what goes ---- */

int64_t
retain_least(const struct retain_policy *policy)
{
	const struct retain_preset *preset = &retain_presets[policy->preset];
	int64_t least_us = preset->tiers[RETAIN_DETAIL].min_us;

	/* An archive has a term before it has the records: what is kept are these. */
	if (least_us < preset->kept_min_us)
		least_us = preset->kept_min_us;
	return (policy->least_us > least_us ? policy->least_us : least_us);
}

struct candidate {
	int64_t from_us;
	uint64_t bytes;
};

static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return ((x->from_us > y->from_us) - (x->from_us < y->from_us));
}

static size_t
count_rows(const struct retain_store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < store->count; i++)
		count += store->streams[i].plan->count;
	return (count);
}

static bool
may_go(const struct retain_store *store, const struct retain_stream *stream, size_t i)
{
	const struct retain_row *row = &stream->plan->rows[i];

	return (stream->gives && row->action == RETAIN_KEEP && row->hold == SIZE_MAX &&
	    row->from_us <= store->now_us - stream->least_us);
}

static size_t
collect(const struct retain_store *store, struct candidate *list)
{
	size_t count = 0;

	for (size_t s = 0; s < store->count; s++) {
		const struct retain_stream *stream = &store->streams[s];

		for (size_t i = 0; i < stream->plan->count; i++)
			if (may_go(store, stream, i))
				list[count++] = (struct candidate){ stream->plan->rows[i].from_us,
					stream->segments[i].bytes };
	}
	qsort(list, count, sizeof(list[0]), compare);
	return (count);
}

static uint64_t
sum(const struct retain_store *store, enum retain_action action)
{
	uint64_t bytes = 0;

	for (size_t s = 0; s < store->count; s++)
		bytes += store->streams[s].plan->sums[action].bytes;
	return (bytes);
}

/* What is over its term goes in any case, and what is gone was given already. */
static uint64_t
keeps(const struct retain_store *store)
{
	uint64_t goes = sum(store, RETAIN_PRUNE) + sum(store, RETAIN_GONE);

	return (goes < store->used ? store->used - goes : 0);
}

int
retain_room_find(const struct retain_store *store, struct retain_room *room, struct err *e)
{
	uint64_t kept = keeps(store), want, bytes = 0;
	int64_t until_us = INT64_MIN;
	struct candidate *list;
	size_t count;

	*room = (struct retain_room){ .until_us = INT64_MIN,
		.due = sum(store, RETAIN_PRUNE),
		.gone = sum(store, RETAIN_GONE) };
	if (kept <= store->limit)
		return (0);
	want = kept - store->limit;
	if ((list = calloc(count_rows(store) + 1, sizeof(list[0]))) == NULL)
		return (err_memory(e));
	count = collect(store, list);
	/* Those of one time go together: a time is all that streams are told. */
	for (size_t i = 0; i < count && (bytes < want || list[i].from_us == until_us); i++) {
		bytes += list[i].bytes;
		until_us = list[i].from_us;
	}
	free(list);
	/* Thrown away for nothing: capture would wait all the same. */
	if (bytes < want)
		room->over = want - bytes;
	else
		*room = (struct retain_room){ true, until_us, bytes, room->due, 0, room->gone };
	return (0);
}

int64_t
retain_room_cutoff(int64_t until_us)
{
	int64_t rest_us = (until_us % 1000 + 1000) % 1000;

	return (until_us < INT64_MIN + 1000 ? until_us : until_us - rest_us + 1000);
}

/* ---- when ---- */

/* Bytes a day; 0: not known. */
static double
pace(const struct retain_store *store, const struct retain_stream *stream)
{
	int64_t first_us = store->now_us;
	uint64_t bytes = 0;

	for (size_t i = 0; i < stream->plan->count; i++) {
		const struct retain_segment *segment = &stream->segments[i];

		if (segment->sealed_us < store->now_us - WEEK_US)
			continue;
		if (segment->sealed_us < first_us)
			first_us = segment->sealed_us;
		bytes += segment->bytes;
	}
	if (store->now_us - first_us < HOUR_US)
		return (0);
	return ((double)bytes * (double)RETAIN_DAY_US / (double)(store->now_us - first_us));
}

/* Adds what comes by each day to come, and takes away what goes by then. */
static void
add_days(const struct retain_store *store, const struct retain_stream *stream,
    double days[static RETAIN_ROOM_DAYS])
{
	double comes = pace(store, stream);

	for (int d = 0; d < RETAIN_ROOM_DAYS; d++)
		if ((int64_t)d * RETAIN_DAY_US < stream->term_us)
			days[d] += comes;
	for (size_t i = 0; i < stream->plan->count; i++) {
		const struct retain_row *row = &stream->plan->rows[i];
		int64_t day;

		if (row->action != RETAIN_KEEP || row->hold != SIZE_MAX ||
		    row->due_us == RETAIN_FOREVER)
			continue;
		day = (row->due_us - store->now_us) / RETAIN_DAY_US;
		if (day < RETAIN_ROOM_DAYS)
			days[day] -= (double)stream->segments[i].bytes;
	}
}

int
retain_room_days(const struct retain_store *store)
{
	double *days = calloc(RETAIN_ROOM_DAYS, sizeof(days[0])), used = (double)keeps(store);
	int found = -1;

	if (days == NULL)
		return (-1);
	for (size_t s = 0; s < store->count; s++)
		add_days(store, &store->streams[s], days);
	if (used > (double)store->limit)
		found = 0;
	for (int d = 0; d < RETAIN_ROOM_DAYS && found == -1; d++) {
		used += days[d];
		if (used > (double)store->limit)
			found = d;
	}
	free(days);
	return (found);
}
