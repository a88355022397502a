/* json: our lines out, and strictly back in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/json.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
quoting_is_canonical(void **unused)
{
	static const struct {
		const char *claim;
		struct span in;
		const char *out;
	} rows[] = {
		{ "nothing", SPAN(""), "\"\"" },
		{ "plain text", SPAN("/a?b=c d~"), "\"/a?b=c d~\"" },
		{ "quote and backslash", SPAN("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ "a slash stays", SPAN("</script>"), "\"</script>\"" },
		{ "short escapes", SPAN("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ "other controls", SPAN("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"" },
		{ "two bytes", SPAN("\xc3\xa9"), "\"\\u00e9\"" },
		{ "three bytes", SPAN("\xe2\x82\xac"), "\"\\u20ac\"" },
		{ "four bytes", SPAN("\xf0\x9f\x98\x80"), "\"\\ud83d\\ude00\"" },
		{ "the last one", SPAN("\xf4\x8f\xbf\xbf"), "\"\\udbff\\udfff\"" },
		{ "each bad byte",
		    SPAN("a\xff\xc0\x80"
			 "b"),
		    "\"a\\ufffd\\ufffd\\ufffdb\"" },
		{ "a surrogate is three bad bytes", SPAN("\xed\xa0\x80"),
		    "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "cut at the end", SPAN("x\xe2\x82"), "\"x\\ufffd\\ufffd\"" },
		{ "cut by a letter",
		    SPAN("\xe2"
			 "ab"),
		    "\"\\ufffdab\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };

		json_quote(&b, rows[i].in);
		if (!span_is(buf_view(&b), rows[i].out))
			fail_msg("%s: %s", rows[i].claim, b.data);
		buf_free(&b);
	}
}

static void
objects_have_commas_between(void **unused)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	json_str(&b, "s", (struct span)SPAN("{"));
	json_u64(&b, "n", UINT64_MAX);
	json_bool(&b, "t", true);
	json_bool(&b, "f", false);
	json_key(&b, "o");
	buf_char(&b, '{');
	json_u64(&b, "x", 0);
	buf_char(&b, '}');
	json_counts(&b, "c", (const char *const[]){ "a", "b", "d" }, (const uint64_t[]){ 7, 0, 8 }, 3);
	json_counts(&b, "none", (const char *const[]){ "a" }, (const uint64_t[]){ 0 }, 1);
	buf_char(&b, '}');
	assert_string_equal(b.data,
	    "{\"s\":\"{\",\"n\":18446744073709551615,\"t\":true,"
	    "\"f\":false,\"o\":{\"x\":0},\"c\":{\"a\":7,\"d\":8},\"none\":{}}");
	buf_free(&b);
}

#define NEST4(x) "[[[[" x "]]]]"
#define NEST16(x) NEST4(NEST4(NEST4(NEST4(x))))

static void
values_are_accepted_by_type(void **unused)
{
	static const struct {
		const char *in;
		enum json_type type;
		int64_t number;
	} rows[] = {
		{ "{}", JSON_OBJECT, 0 },
		{ "[]", JSON_ARRAY, 0 },
		{ "\"\"", JSON_STRING, 0 },
		{ "0", JSON_INT, 0 },
		{ "-0", JSON_INT, 0 },
		{ "-12", JSON_INT, -12 },
		{ "9007199254740991", JSON_INT, INT64_C(9007199254740991) },
		{ "-9007199254740991", JSON_INT, -INT64_C(9007199254740991) },
		{ "true", JSON_TRUE, 0 },
		{ "false", JSON_FALSE, 0 },
		{ "null", JSON_NULL, 0 },
		{ "{ \"a\" : [ 1 ,\t2\r\n] , \"b\":{} }", JSON_OBJECT, 0 },
		{ "\"\\u00e9\\ud83d\\uDE00\\/\\\"\"", JSON_STRING, 0 },
		{ "\"raw \xc3\xa9 and \x7f\"", JSON_STRING, 0 },
		{ NEST16(""), JSON_ARRAY, 0 },
		{ NEST16("1"), JSON_ARRAY, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_value v;
		struct err e = { ERR_NONE, "" };

		if (json_parse(span_str(rows[i].in), &v, &e) != 0)
			fail_msg("%s: %s", rows[i].in, e.text);
		assert_int_equal(v.type, rows[i].type);
		assert_int_equal(v.number, rows[i].number);
		assert_true(span_is(v.raw, rows[i].in));
	}
}

static const struct {
	struct span in;
	const char *text;
} bad[] = {
	{ SPAN(""), "json: byte 0: not a value" },
	{ SPAN(" 1"), "json: byte 0: not a value" },
	{ SPAN("1 "), "json: byte 1: bytes behind the value" },
	{ SPAN("{}{}"), "json: byte 2: bytes behind the value" },
	{ SPAN("{}\0"), "json: byte 2: bytes behind the value" },
	{ SPAN("\0"), "json: byte 0: not a value" },
	{ SPAN("nul"), "json: byte 0: not a value" },
	{ SPAN("NaN"), "json: byte 0: not a value" },
	{ SPAN("Infinity"), "json: byte 0: not a value" },
	{ SPAN("-"), "json: byte 1: not a value" },
	{ SPAN("+1"), "json: byte 0: not a value" },
	{ SPAN("01"), "json: byte 1: a number with a leading zero" },
	{ SPAN("1.5"), "json: byte 1: a number that is no integer" },
	{ SPAN("1e3"), "json: byte 1: a number that is no integer" },
	{ SPAN("9007199254740992"), "json: byte 15: a number of 2^53 or more" },
	{ SPAN("99999999999999999999999"), "json: byte 15: a number of 2^53 or more" },
	{ SPAN("\"a"), "json: byte 2: a string without end" },
	{ SPAN("\"a\nb\""), "json: byte 2: a control character in a string" },
	{ SPAN("\"a\0b\""), "json: byte 2: a control character in a string" },
	{ SPAN("\"\\"), "json: byte 1: a bad escape" },
	{ SPAN("\"\\x41\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\u12\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\u12g4\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\ud83d\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\ud83d\\u0041\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\ude00\\ud83d\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\\ud83dxxde00\""), "json: byte 1: a bad escape" },
	{ SPAN("\"\xff\""), "json: byte 2: a string that is no UTF-8" },
	{ SPAN("{"), "json: byte 1: not a string" },
	{ SPAN("{1:2}"), "json: byte 1: not a string" },
	{ SPAN("{\"a\"}"), "json: byte 4: no colon behind a key" },
	{ SPAN("{\"a\":}"), "json: byte 5: not a value" },
	{ SPAN("{\"a\":1,}"), "json: byte 7: not a string" },
	{ SPAN("{\"a\":1]"), "json: byte 6: neither a comma nor an end" },
	{ SPAN("[1,]"), "json: byte 3: not a value" },
	{ SPAN("[1 2]"), "json: byte 3: neither a comma nor an end" },
	{ SPAN("[1"), "json: byte 2: neither a comma nor an end" },
	{ SPAN("[,1]"), "json: byte 1: not a value" },
	{ SPAN("[1}"), "json: byte 2: neither a comma nor an end" },
	{ SPAN(NEST16("[]")), "json: byte 16: too deep" },
	{ SPAN(NEST16("{}")), "json: byte 16: too deep" },
};

static void
the_rest_is_refused_with_its_place(void **unused)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct json_value v = { .type = JSON_NULL };
		struct err e = { ERR_NONE, "" };
		char *exact = malloc(bad[i].in.len + (bad[i].in.len == 0));

		assert_non_null(exact);
		memcpy(exact, bad[i].in.ptr, bad[i].in.len);
		assert_int_equal(json_parse(span_of(exact, bad[i].in.len), &v, &e), -1);
		assert_int_equal(e.code, ERR_INCOMPLETE);
		assert_string_equal(e.text, bad[i].text);
		assert_int_equal(v.type, JSON_NULL);
		free(exact);
	}
}

/* Whatever prefix of a good line: refused, and nothing past it is read. */
static void
every_prefix_is_refused(void **unused)
{
	static const char line[] = "{\"a\":\"x\\u00e9\\ud83d\\ude00\",\"b\":[1,-2,true,"
				   "null,{\"c\":{}}],\"d\":9007199254740991}";

	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		struct json_value v;
		char *exact = malloc(len + (len == 0));

		assert_non_null(exact);
		memcpy(exact, line, len);
		assert_int_equal(json_parse(span_of(exact, len), &v, NULL), -1);
		free(exact);
	}
}

