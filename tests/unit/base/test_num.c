/* num and text: strict in what they accept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/text.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
numbers_are_digits_only(void **unused)
{
	static const struct {
		const char *in;
		int rc;
		uint64_t n;
	} rows[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -1, 0 },
		{ "99999999999999999999", -1, 0 },
		{ "", -1, 0 },
		{ "-1", -1, 0 },
		{ "+1", -1, 0 },
		{ " 1", -1, 0 },
		{ "1 ", -1, 0 },
		{ "1a", -1, 0 },
		{ "0x1", -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t n = 0;

		assert_int_equal(num_u64(span_str(rows[i].in), &n), rows[i].rc);
		assert_int_equal(n, rows[i].n);
	}
}

static void
sizes_are_powers_of_1024(void **unused)
{
	static const struct {
		const char *in;
		int rc;
		uint64_t bytes;
	} rows[] = {
		{ "200", 0, 200 },
		{ "64K", 0, 65536 },
		{ "256M", 0, 256u << 20 },
		{ "1G", 0, 1 << 30 },
		{ "2T", 0, UINT64_C(2) << 40 },
		{ "0K", 0, 0 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "16777216T", -1, 0 },
		{ "1k", -1, 0 },
		{ "1KB", -1, 0 },
		{ "K", -1, 0 },
		{ "", -1, 0 },
		{ "1.5G", -1, 0 },
		{ "1 G", -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = 0;

		assert_int_equal(num_size(span_str(rows[i].in), &bytes), rows[i].rc);
		assert_int_equal(bytes, rows[i].bytes);
	}
}

static void
durations_carry_a_unit(void **unused)
{
	static const struct {
		const char *in;
		int rc;
		int64_t us;
	} rows[] = {
		{ "500ms", 0, 500000 },
		{ "30s", 0, 30000000 },
		{ "5m", 0, 300000000 },
		{ "1h", 0, INT64_C(3600000000) },
		{ "90d", 0, INT64_C(7776000000000) },
		{ "2w", 0, INT64_C(1209600000000) },
		{ "1y", 0, INT64_C(31536000000000) },
		{ "0s", 0, 0 },
		{ "292471y", 0, INT64_C(9223365456000000000) },
		{ "292472y", -1, 0 },
		{ "99999999999y", -1, 0 },
		{ "5", -1, 0 },
		{ "5M", -1, 0 },
		{ "h", -1, 0 },
		{ "-5s", -1, 0 },
		{ "1h30m", -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t us = 0;

		assert_int_equal(num_duration(span_str(rows[i].in), &us), rows[i].rc);
		assert_int_equal(us, rows[i].us);
	}
}

static void
check_print(uint64_t n)
{
	char out[20], expect[32];
	size_t len = num_print(out, n);

	assert_int_equal(len, snprintf(expect, sizeof(expect), "%ju", (uintmax_t)n));
	assert_memory_equal(out, expect, len);
}

static void
print_agrees_with_printf(void **unused)
{
	for (uint64_t n = 0; n < 20000; n++)
		check_print(n);
	for (uint64_t n = 1; n < UINT64_MAX / 10; n *= 10) {
		check_print(n - 1);
		check_print(n);
		check_print(n * 9 + 5);
	}
	check_print(UINT64_MAX);
}

static void
people_read_groups_and_units(void **unused)
{
	static const struct {
		uint64_t n;
		const char *grouped, *bytes;
	} rows[] = {
		{ 0, "0", "0 B" },
		{ 999, "999", "999 B" },
		{ 1023, "1,023", "1023 B" },
		{ 1024, "1,024", "1.0 KiB" },
		{ 1234567, "1,234,567", "1.2 MiB" },
		{ 1048524, "1,048,524", "1023.9 KiB" },
		{ 1048525, "1,048,525", "1.0 MiB" },
		{ 100000, "100,000", "97.7 KiB" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "16.0 EiB" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[32];

		assert_int_equal(num_print_grouped(out, rows[i].n), strlen(rows[i].grouped));
		assert_string_equal(out, rows[i].grouped);
		assert_int_equal(num_print_bytes(out, rows[i].n), strlen(rows[i].bytes));
		assert_string_equal(out, rows[i].bytes);
	}
}

/* RFC 4648 section 10, base32 in our spelling. */
static void
encodings_match_the_rfc(void **unused)
{
	static const struct {
		const char *in, *base64, *base32, *hex;
	} rows[] = {
		{ "", "", "", "" },
		{ "f", "Zg==", "my", "66" },
		{ "fo", "Zm8=", "mzxq", "666f" },
		{ "foo", "Zm9v", "mzxw6", "666f6f" },
		{ "foob", "Zm9vYg==", "mzxw6yq", "666f6f62" },
		{ "fooba", "Zm9vYmE=", "mzxw6ytb", "666f6f6261" },
		{ "foobar", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172" },
		{ "\xff\xef\xbe", "/+++", "77x34", "ffefbe" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		    "/////////////w==", "7777777777777777", "ffffffffffffffffffff" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].in), back = 99;
		char out[32];
		unsigned char bytes[16];

		assert_int_equal(text_base64(out, rows[i].in, len), strlen(rows[i].base64));
		assert_memory_equal(out, rows[i].base64, strlen(rows[i].base64));
		assert_int_equal(text_base32(out, rows[i].in, len), strlen(rows[i].base32));
		assert_memory_equal(out, rows[i].base32, strlen(rows[i].base32));
		assert_int_equal(text_hex(out, rows[i].in, len), strlen(rows[i].hex));
		assert_memory_equal(out, rows[i].hex, strlen(rows[i].hex));
		assert_int_equal(text_unbase64(span_str(rows[i].base64), bytes, len, &back), 0);
		assert_int_equal(back, len);
		assert_memory_equal(bytes, rows[i].in, len);
		assert_int_equal(text_unhex(span_str(rows[i].hex), bytes, len, &back), 0);
		assert_int_equal(back, len);
		assert_memory_equal(bytes, rows[i].in, len);
	}
}

