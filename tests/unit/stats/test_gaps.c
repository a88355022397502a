/* Numbers that are missing: what is lost is counted, and never more than that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/gaps.h"

#define END 0

static void
gaps_of_one_source(void **state)
{
	static const struct {
		const char *claim;
		bool in_order;
		uint64_t numbers[10];
		uint64_t lost;
	} rows[] = {
		{ "none is missing", true, { 1, 2, 3, 4 }, 0 },
		{ "one is missing", true, { 1, 2, 4 }, 1 },
		{ "three are, in two places", true, { 1, 4, 5, 7 }, 3 },
		{ "what came before the first is not known", true, { 7, 8 }, 0 },
		{ "a connection number that is used again", true, { 1, 2, 3, 1, 2, 4 }, 1 },
		{ "used again, and its first is lost", true, { 5, 1, 3 }, 1 },
		{ "a line of a subrequest has the same number", true, { 1, 2, 2, 3 }, 0 },
		{ "a leap is of another life", true, { 1, 65538, 65540 }, 1 },
		{ "the largest that is believed", true, { 1, 65537 }, 65535 },
		{ "0 is no number", true, { 1, END, 3 }, 0 },
		{ "nor is one that is too large", true, { 1, UINT64_C(1) << 33, 3 }, 1 },
		{ "in any order: one may come yet", false, { 1, 2, 4 }, 0 },
		{ "it came", false, { 1, 2, 4, 3, 100 }, 95 - 63 },
		{ "it did not", false, { 1, 2, 4, 200 }, 1 + 195 - 63 },
		{ "behind the window it is lost", false, { 1, 3, 66 }, 1 + 0 },
		{ "within it it is not", false, { 1, 3, 65 }, 0 },
		{ "one twice", false, { 1, 2, 3, 2, 4, 5 }, 0 },
		{ "one very late is one, and no new life", false, { 100, 1, 101, 102 }, 0 },
		{ "two in a row are a new life", false, { 1000, 1, 2, 4, 99 }, 1 + 94 - 63 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats_gaps *g = stats_gaps_open();
		uint64_t lost = 0;

		for (size_t k = 0; k < 10 && rows[i].numbers[k] != END; k++)
			lost += stats_gaps_see(g, 42, rows[i].numbers[k], rows[i].in_order);
		if (lost != rows[i].lost)
			fail_msg("%s: %ju, not %ju", rows[i].claim, (uintmax_t)lost,
			    (uintmax_t)rows[i].lost);
		stats_gaps_close(g);
	}
}

static void
what_is_known_otherwise_is_not_counted_twice(void **state)
{
	struct stats_gaps *g = stats_gaps_open();

	assert_int_equal(stats_gaps_see(g, 1, 1, true), 0);
	stats_gaps_excuse(g, 2);
	assert_int_equal(stats_gaps_see(g, 1, 3, true), 0);
	assert_int_equal(stats_gaps_see(g, 1, 6, true), 1);
	assert_int_equal(stats_gaps_see(g, 1, 8, true), 1);
	stats_gaps_forget(g);
	assert_int_equal(stats_gaps_see(g, 1, 20, true), 0);
	assert_int_equal(stats_gaps_see(g, 1, 22, true), 1);
	stats_gaps_excuse(g, UINT64_MAX);
	stats_gaps_excuse(g, UINT64_MAX);
	assert_int_equal(stats_gaps_see(g, 1, 30000, true), 0);
	stats_gaps_close(g);
}

#define SOURCES 500
#define STEPS 400000

static uint32_t
rnd(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((uint32_t)(*seed >> 33));
}

/* Many sources between each other, which end, come anew under the same name, and lose lines. */
static void
never_more_than_was_lost(void **state)
{
	static uint32_t next[SOURCES];
	struct stats_gaps *g = stats_gaps_open();
	uint64_t seed = 7, lost = 0, told = 0, sure = 0;
	static uint32_t pending[SOURCES];

	for (uint32_t i = 0; i < SOURCES; i++)
		next[i] = 1;
	for (int i = 0; i < STEPS; i++) {
		uint32_t s = rnd(&seed) % SOURCES;

		if (rnd(&seed) % 50 == 0) {
			next[s] = 1;
			pending[s] = 0;
		}
		if (rnd(&seed) % 10 == 0) {
			lost++;
			pending[s] += next[s]++ > 1; /* there is one before it */
			continue;
		}
		told += stats_gaps_see(g, s * UINT64_C(0x9E3779B97F4A7C15), next[s]++, true);
		sure += pending[s];
		pending[s] = 0;
		if (told > lost)
			fail_msg("step %d: %ju told, %ju lost", i, (uintmax_t)told, (uintmax_t)lost);
	}
	/* What is lost between two that came is told, but for a few whose name came anew unseen. */
	assert_true(told * 100 > sure * 90);
	stats_gaps_close(g);
}

/* More sources than there is room for: nothing is told that was not lost. */
static void
a_flood_of_sources_makes_no_gap(void **state)
{
	struct stats_gaps *g = stats_gaps_open();

	for (uint32_t round = 1; round <= 4; round++)
		for (uint64_t s = 0; s < 100000; s++)
			if (stats_gaps_see(g, s * UINT64_C(0x9E3779B97F4A7C15),
				round, true) != 0)
				fail_msg("source %ju", (uintmax_t)s);
	stats_gaps_close(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_of_one_source),
		cmocka_unit_test(what_is_known_otherwise_is_not_counted_twice),
		cmocka_unit_test(never_more_than_was_lost),
		cmocka_unit_test(a_flood_of_sources_makes_no_gap),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
