#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "tally/db.h"
#include "tally/query.h"
#include "unit/tally/old.h"

static char path[64];

static int
tear_down(void **state)
{
	char name[80];

	(void)unlink(path);
	(void)snprintf(name, sizeof(name), "%s-wal", path);
	(void)unlink(name);
	(void)snprintf(name, sizeof(name), "%s-shm", path);
	(void)unlink(name);
	return (0);
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "stats.%d.db", (int)getpid());
	return (tear_down(state)); /* what a killed one of this number left */
}

static int64_t
at(const char *text)
{
	int64_t t_us;

	assert_int_equal(clock_parse_rfc3339(text, strlen(text), &t_us), 0);
	return (t_us);
}

static void
periods_begin_where_calendars_say(void **state)
{
	static const struct {
		const char *claim;
		enum tally_period period;
		const char *time, *start;
	} rows[] = {
		{ "a minute", TALLY_MINUTE, "2026-11-26T08:59:59Z", "2026-11-26T08:59:00Z" },
		{ "an hour", TALLY_HOUR, "2026-11-26T08:59:59Z", "2026-11-26T08:00:00Z" },
		{ "a day", TALLY_DAY, "2026-12-31T23:59:59Z", "2026-12-31T00:00:00Z" },
		{ "a week over the end of the year", TALLY_WEEK, "2027-01-02T00:00:00Z",
		    "2026-12-28T00:00:00Z" },
		{ "a week begins on Monday", TALLY_WEEK, "2026-11-29T23:59:59Z",
		    "2026-11-23T00:00:00Z" },
		{ "a month", TALLY_MONTH, "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z" },
		{ "before 1970", TALLY_HOUR, "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z" },
		{ "a month before 1970", TALLY_MONTH, "1969-12-31T23:59:59Z",
		    "1969-12-01T00:00:00Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t index = tally_index(rows[i].period, at(rows[i].time));

		assert_int_equal(tally_start_us(rows[i].period, index), at(rows[i].start));
		assert_int_equal(tally_index(rows[i].period, at(rows[i].start)), index);
		assert_int_equal(tally_index(rows[i].period, at(rows[i].start) - 1), index - 1);
	}
}

static void
dimensions_are_told_apart(void **state)
{
	enum tally_dim dim;

	for (int i = 0; i < TALLY_DIM_COUNT; i++) {
		assert_int_equal(tally_dim_find(span_str(tally_dims[i].name), &dim), 0);
		assert_int_equal(dim, i);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(tally_dims[i].code, tally_dims[k].code);
	}
	assert_int_equal(tally_dim_find(span_str("nothing"), &dim), -1);
}

/* ---- a file with rows ---- */

static void
fill(const char *sql)
{
	struct err e = { ERR_NONE, "" };
	sqlite3 *db;

	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	assert_int_equal(tally_db_run(db, sql, &e), 0);
	tally_db_close(db);
}

static void
fill_fails(void)
{
	struct err e = { ERR_NONE, "" };
	sqlite3 *db;

	assert_int_equal(tally_db_open(path, true, &db, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
}

static int
add_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	buf_fmt(arg, "%s%.*s %llu/%llu/%llu s%u\n", cell->other ? "*" : "", (int)cell->key.len,
	    cell->key.ptr, (unsigned long long)cell->requests, (unsigned long long)cell->bots,
	    (unsigned long long)cell->bytes, cell->subjects);
	return (0);
}

static int
add_series(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	buf_fmt(arg, "%lld ", (long long)(start_us / 1000000));
	return (add_cell(arg, cell, e));
}

static int
add_unique(void *arg, const struct tally_unique *u, struct err *e)
{
	buf_fmt(arg, "%lld %llu %d\n", (long long)(u->start_us / 1000000),
	    (unsigned long long)u->subjects, u->exact);
	return (0);
}

static int
add_total(void *arg, const struct tally_total *t, struct err *e)
{
	buf_fmt(arg, "%lld %llu\n", (long long)(t->start_us / 1000000),
	    (unsigned long long)t->sums.requests);
	return (0);
}

static int
sum_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	*(uint64_t *)arg += cell->requests;
	return (0);
}

static const char rows_of_two_days[] =
    "INSERT INTO stream VALUES (1,'s',7,70),(2,'t',1,1);"
    /* stream period idx apart requests bytes request_bytes 4xx 5xx bots */
    "INSERT INTO total VALUES "
    "(1,2,10,0,5,50,1,1,0,2),(1,2,10,1,3,30,2,0,1,0),(1,2,11,0,9,9,0,0,0,0),"
    " (2,2,10,0,99,0,0,0,0,0);"
    /* stream period dim idx apart other key requests bots bytes */
    "INSERT INTO cell VALUES (1,2,1,10,0,0,'/a',3,1,30),(1,2,1,10,1,0,'/a',2,0,20),"
    " (1,2,1,10,0,0,'/b',4,0,1),(1,2,1,10,0,1,'',7,0,2),(1,2,1,11,0,0,'/a',1,0,1),"
    " (1,2,11,10,0,0,'100',50,0,0),(1,2,11,10,0,0,'1024',50,0,0),(2,2,1,10,0,0,'/a',99,0,0);"
    "INSERT INTO seen VALUES (1,2,1,10,0,'/a',1,4,NULL),(1,2,1,10,0,'/a',2,3,NULL),"
    " (1,2,1,11,0,'/a',3,21,NULL),(1,2,1,10,1,'',1,2,NULL),(1,2,0,11,0,'',3,6,NULL),"
    " (1,2,0,10,0,'',3,21,NULL);"
    /* The same by the month, which both are of. */
    "INSERT INTO total SELECT stream,4,0,apart,sum(requests),sum(bytes),sum(request_bytes),"
    "sum(errors_4xx),sum(errors_5xx),sum(bots) FROM total WHERE period=2 GROUP BY stream,apart;"
    "INSERT INTO cell SELECT stream,4,dim,0,apart,other,key,sum(requests),sum(bots),sum(bytes)"
    " FROM cell WHERE period=2 GROUP BY stream,dim,apart,other,key;"
    "INSERT INTO seen SELECT stream,4,dim,0,other,key,epoch,max(subjects),NULL FROM seen"
    " WHERE period=2 GROUP BY stream,dim,other,key,epoch;"
    "INSERT INTO uniq VALUES (1,2,10,1,100,NULL),(1,2,10,2,90,NULL),(1,2,11,3,6,NULL)";

static struct tally_reader *
open_reader(void)
{
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;

	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	return (r);
}

#define DAY INT64_C(86400000000)

static void
windows_add_up(void **state)
{
	const struct tally_window one = { "s", TALLY_DAY, 10 * DAY, 11 * DAY, TALLY_ALL, 0, false },
				  all = { "s", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_ALL, 0,
					  false },
				  late = { "s", TALLY_DAY, 10 * DAY + 1, INT64_MAX, TALLY_ALL, 0,
					  false },
				  none = { "nobody", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_ALL, 0,
					  false };
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	struct tally_reach reach;
	struct tally_sums sums;
	struct buf b = { 0 };

	old_run(path, rows_of_two_days);
	r = open_reader();
	assert_int_equal(tally_sum(r, &one, &sums, &e), 0);
	assert_int_equal(sums.requests, 8);
	assert_int_equal(sums.bytes, 80);
	assert_int_equal(sums.request_bytes, 3);
	assert_int_equal(sums.errors_4xx, 1);
	assert_int_equal(sums.errors_5xx, 1);
	assert_int_equal(sums.bots, 2);
	assert_int_equal(tally_sum(r, &none, &sums, &e), 0);
	assert_int_equal(sums.requests, 0);
	assert_int_equal(tally_totals(r, &all, add_total, &b, &e), 0);
	assert_string_equal(b.data, "864000 8\n950400 9\n");
	buf_clear(&b);
	assert_int_equal(tally_totals(r, &late, add_total, &b, &e), 0);
	assert_string_equal(b.data, "950400 9\n");
	assert_int_equal(tally_reach(r, "s", &reach, &e), 0);
	assert_true(reach.known && reach.segment == 7 && reach.records == 70);
	assert_int_equal(tally_reach(r, "nobody", &reach, &e), 0);
	assert_false(reach.known);
	buf_free(&b);
	tally_reader_close(r);
}

static void
ends_are_of_what_is_shown(void **state)
{
	static const struct {
		const char *claim, *stream;
		unsigned k;
		int64_t until_us;
		int rc;
		int64_t first_us, last_us;
	} rows[] = {
		{ "all: minutes", "s", 0, 0, 1, 600 * INT64_C(60000000),
		    15850 * INT64_C(60000000) },
		{ "nobody has none", "nobody", 0, 0, 0, 0, 0 },
		{ "days of k", "s", 6, 20 * DAY, 1, 10 * DAY, 11 * DAY },
		{ "a day under k is none", "s", 10, 20 * DAY, 1, 10 * DAY, 10 * DAY },
		{ "a day that is not over is none", "s", 6, 11 * DAY + 5, 1, 10 * DAY, 10 * DAY },
		{ "of a day put aside what was", "r", 10, 20 * DAY, 1, 3 * DAY, 3 * DAY },
		{ "nothing is over", "s", 6, 10 * DAY, 0, 0, 0 },
	};
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	int64_t ends_us[2];

	old_run(path, rows_of_two_days);
	old_run(path,
	    "INSERT INTO total VALUES (1,0,600,0,1,0,0,0,0,0),(1,0,15850,0,1,0,0,0,0,0);"
	    "INSERT INTO stream VALUES (3,'r',1,1);"
	    "INSERT INTO seen VALUES (3,2,0,3,0,'',1,4,NULL),(3,2,0,4,0,'',1,21,NULL);"
	    "INSERT INTO frozen VALUES (3,3,21),(3,4,0);"
	    "INSERT INTO released VALUES (3,2,0,3,'',50,5,21)");
	r = open_reader();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].claim);
		assert_int_equal(
		    tally_ends(r, rows[i].stream, rows[i].k, rows[i].until_us, ends_us, &e),
		    rows[i].rc);
		if (rows[i].rc == 1) {
			assert_int_equal(ends_us[0], rows[i].first_us);
			assert_int_equal(ends_us[1], rows[i].last_us);
		}
	}
	tally_reader_close(r);
}

