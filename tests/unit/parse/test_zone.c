/* parse: zones of times that name none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "parse/named/zone.h"
#include "parse/timestamp.h"

static void
test_names(void **state)
{
	static const struct {
		const char *claim, *name;
		int rc;
	} rows[] = {
		{ "UTC is known without files", "UTC", 0 },
		{ "hours and minutes", "+02:00", 0 },
		{ "without the colon", "-0530", 0 },
		{ "hours alone", "+02", 0 },
		{ "three digits are none", "+020", -1 },
		{ "nothing lies so far off", "+19:00", -1 },
		{ "sixty minutes are an hour", "+02:60", -1 },
		{ "a zone that is none", "Mars/Olympus", -1 },
		{ "no way out of the folder", "../passwd", -1 },
		{ "nor another folder", "/etc/passwd", -1 },
		{ "nothing", "", -1 },
	};
	static struct parse_zone zone;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse_zone_load(span_str(rows[i].name), &zone) != rows[i].rc)
			fail_msg("%s: %s", rows[i].claim, rows[i].name);
}

static void
test_times(void **state)
{
	static const struct {
		const char *claim, *zone, *local, *utc;
	} rows[] = {
		{ "UTC is as it is", "UTC", "2025-11-24T10:11:12.5", "2025-11-24T10:11:12.5Z" },
		{ "east is earlier", "+02:00", "2025-11-24T01:00:00", "2025-11-23T23:00:00Z" },
		{ "west is later", "-05:30", "2025-11-24T10:11:12", "2025-11-24T15:41:12Z" },
		{ "winter", "Europe/Berlin", "2025-11-24T10:11:12", "2025-11-24T09:11:12Z" },
		{ "summer", "Europe/Berlin", "2025-07-24T10:11:12", "2025-07-24T08:11:12Z" },
		{ "the last second of winter", "Europe/Berlin", "2025-03-30T01:59:59",
		    "2025-03-30T00:59:59Z" },
		{ "the first of summer", "Europe/Berlin", "2025-03-30T03:00:00",
		    "2025-03-30T01:00:00Z" },
		{ "an hour that comes twice is its second", "Europe/Berlin", "2025-10-26T02:30:00",
		    "2025-10-26T01:30:00Z" },
		{ "years that no table lists", "Europe/Berlin", "2077-07-01T12:00:00",
		    "2077-07-01T10:00:00Z" },
		{ "a zone without summer", "Asia/Kolkata", "2025-07-01T12:00:00",
		    "2025-07-01T06:30:00Z" },
	};
	static struct parse_zone zone;
	bool files = access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0;

	(void)state;
	if (!files)
		print_message("# SKIP: no /usr/share/zoneinfo: zones by name\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t local, utc;

		if (!files && span_find(span_str(rows[i].zone), '/') < strlen(rows[i].zone))
			continue;
		assert_int_equal(parse_zone_load(span_str(rows[i].zone), &zone), 0);
		assert_int_equal(parse_time_iso(span_str(rows[i].local), &local), 0);
		assert_int_equal(parse_time_iso(span_str(rows[i].utc), &utc), 0);
		if (parse_zone_utc(&zone, local) != utc)
			fail_msg("%s: %lld s off", rows[i].claim,
			    (long long)((parse_zone_utc(&zone, local) - utc) / 1000000));
	}
}

/* The process keeps its own zone. */
static void
test_environment(void **state)
{
	static struct parse_zone zone;

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	(void)parse_zone_load(span_str("Europe/Berlin"), &zone);
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	assert_int_equal(unsetenv("TZ"), 0);
	(void)parse_zone_load(span_str("Europe/Berlin"), &zone);
	assert_null(getenv("TZ"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_environment),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
