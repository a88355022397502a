/* Epochs: indices, names and borders of days, weeks and months. */
#include "base/clock.h"
#include "scratch.h"

#define DAY_US ((int64_t)86400 * 1000000)

static void
known_days(void **state)
{
	static const struct { /* computed with Python's isocalendar */
		const char *day;
		int64_t day_index;
		const char *week;
		int64_t week_index;
		const char *month;
		int64_t month_index;
	} rows[] = {
		{ "1990-01-01", 7305, "1990-W01", 1044, "1990-01", 240 },
		{ "1999-12-31", 10956, "1999-W52", 1565, "1999-12", 359 },
		{ "2000-02-29", 11016, "2000-W09", 1574, "2000-02", 361 },
		{ "2020-12-31", 18627, "2020-W53", 2661, "2020-12", 611 },
		{ "2021-01-03", 18630, "2020-W53", 2661, "2021-01", 612 },
		{ "2021-01-04", 18631, "2021-W01", 2662, "2021-01", 612 },
		{ "2026-11-25", 20782, "2026-W48", 2969, "2026-11", 682 },
		{ "2099-12-31", 47481, "2099-W53", 6783, "2099-12", 1559 },
	};
	char name[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int64_t in_day = 0; in_day < DAY_US; in_day += DAY_US - 1) {
			int64_t t = rows[i].day_index * DAY_US + in_day;

			assert_int_equal(key_epoch_index(KEY_DAY, t), rows[i].day_index);
			assert_int_equal(key_epoch_index(KEY_WEEK, t), rows[i].week_index);
			assert_int_equal(key_epoch_index(KEY_MONTH, t), rows[i].month_index);
		}
		assert_int_equal(key_epoch_name(KEY_DAY, rows[i].day_index, name), 10);
		assert_string_equal(name, rows[i].day);
		assert_int_equal(key_epoch_name(KEY_WEEK, rows[i].week_index, name), 8);
		assert_string_equal(name, rows[i].week);
		assert_int_equal(key_epoch_name(KEY_MONTH, rows[i].month_index, name), 7);
		assert_string_equal(name, rows[i].month);
	}
}

static void
an_epoch_ends_where_the_next_begins(void **state)
{
	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++) {
		int64_t first = key_epoch_index(p, KEY_TIME_MIN_US);
		int64_t last = key_epoch_index(p, KEY_TIME_MAX_US);

		for (int64_t i = first; i <= last; i++) {
			int64_t end = key_epoch_end_us(p, i);

			assert_int_equal(key_epoch_index(p, end - 1), i);
			assert_int_equal(key_epoch_index(p, end), i + 1);
		}
	}
}

static void
before_1970_it_still_rounds_down(void **state)
{
	assert_int_equal(key_epoch_index(KEY_DAY, -1), -1);
	assert_int_equal(key_epoch_index(KEY_WEEK, -3 * DAY_US), 0);
	assert_int_equal(key_epoch_index(KEY_WEEK, -3 * DAY_US - 1), -1);
	assert_int_equal(key_epoch_index(KEY_MONTH, -1), -1);
	assert_int_equal(key_epoch_end_us(KEY_MONTH, -1), 0);
	assert_int_equal(key_epoch_end_us(KEY_DAY, -1), 0);
}

static void
a_changed_key_has_a_number(void **state)
{
	char name[16];

	assert_int_equal(key_epoch_name(KEY_WEEK, 2969 + KEY_CHANGE_STEP, name), 10);
	assert_string_equal(name, "2026-W48.2");
	assert_int_equal(key_epoch_name(KEY_DAY, 20782 + KEY_CHANGES_MAX * KEY_CHANGE_STEP, name), 14);
	assert_string_equal(name, "2026-11-25.999");
	assert_int_equal(key_epoch_base(2969 + 5 * KEY_CHANGE_STEP), 2969);
	assert_int_equal(key_epoch_end_us(KEY_WEEK, 2969 + 5 * KEY_CHANGE_STEP),
	    key_epoch_end_us(KEY_WEEK, 2969));
	assert_int_equal(key_epoch_start_us(KEY_DAY, 20782 + KEY_CHANGE_STEP), 20782 * DAY_US);
}

static void
names_are_read_as_they_are_written(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-W48.", "2026-W48.1", "2026-W48.02",
		"2026-W48.1000", "2026-W00", "2026-W54", "2025-W53", "2026-13", "2026-00", "2026-02-29",
		"2026-2-28", "2026-11-25 ", "1989-12-31", "2100-01-01", "import", "2026-W+8", " 026-11",
		"2026-W48.2.2", "2026-W48..2026-W49", "99999-11", "2026-11-31" };
	enum key_period period;
	int64_t index;
	char name[16];

	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++)
		for (int64_t i = key_epoch_index(p, KEY_TIME_MIN_US);
		     i <= key_epoch_index(p, KEY_TIME_MAX_US - 1); i += 7) {
			int64_t at = i + (i % 3) * 400 * KEY_CHANGE_STEP;
			size_t len = key_epoch_name(p, at, name);

			assert_int_equal(key_epoch_parse(span_of(name, len), &period, &index), 0);
			assert_int_equal(period, p);
			assert_int_equal(index, at);
		}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (key_epoch_parse(span_str(bad[i]), &period, &index) != -1)
			fail_msg("%s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_days),
		cmocka_unit_test(an_epoch_ends_where_the_next_begins),
		cmocka_unit_test(before_1970_it_still_rounds_down),
		cmocka_unit_test(a_changed_key_has_a_number),
		cmocka_unit_test(names_are_read_as_they_are_written),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
