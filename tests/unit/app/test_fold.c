/* Lines of a report: what is wider than a terminal is broken between words, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/fold.h"
#include "base/buf.h"

#define COLUMNS 20

static const struct {
	const char *claim;
	const char *in, *out;
} rows[] = {
	{ "nothing stays nothing", "", "" },
	{ "what fits stays, to the last place", "12345678901234567 90\n\nab\n",
	    "12345678901234567 90\n\nab\n" },
	{ "one more is broken, and goes on two further in", "good: one two three four five\n",
	    "good: one two three\n  four five\n" },
	{ "a line within another's goes on within it", "  stays: one segment of two\n",
	    "  stays: one segment\n    of two\n" },
	{ "behind a name the text stays below itself", "advice  clock: nobody keeps it\n",
	    "advice  clock:\n        nobody keeps\n        it\n" },
	{ "a text without an end has none then", "good: one two three four",
	    "good: one two three\n  four" },
	{ "characters are counted, not bytes",
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6 12345678 0\n",
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6 12345678 0\n" },
	{ "a line with a word that has no place is copied", "line: a cretula/2ad8e8ee05247d91 b\n",
	    "line: a cretula/2ad8e8ee05247d91 b\n" },
	{ "so is what stands far in", "        systemctl start cretula\n",
	    "        systemctl start cretula\n" },
	{ "blanks are no words", "                         \n", "                         \n" },
};

static void
test_lines_that_are_too_wide_are_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };

		app_fold(span_str(rows[i].in), COLUMNS, &out);
		assert_true(buf_ok(&out));
		assert_string_equal(out.data == NULL ? "" : out.data, rows[i].out);
		buf_free(&out);
	}
}

static const struct {
	const char *claim;
	const char *in, *out;
	size_t column;
} records[] = {
	{ "what fits stays", "12:00  200  GET /aaa\n", "12:00  200  GET /aaa\n", 0 },
	{ "one more goes into the next row, field by field", "12:00  200  GET /aaaa  x\n",
	    "12:00  200\n    GET /aaaa  x\n", 0 },
	{ "blanks in quotes are none between fields", "a  b=\"c  d\"  e=\"f \\\"  g\"\n",
	    "a  b=\"c  d\"\n    e=\"f \\\"  g\"\n", 0 },
	{ "a field that has no row is broken between words", "a  message=\"one two three four\"\n",
	    "a\n    message=\"one two\n    three four\"\n", 0 },
	{ "a word that has no row is left to the terminal", "a  GET /aaaaaaaaaaaaaaaaaaaaaaaa  b\n",
	    "a\n    GET\n    /aaaaaaaaaaaaaaaaaaaaaaaa\n    b\n", 0 },
	{ "what stands in front counts", "12:00  200  x\n", "12:00  200\n    x\n", 8 },
	{ "a line without an end has none then", "12:00  200  GET /aaaa",
	    "12:00  200\n    GET /aaaa", 0 },
	{ "characters are counted",
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4  12345678901\n",
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4  12345678901\n", 0 },
};

static void
test_records_are_broken_between_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct buf out = { 0 };

		buf_str(&out, "before\n");
		buf_str(&out, records[i].in);
		app_fold_fields(&out, 7, records[i].column, COLUMNS);
		assert_true(buf_ok(&out));
		assert_string_equal(out.data + 7, records[i].out);
		buf_free(&out);
	}
}

static void
test_a_locale_of_other_characters_is_known(void **state)
{
	static const struct {
		const char *all, *lang;
		bool ascii;
	} locales[] = {
		{ NULL, NULL, false },
		{ "", "", false },
		{ NULL, "de_DE.UTF-8", false },
		{ "C.utf8", "C", false },
		{ "C", "de_DE.UTF-8", true },
		{ "", "de_DE@euro", true },
		{ "POSIX", NULL, true },
	};

	(void)state;
	(void)unsetenv("LC_CTYPE");
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		(void)(locales[i].all == NULL ? unsetenv("LC_ALL") :
						setenv("LC_ALL", locales[i].all, 1));
		(void)(locales[i].lang == NULL ? unsetenv("LANG") :
						 setenv("LANG", locales[i].lang, 1));
		assert_int_equal(app_fold_ascii(), locales[i].ascii);
	}
}

static void
test_bars_are_in_eighths(void **state)
{
	static const struct {
		const char *locale;
		uint64_t n, most;
		const char *bar;
	} bars[] = {
		{ "C.UTF-8", 0, 0, "" },
		{ "C.UTF-8", 0, 8, "" },
		{ "C.UTF-8", 8, 8, "\xe2\x96\x88\xe2\x96\x88" },
		{ "C.UTF-8", 5, 8, "\xe2\x96\x88\xe2\x96\x8e" },
		{ "C", 5, 8, "#" },
		{ "C", 8, 8, "##" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		struct buf out = { 0 };

		(void)setenv("LC_ALL", bars[i].locale, 1);
		app_fold_bar(&out, bars[i].n, bars[i].most, 2);
		assert_true(buf_ok(&out));
		assert_string_equal(out.data == NULL ? "" : out.data, bars[i].bar);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_are_too_wide_are_broken),
		cmocka_unit_test(test_records_are_broken_between_fields),
		cmocka_unit_test(test_a_locale_of_other_characters_is_known),
		cmocka_unit_test(test_bars_are_in_eighths),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
