#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/canon.h"

static const struct {
	const char *claim;
	const char *in, *out;
	enum detect_canon_result result;
	bool plus;
} rows[] = {
	{ "plain text stays where it is", "/index.html", "/index.html", DETECT_CANON_SAME, false },
	{ "no text is no work", "", "", DETECT_CANON_SAME, false },
	{ "a plus in a path is a plus", "/a+b", "/a+b", DETECT_CANON_SAME, false },
	{ "a plus in a query is a blank", "a+b", "a b", DETECT_CANON_DECODED, true },
	{ "an encoded plus is never a blank", "bob.k%2Bnews%40example.org",
	    "bob.k+news@example.org", DETECT_CANON_DECODED, true },
	{ "percent", "bob.k%40example.org", "bob.k@example.org", DETECT_CANON_DECODED, false },
	{ "percent twice", "bob.k%2540example.org", "bob.k@example.org", DETECT_CANON_DECODED, false },
	{ "percent three times", "bob.k%252540example.org", "bob.k@example.org",
	    DETECT_CANON_DECODED, false },
	{ "percent four times", "%25252540", "@", DETECT_CANON_DECODED, false },
	{ "percent five times does not settle", "%2525252540", NULL, DETECT_CANON_UNSETTLED, false },
	{ "every byte", "%62%6f%62%2e%6b", "bob.k", DETECT_CANON_DECODED, false },
	{ "%u", "%u0040%U0041%u20AC", "@A\xe2\x82\xac", DETECT_CANON_DECODED, false },
	{ "a pair of %u", "%uD83D%uDE00", "\xf0\x9f\x98\x80", DETECT_CANON_DECODED, false },
	{ "half a pair", "%uD83Dx", "%uD83Dx", DETECT_CANON_MALFORMED, false },
	{ "the other half", "%uDE00", "%uDE00", DETECT_CANON_MALFORMED, false },
	{ "decimal entity", "bob.k%26%2364%3Bexample.org", "bob.k@example.org",
	    DETECT_CANON_DECODED, false },
	{ "hexadecimal entity", "a&#x40;b", "a@b", DETECT_CANON_DECODED, false },
	{ "entity without its semicolon", "a&#64b", "a@b", DETECT_CANON_DECODED, false },
	{ "named entity", "a&commat;b&period;c", "a@b.c", DETECT_CANON_DECODED, false },
	{ "entity in an entity", "a&amp;#64;b", "a@b", DETECT_CANON_DECODED, false },
	{ "an entity beyond Unicode stays", "&#x110000;", "&#x110000;", DETECT_CANON_SAME, false },
	{ "an entity of a surrogate stays", "&#xD800;", "&#xD800;", DETECT_CANON_SAME, false },
	{ "ampersands of a query stay", "a=1&b=2", "a=1&b=2", DETECT_CANON_SAME, false },
	{ "JSON escape", "bob.k\\u0040example.org", "bob.k@example.org", DETECT_CANON_DECODED, false },
	{ "JSON in JSON", "\\\\u0040\\\"", "@\"", DETECT_CANON_DECODED, false },
	{ "JSON pair", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", DETECT_CANON_DECODED, false },
	{ "hexadecimal escape", "a\\x40b", "a@b", DETECT_CANON_DECODED, false },
	{ "a Windows path stays", "C:\\users\\xavier", "C:\\users\\xavier", DETECT_CANON_SAME, false },
	{ "a lone percent", "100%", "100%", DETECT_CANON_MALFORMED, false },
	{ "half a percent", "a%4", "a%4", DETECT_CANON_MALFORMED, false },
	{ "no hex", "a%zz%40", "a%zz@", DETECT_CANON_MALFORMED, false },
	{ "hex split by a fault", "%%34%30", "@", DETECT_CANON_MALFORMED, false },
	{ "an encoded percent is no fault", "100%25", "100%", DETECT_CANON_DECODED, false },
	{ "NUL", "a%00b", NULL, DETECT_CANON_MALFORMED, false },
	{ "overlong dot", "a%c0%aeb", "a\xc0\xae" "b", DETECT_CANON_MALFORMED, false },
	{ "Latin-1", "m%fcller", "m\xfcller", DETECT_CANON_MALFORMED, false },
	{ "UTF-8", "m%c3%bcller", "m\xc3\xbcller", DETECT_CANON_DECODED, false },
};

static void
canonical_form(void **state)
{
	char memory[256];
	struct span out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = span_str(rows[i].in);
		enum detect_canon_result result = detect_canon(in, rows[i].plus, memory,
		    2 * in.len, &out);

		if (result != rows[i].result || (rows[i].out != NULL && !span_is(out, rows[i].out)))
			print_error("%s: %d \"%.*s\"\n", rows[i].claim, (int)result, (int)out.len,
			    out.ptr);
		assert_int_equal(result, rows[i].result);
		if (rows[i].out != NULL)
			assert_true(span_is(out, rows[i].out));
		if (result == DETECT_CANON_SAME)
			assert_ptr_equal(out.ptr, in.ptr);
		assert_true(out.len <= in.len);
	}
}

