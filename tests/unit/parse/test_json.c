/* Each leaf with its names; what is no JSON is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "parse/event.h"
#include "parse/json/json.h"
#include "parse/parse.h"

struct seen {
	struct buf text;
	unsigned count, stop_at;
};

static bool
note(void *arg, const struct parse_json_leaf *leaf)
{
	static const char types[] = "snTFNE";
	struct seen *seen = arg;

	buf_fmt(&seen->text, "%s%.*s%s=%c", seen->text.len == 0 ? "" : " ", (int)leaf->path.len,
	    leaf->path.ptr, leaf->path_cut ? "+" : "", types[leaf->type]);
	if (leaf->type == PARSE_JSON_STRING || leaf->type == PARSE_JSON_NUMBER)
		buf_span(&seen->text, leaf->text);
	if (leaf->escaped)
		buf_char(&seen->text, '!');
	return (++seen->count != seen->stop_at);
}

/* In memory of its own, so that a read behind it is seen. */
static enum parse_json_result
walk(struct span text, struct seen *seen)
{
	char *copy = malloc(text.len + 1);
	enum parse_json_result result;

	assert_non_null(copy);
	memcpy(copy, text.ptr, text.len);
	copy = realloc(copy, text.len == 0 ? 1 : text.len);
	result = parse_json_walk(span_of(copy, text.len), note, seen);
	free(copy);
	return (result);
}

static void
leaves_have_all_their_names(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} rows[] = {
		{ "members", "{\"a\":\"b\",\"c\":1}", "a=sb c=n1" },
		{ "blanks", " {\t\"a\" :\r\n \"b\" , \"c\": 1 } \n", "a=sb c=n1" },
		{ "words", "{\"a\":true,\"b\":false,\"c\":null}", "a=T b=F c=N" },
		{ "objects in objects", "{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}", "a.b.c=n1 a.d=n2 e=n3" },
		{ "a dot in a name is a level", "{\"a.b\":{\"c\":1}}", "a.b.c=n1" },
		{ "arrays", "{\"a\":[1,\"x\",[2,[]]],\"b\":0}", "a[]=n1 a[]=sx a[][]=n2 a[][]=E b=n0" },
		{ "objects in arrays", "[{\"a\":1},{\"a\":[{\"b\":2}]}]", "[].a=n1 [].a[].b=n2" },
		{ "empty ones", "{\"a\":{},\"b\":[],\"c\":[{}]}", "a=E b=E c[]=E" },
		{ "nothing in it", "{}", "=E" },
		{ "a text alone", "\"x\"", "=sx" },
		{ "a number alone", "-0.5e+10", "=n-0.5e+10" },
		{ "an empty name", "{\"\":{\"\":1}}", "=n1" },
		{ "a name with escapes", "{\"a\\u0062\\n\":1}", "ab\n=n1" },
		{ "a text with escapes stays", "{\"a\":\"x\\\"y\\\\\"}", "a=sx\\\"y\\\\!" },
		{ "numbers stay as they are", "[123456789012345678901234567890,1E400]",
		    "[]=n123456789012345678901234567890 []=n1E400" },
		{ "names that come twice", "{\"a\":1,\"a\":2}", "a=n1 a=n2" },
		{ "long texts", "{\"abcdefghijklmnopqrstuvwxyz\":\"abcdefghijklmnopqrstuvwxyz0123456789\"}",
		    "abcdefghijklmnopqrstuvwxyz=sabcdefghijklmnopqrstuvwxyz0123456789" },
		{ "UTF-8", "{\"\xc3\xa4\":\"\xf0\x9f\x98\x80 \xe2\x82\xac\"}",
		    "\xc3\xa4=s\xf0\x9f\x98\x80 \xe2\x82\xac" },
		{ "a byte order mark", "\xef\xbb\xbf{\"a\":1}", "a=n1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { .count = 0 };

		if (walk(span_str(rows[i].in), &seen) != PARSE_JSON_OK)
			fail_msg("%s: refused", rows[i].claim);
		buf_char(&seen.text, '\0');
		if (strcmp(seen.text.data, rows[i].out) != 0)
			fail_msg("%s: %s, not %s", rows[i].claim, seen.text.data, rows[i].out);
		buf_free(&seen.text);
	}
}

