/* Which sealed lines go before the records that hold them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/err.h"
#include "retain/lines.h"
#include "vectors/wrapped.h"

#define DAY RETAIN_DAY_US
#define DAYS(n) ((n)*DAY)
#define NOW DAYS(20000)

/* ---- memory that fails ---- */

static int allocations_left = -1;

static bool
fails(void)
{
	return (allocations_left >= 0 && allocations_left-- == 0);
}

/* ---- one segment ---- */

static void
terms(void **state)
{
	static const struct {
		const char *claim;
		int64_t age_us, detail_us, term_us;
		uint64_t lines;
		bool held, pruned, room;
		enum retain_action action;
	} rows[] = {
		{ "lines go once their term is over", DAYS(14), DAYS(30), DAYS(14), 3, false, false,
		    false, RETAIN_PRUNE },
		{ "not a moment before", DAYS(14) - 1, DAYS(30), DAYS(14), 3, false, false, false,
		    RETAIN_KEEP },
		{ "a segment without any is left alone", DAYS(14), DAYS(30), DAYS(14), 0, false,
		    false, false, RETAIN_GONE },
		{ "a hold keeps them", DAYS(14), DAYS(30), DAYS(14), 3, true, false, false,
		    RETAIN_HELD },
		{ "also where the records are over", DAYS(40), DAYS(30), DAYS(14), 3, true, false,
		    false, RETAIN_HELD },
		{ "what goes with its records is not taken first", DAYS(30), DAYS(30), DAYS(14), 3,
		    false, false, false, RETAIN_GONE },
		{ "nor where these make room", DAYS(20), DAYS(30), DAYS(14), 3, false, false, true,
		    RETAIN_GONE },
		{ "nothing of what was pruned", DAYS(20), DAYS(30), DAYS(14), 3, false, true, false,
		    RETAIN_GONE },
		{ "a term as long as that of the records takes nothing", DAYS(29), DAYS(30),
		    DAYS(30), 3, false, false, false, RETAIN_GONE },
		{ "also where a hold keeps what is over", DAYS(31), DAYS(30), DAYS(30), 3, true,
		    false, false, RETAIN_GONE },
		{ "records for good, lines not", DAYS(9000), RETAIN_FOREVER, DAYS(14), 3, false,
		    false, false, RETAIN_PRUNE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct retain_segment segment = { .seg = 1,
			.sealed_us = NOW - rows[i].age_us,
			.live = true,
			.gone = rows[i].pruned,
			.records = 100 };
		const struct seal_range range = { 1, 1 };
		const struct retain_hold hold = { .ranges = &range, .range_count = 1 };
		const struct retain_ask ask = { .segments = &segment,
			.count = 1,
			.holds = &hold,
			.hold_count = rows[i].held,
			.term_us = rows[i].detail_us,
			.now_us = NOW,
			.room = rows[i].room,
			.room_us = NOW };
		struct retain_plan records, plan;
		const struct retain_lines lines = { &ask, &records, &rows[i].lines,
			rows[i].term_us };

		assert_int_equal(retain_plan_make(&ask, &records, NULL), 0);
		assert_int_equal(retain_lines_plan(&lines, &plan, NULL), 0);
		if (plan.rows[0].action != rows[i].action)
			fail_msg("%s: action %d", rows[i].claim, (int)plan.rows[0].action);
		assert_int_equal(plan.sums[rows[i].action].records, rows[i].lines);
		retain_plan_free(&plan);
		retain_plan_free(&records);
	}
}

/* ---- many ---- */

#define COUNT 9

static void
what_was_done(void **state)
{
	/* lines, days: kept, and one that failed cut runs; segments without lines do not. */
	static const uint64_t lines[COUNT] = { 0, 2, 0, 1, 1, 1, 0, 1, 0 };
	static const int days[COUNT] = { 29, 28, 27, 26, 25, 24, 23, 22, 21 };
	static const bool failed[COUNT] = { [4] = true };
	static const struct seal_range held = { 60, 60 };
	static const struct retain_hold hold = { .ranges = &held, .range_count = 1 };
	struct retain_segment segments[COUNT];
	struct retain_ask ask = { .segments = segments,
		.count = COUNT,
		.holds = &hold,
		.term_us = DAYS(30),
		.now_us = NOW };
	struct retain_plan records, plan;
	struct retain_lines what = { &ask, &records, lines, DAYS(14) };
	struct seal_range runs[4];
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		segments[i] = (struct retain_segment){
			.seg = 10 * (i + 1), .sealed_us = NOW - DAYS(days[i]), .live = true
		};
	assert_int_equal(retain_plan_make(&ask, &records, NULL), 0);
	assert_int_equal(retain_lines_plan(&what, &plan, NULL), 0);
	assert_int_equal(plan.sums[RETAIN_PRUNE].segments, 5);
	assert_int_equal(plan.sums[RETAIN_PRUNE].records, 6);
	assert_int_equal(retain_lines_done(&plan, segments, NULL, &at, runs, 4), 1);
	assert_int_equal(runs[0].first, 20);
	assert_int_equal(runs[0].last, 80);
	at = 0;
	assert_int_equal(retain_lines_done(&plan, segments, failed, &at, runs, 4), 2);
	assert_int_equal(runs[0].first, 20);
	assert_int_equal(runs[0].last, 40);
	assert_int_equal(runs[1].first, 60);
	assert_int_equal(runs[1].last, 80);
	assert_int_equal(retain_lines_done(&plan, segments, failed, &at, runs, 4), 0);
	/* One at a time they are the same. */
	at = 0;
	assert_int_equal(retain_lines_done(&plan, segments, failed, &at, runs, 1), 1);
	assert_int_equal(runs[0].last, 40);
	assert_int_equal(retain_lines_done(&plan, segments, failed, &at, runs, 1), 1);
	assert_int_equal(runs[0].first, 60);
	assert_int_equal(retain_lines_done(&plan, segments, failed, &at, runs, 1), 0);
	retain_plan_free(&plan);
	/* A hold cuts, too. */
	ask.hold_count = 1;
	assert_int_equal(retain_lines_plan(&what, &plan, NULL), 0);
	assert_int_equal(plan.sums[RETAIN_HELD].records, 1);
	at = 0;
	assert_int_equal(retain_lines_done(&plan, segments, NULL, &at, runs, 4), 2);
	assert_int_equal(runs[0].last, 50);
	assert_int_equal(runs[1].first, 80);
	retain_plan_free(&plan);
	retain_plan_free(&records);
}

static void
without_memory(void **state)
{
	const struct retain_segment segment = {
		.seg = 1, .sealed_us = NOW - DAYS(20), .live = true
	};
	const struct seal_range range = { 1, 1 };
	const struct retain_hold hold = { .ranges = &range, .range_count = 1 };
	const struct retain_ask ask = { .segments = &segment,
		.count = 1,
		.holds = &hold,
		.hold_count = 1,
		.term_us = DAYS(30),
		.now_us = NOW };
	const uint64_t count = 1;
	struct retain_plan records, plan;
	const struct retain_lines lines = { &ask, &records, &count, DAYS(14) };
	int n = 0, rc;

	(void)state;
	assert_int_equal(retain_plan_make(&ask, &records, NULL), 0);
	do {
		struct err e = { ERR_NONE, "" };

		allocations_left = n++;
		rc = retain_lines_plan(&lines, &plan, &e);
		allocations_left = -1;
		if (rc == -1) {
			assert_int_equal(e.code, ERR_IO);
			assert_null(plan.rows);
		}
	} while (rc == -1);
	assert_int_equal(n, 4);
	retain_plan_free(&plan);
	retain_plan_free(&records);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(terms),
		cmocka_unit_test(what_was_done), cmocka_unit_test(without_memory) };

	return (cmocka_run_group_tests_name("lines", tests, NULL, NULL));
}
