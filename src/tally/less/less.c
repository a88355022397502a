/* less: sums become smaller by the records that go. */
#include "tally/less/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "record/line.h"
#include "tally/alike.h"

static const char *const texts[TALLY_LESS_COUNT] = {
	[TALLY_LESS_TOTAL] =
	    "UPDATE total SET requests=requests-?4,bytes=bytes-?5,request_bytes=request_bytes-?6,"
	    "errors_4xx=errors_4xx-?7,errors_5xx=errors_5xx-?8,bots=bots-?9"
	    " WHERE stream=?1 AND period=?2 AND idx=?3 AND apart=0 RETURNING"
	    " requests,min(bytes,request_bytes,errors_4xx,errors_5xx,bots)",
	[TALLY_LESS_TOTAL_GONE] =
	    "DELETE FROM total WHERE stream=?1 AND period=?2 AND idx=?3 AND apart=0",
	/* The first period is that of hours: minutes have no cells. */
	[TALLY_LESS_SAMPLES] =
	    "DELETE FROM cells WHERE stream=?1 AND period IN (1,2,3,4) AND dim>=?2",
};

/* ---- statements ---- */

int
tally_less_step(struct tally_less *less, enum tally_less_statement which,
    const struct tally_less_bind *bind, struct err *e)
{
	sqlite3_stmt **st = &less->st[which];

	if (*st == NULL && tally_db_prepare(less->book->db, texts[which], st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(*st, 1, less->book->stream);
	for (int i = 0; i < bind->count; i++)
		(void)sqlite3_bind_int64(*st, 2 + i, bind->numbers[i]);
	if (bind->key.ptr != NULL)
		(void)sqlite3_bind_text(
		    *st, 2 + bind->count, bind->key.ptr, (int)bind->key.len, SQLITE_STATIC);
	return (tally_db_step(less->book->db, *st, e));
}

void
tally_less_end(struct tally_less *less, enum tally_less_statement which)
{
	(void)sqlite3_reset(less->st[which]);
}

int
tally_less_run(struct tally_less *less, enum tally_less_statement which,
    const struct tally_less_bind *bind, struct err *e)
{
	int rc = tally_less_step(less, which, bind, e);

	tally_less_end(less, which);
	return (rc);
}

/* ---- opening ---- */

int
tally_less_open(struct tally_book *book, struct tally_less **less, struct err *e)
{
	struct tally_less *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->book = book;
	made->sort_at = TALLY_LESS_CELLS;
	tally_book_rollback(book);
	if (tally_rows_begin(book, e) == -1) {
		free(made);
		return (-1);
	}
	*less = made;
	return (0);
}

void
tally_less_close(struct tally_less *less)
{
	if (less == NULL)
		return;
	for (int i = 0; i < TALLY_LESS_COUNT; i++)
		(void)sqlite3_finalize(less->st[i]);
	for (size_t i = 0; i < less->count; i++)
		free(less->groups[i].keys);
	free(less->groups);
	buf_free(&less->cells);
	free(less);
}

/* ---- what goes ---- */

static int
is_other(struct err *e)
{
	return (err_set(e, ERR_FINDING, "less is counted than goes"));
}

/*
 * What is left of a row that a statement changed.  1: there is none; 0: it counts something, or
 * (*none) nothing any more.
 */
static int
change(struct tally_less *less, enum tally_less_statement which, const struct tally_less_bind *bind,
    bool *none, struct err *e)
{
	int rc = tally_less_step(less, which, bind, e);
	int64_t requests = 0, least = 0;

	if (rc == 1) {
		requests = sqlite3_column_int64(less->st[which], 0);
		least = sqlite3_column_int64(less->st[which], 1);
	}
	tally_less_end(less, which);
	*none = requests == 0;
	if (rc == -1 || requests < 0 || least < 0)
		return (rc == -1 ? -1 : is_other(e));
	return (rc == 0);
}

static int
take_minute(struct tally_less *less, const struct tally_minute *m, struct err *e)
{
	const struct tally_sums *s = &m->sums;
	int64_t start_us = tally_start_us(TALLY_MINUTE, m->minute);
	bool none;
	int rc;

	for (int period = 0; period < TALLY_PERIOD_COUNT; period++) {
		struct tally_less_bind bind = {
			{ period, tally_index((enum tally_period)period, start_us),
			    (int64_t)s->requests, (int64_t)s->bytes, (int64_t)s->request_bytes,
			    (int64_t)s->errors_4xx, (int64_t)s->errors_5xx, (int64_t)s->bots },
			8, { NULL, 0 }
		};

		if ((rc = change(less, TALLY_LESS_TOTAL, &bind, &none, e)) != 0)
			return (rc == 1 ? is_other(e) : -1);
		bind.count = 2;
		if (none && tally_less_run(less, TALLY_LESS_TOTAL_GONE, &bind, e) == -1)
			return (-1);
	}
	return (0);
}

/* Periods of which cells of their own became less are looked at: others may come first now. */
static void
note_cell(void *arg, const struct tally_group *g, struct span key)
{
	struct tally_less *less = arg;
	const struct tally_less_cell cell = {
		{ .index = g->index, .period = g->period, .dim = g->dim },
		tally_less_hash(less, key)
	};

	buf_add(&less->cells, &cell, sizeof(cell));
}

static int
take_batch(struct tally_less *less, struct err *e)
{
	struct tally_batch *b = less->book->batch;

	tally_alike_settle(b);
	for (uint32_t i = 0; i < b->minute_count; i++)
		if (take_minute(less, &b->minutes[i], e) == -1)
			return (-1);
	if (tally_cells_less(less->book, b, note_cell, less, e) == -1)
		return (-1);
	tally_batch_clear(b);
	if (less->cells.len > less->sort_at)
		tally_less_sort(less);
	return (0);
}

/* ---- lines ---- */

typedef int (*full_batch)(struct tally_less *less, struct err *e);

/* To the book's batch; full has to empty it, where there is no room. */
static int
add_line(struct tally_less *less, struct span line, full_batch full, struct err *e)
{
	const struct tally_given given = { .who = -1 };
	struct tally_batch *b = less->book->batch;
	struct record r;

	if (record_decode(&less->book->decoder, line, &r, e) == -1)
		return (-1);
	tally_batch_add(b, &r, TALLY_RECORD, &given);
	if (!tally_batch_full(b))
		return (0);
	if (full(less, e) == -1)
		return (-1);
	tally_batch_add(b, &r, TALLY_RECORD, &given);
	return (0);
}

int
tally_less_take(struct tally_less *less, struct span line, struct err *e)
{
	return (add_line(less, line, take_batch, e));
}

int
tally_less_taken(struct tally_less *less, struct err *e)
{
	const struct tally_less_bind samples = { { tally_dims[TALLY_SAMPLE_FIRST].code }, 1,
		{ NULL, 0 } };

	if (take_batch(less, e) == -1 || tally_shelf_write(less->book, e) == -1 ||
	    tally_less_run(less, TALLY_LESS_SAMPLES, &samples, e) == -1)
		return (-1);
	return (tally_less_find_groups(less, e));
}

/* ---- what stays ---- */

bool
tally_less_asks(const struct tally_less *less, int64_t first_us, int64_t last_us)
{
	for (size_t i = 0; i < less->count; i++) {
		const struct tally_less_group *g = &less->groups[i];

		if ((less->counts ? g->again : g->left > 0) && first_us < g->to_us &&
		    last_us >= g->from_us)
			return (true);
	}
	return (false);
}

/* Periods are whole hours, so all of an hour are asked for, or none. */
static bool
asks_hour(struct tally_less *less, int64_t t_us)
{
	int64_t hour = tally_index(TALLY_HOUR, t_us), from_us;

	if (less->hour_known && less->hour == hour)
		return (less->hour_asked);
	from_us = tally_start_us(TALLY_HOUR, hour);
	less->hour_known = true;
	less->hour = hour;
	less->hour_asked = tally_less_asks(less, from_us, from_us);
	return (less->hour_asked);
}

int
tally_less_stays(struct tally_less *less, struct span line, struct err *e)
{
	int64_t t_us;

	if (line.len > RECORD_START_BYTES &&
	    record_time_read(span_from(line, RECORD_START_BYTES), &t_us) > 0 &&
	    !asks_hour(less, t_us))
		return (0);
	if (add_line(less, line, tally_less_add, e) == -1)
		return (-1);
	/* It ends early where the caller asks again. */
	return (!less->counts && tally_batch_records(less->book->batch) >= TALLY_LESS_LOOK ?
		tally_less_add(less, e) :
		0);
}

int
tally_less_looked(struct tally_less *less, struct err *e)
{
	if (tally_less_add(less, e) == -1 || tally_less_empty(less, e) == -1)
		return (-1);
	less->counts = true;
	less->hour_known = false;
	return (0);
}

int
tally_less_counted(struct tally_less *less, struct err *e)
{
	if (tally_less_add(less, e) == -1 || tally_shelf_write(less->book, e) == -1)
		return (-1);
	return (tally_less_tidy(less, e));
}