static void
cells_are_ordered_and_folded(void **state)
{
	struct tally_window one = { "s", TALLY_DAY, 10 * DAY, 11 * DAY, TALLY_PATH, 0, false },
			    all = { "s", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_PATH, 1, false };
	struct err e = { ERR_NONE, "" };
	struct tally_latency latency;
	struct tally_reader *r;
	struct buf b = { 0 };

	old_run(path, rows_of_two_days);
	r = open_reader();
	assert_int_equal(tally_cells(r, &one, add_cell, &b, &e), 0);
	assert_string_equal(b.data, "/a 5/1/50 s4\n/b 4/0/1 s0\n* 7/0/2 s2\n");
	buf_clear(&b);
	assert_int_equal(tally_cells(r, &all, add_cell, &b, &e), 0);
	assert_string_equal(b.data, "/a 6/1/51 s21\n* 11/0/3 s2\n");
	buf_clear(&b);
	assert_int_equal(tally_series(r, &all, add_series, &b, &e), 0);
	assert_string_equal(b.data,
	    "864000 /a 5/1/50 s4\n864000 /b 4/0/1 s0\n864000 * 7/0/2 s2\n950400 /a 1/0/1 s21\n");
	buf_clear(&b);
	assert_int_equal(tally_uniques(r, &all, add_unique, &b, &e), 0);
	assert_string_equal(b.data, "864000 100 0\n950400 6 1\n");
	assert_int_equal(tally_latency(r, &one, &latency, &e), 0);
	assert_int_equal(latency.count, 100);
	assert_int_equal(latency.p50_us, 100);
	assert_in_range(latency.p99_us, 1024, 1039);
	one.dim = TALLY_HOST;
	assert_int_equal(tally_cells(r, &one, add_cell, &b, &e), 0);
	buf_free(&b);
	tally_reader_close(r);
}

