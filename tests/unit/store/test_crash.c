/*
 * A crash or an error after every durable step of making a store, opening a
 * stream and sealing: the next open repairs, and nothing is lost or doubled.
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
#include "work.h"

#define CRASH_EXIT 77

static struct checked checked;

static int
open_all(struct store **s, struct store_stream **st, struct err *e)
{
	bool created;

	*s = NULL;
	*st = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	return (store_stream_open(*s, "shop", POLICY, &test_names, st, e));
}

/* One act on a store that went through those before it. */
static int
act(unsigned number, struct err *e)
{
	struct seal_entry *entry;
	struct store_stream *st;
	struct store *s;
	bool created;
	int rc = -1;

	if (number == 0) {
		rc = store_open(work_store, NULL, &s, &created, e);
		if (rc == 0)
			store_close(s);
		return (rc);
	}
	if (open_all(&s, &st, e) == 0) {
		switch (number) {
		case 1:
			rc = 0;
			break;
		case 4:
			entry = calloc(1, sizeof(*entry));
			entry->type = SEAL_DESTROY;
			entry->of.destroy.what = span_str("import");
			rc = store_stream_append(st, entry, e);
			free(entry);
			break;
		default:
			rc = seal_segment(st, 40, 2, true, e);
			break;
		}
	}
	store_stream_close(st);
	store_close(s);
	return (rc);
}
#define ACTS 6
/* segments sealed after each of them */
static const uint64_t sealed[ACTS] = { 0, 0, 1, 2, 2, 3 };

static void
assert_lines(void)
{
	struct span rest = buf_view(&checked.lines);

	for (uint64_t i = 0; i < checked.records; i++) {
		char want[40];
		size_t len = span_find(rest, '\n');

		(void)snprintf(want, sizeof(want), "\"bytes\":%ju}", (uintmax_t)i);
		assert_true(memmem(rest.ptr, len, want, strlen(want)) != NULL);
		rest = span_from(rest, len + 1);
	}
	assert_int_equal(rest.len, 0);
}

/* Nothing unfinished may lie under dir. */
static int
no_tmp(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path);
	bool left = len > 4 && strcmp(path + len - 4, ".tmp") == 0;

	(void)st;
	(void)type;
	(void)ftw;
	if (strstr(path, "/.keyring.") != NULL) /* key/ sees to its own */
		return (0);
	if (left)
		print_error("%s is left\n", path);
	return (left);
}

/* Open once more, which repairs, then look at everything. */
static uint64_t
assert_repaired(const char *claim, uint64_t step)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	if (open_all(&s, &st, &e) == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, e.text);
	store_stream_close(st);
	store_close(s);
	if (check_stream(&checked, work_store, "cretula.store") == -1 || checked.entries != 2)
		fail_msg("%s, step %ju: cretula.store: %ju entries %s", claim, (uintmax_t)step,
		    (uintmax_t)checked.entries, checked.wrong);
	if (check_stream(&checked, work_store, "shop") == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, checked.wrong);
	assert_lines();
	buf_free(&checked.lines);
	assert_int_equal(nftw(work_dir, no_tmp, 16, FTW_PHYS), 0);
	return (checked.segments);
}

static void
prepare(unsigned number)
{
	struct err e = { 0 };

	work_begin();
	for (unsigned i = 0; i < number; i++)
		if (act(i, &e) == -1)
			fail_msg("act %u: %s", i, e.text);
}

/* The n-th step of the act crashes, in a child; says whether it got that far. */
static bool
crash(unsigned number, uint64_t nth)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct err e = { 0 };

		io_fault_set(nth, 0, false);
		_exit(act(number, &e) == 0 ? 0 : 1);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == CRASH_EXIT || WEXITSTATUS(status) == 0);
	return (WEXITSTATUS(status) == CRASH_EXIT);
}

