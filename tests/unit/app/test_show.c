/* How far roles below developers are shown what is counted, as time goes by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/tally/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "tally/query.h"

#define HOUR_US INT64_C(3600000000)
#define MINUTE_US INT64_C(60000000)
#define DAY INT64_C(20000) /* the running one */
#define NOT_SHOWN INT32_MIN

static char path[64];
static const unsigned char origin[32] = { 1 };

static int
tear_down(void **state)
{
	clock_set(-1);
	return (tally_book_discard(path, NULL));
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-show.%d.db", (int)getpid());
	return (tear_down(state));
}

/* Of the running day; hours of the one before are negative. */
static int64_t
at(int hour, int minute)
{
	return (DAY * 24 * HOUR_US + hour * HOUR_US + minute * MINUTE_US);
}

static void
open_counter(struct app_counter *c, bool import)
{
	struct err e = { ERR_NONE, "" };

	memset(c, 0, sizeof(*c));
	c->how.origin = import ? origin : NULL;
	c->since_ns = clock_mono_ns();
	assert_int_equal(tally_book_open(path, "s", c->how.origin, &c->book, &e), 0);
	assert_int_equal(app_counter_guard(c, &e), 0);
}

static void
count(struct app_counter *c, int64_t time_us)
{
	struct err e = { ERR_NONE, "" };
	struct tally_given given = { .who = -1 };
	struct tally_batch *b;
	struct record r;

	assert_int_equal(tally_batch_open(&b, &e), 0);
	record_clear(&r);
	r.time_us = time_us;
	tally_batch_add(b, &r, TALLY_RECORD, &given);
	assert_int_equal(tally_book_add(c->book, b, &e), 0);
	tally_batch_close(b);
}

/* The first hour of the running day that is not shown, behind a commit. */
static int64_t
shown(struct app_counter *c)
{
	struct tally_reader *r = NULL;
	struct tally_shown shown;
	struct err e = { ERR_NONE, "" };
	uint64_t segment, records;

	tally_book_reach(c->book, &segment, &records);
	assert_int_equal(tally_book_commit(c->book, segment, records + 1, &e), 0);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	assert_int_equal(tally_shown(r, "s", &shown, &e), 0);
	tally_reader_close(r);
	return (shown.hour == INT32_MIN ? NOT_SHOWN : shown.hour - DAY * 24);
}

static void
what_is_live_is_shown_ten_minutes_later(void **state)
{
	struct app_counter c;

	clock_set(at(12, 5));
	open_counter(&c, false);
	count(&c, at(11, 59));
	assert_false(app_counter_show(&c, false)); /* it has just begun */
	assert_int_equal(shown(&c), NOT_SHOWN);
	c.since_ns -= INT64_C(600000000000);
	assert_true(app_counter_show(&c, false));
	assert_int_equal(shown(&c), 11);
	clock_set(at(12, 10) - 1);
	assert_false(app_counter_show(&c, false));
	clock_set(at(12, 10));
	assert_true(app_counter_show(&c, false));
	assert_false(app_counter_show(&c, false));
	assert_int_equal(shown(&c), 12);
	clock_set(at(3, 0)); /* it was set back */
	assert_false(app_counter_show(&c, false));
	assert_int_equal(shown(&c), 12);
	tally_book_close(c.book);
}

/* A year of old logs takes more than ten minutes. */
static void
what_waited_is_read_first(void **state)
{
	struct app_counter c;

	clock_set(at(12, 15));
	open_counter(&c, false);
	c.since_ns -= INT64_C(6000000000000);
	count(&c, at(-2000, 0));
	count(&c, at(-11, 0));
	assert_true(app_counter_show(&c, false)); /* live, and one of its sources is late */
	assert_int_equal(shown(&c), 12);
	clock_set(at(14, 15));
	count(&c, at(-2000, 0));
	count(&c, at(-13, 0));
	assert_false(app_counter_show(&c, false));
	assert_int_equal(shown(&c), 12);
	assert_true(app_counter_show(&c, false)); /* nothing came: it has been read */
	assert_int_equal(shown(&c), 14);
	tally_book_close(c.book);
}

static void
what_has_ended_is_shown_as_far_as_it_is_whole(void **state)
{
	static const struct {
		const char *claim;
		int last_hour, last_minute; /* of what was counted */
		int64_t shown;
	} rows[] = {
		{ "of today, up to its last hour", 3, 30, 3 },
		{ "of now, up to the hour before", 12, 1, 11 },
		{ "ahead of its time: as what was before", 20, 1, 2 },
		{ "of yesterday, likewise", -13, 0, -13 },
		{ "of yesterday, all of it", -1, 59, 0 },
		{ "of last week, likewise", -97, 0, -96 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_counter c;

		for (int import = 0; import < 2; import++) {
			clock_set(at(12, 5));
			open_counter(&c, import == 1);
			assert_false(app_counter_show(&c, true)); /* nothing came */
			count(&c, at(rows[i].last_hour, rows[i].last_minute));
			count(&c, at(-300, 0));
			count(&c, at(rows[i].last_hour > 12 ? 2 : -301, 0));
			(void)shown(&c); /* committed */
			assert_int_equal(app_counter_show(&c, true), true);
			if (shown(&c) != (rows[i].shown < -216 ? -216 : rows[i].shown))
				fail_msg("%s: %lld", rows[i].claim, (long long)shown(&c));
			tally_book_close(c.book);
			assert_int_equal(tally_book_discard(path, NULL), 0);
		}
	}
}

/* An import moves nothing on before it has ended. */
static void
an_import_that_runs_for_long_shows_nothing(void **state)
{
	struct app_counter c;

	clock_set(at(12, 5));
	open_counter(&c, true);
	count(&c, at(3, 0));
	c.since_ns -= INT64_C(6000000000000);
	assert_false(app_counter_show(&c, false));
	assert_int_equal(shown(&c), NOT_SHOWN);
	tally_book_close(c.book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_live_is_shown_ten_minutes_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_waited_is_read_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_has_ended_is_shown_as_far_as_it_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_import_that_runs_for_long_shows_nothing, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
