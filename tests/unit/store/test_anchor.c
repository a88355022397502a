/*
 * An anchor is its file and its entry: a crash or an error after every durable
 * step leaves a chain that is good, and asking again brings it to the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "store/anchors/anchor.h"
#include "work.h"

#define CRASH_EXIT 77

static struct checked checked;
static const struct span answer = SPAN("what a witness said\n");

static struct store_anchor_facts
facts_of(uint64_t size, struct span bytes)
{
	return ((struct store_anchor_facts){ .kind = "cosignature",
	    .extension = "cosig",
	    .size = size,
	    .bytes = bytes,
	    .by = span_str("witness.example"),
	    .time_us = INT64_C(1795575600123456) });
}

static int
add(const char *stream, uint64_t size, struct span bytes, struct store_anchored *done,
    struct err *e)
{
	struct store_anchor_facts facts = facts_of(size, bytes);
	struct store *s;
	bool created;
	int rc;

	if (store_open(work_store, NULL, &s, &created, e) == -1)
		return (-1);
	rc = store_anchor_add(s, stream, &test_names, &facts, done, e);
	store_close(s);
	return (rc);
}

static void
prepare(void)
{
	struct store_stream *st;
	struct store *s;
	bool created;

	work_begin();
	assert_int_equal(store_open(work_store, NULL, &s, &created, NULL), 0);
	assert_int_equal(store_stream_open(s, "shop", POLICY, &test_names, &st, NULL), 0);
	assert_int_equal(seal_segment(st, 10, 1, true, NULL), 0);
	store_stream_close(st);
	store_close(s);
}

static unsigned
count_files(const char *suffix)
{
	char path[160];
	const struct dirent *found;
	unsigned count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/anchor", work_store);
	if ((dir = opendir(path)) == NULL)
		return (0);
	while ((found = readdir(dir)) != NULL)
		count += found->d_name[0] != '.' || strcmp(suffix, ".tmp") == 0 ?
		    strstr(found->d_name, suffix) != NULL :
		    0;
	(void)closedir(dir);
	return (count);
}

/* What there is, whatever happened before. */
static void
assert_good(uint64_t entries, const char *claim, uint64_t step)
{
	if (check_stream(&checked, work_store, "shop") == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, checked.wrong);
	buf_free(&checked.lines);
	if (checked.entries != entries)
		fail_msg("%s, step %ju: %ju entries, not %ju", claim, (uintmax_t)step,
		    (uintmax_t)checked.entries, (uintmax_t)entries);
}

static void
test_added_once(void **state)
{
	struct store_anchored done;
	struct err e = { 0 };

	(void)state;
	prepare();
	assert_int_equal(add("shop", 2, answer, &done, &e), 0);
	assert_true(done.added);
	assert_string_equal(done.path, "anchor/00000002.cosig");
	assert_good(3, "added", 0);
	assert_int_equal(checked.newest.type, SEAL_ANCHOR);
	assert_int_equal(checked.newest.of.anchor.size, 2);
	assert_int_equal(checked.newest.of.anchor.time_us, INT64_C(1795575600123000));
	assert_false(checked.newest.has_next);
	assert_int_equal(add("shop", 2, answer, &done, &e), 0);
	assert_false(done.added);
	assert_string_equal(done.path, "anchor/00000002.cosig");
	assert_int_equal(add("shop", 2, span_str("another\n"), &done, &e), 0);
	assert_true(done.added);
	assert_string_equal(done.path, "anchor/00000002-2.cosig");
	assert_int_equal(add("shop", 2, span_str("and another\n"), &done, &e), 0);
	assert_string_equal(done.path, "anchor/00000002-3.cosig");
	assert_good(5, "four times", 0);
	assert_int_equal(count_files(".cosig"), 3);
	assert_int_equal(add("cretula.store", 1, answer, &done, &e), 0);
	assert_true(done.added);
	work_end();
}

static void
test_refused(void **state)
{
	static const struct {
		const char *claim, *stream;
		uint64_t size;
		enum err_code code;
	} rows[] = {
		{ "a stream that is not there", "none", 1, ERR_INPUT },
		{ "no name", "../shop", 1, ERR_INPUT },
		{ "a size that the chain does not have", "shop", 3, ERR_INPUT },
	};
	struct store_anchored done;

	(void)state;
	prepare();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		if (add(rows[i].stream, rows[i].size, answer, &done, &e) != -1 ||
		    e.code != rows[i].code)
			fail_msg("%s: %d %s", rows[i].claim, e.code, e.text);
		assert_good(2, rows[i].claim, 0);
	}
	assert_int_equal(count_files("."), 0);
	work_end();
}

/* In a child; says whether it got that far. */
static bool
crash(uint64_t nth)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct store_anchored done;

		io_fault_set(nth, 0, false);
		_exit(add("shop", 2, answer, &done, NULL) == 0 ? 0 : 1);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == CRASH_EXIT || WEXITSTATUS(status) == 0);
	return (WEXITSTATUS(status) == CRASH_EXIT);
}

/* Asked again, it is there once: one file, one entry, nothing unfinished. */
static void
assert_finished(const char *claim, uint64_t nth)
{
	struct store_anchored done;
	struct err e = { 0 };

	if (add("shop", 2, answer, &done, &e) == -1)
		fail_msg("%s, step %ju: then %s", claim, (uintmax_t)nth, e.text);
	assert_string_equal(done.path, "anchor/00000002.cosig");
	assert_good(3, claim, nth);
	assert_int_equal(checked.newest.type, SEAL_ANCHOR);
	assert_int_equal(count_files(".cosig"), 1);
	assert_int_equal(count_files(".tmp"), 0);
}

static void
test_crash_after_every_step(void **state)
{
	uint64_t nth;

	(void)state;
	for (nth = 1;; nth++) {
		prepare();
		if (!crash(nth))
			break;
		assert_finished("crash", nth);
	}
	assert_finished("no crash", 0);
	print_message("# crashed after %ju steps\n", (uintmax_t)nth - 1);
	assert_true(nth > 10);
	work_end();
}

static void
test_error_in_every_step(void **state)
{
	static const int errors[] = { ENOSPC, EIO };
	struct store_anchored done;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t nth = 1;; nth++) {
			uint64_t steps;
			int rc;

			prepare();
			steps = io_fault_steps();
			io_fault_set(nth, errors[i], true);
			rc = add("shop", 2, answer, &done, NULL);
			steps = io_fault_steps() - steps;
			io_fault_set(0, 0, false);
			assert_finished("error", nth);
			if (steps < nth) {
				assert_int_equal(rc, 0);
				break;
			}
		}
	work_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_added_once),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_error_in_every_step),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests_name("store anchor", tests, NULL, NULL));
}