static void
a_cursor_walks_members_and_items(void **unused)
{
	static const char text[] = "{ \"a\": 1, \"b\" :[\"x\", [2], {}] ,\"\\u0063\":\"y\\n\"}";
	struct json_value v, member, item;
	struct json_cursor c, inner;
	struct span key;

	assert_int_equal(json_parse(span_str(text), &v, NULL), 0);
	json_open(&c, &v);
	assert_true(json_next(&c, &key, &member));
	assert_true(span_is(key, "a") && member.type == JSON_INT && member.number == 1);
	assert_true(json_next(&c, &key, &member));
	assert_true(span_is(key, "b") && span_is(member.raw, "[\"x\", [2], {}]"));
	json_open(&inner, &member);
	assert_true(json_next(&inner, NULL, &item) && span_is(item.text, "x"));
	assert_true(json_next(&inner, NULL, &item) && span_is(item.raw, "[2]"));
	assert_true(json_next(&inner, NULL, &item) && item.type == JSON_OBJECT);
	json_open(&inner, &item);
	assert_false(json_next(&inner, &key, &item));
	assert_int_equal(item.type, JSON_END);
	assert_true(json_next(&c, &key, &member));
	assert_true(span_is(key, "\\u0063") && span_is(member.text, "y\\n"));
	assert_false(json_next(&c, &key, &member));
	assert_false(json_next(&c, &key, &member));
	json_open(&c, &item);
	assert_false(json_next(&c, &key, &member));
}

