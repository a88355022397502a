/*
 * Live streams: a crash or an error after every durable step of flush, cut,
 * seal and recovery; and states that no crash leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "seal/ratchet.h"
#include "store/live.h"
#include "store/periods.h"
#include "store/writer.h"
#include "work.h"

#define CRASH_EXIT 77
#define EPOCHS "{\"ip\":[\"2026-W48\"]}"
#define FLUSH 5 /* records of a flush */

static struct checked checked;

/* What the child got done, seen by the parent. */
static struct shared {
	volatile uint64_t begun, committed, segments;
} *shared;

static const struct store_live_next next = { POLICY, SPAN(EPOCHS) };

static struct store_live_facts
facts(void)
{
	return ((struct store_live_facts){ .epochs = span_str(EPOCHS),
	    .words = span_str("path\t0\tabc\n") });
}

static int
open_live(struct store **s, struct store_live **l, struct store_live_found *found, struct err *e)
{
	struct store_live_options how = { .name = "shop", .mode = "pipe", .names = &test_names,
		.next = next };
	bool created;

	*s = NULL;
	*l = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	how.store = *s;
	return (store_live_open(&how, l, found, e));
}

static int
flush(struct store_live *l, struct err *e)
{
	char lines[FLUSH * MADE_LINE_BYTES];
	uint32_t ends[FLUSH];
	struct stats_counts counts;
	struct store_live_run run = {
		.lines = lines, .ends = ends, .count = FLUSH, .counts = &counts
	};
	int rc;

	(void)make_lines(shared->begun, FLUSH, lines, ends);
	stats_counts_clear(&counts);
	counts.lines = counts.in.parsed = counts.status[0] = FLUSH;
	counts.time_min_us = counts.time_max_us = INT64_C(1795575600000000);
	shared->begun += FLUSH;
	if ((rc = store_live_flush(l, &run, e)) == 0)
		shared->committed = shared->begun;
	return (rc);
}

/* Two segments and the beginning of a third, or as far as it gets. */
static int
act(struct err *e)
{
	struct store_live_found found;
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	int rc = -1;

	if (open_live(&s, &l, &found, e) == 0 && flush(l, e) == 0 && flush(l, e) == 0 &&
	    store_live_cut(l, &done, &next, e) == 0 && flush(l, e) == 0 &&
	    store_live_cut(l, &done, &next, e) == 0 && flush(l, e) == 0 && flush(l, e) == 0 &&
	    store_live_stop(l, &done, "end", e) == 0)
		rc = 0;
	store_live_close(l);
	store_close(s);
	return (rc);
}

/* Open, which recovers, and stop. */
static int
settle(struct store_live_found *found, struct err *e)
{
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	int rc = -1;

	if (open_live(&s, &l, found, e) == 0)
		rc = store_live_stop(l, &done, "end", e);
	store_live_close(l);
	store_close(s);
	return (rc);
}

static bool
crash(int (*body)(struct err *e), uint64_t nth)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct err e = { 0 };

		io_fault_set(nth, 0, false);
		_exit(body(&e) == 0 ? 0 : 1);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != CRASH_EXIT && WEXITSTATUS(status) != 0)
		fail_msg("step %ju: exit code %d", (uintmax_t)nth, WEXITSTATUS(status));
	return (WEXITSTATUS(status) == CRASH_EXIT);
}

static int
settle_body(struct err *e)
{
	struct store_live_found found;

	return (settle(&found, e));
}

static void
begin(void)
{
	work_begin();
	shared->begun = shared->committed = 0;
}

