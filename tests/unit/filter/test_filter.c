#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/err.h"
#include "filter/filter.h"

#define HEAD "{\"time\":\"2026-11-25T03:00:00.000Z\""

static const char shop[] =
    HEAD ",\"event\":\"http.request\",\"client\":\"ip.abc\",\"forwarded\":[\"if.a\",\"if.b\"],"
	 "\"method\":\"GET\",\"path\":\"/shop/a \\\"b\\\"\",\"status\":404,\"bytes\":-5,"
	 "\"extra\":{\"zone\":\"eu\",\"size\":7},\"flags\":[\"peer_unix\",\"overlong\"]}";
static const char bare[] = HEAD ",\"state\":\"partial\"}";

static void
filters_match_as_said(void **state)
{
	static const struct {
		const char *claim, *filter, *line;
		bool match;
	} rows[] = {
		{ "a number by value", "status == 0404", shop, true },
		{ "another number", "status == 40", shop, false },
		{ "numbers are no texts", "status > 50", shop, true },
		{ "a negative number", "bytes < -4", shop, true },
		{ "the least number", "bytes > -9223372036854775808", shop, true },
		{ "less or equal", "status <= 404", shop, true },
		{ "less", "status < 404", shop, false },
		{ "greater or equal", "status >= 404", shop, true },
		{ "no blanks", "status>=400&&status<500", shop, true },
		{ "both must hold", "status >= 400 && method == POST", shop, false },
		{ "three terms", "status >= 400 && method == GET && path ^= /shop/", shop, true },
		{ "either", "status == 500 || method == GET", shop, true },
		{ "neither", "status == 500 || method == POST", shop, false },
		{ "&& binds tighter, left", "status == 500 && method == POST || bytes == -5", shop, true },
		{ "&& binds tighter, right", "bytes == -5 || status == 500 && method == POST", shop, true },
		{ "parentheses, left", "status == 500 && (method == POST || bytes == -5)", shop, false },
		{ "parentheses, right", "(bytes == -5 || status == 500) && method == POST", shop, false },
		{ "not", "!status == 500", shop, true },
		{ "not, but it is", "!status == 404", shop, false },
		{ "not not equal", "!status != 404", shop, true },
		{ "not both", "!(status == 404 && method == POST)", shop, true },
		{ "not both, but they are", "!(status == 404 && method == GET)", shop, false },
		{ "not any", "!(status == 500 || method == POST)", shop, true },
		{ "not any, but one is", "!(status == 500 || method == GET)", shop, false },
		{ "not not", "!!(!status == 500 || !(method == GET))", shop, true },
		{ "within within", "((!(bytes == 1||(status==404))||flags==overlong))", shop, true },
		{ "not less, of what is not there", "!status < 500", bare, true },
		{ "a bare word", "method == GET", shop, true },
		{ "a quoted text", "method == \"GET\"", shop, true },
		{ "escapes in quotes", "path == \"/shop/a \\\"b\\\"\"", shop, true },
		{ "prefix", "path ^= \"/shop\"", shop, true },
		{ "no prefix", "path ^= shop", shop, false },
		{ "contains", "path ~= hop/a", shop, true },
		{ "contains not", "path ~= xyz", shop, false },
		{ "everything contains nothing", "path ~= \"\"", shop, true },
		{ "not equal", "method != POST", shop, true },
		{ "not equal, but it is", "method != GET", shop, false },
		{ "texts have an order", "method < HEAD", shop, true },
		{ "a longer text is greater", "method > GE", shop, true },
		{ "any hop", "forwarded == if.b", shop, true },
		{ "no hop", "forwarded == if.c", shop, false },
		{ "no hop is", "forwarded != if.a", shop, false },
		{ "a flag", "flags == overlong", shop, true },
		{ "a flag that is not there", "flags == bad_utf8", shop, false },
		{ "without a flag", "flags != overlong", shop, false },
		{ "without that flag", "flags != bad_utf8", shop, true },
		{ "a flag by prefix", "flags ^= peer", shop, true },
		{ "a member's text", "extra == eu", shop, true },
		{ "a member's number", "extra >= 7", shop, true },
		{ "no member", "extra == us", shop, false },
		{ "the time", "time == 2026-11-25T03:00:00Z", shop, true },
		{ "the time with an offset", "time == \"2026-11-25T04:00:00+01:00\"", shop, true },
		{ "before", "time < 2026-11-25T03:00:00.001Z", shop, true },
		{ "after", "time > 2026-11-25T03:00:00Z", shop, false },
		{ "parsed is said by silence", "state == parsed", shop, true },
		{ "and its contrary", "state != parsed", shop, false },
		{ "partial", "state == partial", bare, true },
		{ "not parsed", "state != parsed", bare, true },
		{ "an absent number", "status < 500", bare, false },
		{ "an absent text", "path ~= \"\"", bare, false },
		{ "an absent list", "forwarded == x", bare, false },
		{ "absent is not equal", "status != 404", bare, true },
		{ "absent flags", "flags != overlong", bare, true },
	};
	static struct record_decoder dec;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;
		struct record r;
		struct err e;

		assert_int_equal(record_decode(&dec, span_str(rows[i].line), &r, &e), 0);
		if (filter_compile(rows[i].filter, &filter, &e) != 0)
			fail_msg("%s: %s", rows[i].claim, e.text);
		if (filter_match(filter, &r) != rows[i].match)
			fail_msg("%s: %s", rows[i].claim, rows[i].filter);
		filter_free(filter);
	}
}