static void
members_are_found_by_name(void **unused)
{
	static const char text[] = "{\"n\":7,\"s\":\"x\\ty\",\"neg\":-1,\"\\u0065\\u0073c\":2,"
				   "\"n\":8,\"o\":{\"in\":1}}";
	struct json_value v, o;
	struct span s = { NULL, 0 };
	uint64_t n = 0;

	assert_int_equal(json_parse(span_str(text), &v, NULL), 0);
	assert_true(json_get_u64(&v, "n", &n) && n == 7);
	assert_true(json_get_u64(&v, "esc", &n) && n == 2);
	assert_true(json_get_str(&v, "s", &s) && span_is(s, "x\\ty"));
	assert_true(json_get(&v, "o", &o) && json_get_u64(&o, "in", &n) && n == 1);
	assert_false(json_get(&v, "in", &o));
	assert_false(json_get(&v, "", &o));
	assert_false(json_get_u64(&v, "neg", &n));
	assert_false(json_get_u64(&v, "s", &n));
	assert_false(json_get_str(&v, "n", &s));
	assert_true(json_get(&v, "n", &o));
	assert_false(json_get(&o, "n", &v));
}

static void
unescape_undoes_quote(void **unused)
{
	struct buf plain = { 0 }, quoted = { 0 }, back = { 0 };
	struct json_value v;

	for (uint32_t c = 0; c < 128; c++)
		buf_char(&plain, (char)c);
	buf_str(&plain, "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	json_quote(&quoted, buf_view(&plain));
	assert_int_equal(json_parse(buf_view(&quoted), &v, NULL), 0);
	assert_int_equal(json_unescape(v.text, &back), 0);
	assert_true(span_equal(buf_view(&plain), buf_view(&back)));
	assert_int_equal(json_unescape((struct span)SPAN("lost\\q"), &back), -1);
	assert_true(span_equal(buf_view(&plain), buf_view(&back)));
	assert_int_equal(json_unescape((struct span)SPAN("\\/"), &back), 0);
	assert_int_equal(back.data[back.len - 1], '/');
	buf_free(&plain);
	buf_free(&quoted);
	buf_free(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoting_is_canonical),
		cmocka_unit_test(objects_have_commas_between),
		cmocka_unit_test(values_are_accepted_by_type),
		cmocka_unit_test(the_rest_is_refused_with_its_place),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(a_cursor_walks_members_and_items),
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(unescape_undoes_quote),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