/* What is settled decodes to itself. */
static void
canonical_is_idempotent(void **state)
{
	char memory[256], again[256];
	struct span out, twice;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = span_str(rows[i].in);

		if (detect_canon(in, false, memory, sizeof(memory), &out) != DETECT_CANON_DECODED)
			continue;
		assert_true(detect_canon(out, false, again, sizeof(again), &twice) != DETECT_CANON_DECODED);
		assert_true(span_equal(out, twice));
	}
}

static void
canonical_marks_at_every_place(void **state)
{
	char text[40], memory[80];
	struct span out;

	for (size_t len = 3; len <= sizeof(text); len++)
		for (size_t at = 0; at + 3 <= len; at++) {
			memset(text, 'a', sizeof(text));
			memcpy(text + at, "%40", 3);
			assert_int_equal(detect_canon(span_of(text, len), false, memory,
			    sizeof(memory), &out), DETECT_CANON_DECODED);
			assert_int_equal(out.len, len - 2);
			assert_int_equal(out.ptr[at], '@');
		}
}

static void
canonical_needs_room(void **state)
{
	struct span in = SPAN("a%40b"), out;
	char memory[4];

	assert_int_equal(detect_canon(in, false, memory, sizeof(memory), &out),
	    DETECT_CANON_UNSETTLED);
}

static void
fold(void **state)
{
	static const struct {
		const char *claim, *in, *out;
	} folds[] = {
		{ "capitals", "Bob.K@EXAMPLE.org", "bob.k@example.org" },
		{ "full-width digits", "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.7", "203.0.113.7" },
		{ "full-width letters", "\xef\xbc\xa1\xef\xbd\x81\xef\xbd\x9e", "aa~" },
		{ "full-width at", "bob.k\xef\xbc\xa0" "example.org", "bob.k@example.org" },
		{ "ideographic stops", "203\xe3\x80\x82" "0\xe3\x80\x82" "113\xe3\x80\x82" "7",
		    "203.0.113.7" },
		{ "half-width stop", "a\xef\xbd\xa1" "b", "a.b" },
		{ "small forms", "a\xef\xb9\xab" "b\xef\xb9\x92" "c", "a@b.c" },
		{ "other letters stay", "m\xc3\xbcller", "m\xc3\xbcller" },
		{ "cut sequences stay", "a\xef\xbc", "a\xef\xbc" },
		{ "half-width katakana stay", "\xef\xbd\xb1", "\xef\xbd\xb1" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		size_t len = detect_canon_fold(span_str(folds[i].in), out);

		if (!span_is(span_of(out, len), folds[i].out))
			print_error("%s: %.*s\n", folds[i].claim, (int)len, out);
		assert_true(span_is(span_of(out, len), folds[i].out));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_form),
		cmocka_unit_test(canonical_is_idempotent),
		cmocka_unit_test(canonical_marks_at_every_place),
		cmocka_unit_test(canonical_needs_room),
		cmocka_unit_test(fold),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
