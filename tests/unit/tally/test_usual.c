/* usual: errors beside those of the weeks before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/usual.h"

#define HOUR INT64_C(3600000000)
#define NOW_HOUR INT64_C(490000)
#define WEEK 168

static char path[64];
static struct err e;

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-usual.%d.db", (int)getpid());
	assert_int_equal(tally_book_discard(path, &e), 0);
	return (0);
}

static int
tear_down(void **state)
{
	return (tally_book_discard(path, NULL));
}

static void
add(struct buf *sql, int period, int64_t index, uint64_t requests, uint64_t errors)
{
	buf_fmt(sql, "INSERT INTO total VALUES (1,%d,%lld,0,%llu,0,0,0,%llu,0);", period,
	    (long long)index, (unsigned long long)requests, (unsigned long long)errors);
}

static struct tally_reader *
fill(struct buf *sql)
{
	struct tally_reader *r;
	sqlite3 *db;

	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	assert_int_equal(tally_db_run(db, "INSERT INTO stream VALUES (1,'s',1,0)", &e), 0);
	assert_int_equal(tally_db_run(db, sql->data, &e), 0);
	tally_db_close(db);
	buf_free(sql);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	return (r);
}

/* Four weeks of ten errors a minute, one of them without any request. */
static void
a_minute_is_of_the_same_hour_of_the_week(void **state)
{
	struct stats_usual usual;
	struct tally_reader *r;
	struct buf sql = { 0 };

	for (int week = 1; week <= 4; week++)
		for (int minute = 0; minute < 60 && week != 2; minute++) {
			int64_t hour = NOW_HOUR - week * WEEK;

			add(&sql, TALLY_MINUTE, hour * 60 + minute, 100, 9 + (unsigned)minute % 3);
			/* what is around it is of another hour */
			add(&sql, TALLY_MINUTE, (hour - 1) * 60 + minute, 100, 5000);
			add(&sql, TALLY_MINUTE, (hour + 1) * 60 + minute, 100, 5000);
		}
	add(&sql, TALLY_MINUTE, (NOW_HOUR - 9 * WEEK) * 60, 100, 5000); /* too long ago */
	add(&sql, TALLY_MINUTE, NOW_HOUR * 60, 100, 5000); /* now is not compared with itself */
	r = fill(&sql);
	assert_int_equal(tally_usual_minute(r, "s", NOW_HOUR * HOUR + HOUR / 2, &usual, &e), 0);
	assert_true(usual.known && usual.middle > 9.9 && usual.middle < 10.1);
	assert_true(usual.spread > 3.1 && usual.spread < 3.2);
	/* Three weeks earlier there are two before: too few. */
	assert_int_equal(tally_usual_minute(r, "s", (NOW_HOUR - 3 * WEEK) * HOUR, &usual, &e), 0);
	assert_false(usual.known);
	assert_int_equal(tally_usual_minute(r, "nobody", NOW_HOUR * HOUR, &usual, &e), 0);
	assert_false(usual.known);
	tally_reader_close(r);
}

/* Minutes in which nothing came are minutes without errors. */
static void
quiet_minutes_count(void **state)
{
	struct stats_usual usual;
	struct tally_reader *r;
	struct buf sql = { 0 };

	for (int week = 1; week <= 8; week++)
		add(&sql, TALLY_MINUTE, (NOW_HOUR - week * WEEK) * 60 + 7, 1, 50);
	r = fill(&sql);
	assert_int_equal(tally_usual_minute(r, "s", NOW_HOUR * HOUR, &usual, &e), 0);
	assert_true(usual.known && usual.middle < 0.1 && usual.spread < 1.1);
	tally_reader_close(r);
}

static void
bursts_are_hours_far_above_their_weeks(void **state)
{
	struct tally_window w = {
		.stream = "s", .since_us = (NOW_HOUR - 1) * HOUR, .until_us = (NOW_HOUR + 48) * HOUR
	};
	struct tally_bursts b;
	struct tally_reader *r;
	struct buf sql = { 0 };

	for (int week = 0; week <= 5; week++)
		for (int hour = 0; hour < 48; hour++) {
			uint64_t errors = 40;

			if (week == 0)
				errors = hour == 3 ? 400 : hour == 5 ? 90 : hour == 7 ? 60 : 40;
			if (hour == 9) /* errors where there are none else, but few */
				errors = week == 0 ? 19 : 0;
			if (hour == 11) /* an hour that fails each week */
				errors = 3000;
			add(&sql, TALLY_HOUR, NOW_HOUR - week * WEEK + hour, 1000, errors);
		}
	add(&sql, TALLY_HOUR, NOW_HOUR - 1, 1000, 900); /* nothing is known of that hour */
	r = fill(&sql);
	assert_int_equal(tally_bursts(r, &w, &b, &e), 0);
	assert_int_equal(b.compared, 48);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.list[0].start_us, (NOW_HOUR + 3) * HOUR);
	assert_int_equal(b.list[0].errors, 400);
	assert_int_equal((int)b.list[0].usual.middle, 40);
	assert_int_equal(b.list[1].start_us, (NOW_HOUR + 5) * HOUR);
	assert_true(b.list[1].score >= STATS_USUAL_SCORE && b.list[0].score > b.list[1].score);
	free(b.list);
	w.limit = 1;
	assert_int_equal(tally_bursts(r, &w, &b, &e), 0);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.list[0].errors, 400);
	free(b.list);
	w.since_us = INT64_MIN;
	w.until_us = INT64_MAX;
	w.stream = "nobody";
	assert_int_equal(tally_bursts(r, &w, &b, &e), 0);
	assert_int_equal(b.count + b.compared, 0);
	free(b.list);
	tally_reader_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_minute_is_of_the_same_hour_of_the_week, set_up, tear_down),
		cmocka_unit_test_setup_teardown(quiet_minutes_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    bursts_are_hours_far_above_their_weeks, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
