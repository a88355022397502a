/* cells: of each key what it adds up to, over a window or period by period. */
#include "base/err.h"
#include "tally/read/inside.h"

/* What a value counts; what was kept apart counts with the rest.  Its key is that of the pack. */
static int
cell_of(const struct tally_packed *v, struct tally_cell *cell, struct err *e)
{
	const struct tally_packed_count *apart = &v->count[1];

	*cell = (struct tally_cell){ .key = v->key,
		.other = v->other,
		.requests = v->count[0].requests,
		.bots = v->count[0].bots,
		.bytes = v->count[0].bytes,
		.subjects = tally_packed_subjects(v) };
	if (tally_add(&cell->requests, apart->requests, e) == -1 ||
	    tally_add(&cell->bots, apart->bots, e) == -1)
		return (-1);
	return (tally_add(&cell->bytes, apart->bytes, e));
}

/* ---- all of a window ---- */

/*
 * The most subjects that a period had is certain, also of one in which nothing is counted of
 * the key any more.
 */
static int
add_value(void *arg, const struct tally_packed *v, struct err *e)
{
	struct tally_cell cell;

	return (cell_of(v, &cell, e) == -1 ? -1 : tally_rows_add(arg, &cell, e));
}

static void
fold(struct tally_cell *other, const struct tally_cell *cell)
{
	other->other = true;
	other->requests += cell->requests;
	other->bots += cell->bots;
	other->bytes += cell->bytes;
	if (cell->subjects > other->subjects)
		other->subjects = cell->subjects;
}

static int
say_cells(const struct tally_rows *rows, const struct tally_window *w, tally_cell_each each,
    void *arg, struct err *e)
{
	struct tally_cell other = { .key = span_of("", 0) };
	unsigned given = 0;
	int said = 0;

	for (size_t i = 0; said == 0 && i < rows->count; i++) {
		const struct tally_cell *cell = &rows->list[i];

		if (cell->requests == 0)
			continue;
		if (cell->other || (w->limit > 0 && given == w->limit))
			fold(&other, cell);
		else {
			said = each(arg, cell, e);
			given++;
		}
	}
	return (said == 0 && other.other ? each(arg, &other, e) : said);
}

int
tally_cells(struct tally_reader *r, const struct tally_window *w, tally_cell_each each, void *arg,
    struct err *e)
{
	struct tally_rows rows = { 0 };
	int rc;

	if (tally_begin(r, e) == -1)
		return (-1);
	rc = tally_each_value(r, w, w->dim, add_value, &rows, e);
	if ((rc = tally_end(r, rc, e)) == 0) {
		tally_rows_sort(&rows);
		rc = say_cells(&rows, w, each, arg, e);
	}
	tally_rows_free(&rows);
	return (rc);
}

/* ---- period by period ---- */

struct series {
	struct tally_reader *r;
	const struct tally_window *w;
	struct tally_cursor packs, released, frozen;
	struct tally_rows rows; /* of one period */
};

/* Its key is that of the pack, which stands until the period is said. */
static int
put_value(void *arg, const struct tally_packed *v, struct err *e)
{
	struct tally_cell cell;

	if (!tally_packed_counts(v))
		return (0);
	return (cell_of(v, &cell, e) == -1 ? -1 : tally_rows_put(arg, &cell, e));
}

/* What was put aside stands beside it: it is of days that are not read otherwise. */
static int
take_released(struct series *s, int64_t idx, struct err *e)
{
	while (s->released.row && s->released.idx == idx) {
		sqlite3_stmt *st = s->released.st;
		struct tally_cell cell = { .requests = tally_db_u64(st, 2),
			.bytes = tally_db_u64(st, 3),
			.subjects = (unsigned)sqlite3_column_int(st, 4) };

		if (tally_rows_copy(&s->rows, tally_db_text(st, 1), &cell.key, e) == -1 ||
		    tally_rows_put(&s->rows, &cell, e) == -1 ||
		    tally_cursor_next(&s->released, e) == -1)
			return (-1);
	}
	return (0);
}

/* Is its day put aside?  Days are asked for in order. */
static int
is_frozen(struct series *s, int64_t idx, struct err *e)
{
	int64_t day = tally_index(TALLY_DAY, tally_start_us(s->w->period, idx));

	while (s->frozen.row && s->frozen.idx < day)
		if (tally_cursor_next(&s->frozen, e) == -1)
			return (-1);
	return (s->frozen.row && s->frozen.idx == day);
}

/* packed: the pack is of this period. */
static int
take_period(struct series *s, int64_t idx, bool packed, struct err *e)
{
	int frozen = s->w->released ? is_frozen(s, idx, e) : 0;

	tally_rows_clear(&s->rows);
	if (frozen == -1)
		return (-1);
	if (packed && frozen == 0 &&
	    tally_unpack_each(tally_db_text(s->packs.st, 1), put_value, &s->rows, e) == -1)
		return (-1);
	return (take_released(s, idx, e));
}

static int
say_period(struct series *s, int64_t idx, tally_series_each each, void *arg, struct err *e)
{
	int64_t start_us = tally_start_us(s->w->period, idx);
	int said = 0;

	tally_rows_sort(&s->rows);
	for (size_t i = 0; said == 0 && i < s->rows.count; i++)
		said = each(arg, start_us, &s->rows.list[i], e);
	return (said);
}

static int
say_series(struct series *s, tally_series_each each, void *arg, struct err *e)
{
	int said = 0;

	while (said == 0 && (s->packs.row || s->released.row)) {
		int64_t idx = s->packs.row ? s->packs.idx : s->released.idx;
		bool packed = s->packs.row;

		if (s->released.row && s->released.idx < idx) {
			idx = s->released.idx;
			packed = false;
		}
		if (take_period(s, idx, packed, e) == -1)
			return (-1);
		said = say_period(s, idx, each, arg, e);
		if (said == 0 && packed && tally_cursor_next(&s->packs, e) == -1)
			return (-1);
	}
	return (said);
}

static int
start_all(struct series *s, struct err *e)
{
	const struct tally_part part = tally_part_of(s->w);
	struct tally_reader *r = s->r;
	const struct tally_window *w = s->w;
	int rc;

	rc = tally_cursor_start(
	    &s->packs, r->db, tally_query_part(r, TALLY_QUERY_PACKS, w, &part, (int)w->dim, e), e);
	if (rc == 0 && w->released)
		rc = tally_cursor_start(&s->released, r->db,
		    tally_query_part(r, TALLY_QUERY_RELEASED, w, &part, (int)w->dim, e), e);
	if (rc == 0 && w->released)
		rc = tally_cursor_start(
		    &s->frozen, r->db, tally_query(r, TALLY_QUERY_FROZEN, w->stream, e), e);
	return (rc);
}

int
tally_series(struct tally_reader *r, const struct tally_window *w, tally_series_each each,
    void *arg, struct err *e)
{
	struct series s = { .r = r, .w = w };
	int rc;

	if (tally_begin(r, e) == -1)
		return (-1);
	rc = start_all(&s, e);
	if (rc == 0)
		rc = say_series(&s, each, arg, e);
	tally_cursor_stop(&s.packs);
	tally_cursor_stop(&s.released);
	tally_cursor_stop(&s.frozen);
	rc = tally_end(r, rc, e);
	tally_rows_free(&s.rows);
	return (rc);
}
