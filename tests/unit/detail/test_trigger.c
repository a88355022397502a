#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detail/detail.h"

#define MINUTE ((int64_t)60 * 1000000)
#define HOUR (60 * MINUTE)

/* A script: what comes at which minute, and what is in force then. */
struct step {
	int64_t minute;
	int signal;             /* -1: only time goes on */
	bool changes;
	enum detail_level least;
	int64_t until;          /* of the change, in minutes; 0: it ended */
};

static const struct detail_trigger triggers[DETAIL_SIGNAL_COUNT] = {
	{ DETAIL_ERROR_BURST, DETAIL_FULL, 30 * MINUTE, 1 },
	{ DETAIL_LOGIN_FAILURES, DETAIL_SLIM, 60 * MINUTE, 1 },
	{ DETAIL_BY_HAND, DETAIL_FULL, 24 * HOUR, 1 },
};

static void
play(const char *claim, const struct step *steps, size_t count)
{
	struct detail_raised r = { .now_us = 0 };

	for (size_t i = 0; i < count; i++) {
		struct detail_change change = { .until_us = -1 };
		int64_t now_us = steps[i].minute * MINUTE;
		bool changed = steps[i].signal == -1
		    ? detail_tick(&r, now_us, &change)
		    : detail_signal(&r, &triggers[steps[i].signal], now_us, &change);

		if (changed != steps[i].changes || detail_least(&r) != steps[i].least)
			fail_msg("%s: step %zu: changed %d, least %s", claim, i, changed,
			    detail_level_names[detail_least(&r)]);
		if (!changed)
			continue;
		assert_int_equal(change.until_us, steps[i].until * MINUTE);
		assert_int_equal(change.after, detail_least(&r));
		if (steps[i].signal != -1)
			assert_int_equal(change.by, steps[i].signal);
	}
}

#define PLAY(claim, ...) \
	do { \
		static const struct step steps[] = { __VA_ARGS__ }; \
		play(claim, steps, sizeof(steps) / sizeof(steps[0])); \
	} while (0)

static void
it_is_raised_for_a_while(void **state)
{
	PLAY("a burst ends by itself",
	    { 100, -1, false, DETAIL_COUNT, 0 },
	    { 101, DETAIL_ERROR_BURST, true, DETAIL_FULL, 131 },
	    { 130, -1, false, DETAIL_FULL, 0 },
	    { 131, -1, true, DETAIL_COUNT, 0 },
	    { 132, -1, false, DETAIL_COUNT, 0 },
	    { 133, DETAIL_ERROR_BURST, true, DETAIL_FULL, 163 });
	PLAY("the same signal prolongs",
	    { 100, DETAIL_ERROR_BURST, true, DETAIL_FULL, 130 },
	    { 100, DETAIL_ERROR_BURST, false, DETAIL_FULL, 0 },
	    { 120, DETAIL_ERROR_BURST, true, DETAIL_FULL, 150 },
	    { 149, -1, false, DETAIL_FULL, 0 },
	    { 150, -1, true, DETAIL_COUNT, 0 });
	PLAY("the highest of two counts, and the other goes on",
	    { 100, DETAIL_LOGIN_FAILURES, true, DETAIL_SLIM, 160 },
	    { 110, DETAIL_ERROR_BURST, true, DETAIL_FULL, 140 },
	    { 140, -1, true, DETAIL_SLIM, 0 },
	    { 140, -1, false, DETAIL_SLIM, 0 },
	    { 160, -1, true, DETAIL_COUNT, 0 });
	PLAY("two that are over end one by one",
	    { 100, DETAIL_LOGIN_FAILURES, true, DETAIL_SLIM, 160 },
	    { 110, DETAIL_ERROR_BURST, true, DETAIL_FULL, 140 },
	    { 500, -1, true, DETAIL_SLIM, 0 },
	    { 500, -1, true, DETAIL_COUNT, 0 },
	    { 500, -1, false, DETAIL_COUNT, 0 });
}

/* A signal that never ends: a day raised, a day at rest. */
static void
for_a_while_is_not_for_ever(void **state)
{
	struct detail_raised r = { .now_us = 0 };
	struct detail_change change;
	int64_t raised = 0, minutes = 4 * 24 * 60;

	for (int64_t minute = 1; minute <= minutes; minute++) {
		(void)detail_tick(&r, minute * MINUTE, &change);
		(void)detail_signal(&r, &triggers[DETAIL_ERROR_BURST], minute * MINUTE, &change);
		raised += detail_least(&r) == DETAIL_FULL;
	}
	assert_in_range(raised, 2 * 24 * 60 - 5, 2 * 24 * 60 + 5);
	PLAY("by hand not longer than a day",
	    { 100, DETAIL_BY_HAND, true, DETAIL_FULL, 100 + 1440 },
	    { 200, DETAIL_BY_HAND, false, DETAIL_FULL, 0 },
	    { 1540, -1, true, DETAIL_COUNT, 0 },
	    { 1541, DETAIL_BY_HAND, false, DETAIL_COUNT, 0 },
	    { 1540 + 1440, DETAIL_BY_HAND, true, DETAIL_FULL, 1540 + 2880 });
}

static void
a_clock_that_goes_back_lengthens_nothing(void **state)
{
	PLAY("ten minutes of thirty are over when it goes back",
	    { 1000, DETAIL_ERROR_BURST, true, DETAIL_FULL, 1030 },
	    { 1010, -1, false, DETAIL_FULL, 0 },
	    { 500, -1, false, DETAIL_FULL, 0 },
	    { 519, -1, false, DETAIL_FULL, 0 },
	    { 520, -1, true, DETAIL_COUNT, 0 });
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_raised_for_a_while),
		cmocka_unit_test(for_a_while_is_not_for_ever),
		cmocka_unit_test(a_clock_that_goes_back_lengthens_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
