/* Lines of a report: what is wider than a terminal is broken between words, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_are_too_wide_are_broken),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
