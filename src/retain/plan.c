/* Which segments go: their terms, then the holds. */
#include <assert.h>
#include <stdlib.h>

#include "base/err.h"
#include "retain/retain.h"

/* ---- terms ---- */

static int64_t
counts_from(const struct retain_segment *segment)
{
	if (!segment->live && segment->newest_us != 0 && segment->newest_us < segment->sealed_us)
		return (segment->newest_us);
	return (segment->sealed_us);
}

static int64_t
due(int64_t from_us, int64_t term_us)
{
	return (term_us >= RETAIN_FOREVER - (from_us > 0 ? from_us : 0) ? RETAIN_FOREVER :
									  from_us + term_us);
}

/* ---- holds ---- */

/*
 * Each segment is marked once, by the first hold that names it: next leads from
 * a place to the first one from there on that has no mark, so that many holds
 * on the same segments cost no more than one.
 */
struct marks {
	const struct retain_segment *segments;
	size_t count;
	size_t *next; /* count + 1 of them */
	struct retain_row *rows;
};

static size_t
unmarked(struct marks *m, size_t place)
{
	size_t end = place, step;

	while (m->next[end] != end)
		end = m->next[end];
	for (; place != end; place = step) {
		step = m->next[place];
		m->next[place] = end;
	}
	return (end);
}

/* The place of the first segment from number on. */
static size_t
place_of(const struct marks *m, uint64_t number)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->segments[middle].seg < number)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

static void
mark(struct marks *m, const struct seal_range *range, size_t hold)
{
	for (size_t i = unmarked(m, place_of(m, range->first));
	     i < m->count && m->segments[i].seg <= range->last; i = unmarked(m, i)) {
		m->rows[i].hold = hold;
		m->next[i] = i + 1;
	}
}

static int
mark_all(struct marks *m, const struct retain_hold *holds, size_t hold_count, struct err *e)
{
	if (hold_count == 0)
		return (0);
	if ((m->next = reallocarray(NULL, m->count + 1, sizeof(m->next[0]))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i <= m->count; i++)
		m->next[i] = i;
	for (size_t h = 0; h < hold_count; h++) {
		const struct seal_range onward = { holds[h].onward, UINT64_MAX };

		for (size_t r = 0; r < holds[h].range_count; r++)
			mark(m, &holds[h].ranges[r], h);
		if (holds[h].has_onward)
			mark(m, &onward, h);
	}
	free(m->next);
	return (0);
}

/* ---- all of it ---- */

static bool
makes_room(const struct retain_ask *ask, const struct retain_row *row)
{
	return (ask->room && row->hold == SIZE_MAX && row->from_us <= ask->room_us &&
	    row->from_us <= ask->now_us - ask->least_us);
}

static void
decide(const struct retain_ask *ask, const struct retain_segment *segment, struct retain_row *row)
{
	if (segment->gone)
		row->action = RETAIN_GONE;
	else if (row->due_us > ask->now_us || row->due_us == RETAIN_FOREVER)
		row->action = makes_room(ask, row) ? RETAIN_ROOM : RETAIN_KEEP;
	else
		row->action = row->hold == SIZE_MAX ? RETAIN_PRUNE : RETAIN_HELD;
}

static void
count_row(
    struct retain_plan *plan, const struct retain_segment *segment, const struct retain_row *row)
{
	struct retain_sum *sum = &plan->sums[row->action];

	sum->segments++;
	sum->records += segment->records;
	sum->bytes += segment->bytes;
	if (row->action == RETAIN_KEEP && row->due_us < plan->next_us)
		plan->next_us = row->due_us;
}

int
retain_plan_make(const struct retain_ask *ask, struct retain_plan *plan, struct err *e)
{
	const struct retain_segment *segments = ask->segments;
	struct marks m = { .segments = segments, .count = ask->count };

	*plan = (struct retain_plan){ .count = ask->count, .next_us = RETAIN_FOREVER };
	if ((m.rows = plan->rows = calloc(ask->count + 1, sizeof(plan->rows[0]))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < ask->count; i++) {
		assert(i == 0 || segments[i - 1].seg < segments[i].seg);
		plan->rows[i].from_us = counts_from(&segments[i]);
		plan->rows[i].due_us = due(plan->rows[i].from_us, ask->term_us);
		plan->rows[i].hold = SIZE_MAX;
	}
	if (mark_all(&m, ask->holds, ask->hold_count, e) == -1) {
		retain_plan_free(plan);
		return (-1);
	}
	for (size_t i = 0; i < ask->count; i++) {
		decide(ask, &segments[i], &plan->rows[i]);
		count_row(plan, &segments[i], &plan->rows[i]);
	}
	return (0);
}

void
retain_plan_free(struct retain_plan *plan)
{
	free(plan->rows);
	*plan = (struct retain_plan){ .rows = NULL };
}

size_t
retain_plan_runs(const struct retain_plan *plan, const struct retain_segment *segments,
    enum retain_action action, size_t *at, struct seal_range *runs, size_t max)
{
	size_t count = 0, i = *at;

	for (; i < plan->count; i++) {
		if (plan->rows[i].action == action &&
		    !seal_ranges_add(runs, &count, max, segments[i].seg))
			break;
	}
	*at = i;
	return (count);
}
