/* err: the cause stays readable, on one line of UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"

static void
set_replaces_and_keeps_errno(void **unused)
{
	struct err e = { ERR_NONE, "" };

	errno = ENOENT;
	assert_int_equal(err_set(&e, ERR_INPUT, "file %d", 7), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, "file 7");
	assert_int_equal(err_set(&e, ERR_IO, "again: %s", e.text), -1);
	assert_string_equal(e.text, "again: file 7");
}

static void
no_err_is_legal(void **unused)
{
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_sys(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_in(NULL, "x"), -1);
}

static void
callers_stand_in_front(void **unused)
{
	struct err e = { ERR_NONE, "" };

	errno = EACCES;
	assert_int_equal(err_sys(&e, ERR_IO, "open"), -1);
	assert_int_equal(err_in(&e, "segment %d", 3), -1);
	assert_int_equal(err_in(&e, "store %s", "/s"), -1);
	assert_string_equal(e.text, "store /s: segment 3: open: Permission denied");
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(errno, EACCES);
}

static void
the_text_is_one_line_of_utf8(void **unused)
{
	static const struct {
		const char *claim;
		const char *in, *out;
	} rows[] = {
		{ "control characters are hidden", "a\nb\x1b[0m\x7f", "a?b?[0m?" },
		{ "UTF-8 stays", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "what is none is hidden", "gr\xfc\xdf", "gr??" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { ERR_NONE, "" };

		(void)err_set(&e, ERR_IO, "%s", rows[i].in);
		assert_string_equal(e.text, rows[i].out);
		(void)err_set(&e, ERR_IO, "x");
		(void)err_in(&e, "%s", rows[i].in);
		assert_memory_equal(e.text, rows[i].out, strlen(rows[i].out));
	}
}

/* Texts of every length, of one to four bytes a character. */
static void
cuts_keep_whole_characters_and_the_cause(void **unused)
{
	static const char *const letters[] = { "x", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };
	char text[3 * ERR_TEXT_BYTES];

	for (size_t l = 0; l < 4; l++) {
		size_t width = strlen(letters[l]), len = 0;

		for (text[0] = '\0'; len + width < sizeof(text); len += width) {
			struct err e = { ERR_NONE, "" };

			errno = ENOSPC;
			(void)err_sys(&e, ERR_IO, "%s", text);
			assert_non_null(strstr(e.text, ": No space left on device"));
			assert_true(text_is_utf8(span_str(e.text)));
			(void)err_in(&e, "%s", text);
			(void)err_in(&e, "outermost");
			assert_true(strlen(e.text) < ERR_TEXT_BYTES);
			assert_true(text_is_utf8(span_str(e.text)));
			assert_non_null(strstr(e.text, ": No space left on device"));
			assert_memory_equal(e.text, "outermost: ", 11);
			memcpy(text + len, letters[l], width + 1);
		}
	}
}

static void
depth_eats_the_middle(void **unused)
{
	struct err e = { ERR_NONE, "" };

	(void)err_set(&e, ERR_FINDING, "leaf does not match");
	for (int i = 0; i < 1000; i++) {
		(void)err_in(&e, "level %d of a deep call", i);
		assert_true(strlen(e.text) < ERR_TEXT_BYTES);
	}
	assert_memory_equal(e.text, "level 999 of", 12);
	assert_non_null(strstr(e.text, "..."));
	assert_string_equal(e.text + strlen(e.text) - 21, ": leaf does not match");
}

static void
shortage_is_counted(void **unused)
{
	struct err e = { ERR_NONE, "" };
	unsigned before = err_memory_count();

	assert_int_equal(err_memory(&e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_string_equal(e.text, "out of memory");
	assert_int_equal(err_memory(NULL), -1);
	assert_int_equal(err_memory_count() - before, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_replaces_and_keeps_errno),
		cmocka_unit_test(no_err_is_legal),
		cmocka_unit_test(callers_stand_in_front),
		cmocka_unit_test(the_text_is_one_line_of_utf8),
		cmocka_unit_test(cuts_keep_whole_characters_and_the_cause),
		cmocka_unit_test(depth_eats_the_middle),
		cmocka_unit_test(shortage_is_counted),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