/* Each committed record once, in order; behind them only what was begun. */
static void
assert_whole(const char *claim, uint64_t step)
{
	struct span rest;

	if (check_stream(&checked, work_store, "shop") == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, checked.wrong);
	rest = buf_view(&checked.lines);
	if (checked.records < shared->committed || checked.records > shared->begun)
		fail_msg("%s, step %ju: %ju records, %ju committed, %ju begun", claim,
		    (uintmax_t)step, (uintmax_t)checked.records, (uintmax_t)shared->committed,
		    (uintmax_t)shared->begun);
	for (uint64_t i = 0; i < checked.records; i++) {
		char want[40];
		size_t len = span_find(rest, '\n');

		(void)snprintf(want, sizeof(want), "\"bytes\":%ju}", (uintmax_t)i);
		if (memmem(rest.ptr, len, want, strlen(want)) == NULL)
			fail_msg("%s, step %ju: record %ju is another", claim, (uintmax_t)step, (uintmax_t)i);
		rest = span_from(rest, len + 1);
	}
	assert_int_equal(rest.len, 0);
	buf_free(&checked.lines);
}

static size_t
files_in(const char *path)
{
	char full[200];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)snprintf(full, sizeof(full), "%s/streams/shop/%s", work_store, path);
	if ((dir = opendir(full)) == NULL)
		return (0);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.' || strstr(entry->d_name, ".tmp") != NULL;
	(void)closedir(dir);
	return (count);
}

/* All tags of the stream replayed with the key of the first flush. */
static void
assert_ratchet(const unsigned char k[32])
{
	struct store_chain chain;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_ratchet r;
	struct buf tags = { 0 };
	struct err e = { 0 };
	char path[200], origin[80];
	int fd;

	seal_ratchet_begin(&r, k, 1);
	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	for (size_t i = 0; i < chain.count; i++) {
		const struct seal_segment *s = &entry->of.segment;
		struct seal_tags_want want;
		uint64_t line;

		assert_int_equal(seal_entry_read(store_chain_line(&chain, i), &test_names, entry, &e), 0);
		if (entry->type == SEAL_GENESIS)
			(void)snprintf(origin, sizeof(origin), "%.*s", (int)entry->of.genesis.origin.len,
			    entry->of.genesis.origin.ptr);
		if (entry->type != SEAL_SEGMENT)
			continue;
		assert_true(s->has_tags);
		(void)snprintf(path, sizeof(path), "seg/%08ju.tags", (uintmax_t)s->seg);
		assert_int_equal(io_read_file(fd, path, 1 << 20, &tags, &e), 0);
		want = (struct seal_tags_want){ .origin = span_str(origin), .seg = s->seg, .n = s->n,
			.g0 = s->tags.g0, .g = s->tags.g, .agg = s->tags.agg, .root = s->root };
		if (seal_ratchet_check(&r, buf_view(&tags), &want, &line, &e) == -1)
			fail_msg("segment %ju: %s", (uintmax_t)s->seg, e.text);
	}
	buf_free(&tags);
	store_chain_free(&chain);
	free(entry);
	(void)close(fd);
}

static void
test_flush_cut_stop(void **state)
{
	struct err e = { 0 };

	begin();
	if (act(&e) == -1)
		fail_msg("%s", e.text);
	assert_whole("clean", 0);
	assert_int_equal(checked.records, 5 * FLUSH);
	assert_int_equal(checked.segments, 3);
	assert_int_equal(files_in("open"), 0);
	assert_int_equal(files_in("seg"), 12);
	if (act(&e) == -1)
		fail_msg("%s", e.text);
	assert_whole("again", 0);
	assert_int_equal(checked.segments, 6);
}

/* With the first key, kept aside as an escrow holder would, all tags verify. */
/* What is unlinked is zeros by then, whoever reads free blocks. */
static void
test_what_was_open_is_overwritten(void **state)
{
	static const char *const names[] = { "data", "tags", "salt" };
	struct store_live_facts done = facts();
	struct store_live_found found;
	struct err e = { 0 };
	struct store_live *l;
	struct store *s;
	char path[200], got[4096];
	int fds[3];

	(void)state;
	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	assert_int_equal(flush(l, &e), 0);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/streams/shop/open/00000001.%s", work_store, names[i]);
		assert_true((fds[i] = open(path, O_RDONLY)) != -1);
	}
	assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
	assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
	for (size_t i = 0; i < 3; i++) {
		ssize_t len = pread(fds[i], got, sizeof(got), 0);

		assert_true(len > 0);
		for (ssize_t k = 0; k < len; k++)
			if (got[k] != 0)
				fail_msg("%s: byte %zd is still there", names[i], k);
		(void)close(fds[i]);
	}
	store_live_close(l);
	store_close(s);
	assert_whole("overwritten", 0);
}

