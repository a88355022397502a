/*
 * Segments pruned by the store, as the verifiers of C and of Python see it: a
 * crash or an error at every durable step, old or new state, and behind the
 * next open no file of what an entry prunes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include <cmocka.h>

#include "../store/work.h"
#include "audit/verify.h"
#include "base/io.h"
#include "crypto/random.h"
#include "seal/lists.h"
#include "store/erase/inside.h"
#include "store/inside.h"
#include "store/live.h"

#define LINES 12
#define SEGMENTS 4 /* imported, imported and erased in, live, live */
#define FIRST_ACT 2 /* segments of act 0 */
#define EPOCHS "{\"ip\":[\"2026-W48\"]}"

static const char *const classes[] = { "none", "ip.peer" };
static const char *const reasons[] = { "grammar" };
static const struct seal_names names = { classes, 2, reasons, 1 };

static const struct seal_range apart[] = { { 1, 1 }, { 3, 3 } }, between[] = { { 2, 2 } };
static const struct store_prune_order acts[] = {
	{ .ranges = apart, .count = 2, .rule = SPAN("age 30d"), .by = SPAN("me") },
	{ .ranges = between, .count = 1, .rule = SPAN("age 10d"), .cutoff_us = 1000000 },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static int
open_all(struct store **s, struct store_stream **st, struct err *e)
{
	bool created;

	*s = NULL;
	*st = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	return (store_stream_open(*s, "shop", POLICY, &names, st, e));
}

static void
close_all(struct store *s, struct store_stream *st)
{
	store_stream_close(st);
	store_close(s);
}

/* ---- a store with segments of each kind ---- */

static int
erase_one(struct store_stream *st, uint64_t seg, struct err *e)
{
	static const struct store_erase_item item = { 3, { NULL, 0 } };
	const struct store_erase_order what = {
		.seg = seg, .items = &item, .count = 1, .reason = SPAN("asked for it")
	};
	struct store_eraser *x;
	uint64_t entry;
	int rc = store_eraser_open(st, &x, e);

	if (rc == 0) {
		rc = store_erase(x, &what, &entry, e);
		store_eraser_close(x);
	}
	return (rc);
}

static int
flush(struct store_live *l, uint64_t first, struct err *e)
{
	char lines[LINES * MADE_LINE_BYTES];
	uint32_t ends[LINES];
	struct stats_counts counts;
	struct store_live_run run = {
		.lines = lines, .ends = ends, .count = LINES, .counts = &counts
	};

	(void)make_lines(first, LINES, lines, ends);
	stats_counts_clear(&counts);
	counts.lines = counts.in.parsed = counts.status[0] = LINES;
	counts.time_min_us = counts.time_max_us = INT64_C(1795575600000000);
	return (store_live_flush(l, &run, e));
}

static int
live_segments(struct store *s, struct err *e)
{
	const struct store_live_options how = { .store = s, .name = "shop", .mode = "pipe",
		.names = &names, .next = { POLICY, SPAN(EPOCHS) } };
	const struct store_live_facts done = { .epochs = SPAN(EPOCHS) };
	struct store_live_found found;
	struct store_live *l = NULL;
	int rc = -1;

	if (store_live_open(&how, &l, &found, e) == 0 && flush(l, 50, e) == 0 &&
	    flush(l, 70, e) == 0 && store_live_cut(l, &done, &how.next, e) == 0 &&
	    flush(l, 90, e) == 0)
		rc = store_live_stop(l, &done, "end", e);
	store_live_close(l);
	return (rc);
}

static uint64_t steps; /* of the last act */

static int
prune_in(struct store_stream *st, const struct store_prune_order *what, struct err *e)
{
	struct store_eraser *x;
	uint64_t entry;
	int rc = -1;

	if (store_eraser_open(st, &x, e) == -1)
		return (-1);
	if ((rc = store_prune(x, what, &entry, e)) == 0) {
		assert_true(
		    seal_history_segment(x->history, what->ranges[0].first)->pruned);
		assert_int_equal(entry + 1, store_writer_count(st->writer));
	}
	store_eraser_close(x);
	return (rc);
}

static int
act(size_t number, uint64_t nth, int errnum, bool sticky, struct err *e)
{
	struct store_stream *st;
	struct store *s;
	int rc = -1;

	if (open_all(&s, &st, e) == 0) {
		io_fault_set(nth, errnum, sticky);
		steps = io_fault_steps();
		rc = prune_in(st, &acts[number], e);
		steps = io_fault_steps() - steps;
	}
	io_fault_set(0, 0, false);
	close_all(s, st);
	return (rc);
}

static void
prepare(size_t done)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	work_begin();
	if (open_all(&s, &st, &e) == -1 || seal_words(st, LINES, 1, true, span_of("", 0), &e) == -1 ||
	    seal_words(st, LINES, 1, true, span_of("", 0), &e) == -1 || erase_one(st, 2, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
	if (live_segments(s, &e) == -1)
		fail_msg("%s", e.text);
	store_close(s);
	for (size_t i = 0; i < done; i++)
		if (act(i, 0, 0, false, &e) == -1)
			fail_msg("act %zu: %s", i, e.text);
}

/* ---- what must be there ---- */

static unsigned
count_files(uint64_t seg)
{
	char path[PATH_MAX], prefix[16];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg", work_store);
	(void)snprintf(prefix, sizeof(prefix), "%08ju.", (uintmax_t)seg);
	assert_non_null(dir = opendir(path));
	while ((entry = readdir(dir)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	(void)closedir(dir);
	return (count);
}

/* Returns how many segments are pruned, as a good verification says. */
static uint64_t
assert_good(const char *claim, uint64_t step)
{
	const struct audit_options options = { .jobs = 1, .names = &names };
	struct audit_result result;
	struct err e = { 0 };
	uint64_t pruned;

	assert_int_equal(audit_verify(work_store, &options, &result, &e), 0);
	if (result.finding_count > 0)
		fail_msg("%s, step %ju: %s: %s", claim, (uintmax_t)step,
		    audit_code_names[result.findings[0].code], result.findings[0].text);
	assert_int_equal(result.errors, 0);
	pruned = result.coverage.pruned;
	assert_int_equal(result.coverage.segments, SEGMENTS - pruned);
	audit_result_free(&result);
	return (pruned);
}

static void
assert_good_in_python(const char *claim, uint64_t step)
{
	const char *source = getenv("CRETULA_SOURCE");
	char command[2 * PATH_MAX];

	assert_non_null(source);
	(void)snprintf(command, sizeof(command),
	    "python3 -B '%s/tests/vectors/verify.py' '%s' > '%s/said' 2>&1", source, work_store,
	    work_dir);
	if (system(command) != 0) {
		(void)snprintf(command, sizeof(command), "cat '%s/said'", work_dir);
		(void)system(command);
		fail_msg("%s, step %ju: the verifier in Python", claim, (uintmax_t)step);
	}
}

/* Open, which goes on; then all must be of one state.  Returns how many acts are done. */
static size_t
assert_settled(const char *claim, uint64_t step)
{
	static const unsigned files[SEGMENTS] = { 3, 3, 4, 4 };
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	uint64_t pruned;

	if (open_all(&s, &st, &e) == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, e.text);
	close_all(s, st);
	pruned = assert_good(claim, step);
	assert_true(pruned == 0 || pruned == FIRST_ACT || pruned == FIRST_ACT + 1);
	for (uint64_t seg = 1; seg <= SEGMENTS; seg++) {
		bool gone = seg == 2 ? pruned > FIRST_ACT : seg < SEGMENTS && pruned > 0;
		unsigned want = gone ? 0 : files[seg - 1];

		if (count_files(seg) != want)
			fail_msg("%s, step %ju: segment %ju has %u files", claim, (uintmax_t)step,
			    (uintmax_t)seg, count_files(seg));
	}
	return (pruned == 0 ? 0 : (size_t)pruned - FIRST_ACT + 1);
}

/* ---- tests ---- */

static void
test_each_act(void **state)
{
	for (size_t done = 0; done <= ACTS; done++) {
		struct err e = { 0 };
		struct store *s;
		bool created;

		prepare(done);
		assert_int_equal(assert_settled("act", done), done);
		assert_good_in_python("act", done);
		/* a live stream goes on behind it */
		assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
		if (live_segments(s, &e) == -1)
			fail_msg("%s", e.text);
		store_close(s);
		assert_good_in_python("then live", done);
	}
}

/* The salts are overwritten, not only unlinked: who holds the file open sees zeros. */
static void
test_salts_are_overwritten(void **state)
{
	static const char *const paths[] = { "00000001.salt", "00000003.salt" };
	struct err e = { 0 };
	int fds[2];

	prepare(0);
	for (unsigned i = 0; i < 2; i++) {
		char path[PATH_MAX];

		(void)snprintf(
		    path, sizeof(path), "%s/streams/shop/seg/%s", work_store, paths[i]);
		fds[i] = open(path, O_RDONLY);
		assert_true(fds[i] != -1);
	}
	assert_int_equal(act(0, 0, 0, false, &e), 0);
	for (unsigned i = 0; i < 2; i++) {
		char bytes[29];

		assert_int_equal(pread(fds[i], bytes, sizeof(bytes), 0), sizeof(bytes));
		for (size_t k = 0; k < sizeof(bytes); k++)
			assert_int_equal(bytes[k], 0);
		(void)close(fds[i]);
	}
}

static int
act_once(size_t number, uint64_t nth)
{
	struct err e = { 0 };

	return (act(number, nth, 0, false, &e));
}

static bool
crash(size_t number, uint64_t nth)
{
	int status = work_child(act_once, number, nth);

	assert_true(status == CRASH_EXIT || status == 0);
	return (status == CRASH_EXIT);
}

static int
open_once(size_t number, uint64_t nth)
{
	struct store_stream *st;
	struct store *s;

	io_fault_set(nth, 0, false);
	return (open_all(&s, &st, NULL));
}

/* The n-th step of the next open crashes as well. */
static bool
crash_open(uint64_t nth)
{
	return (work_child(open_once, 0, nth) == CRASH_EXIT);
}

static void
test_crash_after_every_step(void **state)
{
	uint64_t crashes = 0;

	for (size_t number = 0; number < ACTS; number++) {
		for (uint64_t nth = 1;; nth += EACH) {
			struct err e = { 0 };
			size_t found;

			prepare(number);
			if (!crash(number, nth))
				break;
			for (uint64_t again = 1 + nth % 2; again < 20 && crash_open(again);)
				again += 1 + nth % 3;
			found = assert_settled("crash", nth);
			assert_in_range(found, number, number + 1);
			if (nth % 12 == 0)
				assert_good_in_python("crash", nth);
			/* and the work goes on */
			if (found < ACTS && act(found, 0, 0, false, &e) == -1)
				fail_msg("act %zu, step %ju: then %s", number, (uintmax_t)nth, e.text);
			crashes++;
		}
		assert_int_equal(assert_settled("no crash", 0), number + 1);
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)crashes);
	assert_true(crashes * EACH > 40);
}

static void
fail_everywhere(int errnum, bool sticky)
{
	for (size_t number = 0; number < ACTS; number++) {
		for (uint64_t nth = 1;; nth += EACH) {
			struct err e = { 0 };
			size_t found;
			int rc;

			prepare(number);
			rc = act(number, nth, errnum, sticky, &e);
			if (steps < nth) {
				assert_int_equal(rc, 0);
				break;
			}
			if (rc == -1) {
				assert_int_equal(e.code, ERR_IO);
				assert_non_null(strstr(e.text, "stream shop: "));
			}
			found = assert_settled("fault", nth);
			if (rc == 0)
				assert_int_equal(found, number + 1);
			else
				assert_in_range(found, number, number + 1);
		}
	}
}

static void
test_errors(void **state)
{
	fail_everywhere(ENOSPC, true);
	fail_everywhere(EIO, false);
}

static void
append(struct store_stream *st, const struct seal_entry *entry)
{
	struct seal_entry *copy = malloc(sizeof(*copy));
	struct err e = { 0 };

	*copy = *entry;
	if (store_stream_append(st, copy, &e) == -1)
		fail_msg("%s", e.text);
	free(copy);
}

static void
test_refusals(void **state)
{
	static const struct seal_range endless = { 4, UINT64_MAX - 1 }, first = { 1, 2 },
				       held = { 2, 4 }, last = { 4, 4 };
	static const struct {
		struct store_prune_order what;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ { .ranges = &last, .count = 1 }, ERR_USAGE, "rule (needed)" },
		{ { .ranges = &last, .count = 1, .rule = SPAN("a\"b") }, ERR_USAGE, "rule" },
		{ { .ranges = &last, .count = 1, .rule = SPAN("r"), .by = SPAN("\n") }, ERR_USAGE,
		    "by" },
		{ { .ranges = &endless, .count = 1, .rule = SPAN("r") }, ERR_INPUT,
		    "segment 5: there is none" },
		{ { .ranges = &first, .count = 1, .rule = SPAN("r") }, ERR_INPUT,
		    "segment 1: pruned" },
		{ { .ranges = &held, .count = 1, .rule = SPAN("r") }, ERR_CONFIG,
		    "segment 2: hold case-7 is on it" },
	};
	static struct seal_entry entry = { .type = SEAL_HOLD };
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	uint64_t entries;

	prepare(1);
	assert_int_equal(open_all(&s, &st, &e), 0);
	entry.of.hold = (struct seal_hold){ .hold = SPAN("case-7"), .segs = SPAN("[[2,2]]"),
		.reason = SPAN("r") };
	append(st, &entry);
	entries = store_writer_count(st->writer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e = (struct err){ 0 };
		if (prune_in(st, &rows[i].what, &e) != -1 || e.code != rows[i].code ||
		    strstr(e.text, rows[i].text) == NULL)
			fail_msg("row %zu: code %d, %s", i, e.code, e.text);
		assert_int_equal(store_writer_count(st->writer), entries);
	}
	assert_int_equal(count_files(2), 3);
	/* one that is over holds nothing back */
	entry = (struct seal_entry){ .type = SEAL_RELEASE };
	entry.of.release = (struct seal_release){ .hold = SPAN("case-7"), .reason = SPAN("r") };
	append(st, &entry);
	if (prune_in(st, &acts[1], &e) == -1)
		fail_msg("%s", e.text);
	close_all(s, st);
	assert_int_equal(assert_settled("released", 0), 2);
	assert_good_in_python("released", 0);
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
		cmocka_unit_test(test_each_act),
		cmocka_unit_test(test_salts_are_overwritten),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_errors),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