static void
mistakes_name_their_column(void **state)
{
	static const struct {
		const char *filter, *text;
	} rows[] = {
		{ "", "column 1: a field name is missing" },
		{ "  ", "column 3: a field name is missing" },
		{ "statsu == 1", "column 1: no field of this name; did you mean status?" },
		{ "colourful == 1", "column 1: no field of this name" },
		{ "a_very_long_name_that_is_no_field == 1", "column 1: no field of this name" },
		{ "status = 1", "column 8: no operator = ; did you mean ==?" },
		{ "status", "column 7: an operator is missing: == != < <= > >= ^= ~=" },
		{ "status is 1", "column 8: an operator is missing: == != < <= > >= ^= ~=" },
		{ "status ^= 4", "column 8: ^= and ~= are for texts" },
		{ "time ~= 2026", "column 6: ^= and ~= are for texts" },
		{ "status == ", "column 11: a value is missing" },
		{ "status == abc", "column 11: this field takes a whole number" },
		{ "status == 1.5", "column 11: this field takes a whole number" },
		{ "status == 9223372036854775808", "column 11: this field takes a whole number" },
		{ "time > yesterday", "column 8: no RFC 3339 time, as 2026-11-25T03:00:00Z" },
		{ "path == \"abc", "column 9: the text does not end" },
		{ "path == \"\\", "column 10: the escapes are \\\" and \\\\" },
		{ "path == \"\\n\"", "column 10: the escapes are \\\" and \\\\" },
		{ "path == \"\xc3\xa4\" | status == 1", "column 13: terms are joined by && or ||" },
		{ "path == a path == b", "column 11: terms are joined by && or ||" },
		{ "path == a & path == b", "column 11: terms are joined by && or ||" },
		{ "path == a &&", "column 13: a field name is missing" },
		{ "path == a || ", "column 14: a field name is missing" },
		{ "|| path == a", "column 1: a field name is missing" },
		{ "()", "column 2: a field name is missing" },
		{ "!", "column 2: a field name is missing" },
		{ "status == 1 && (path == a", "column 16: this ( is not closed" },
		{ "(status == 1 path == a)", "column 14: terms are joined by && or ||" },
		{ "(status == 1))", "column 14: this ) closes nothing" },
		{ "!!!!!!!!!!!!!!!!!status == 1", "column 17: nested too deeply" },
		{ "flags == odd", "column 10: no flag of this name" },
		{ "state == fine", "column 10: the states are parsed, partial and unparsed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;
		struct err e = { 0 };

		assert_int_equal(filter_compile(rows[i].filter, &filter, &e), -1);
		assert_null(filter);
		assert_int_equal(e.code, ERR_USAGE);
		assert_string_equal(e.text, rows[i].text);
	}
}

static void
terms_have_a_bound(void **state)
{
	char text[1024] = "status == 1";
	struct filter *filter = NULL;
	struct err e;

	for (int i = 1; i < 32; i++)
		strcat(text, " && status == 1");
	assert_int_equal(filter_compile(text, &filter, &e), 0);
	filter_free(filter);
	strcat(text, " && status == 1");
	assert_int_equal(filter_compile(text, &filter, &e), -1);
	assert_string_equal(e.text, "column 481: too many terms");
}

#define BIT(n) ((bits >> (n) & 1) != 0)

/* All of !a J !(b J c) and !(a J b) J !c, where each term holds or not, each ! and J may be there, or be the other one. */
static void
joins_are_those_of_c(void **state)
{
	static struct record_decoder dec;
	struct record r;
	struct err e;

	assert_int_equal(record_decode(&dec, span_str(shop), &r, &e), 0);
	for (unsigned bits = 0; bits < 1u << 8; bits++) {
		bool a = BIT(0), b = BIT(1), c = BIT(2), left = BIT(3) ? !a : a;
		bool inner = BIT(4) ? b || c : b && c, right = BIT(5) ? !inner : inner;
		bool want = BIT(6) ? left || right : left && right;
		struct filter *filter = NULL;
		char one[64], two[96], text[256];

		(void)snprintf(one, sizeof(one), "%sstatus == %d", BIT(3) ? "!" : "", a ? 404 : 1);
		(void)snprintf(two, sizeof(two), "%s(status == %d %s status == %d)", BIT(5) ? "!" : "",
		    b ? 404 : 1, BIT(4) ? "||" : "&&", c ? 404 : 1);
		(void)snprintf(text, sizeof(text), "%s %s %s", BIT(7) ? one : two,
		    BIT(6) ? "||" : "&&", BIT(7) ? two : one);
		assert_int_equal(filter_compile(text, &filter, &e), 0);
		if (filter_match(filter, &r) != want)
			fail_msg("%s", text);
		filter_free(filter);
	}
}

static void
a_caret_stands_under_the_mistake(void **state)
{
	static const struct {
		const char *filter, *shown;
	} rows[] = {
		{ "status = 1", "status = 1\n       ^\n" },
		{ "path == \xc3\xa4\t&& x", "path == \xc3\xa4 && x\n             ^\n" },
		{ "path\x1b == 1", "path? == 1\n    ^\n" },
		{ "", "\n^\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;
		struct buf out = { 0 };
		struct err e;

		assert_int_equal(filter_compile(rows[i].filter, &filter, &e), -1);
		(void)err_in(&e, "--where");
		filter_caret(rows[i].filter, &e, &out);
		assert_true(buf_ok(&out));
		assert_string_equal(out.data, rows[i].shown);
		buf_free(&out);
	}
}

static void
a_template_has_no_literals(void **state)
{
	static const struct {
		const char *filter, *kept;
	} rows[] = {
		{ "status >= 500", "status >= ?" },
		{ "path^=\"/u/erika mustermann\"", "path^=?" },
		{ "user == erika&&!(status<200||client==ip.abcdefghijklmnop)",
		    "user == ?&&!(status<?||client==ip.abcdefghijklmnop)" },
		{ "client == \"ip.abcdefghijklmno2\"", "client == ip.abcdefghijklmno2" },
		{ "client == ip.abcdefghijklmno1", "client == ?" },
		{ "client == ip.abcdefghijklmnopq", "client == ?" },
		{ "agent ~= \"a \\\" && b == \\\\\"\t|| bot==1", "agent ~= ? || bot==?" },
		{ "time < 2026-11-25T03:00:00Z", "time < ?" },
		{ "path == \"\"", "path == ?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter *filter = NULL;
		struct buf out = { 0 };
		struct err e = { ERR_NONE, "" };

		if (filter_compile(rows[i].filter, &filter, &e) == -1)
			fail_msg("%s: %s", rows[i].filter, e.text);
		filter_template(rows[i].filter, &out);
		assert_string_equal(out.data, rows[i].kept);
		filter_free(filter);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_match_as_said),
		cmocka_unit_test(joins_are_those_of_c),
		cmocka_unit_test(mistakes_name_their_column),
		cmocka_unit_test(terms_have_a_bound),
		cmocka_unit_test(a_caret_stands_under_the_mistake),
		cmocka_unit_test(a_template_has_no_literals),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