/* Each hour has another number of requests, so that no other hours have the same sum. */
static void
longer_periods_add_up_as_short_ones_do(void **state)
{
	static const char hours[] =
	    "INSERT INTO stream VALUES (1,'s',1,1);"
	    "WITH RECURSIVE h(i) AS (VALUES (0) UNION ALL SELECT i+1 FROM h WHERE i<2400)"
	    " INSERT INTO total SELECT 1,1,i,0,i*i+1,1,0,0,0,0 FROM h;"
	    "INSERT INTO total SELECT 1,0,idx*60,0,requests,1,0,0,0,0 FROM total;"
	    "INSERT INTO cell SELECT 1,1,11,idx,0,0,'100',requests,0,0 FROM total WHERE period=1;"
	    "INSERT INTO cell SELECT 1,1,1,idx,0,0,'/'||idx%3,requests,0,7 FROM total"
	    " WHERE period=1;"
	    /* Days, and January to April of 1970. */
	    "INSERT INTO total SELECT 1,2,idx/24,0,sum(requests),sum(bytes),0,0,0,0 FROM total"
	    " WHERE period=1 GROUP BY idx/24;"
	    "INSERT INTO cell SELECT 1,2,dim,idx/24,0,0,key,sum(requests),0,sum(bytes) FROM cell"
	    " WHERE period=1 GROUP BY dim,key,idx/24;"
	    "INSERT INTO total SELECT 1,4,(idx>=31)+(idx>=59)+(idx>=90),0,sum(requests),sum(bytes),"
	    "0,0,0,0 FROM total WHERE period=2 GROUP BY 3;"
	    "INSERT INTO cell SELECT 1,4,dim,(idx>=31)+(idx>=59)+(idx>=90),0,0,key,sum(requests),0,"
	    "sum(bytes) FROM cell WHERE period=2 GROUP BY dim,key,4;";
	static const struct {
		const char *claim;
		int64_t since, until; /* hours */
	} rows[] = {
		{ "one hour", 5, 6 },
		{ "nothing", 5, 5 },
		{ "hours of one day", 25, 47 },
		{ "hours of two days, none of them whole", 30, 70 },
		{ "a whole day", 24, 48 },
		{ "a day and hours of its neighbours", 20, 51 },
		{ "days", 48, 480 },
		{ "whole months", 0, 59 * 24 },
		{ "a month within days within hours", 700, 1500 },
		{ "months with hours in front", 23, 90 * 24 },
		{ "all", 0, 2401 },
	};
	static const enum tally_period periods[] = { TALLY_MINUTE, TALLY_HOUR, TALLY_DAY };
	struct err e = { ERR_NONE, "" };
	struct tally_latency latency;
	struct tally_reader *r;
	struct tally_sums sums;

	old_run(path, hours);
	r = open_reader();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t p = 0; p < sizeof(periods) / sizeof(periods[0]); p++) {
			struct tally_window w = { "s", periods[p], rows[i].since * DAY / 24,
				rows[i].until * DAY / 24, TALLY_PATH, 0, false };
			int64_t first = rows[i].since, last = rows[i].until;
			uint64_t want = 0, cells = 0;

			print_message(
			    "# %s, by the %s\n", rows[i].claim, tally_period_names[w.period]);
			/* Periods that begin in it: the last one may end behind it. */
			if (w.period == TALLY_DAY) {
				first = (first + 23) / 24 * 24;
				last = (last + 23) / 24 * 24;
			}
			for (int64_t hour = first; hour < last && hour <= 2400; hour++)
				want += (uint64_t)(hour * hour + 1);
			assert_int_equal(tally_sum(r, &w, &sums, &e), 0);
			assert_int_equal(sums.requests, want);
			assert_int_equal(tally_cells(r, &w, sum_cell, &cells, &e), 0);
			assert_int_equal(cells, w.period == TALLY_MINUTE ? 0 : want);
			assert_int_equal(tally_latency(r, &w, &latency, &e), 0);
			assert_int_equal(latency.count, w.period == TALLY_MINUTE ? 0 : want);
		}
	tally_reader_close(r);
}