/* What a crash left of a segment that nobody named: its salts, its records. */
static void
test_what_is_swept_is_overwritten(void **state)
{
	static const char *const names[] = { "seg/00000009.salt", "seg/00000009.jsonl.zst",
		"seg/00000009.tags", "seg/00000009.salt.tmp" };
	struct store_live_found found;
	struct err e = { 0 };
	char path[200], got[8];
	int fds[4];

	(void)state;
	begin();
	assert_int_equal(act(&e), 0);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/streams/shop/%s", work_store, names[i]);
		assert_true((fds[i] = open(path, O_RDWR | O_CREAT | O_EXCL, 0640)) != -1);
		assert_int_equal(write(fds[i], "secret", 6), 6);
	}
	assert_int_equal(settle(&found, &e), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pread(fds[i], got, sizeof(got), 0), 6);
		assert_memory_equal(got, "\0\0\0\0\0\0", 6);
		(void)close(fds[i]);
	}
}

static void
test_tags_verify_with_the_first_key(void **state)
{
	struct seal_ratchet r;
	unsigned char sector[512];
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	char path[200];
	struct err e = { 0 };
	int fd;

	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/shop", work_keys);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(io_slot_read(fd, "ratchet", sector, &e), 0);
	assert_int_equal(seal_ratchet_decode(sector, &r, &e), 0);
	assert_int_equal(flush(l, &e), 0);
	store_live_close(l); /* as a crash */
	store_close(s);
	assert_int_equal(act(&e), 0);
	assert_int_equal(act(&e), 0);
	assert_whole("clean", 0);
	assert_int_equal(checked.segments, 7);
	assert_ratchet(r.k);
	(void)close(fd);
}

static void
test_an_empty_segment_is_sealed(void **state)
{
	struct store_live_facts done = facts();
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	assert_false(found.crashed);
	assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
	assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
	assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
	assert_int_equal(store_live_segments(l), 2);
	store_live_close(l);
	store_close(s);
	assert_whole("empty", 0);
	assert_int_equal(checked.segments, 2);
}

static void
test_crash_after_every_step(void **state)
{
	uint64_t steps = 0;

	for (uint64_t nth = 1;; nth += EACH) {
		struct store_live_found found;
		struct err e = { 0 };

		begin();
		if (!crash(act, nth))
			break;
		if (settle(&found, &e) == -1)
			fail_msg("step %ju: %s", (uintmax_t)nth, e.text);
		assert_whole("crash", nth);
		assert_int_equal(files_in("open"), 0);
		/* and the work goes on */
		shared->begun = shared->committed = checked.records;
		if (act(&e) == -1)
			fail_msg("then, step %ju: %s", (uintmax_t)nth, e.text);
		assert_whole("after", nth);
		assert_int_equal(checked.records, shared->begun);
		steps++;
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)steps);
	assert_true(steps * EACH > 150);
}

/* A crash, and others while that is repaired. */
static void
test_crashes_in_recovery(void **state)
{
	unsigned seed = 11;

	for (unsigned run = 0; run < 80; run++) {
		struct store_live_found found;
		struct err e = { 0 };

		begin();
		(void)crash(act, 60 + (uint64_t)rand_r(&seed) % 160);
		for (int i = 0; i < 4; i++)
			(void)crash(settle_body, 1 + (uint64_t)rand_r(&seed) % 70);
		if (settle(&found, &e) == -1)
			fail_msg("run %u: %s", run, e.text);
		assert_whole("crashes", run);
		assert_int_equal(files_in("open"), 0);
	}
}

