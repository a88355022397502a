/* days: which days are shown, and the tables of them. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "view/counts/inside.h"

/* Cells of one dimension, those of one day at a time. */
struct gathering {
	struct view_reading *r;
	enum view_dim dim;
	bool sample; /* days of which one is shown; else the others */
	int64_t day_us;
	struct view_table t;
	struct view_keys *keys; /* of the day */
};

static struct view_day *
day_at(struct view_counts *c, int64_t begin_us)
{
	for (size_t i = 0; i < c->day_count; i++)
		if (c->days[i].begin_us == begin_us)
			return (&c->days[i]);
	return (NULL);
}

/* Keys of a day go with it; those that are shown stay. */
static int
keep_keys(struct view_reading *r, struct view_table *t, struct err *e)
{
	for (size_t i = 0; i < t->cell_count; i++) {
		struct view_cell *cell = &t->cells[i];

		if (cell->hidden)
			continue;
		cell->key = view_keys_copy(&r->c->keys, cell->key);
		if (cell->key.ptr == NULL)
			return (err_set(e, ERR_IO, "counts: no memory"));
	}
	return (0);
}

static void
note_errors(struct view_day *day, const struct view_table *t)
{
	day->has_other = t->rest[VIEW_REQUESTS] > 0;
	for (size_t i = 0; i < t->cell_count; i++) {
		const struct view_cell *cell = &t->cells[i];
		char class = cell->key.len == 3 ? cell->key.ptr[0] : '\0';

		if (!cell->hidden && class == '4')
			day->errors_4xx += cell->count[VIEW_REQUESTS];
		else if (!cell->hidden && class == '5')
			day->errors_5xx += cell->count[VIEW_REQUESTS];
	}
}

/* Fold t, of one day, as the role may see it, and add it to the table of dim. */
static int
take(struct view_reading *r, struct view_table *t, enum view_dim dim, struct view_day *day,
    struct err *e)
{
	const struct view_grant *grant = r->q->grant;
	struct view_table *sum = &r->c->tables[dim];

	view_tier_fold(t, VIEW_K_ANALYST);
	if (grant->k > VIEW_K_ANALYST)
		view_tier_fold(t, grant->k);
	if (grant->tier == VIEW_PUBLIC)
		view_tier_round(t);
	if (dim == VIEW_STATUSES)
		note_errors(day, t);
	if (keep_keys(r, t, e) == -1)
		return (-1);
	if (view_tier_add(sum, t) == -1)
		return (err_set(e, ERR_IO, "counts: no memory"));
	return (0);
}

static void
drop(struct gathering *g)
{
	free(g->t.cells);
	view_keys_free(g->keys);
	memset(&g->t, 0, sizeof(g->t));
	g->keys = NULL;
}

static int
end_day(struct gathering *g, struct err *e)
{
	const struct view_sum *day = view_sums_find(&g->r->days, g->day_us);
	struct view_day *shown = day_at(g->r->c, g->day_us);
	uint64_t sums[VIEW_MEASURES];
	int rc = 0;

	if (day != NULL && shown != NULL && !shown->hidden) {
		/* What has no value in the dimension is in the rest. */
		memset(g->t.rest, 0, sizeof(g->t.rest));
		view_tier_total(&g->t, sums);
		if (day->requests > sums[VIEW_REQUESTS])
			g->t.rest[VIEW_REQUESTS] = day->requests - sums[VIEW_REQUESTS];
		if (day->bytes > sums[VIEW_BYTES])
			g->t.rest[VIEW_BYTES] = day->bytes - sums[VIEW_BYTES];
		g->t.subjects = day->subjects;
		rc = take(g->r, &g->t, g->dim, shown, e);
	}
	drop(g);
	return (rc);
}

static int
add_cell(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	struct gathering *g = arg;
	struct span key;
	void *cells;

	if ((view_sums_find(&g->r->samples, start_us) != NULL) != g->sample)
		return (0);
	if (start_us != g->day_us && end_day(g, e) == -1)
		return (-1);
	g->day_us = start_us;
	if (cell->other)
		return (0);
	cells = view_grow(g->t.cells, g->t.cell_count, sizeof(*g->t.cells), e);
	if (cells == NULL)
		return (-1);
	g->t.cells = cells;
	key = view_keys_copy(&g->keys, cell->key);
	if (key.ptr == NULL)
		return (err_set(e, ERR_IO, "counts: no memory"));
	g->t.cells[g->t.cell_count++] = (struct view_cell){
		.key = key, .count = { cell->requests, cell->bytes }, .subjects = cell->subjects
	};
	return (0);
}

