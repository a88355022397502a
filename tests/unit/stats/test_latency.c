#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/latency.h"

static void
steps_join_without_gap_or_overlap(void **state)
{
	for (unsigned i = 0; i < STATS_LATENCY_STEPS; i++) {
		uint64_t low = stats_latency_low(i), high = stats_latency_high(i);

		assert_true(low <= high);
		assert_int_equal(stats_latency_step(low), i);
		assert_int_equal(stats_latency_step(high), i);
		if (i > 0)
			assert_int_equal(stats_latency_high(i - 1) + 1, low);
		/* Its middle is within 0.8 % of its ends. */
		assert_true((high - low) * 1000 <= low * 16);
	}
	assert_int_equal(stats_latency_low(0), 0);
	assert_int_equal(stats_latency_high(STATS_LATENCY_STEPS - 1), STATS_LATENCY_MAX_US);
	assert_int_equal(stats_latency_step(UINT64_MAX), STATS_LATENCY_STEPS - 1);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state);
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y ? -1 : x > y);
}

#define VALUES 20000
static uint64_t values[VALUES];
static struct stats_latency latency;

/* From microseconds to days: as many of each magnitude. */
static uint64_t
spread(void)
{
	return (next_random() >> (24 + next_random() % 40));
}

static uint64_t
narrow(void)
{
	return (41000 + next_random() % 3000);
}

static uint64_t
same(void)
{
	return (12345);
}

static void
percentiles_are_within_one_percent_of_exact(void **state)
{
	static const unsigned permille[] = { 0, 1, 10, 250, 500, 750, 900, 950, 990, 999, 1000 };
	static uint64_t (*const shapes[])(void) = { spread, narrow, same };

	for (size_t shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++) {
		memset(&latency, 0, sizeof(latency));
		for (size_t i = 0; i < VALUES; i++) {
			values[i] = shapes[shape]() & STATS_LATENCY_MAX_US;
			stats_latency_add(&latency, values[i], 1);
		}
		qsort(values, VALUES, sizeof(values[0]), by_value);
		assert_int_equal(stats_latency_count(&latency), VALUES);
		for (size_t i = 0; i < sizeof(permille) / sizeof(permille[0]); i++) {
			size_t rank = ((size_t)VALUES * permille[i] + 999) / 1000;
			uint64_t exact = values[rank == 0 ? 0 : rank - 1];
			uint64_t told = stats_latency_at(&latency, permille[i]);
			uint64_t off = told > exact ? told - exact : exact - told;

			assert_true(off * 100 <= exact);
		}
	}
}

static void
nothing_has_no_percentile(void **state)
{
	memset(&latency, 0, sizeof(latency));
	assert_int_equal(stats_latency_at(&latency, 500), 0);
	latency.count[7] = UINT64_MAX / 2; /* no overflow either */
	assert_int_equal(stats_latency_at(&latency, 1000), 7);
	assert_int_equal(stats_latency_at(&latency, 1), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_join_without_gap_or_overlap),
		cmocka_unit_test(percentiles_are_within_one_percent_of_exact),
		cmocka_unit_test(nothing_has_no_percentile),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
