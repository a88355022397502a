/* late: what was shown, and what comes to it afterwards. */
#include "tally/own/late.h"

#include <string.h>

#include "base/err.h"
#include "tally/freeze.h"
#include "tally/shelf.h"

#define NONE INT32_MIN

void
tally_late_clear(struct tally_late *late)
{
	memset(late, 0, sizeof(*late));
	late->shown = late->shift_day = late->until = late->moved = late->newest = late->day = NONE;
}

static int32_t
hour_of_minute(int64_t minute)
{
	return ((int32_t)tally_index(TALLY_HOUR, tally_start_us(TALLY_MINUTE, minute)));
}

/* ---- the row ---- */

static int
read_row(struct tally_book *book, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_SHOWN, e);
	struct tally_late *late = &book->late;
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, book->stream);
	if ((rc = tally_db_step(book->db, st, e)) == 1) {
		late->shown = sqlite3_column_int(st, 0);
		late->until = sqlite3_column_int(st, 1);
		late->filling = sqlite3_column_int(st, 2) != 0;
		late->moved = sqlite3_column_int(st, 3);
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

static void
set_shown(struct tally_late *late, int32_t hour)
{
	late->shown = hour;
	late->shift_day = late->import || hour == NONE ? NONE : tally_late_day(hour);
	late->day = NONE;
}

int
tally_book_guard(struct tally_book *book, const struct tally_guard *guard, struct err *e)
{
	struct tally_late *late = &book->late;

	tally_late_clear(late);
	if (read_row(book, e) == -1)
		return (-1);
	late->on = late->fills = true;
	late->import = guard->import;
	late->k = guard->k;
	/* What stood still for so long is shown, whatever may be hidden of it from now on. */
	set_shown(late,
	    !late->filling && late->shown < guard->still_hour ? (int32_t)guard->still_hour :
								late->shown);
	return (0);
}

void
tally_book_unguard(struct tally_book *book)
{
	tally_late_clear(&book->late);
}

bool
tally_book_moved(const struct tally_book *book)
{
	return (book->late.moved != NONE);
}

bool
tally_book_guarded(const struct tally_book *book)
{
	return (book->late.on);
}

int
tally_late_write(struct tally_book *book, struct err *e)
{
	struct tally_late *late = &book->late;
	sqlite3_stmt *st;
	int rc;

	if (!late->changed)
		return (0);
	if ((st = tally_rows_statement(book, TALLY_ST_SHOWN_PUT, e)) == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, book->stream);
	(void)sqlite3_bind_int(st, 2, late->shown);
	(void)sqlite3_bind_int(st, 3, late->until);
	(void)sqlite3_bind_int(st, 4, late->filling);
	(void)sqlite3_bind_int(st, 5, late->moved);
	rc = tally_db_step(book->db, st, e);
	(void)sqlite3_reset(st);
	if (rc == -1)
		return (-1);
	late->changed = false;
	return (0);
}

/* Of days that were filled it still knows: what was added of them is lost, too. */
void
tally_late_rollback(struct tally_book *book)
{
	book->late.day = NONE;
	book->late.changed = book->late.on;
}

bool
tally_book_show(struct tally_book *book, int64_t hour)
{
	struct tally_late *late = &book->late;

	if (!late->on || hour < INT32_MIN / 2 || hour > INT32_MAX / 2)
		return (false);
	late->fills = false;
	late->filled_count = 0;
	if (hour <= late->shown && !late->filling)
		return (false);
	if (hour > late->shown)
		set_shown(late, (int32_t)hour);
	late->filling = false;
	late->changed = true;
	return (true);
}

int
tally_book_last(struct tally_book *book, int64_t before, int64_t *hour, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_LAST, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, book->stream);
	(void)sqlite3_bind_int64(st, 2, before);
	if ((rc = tally_db_step(book->db, st, e)) == 1)
		*hour = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc);
}

