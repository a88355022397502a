/*
 * A ratchet in memory only: nothing of it on disk, what a crash leaves is
 * sealed as lost, and no ratchet in a sector passes for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <ftw.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "seal/ratchet.h"
#include "store/keys.h"
#include "store/live/inside.h"
#include "work.h"

#define CRASH_EXIT 77
#define EPOCHS "{\"ip\":[\"2026-W48\"]}"
#define FLUSH 5 /* records of a flush */

static struct checked checked;
static unsigned char secret[32], public_key[32];

/* What the child got done, seen by the parent. */
static struct shared {
	volatile uint64_t begun, committed;
} *shared;

static const struct store_live_next next = { POLICY, SPAN(EPOCHS) };

static int
open_live(const unsigned char *escrow, struct store **s, struct store_live **l,
    struct store_live_found *found, struct err *e)
{
	struct store_live_options how = { .name = "shop", .mode = "pipe", .names = &test_names,
		.next = next, .escrow = escrow };
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

static struct store_live_facts
facts(void)
{
	return ((struct store_live_facts){ .epochs = span_str(EPOCHS),
	    .words = span_str("path\t0\tabc\n") });
}

static int
act(struct err *e)
{
	struct store_live_found found;
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	int rc = -1;

	if (open_live(public_key, &s, &l, &found, e) == 0 && flush(l, e) == 0 && flush(l, e) == 0 &&
	    store_live_cut(l, &done, &next, e) == 0 && flush(l, e) == 0 && flush(l, e) == 0 &&
	    store_live_stop(l, &done, "end", e) == 0)
		rc = 0;
	store_live_close(l);
	store_close(s);
	return (rc);
}

static int
settle(const unsigned char *escrow, struct store_live_found *found, struct err *e)
{
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	int rc = -1;

	if (open_live(escrow, &s, &l, found, e) == 0)
		rc = store_live_stop(l, &done, "end", e);
	store_live_close(l);
	store_close(s);
	return (rc);
}

static int
settle_body(struct err *e)
{
	struct store_live_found found;

	return (settle(public_key, &found, e));
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

static void
begin(void)
{
	work_begin();
	shared->begun = shared->committed = 0;
}

/* Three flushes, and then nothing: a crash. */
static void
leave_open(const unsigned char *escrow)
{
	struct store_live_found found;
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	begin();
	assert_int_equal(open_live(escrow, &s, &l, &found, &e), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(flush(l, &e), 0);
	store_live_close(l);
	store_close(s);
}

/* ---- what the holder of the offline key sees ---- */

struct seen {
	unsigned held, lost; /* segments whose flushes hold; that a crash took */
};

static void
see_start(const struct seal_ratchet_start *start, const unsigned char a[32], struct seal_ratchet *r)
{
	unsigned char k[32], commitment[32];

	assert_true(start->has_box && span_is(start->mode, "ram"));
	assert_int_equal(crypto_sealed_open(secret,
	    span_of((const char *)start->box, sizeof(start->box)), k), 0);
	seal_ratchet_commitment(k, commitment);
	assert_memory_equal(commitment, start->commitment, 32);
	seal_ratchet_begin(r, k, start->g);
	memcpy(r->a, a, 32);
}

static void
see_segment(int fd, const struct seal_segment *s, struct seal_ratchet *r, struct seen *seen)
{
	struct seal_tags_want want = { .origin = { NULL, 0 }, .seg = s->seg, .n = s->n,
		.g0 = s->tags.g0, .g = s->tags.g, .agg = s->tags.agg, .root = s->root };
	struct buf tags = { 0 };
	char path[200], origin[80];
	uint64_t line;
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/streams/shop/chain.jsonl", work_store);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &tags, NULL), 0);
	(void)snprintf(origin, sizeof(origin), "%.*s", 29,
	    (char *)memmem(tags.data, tags.len, "cretula/", 8));
	want.origin = span_str(origin);
	buf_clear(&tags);
	(void)snprintf(path, sizeof(path), "seg/%08ju.tags", (uintmax_t)s->seg);
	assert_int_equal(io_read_file(fd, path, 1 << 20, &tags, NULL), 0);
	if (seal_ratchet_check(r, buf_view(&tags), &want, &line, &e) == -1)
		fail_msg("segment %ju: %s", (uintmax_t)s->seg, e.text);
	seen->held++;
	buf_free(&tags);
}

/* Every segment holds with the key of its ratchet, or its loss is told before. */
static struct seen
look(void)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_ratchet r = { .g = 0 };
	struct seen seen = { 0 };
	unsigned char a[32] = { 0 };
	struct store_chain chain;
	uint64_t lost = 0;
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, NULL), 0);
	for (size_t i = 0; i < chain.count; i++) {
		const struct seal_segment *s = &entry->of.segment;

		assert_int_equal(seal_entry_read(store_chain_line(&chain, i), &test_names, entry, NULL), 0);
		if (entry->type == SEAL_START)
			see_start(&entry->of.start.ratchet, a, &r);
		if (entry->type == SEAL_RECOVER && span_is(entry->of.recover.reason, "ram"))
			lost = entry->of.recover.seg;
		if (entry->type != SEAL_SEGMENT)
			continue;
		if (s->tags.lost) {
			assert_int_equal(s->seg, lost);
			seen.lost++;
			continue;
		}
		see_segment(fd, s, &r, &seen);
		memcpy(a, s->tags.agg, 32);
	}
	store_chain_free(&chain);
	(void)close(fd);
	free(entry);
	return (seen);
}

