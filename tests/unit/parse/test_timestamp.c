/* parse: times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "parse/timestamp.h"

static void
test_any(void **state)
{
	static const struct {
		const char *in;
		int rc;
		int64_t us;
	} rows[] = {
		{ "2025-11-24T10:11:12Z", 0, INT64_C(1763979072000000) },
		{ "2025-11-24T10:11:12z", 0, INT64_C(1763979072000000) },
		{ "2025-11-24t10:11:12Z", 0, INT64_C(1763979072000000) },
		{ "2025-11-24 10:11:12", 0, INT64_C(1763979072000000) },
		{ "2025-11-24 10:11:12 UTC", 0, INT64_C(1763979072000000) },
		{ "2025-11-24 10:11:12.5 GMT", 0, INT64_C(1763979072500000) },
		{ "2025-11-24T12:11:12+02:00", 0, INT64_C(1763979072000000) },
		{ "2025-11-24T12:11:12+0200", 0, INT64_C(1763979072000000) },
		{ "2025-11-24 12:11:12.25 +02", 0, INT64_C(1763979072250000) },
		{ "2025-11-24T04:41:12,123-05:30", 0, INT64_C(1763979072123000) },
		{ "2025-11-24T10:11:12.123456789Z", 0, INT64_C(1763979072123456) },
		{ "24/Nov/2025:10:11:12 +0000", 0, INT64_C(1763979072000000) },
		{ "1763979072", 0, INT64_C(1763979072000000) },
		{ "1763979072.5", 0, INT64_C(1763979072500000) },
		{ "1763979072.1234567891234", 0, INT64_C(1763979072123456) },
		{ "1763979072123", 0, INT64_C(1763979072123000) },
		{ "1763979072123.9", 0, INT64_C(1763979072123900) },
		{ "1763979072123456", 0, INT64_C(1763979072123456) },
		{ "1763979072123456789", 0, INT64_C(1763979072123456) },
		{ "0", 0, 0 },
		{ "2025-11-24T10:11:12.1234567890Z", -1, 0 },
		{ "2025-11-24T10:11:12.Z", -1, 0 },
		{ "2025-11-24T10:11:12CET", -1, 0 },
		{ "2025-11-24T10:11:12+02:0", -1, 0 },
		{ "2025-11-24T10:11:12+02-00", -1, 0 },
		{ "2025-13-24T10:11:12Z", -1, 0 },
		{ "2025-00-24T10:11:12Z", -1, 0 },
		{ "2025-02-29T10:11:12Z", -1, 0 },
		{ "2025-11-24x10:11:12Z", -1, 0 },
		{ "2025-11-24T24:11:12Z", -1, 0 },
		{ "2025/11/24 10:11:12", -1, 0 },
		{ "1969-12-31T23:59:59Z", -1, 0 },
		{ "-1", -1, 0 },
		{ "1763979072.", -1, 0 },
		{ "1763979072.1234567890x", -1, 0 },
		{ "17639790721234567890", -1, 0 },
		{ "1763979072 ", -1, 0 },
		{ "1.7e9", -1, 0 },
		{ "", -1, 0 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t us = 0;
		int rc = parse_time_any(span_str(rows[i].in), &us);

		if (rc == rows[i].rc && (rc != 0 || us == rows[i].us))
			continue;
		print_error("%s: %d, %lld\n", rows[i].in, rc, (long long)us);
		bad++;
	}
	assert_int_equal(bad, 0);
}

static void
test_rows(void **state)
{
	static const struct {
		const char *in;
		int rc;
		int64_t us;
	} rows[] = {
		{ "24/Nov/2025:10:11:12 +0000", 0, INT64_C(1763979072000000) },
		{ "24/Nov/2025:10:11:12 -0000", 0, INT64_C(1763979072000000) },
		{ "24/Nov/2025:12:11:12 +0200", 0, INT64_C(1763979072000000) },
		{ "24/Nov/2025:04:41:12 -0530", 0, INT64_C(1763979072000000) },
		{ "10/Oct/2000:13:55:36 -0700", 0, INT64_C(971211336000000) },
		{ "01/Jan/1970:00:00:00 +0000", 0, 0 },
		{ "29/Feb/2024:23:59:59 +0000", 0, INT64_C(1709251199000000) },
		{ "31/Dec/2016:23:59:60 +0000", 0, INT64_C(1483228800000000) },
		{ "24/Nov/2025:10:11:12.123 +0000", 0, INT64_C(1763979072123000) },
		{ "24/Nov/2025:10:11:12.123456789 +0000", 0, INT64_C(1763979072123456) },
		{ "31/Dec/9999:23:59:59 +0000", 0, INT64_C(253402300799000000) },
		{ "01/Jan/1970:00:00:00 +0100", -1, 0 },
		{ "31/Dec/1969:23:59:59 +0000", -1, 0 },
		{ "29/Feb/2023:00:00:00 +0000", -1, 0 },
		{ "29/Feb/2100:00:00:00 +0000", -1, 0 },
		{ "31/Apr/2025:00:00:00 +0000", -1, 0 },
		{ "00/Nov/2025:10:11:12 +0000", -1, 0 },
		{ "24/nov/2025:10:11:12 +0000", -1, 0 },
		{ "24/Foo/2025:10:11:12 +0000", -1, 0 },
		{ "24/Nov/2025:24:11:12 +0000", -1, 0 },
		{ "24/Nov/2025:10:60:12 +0000", -1, 0 },
		{ "24/Nov/2025:10:11:61 +0000", -1, 0 },
		{ "24/Nov/2025:10:11:12 +1500", -1, 0 },
		{ "24/Nov/2025:10:11:12 +0060", -1, 0 },
		{ "24/Nov/2025:10:11:12  0000", -1, 0 },
		{ "24/Nov/2025:10:11:12 +000", -1, 0 },
		{ "24/Nov/2025:10:11:12", -1, 0 },
		{ "24-Nov-2025:10:11:12 +0000", -1, 0 },
		{ "24/Nov/2025 10:11:12 +0000", -1, 0 },
		{ "24/Nov/2025:10:11:12. +0000", -1, 0 },
		{ "24/Nov/2025:10:11:12.1234567890 +0000", -1, 0 },
		{ "24/Nov/2025:10:11:12,123 +0000", -1, 0 },
		{ "24/Nov/2025:1\xff:11:12 +0000", -1, 0 },
		{ "2025-11-24T10:11:12Z", -1, 0 },
		{ "", -1, 0 },
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t us = 0;
		int rc = parse_time_clf(span_str(rows[i].in), &us);

		if (rc != rows[i].rc || us != rows[i].us) {
			print_error("%s: %d %lld, want %d %lld\n", rows[i].in, rc, (long long)us,
			    rows[i].rc, (long long)rows[i].us);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* Every day of two centuries: what strftime writes is read back. */