bool
tally_book_newest(struct tally_book *book, int64_t *hour)
{
	*hour = book->late.newest;
	book->late.newest = NONE;
	return (*hour != NONE);
}

uint64_t
tally_book_kept_back(const struct tally_book *book)
{
	return (book->late.kept_back);
}

/* ---- days ---- */

/* The place of a day among those that were filled, or would be. */
static unsigned
find_filled(const struct tally_late *late, int32_t day)
{
	unsigned from = 0, to = late->filled_count;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (late->filled[middle] < day)
			from = middle + 1;
		else
			to = middle;
	}
	return (from);
}

/* From its first hour on nothing is shown until all has come. */
static void
hide_from(struct tally_late *late, int32_t day)
{
	int32_t hour = day * 24;

	if (late->filling && late->until <= hour)
		return;
	late->filling = late->changed = true;
	late->until = hour;
}

static void
fill(struct tally_late *late, int32_t day, unsigned at)
{
	memmove(&late->filled[at + 1], &late->filled[at],
	    (late->filled_count - at) * sizeof(late->filled[0]));
	late->filled[at] = day;
	late->filled_count++;
	hide_from(late, day);
}

/* Days before that of shown are put aside, if they have k. */
int
tally_late_again(struct tally_book *book, struct err *e)
{
	struct tally_late *late = &book->late;

	tally_late_clear(late);
	if (read_row(book, e) == -1)
		return (-1);
	late->again = !late->filling && late->shown != NONE;
	if (late->again)
		hide_from(late, tally_late_day(late->shown));
	return (tally_late_write(book, e));
}

int
tally_late_counted(struct tally_book *book, struct err *e)
{
	struct tally_late *late = &book->late;

	if (!late->again)
		return (0);
	late->again = late->filling = false;
	late->moved = NONE; /* all is where its lines say */
	late->changed = true;
	return (tally_late_write(book, e));
}

/*
 * Something comes into a day, parts of which may have been shown.  1: they stay what they are; 0:
 * there were none, it is filled; -1.
 */
static int
decide(struct tally_book *book, int32_t day, struct err *e)
{
	struct tally_late *late = &book->late;
	unsigned at = find_filled(late, day);
	struct tally_freezing how = { .stream = book->name, .k = late->k };
	int rc;

	if (at < late->filled_count && late->filled[at] == day)
		return (0);
	/* Behind what was added, as that came in time. */
	if (tally_shelf_write(book, e) == -1)
		return (-1);
	how.over_us = tally_start_us(TALLY_HOUR, late->shown);
	if ((rc = tally_freeze_day(book->db, &how, day, e)) != 0)
		return (rc);
	/* Nobody was shown anything of it: what comes is, once all of it is there, or never. */
	if (late->fills && late->filled_count < TALLY_FILLED) {
		fill(late, day, at);
		return (0);
	}
	return (tally_freeze_hide(book->db, &how, day, e) == -1 ? -1 : 1);
}

/* hour was shown. */
static int
meet_hour(struct tally_book *book, int32_t hour, struct err *e)
{
	struct tally_late *late = &book->late;
	int32_t day = tally_late_day(hour);
	int rc = 0;

	if (day == late->day)
		return (0);
	if (day == late->shift_day) {
		late->changed = late->changed || late->moved != day;
		late->moved = day;
	} else if ((rc = decide(book, day, e)) == -1)
		return (-1);
	late->day = day;
	late->put_aside = rc == 1;
	return (0);
}

int
tally_late_meet(struct tally_book *book, const struct tally_batch *b, struct err *e)
{
	struct tally_late *late = &book->late;

	for (uint32_t i = 0; late->on && i < b->minute_count; i++) {
		int32_t hour = hour_of_minute(b->minutes[i].minute);

		if (hour > late->newest)
			late->newest = hour;
		if (hour >= late->shown)
			continue;
		if (meet_hour(book, hour, e) == -1)
			return (-1);
		if (late->put_aside)
			late->kept_back += b->minutes[i].sums.requests;
	}
	return (0);
}
