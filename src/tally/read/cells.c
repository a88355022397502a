/* cells: of each key what it adds up to, over a window or period by period. */
#include "base/err.h"
#include "tally/read/inside.h"

/* The rows of one query, which come by their periods. */
struct cursor {
	sqlite3 *db;
	sqlite3_stmt *st;
	bool row; /* it stands on one */
	int64_t idx; /* whose period this is */
};

static int
next(struct cursor *c, struct err *e)
{
	int rc = tally_db_step(c->db, c->st, e);

	c->row = rc == 1;
	c->idx = c->row ? sqlite3_column_int64(c->st, 0) : 0;
	return (rc == -1 ? -1 : 0);
}

/* part NULL: of all of the stream. */
static int
start(struct tally_reader *r, enum tally_query q, const struct tally_window *w,
    const struct tally_part *part, struct cursor *c, struct err *e)
{
	*c = (struct cursor){ .db = r->db };
	c->st = part == NULL ? tally_query(r, q, w->stream, e) :
			       tally_query_part(r, q, w, part, (int)w->dim, e);
	return (c->st == NULL ? -1 : next(c, e));
}

static void
stop(struct cursor *c)
{
	if (c->st != NULL)
		(void)sqlite3_reset(c->st);
}

/* Queries that belong together see one state of the file, whoever writes. */
static int
transaction(struct tally_reader *r, enum tally_query q, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (r->held)
		return (0);
	st = tally_query(r, q, NULL, e);
	rc = st == NULL ? -1 : tally_db_step(r->db, st, e);
	if (st != NULL)
		(void)sqlite3_reset(st);
	return (rc);
}

int
tally_hold(struct tally_reader *r, struct err *e)
{
	int rc = transaction(r, TALLY_QUERY_BEGIN, e);

	r->held = rc == 0;
	return (rc);
}

void
tally_release(struct tally_reader *r)
{
	if (!r->held)
		return;
	r->held = false;
	(void)transaction(r, TALLY_QUERY_END, NULL);
}

/* What a row of QUERY_CELLS counts; its key lives until the next step. */
static struct tally_cell
cell_of(sqlite3_stmt *st)
{
	return ((struct tally_cell){ .other = sqlite3_column_int(st, 1) != 0,
	    .key = tally_db_text(st, 2),
	    .requests = tally_db_u64(st, 3),
	    .bots = tally_db_u64(st, 4),
	    .bytes = tally_db_u64(st, 5) });
}

/* ---- all of a window ---- */

static int
add_part(struct tally_reader *r, const struct tally_window *w, const struct tally_part *part,
    struct tally_rows *rows, struct err *e)
{
	struct cursor c;
	int rc = start(r, TALLY_QUERY_CELLS, w, part, &c, e);

	while (rc == 0 && c.row) {
		struct tally_cell cell = cell_of(c.st);

		if ((rc = tally_rows_add(rows, &cell, e)) == 0)
			rc = next(&c, e);
	}
	stop(&c);
	return (rc);
}

/* The most that a period had is certain. */
static int
add_seen(struct tally_reader *r, const struct tally_window *w, const struct tally_part *part,
    struct tally_rows *rows, struct err *e)
{
	struct cursor c;
	int rc = start(r, TALLY_QUERY_SEEN, w, part, &c, e);

	while (rc == 0 && c.row) {
		struct tally_cell *cell =
		    tally_rows_find(rows, sqlite3_column_int(c.st, 1) != 0, tally_db_text(c.st, 2));
		unsigned subjects = (unsigned)sqlite3_column_int(c.st, 3);

		if (cell != NULL && subjects > cell->subjects)
			cell->subjects = subjects;
		rc = next(&c, e);
	}
	stop(&c);
	return (rc);
}

/* Minutes have totals only: cells are of whole windows of longer ones, or there are none. */
static int
read_cells(
    struct tally_reader *r, const struct tally_window *w, struct tally_rows *rows, struct err *e)
{
	struct tally_part parts[TALLY_PARTS_MAX];
	int count = w->period == TALLY_MINUTE ? 0 : tally_parts_of(w, parts), rc = 0;

	for (int i = 0; rc == 0 && i < count; i++)
		rc = add_part(r, w, &parts[i], rows, e);
	for (int i = 0; rc == 0 && i < count && !w->counts; i++)
		rc = add_seen(r, w, &parts[i], rows, e);
	tally_rows_sort(rows);
	return (rc);
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

	if (transaction(r, TALLY_QUERY_BEGIN, e) == -1)
		return (-1);
	rc = read_cells(r, w, &rows, e);
	if (transaction(r, TALLY_QUERY_END, rc == -1 ? NULL : e) == -1)
		rc = -1;
	if (rc == 0)
		rc = say_cells(&rows, w, each, arg, e);
	tally_rows_free(&rows);
	return (rc);
}

/* ---- period by period ---- */

struct series {
	struct tally_reader *r;
	const struct tally_window *w;
	struct cursor cells, seen, released, frozen;
	struct tally_rows rows; /* of one period */
};

/*
 * The cells of a period, by their keys.  What was kept apart comes behind the rest,
 * and counts with it.
 */