/* A full or bad disk at each step: said, and the next start is fine. */
static void
test_errors_at_every_step(void **state)
{
	static const int errors[] = { ENOSPC, EIO };

	for (size_t i = 0; i < 2; i++) {
		for (uint64_t nth = 1;; nth += EACH) {
			struct store_live_found found;
			struct err e = { 0 };
			uint64_t from;
			int rc;

			begin();
			from = io_fault_steps();
			io_fault_set(nth, errors[i], false);
			rc = act(&e);
			io_fault_set(0, 0, false);
			if (io_fault_steps() - from < nth) {
				assert_int_equal(rc, 0);
				break;
			}
			if (rc == -1)
				assert_true(e.text[0] != '\0' && (e.code == ERR_IO || e.code == ERR_CONFIG));
			e = (struct err){ 0 };
			if (settle(&found, &e) == -1)
				fail_msg("error %d, step %ju: %s", errors[i], (uintmax_t)nth, e.text);
			assert_whole("error", nth);
			assert_int_equal(files_in("open"), 0);
		}
	}
}

/* ---- a full disk ---- */

/* Three flushes, a cut, and two: each tried again until it is done. */
static int
act_patiently(bool *waited, struct err *e)
{
	struct store_live_facts done = facts();
	struct store_live_found found;
	struct store_live *l = NULL;
	struct store *s;
	int step = 0, rc = open_live(&s, &l, &found, e);

	while (rc == 0 && step < 7) {
		uint64_t begun = shared->begun;

		rc = step == 3 ? store_live_cut(l, &done, &next, e)
		    : step == 6 ? store_live_stop(l, &done, "end", e) : flush(l, e);
		step += rc == 0;
		if (rc == 0)
			continue;
		if (!store_live_full(l))
			break;
		*waited = true;
		shared->begun = begun; /* the same records again */
		store_live_use_reserve(l);
		if (!store_live_broken(l) && step < 6)
			(void)store_live_stop(l, &done, "disk-full", e);
		store_live_close(l);
		l = NULL;
		store_close(s);
		rc = open_live(&s, &l, &found, e);
		assert_int_equal(found.untagged, 0);
	}
	store_live_close(l);
	store_close(s);
	return (rc);
}

/*
 * No space at one step after the other: the process waits and goes on, and
 * nothing is lost or doubled; or it says that it cannot know what the disk has.
 */
static void
test_a_full_disk_is_waited_for(void **state)
{
	static const int errors[] = { ENOSPC, EDQUOT };
	unsigned waits = 0, ends = 0;

	for (uint64_t nth = 1;; nth += EACH) {
		struct store_live_found found;
		struct err e = { 0 };
		bool waited = false;
		uint64_t from;
		int rc;

		begin();
		from = io_fault_steps();
		io_fault_set(nth, errors[nth % 2], false);
		rc = act_patiently(&waited, &e);
		io_fault_set(0, 0, false);
		if (io_fault_steps() - from < nth) {
			assert_int_equal(rc, 0);
			break;
		}
		waits += waited;
		ends += rc == -1;
		if (rc == 0) {
			assert_whole("full", nth);
			assert_int_equal(checked.records, 5 * FLUSH);
		}
		e = (struct err){ 0 };
		if (settle(&found, &e) == -1)
			fail_msg("step %ju: %s", (uintmax_t)nth, e.text);
		assert_whole("then", nth);
		assert_int_equal(files_in("open"), 0);
	}
	print_message("# waited %u times, gave up %u times\n", waits, ends);
	assert_true(waits * EACH > 50);
}

static void
test_the_reserve_is_there_while_records_are_taken(void **state)
{
	struct store_live_facts done = facts();
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	struct stat st;
	struct err e = { 0 };
	char path[200];

	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/open/reserve", work_store);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_true(st.st_blocks * 512 >= 1 << 20);
	store_live_use_reserve(l);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(flush(l, &e), 0);
	assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
	assert_int_equal(stat(path, &st), 0); /* made again */
	assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
	assert_int_equal(files_in("open"), 0);
	store_live_close(l);
	store_close(s);
}

/* ---- what no crash leaves ---- */

static void
leave_open(void)
{
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(flush(l, &e), 0);
	store_live_close(l);
	store_close(s);
}

static void
path_to(char path[static 200], const char *name)
{
	if (name[0] == '@')
		(void)snprintf(path, 200, "%s/shop/%s", work_keys, name + 1);
	else
		(void)snprintf(path, 200, "%s/streams/shop/open/00000001.%s", work_store, name);
}

