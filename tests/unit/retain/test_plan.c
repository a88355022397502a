/* What goes when, and what holds keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "retain/retain.h"
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
make_plan(const struct retain_segment *segments, size_t count, const struct retain_hold *holds,
    size_t hold_count, int64_t term_us, struct retain_plan *plan)
{
	const struct retain_ask ask = { .segments = segments,
		.count = count,
		.holds = holds,
		.hold_count = hold_count,
		.term_us = term_us,
		.now_us = NOW };

	assert_int_equal(retain_plan_make(&ask, plan, NULL), 0);
}

static const char *const actions[RETAIN_ACTION_COUNT] = { "keep", "prune", "held", "gone",
	"room" };

static void
terms(void **state)
{
	static const struct {
		const char *claim;
		struct retain_segment segment;
		int64_t term_us;
		enum retain_action action;
		int64_t due_us;
	} rows[] = {
		{ "a live segment counts from its seal",
		    { .sealed_us = NOW - DAYS(30), .live = true }, DAYS(30), RETAIN_PRUNE, NOW },
		{ "and stays to the last moment", { .sealed_us = NOW - DAYS(30) + 1, .live = true },
		    DAYS(30), RETAIN_KEEP, NOW + 1 },
		{ "whatever its records say",
		    { .sealed_us = NOW - DAY, .newest_us = DAY, .live = true, .records = 5 },
		    DAYS(30), RETAIN_KEEP, NOW + DAYS(29) },
		{ "an import counts by its records",
		    { .sealed_us = NOW - DAY, .newest_us = NOW - DAYS(31), .records = 5 }, DAYS(30),
		    RETAIN_PRUNE, NOW - DAY },
		{ "of which the newest decides",
		    { .sealed_us = NOW - DAY, .newest_us = NOW - DAYS(29), .records = 5 }, DAYS(30),
		    RETAIN_KEEP, NOW + DAY },
		{ "a future that no record can know counts for nothing",
		    { .sealed_us = NOW - DAYS(30), .newest_us = NOW + DAYS(9999), .records = 5 },
		    DAYS(30), RETAIN_PRUNE, NOW },
		{ "an import of nothing counts by its seal",
		    { .sealed_us = NOW - DAY, .newest_us = 0 }, DAYS(30), RETAIN_KEEP,
		    NOW + DAYS(29) },
		{ "what is gone is gone", { .sealed_us = DAY, .live = true, .gone = true },
		    DAYS(30), RETAIN_GONE, DAYS(31) },
		{ "what is kept for good has no end",
		    { .sealed_us = NOW - DAYS(9999), .live = true }, RETAIN_FOREVER, RETAIN_KEEP,
		    RETAIN_FOREVER },
		{ "nor has a term beyond time", { .sealed_us = NOW, .live = true },
		    RETAIN_FOREVER - 1, RETAIN_KEEP, RETAIN_FOREVER },
		{ "a time before 1970 is one", { .sealed_us = -DAY, .live = true }, DAYS(30),
		    RETAIN_PRUNE, DAYS(29) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct retain_segment segment = rows[i].segment;
		struct retain_plan plan;

		segment.seg = 7;
		make_plan(&segment, 1, NULL, 0, rows[i].term_us, &plan);
		if (plan.rows[0].action != rows[i].action || plan.rows[0].due_us != rows[i].due_us)
			fail_msg("%s: %s, due %jd", rows[i].claim, actions[plan.rows[0].action],
			    (intmax_t)plan.rows[0].due_us);
		assert_int_equal(
		    plan.next_us, rows[i].action == RETAIN_KEEP ? rows[i].due_us : RETAIN_FOREVER);
		retain_plan_free(&plan);
	}
}

/* ---- holds ---- */

#define COUNT 10
#define RANGES(...) \
	(const struct seal_range[]) \
	{ \
		__VA_ARGS__ \
	}

/* Segments 1 to 10, of which 1 to 8 are over. */
static void
make_segments(struct retain_segment *segments)
{
	for (size_t i = 0; i < COUNT; i++)
		segments[i] = (struct retain_segment){ .seg = i + 1,
			.sealed_us = NOW - DAYS((int64_t)(i < 8 ? 40 - i : 10 - i)),
			.live = true,
			.records = 10,
			.bytes = 1000 };
}

