/*
 * What cells add up to, beside what SQLite says of the same rows: it did all of it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "tally/read/inside.h"
#include "unit/tally/old.h"

#define DAY INT64_C(86400000000)
#define HOUR (DAY / 24)

static char path[64];

static int
tear_down(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[80];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	return (0);
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "cells.%d.db", (int)getpid());
	return (tear_down(state)); /* what a killed one of this number left */
}

static void
fill(const char *sql)
{
	old_run(path, sql);
}

/*
 * Days 0 to 69 of 1970 by the hour, the day, the week and the month, of keys that come and go, with "other",
 * kept apart, under one, two or no keys of subjects; some days put aside.  Numbers are made up of those
 * of the rows, so that no two sums are equal by chance, and many are equal on purpose.
 */
static const char many[] =
    "INSERT INTO stream VALUES (1,'s',1,1),(2,'t',1,1);"
    "CREATE TEMP TABLE n (i INTEGER);"
    "WITH RECURSIVE h(i) AS (VALUES (0) UNION ALL SELECT i+1 FROM h WHERE i<59) INSERT INTO n"
    " SELECT i FROM h;"
    "CREATE TEMP TABLE p (period INTEGER, idx INTEGER);"
    "INSERT INTO p SELECT 1,a.i*60+b.i FROM n a,n b WHERE a.i<12;" /* 720 hours */
    "INSERT INTO p SELECT 2,i FROM n;INSERT INTO p SELECT 2,60+i FROM n WHERE i<10;"
    "INSERT INTO p SELECT 3,i FROM n WHERE i<11;INSERT INTO p SELECT 4,i FROM n WHERE i<3;"
    "INSERT INTO cell SELECT 1,period,1,idx,0,0,'/'||substr('zyxwabcd',1+i%7,1+i%5)||i,"
    " 1+(i*idx)%17,i%3,i*idx FROM p,n WHERE i<24 AND (i*7+idx)%5<3;"
    "INSERT INTO cell SELECT 1,period,1,idx,1,0,'/'||substr('zyxwabcd',1+i%7,1+i%5)||i,"
    " 1+(i+idx)%5,i%2,i FROM p,n WHERE i<30 AND (i+idx)%6=0;"
    "INSERT INTO cell SELECT 1,period,1,idx,idx%2,1,'',1+idx%11,1,5 FROM p WHERE idx%3>0;"
    "INSERT INTO cell SELECT 1,period,1,idx,0,0,'',3,1,2 FROM p WHERE idx%7=0;"
    "INSERT INTO cell SELECT 1,period,3,idx,0,0,'strange',99,1,2 FROM p;"
    "INSERT INTO cell SELECT 2,period,1,idx,0,0,'/a',99,1,2 FROM p;"
    "INSERT INTO seen SELECT "
    "1,period,1,idx,0,'/'||substr('zyxwabcd',1+i%7,1+i%5)||i,1,(i*5+idx)%22,"
    " NULL FROM p,n WHERE i<33 AND (i+idx)%4>0;"
    "INSERT INTO seen SELECT 1,period,1,idx,0,'/'||substr('zyxwabcd',1+i%7,1+i%5)||i,2,(i+idx)%22,"
    " NULL FROM p,n WHERE i<24 AND (i+idx)%3=0;"
    "INSERT INTO seen SELECT 1,period,1,idx,1,'',1,idx%22,NULL FROM p WHERE idx%2=0;"
    "INSERT INTO seen SELECT 1,period,1,1000+idx,0,'/nobody',1,20,NULL FROM p;"
    "INSERT INTO seen SELECT 2,period,1,idx,0,'/a',1,20,NULL FROM p;"
    "INSERT INTO frozen SELECT 1,i,21 FROM n WHERE i%9=4;INSERT INTO frozen VALUES "
    "(1,300,21),(2,5,21);"
    "INSERT INTO released SELECT 1,period,1,idx,'/'||char(97+i),10+(i*idx)%7,i,10+i FROM p,n"
    " WHERE i<12 AND ((period=2 AND idx%9=4) OR (period=1 AND idx/24%9=4 AND idx%3=0));"
    /* of an hour whose day is not put aside, and of one in which nothing else is */
    "INSERT INTO released VALUES (1,1,1,60,'/a',5,1,10),(1,1,1,5000,'/a',5,1,10),"
    "(2,2,1,5,'/z',50,1,10);";

#define WINDOW "stream=(SELECT id FROM stream WHERE name=?1) AND period=?2 AND idx>=?3 AND idx<?4"
#define SUMS "sum(requests) AS requests,sum(bots) AS bots,sum(bytes) AS bytes"
static const char series_sql[] =
    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0),c.idx FROM"
    " (SELECT idx,other,key," SUMS " FROM cell WHERE " WINDOW
    " AND dim=1 GROUP BY idx,other,key) AS c"
    " LEFT JOIN (SELECT idx,other,key,max(subjects) AS subjects FROM seen WHERE " WINDOW
    " AND dim=1 GROUP BY idx,other,key) AS s ON s.idx=c.idx AND s.other=c.other AND s.key=c.key"
    " ORDER BY c.idx,c.other,c.requests DESC,c.key";