static void
test_every_day(void **state)
{
	(void)state;
	for (time_t t = 4711; t < (time_t)200 * 365 * 86400; t += 86400 + 61) {
		char text[64];
		struct tm tm;
		int64_t us = -1;
		size_t len;

		gmtime_r(&t, &tm);
		len = strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S +0000", &tm);
		if (parse_time_clf(span_of(text, len), &us) != 0 || us != (int64_t)t * 1000000)
			fail_msg("%s: %lld", text, (long long)us);
	}
}

/* Any one byte changed: a time again, or refused; never outside of a day's range. */
static void
test_flips(void **state)
{
	static const char good[] = "24/Nov/2025:10:11:12 +0000";

	(void)state;
	for (size_t at = 0; at < sizeof(good) - 1; at++) {
		for (int c = 0; c < 256; c++) {
			char text[sizeof(good)];
			int64_t us = 0;
			bool shape = c >= '0' && c <= '9';

			memcpy(text, good, sizeof(good));
			text[at] = (char)c;
			if (parse_time_clf(span_of(text, sizeof(good) - 1), &us) != 0)
				continue;
			if (c != good[at] && !shape && !(at == 21 && c == '-') &&
			    !(at >= 3 && at <= 5))
				fail_msg("byte %zu as %d is taken", at, c);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_flips),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
