/*
 * Ratchets whose key is given out, and losses that are accepted: a crash or
 * an error after every durable step, and again while that is repaired.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "key/key.h"
#include "seal/ratchet.h"
#include "store/keys.h"
#include "store/live.h"
#include "work.h"

#define CRASH_EXIT 77
#define EPOCHS "{\"ip\":[\"2026-W48\"]}"
#define FLUSH 5
#define GIVEN_MAX 32

static struct checked checked;
static unsigned char recovery[32];

/* Keys that were given out, seen by the parent. */
static struct shared {
	volatile size_t count;
	struct {
		uint64_t g;
		unsigned char k[32];
	} given[GIVEN_MAX];
} *shared;

static const struct store_live_next next = { POLICY, SPAN(EPOCHS) };

static struct store_live_facts
facts(void)
{
	return ((struct store_live_facts){ .epochs = span_str(EPOCHS),
	    .words = span_str("path\t0\tabc\n") });
}

/* ---- writing ---- */

static int
open_live(struct store **s, struct store_live **l, struct err *e)
{
	struct store_live_options how = { .name = "shop", .mode = "pipe", .names = &test_names,
		.next = next };
	struct store_live_found found;
	bool created;

	*s = NULL;
	*l = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	how.store = *s;
	return (store_live_open(&how, l, &found, e));
}

static int
flush(struct store_live *l, uint64_t first, struct err *e)
{
	char lines[FLUSH * MADE_LINE_BYTES];
	uint32_t ends[FLUSH];
	struct stats_counts counts;
	struct store_live_run run = {
		.lines = lines, .ends = ends, .count = FLUSH, .counts = &counts
	};

	(void)make_lines(first, FLUSH, lines, ends);
	stats_counts_clear(&counts);
	counts.lines = counts.in.parsed = counts.status[0] = FLUSH;
	counts.time_min_us = counts.time_max_us = INT64_C(1795575600000000);
	return (store_live_flush(l, &run, e));
}

/* One segment sealed, and one left open as by a crash, or stopped. */
static void
write_live(bool stop)
{
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	if (open_live(&s, &l, &e) == -1 || flush(l, 0, &e) == -1 ||
	    store_live_cut(l, &done, &next, &e) == -1 || flush(l, FLUSH, &e) == -1 ||
	    store_live_check(l, &e) == -1 || (stop && store_live_stop(l, &done, "end", &e) == -1))
		fail_msg("%s", e.text);
	store_live_close(l);
	store_close(s);
}

static void
shell(const char *command)
{
	char all[600];

	(void)snprintf(all, sizeof(all), "cd %s && %s", work_dir, command);
	assert_int_equal(system(all), 0);
}

/* ---- before ---- */

static void
prepare(void)
{
	struct store *s;
	struct err e = { 0 };
	bool created;

	work_begin();
	shared->count = 0;
	memset(recovery, 7, sizeof(recovery));
	assert_int_equal(key_create(work_keys, recovery, &e), 0);
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	store_close(s);
}

static void
nothing(void)
{
}

static void
imported(void)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	bool created;

	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_stream_open(s, "shop", POLICY, &test_names, &st, &e), 0);
	assert_int_equal(seal_segment(st, 5, 1, true, &e), 0);
	store_stream_close(st);
	store_close(s);
}

static void
stopped(void)
{
	write_live(true);
}

static void
crashed(void)
{
	write_live(false);
}

static void
torn_ratchet(void)
{
	write_live(false);
	shell("printf 'torn torn torn' | dd of=s.keys/shop/ratchet bs=1 seek=100 conv=notrunc 2>/dev/null");
}

static void
no_open_files(void)
{
	write_live(false);
	shell("rm -f s/streams/shop/open/00000002.*");
}

static void
changed_data(void)
{
	write_live(false);
	shell("sed -i s/path/Path/ s/streams/shop/open/00000002.data");
}

/* The older segment could not be sealed, something being in its place; the newer one is changed. */
static void
two_open(void)
{
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	if (open_live(&s, &l, &e) == -1 || flush(l, 0, &e) == -1)
		fail_msg("%s", e.text);
	shell("mkdir -p s/streams/shop/seg/00000001.salt/x");
	if (store_live_cut(l, &done, &next, &e) == -1 || flush(l, FLUSH, &e) == -1)
		fail_msg("%s", e.text);
	store_live_close(l);
	store_close(s);
	shell("rm -r s/streams/shop/seg/00000001.salt");
	shell("test -f s/streams/shop/open/00000001.data");
	shell("sed -i s/path/Path/ s/streams/shop/open/00000002.data");
}