/* Cut by cut bytes (SIZE_MAX: removed), then flip the byte at flip, then add what. */
struct attack {
	const char *claim, *file;
	size_t cut;
	ssize_t flip; /* -1: none; below that, from the end */
	const char *add;
	const char *alarm; /* NULL: honest */
};

static void
attack(const struct attack *a)
{
	struct buf bytes = { 0 };
	char path[200];
	struct err e = { 0 };
	int fd;

	path_to(path, a->file);
	if (a->cut == SIZE_MAX) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &bytes, &e), 0);
	assert_true(bytes.len > a->cut);
	bytes.len -= a->cut;
	if (a->flip >= 0) { /* a hex digit stays one, and base64 of a salt is still some */
		char *at = &bytes.data[a->flip];

		if (strcmp(a->file, "salt") == 0)
			*at = (char)(*at == 'A' ? 'B' : 'A');
		else
			*at = (char)(*at == 'a' || *at == 'f' ? 'b' : *at ^ 1);
	}
	if (a->flip < -1)
		bytes.data[bytes.len - (size_t)-a->flip] ^= 1;
	if (a->add != NULL)
		buf_str(&bytes, a->add);
	assert_true((fd = open(path, O_WRONLY | O_TRUNC)) != -1);
	assert_int_equal(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	(void)close(fd);
	buf_free(&bytes);
}

#define A_RECORD "{\"time\":\"2026-11-25T03:00:00.000Z\",\"path\":\"/x\",\"bytes\":15}\n"

static const struct attack attacks[] = {
	{ "nothing was done", "data", 0, -1, NULL, NULL },
	{ "an uncommitted record is kept and counted", "data", 0, -1, A_RECORD, NULL },
	{ "half a record behind the commit is dropped", "data", 0, -1, "{\"time\":\"20", NULL },
	{ "half a tag behind the commit is dropped", "tags", 0, -1, "4 1 15 17", NULL },
	{ "a committed record is changed", "data", 0, 60, NULL, "records" },
	{ "the data is cut", "data", 10, -1, NULL, "data" },
	{ "the last tag is cut", "tags", 1, -1, NULL, "tags" },
	{ "the last state is changed", "tags", 0, -2, NULL, "ratchet" },
	{ "tags are gone", "tags", SIZE_MAX, -1, NULL, "files" },
	{ "data is gone", "data", SIZE_MAX, -1, NULL, "files" },
	{ "the seed is gone", "salt", SIZE_MAX, -1, NULL, "files" },
	{ "the seed is another", "salt", 0, 6, NULL, "records" },
	{ "the ratchet is gone", "@ratchet", SIZE_MAX, -1, NULL, "ratchet" },
	{ "the ratchet is torn", "@ratchet", 0, 100, NULL, "ratchet" },
	{ "the head is gone", "@open.00000001", SIZE_MAX, -1, NULL, "files" },
	{ "the policy in the head is another", "@open.00000001", 0, 20, NULL, "files" },
	{ "the hash of the head is another", "@open.00000001", 0, -9, NULL, "files" },
	{ "the head is cut", "@open.00000001", 1, -1, NULL, "files" },
	{ "more is in the head", "@open.00000001", 0, -1, "x", "files" },
};

static bool
entry_says(const char *what)
{
	struct buf chain = { 0 };
	char path[200];
	bool there;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/chain.jsonl", work_store);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &chain, NULL), 0);
	there = memmem(chain.data, chain.len, what, strlen(what)) != NULL;
	buf_free(&chain);
	return (there);
}