static void
holds(void **state)
{
	const struct {
		const char *claim;
		struct retain_hold holds[3];
		size_t count;
		const char *want; /* a letter for each: keep prune held gone */
		const char *names; /* the hold, or . */
	} rows[] = {
		{ "without one all goes that is over", { { .range_count = 0 } }, 0, "ppppppppkk",
		    ".........." },
		{ "a hold keeps what it names",
		    { { .ranges = RANGES({ 2, 3 }, { 6, 6 }), .range_count = 2 } }, 1, "phhpphppkk",
		    ".00..0...." },
		{ "and is told of what is not over",
		    { { .ranges = RANGES({ 8, 9 }), .range_count = 1 } }, 1, "ppppppphkk",
		    ".......00." },
		{ "onward means all behind it", { { .has_onward = true, .onward = 7 } }, 1,
		    "pppppphhkk", "......0000" },
		{ "also what does not come yet", { { .has_onward = true, .onward = 11 } }, 1,
		    "ppppppppkk", ".........." },
		{ "the first of several is told",
		    { { .ranges = RANGES({ 3, 5 }), .range_count = 1 },
			{ .ranges = RANGES({ 1, 4 }, { 7, 99 }), .range_count = 2 },
			{ .has_onward = true, .onward = 1 } },
		    3, "hhhhhhhhkk", "1100021111" },
		{ "what is not there is nothing",
		    { { .ranges = RANGES({ 90, 99 }), .range_count = 1 } }, 1, "ppppppppkk",
		    ".........." },
	};
	struct retain_segment segments[COUNT];

	make_segments(segments);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct retain_plan plan;
		char got[COUNT + 1] = "", names[COUNT + 1] = "";

		make_plan(segments, COUNT, rows[i].holds, rows[i].count, DAYS(30), &plan);
		for (size_t k = 0; k < COUNT; k++) {
			size_t hold = plan.rows[k].hold;

			got[k] = actions[plan.rows[k].action][0];
			names[k] = hold == SIZE_MAX ? '.' : (char)('0' + hold);
		}
		if (strcmp(got, rows[i].want) != 0 || strcmp(names, rows[i].names) != 0)
			fail_msg("%s: %s %s", rows[i].claim, got, names);
		retain_plan_free(&plan);
	}
}

/* ---- sums and runs ---- */

static void
sums_and_runs(void **state)
{
	struct retain_segment segments[COUNT];
	const struct retain_hold hold = { .ranges = RANGES({ 2, 2 }, { 5, 6 }), .range_count = 2 };
	struct seal_range runs[2];
	struct retain_plan plan;
	size_t at = 0;

	make_segments(segments);
	segments[6].gone = true;
	make_plan(segments, COUNT, &hold, 1, DAYS(30), &plan);
	assert_int_equal(plan.sums[RETAIN_PRUNE].segments, 4); /* 1, 3, 4, 8 */
	assert_int_equal(plan.sums[RETAIN_PRUNE].records, 40);
	assert_int_equal(plan.sums[RETAIN_PRUNE].bytes, 4000);
	assert_int_equal(plan.sums[RETAIN_HELD].segments, 3);
	assert_int_equal(plan.sums[RETAIN_GONE].segments, 1);
	assert_int_equal(plan.sums[RETAIN_KEEP].segments, 2);
	assert_int_equal(plan.next_us, NOW + DAYS(28));
	assert_int_equal(retain_plan_runs(&plan, segments, RETAIN_PRUNE, &at, runs, 2), 2);
	assert_true(runs[0].first == 1 && runs[0].last == 1);
	assert_true(runs[1].first == 3 && runs[1].last == 4);
	assert_int_equal(retain_plan_runs(&plan, segments, RETAIN_PRUNE, &at, runs, 2), 1);
	assert_true(runs[0].first == 8 && runs[0].last == 8);
	assert_int_equal(retain_plan_runs(&plan, segments, RETAIN_PRUNE, &at, runs, 2), 0);
	retain_plan_free(&plan);
	make_plan(NULL, 0, &hold, 1, DAYS(30), &plan);
	assert_int_equal(plan.next_us, RETAIN_FOREVER);
	retain_plan_free(&plan);
}

/* Many holds on all that there is: each segment is marked once. */
static void
a_thousand_holds_on_everything(void **state)
{
	const size_t count = 100000, hold_count = 1000;
	struct retain_segment *segments = calloc(count, sizeof(*segments));
	struct retain_hold *all = calloc(hold_count, sizeof(*all));
	struct retain_plan plan;

	assert_true(segments != NULL && all != NULL);
	for (size_t i = 0; i < count; i++)
		segments[i].seg = i + 1;
	for (size_t h = 0; h < hold_count; h++)
		all[h] = (struct retain_hold){ .has_onward = true, .onward = hold_count - h };
	make_plan(segments, count, all, hold_count, DAY, &plan);
	assert_int_equal(plan.sums[RETAIN_HELD].segments, count);
	assert_int_equal(plan.rows[0].hold, hold_count - 1);
	assert_int_equal(plan.rows[count - 1].hold, 0);
	retain_plan_free(&plan);
	free(segments);
	free(all);
}

static void
no_memory(void **state)
{
	const struct retain_hold hold = { .has_onward = true, .onward = 1 };
	struct retain_segment segments[COUNT];
	const struct retain_ask ask = { .segments = segments,
		.count = COUNT,
		.holds = &hold,
		.hold_count = 1,
		.term_us = DAY,
		.now_us = NOW };
	int failed = 0, rc = -1;

	make_segments(segments);
	for (; rc == -1 && failed < 9; failed++) {
		struct retain_plan plan;
		struct err e = { ERR_NONE, "" };

		allocations_left = failed;
		rc = retain_plan_make(&ask, &plan, &e);
		allocations_left = -1;
		assert_int_equal(e.code, rc == 0 ? ERR_NONE : ERR_IO);
		assert_true(rc == 0 || plan.rows == NULL);
		retain_plan_free(&plan);
	}
	assert_int_equal(failed, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms),
		cmocka_unit_test(holds),
		cmocka_unit_test(sums_and_runs),
		cmocka_unit_test(a_thousand_holds_on_everything),
		cmocka_unit_test(no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
