/* What a pipe believes of a clock that breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/pipe/clock.h"

#define S INT64_C(1000000)
#define H (3600 * S)
#define D (24 * H)
#define T0 (INT64_C(1795575600) * S) /* 2026-11-25 */
#define NONE INT64_MIN

/* Looks, one an hour of the boot clock; the wall clock says so and so. */
static const struct {
	const char *claim;
	int64_t walls[6];    /* after T0; the first is at the start */
	int64_t believed[6];
	const char *breaks;  /* per look but the first: b, or - */
	bool sure;           /* at the end */
} rows[] = {
	{ "a good clock is followed", { 0, H, 2 * H, 3 * H, 4 * H, 5 * H },
	    { 0, H, 2 * H, 3 * H, 4 * H, 5 * H }, "-----", true },
	{ "an hour back: it stands until the clock is there again",
	    { 0, H, 0, H, 2 * H, 3 * H }, { 0, H, H, H, 2 * H, 3 * H }, "-b---", true },
	{ "still behind: nothing that cannot be undone",
	    { 0, 5 * H, 0, H, 2 * H, 3 * H }, { 0, 5 * H, 5 * H, 5 * H, 5 * H, 5 * H }, "-b---", false },
	{ "ten years ahead: not followed",
	    { 0, 3650 * D, 3650 * D + H, 3650 * D + 2 * H, 3650 * D + 3 * H, 3650 * D + 4 * H },
	    { 0, 0, H, 2 * H, 3 * H, 4 * H }, "b----", false },
	{ "ten years ahead and back again: as if nothing had been",
	    { 0, 3650 * D, 3650 * D + H, 3 * H, 4 * H, 5 * H }, { 0, 0, H, 3 * H, 4 * H, 5 * H },
	    "b-b--", true },
	{ "1970", { 0, H, -T0, H - T0, 3 * H, 4 * H }, { 0, H, H, H, 3 * H, 4 * H }, "-b-b-", true },
	{ "a few hours ahead are followed", { 0, 20 * H, 21 * H, 22 * H, 23 * H, 24 * H },
	    { 0, 20 * H, 21 * H, 22 * H, 23 * H, 24 * H }, "-----", true },
	{ "a leap second is none", { 0, H, 2 * H - S, 3 * H - S, 4 * H - S, 5 * H - S },
	    { 0, H, 2 * H - S, 3 * H - S, 4 * H - S, 5 * H - S }, "-----", true },
};

static void
test_looks(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_clock c;
		struct app_clock_break b;
		int64_t boot;

		assert_false(app_clock_start(&c, T0 + rows[i].walls[0], NONE, 0, &b));
		boot = c.boot_us;
		for (int j = 1; j < 6; j++) {
			bool broke;

			boot += H;
			broke = app_clock_look(&c, T0 + rows[i].walls[j], boot, &b);
			if (broke != (rows[i].breaks[j - 1] == 'b'))
				fail_msg("%s: look %d: broke %d", rows[i].claim, j, broke);
			if (c.now_us != T0 + rows[i].believed[j])
				fail_msg("%s: look %d: %lld s, want %lld s", rows[i].claim, j,
				    (long long)((c.now_us - T0) / S), (long long)(rows[i].believed[j] / S));
			if (broke && b.now_us != T0 + rows[i].walls[j])
				fail_msg("%s: look %d: now", rows[i].claim, j);
		}
		if (app_clock_is_sure(&c) != rows[i].sure)
			fail_msg("%s: sure %d", rows[i].claim, !rows[i].sure);
	}
}

static void
test_a_leap_that_stays_is_followed_after_a_day(void **state)
{
	struct app_clock c;
	struct app_clock_break b;
	int64_t boot;

	(void)app_clock_start(&c, T0, NONE, 0, &b);
	boot = c.boot_us;
	assert_true(app_clock_look(&c, T0 + 100 * D, boot + H, &b));
	assert_int_equal(b.was_us, T0 + H);
	assert_false(app_clock_look(&c, T0 + 101 * D - 1, boot + H + D - 1, &b));
	assert_int_equal(c.now_us, T0 + D - 1);
	assert_false(app_clock_look(&c, T0 + 101 * D, boot + H + D, &b));
	assert_int_equal(c.now_us, T0 + 101 * D);
	assert_true(app_clock_is_sure(&c));
}

static const struct {
	const char *claim;
	int64_t wall, last, expected, believed;
	bool broke, sure;
} starts[] = {
	{ "a first start", T0, NONE, 0, T0, false, true },
	{ "a machine that was off for a month", T0 + 30 * D, T0, 0, T0 + 30 * D, false, true },
	{ "an hour back meanwhile", T0, T0 + H, 0, T0 + H, true, false },
	{ "1970 at boot", 5 * S, T0, 0, T0, true, false },
	{ "ten years ahead since the same boot", T0 + 3650 * D, T0, T0 + H, T0 + H, true, false },
	{ "a day since the same boot", T0 + D, T0, T0 + D, T0 + D, false, true },
};

static void
test_starts(void **state)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct app_clock c;
		struct app_clock_break b = { 0, 0 };
		bool broke = app_clock_start(
		    &c, starts[i].wall, starts[i].last, starts[i].expected, &b);

		if (broke != starts[i].broke || c.now_us != starts[i].believed ||
		    app_clock_is_sure(&c) != starts[i].sure)
			fail_msg("%s: broke %d, %lld s, sure %d", starts[i].claim, broke,
			    (long long)((c.now_us - T0) / S), app_clock_is_sure(&c));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_a_leap_that_stays_is_followed_after_a_day),
		cmocka_unit_test(test_starts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