static void
assert_whole(const char *claim, uint64_t step)
{
	if (check_stream(&checked, work_store, "shop") == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, checked.wrong);
	if (checked.records < shared->committed || checked.records > shared->begun)
		fail_msg("%s, step %ju: %ju records, %ju committed, %ju begun", claim,
		    (uintmax_t)step, (uintmax_t)checked.records, (uintmax_t)shared->committed,
		    (uintmax_t)shared->begun);
	buf_free(&checked.lines);
}

/* ---- tests ---- */

static void
test_crash_after_every_step(void **state)
{
	uint64_t steps = 0;
	unsigned lost = 0;

	for (uint64_t nth = 1;; nth += 2) { /* test_live takes each step */
		struct store_live_found found = { .crashed = false };
		struct err e = { 0 };
		struct seen seen;

		begin();
		if (!crash(act, nth))
			break;
		(void)crash(settle_body, 1 + nth * 7 % 60); /* and while that is repaired */
		if (settle(public_key, &found, &e) == -1)
			fail_msg("step %ju: %s", (uintmax_t)nth, e.text);
		assert_whole("crash", nth);
		seen = look();
		assert_in_range(seen.lost, 0, 1);
		lost += seen.lost;
		steps++;
		if (steps % 8 != 0)
			continue;
		/* and the work goes on */
		shared->begun = shared->committed = checked.records;
		if (act(&e) == -1)
			fail_msg("then, step %ju: %s", (uintmax_t)nth, e.text);
		assert_whole("after", nth);
		assert_int_equal(look().held, seen.held + 2);
	}
	print_message("# crashed after %ju steps, %u segments lost\n", (uintmax_t)steps, lost);
	assert_true(steps > 100 && lost > 20);
	assert_int_equal(look().held, 2);
	assert_int_equal(look().lost, 0);
}

static unsigned char wanted[32];
static unsigned places;

static int
search_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	struct buf bytes = { 0 };

	(void)st;
	(void)ftw;
	if (flag != FTW_F)
		return (0);
	/* The thread that seals may take one away meanwhile. */
	if (io_read_file(AT_FDCWD, path, 8 << 20, &bytes, NULL) == -1)
		assert_int_equal(errno, ENOENT);
	places += bytes.len > 0 && memmem(bytes.data, bytes.len, wanted, sizeof(wanted)) != NULL;
	buf_free(&bytes);
	return (0);
}

/* In how many files of STORE and KEYS is it? */
static unsigned
search(const unsigned char bytes[32])
{
	memcpy(wanted, bytes, 32);
	places = 0;
	assert_int_equal(nftw(work_store, search_file, 8, FTW_PHYS), 0);
	assert_int_equal(nftw(work_keys, search_file, 8, FTW_PHYS), 0);
	return (places);
}