static const char released_sql[] =
    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0),c.idx AS at FROM"
    " (SELECT idx,other,key," SUMS " FROM cell WHERE " WINDOW " AND dim=1 AND"
    " (CASE ?2 WHEN 1 THEN (idx+2400000000)/24-100000000 ELSE idx END) NOT IN"
    " (SELECT idx FROM frozen WHERE stream=(SELECT id FROM stream WHERE name=?1))"
    " GROUP BY idx,other,key) AS c"
    " LEFT JOIN (SELECT idx,other,key,max(subjects) AS subjects FROM seen WHERE " WINDOW
    " AND dim=1 GROUP BY idx,other,key) AS s ON s.idx=c.idx AND s.other=c.other AND s.key=c.key"
    " UNION ALL SELECT 0,key,requests,0,bytes,subjects,idx FROM released WHERE " WINDOW
    " AND dim=1 ORDER BY 7,1,3 DESC,2";

static int
add_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	buf_fmt(arg, "%d %.*s %llu/%llu/%llu s%u\n", cell->other, (int)cell->key.len,
	    cell->key.len == 0 ? "" : cell->key.ptr, (unsigned long long)cell->requests,
	    (unsigned long long)cell->bots, (unsigned long long)cell->bytes, cell->subjects);
	return (0);
}

static int
add_series(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	buf_fmt(arg, "%lld ", (long long)start_us);
	return (add_cell(arg, cell, e));
}

/* What SQLite makes of it; series: with the start in front.  Returns how many rows. */
static int
ask_sqlite(
    sqlite3 *db, const char *sql, const struct tally_window *w, bool series, struct buf *said)
{
	const struct tally_part part = tally_part_of(w);
	struct err e = { ERR_NONE, "" };
	sqlite3_stmt *st = NULL;
	int rows = 0, rc;

	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	(void)sqlite3_bind_text(st, 1, w->stream, -1, SQLITE_STATIC);
	if (series) {
		(void)sqlite3_bind_int(st, 2, (int)part.period);
		(void)sqlite3_bind_int64(st, 3, part.from);
		(void)sqlite3_bind_int64(st, 4, part.to);
	}
	while ((rc = tally_db_step(db, st, &e)) == 1) {
		struct tally_cell cell = { .other = sqlite3_column_int(st, 0) != 0,
			.key = tally_db_text(st, 1),
			.requests = tally_db_u64(st, 2),
			.bots = tally_db_u64(st, 3),
			.bytes = tally_db_u64(st, 4),
			.subjects = (unsigned)sqlite3_column_int(st, 5) };

		if (series)
			(void)add_series(said,
			    tally_start_us(w->period, sqlite3_column_int64(st, 6)), &cell, &e);
		else
			(void)add_cell(said, &cell, &e);
		rows++;
	}
	assert_int_equal(rc, 0);
	(void)sqlite3_finalize(st);
	return (rows);
}

static const struct {
	const char *claim, *stream;
	enum tally_period period;
	int64_t since_us, until_us;
	int rows; /* of a series: so many at least */
} windows[] = {
	{ "all hours", "s", TALLY_HOUR, INT64_MIN, INT64_MAX, 9000 },
	{ "hours of some days, one of them put aside", "s", TALLY_HOUR, 2 * DAY, 6 * DAY, 900 },
	{ "one hour of which something was put aside beside others", "s", TALLY_HOUR, 60 * HOUR,
	    61 * HOUR, 10 },
	{ "an hour that was only put aside", "s", TALLY_HOUR, 4000 * HOUR, 6000 * HOUR, 0 },
	{ "all days", "s", TALLY_DAY, INT64_MIN, INT64_MAX, 900 },
	{ "days of a month", "s", TALLY_DAY, 0, 31 * DAY, 400 },
	{ "a day that was put aside", "s", TALLY_DAY, 4 * DAY, 5 * DAY, 10 },
	{ "hours in front of and behind days", "s", TALLY_HOUR, 20 * HOUR, 29 * DAY - HOUR, 5000 },
	{ "weeks", "s", TALLY_WEEK, INT64_MIN, INT64_MAX, 100 },
	{ "months", "s", TALLY_MONTH, INT64_MIN, INT64_MAX, 30 },
	{ "another stream", "t", TALLY_DAY, INT64_MIN, INT64_MAX, 60 },
	{ "nobody", "nobody", TALLY_DAY, INT64_MIN, INT64_MAX, 0 },
	{ "nothing", "s", TALLY_DAY, 5 * DAY, 5 * DAY, 0 },
};
#define WINDOWS (sizeof(windows) / sizeof(windows[0]))

static struct tally_window
window_of(size_t i)
{
	return ((struct tally_window){ .stream = windows[i].stream,
	    .period = windows[i].period,
	    .since_us = windows[i].since_us,
	    .until_us = windows[i].until_us,
	    .dim = TALLY_PATH });
}