static void
what_is_no_json_is_refused(void **state)
{
	static const struct {
		struct span in;
		enum parse_json_result result;
	} rows[] = {
		{ SPAN(""), PARSE_JSON_SYNTAX },
		{ SPAN(" "), PARSE_JSON_SYNTAX },
		{ SPAN("{"), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\""), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\":"), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\":1"), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\":1,}"), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\" 1}"), PARSE_JSON_SYNTAX },
		{ SPAN("{a:1}"), PARSE_JSON_SYNTAX },
		{ SPAN("{'a':1}"), PARSE_JSON_SYNTAX },
		{ SPAN("{\"a\":1]"), PARSE_JSON_SYNTAX },
		{ SPAN("[1}"), PARSE_JSON_SYNTAX },
		{ SPAN("[1 2]"), PARSE_JSON_SYNTAX },
		{ SPAN("[1,]"), PARSE_JSON_SYNTAX },
		{ SPAN("[,1]"), PARSE_JSON_SYNTAX },
		{ SPAN("{} {}"), PARSE_JSON_SYNTAX },
		{ SPAN("{}x"), PARSE_JSON_SYNTAX },
		{ SPAN("1 2"), PARSE_JSON_SYNTAX },
		{ SPAN("01"), PARSE_JSON_SYNTAX },
		{ SPAN("1."), PARSE_JSON_SYNTAX },
		{ SPAN(".1"), PARSE_JSON_SYNTAX },
		{ SPAN("-"), PARSE_JSON_SYNTAX },
		{ SPAN("+1"), PARSE_JSON_SYNTAX },
		{ SPAN("1e"), PARSE_JSON_SYNTAX },
		{ SPAN("0x10"), PARSE_JSON_SYNTAX },
		{ SPAN("NaN"), PARSE_JSON_SYNTAX },
		{ SPAN("Infinity"), PARSE_JSON_SYNTAX },
		{ SPAN("nul"), PARSE_JSON_SYNTAX },
		{ SPAN("truex"), PARSE_JSON_SYNTAX },
		{ SPAN("\"a"), PARSE_JSON_SYNTAX },
		{ SPAN("\"a\\"), PARSE_JSON_SYNTAX },
		{ SPAN("\"a\\\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"\\x41\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"\\u12g4\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"\\u12\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"\\\0\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"a\tb\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"a\0b\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"abcdefgh\nbcdefghi\""), PARSE_JSON_SYNTAX },
		{ SPAN("\"\xff\""), PARSE_JSON_UTF8 },
		{ SPAN("\"\xc0\xaf\""), PARSE_JSON_UTF8 },
		{ SPAN("\"\xed\xa0\x80\""), PARSE_JSON_UTF8 },
		{ SPAN("\"\xf4\x90\x80\x80\""), PARSE_JSON_UTF8 },
		{ SPAN("\"\xe2\x82\""), PARSE_JSON_UTF8 },
		{ SPAN("\"\xe2"), PARSE_JSON_UTF8 },
		{ SPAN("{\"\x80\":1}"), PARSE_JSON_UTF8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { .count = 0 };
		enum parse_json_result result = walk(rows[i].in, &seen);

		if (result != rows[i].result)
			fail_msg("%.*s: %d", (int)rows[i].in.len, rows[i].in.ptr, result);
		buf_free(&seen.text);
	}
}

static void
depth_has_a_limit(void **state)
{
	char text[4 * PARSE_JSON_DEPTH_MAX + 8];

	for (unsigned depth = 1; depth <= PARSE_JSON_DEPTH_MAX + 1; depth++) {
		struct seen seen = { .count = 0 };

		memset(text, '[', depth);
		text[depth] = '1';
		memset(text + depth + 1, ']', depth);
		assert_int_equal(walk(span_of(text, 2 * depth + 1), &seen),
		    depth <= PARSE_JSON_DEPTH_MAX ? PARSE_JSON_OK : PARSE_JSON_DEEP);
		buf_free(&seen.text);
	}
}