static void
test_no_key_reaches_the_disk(void **state)
{
	const unsigned char *const modes[] = { NULL, public_key };

	for (unsigned mode = 0; mode < 2; mode++) {
		unsigned char keys[8][32];
		struct store_live_facts done = facts();
		struct store_live_found found;
		struct store_live *l;
		struct store *s;
		unsigned hits = 0;
		struct err e = { 0 };

		begin();
		assert_int_equal(open_live(modes[mode], &s, &l, &found, &e), 0);
		for (unsigned i = 0; i < 8; i++) {
			memcpy(keys[i], l->ratchet->k, 32);
			hits += search(keys[i]);
			if (i == 4)
				assert_int_equal(store_live_cut(l, &done, &next, &e), 0);
			assert_int_equal(flush(l, &e), 0);
			hits += search(l->ratchet->a) - (mode == 0);
		}
		assert_int_equal(store_live_stop(l, &done, "end", &e), 0);
		store_live_close(l);
		store_close(s);
		for (unsigned i = 0; i < 8; i++)
			hits += search(keys[i]);
		assert_int_equal(hits, mode == 0 ? 8 : 0); /* the search does find */
	}
}

struct attack {
	const char *claim, *file;
	size_t cut;
	ssize_t flip; /* -1: none */
	const char *add;
	const char *alarm; /* NULL: taken for a crash */
	uint64_t kept;
};

#define A_RECORD "{\"time\":\"2026-11-25T03:00:00.000Z\",\"path\":\"/x\",\"bytes\":15}\n"

static const struct attack attacks[] = {
	{ "nothing was done", "data", 0, -1, NULL, NULL, 15 },
	{ "a record behind the last flush is kept", "data", 0, -1, A_RECORD, NULL, 16 },
	{ "half a record behind it is not", "data", 0, -1, "{\"time\":\"20", NULL, 15 },
	{ "half a flush is dropped", "tags", 0, -1, "4 1 15 17", NULL, 15 },
	{ "of the last flush not all records are there", "data", 10, -1, NULL, NULL, 14 },
	{ "the last flush has no end: its records are behind the last", "tags", 1, -1, NULL, NULL, 15 },
	{ "more than the last flush is cut off the records", "data", 400, -1, NULL, "data", 0 },
	{ "an early record is another", "data", 0, 60, NULL, "records", 0 },
	{ "the seed is another", "salt", 0, 6, NULL, "records", 0 },
	{ "flushes are gone", "tags", SIZE_MAX, -1, NULL, "files", 0 },
	{ "records are gone", "data", SIZE_MAX, -1, NULL, "files", 0 },
	{ "a flush that is none", "tags", 0, -1, "9 1 15 17\n", "tags", 0 },
};

static void
attack(const struct attack *a)
{
	struct buf bytes = { 0 };
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/open/00000001.%s", work_store, a->file);
	if (a->cut == SIZE_MAX) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &bytes, NULL), 0);
	assert_true(bytes.len > a->cut);
	bytes.len -= a->cut;
	if (a->flip >= 0)
		bytes.data[a->flip] = (char)(bytes.data[a->flip] == 'A' ? 'B' : 'A');
	if (a->add != NULL)
		buf_str(&bytes, a->add);
	assert_true((fd = open(path, O_WRONLY | O_TRUNC)) != -1);
	assert_int_equal(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	(void)close(fd);
	buf_free(&bytes);
}

static void
test_what_a_crash_leaves(void **state)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		const struct attack *a = &attacks[i];
		struct store_live_found found;
		struct err e = { 0 };
		int rc;

		leave_open(public_key);
		attack(a);
		rc = settle(public_key, &found, &e);
		if (a->alarm == NULL) {
			struct seen seen;

			if (rc == -1 || !found.ratchet_lost || found.kept != a->kept)
				fail_msg("%s: rc %d, kept %ju: %s", a->claim, rc,
				    (uintmax_t)found.kept, e.text);
			seen = look();
			assert_int_equal(seen.lost, 1);
			assert_int_equal(seen.held, 0);
			continue;
		}
		if (rc != -1 || e.code != ERR_CONFIG || strstr(e.text, a->alarm) == NULL)
			fail_msg("%s: rc %d, code %d: %s", a->claim, rc, (int)e.code, e.text);
	}
}

/* Whole flushes gone from the end: nothing on this machine knows of them. */
static void
test_a_cut_end_is_sealed_as_lost(void **state)
{
	struct store_live_found found;
	struct buf tags = { 0 };
	char path[200];
	struct err e = { 0 };

	leave_open(public_key);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/open/00000001.tags", work_store);
	assert_int_equal(io_read_file(AT_FDCWD, path, 1 << 20, &tags, NULL), 0);
	tags.len = (size_t)((char *)memchr(tags.data, '\n', tags.len) - tags.data) + 1;
	assert_int_equal(truncate(path, (off_t)tags.len), 0);
	buf_free(&tags);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/open/00000001.data", work_store);
	assert_int_equal(truncate(path, (off_t)(FLUSH * 61)), 0);
	assert_int_equal(settle(public_key, &found, &e), 0);
	assert_true(found.ratchet_lost && found.kept < 15);
	assert_int_equal(look().lost, 1);
}

