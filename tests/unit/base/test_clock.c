/* clock and hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hash.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define DAY_US INT64_C(86400000000)
#define FIRST_DAY (-719162)
#define LAST_DAY 2932896

static void
every_day_goes_there_and_back(void **unused)
{
	int year = 1, month = 1, day = 0;

	for (int64_t days = FIRST_DAY; days <= LAST_DAY; days++) {
		struct clock_civil c;
		int64_t last_us = (days + 1) * DAY_US - 1;

		clock_to_civil(last_us, &c);
		if (c.day != day + 1) { /* the next day, or a first one */
			assert_int_equal(c.day, 1);
			assert_true(day >= 28);
			month = month % 12 + 1;
			year += month == 1;
		}
		day = c.day;
		if (c.year != year || c.month != month || c.hour != 23 || c.minute != 59 ||
		    c.second != 59 || c.us != 999999 || clock_from_civil(&c) != last_us ||
		    clock_days(c.year, c.month, c.day) != days)
			fail_msg("day %jd: %d-%d-%d", (intmax_t)days, c.year, c.month, c.day);
	}
	assert_int_equal(year, 9999);
}

static void
times_and_weeks_agree_with_libc(void **unused)
{
	for (int64_t t = FIRST_DAY * INT64_C(86400); t < LAST_DAY * INT64_C(86400); t += 123457) {
		time_t seconds = (time_t)t;
		struct clock_civil c;
		struct tm tm;
		char week[9], number[3];
		int64_t days = (t - FIRST_DAY * INT64_C(86400)) / 86400 + FIRST_DAY;

		clock_to_civil(t * 1000000 + 7, &c);
		assert_non_null(gmtime_r(&seconds, &tm));
		assert_int_equal(timegm(&tm), t);
		if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
		    c.day != tm.tm_mday || c.hour != tm.tm_hour || c.minute != tm.tm_min ||
		    c.second != tm.tm_sec || c.us != 7)
			fail_msg("%jd differs", (intmax_t)t);
		clock_iso_week(days, week);
		assert_int_equal(strftime(number, sizeof(number), "%V", &tm), 2);
		assert_memory_equal(week + 4, "-W", 2);
		assert_string_equal(week + 6, number);
	}
}

