#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/counts.h"

static void
statuses_fall_into_classes(void **state)
{
	static const struct {
		int status, class_id;
	} rows[] = { { -1, 0 }, { 0, 0 }, { 99, 0 }, { 100, 1 }, { 199, 1 }, { 200, 2 }, { 304, 3 },
		{ 404, 4 }, { 599, 5 }, { 600, 0 }, { 999, 0 }, { INT32_MAX, 0 },
		{ INT32_MIN, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stats_status_class(rows[i].status), rows[i].class_id);
}

static void
counts_without_a_record_have_no_time(void **state)
{
	struct stats_counts c;

	stats_counts_clear(&c);
	assert_true(c.time_min_us > c.time_max_us);
	assert_int_equal(stats_counts_records(&c), 0);
	assert_true(stats_counts_balanced(&c));
}

static void
records_move_times_and_statuses(void **state)
{
	struct stats_counts c;

	stats_counts_clear(&c);
	stats_counts_record(&c, 200, -5);
	assert_int_equal(c.time_min_us, -5);
	assert_int_equal(c.time_max_us, -5);
	stats_counts_record(&c, -1, 7);
	stats_counts_record(&c, 204, 3);
	assert_int_equal(c.time_min_us, -5);
	assert_int_equal(c.time_max_us, 7);
	assert_int_equal(c.status[0], 1);
	assert_int_equal(c.status[2], 2);
}

/* Every number apart, so that a sum that forgets one shows. */
static void
fill(struct stats_counts *c, uint64_t from)
{
	uint64_t *number = (uint64_t *)c;

	for (size_t i = 0; i < offsetof(struct stats_counts, time_min_us) / sizeof(*number); i++)
		number[i] = from + i;
}

static void
adding_adds_every_number(void **state)
{
	struct stats_counts a, b;
	const uint64_t *number = (const uint64_t *)&a;

	stats_counts_clear(&a);
	stats_counts_clear(&b);
	fill(&a, 1000);
	fill(&b, 5);
	a.time_min_us = 10;
	a.time_max_us = 20;
	stats_counts_add(&a, &b);
	for (size_t i = 0; i < offsetof(struct stats_counts, time_min_us) / sizeof(*number); i++)
		assert_int_equal(number[i], 1005 + 2 * i);
	assert_int_equal(a.time_min_us, 10); /* b has no records */
	assert_int_equal(a.time_max_us, 20);
	b.time_min_us = 1;
	b.time_max_us = 30;
	stats_counts_add(&a, &b);
	assert_int_equal(a.time_min_us, 1);
	assert_int_equal(a.time_max_us, 30);
}

static void
the_identity_tells_every_imbalance(void **state)
{
	struct stats_counts good = { .lines = 21,
		.in = { 1, 2, 3, 4 },
		.meta = 5,
		.joined = 6,
		.lost = 99,
		.split = { 7, 8, 9, 10 },
		.replay = { 11, 12, 13, 0 } };
	uint64_t *parts[] = { &good.lines, &good.in.parsed, &good.in.partial, &good.in.unparsed,
		&good.in.counted, &good.meta, &good.joined, &good.replay.counted };

	assert_true(stats_counts_balanced(&good));
	assert_int_equal(stats_counts_records(&good), 1 + 2 + 3 + 7 + 8 + 9 + 11 + 12 + 13);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		++*parts[i];
		assert_false(stats_counts_balanced(&good));
		--*parts[i];
	}
	good.lost = 0;
	assert_true(stats_counts_balanced(&good));
}

static void
an_identity_does_not_hold_by_overflow(void **state)
{
	struct stats_counts c = { .lines = 1, .in = { UINT64_MAX, 2, 0, 0 } };

	assert_false(stats_counts_balanced(&c));
}

static void
most_are_more_than_half(void **state)
{
	static const struct {
		struct stats_counts c;
		bool misfit;
	} rows[] = {
		{ { .lines = 0 }, false },
		{ { .lines = 9, .meta = 9 }, false },
		{ { .in = { .unparsed = 1 } }, true },
		{ { .in = { .parsed = 1, .unparsed = 1 } }, false },
		{ { .in = { .partial = 1, .unparsed = 2 } }, true },
		{ { .in = { .counted = 1, .unparsed = 1 } }, false },
		{ { .in = { .unparsed = 1 }, .split = { .parsed = 3000 } }, false },
		{ { .in = { .parsed = 1 }, .split = { .unparsed = 2 } }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (stats_counts_misfit(&rows[i].c) != rows[i].misfit)
			fail_msg("row %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_are_more_than_half),
		cmocka_unit_test(statuses_fall_into_classes),
		cmocka_unit_test(counts_without_a_record_have_no_time),
		cmocka_unit_test(records_move_times_and_statuses),
		cmocka_unit_test(adding_adds_every_number),
		cmocka_unit_test(the_identity_tells_every_imbalance),
		cmocka_unit_test(an_identity_does_not_hold_by_overflow),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