static void
test_crash_after_every_step(void **state)
{
	uint64_t steps = 0;

	for (unsigned number = 0; number < ACTS; number++) {
		uint64_t before = number == 0 ? 0 : sealed[number - 1];

		for (uint64_t nth = 1;; nth += EACH) {
			uint64_t segments;
			struct err e = { 0 };

			prepare(number);
			if (!crash(number, nth))
				break;
			segments = assert_repaired("crash", nth);
			assert_true(segments == before || segments == sealed[number]);
			/* and the work goes on */
			if (act(2, &e) == -1)
				fail_msg("act %u, step %ju: then %s", number, (uintmax_t)nth, e.text);
			assert_int_equal(assert_repaired("after", nth), segments + 1);
			steps++;
		}
		assert_int_equal(assert_repaired("no crash", 0), sealed[number]);
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)steps);
	assert_true(steps * EACH > 150);
}

/* A crash, a second crash while that is repaired, and so on. */
static void
test_crashes_in_repair(void **state)
{
	unsigned seed = 7;

	for (unsigned run = 0; run < 120; run++) {
		unsigned number = run % ACTS;
		uint64_t before = number == 0 ? 0 : sealed[number - 1], segments;

		prepare(number);
		(void)crash(number, 1 + (uint64_t)rand_r(&seed) % 60);
		for (int i = 0; i < 4; i++)
			(void)crash(1, 1 + (uint64_t)rand_r(&seed) % 25);
		segments = assert_repaired("crashes", run);
		assert_true(segments == before || segments == sealed[number]);
	}
}

/* An error at every step: said clearly, and the next open is fine. */
static void
fail_everywhere(int errnum, bool sticky)
{
	for (unsigned number = 0; number < ACTS; number++) {
		uint64_t before = number == 0 ? 0 : sealed[number - 1];

		for (uint64_t nth = 1;; nth += EACH) {
			uint64_t from = io_fault_steps(), segments;
			struct err e = { 0 };
			int rc;

			prepare(number);
			from = io_fault_steps();
			io_fault_set(nth, errnum, sticky);
			rc = act(number, &e);
			io_fault_set(0, 0, false);
			if (io_fault_steps() - from < nth) {
				assert_int_equal(rc, 0);
				break;
			}
			if (rc == -1) {
				assert_true(e.code == ERR_IO || e.code == ERR_CONFIG);
				assert_true(e.text[0] != '\0' && strchr(e.text, '\n') == NULL);
				assert_non_null(strstr(e.text, "store "));
			}
			segments = assert_repaired("fault", nth);
			if (rc == 0)
				assert_int_equal(segments, sealed[number]);
			else
				assert_true(segments == before || segments == sealed[number]);
		}
	}
}

static void
test_disk_full(void **state)
{
	fail_everywhere(ENOSPC, false);
	fail_everywhere(ENOSPC, true);
}

static void
test_bad_disk(void **state)
{
	fail_everywhere(EIO, false);
}

/* In one process: after a failure the stream either goes on or refuses. */
static void
test_going_on_after_an_error(void **state)
{
	for (uint64_t nth = 1; nth < 60; nth += EACH) {
		struct store_stream *st;
		struct store *s;
		struct err e = { 0 };
		uint64_t want = 0;

		prepare(2);
		assert_int_equal(open_all(&s, &st, &e), 0);
		io_fault_set(nth, ENOSPC, false);
		want += seal_segment(st, 10, 1, true, &e) == 0;
		io_fault_set(0, 0, false);
		for (int i = 0; i < 2; i++)
			want += seal_segment(st, 10, 1, true, &e) == 0;
		store_stream_close(st);
		store_close(s);
		if (want >= 2) /* then all that failed left nothing */
			assert_int_equal(assert_repaired("going on", nth), want);
		else
			assert_in_range(assert_repaired("broken", nth), want, want + 1);
	}
}

static int
end(void **state)
{
	work_end();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_crashes_in_repair),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_bad_disk),
		cmocka_unit_test(test_going_on_after_an_error),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
