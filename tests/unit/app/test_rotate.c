/* Where periods end: by the clocks of zones, also on the days that have no 24 hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "app/pipe/rotate.h"
#include "base/clock.h"

static int64_t
at(const char *text)
{
	int64_t t_us;

	assert_int_equal(clock_parse_rfc3339(text, strlen(text), &t_us), 0);
	return (t_us);
}

static const struct {
	const char *claim, *rotate, *zone, *when, *name, *end;
} rows[] = {
	{ "UTC without a zone", "daily", "", "2026-11-25T23:59:59Z", "2026-11-25",
	    "2026-11-26T00:00:00.000Z" },
	{ "a day in winter ends an hour before UTC's", "daily", "Europe/Berlin",
	    "2026-11-25T22:59:59Z", "2026-11-25", "2026-11-25T23:00:00.000Z" },
	{ "the first instant is of the next day", "daily", "Europe/Berlin", "2026-11-25T23:00:00Z",
	    "2026-11-26", "2026-11-26T23:00:00.000Z" },
	{ "a day in summer ends two hours before", "daily", "Europe/Berlin",
	    "2026-07-01T12:00:00Z", "2026-07-01", "2026-07-01T22:00:00.000Z" },
	{ "the day of 23 hours", "daily", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29",
	    "2026-03-29T22:00:00.000Z" },
	{ "the day of 25 hours", "daily", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25",
	    "2026-10-25T23:00:00.000Z" },
	{ "in its second hour of the two", "daily", "Europe/Berlin", "2026-10-25T01:30:00Z",
	    "2026-10-25", "2026-10-25T23:00:00.000Z" },
	{ "the week that lost an hour", "weekly", "Europe/Berlin", "2026-03-23T00:00:00Z",
	    "2026-W13", "2026-03-29T22:00:00.000Z" },
	{ "the week that won one", "weekly", "Europe/Berlin", "2026-10-18T22:00:00Z", "2026-W43",
	    "2026-10-25T23:00:00.000Z" },
	{ "the month that won one", "monthly", "Europe/Berlin", "2026-09-30T22:00:00Z", "2026-10",
	    "2026-10-31T23:00:00.000Z" },
	{ "the last week of a year of 53", "weekly", "Europe/Berlin", "2027-01-01T00:00:00Z",
	    "2026-W53", "2027-01-03T23:00:00.000Z" },
	{ "a midnight that comes twice ends the day once, the first time", "daily",
	    "America/Havana", "2026-10-31T12:00:00Z", "2026-10-31", "2026-11-01T04:00:00.000Z" },
	{ "between the two it is the next day already", "daily", "America/Havana",
	    "2026-11-01T04:30:00Z", "2026-11-01", "2026-11-02T05:00:00.000Z" },
	{ "a midnight that is left out ends the day when it is one o'clock", "daily",
	    "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28", "2026-03-28T22:00:00.000Z" },
	{ "a day that is left out", "daily", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29",
	    "2011-12-30T10:00:00.000Z" },
	{ "half an hour beside the others", "daily", "+05:30", "2026-11-25T18:29:59Z",
	    "2026-11-25", "2026-11-25T18:30:00.000Z" },
	{ "west of Greenwich", "monthly", "-08:00", "2026-03-01T07:59:59Z", "2026-02",
	    "2026-03-01T08:00:00.000Z" },
	{ "a leap year", "daily", "Europe/Berlin", "2028-02-28T23:00:00Z", "2028-02-29",
	    "2028-02-29T23:00:00.000Z" },
};

static void
test_ends(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct app_rotate r;
		char name[16], text[CLOCK_RFC3339_BYTES];
		int64_t when = at(rows[i].when), end;

		if (app_rotate_parse(rows[i].rotate, rows[i].zone, &r) == -1)
			fail_msg("%s: no such zone", rows[i].claim);
		app_rotate_name(&r, when, name);
		end = app_rotate_end(&r, when);
		(void)clock_rfc3339(text, end);
		if (strcmp(name, rows[i].name) != 0 || strcmp(text, rows[i].end) != 0)
			fail_msg("%s: %s until %s", rows[i].claim, name, text);
		assert_false(app_rotate_ends(&r, when, end - 1, name));
		assert_true(app_rotate_ends(&r, when, end, name));
		assert_string_equal(name, rows[i].name);
		/* after downtime of years: once, with the name of what was begun */
		assert_true(app_rotate_ends(&r, when, end + INT64_C(100000000000000), name));
		assert_string_equal(name, rows[i].name);
	}
}

/* Two years in steps of a quarter of an hour: each day ends once, none twice. */
static void
test_each_day_ends_once(void **state)
{
	const int64_t step = INT64_C(900) * 1000000;
	struct app_rotate r;
	char name[16], last[16] = "";
	unsigned ends = 0, hours[26] = { 0 };
	int64_t from = at("2025-12-31T23:00:00Z"), to = at("2027-12-31T23:00:00Z"), begun = from;

	assert_int_equal(app_rotate_parse("daily", "Europe/Berlin", &r), 0);
	for (int64_t t = from + step; t <= to; t += step) {
		if (!app_rotate_ends(&r, t - step, t, name))
			continue;
		assert_true(strcmp(name, last) > 0);
		memcpy(last, name, sizeof(last));
		hours[(t - begun) / (INT64_C(3600) * 1000000)]++;
		begun = t;
		ends++;
	}
	assert_int_equal(ends, 730);
	assert_int_equal(hours[23], 2);
	assert_int_equal(hours[24], 726);
	assert_int_equal(hours[25], 2);
}

static void
test_not_by_time(void **state)
{
	struct app_rotate r;
	char name[16];

	assert_int_equal(app_rotate_parse("daily", "Europe/Atlantis", &r), -1);
	assert_int_equal(app_rotate_parse("never", "", &r), 0);
	assert_int_equal(app_rotate_end(&r, 0), 0);
	assert_false(app_rotate_ends(&r, 0, INT64_C(1) << 60, name));
	assert_int_equal(app_rotate_parse("1M", "Europe/Berlin", &r), 0);
	assert_int_equal(r.bytes, 1 << 20);
	assert_false(app_rotate_ends(&r, 0, INT64_C(1) << 60, name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_each_day_ends_once),
		cmocka_unit_test(test_not_by_time),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
