/* usual: the same hour of the weeks before. */
#include "tally/usual.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define HOUR_US INT64_C(3600000000)
#define WEEK_HOURS 168
#define MINUTES 60

/* ---- a minute ---- */

struct minutes {
	int64_t start_us;
	uint64_t *errors; /* of each minute of the hour */
	bool any;
};

static int
take_minute(void *arg, const struct tally_total *total, struct err *e)
{
	struct minutes *m = arg;

	(void)e;
	m->errors[(total->start_us - m->start_us) / (HOUR_US / MINUTES)] = total->sums.errors_5xx;
	m->any = true;
	return (0);
}

int
tally_usual_minute(struct tally_reader *r, const char *stream, int64_t t_us,
    struct stats_usual *usual, struct err *e)
{
	int64_t start_us = tally_start_us(TALLY_HOUR, tally_index(TALLY_HOUR, t_us));
	uint64_t samples[STATS_USUAL_WEEKS * MINUTES] = { 0 };
	size_t weeks = 0;

	*usual = (struct stats_usual){ .known = false };
	for (int w = 1; w <= STATS_USUAL_WEEKS; w++) {
		struct minutes m = { start_us - w * WEEK_HOURS * HOUR_US, samples + weeks * MINUTES,
			false };
		struct tally_window hour = { .stream = stream,
			.period = TALLY_MINUTE,
			.since_us = m.start_us,
			.until_us = m.start_us + HOUR_US };

		if (tally_totals(r, &hour, take_minute, &m, e) == -1)
			return (-1);
		weeks += m.any;
	}
	if (weeks >= STATS_USUAL_LEAST)
		*usual = stats_usual_of(samples, weeks * MINUTES);
	return (0);
}

/* ---- hours ---- */

struct hour {
	int64_t index;
	uint64_t errors;
};
struct hours {
	struct hour *list; /* in order */
	size_t count;
};

static int
take_hour(void *arg, const struct tally_total *total, struct err *e)
{
	struct hours *h = arg;
	struct hour *more;

	/* In steps of powers of two. */
	if ((h->count & (h->count - 1)) == 0) {
		more = realloc(h->list, (h->count == 0 ? 1 : 2 * h->count) * sizeof(*more));
		if (more == NULL)
			return (err_memory(e));
		h->list = more;
	}
	h->list[h->count++] =
	    (struct hour){ tally_index(TALLY_HOUR, total->start_us), total->sums.errors_5xx };
	return (0);
}

static int
by_index(const void *a, const void *b)
{
	int64_t one = ((const struct hour *)a)->index, other = ((const struct hour *)b)->index;

	return ((one > other) - (one < other));
}

/* Of the weeks before at. */
static struct stats_usual
usual_at(const struct hours *h, const struct hour *at)
{
	uint64_t samples[STATS_USUAL_WEEKS];
	size_t count = 0;

	for (int w = 1; w <= STATS_USUAL_WEEKS; w++) {
		const struct hour want = { at->index - w * WEEK_HOURS, 0 };
		const struct hour *found =
		    bsearch(&want, h->list, (size_t)(at - h->list), sizeof(want), by_index);

		if (found != NULL)
			samples[count++] = found->errors;
	}
	if (count < STATS_USUAL_LEAST)
		return ((struct stats_usual){ .known = false });
	return (stats_usual_of(samples, count));
}

static int
by_score(const void *a, const void *b)
{
	const struct tally_burst *one = a, *other = b;

	if (one->score != other->score)
		return (one->score < other->score ? 1 : -1);
	return ((one->start_us > other->start_us) - (one->start_us < other->start_us));
}

/* b->list has room for all of h. */
static void
compare(const struct hours *h, int64_t since_us, struct tally_bursts *b)
{
	for (size_t i = 0; i < h->count; i++) {
		struct tally_burst one = { tally_start_us(TALLY_HOUR, h->list[i].index),
			h->list[i].errors, { .known = false }, 0 };

		if (one.start_us < since_us)
			continue;
		one.usual = usual_at(h, &h->list[i]);
		one.score = stats_usual_score(&one.usual, one.errors);
		b->compared += one.usual.known;
		if (one.errors >= TALLY_BURST_ERRORS && one.score >= STATS_USUAL_SCORE)
			b->list[b->count++] = one;
	}
}

int
tally_bursts(
    struct tally_reader *r, const struct tally_window *w, struct tally_bursts *b, struct err *e)
{
	const int64_t before_us = STATS_USUAL_WEEKS * WEEK_HOURS * HOUR_US;
	struct tally_window all = { .stream = w->stream,
		.period = TALLY_HOUR,
		.since_us =
		    w->since_us < INT64_MIN + before_us ? INT64_MIN : w->since_us - before_us,
		.until_us = w->until_us };
	struct hours h = { NULL, 0 };
	int rc = tally_totals(r, &all, take_hour, &h, e);

	memset(b, 0, sizeof(*b));
	if (rc == 0 && h.count > 0) {
		if ((b->list = calloc(h.count, sizeof(*b->list))) == NULL)
			rc = err_memory(e);
		else {
			compare(&h, w->since_us, b);
			qsort(b->list, b->count, sizeof(*b->list), by_score);
		}
	}
	free(h.list);
	if (w->limit > 0 && b->count > w->limit)
		b->count = w->limit;
	return (rc);
}
