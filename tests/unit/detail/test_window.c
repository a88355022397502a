/* window: when a signal comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "detail/detail.h"

#define S ((int64_t)1000000)
#define START (INT64_C(1764000000) * S)

static const struct detail_trigger burst = { DETAIL_ERROR_BURST, DETAIL_FULL, 60 * S, 20 };
static const struct detail_trigger logins = { DETAIL_LOGIN_FAILURES, DETAIL_FULL, 60 * S, 3 };

static const struct stats_usual nothing = { .known = false };

struct moment {
	int64_t second;
	struct detail_events events;
};

static void
it_fires_when_enough_came_within_a_minute(void **unused)
{
	static const struct {
		const char *claim;
		const struct detail_trigger *trigger;
		struct moment moments[4];
		int64_t asked;
		bool fires;
	} rows[] = {
		{ "nothing came", &burst, { { 0, { 0, 0, 0 } } }, 1, false },
		{ "as many as it takes", &burst, { { 0, { 20, 20, 0 } } }, 1, true },
		{ "one fewer", &burst, { { 0, { 19, 19, 0 } } }, 1, false },
		{ "in several steps", &burst, { { 0, { 9, 9, 0 } }, { 40, { 11, 11, 0 } } }, 41,
		    true },
		{ "the first ones are over a minute ago", &burst,
		    { { 0, { 9, 9, 0 } }, { 70, { 11, 11, 0 } } }, 71, false },
		{ "over by the time of asking", &burst, { { 0, { 50, 50, 0 } } }, 61, false },
		{ "a small share of all", &burst, { { 0, { 401, 20, 0 } } }, 1, false },
		{ "just the share", &burst, { { 0, { 400, 20, 0 } } }, 1, true },
		{ "a clock that goes back", &burst,
		    { { 100, { 10, 10, 0 } }, { 40, { 10, 10, 0 } } }, 30, true },
		{ "a gap of days", &burst, { { 0, { 15, 15, 0 } }, { 200000, { 15, 15, 0 } } },
		    200001, false },
		{ "logins have no share", &logins, { { 0, { 9999, 0, 3 } } }, 1, true },
		{ "errors are no logins", &logins, { { 0, { 99, 99, 2 } } }, 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct detail_window w = { 0 };
		bool fires;

		for (int m = 0; m < 4; m++)
			detail_window_add(&w, &rows[i].moments[m].events,
			    START +
				(m > 0 && rows[i].moments[m].second == 0 ?
					rows[i].moments[0].second :
					rows[i].moments[m].second) *
				    S);
		fires =
		    detail_window_fires(&w, rows[i].trigger, &nothing, START + rows[i].asked * S);
		if (fires != rows[i].fires)
			print_error("%s: got %d\n", rows[i].claim, fires);
		assert_int_equal(fires, rows[i].fires);
	}
}

/* Where the hour of the week is known, the share does not matter: sites differ. */
static void
a_burst_is_what_is_unusual(void **unused)
{
	static const struct {
		const char *claim;
		struct detail_events events;
		struct stats_usual usual;
		bool fires;
	} rows[] = {
		{ "as ever, though half of all fails", { 120, 60, 0 }, { true, 55, 7.4 }, false },
		{ "far above, though a small share", { 90000, 100, 0 }, { true, 55, 7.4 }, true },
		{ "just below five deviations", { 99, 91, 0 }, { true, 55, 7.4 }, false },
		{ "unusual, but fewer than it takes", { 19, 19, 0 }, { true, 0, 1 }, false },
		{ "a minute without, as never before", { 90000, 0, 0 }, { true, 55, 7.4 }, false },
		{ "nothing is known: the share decides", { 90000, 100, 0 }, { false, 0, 0 },
		    false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct detail_window w = { 0 };
		bool fires;

		detail_window_add(&w, &rows[i].events, START);
		fires = detail_window_fires(&w, &burst, &rows[i].usual, START);
		if (fires != rows[i].fires)
			print_error("%s: got %d\n", rows[i].claim, fires);
		assert_int_equal(fires, rows[i].fires);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fires_when_enough_came_within_a_minute),
		cmocka_unit_test(a_burst_is_what_is_unusual),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