static int
take_cells(struct series *s, int64_t idx, struct err *e)
{
	struct tally_rows *rows = &s->rows;
	bool ordered = true;

	while (s->cells.row && s->cells.idx == idx) {
		struct tally_cell cell = cell_of(s->cells.st);

		if (tally_rows_put(rows, &cell, e) == -1)
			return (-1);
		ordered = ordered &&
		    (rows->count < 2 ||
			tally_rows_order(
			    rows->list + rows->count - 2, rows->list + rows->count - 1) < 0);
		if (next(&s->cells, e) == -1)
			return (-1);
	}
	return (ordered ? 0 : tally_rows_join(rows, e));
}

/* Of several keys of one cell the most is certain; both come in the same order. */
static int
take_seen(struct series *s, int64_t idx, struct err *e)
{
	struct tally_rows *rows = &s->rows;
	size_t at = 0;

	for (; s->seen.row && s->seen.idx <= idx;) {
		struct tally_cell seen = { .other = sqlite3_column_int(s->seen.st, 1) != 0,
			.key = tally_db_text(s->seen.st, 2),
			.subjects = (unsigned)sqlite3_column_int(s->seen.st, 3) };

		if (s->seen.idx == idx) {
			while (at < rows->count && tally_rows_order(&rows->list[at], &seen) < 0)
				at++;
			if (at < rows->count && tally_rows_order(&rows->list[at], &seen) == 0 &&
			    seen.subjects > rows->list[at].subjects)
				rows->list[at].subjects = seen.subjects;
		}
		if (next(&s->seen, e) == -1)
			return (-1);
	}
	return (0);
}

/* What was put aside stands beside it: it is of days that are not read otherwise. */
static int
take_released(struct series *s, int64_t idx, struct err *e)
{
	while (s->released.row && s->released.idx == idx) {
		sqlite3_stmt *st = s->released.st;
		struct tally_cell cell = { .key = tally_db_text(st, 1),
			.requests = tally_db_u64(st, 2),
			.bytes = tally_db_u64(st, 3),
			.subjects = (unsigned)sqlite3_column_int(st, 4) };

		if (tally_rows_put(&s->rows, &cell, e) == -1 || next(&s->released, e) == -1)
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
		if (next(&s->frozen, e) == -1)
			return (-1);
	return (s->frozen.row && s->frozen.idx == day);
}

static int
skip_cells(struct series *s, int64_t idx, struct err *e)
{
	while (s->cells.row && s->cells.idx == idx)
		if (next(&s->cells, e) == -1)
			return (-1);
	return (0);
}

static int
take_period(struct series *s, int64_t idx, struct err *e)
{
	int frozen = s->w->released ? is_frozen(s, idx, e) : 0;

	tally_rows_clear(&s->rows);
	if (frozen == -1)
		return (-1);
	if (frozen == 1)
		return (skip_cells(s, idx, e) == -1 ? -1 : take_released(s, idx, e));
	if (take_cells(s, idx, e) == -1 || take_seen(s, idx, e) == -1)
		return (-1);
	return (take_released(s, idx, e));
}

static int
say_series(struct series *s, tally_series_each each, void *arg, struct err *e)
{
	int said = 0;

	while (said == 0 && (s->cells.row || s->released.row)) {
		int64_t idx = s->cells.row ? s->cells.idx : s->released.idx, start_us;

		if (s->released.row && s->released.idx < idx)
			idx = s->released.idx;
		if (take_period(s, idx, e) == -1)
			return (-1);
		tally_rows_sort(&s->rows);
		start_us = tally_start_us(s->w->period, idx);
		for (size_t i = 0; said == 0 && i < s->rows.count; i++)
			said = each(arg, start_us, &s->rows.list[i], e);
	}
	return (said);
}

static int
start_all(struct series *s, struct err *e)
{
	const struct tally_part part = tally_part_of(s->w);
	int rc = start(s->r, TALLY_QUERY_CELLS, s->w, &part, &s->cells, e);

	if (rc == 0)
		rc = start(s->r, TALLY_QUERY_SEEN, s->w, &part, &s->seen, e);
	if (rc == 0 && s->w->released)
		rc = start(s->r, TALLY_QUERY_RELEASED, s->w, &part, &s->released, e);
	if (rc == 0 && s->w->released)
		rc = start(s->r, TALLY_QUERY_FROZEN, s->w, NULL, &s->frozen, e);
	return (rc);
}

int
tally_series(struct tally_reader *r, const struct tally_window *w, tally_series_each each,
    void *arg, struct err *e)
{
	struct series s = { .r = r, .w = w };
	int rc;

	if (transaction(r, TALLY_QUERY_BEGIN, e) == -1)
		return (-1);
	rc = start_all(&s, e);
	if (rc == 0)
		rc = say_series(&s, each, arg, e);
	stop(&s.cells);
	stop(&s.seen);
	stop(&s.released);
	stop(&s.frozen);
	if (transaction(r, TALLY_QUERY_END, rc == -1 ? NULL : e) == -1)
		rc = -1;
	tally_rows_free(&s.rows);
	return (rc);
}