static void
weeks_belong_to_the_year_of_their_thursday(void **unused)
{
	static const struct {
		int year, month, day;
		const char *week;
	} rows[] = {
		{ 1, 1, 1, "0001-W01" },
		{ 1970, 1, 1, "1970-W01" },
		{ 2021, 1, 3, "2020-W53" },
		{ 2021, 1, 4, "2021-W01" },
		{ 2024, 12, 29, "2024-W52" },
		{ 2024, 12, 30, "2025-W01" },
		{ 2026, 11, 25, "2026-W48" },
		{ 9999, 12, 31, "9999-W52" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char week[9];

		clock_iso_week(clock_days(rows[i].year, rows[i].month, rows[i].day), week);
		assert_string_equal(week, rows[i].week);
	}
}

static void
rfc3339_prints_three_digits_or_six(void **unused)
{
	static const struct {
		int64_t t_us;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ INT64_C(1795575600123000), "2026-11-25T03:00:00.123Z" },
		{ INT64_C(1795575600123456), "2026-11-25T03:00:00.123456Z" },
		{ INT64_MIN, "0001-01-01T00:00:00.000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999999Z" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[CLOCK_RFC3339_BYTES];
		int64_t back;

		assert_int_equal(clock_rfc3339(out, rows[i].t_us), strlen(rows[i].text));
		assert_string_equal(out, rows[i].text);
		assert_int_equal(clock_parse_rfc3339(out, strlen(out), &back), 0);
		if (i < 5)
			assert_int_equal(back, rows[i].t_us);
	}
}

static void
rfc3339_reads_what_it_allows(void **unused)
{
	static const struct {
		const char *text;
		int rc;
		const char *same; /* what clock_rfc3339 says of it */
	} rows[] = {
		{ "2026-11-25T03:00:00Z", 0, "2026-11-25T03:00:00.000Z" },
		{ "2026-11-25t03:00:00z", 0, "2026-11-25T03:00:00.000Z" },
		{ "2026-11-25 03:00:00+00:00", 0, "2026-11-25T03:00:00.000Z" },
		{ "2026-11-25T03:00:00.5+02:30", 0, "2026-11-25T00:30:00.500Z" },
		{ "2026-11-25T23:00:00-02:00", 0, "2026-11-26T01:00:00.000Z" },
		{ "2026-11-25T03:00:00.123456789Z", 0, "2026-11-25T03:00:00.123456Z" },
		{ "1969-12-31T23:59:59.999999Z", 0, "1969-12-31T23:59:59.999999Z" },
		{ "2024-02-29T00:00:00Z", 0, "2024-02-29T00:00:00.000Z" },
		{ "2016-12-31T23:59:60Z", 0, "2017-01-01T00:00:00.000Z" },
		{ "2017-01-01T00:59:60.25+01:00", 0, "2017-01-01T00:00:00.250Z" },
		{ "2016-12-31T22:59:60Z", -1, NULL },
		{ "2025-02-29T00:00:00Z", -1, NULL },
		{ "2100-02-29T00:00:00Z", -1, NULL },
		{ "2026-13-01T00:00:00Z", -1, NULL },
		{ "2026-00-01T00:00:00Z", -1, NULL },
		{ "2026-04-31T00:00:00Z", -1, NULL },
		{ "2026-01-00T00:00:00Z", -1, NULL },
		{ "2026-01-01T24:00:00Z", -1, NULL },
		{ "2026-01-01T00:60:00Z", -1, NULL },
		{ "2026-01-01T00:00:61Z", -1, NULL },
		{ "0000-01-01T00:00:00Z", -1, NULL },
		{ "0001-01-01T00:00:00+00:01", -1, NULL },
		{ "9999-12-31T23:59:59-00:01", -1, NULL },
		{ "2026-01-01T00:00:00", -1, NULL },
		{ "2026-01-01T00:00:00.Z", -1, NULL },
		{ "2026-01-01T00:00:00.1234567890Z", -1, NULL },
		{ "2026-01-01T00:00:00.5", -1, NULL },
		{ "2026-01-01T00:00:00Z ", -1, NULL },
		{ "2026-01-01T00:00:00+0100", -1, NULL },
		{ "2026-01-01T00:00:00+24:00", -1, NULL },
		{ "2026-01-01T00:00:00+01:60", -1, NULL },
		{ "2026-01-01T00:00:00+1:000", -1, NULL },
		{ "2026-1-01T00:00:00.0Z", -1, NULL },
		{ "2026/01/01T00:00:00Z", -1, NULL },
		{ "+026-01-01T00:00:00Z", -1, NULL },
		{ "2026-01-01T-1:00:00Z", -1, NULL },
		{ "", -1, NULL },
		{ "Z", -1, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].text);
		char out[CLOCK_RFC3339_BYTES], *exact = malloc(len + 1);
		int64_t t = 42;

		assert_non_null(exact);
		memcpy(exact, rows[i].text, len); /* no NUL: reads beyond are caught */
		if (clock_parse_rfc3339(exact, len, &t) != rows[i].rc)
			fail_msg("%s", rows[i].text);
		if (rows[i].rc == 0) {
			(void)clock_rfc3339(out, t);
			assert_string_equal(out, rows[i].same);
		} else {
			assert_int_equal(t, 42);
		}
		free(exact);
	}
}

static void
the_clock_can_be_set(void **unused)
{
	int64_t before = clock_mono_ns();

	clock_set(12345);
	assert_int_equal(clock_now_us(), 12345);
	clock_set(0);
	assert_int_equal(clock_now_us(), 0);
	clock_set(-1);
	assert_true(clock_now_us() / 1000000 - (int64_t)time(NULL) >= -1);
	assert_true(clock_mono_ns() >= before);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return ((x > y) - (x < y));
}

static bool
all_differ(uint64_t *hashes, size_t count)
{
	qsort(hashes, count, sizeof(*hashes), compare);
	for (size_t i = 1; i < count; i++)
		if (hashes[i] == hashes[i - 1])
			return (false);
	return (true);
}

