#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "random_record.h"
#include "record/record.h"

static struct record_decoder dec;
static struct record_encoder enc;
static char line[RECORD_BYTES_MAX], again[RECORD_BYTES_MAX];

#define HEAD "{\"time\":\"2026-11-25T03:00:00.000Z\""

/* Decode is a refusal, or the same bytes again. */
static int
decode_exactly(struct span in)
{
	struct record r;
	struct err e;

	if (record_decode(&dec, in, &r, &e) != 0) {
		assert_int_equal(e.code, ERR_FINDING);
		assert_true(strlen(e.text) > 0);
		return (-1);
	}
	assert_int_equal(record_encode(&enc, &r, again), in.len + 1);
	assert_memory_equal(again, in.ptr, in.len);
	return (0);
}

static void
good_lines_come_back_byte_for_byte(void **state)
{
	static const char *const rows[] = {
		HEAD "}",
		"{\"time\":\"2026-11-25T03:00:00.000001Z\"}",
		"{\"time\":\"2024-02-29T23:59:59.999Z\"}",
		"{\"time\":\"0001-01-01T00:00:00.000Z\"}",
		HEAD ",\"event\":\"\"}",
		HEAD ",\"status\":0,\"bytes\":-1,\"duration_us\":9223372036854775807}",
		HEAD ",\"bytes\":-9223372036854775808}",
		HEAD ",\"forwarded\":[\"\",\"a\"],\"flags\":[\"time_arrival\",\"duplicate_key\"]}",
		HEAD ",\"extra\":{\"\":\"\",\"time\":-3,\"status\":7}}",
		HEAD
		",\"path\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u0080\\u202e\\ufffd\"}",
		HEAD ",\"path\":\"\xc3\xa4\xf0\x9f\x98\x80\"}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (decode_exactly(span_str(rows[i])) != 0)
			fail_msg("refused: %s", rows[i]);
}

static void
bad_lines_are_refused(void **state)
{
	static const struct {
		const char *claim, *in;
	} rows[] = {
		{ "nothing", "" },
		{ "an empty object", "{}" },
		{ "no time first", "{\"event\":\"x\",\"time\":\"2026-11-25T03:00:00.000Z\"}" },
		{ "time twice", HEAD ",\"time\":\"2026-11-25T03:00:00.000Z\"}" },
		{ "a line end inside", HEAD "}\n" },
		{ "bytes behind", HEAD "}x" },
		{ "no end", HEAD },
		{ "no closing brace", HEAD ",\"status\":200" },
		{ "a blank", HEAD ", \"status\":200}" },
		{ "a comma at the end", HEAD ",}" },
		{ "an unknown field", HEAD ",\"colour\":\"x\"}" },
		{ "wrong order", HEAD ",\"bytes\":1,\"status\":200}" },
		{ "a field twice", HEAD ",\"status\":200,\"status\":200}" },
		{ "a text for a number", HEAD ",\"status\":\"200\"}" },
		{ "a number for a text", HEAD ",\"path\":2}" },
		{ "a leading zero", HEAD ",\"status\":0200}" },
		{ "minus nought", HEAD ",\"status\":-0}" },
		{ "plus", HEAD ",\"status\":+1}" },
		{ "a fraction", HEAD ",\"status\":1.0}" },
		{ "an exponent", HEAD ",\"status\":1e2}" },
		{ "2^63", HEAD ",\"status\":9223372036854775808}" },
		{ "-2^63-1", HEAD ",\"status\":-9223372036854775809}" },
		{ "20 digits", HEAD ",\"status\":18446744073709551616}" },
		{ "no digits", HEAD ",\"status\":}" },
		{ "null", HEAD ",\"status\":null}" },
		{ "an escaped slash", HEAD ",\"path\":\"\\/\"}" },
		{ "a needless escape", HEAD ",\"path\":\"\\u0041\"}" },
		{ "a long escape for a short one", HEAD ",\"path\":\"\\u000a\"}" },
		{ "an upper case escape", HEAD ",\"path\":\"\\u001F\"}" },
		{ "a surrogate pair", HEAD ",\"path\":\"\\ud83d\\ude00\"}" },
		{ "a cut escape", HEAD ",\"path\":\"\\u00" },
		{ "a lone backslash", HEAD ",\"path\":\"\\" },
		{ "an escaped NUL byte's letter", HEAD ",\"path\":\"\\0\"}" },
		{ "a raw control", HEAD ",\"path\":\"\x01\"}" },
		{ "a raw DEL", HEAD ",\"path\":\"\x7f\"}" },
		{ "a raw C1", HEAD ",\"path\":\"\xc2\x85\"}" },
		{ "a raw bidi control", HEAD ",\"path\":\"\xe2\x80\xae\"}" },
		{ "a raw U+FFFD", HEAD ",\"path\":\"\xef\xbf\xbd\"}" },
		{ "a bad byte", HEAD ",\"path\":\"\xff\"}" },
		{ "a cut character", HEAD ",\"path\":\"\xe2\x82\"}" },
		{ "an empty list", HEAD ",\"forwarded\":[]}" },
		{ "a list of numbers", HEAD ",\"forwarded\":[1]}" },
		{ "a list with a comma too many", HEAD ",\"forwarded\":[\"a\",]}" },
		{ "an open list", HEAD ",\"forwarded\":[\"a\"}" },
		{ "17 hops",
		    HEAD ",\"forwarded\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
			 "\"\",\"\",\"\",\"\",\"\",\"\"]}" },
		{ "no flags", HEAD ",\"flags\":[]}" },
		{ "an unknown flag", HEAD ",\"flags\":[\"odd\"]}" },
		{ "a flag's beginning", HEAD ",\"flags\":[\"over\"]}" },
		{ "flags out of order", HEAD ",\"flags\":[\"overlong\",\"time_arrival\"]}" },
		{ "a flag twice", HEAD ",\"flags\":[\"overlong\",\"overlong\"]}" },
		{ "an empty object as extra", HEAD ",\"extra\":{}}" },
		{ "an object in extra", HEAD ",\"extra\":{\"a\":{}}}" },
		{ "a list in extra", HEAD ",\"extra\":{\"a\":[\"b\"]}}" },
		{ "a key twice in extra", HEAD ",\"extra\":{\"a\":1,\"a\":2}}" },
		{ "no colon in extra", HEAD ",\"extra\":{\"a\"1}}" },
		{ "an open extra", HEAD ",\"extra\":{\"a\":1}" },
		{ "seconds only", "{\"time\":\"2026-11-25T03:00:00Z\"}" },
		{ "microseconds that are milliseconds",
		    "{\"time\":\"2026-11-25T03:00:00.001000Z\"}" },
		{ "nanoseconds", "{\"time\":\"2026-11-25T03:00:00.000000001Z\"}" },
		{ "an offset", "{\"time\":\"2026-11-25T03:00:00.000+00:00\"}" },
		{ "a leap second", "{\"time\":\"2026-12-31T23:59:60.000Z\"}" },
		{ "30 February", "{\"time\":\"2024-02-30T00:00:00.000Z\"}" },
		{ "29 February of 2100", "{\"time\":\"2100-02-29T00:00:00.000Z\"}" },
		{ "month 13", "{\"time\":\"2026-13-01T00:00:00.000Z\"}" },
		{ "hour 24", "{\"time\":\"2026-11-25T24:00:00.000Z\"}" },
		{ "year 0", "{\"time\":\"0000-11-25T03:00:00.000Z\"}" },
		{ "a small t", "{\"time\":\"2026-11-25t03:00:00.000Z\"}" },
		{ "a letter for a digit", "{\"time\":\"2026-11-25T03:0O:00.000Z\"}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (decode_exactly(span_str(rows[i].in)) == 0)
			fail_msg("taken: %s", rows[i].claim);
}

static void
an_error_says_where_and_quotes_nothing(void **state)
{
	struct record r;
	struct err e;

	assert_int_equal(
	    record_decode(&dec, span_str(HEAD ",\"path\":\"erika\x01\"}"), &r, &e), -1);
	assert_string_equal(e.text, "offset 48: a character that must be escaped");
}

static void
texts_have_a_longest_length(void **state)
{
	static const struct {
		const char *piece;
		size_t count;
		int rc;
	} rows[] = {
		{ "x", RECORD_TEXT_MAX, 0 },
		{ "x", RECORD_TEXT_MAX + 1, -1 },
		{ "\\ufffd", RECORD_TEXT_MAX, 0 },
		{ "\\ufffd", RECORD_TEXT_MAX + 1, -1 },
		{ "\\u0001", RECORD_TEXT_MAX, 0 },
		{ "\\u0001", RECORD_TEXT_MAX + 1, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = (size_t)snprintf(line, sizeof(line), HEAD ",\"path\":\"");

		for (size_t k = 0; k < rows[i].count; k++)
			len +=
			    (size_t)snprintf(line + len, sizeof(line) - len, "%s", rows[i].piece);
		len += (size_t)snprintf(line + len, sizeof(line) - len, "\"}");
		assert_int_equal(decode_exactly(span_of(line, len)), rows[i].rc);
	}
}

static void
a_line_over_the_limit_is_refused(void **state)
{
	static char longer[RECORD_BYTES_MAX + 16];
	struct record r;
	struct err e;

	memset(longer, 'x', sizeof(longer));
	assert_int_equal(record_decode(&dec, span_of(longer, RECORD_BYTES_MAX), &r, &e), -1);
	assert_string_equal(e.text, "a record of 16384 bytes");
}

static void
random_records_survive(void **state)
{
	struct random_record *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->state = 7;
	for (int i = 0; i < 20000; i++) {
		const struct record *r = random_record(x, i % 10 == 0 ? 2000 : 40);
		struct span whole = span_of(line, record_encode(&enc, r, line) - 1);

		if (decode_exactly(whole) != 0)
			fail_msg("%.*s", (int)whole.len, whole.ptr);
	}
	free(x);
}

/* Every byte changed, left out, doubled: a refusal, or exactly these bytes. */
static void
changed_lines_are_refused_or_exact(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80,
		0xff };
	struct random_record *x = calloc(1, sizeof(*x));
	static char changed[RECORD_BYTES_MAX];

	assert_non_null(x);
	x->state = 11;
	for (int i = 0; i < 200; i++) {
		size_t len = record_encode(&enc, random_record(x, 40), line) - 1;

		for (size_t at = 0; at < len; at++) {
			memcpy(changed, line, len);
			for (size_t f = 0; f < sizeof(flips); f++) {
				changed[at] = (char)(line[at] ^ flips[f]);
				(void)decode_exactly(span_of(changed, len));
			}
			memmove(changed + at, line + at + 1, len - at - 1);
			(void)decode_exactly(span_of(changed, len - 1));
			(void)decode_exactly(span_of(line, at));
		}
	}
	free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_come_back_byte_for_byte),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(an_error_says_where_and_quotes_nothing),
		cmocka_unit_test(texts_have_a_longest_length),
		cmocka_unit_test(a_line_over_the_limit_is_refused),
		cmocka_unit_test(random_records_survive),
		cmocka_unit_test(changed_lines_are_refused_or_exact),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
