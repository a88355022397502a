#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random_record.h"
#include "record/line.h"
#include "record/record.h"

#define T0 INT64_C(1795575600000000) /* 2026-11-25T03:00:00Z */

static char line[RECORD_BYTES_MAX + 1];

static const char *
encoded(const struct record *r)
{
	struct record_encoder enc = { 0 };
	size_t len = record_encode(&enc, r, line);

	line[len] = '\0';
	return (line);
}

static void
times_are_written_to_the_millisecond_or_better(void **state)
{
	static const struct {
		int64_t t_us;
		const char *text;
	} rows[] = {
		{ T0, "2026-11-25T03:00:00.000Z" },
		{ T0 + 7000, "2026-11-25T03:00:00.007Z" },
		{ T0 + 999001, "2026-11-25T03:00:00.999001Z" },
		{ T0 + 1, "2026-11-25T03:00:00.000001Z" },
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ -1000000, "1969-12-31T23:59:59.000Z" },
		{ RECORD_TIME_MIN_US, "0001-01-01T00:00:00.000Z" },
		{ INT64_MIN, "0001-01-01T00:00:00.000Z" },
		{ RECORD_TIME_MAX_US, "9999-12-31T23:59:59.999999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999999Z" },
	};
	struct record_encoder enc = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r;
		char want[64];

		record_clear(&r);
		r.time_us = rows[i].t_us;
		line[record_encode(&enc, &r, line)] = '\0';
		(void)snprintf(want, sizeof(want), "{\"time\":\"%s\"}\n", rows[i].text);
		assert_string_equal(line, want);
	}
}