/* What is not read shows: of two months only the longest periods are there. */
static void
a_long_window_is_not_read_by_the_hour(void **state)
{
	const struct tally_window w = { "s", TALLY_HOUR, 0, 59 * DAY, TALLY_PATH, 0, false };
	struct err e = { ERR_NONE, "" };
	struct tally_reader *r;
	struct tally_sums sums;

	fill("INSERT INTO stream VALUES (1,'s',1,1);"
	     "INSERT INTO total VALUES (1,4,0,0,7,0,0,0,0,0),(1,4,1,0,8,0,0,0,0,0)");
	r = open_reader();
	assert_int_equal(tally_sum(r, &w, &sums, &e), 0);
	assert_int_equal(sums.requests, 15);
	tally_reader_close(r);
}

/* ---- an older version ---- */

#define VERSION_2 "DROP TABLE cells;DROP TABLE shown;" OLD_TABLES "PRAGMA user_version=2;"

static void
version_2_is_brought_up_by_who_writes(void **state)
{
	struct tally_window all = { "s", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_PATH, 0, false };
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };
	struct buf b = { 0 };

	buf_str(&b, VERSION_2);
	buf_str(&b, rows_of_two_days);
	fill(b.data);
	assert_int_equal(tally_reader_open(path, &r, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	fill("SELECT 1");
	r = open_reader();
	buf_clear(&b);
	assert_int_equal(tally_series(r, &all, add_series, &b, &e), 0);
	assert_string_equal(b.data,
	    "864000 /a 5/1/50 s4\n864000 /b 4/0/1 s0\n864000 * 7/0/2 s2\n950400 /a 1/0/1 s21\n");
	buf_free(&b);
	tally_reader_close(r);
	tear_down(NULL);
	fill(VERSION_2 "DROP TABLE seen"); /* neither one nor the other */
	fill_fails();
}

/* ---- what is none ---- */

static void
a_file_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *claim, *sql;
		enum err_code code;
	} rows[] = {
		{ "another's application", "PRAGMA application_id=7", ERR_FINDING },
		{ "a later version", "PRAGMA user_version=9", ERR_FINDING },
		{ "a version of no release", "PRAGMA user_version=1", ERR_FINDING },
		{ "a trigger of a stranger",
		    "CREATE TRIGGER t AFTER INSERT ON stream BEGIN DELETE FROM total; END",
		    ERR_FINDING },
		{ "a view of a stranger", "CREATE VIEW v AS SELECT 1", ERR_FINDING },
		{ "a table less", "DROP TABLE uniq", ERR_FINDING },
	};
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };
	sqlite3 *db = NULL;
	FILE *f;

	assert_int_equal(tally_reader_open(path, &r, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(rows[i].sql);
		assert_int_equal(tally_reader_open(path, &r, &e), -1);
		assert_int_equal(e.code, rows[i].code);
		assert_int_equal(tally_db_open(path, true, &db, &e), -1);
		assert_int_equal(e.code, rows[i].code);
		tear_down(NULL);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 5000; i++)
		assert_true(fputs("no database\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(tally_reader_open(path, &r, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_int_equal(tally_db_open(path, true, &db, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	tear_down(NULL);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(tally_db_open(path, true, &db, &e), -1);
	assert_int_equal(tally_reader_open(path, &r, &e), -1);
}

/* Who may not write there, as a reader of a group, sees what is there. */
static void
a_reader_writes_nothing(void **state)
{
	struct tally_reader *r;
	struct buf b = { 0 };
	const struct tally_window all = { "s", TALLY_DAY, INT64_MIN, INT64_MAX, TALLY_ALL, 0, false };
	struct err e = { ERR_NONE, "" };
	sqlite3 *db;

	old_run(path, rows_of_two_days);
	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	assert_int_equal(tally_db_run(db, "BEGIN IMMEDIATE;DELETE FROM total", &e), 0);
	r = open_reader(); /* beside a writer that has not committed */
	assert_int_equal(tally_totals(r, &all, add_total, &b, &e), 0);
	assert_string_equal(b.data, "864000 8\n950400 9\n");
	assert_int_equal(tally_db_run(db, "COMMIT", &e), 0);
	buf_clear(&b);
	assert_int_equal(tally_totals(r, &all, add_total, &b, &e), 0);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	tally_reader_close(r);
	tally_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(periods_begin_where_calendars_say),
		cmocka_unit_test(dimensions_are_told_apart),
		cmocka_unit_test_setup_teardown(windows_add_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_are_of_what_is_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cells_are_ordered_and_folded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    longer_periods_add_up_as_short_ones_do, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_long_window_is_not_read_by_the_hour, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    version_2_is_brought_up_by_who_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_none_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_writes_nothing, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