static void
decoders_refuse_other_spellings(void **unused)
{
	static const struct {
		const char *claim;
		const char *base64;
		size_t size;
	} rows[] = {
		{ "no padding", "Zg", 8 },
		{ "half a padding", "Zg=", 8 },
		{ "too much padding", "Z===", 8 },
		{ "only padding", "====", 8 },
		{ "padding in the middle", "Zg==Zm9v", 8 },
		{ "a pad before a digit", "Zg=v", 8 },
		{ "trailing bits of one byte", "Zh==", 8 },
		{ "trailing bits of two bytes", "Zm9=", 8 },
		{ "a blank", "Zm 9", 8 },
		{ "a line end", "Zm9v\n", 8 },
		{ "URL digits", "-_-_", 8 },
		{ "high bytes", "Zm9\xf6", 8 },
		{ "a bad digit early", "Z!9vZm9v", 8 },
		{ "no room", "Zm9v", 2 },
	};
	static const char *const hexes[] = { "a", "0g", "AB", "0x", " 1", "00112233445566778899" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[8];
		size_t len = 99;

		if (text_unbase64(span_str(rows[i].base64), out, rows[i].size, &len) != -1)
			fail_msg("%s is accepted", rows[i].claim);
		assert_int_equal(len, 99);
	}
	for (size_t i = 0; i < COUNT(hexes); i++) {
		unsigned char out[8];
		size_t len = 99;

		assert_int_equal(text_unhex(span_str(hexes[i]), out, sizeof(out), &len), -1);
		assert_int_equal(len, 99);
	}
}

static void
utf8_is_what_rfc_3629_says(void **unused)
{
	static const struct {
		const char *claim;
		struct span in;
		bool ok;
	} rows[] = {
		{ "nothing", SPAN(""), true },
		{ "ASCII and NUL", SPAN("a\0z long enough for a word"), true },
		{ "shortest and longest of two", SPAN("\xc2\x80\xdf\xbf"), true },
		{ "of three", SPAN("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true },
		{ "of four", SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true },
		{ "overlong two", SPAN("\xc0\x80"), false },
		{ "overlong slash", SPAN("\xc1\xbf"), false },
		{ "overlong three", SPAN("\xe0\x9f\xbf"), false },
		{ "overlong four", SPAN("\xf0\x8f\xbf\xbf"), false },
		{ "first surrogate", SPAN("\xed\xa0\x80"), false },
		{ "last surrogate", SPAN("\xed\xbf\xbf"), false },
		{ "above U+10FFFF", SPAN("\xf4\x90\x80\x80"), false },
		{ "five bytes", SPAN("\xf8\x88\x80\x80\x80"), false },
		{ "a lone continuation", SPAN("abcdefgh\x80"), false },
		{ "cut after one", SPAN("abcdefgh\xc3"), false },
		{ "cut after two", SPAN("\xe2\x82"), false },
		{ "cut after three", SPAN("\xf0\x9f\x98"), false },
		{ "a letter inside",
		    SPAN("\xf0\x9f"
			 "a\x80"),
		    false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (text_is_utf8(rows[i].in) != rows[i].ok)
			fail_msg("%s", rows[i].claim);
}

static void
ascii_is_what_prints(void **unused)
{
	for (int c = 0; c < 256; c++) {
		char text[40];
		bool ok = c >= 0x20 && c <= 0x7e;

		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			assert_int_equal(text_is_ascii(span_of(text, sizeof(text))), ok);
		}
	}
	assert_true(text_is_ascii(span_of(NULL, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_only),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(durations_carry_a_unit),
		cmocka_unit_test(print_agrees_with_printf),
		cmocka_unit_test(people_read_groups_and_units),
		cmocka_unit_test(encodings_match_the_rfc),
		cmocka_unit_test(decoders_refuse_other_spellings),
		cmocka_unit_test(utf8_is_what_rfc_3629_says),
		cmocka_unit_test(ascii_is_what_prints),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