static void
test_only_two_states_are_honest(void **state)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		const struct attack *a = &attacks[i];
		struct store_live_found found;
		char want[64];
		struct err e = { 0 };
		int rc;

		leave_open();
		attack(a);
		rc = settle(&found, &e);
		if (a->alarm == NULL) {
			if (rc == -1)
				fail_msg("%s: %s", a->claim, e.text);
			shared->begun += a->add != NULL && a->add[9] == '2' && strlen(a->add) > 40;
			assert_whole(a->claim, 0);
			continue;
		}
		(void)snprintf(want, sizeof(want), "\"alarm\":true,\"reason\":\"%s\"", a->alarm);
		if (rc != -1 || e.code != ERR_CONFIG || !entry_says(want))
			fail_msg("%s: rc %d, code %d: %s", a->claim, rc, (int)e.code, e.text);
		/* it stays refused, and is said once */
		assert_int_equal(settle(&found, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_int_equal(check_stream(&checked, work_store, "shop"), 0);
		assert_int_equal(checked.entries, 3);
		buf_free(&checked.lines);
	}
}

/* Open files gone altogether, and those of an older copy put back. */
static void
test_files_gone(void **state)
{
	struct store_live_found found;
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	char path[200];
	bool created;

	leave_open();
	/* an import keeps away */
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_stream_open(s, "shop", POLICY, &test_names, &st, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	store_close(s);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "data", "tags", "salt" };

		path_to(path, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(settle(&found, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_true(entry_says("\"reason\":\"tags\""));
}

static void
test_a_second_process_is_refused(void **state)
{
	struct store_live_found found;
	struct store_live *l, *other;
	struct store *s, *second;
	struct err e = { 0 };

	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	assert_int_equal(open_live(&second, &other, &found, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	store_close(second);
	store_live_close(l);
	store_close(s);
}

static int
end(void **state)
{
	work_end();
	return (0);
}

/* The file is as long as what is committed; what lies behind goes with it. */
static void
test_blocks_are_taken_before_they_are_written(void **state)
{
	static const char *const name = "streams/shop/open/00000001.data";
	struct store_live_found found;
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	struct stat st;
	struct err e;
	int dirfd;

	(void)state;
	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	assert_int_equal(flush(l, &e), 0);
	dirfd = open(work_store, O_RDONLY | O_DIRECTORY);
	assert_int_equal(fstatat(dirfd, name, &st, 0), 0);
	assert_int_equal((uint64_t)st.st_size, store_live_bytes(l));
	if ((uint64_t)st.st_blocks * 512 < 256 << 10)
		print_message("this file system takes no blocks ahead: not tested\n");
	assert_int_equal(flush(l, &e), 0);
	assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
	assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
	assert_int_equal(fstatat(dirfd, name, &st, 0), -1);
	(void)close(dirfd);
	store_live_close(l);
	store_close(s);
	assert_whole("blocks", 0);
}

/* In the lock of who prunes: what the committing thread does each turn. */
static int
turn(void *arg, const struct store_chain *chain, struct err *e)
{
	struct store_chain_seen seen;

	(void)chain;
	if (store_live_check(arg, e) == -1 || store_live_chain(arg, &seen))
		return (-1);
	return (flush(arg, e));
}

static void
test_commits_wait_for_no_prune(void **state)
{
	struct store_live_facts done = facts();
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	struct err e;

	(void)state;
	begin();
	assert_int_equal(open_live(&s, &l, &found, &e), 0);
	(void)alarm(60); /* else it would wait for itself */
	assert_int_equal(store_live_look(l, turn, l, &e), 0);
	(void)alarm(0);
	assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
	store_live_close(l);
	store_close(s);
	assert_whole("beside who prunes", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flush_cut_stop),
		cmocka_unit_test(test_what_was_open_is_overwritten),
		cmocka_unit_test(test_what_is_swept_is_overwritten),
		cmocka_unit_test(test_tags_verify_with_the_first_key),
		cmocka_unit_test(test_an_empty_segment_is_sealed),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_crashes_in_recovery),
		cmocka_unit_test(test_errors_at_every_step),
		cmocka_unit_test(test_a_full_disk_is_waited_for),
		cmocka_unit_test(test_the_reserve_is_there_while_records_are_taken),
		cmocka_unit_test(test_blocks_are_taken_before_they_are_written),
		cmocka_unit_test(test_only_two_states_are_honest),
		cmocka_unit_test(test_files_gone),
		cmocka_unit_test(test_a_second_process_is_refused),
		cmocka_unit_test(test_commits_wait_for_no_prune),
	};
	struct err e;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