/* The alarm is in the chain, and then the files come back. */
static void
restored(void)
{
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	write_live(false);
	shell("mv s/streams/shop/open keep && mkdir s/streams/shop/open");
	assert_int_equal(open_live(&s, &l, &e), -1);
	assert_non_null(strstr(e.text, "alarm (tags)"));
	assert_non_null(strstr(e.text, "cretula recover"));
	store_close(s);
	shell("rmdir s/streams/shop/open && mv keep s/streams/shop/open");
}

static void
no_stream_keys(void)
{
	write_live(false);
	shell("rm -r s.keys/shop");
}

static void
no_epoch_key(void)
{
	write_live(true);
	shell("rm s.keys/shop/epoch.key");
}

static void
no_keys_of_an_import(void)
{
	imported();
	shell("rm -r s.keys/shop");
}

static void
no_keys(void)
{
	write_live(false);
	shell("rm -r s.keys");
}

static void
no_own_keys(void)
{
	write_live(true);
	shell("rm -r s.keys/cretula.store");
}

/* ---- acts ---- */

static int
take(void *arg, const struct key_escrow *line, struct err *e)
{
	size_t i = shared->count;

	(void)arg;
	(void)e;
	assert_true(i < GIVEN_MAX);
	shared->given[i].g = line->g;
	memcpy(shared->given[i].k, line->k, 32);
	shared->count = i + 1;
	return (0);
}

static int
escrow(struct err *e)
{
	struct store_escrow how = { "shop", POLICY, &test_names, take, NULL };
	struct store *s;
	bool created;
	int rc;

	if (store_open(work_store, NULL, &s, &created, e) == -1)
		return (-1);
	rc = store_escrow(s, &how, e);
	store_close(s);
	return (rc);
}

static int
accept_with(const unsigned char *seed, struct store_loss *loss, struct err *e)
{
	struct store_accept how = { "shop", &test_names, seed, span_str("it burned") };
	struct store *s;
	int rc;

	if (store_open_lost(work_store, NULL, seed, &s, e) == -1)
		return (-1);
	rc = store_accept(s, &how, loss, e);
	store_close(s);
	return (rc);
}

static int
accept_loss(struct err *e)
{
	struct store_loss loss;

	return (accept_with(recovery, &loss, e));
}