static void
texts_are_escaped_as_said(void **state)
{
	static const struct {
		const char *claim;
		struct span in;
		const char *out;
	} rows[] = {
		{ "plain text stays", SPAN("/a/b c~"), "/a/b c~" },
		{ "no text is a text", SPAN(""), "" },
		{ "quotes and backslashes", SPAN("a\"b\\"), "a\\\"b\\\\" },
		{ "short escapes", SPAN("\b\f\n\r\t"), "\\b\\f\\n\\r\\t" },
		{ "other controls", SPAN("\0\x1b\x1f\x7f"), "\\u0000\\u001b\\u001f\\u007f" },
		{ "a control at the end of a block", SPAN("0123456789abcde\x01"),
		    "0123456789abcde\\u0001" },
		{ "a control behind a block", SPAN("0123456789abcdef\x01"),
		    "0123456789abcdef\\u0001" },
		{ "a quote at 5 of 7", SPAN("abcd\"fg"), "abcd\\\"fg" },
		{ "a quote at 9 of 12", SPAN("abcdefghi\"kl"), "abcdefghi\\\"kl" },
		{ "UTF-8 stays", SPAN("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
		    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "C1 controls", SPAN("\xc2\x80\xc2\x9f\xc2\xa0"), "\\u0080\\u009f\xc2\xa0" },
		{ "bidi controls",
		    SPAN("\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6"
			 "\xe2\x81\xa9"),
		    "\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069" },
		{ "their neighbours stay",
		    SPAN("\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa9\xe2\x80\xaf"
			 "\xe2\x81\xa5\xe2\x81\xaa"),
		    "\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa" },
		{ "every bad byte", SPAN("a\xff\xe2\x82z"), "a\\ufffd\\ufffd\\ufffdz" },
		{ "overlong", SPAN("\xc0\xaf"), "\\ufffd\\ufffd" },
		{ "surrogates", SPAN("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd" },
		{ "past U+10FFFF", SPAN("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "U+FFFD itself", SPAN("\xef\xbf\xbd"), "\\ufffd" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r;
		char want[256];

		record_clear(&r);
		r.time_us = T0;
		record_set_text(&r, RECORD_FIELD_PATH, rows[i].in);
		(void)snprintf(want, sizeof(want),
		    "{\"time\":\"2026-11-25T03:00:00.000Z\",\"path\":\"%s\"}\n", rows[i].out);
		if (strcmp(encoded(&r), want) != 0)
			print_error("%s\n", rows[i].claim);
		assert_string_equal(line, want);
	}
}

static void
a_full_record_has_its_fields_in_order(void **state)
{
	struct record r;

	record_clear(&r);
	r.time_us = T0;
	record_set_flag(&r, RECORD_FLAG_OVERLONG);
	record_set_flag(&r, RECORD_FLAG_TIME_ARRIVAL);
	record_set_text(&r, RECORD_FIELD_STATE, span_str("partial"));
	record_set_int(&r, RECORD_FIELD_BYTES, INT64_MIN);
	record_set_int(&r, RECORD_FIELD_STATUS, 200);
	record_set_text(&r, RECORD_FIELD_METHOD, span_str("GET"));
	r.present |= UINT64_C(1) << RECORD_FIELD_EXTRA | UINT64_C(1) << RECORD_FIELD_FORWARDED;
	r.forwarded_count = 2;
	r.forwarded[0] = span_str("if.a");
	r.forwarded[1] = span_str("if.b");
	r.extra_count = 3;
	r.extra[0] = (struct record_extra){ .key = SPAN("n"), .is_number = true, .number = -7 };
	r.extra[1] = (struct record_extra){ .key = SPAN("t"), .text = SPAN("[unknown]") };
	r.extra[2] = (struct record_extra){ .key = SPAN("n"), .text = SPAN("a key twice") };
	assert_string_equal(encoded(&r),
	    "{\"time\":\"2026-11-25T03:00:00.000Z\","
	    "\"forwarded\":[\"if.a\",\"if.b\"],\"method\":\"GET\",\"status\":200,"
	    "\"bytes\":-9223372036854775808,\"extra\":{\"n\":-7,\"t\":\"[unknown]\"},"
	    "\"state\":\"partial\",\"flags\":[\"time_arrival\",\"overlong\"]}\n");
}

/* Each count of digits, on both sides of where the short way ends. */
static void
numbers_are_written_as_printf_does(void **state)
{
	int64_t around = 1;

	for (int digits = 0; digits < 19; digits++, around *= 10)
		for (int64_t n = around - 120; n <= around + 120; n++)
			for (int sign = 1; sign >= -1; sign -= 2) {
				struct record r;
				char want[80];

				record_clear(&r);
				r.time_us = 0;
				record_set_int(&r, RECORD_FIELD_BYTES, sign * n);
				(void)snprintf(want, sizeof(want),
				    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"bytes\":%lld}\n",
				    (long long)(sign * n));
				assert_string_equal(encoded(&r), want);
			}
}

static void
empty_lists_are_left_out(void **state)
{
	struct record r;

	record_clear(&r);
	r.time_us = 0;
	r.present |= UINT64_C(1) << RECORD_FIELD_EXTRA | UINT64_C(1) << RECORD_FIELD_FORWARDED |
	    UINT64_C(1) << RECORD_FIELD_FLAGS;
	assert_string_equal(encoded(&r), "{\"time\":\"1970-01-01T00:00:00.000Z\"}\n");
}

/* style.md 13: the fast way is held against the plain one, byte for byte. */
static void
fast_and_plain_encoder_agree(void **state)
{
	struct random_record *x = calloc(1, sizeof(*x));
	char *plain = malloc(RECORD_BYTES_MAX);
	struct record_encoder enc = { 0 };

	assert_non_null(x);
	assert_non_null(plain);
	x->state = 20261125;
	for (int i = 0; i < 20000; i++) {
		const struct record *r = random_record(x, i % 10 == 0 ? 2000 : 40);
		size_t len = record_encode(&enc, r, line);

		assert_true(len <= RECORD_BYTES_MAX);
		assert_int_equal(record_encode_tight(r, plain), len);
		assert_memory_equal(line, plain, len);
		assert_true(len == (size_t)((char *)memchr(line, '\n', len) - line) + 1);
	}
	free(plain);
	free(x);
}

/* Sizes around the limit: the last that fits is whole, the next one is lean. */
static void
a_record_over_the_limit_is_made_lean(void **state)
{
	static char text[RECORD_TEXT_MAX];
	enum record_field fields[] = { RECORD_FIELD_EVENT, RECORD_FIELD_LEVEL, RECORD_FIELD_CLIENT,
		RECORD_FIELD_USER, RECORD_FIELD_SESSION, RECORD_FIELD_ACTION, RECORD_FIELD_OBJECT };
	struct record r;
	size_t whole;

	memset(text, 'x', sizeof(text));
	record_clear(&r);
	r.time_us = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		record_set_text(&r, fields[i], span_of(text, sizeof(text)));
	record_set_int(&r, RECORD_FIELD_STATUS, 503);
	record_set_text(&r, RECORD_FIELD_STATE, span_str("partial"));
	record_set_text(&r, RECORD_FIELD_PATH, span_of(text, 0));
	whole = strlen(encoded(&r));
	record_set_text(&r, RECORD_FIELD_PATH, span_of(text, RECORD_BYTES_MAX - whole));
	assert_int_equal(strlen(encoded(&r)), RECORD_BYTES_MAX);
	assert_null(strstr(line, "overlong"));
	record_set_text(&r, RECORD_FIELD_PATH, span_of(text, RECORD_BYTES_MAX - whole + 1));
	assert_string_equal(encoded(&r),
	    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"status\":503,"
	    "\"state\":\"partial\",\"flags\":[\"overlong\"]}\n");
	r.present |= UINT64_C(1) << RECORD_FIELD_FORWARDED;
	record_set_text(&r, RECORD_FIELD_PATH, span_of(text, RECORD_BYTES_MAX - whole - 30));
	r.forwarded_count = 1;
	r.forwarded[0] = span_of(text, 100);
	(void)encoded(&r);
	assert_null(strstr(line, "forwarded"));
	assert_non_null(strstr(line, "\"object\":\"xxx"));
	assert_non_null(strstr(line, "\"flags\":[\"overlong\"]}\n"));
}

static void
the_worst_record_fits(void **state)
{
	static char text[RECORD_TEXT_MAX];
	struct record r;

	memset(text, 1, sizeof(text));
	for (size_t len = 0; len <= 128; len++) {
		record_clear(&r);
		r.time_us = 0;
		for (int f = 1; f < RECORD_FIELD_COUNT; f++) {
			if (record_fields[f].type == RECORD_TEXT)
				record_set_text(&r, (enum record_field)f, span_of(text, len));
			if (record_fields[f].type == RECORD_INT)
				record_set_int(&r, (enum record_field)f, INT64_MIN);
		}
		r.flags = (UINT64_C(1) << RECORD_FLAG_COUNT) - 1;
		r.present |= UINT64_C(1) << RECORD_FIELD_FLAGS;
		assert_true(strlen(encoded(&r)) <= RECORD_BYTES_MAX);
		assert_string_equal(line + strlen(line) - 3, "]}\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_to_the_millisecond_or_better),
		cmocka_unit_test(texts_are_escaped_as_said),
		cmocka_unit_test(a_full_record_has_its_fields_in_order),
		cmocka_unit_test(numbers_are_written_as_printf_does),
		cmocka_unit_test(empty_lists_are_left_out),
		cmocka_unit_test(fast_and_plain_encoder_agree),
		cmocka_unit_test(a_record_over_the_limit_is_made_lean),
		cmocka_unit_test(the_worst_record_fits),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
