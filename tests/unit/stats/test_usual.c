/* usual: how far a number is above what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "stats/usual.h"

#define NEAR(a, b) ((a) - (b) < 0.001 && (b) - (a) < 0.001)

static void
middle_and_spread(void **unused)
{
	static const struct {
		const char *claim;
		uint64_t samples[8];
		size_t count;
		double middle, spread;
	} rows[] = {
		{ "never an error", { 0, 0, 0, 0 }, 4, 0, 1 },
		{ "one sample", { 7 }, 1, 7, 2.6458 },
		{ "always the same: chance is what is left", { 100, 100, 100 }, 3, 100, 10 },
		{ "between two", { 4, 1, 2, 3 }, 4, 2.5, 1.5811 },
		{ "deviations of a half", { 10, 200, 41, 90 }, 4, 65.5, 1.4826 * 40 },
		{ "a wide spread", { 1000, 10, 500, 300, 700 }, 5, 500, 1.4826 * 200 },
		{ "a burst of one week changes neither", { 10, 12, 11, 1000000, 9 }, 5, 11,
		    3.3166 },
		{ "numbers that no counter has", { UINT64_MAX, UINT64_MAX }, 2,
		    (double)(UINT64_MAX / 8), 1518500249.988 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t samples[8];
		struct stats_usual u;

		for (size_t k = 0; k < 8; k++)
			samples[k] = rows[i].samples[k];
		u = stats_usual_of(samples, rows[i].count);
		if (!u.known || !NEAR(u.middle, rows[i].middle) || !NEAR(u.spread, rows[i].spread))
			fail_msg("%s: %f %f", rows[i].claim, u.middle, u.spread);
	}
}

static void
scores(void **unused)
{
	const struct stats_usual nothing = { .known = false }, some = { true, 100, 20 };

	assert_true(NEAR(stats_usual_score(&nothing, 1000000), 0));
	assert_true(NEAR(stats_usual_score(&some, 100), 0));
	assert_true(NEAR(stats_usual_score(&some, 200), 5));
	assert_true(NEAR(stats_usual_score(&some, 0), -5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(middle_and_spread),
		cmocka_unit_test(scores),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