/* Zeros of all lengths, and every bit of every length flipped. */
static void
each_byte_and_the_length_count(void **unused)
{
	static uint64_t hashes[2000];
	unsigned char bytes[130] = { 0 };

	for (size_t len = 0; len <= sizeof(bytes); len++)
		hashes[len] = hash_bytes(bytes, len, 1);
	assert_true(all_differ(hashes, sizeof(bytes) + 1));
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		size_t count = 0;

		hashes[count++] = hash_bytes(bytes, len, 1);
		for (size_t bit = 0; bit < len * 8; bit++) {
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			hashes[count++] = hash_bytes(bytes, len, 1);
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		assert_true(all_differ(hashes, count));
	}
}

/* A million numbered keys: no collision, and even buckets for any bits. */
static void
keys_spread(void **unused)
{
	static uint64_t hashes[1000000];
	static const unsigned shifts[] = { 0, 16, 32, 54 };

	for (size_t i = 0; i < COUNT(hashes); i++) {
		char key[16];
		int len = snprintf(key, sizeof(key), "/item/%zu", i);

		hashes[i] = hash_bytes(key, (size_t)len, 7);
	}
	for (size_t s = 0; s < COUNT(shifts); s++) {
		unsigned counts[1024] = { 0 };
		double chi = 0;

		for (size_t i = 0; i < COUNT(hashes); i++)
			counts[hashes[i] >> shifts[s] & 1023]++;
		for (size_t i = 0; i < 1024; i++) {
			double off = counts[i] - COUNT(hashes) / 1024.0;

			chi += off * off / (COUNT(hashes) / 1024.0);
		}
		assert_true(chi > 800 && chi < 1250); /* 1023 +- 5 sigma */
	}
	assert_true(all_differ(hashes, COUNT(hashes)));
}

static void
flips_change_half_the_bits(void **unused)
{
	static const size_t lens[] = { 1, 3, 4, 7, 8, 12, 16, 17, 24, 32, 33, 48, 64, 100 };

	for (size_t l = 0; l < COUNT(lens); l++) {
		unsigned long long changed = 0, tries = 0;

		for (uint64_t seed = 0; seed < 200; seed++) {
			unsigned char bytes[100] = "some bytes of a key, long enough for all";
			uint64_t hash = hash_bytes(bytes, lens[l], seed);

			for (size_t bit = 0; bit < lens[l] * 8; bit++, tries++) {
				bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
				changed += (unsigned)__builtin_popcountll(
				    hash ^ hash_bytes(bytes, lens[l], seed));
				bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			}
		}
		assert_true((double)changed / (double)tries > 31.5);
		assert_true((double)changed / (double)tries < 32.5);
	}
}

static void
the_seed_counts_and_alignment_does_not(void **unused)
{
	static uint64_t hashes[100000];
	char bytes[64 + 16];

	for (uint64_t seed = 0; seed < COUNT(hashes); seed++)
		hashes[seed] = hash_bytes("", 0, seed);
	assert_true(all_differ(hashes, COUNT(hashes)));
	for (size_t len = 0; len <= 64; len++) {
		for (size_t at = 0; at < 16; at++) {
			memset(bytes, 'y', sizeof(bytes));
			memset(bytes + at, 'x', len);
			if (at == 0)
				hashes[0] = hash_bytes(bytes, len, 3);
			assert_int_equal(hash_span(span_of(bytes + at, len), 3), hashes[0]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_goes_there_and_back),
		cmocka_unit_test(times_and_weeks_agree_with_libc),
		cmocka_unit_test(weeks_belong_to_the_year_of_their_thursday),
		cmocka_unit_test(rfc3339_prints_three_digits_or_six),
		cmocka_unit_test(rfc3339_reads_what_it_allows),
		cmocka_unit_test(the_clock_can_be_set),
		cmocka_unit_test(each_byte_and_the_length_count),
		cmocka_unit_test(keys_spread),
		cmocka_unit_test(flips_change_half_the_bits),
		cmocka_unit_test(the_seed_counts_and_alignment_does_not),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