/* Which of two differ, a line of each, is what one wants to see. */
static void
assert_same(const struct buf *got, const struct buf *want)
{
	const char *a = got->len == 0 ? "" : got->data, *b = want->len == 0 ? "" : want->data;

	while (*a != '\0' || *b != '\0') {
		int x = (int)strcspn(a, "\n"), y = (int)strcspn(b, "\n");

		if (x != y || memcmp(a, b, (size_t)x) != 0)
			fail_msg("\"%.*s\" instead of \"%.*s\"", x, a, y, b);
		a += x + (a[x] == '\n');
		b += y + (b[y] == '\n');
	}
}

static void
a_series_is_what_sqlite_says(void **state)
{
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	sqlite3 *db;

	fill(many);
	db = old_open(path);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	for (size_t i = 0; i < 2 * WINDOWS; i++) {
		struct tally_window w = window_of(i / 2);
		struct buf got = { 0 }, want = { 0 };
		int rows;

		w.released = i % 2 == 1;
		if (w.released && w.period > TALLY_DAY)
			continue; /* nothing of longer ones is put aside */
		print_message("# %s%s\n", windows[i / 2].claim, w.released ? ", as shown" : "");
		rows = ask_sqlite(db, w.released ? released_sql : series_sql, &w, true, &want);
		assert_true(rows >= windows[i / 2].rows || w.released);
		assert_int_equal(tally_series(r, &w, add_series, &got, &e), 0);
		assert_same(&got, &want);
		buf_free(&got);
		buf_free(&want);
	}
	tally_reader_close(r);
	old_close(db);
}

/* The rows of each part, one behind the other, as a table. */
static void
add_parts(struct buf *sql, const char *table, const struct tally_window *w)
{
	struct tally_part parts[TALLY_PARTS_MAX];
	int count = tally_parts_of(w, parts);

	buf_str(sql, "(SELECT * FROM ");
	buf_fmt(
	    sql, "%s WHERE stream=(SELECT id FROM stream WHERE name=?1) AND dim=1 AND (0", table);
	for (int i = 0; i < count; i++)
		buf_fmt(sql, " OR (period=%d AND idx>=%lld AND idx<%lld)", (int)parts[i].period,
		    parts[i].from == INT64_MIN ? -99999LL : (long long)parts[i].from,
		    parts[i].to == INT64_MAX ? 99999LL : (long long)parts[i].to);
	buf_str(sql, "))");
}

static void
cells_are_what_sqlite_says(void **state)
{
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	sqlite3 *db;

	fill(many);
	db = old_open(path);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	for (size_t i = 0; i < WINDOWS; i++) {
		struct tally_window w = window_of(i);
		struct buf got = { 0 }, want = { 0 }, sql = { 0 };

		print_message("# %s\n", windows[i].claim);
		buf_str(&sql,
		    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0)"
		    " FROM (SELECT other,key," SUMS " FROM ");
		add_parts(&sql, "cell", &w);
		buf_str(&sql,
		    " GROUP BY other,key) AS c LEFT JOIN (SELECT other,key,max(subjects)"
		    " AS subjects FROM ");
		add_parts(&sql, "seen", &w);
		buf_str(&sql,
		    " GROUP BY other,key) AS s ON s.other=c.other AND s.key=c.key"
		    " ORDER BY c.other,c.requests DESC,c.key");
		(void)ask_sqlite(db, sql.data, &w, false, &want);
		assert_int_equal(tally_cells(r, &w, add_cell, &got, &e), 0);
		assert_same(&got, &want);
		buf_free(&got);
		buf_free(&want);
		buf_free(&sql);
	}
	tally_reader_close(r);
	old_close(db);
}

static int
stop_at_second(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	return (++*(int *)arg == 2);
}

static int
stop_at_once(void *arg, const struct tally_cell *cell, struct err *e)
{
	++*(int *)arg;
	return (err_set(e, ERR_IO, "enough"));
}

/* A reader is as good as new behind a callback that stopped, and behind numbers that are none. */
static void
whoever_stops_reads_again(void **state)
{
	struct tally_window w = window_of(4);
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	struct buf b = { 0 };
	int calls = 0;

	fill(many);
	fill("INSERT INTO cell VALUES (1,2,2,1,0,0,'200',9223372036854775807,0,0),"
	     "(1,2,2,1,1,0,'200',9223372036854775807,0,0)");
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	assert_int_equal(tally_series(r, &w, stop_at_second, &calls, &e), 1);
	assert_int_equal(calls, 2);
	assert_int_equal(tally_cells(r, &w, stop_at_once, &calls, &e), -1);
	assert_int_equal(calls, 3);
	assert_string_equal(e.text, "enough");
	w.dim = TALLY_STATUS;
	w.since_us = DAY; /* without a longer period, which would say it otherwise */
	w.until_us = 2 * DAY;
	assert_int_equal(tally_series(r, &w, add_series, &b, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_int_equal(tally_cells(r, &w, add_cell, &b, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_int_equal(b.len, 0);
	w.dim = TALLY_PATH;
	assert_int_equal(tally_cells(r, &w, add_cell, &b, &e), 0);
	assert_true(b.len > 0);
	buf_free(&b);
	tally_reader_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_series_is_what_sqlite_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cells_are_what_sqlite_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whoever_stops_reads_again, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
