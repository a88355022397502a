/* sums: everything of each hour and day, and the blocks that hours make. */
#include <stdlib.h>

#include "base/err.h"
#include "view/counts/inside.h"

static int
add_sum(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	struct view_sums *sums = arg;
	void *rows = view_grow(sums->rows, sums->count, sizeof(*sums->rows), e);

	if (rows == NULL)
		return (-1);
	sums->rows = rows;
	sums->rows[sums->count++] =
	    (struct view_sum){ start_us, cell->requests, cell->bytes, cell->subjects };
	return (0);
}

int
view_sums_read(struct view_reading *r, enum tally_period period, int64_t since_us, int64_t until_us,
    struct view_sums *sums, struct err *e)
{
	struct tally_window w = { .stream = r->q->stream,
		.period = period,
		.since_us = since_us,
		.until_us = until_us,
		.dim = TALLY_ALL,
		.released = true };

	return (tally_series(r->reader, &w, add_sum, sums, e));
}

/* In and out come in any order: what is out says that there is a sample. */
static int
add_sample(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	struct view_sums *s = arg;
	struct view_sum in = { start_us, cell->requests, cell->bytes, cell->subjects };
	void *rows;

	if (s->count == 0 || s->rows[s->count - 1].begin_us != start_us) {
		if ((rows = view_grow(s->rows, s->count, sizeof(*s->rows), e)) == NULL)
			return (-1);
		s->rows = rows;
		s->rows[s->count++] = (struct view_sum){ .begin_us = start_us };
	}
	if (!cell->other && span_is(cell->key, TALLY_SAMPLE_IN))
		s->rows[s->count - 1] = in;
	return (0);
}

int
view_samples_read(struct view_reading *r, int64_t since_us, int64_t until_us, struct err *e)
{
	struct tally_window w = { .stream = r->q->stream,
		.period = TALLY_DAY,
		.since_us = since_us,
		.until_us = until_us,
		.dim = TALLY_SAMPLE_ALL,
		.released = true };

	if (tally_series(r->reader, &w, add_sample, &r->samples, e) == -1)
		return (-1);
	for (size_t i = 0; i < r->days.count; i++) {
		const struct view_sum *in = view_sums_find(&r->samples, r->days.rows[i].begin_us);

		if (in != NULL)
			r->days.rows[i] = *in;
	}
	return (0);
}

/* The first that does not begin before begin. */
static size_t
lower(const struct view_sums *sums, int64_t begin_us)
{
	size_t from = 0, to = sums->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (sums->rows[middle].begin_us < begin_us)
			from = middle + 1;
		else
			to = middle;
	}
	return (from);
}

const struct view_sum *
view_sums_find(const struct view_sums *sums, int64_t begin_us)
{
	size_t at = lower(sums, begin_us);

	return (at < sums->count && sums->rows[at].begin_us == begin_us ? &sums->rows[at] : NULL);
}

size_t
view_blocks(
    const struct view_reading *r, int64_t day_us, unsigned k, struct view_window blocks[static 24])
{
	const struct view_sum *day = view_sums_find(&r->days, day_us);
	size_t count = 0;

	if (day == NULL)
		return (0);
	for (int64_t t = day_us; t < day_us + VIEW_DAY_US && t + VIEW_HOUR_US <= r->over_us;
	     t += VIEW_HOUR_US) {
		const struct view_sum *hour = view_sums_find(&r->hours, t);

		blocks[count] = (struct view_window){ .begin_us = t, .end_us = t + VIEW_HOUR_US };
		if (hour != NULL) {
			blocks[count].count[VIEW_REQUESTS] = hour->requests;
			blocks[count].count[VIEW_BYTES] = hour->bytes;
			blocks[count].subjects = hour->subjects;
		}
		count++;
	}
	return (view_tier_hours(blocks, count, k, count == 24, day->subjects));
}