/* Days without a single value of the dimension are all rest. */
static void
add_rest(const struct view_counts *c, struct view_table *sum)
{
	uint64_t sums[VIEW_MEASURES], requests = 0, bytes = 0;

	view_tier_total(sum, sums);
	for (size_t i = 0; i < c->day_count; i++) {
		requests += c->days[i].requests;
		bytes += c->days[i].bytes;
	}
	sum->rest[VIEW_REQUESTS] += requests - sums[VIEW_REQUESTS];
	sum->rest[VIEW_BYTES] += bytes - sums[VIEW_BYTES];
}

/* Of the days that are sampled, or those that are not. */
static int
read_days(struct view_reading *r, enum view_dim dim, bool sample, struct err *e)
{
	struct gathering g = { .r = r, .dim = dim, .sample = sample, .day_us = INT64_MIN };
	struct view_counts *c = r->c;
	struct tally_window w = { .stream = r->q->stream,
		.period = TALLY_DAY,
		.since_us = c->since_us,
		.until_us = c->until_us,
		.dim = sample ? view_dims[dim].sample : view_dims[dim].dim,
		.released = true };
	int rc = tally_series(r->reader, &w, add_cell, &g, e);

	if (rc == 0)
		rc = end_day(&g, e);
	drop(&g);
	return (rc);
}

static int
read_table(struct view_reading *r, enum view_dim dim, struct err *e)
{
	if (read_days(r, dim, false, e) == -1 ||
	    (r->samples.count > 0 && read_days(r, dim, true, e) == -1))
		return (-1);
	add_rest(r->c, &r->c->tables[dim]);
	return (0);
}

static int
add_unique(void *arg, const struct tally_unique *unique, struct err *e)
{
	struct view_reading *r = arg;
	struct view_day *day = day_at(r->c, unique->start_us);

	(void)e;
	/* How many a sample has is not counted beyond k. */
	if (day == NULL || day->hidden || view_sums_find(&r->samples, unique->start_us) != NULL ||
	    unique->subjects < r->q->grant->k)
		return (0);
	day->uniques = unique->subjects;
	if (r->q->grant->tier == VIEW_PUBLIC)
		day->uniques = (day->uniques + 5) / 10 * 10;
	return (0);
}

/* The whole days of the window that are over, in order. */
static int
find_days(struct view_reading *r, struct err *e)
{
	struct view_counts *c = r->c;

	for (size_t i = 0; i < r->days.count; i++) {
		const struct view_sum *day = &r->days.rows[i];
		struct view_day *to;

		if (day->begin_us < c->since_us || day->begin_us + VIEW_DAY_US > c->until_us)
			continue;
		if ((to = view_grow(c->days, c->day_count, sizeof(*to), e)) == NULL)
			return (-1);
		c->days = to;
		to = &c->days[c->day_count++];
		*to = (struct view_day){ .begin_us = day->begin_us,
			.requests = day->requests,
			.bytes = day->bytes,
			.hidden = day->subjects < r->q->grant->k,
			.unknown = view_sum_unknown(day) };
		if (to->hidden)
			to->requests = 0;
		else if (r->q->grant->tier == VIEW_PUBLIC)
			to->requests = (to->requests + 5) / 10 * 10;
		if (to->hidden || r->q->grant->tier == VIEW_PUBLIC)
			to->bytes = 0;
	}
	return (0);
}

int
view_days_read(struct view_reading *r, struct err *e)
{
	struct tally_window w = { .stream = r->q->stream,
		.period = TALLY_DAY,
		.since_us = r->c->since_us,
		.until_us = r->c->until_us,
		.released = true };

	if (find_days(r, e) == -1)
		return (-1);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		if (r->c->shown[d] && r->c->day_count > 0 &&
		    read_table(r, (enum view_dim)d, e) == -1)
			return (-1);
	return (tally_uniques(r->reader, &w, add_unique, r, e));
}