static const struct act {
	const char *claim;
	void (*before)(void);
	int (*body)(struct err *e);
	uint64_t kept; /* records that are there afterwards */
} acts[] = {
	{ "escrow of a new stream", nothing, escrow, 0 },
	{ "escrow of an import", imported, escrow, 5 },
	{ "escrow of a live stream", stopped, escrow, 10 },
	{ "escrow after a crash", crashed, escrow, 10 },
	{ "a torn ratchet", torn_ratchet, accept_loss, 5 },
	{ "no open files", no_open_files, accept_loss, 5 },
	{ "changed data", changed_data, accept_loss, 5 },
	{ "an alarm whose cause is gone", restored, accept_loss, 10 },
	{ "a stream's keys are lost", no_stream_keys, accept_loss, 5 },
	{ "an epoch key is lost", no_epoch_key, accept_loss, 10 },
	{ "the keys of an import are lost", no_keys_of_an_import, accept_loss, 5 },
	{ "all keys are lost", no_keys, accept_loss, 5 },
	{ "the store's keys are lost", no_own_keys, accept_loss, 10 },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* ---- afterwards ---- */

static void
assert_good(const char *claim, uint64_t step)
{
	if (check_stream(&checked, work_store, "cretula.store") == -1)
		fail_msg("%s, step %ju: cretula.store: %s", claim, (uintmax_t)step, checked.wrong);
	buf_free(&checked.lines);
	if (check_stream(&checked, work_store, "shop") == -1)
		fail_msg("%s, step %ju: shop: %s", claim, (uintmax_t)step, checked.wrong);
	buf_free(&checked.lines);
}

/* The key that was given out for that beginning; false: none. */
static bool
find_given(const struct seal_ratchet_start *start, unsigned char k[static 32])
{
	for (size_t i = shared->count; i-- > 0;) {
		unsigned char commitment[32];

		memcpy(k, shared->given[i].k, 32);
		seal_ratchet_commitment(k, commitment);
		if (shared->given[i].g == start->g && memcmp(commitment, start->commitment, 32) == 0)
			return (true);
	}
	return (false);
}

static const struct seal_ratchet_start *
ratchet_of(const struct seal_entry *entry, bool *escrowed)
{
	*escrowed = false;
	if (entry->type == SEAL_GENESIS && entry->of.genesis.has_ratchet) {
		*escrowed = true;
		return (&entry->of.genesis.ratchet);
	}
	if (entry->type == SEAL_START && entry->of.start.has_ratchet) {
		*escrowed = span_is(entry->of.start.mode, "escrow");
		return (&entry->of.start.ratchet);
	}
	if (entry->type == SEAL_RECOVER && entry->of.recover.has_ratchet)
		return (&entry->of.recover.ratchet);
	return (NULL);
}

/* Tags behind a ratchet of which the key is known verify. */
static void
assert_tags(const char *claim, uint64_t step)
{
	struct store_chain chain;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_ratchet r = { .g = 1 };
	struct buf tags = { 0 };
	struct err e = { 0 };
	char path[200], origin[80];
	bool known = false, escrowed;
	uint64_t g = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	for (size_t i = 0; i < chain.count; i++) {
		const struct seal_segment *s = &entry->of.segment;
		const struct seal_ratchet_start *start;
		struct seal_tags_want want;
		unsigned char k[32];
		uint64_t line;

		assert_int_equal(seal_entry_read(store_chain_line(&chain, i), &test_names, entry, &e), 0);
		if (entry->type == SEAL_GENESIS)
			(void)snprintf(origin, sizeof(origin), "%.*s", (int)entry->of.genesis.origin.len,
			    entry->of.genesis.origin.ptr);
		if ((start = ratchet_of(entry, &escrowed)) != NULL) {
			if (start->g < g)
				fail_msg("%s, step %ju: flush %ju again", claim, (uintmax_t)step, (uintmax_t)g);
			g = start->g;
			known = find_given(start, k);
			if (escrowed && !known)
				fail_msg("%s, step %ju: not given out", claim, (uintmax_t)step);
			memcpy(r.k, k, sizeof(k));
			r.g = g;
		}
		if (entry->type != SEAL_SEGMENT || !s->has_tags)
			continue;
		if (s->tags.g0 != g && g != 0)
			fail_msg("%s, step %ju: segment %ju begins at %ju", claim, (uintmax_t)step,
			    (uintmax_t)s->seg, (uintmax_t)s->tags.g0);
		g = s->tags.g + 1;
		(void)snprintf(path, sizeof(path), "seg/%08ju.tags", (uintmax_t)s->seg);
		assert_int_equal(io_read_file(fd, path, 1 << 20, &tags, &e), 0);
		want = (struct seal_tags_want){ .origin = span_str(origin), .seg = s->seg, .n = s->n,
			.g0 = s->tags.g0, .g = s->tags.g, .agg = s->tags.agg, .root = s->root };
		if (known && seal_ratchet_check(&r, buf_view(&tags), &want, &line, &e) == -1)
			fail_msg("%s, step %ju: segment %ju: %s", claim, (uintmax_t)step,
			    (uintmax_t)s->seg, e.text);
		memcpy(r.a, s->tags.agg, sizeof(r.a));
	}
	buf_free(&tags);
	store_chain_free(&chain);
	free(entry);
	(void)close(fd);
}

/* Open as pipe does, and write. */
static void
go_on(const struct act *act, uint64_t step)
{
	struct store_live_facts done = facts();
	struct store_live *l;
	struct store *s;
	struct err e = { 0 };

	if (open_live(&s, &l, &e) == -1)
		fail_msg("%s, step %ju: %s", act->claim, (uintmax_t)step, e.text);
	assert_good(act->claim, step);
	if (checked.records != act->kept)
		fail_msg("%s, step %ju: %ju records", act->claim, (uintmax_t)step,
		    (uintmax_t)checked.records);
	if (flush(l, checked.records, &e) == -1 || store_live_stop(l, &done, "end", &e) == -1)
		fail_msg("%s, step %ju: then %s", act->claim, (uintmax_t)step, e.text);
	store_live_close(l);
	store_close(s);
	assert_good(act->claim, step);
	assert_int_equal(checked.records, act->kept + FLUSH);
	assert_tags(act->claim, step);
}

/* The act again, which finds what is left to do. */
static void
finish(const struct act *act, uint64_t step)
{
	struct err e = { 0 };

	if (act->body != escrow && act->body(&e) == -1)
		fail_msg("%s, step %ju: again: %s", act->claim, (uintmax_t)step, e.text);
	go_on(act, step);
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
test_crash_after_every_step(void **state)
{
	uint64_t steps = 0;

	for (size_t i = 0; i < ACTS; i++) {
		for (uint64_t nth = 1;; nth += EACH, steps++) {
			prepare();
			acts[i].before();
			if (!crash(acts[i].body, nth))
				break;
			finish(&acts[i], nth);
		}
		go_on(&acts[i], 0);
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)steps);
	assert_true(steps * EACH > 200);
}

static void
test_crashes_in_repair(void **state)
{
	unsigned seed = 3;

	for (unsigned run = 0; run < 5 * ACTS; run++) {
		const struct act *act = &acts[run % ACTS];

		prepare();
		act->before();
		for (int i = 0; i < 5; i++)
			(void)crash(act->body, 1 + (uint64_t)rand_r(&seed) % 40);
		finish(act, run);
	}
}

/* Every third step, another third with each kind of error. */
static void
fail_everywhere(int errnum, bool sticky)
{
	for (size_t i = 0; i < ACTS; i++) {
		for (uint64_t nth = 1 + (i + sticky) % 3;; nth += 3 * EACH) {
			uint64_t from;
			struct err e = { 0 };
			int rc;

			prepare();
			acts[i].before();
			from = io_fault_steps();
			io_fault_set(nth, errnum, sticky);
			rc = acts[i].body(&e);
			io_fault_set(0, 0, false);
			if (io_fault_steps() - from < nth) {
				assert_int_equal(rc, 0);
				break;
			}
			if (rc == -1) {
				assert_true(e.code == ERR_IO || e.code == ERR_CONFIG);
				assert_non_null(strstr(e.text, "store "));
			}
			finish(&acts[i], nth);
		}
	}
}

static void
test_disk_full(void **state)
{
	fail_everywhere(ENOSPC, false);
	fail_everywhere(ENOSPC, true);
}

/* What is found, without the recovery key, and that a look changes nothing. */
static void
test_looking(void **state)
{
	static const struct {
		const char *claim;
		void (*before)(void);
		unsigned keys, own;
		const char *word;
		uint64_t records;
		bool alarm, accepted;
	} rows[] = {
		{ "nothing is wrong", stopped, 0, 0, "", 0, false, true },
		{ "what a crash leaves", crashed, 0, 0, "", 0, false, true },
		{ "a torn ratchet", torn_ratchet, 0, 0, "ratchet", 0, false, true },
		{ "no open files", no_open_files, 0, 0, "tags", 5, false, true },
		{ "changed data", changed_data, 0, 0, "records", 5, false, true },
		{ "changed data, and an older segment that is open", two_open, 0, 0, "records", 10,
		    false, true },
		{ "an alarm whose cause is gone", restored, 0, 0, "", 0, true, true },
		{ "a stream's keys are lost", no_stream_keys, 3, 0, "ratchet", 0, false, false },
		{ "an epoch key is lost", no_epoch_key, 2, 0, "", 0, false, false },
		{ "the store's keys are lost", no_own_keys, 0, 3, "", 0, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_loss loss;
		struct store *s;
		struct err e = { 0 };
		int rc;

		prepare();
		rows[i].before();
		assert_int_equal(store_open_lost(work_store, NULL, NULL, &s, &e), 0);
		for (int twice = 0; twice < 2; twice++) {
			if (store_look(s, "shop", &test_names, &loss, &e) == -1)
				fail_msg("%s: %s", rows[i].claim, e.text);
			if (loss.keys != rows[i].keys || loss.own != rows[i].own ||
			    strcmp(loss.word, rows[i].word) != 0 || loss.records != rows[i].records ||
			    loss.alarm != rows[i].alarm)
				fail_msg("%s: keys %u own %u word '%s' records %ju alarm %d", rows[i].claim,
				    loss.keys, loss.own, loss.word, (uintmax_t)loss.records, loss.alarm);
		}
		store_close(s);
		rc = accept_with(NULL, &loss, &e);
		if ((rc == 0) != rows[i].accepted)
			fail_msg("%s: accepted without the recovery key: %d %s", rows[i].claim, rc, e.text);
		if (rc == -1) {
			assert_int_equal(e.code, ERR_CONFIG);
			assert_non_null(strstr(e.text, "recovery key"));
		}
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
		cmocka_unit_test(test_looking),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_crashes_in_repair),
		cmocka_unit_test(test_disk_full),
	};
	struct err e;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