/* A path that is too long is cut, and says so, at every length around the limit. */
static void
long_names_are_cut(void **state)
{
	static char text[70000], want[PARSE_JSON_PATH_BYTES + 32];

	for (size_t len = PARSE_JSON_PATH_BYTES - 6; len < 66000; len = len < 600 ? len + 1 : 65990) {
		struct seen seen = { .count = 0 };
		bool cut = len + 2 > PARSE_JSON_PATH_BYTES;
		size_t kept = cut ? PARSE_JSON_PATH_BYTES : len + 2;
		int n = snprintf(text, sizeof(text), "{\"");

		memset(text + n, 'x', len);
		snprintf(text + (size_t)n + len, 64, "\":{\"y\":1},\"z\":2}");
		memset(want, 'x', len < kept ? len : kept);
		if (kept > len)
			memcpy(want + len, ".y", kept - len);
		snprintf(want + kept, 32, "%s=n1 z=n2", cut ? "+" : "");
		assert_int_equal(walk(span_str(text), &seen), PARSE_JSON_OK);
		buf_char(&seen.text, '\0');
		assert_string_equal(seen.text.data, want);
		buf_free(&seen.text);
		if (len == 65990)
			break;
	}
}

static void
a_walk_can_be_stopped(void **state)
{
	struct seen seen = { .stop_at = 2 };

	assert_int_equal(walk(span_str("[1,2,3"), &seen), PARSE_JSON_STOPPED);
	assert_int_equal(seen.count, 2);
	buf_free(&seen.text);
}

static void
every_cut_is_refused(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\\n\":\"\xc3\xa4x\"},-1.5e3,true,null],\"c\":{}}";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct seen seen = { .count = 0 };

		assert_true(walk(span_of(text, len), &seen) != PARSE_JSON_OK);
		buf_free(&seen.text);
	}
}

static void
escapes_mean_bytes(void **state)
{
	static const struct {
		const char *in, *out;
		bool whole;
	} rows[] = {
		{ "", "", true },
		{ "plain", "plain", true },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", true },
		{ "\\u0041\\u00e4\\u20AC", "A\xc3\xa4\xe2\x82\xac", true },
		{ "\\ud83d\\ude00!", "\xf0\x9f\x98\x80!", true },
		{ "\\ud83d!", "\xef\xbf\xbd!", false },
		{ "\\ude00", "\xef\xbf\xbd", false },
		{ "\\ud83d\\u0041", "\xef\xbf\xbd" "A", false },
		{ "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80", false },
		/* No walk lets these through; the lines of a format string had none. */
		{ "\\u00g1\\uzzzz\\u//::", "\\u00g1\\uzzzz\\u//::", true },
		{ "\\ud83d\\ude0!", "\xef\xbf\xbd\\ude0!", false },
		{ "\\x4\\x41\\x4g", "\\x4A\\x4g", true },
		{ "a\\u00", "a\\u00", true },
		{ "a\\", "a\\", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = span_str(rows[i].in), got;
		char *room = malloc(in.len + 1), *at = room;
		bool whole = true;

		got = parse_json_unescape(in, &at, &whole);
		if (!span_is(got, rows[i].out) || whole != rows[i].whole || at != room + got.len)
			fail_msg("%s: %.*s", rows[i].in, (int)got.len, got.ptr);
		free(room);
	}
}

/* A map is for the formats that look members up, and for no other. */
static void
formats_with_members_look_them_up(void **state)
{
	static char memory[PARSE_SCRATCH_BYTES];

	(void)state;
	for (size_t i = 0; i < parse_format_count; i++) {
		struct span rest = span_str(parse_formats[i].sample);
		struct parser parser = { .format = &parse_formats[i] };
		struct parse_state reading;
		enum parse_reason reason;
		struct event ev;

		parse_begin(&reading, &parser, 0);
		while (rest.len > 0) {
			size_t len = span_find(rest, '\n');

			(void)parse_line(&reading, span_of(rest.ptr, len), memory, &ev, &reason);
			rest = span_from(rest, len + 1);
		}
		if ((reading.json.format != NULL) != parse_formats[i].members)
			fail_msg("%s", parse_formats[i].name);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_have_all_their_names),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(a_walk_can_be_stopped),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(escapes_mean_bytes),
		cmocka_unit_test(formats_with_members_look_them_up),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
