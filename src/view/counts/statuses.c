/* statuses: by the blocks of hours that analysts see, and what is added up from them. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "view/counts/inside.h"

struct block {
	struct view_window window;
	struct view_table t;
};

struct blocks {
	struct view_reading *r;
	struct block *rows; /* in order */
	size_t count;
	size_t at; /* where the last hour was */
};

static int
find_blocks(struct blocks *b, struct err *e)
{
	struct view_reading *r = b->r;

	for (size_t d = 0; d < r->days.count; d++) {
		struct view_window windows[24];
		size_t count = view_blocks(r, r->days.rows[d].begin_us, VIEW_K_ANALYST, windows);

		for (size_t i = 0; i < count; i++) {
			struct block *rows = view_grow(b->rows, b->count, sizeof(*rows), e);

			if (rows == NULL)
				return (-1);
			b->rows = rows;
			b->rows[b->count++] = (struct block){ .window = windows[i] };
		}
	}
	return (0);
}

static struct view_cell *
cell_of(struct blocks *b, struct view_table *t, struct span key, struct err *e)
{
	struct view_cell *cells;

	for (size_t i = 0; i < t->cell_count; i++)
		if (span_equal(t->cells[i].key, key))
			return (&t->cells[i]);
	if ((cells = view_grow(t->cells, t->cell_count, sizeof(*cells), e)) == NULL)
		return (NULL);
	t->cells = cells;
	cells = &t->cells[t->cell_count++];
	*cells = (struct view_cell){ .key = view_keys_copy(&b->r->c->keys, key) };
	if (cells->key.ptr == NULL)
		(void)err_set(e, ERR_IO, "counts: no memory");
	return (cells->key.ptr == NULL ? NULL : cells);
}

static int
add_status(void *arg, int64_t start_us, const struct tally_cell *status, struct err *e)
{
	struct blocks *b = arg;
	struct view_cell *cell;

	while (b->at < b->count && b->rows[b->at].window.end_us <= start_us)
		b->at++;
	if (b->at == b->count || b->rows[b->at].window.begin_us > start_us || status->other)
		return (0);
	if ((cell = cell_of(b, &b->rows[b->at].t, status->key, e)) == NULL)
		return (-1);
	cell->count[VIEW_REQUESTS] += status->requests;
	cell->count[VIEW_BYTES] += status->bytes;
	if (status->subjects > cell->subjects)
		cell->subjects = status->subjects;
	return (0);
}

/* What has no status, and what nobody counted apart, is the rest. */
static void
fold(struct block *block)
{
	uint64_t sums[VIEW_MEASURES];

	view_tier_total(&block->t, sums);
	for (int m = 0; m <= VIEW_BYTES; m++)
		if (block->window.count[m] > sums[m])
			block->t.rest[m] = block->window.count[m] - sums[m];
	block->t.subjects = block->window.subjects;
	view_tier_fold(&block->t, VIEW_K_ANALYST);
}

static void
note_errors(struct view_counts *c, struct view_window *point, const struct view_table *t)
{
	for (size_t i = 0; i < t->cell_count; i++) {
		const struct view_cell *cell = &t->cells[i];
		char class = cell->key.len == 3 ? cell->key.ptr[0] : '\0';

		if (class == '5')
			point->count[VIEW_ERRORS_5XX] += cell->count[VIEW_REQUESTS];
		else if (class == '4')
			point->count[VIEW_ERRORS_4XX] += cell->count[VIEW_REQUESTS];
	}
	c->total[VIEW_ERRORS_5XX] += point->count[VIEW_ERRORS_5XX];
	c->total[VIEW_ERRORS_4XX] += point->count[VIEW_ERRORS_4XX];
}

/* The blocks inside of a point, which of a k of 10 is one of them. */
static int
add_up(struct blocks *b, struct view_window *point, struct err *e)
{
	struct view_counts *c = b->r->c;
	const struct view_grant *grant = b->r->q->grant;
	struct view_table sum = { 0 };
	int rc = 0;

	for (; rc == 0 && b->at < b->count && b->rows[b->at].window.end_us <= point->end_us;
	     b->at++)
		if (b->rows[b->at].window.begin_us >= point->begin_us)
			rc = view_tier_add(&sum, &b->rows[b->at].t);
	view_tier_merge(&sum);
	sum.subjects = point->subjects;
	if (grant->k > VIEW_K_ANALYST)
		view_tier_fold(&sum, grant->k);
	if (grant->tier == VIEW_PUBLIC)
		view_tier_round(&sum);
	note_errors(c, point, &sum);
	if (rc == 0)
		rc = view_tier_add(&c->tables[VIEW_STATUSES], &sum);
	view_tier_free(&sum);
	return (rc == 0 ? 0 : err_set(e, ERR_IO, "counts: no memory"));
}

int
view_statuses_read(struct view_reading *r, struct err *e)
{
	struct blocks b = { .r = r };
	struct tally_window w = { .stream = r->q->stream,
		.period = TALLY_HOUR,
		.since_us = INT64_MIN,
		.until_us = r->c->until_us,
		.dim = TALLY_STATUS };
	int rc = -1;

	if (!r->c->shown[VIEW_STATUSES] || r->c->point_count == 0)
		return (0);
	if (find_blocks(&b, e) == 0 && b.count > 0) {
		w.since_us = b.rows[0].window.begin_us;
		rc = tally_series(r->reader, &w, add_status, &b, e);
	}
	for (size_t i = 0; rc == 0 && i < b.count; i++)
		fold(&b.rows[i]);
	b.at = 0;
	for (size_t i = 0; rc == 0 && i < r->c->point_count; i++)
		rc = add_up(&b, &r->c->points[i], e);
	for (size_t i = 0; i < b.count; i++)
		free(b.rows[i].t.cells);
	free(b.rows);
	return (rc);
}