/* The chain says which ratchet is in force; the configuration only what comes next. */
static void
test_a_sector_is_never_taken_for_memory(void **state)
{
	struct store_live_found found;
	char path[200];
	struct err e = { 0 };

	for (int i = 0; i < 2; i++) {
		leave_open(NULL);
		(void)snprintf(path, sizeof(path), "%s/streams/shop/open/00000001.%s", work_store,
		    i == 0 ? "tags" : "data");
		assert_int_equal(truncate(path, i == 0 ? 0 : 10), 0);
		assert_int_equal(settle(public_key, &found, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_non_null(strstr(e.text, i == 0 ? "alarm (tags)" : "alarm (data)"));
	}
}

static bool
slot_is_zero(void)
{
	unsigned char sector[SEAL_SECTOR_BYTES], none[SEAL_SECTOR_BYTES] = { 0 };
	struct seal_ratchet r;
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/shop", work_keys);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(io_slot_read(fd, "ratchet", sector, NULL), 0);
	(void)close(fd);
	if (memcmp(sector, none, sizeof(none)) == 0)
		return (true);
	assert_int_equal(seal_ratchet_decode(sector, &r, NULL), 0);
	return (false);
}

static void
test_one_follows_the_other(void **state)
{
	struct store_live_found found;
	struct err e = { 0 };

	leave_open(NULL);
	assert_false(slot_is_zero());
	assert_int_equal(settle(public_key, &found, &e), 0); /* what a sector vouches for */
	assert_true(found.crashed && !found.ratchet_lost && found.kept == 15);
	assert_true(slot_is_zero());
	assert_int_equal(settle(NULL, &found, &e), 0);
	assert_false(found.crashed || slot_is_zero());
	assert_int_equal(settle(NULL, &found, &e), 0);
	assert_whole("back", 0);
	leave_open(public_key);
	assert_int_equal(settle(NULL, &found, &e), 0);
	assert_true(found.ratchet_lost && !slot_is_zero());
}

static int
give_nobody(void *arg, const struct key_escrow *line, struct err *e)
{
	(void)arg;
	(void)line;
	return (err_set(e, ERR_IO, "not asked for"));
}

static void
test_its_key_is_not_given_out_again(void **state)
{
	struct store_escrow how = { .stream = "shop", .policy = POLICY, .names = &test_names,
		.give = give_nobody };
	struct store_live_found found;
	struct store *s;
	struct err e = { 0 };
	bool created;

	leave_open(public_key);
	assert_int_equal(settle(public_key, &found, &e), 0);
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_escrow(s, &how, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.text, "in memory only"));
	store_close(s);
}

static void
test_an_alarm_is_given_up(void **state)
{
	struct store_accept how = { .stream = "shop", .names = &test_names, .text = SPAN("torn") };
	struct store_live_found found;
	struct store_loss loss;
	struct store *s;
	struct err e = { 0 };
	bool created;

	leave_open(public_key);
	attack(&attacks[7]);
	assert_int_equal(settle(public_key, &found, &e), -1);
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_accept(s, &how, &loss, &e), 0);
	assert_string_equal(loss.word, "records");
	assert_int_equal(loss.records, 15);
	store_close(s);
	assert_int_equal(settle(public_key, &found, &e), 0);
	shared->begun = shared->committed = 0;
	if (act(&e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(look().held, 2);
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
		cmocka_unit_test(test_no_key_reaches_the_disk),
		cmocka_unit_test(test_what_a_crash_leaves),
		cmocka_unit_test(test_a_cut_end_is_sealed_as_lost),
		cmocka_unit_test(test_a_sector_is_never_taken_for_memory),
		cmocka_unit_test(test_one_follows_the_other),
		cmocka_unit_test(test_its_key_is_not_given_out_again),
		cmocka_unit_test(test_an_alarm_is_given_up),
	};
	struct err e;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || crypto_start(&e) != 0)
		return (1);
	crypto_random(secret, sizeof(secret));
	crypto_sealed_public(secret, public_key);
	return (cmocka_run_group_tests(tests, NULL, end));
}
