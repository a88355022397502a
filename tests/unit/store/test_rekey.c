/*
 * Keys that change: a crash or an error after every durable step of rekey,
 * revoke and recover, and again while that is repaired.
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
#include "crypto/sign.h"
#include "key/key.h"
#include "key/recovery.h"
#include "seal/note.h"
#include "seal/statement.h"
#include "store/chain.h"
#include "store/keys.h"
#include "store/keys/held.h"
#include "work.h"

#define CRASH_EXIT 77

static struct checked checked;
static unsigned char recovery[32], another[32];

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

static void
keys_path(char path[static 200], const char *name)
{
	(void)snprintf(path, 200, "%s/%s", work_keys, name);
}

static void
forget(const char *name)
{
	char path[200];

	keys_path(path, name);
	assert_int_equal(unlink(path), 0);
}

/* A store whose stream has a segment, and a recovery key. */
static void
prepare(void)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	work_begin();
	memset(recovery, 7, sizeof(recovery));
	memset(another, 9, sizeof(another));
	assert_int_equal(key_create(work_keys, recovery, &e), 0);
	if (open_all(&s, &st, &e) == -1 || seal_segment(st, 5, 1, true, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
	store_close(s);
}

static int
rekey(const char *stream, const unsigned char *by, const unsigned char *next, struct err *e)
{
	struct store_rekey how = { stream, &test_names, by, next };
	struct buf vkey = { 0 };
	struct store *s;
	int rc = -1;

	if (store_open_lost(work_store, NULL, by, &s, e) == -1)
		return (-1);
	if ((rc = store_rekey(s, &how, &vkey, e)) == 0 && vkey.len < 60)
		rc = err_set(e, ERR_FINDING, "no vkey");
	buf_free(&vkey);
	store_close(s);
	return (rc);
}

static int
rekey_log(struct err *e)
{
	return (rekey("shop", NULL, NULL, e));
}

static int
rekey_log_by_recovery(struct err *e)
{
	return (rekey("shop", recovery, NULL, e));
}

static int
rekey_own(struct err *e)
{
	return (rekey("cretula.store", NULL, NULL, e));
}

static int
rekey_own_by_recovery(struct err *e)
{
	return (rekey("cretula.store", recovery, NULL, e));
}

static int
rekey_recovery(struct err *e)
{
	return (rekey("shop", recovery, another, e));
}

/* The first log key of the stream, from its genesis. */
static void
first_vkey(struct buf *out)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain chain;
	char path[200];
	struct err e = { 0 };
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	assert_int_equal(seal_entry_read(store_chain_line(&chain, 0), &test_names, entry, &e), 0);
	buf_span(out, entry->of.genesis.log);
	store_chain_free(&chain);
	free(entry);
	(void)close(fd);
}

static int
revoke_from(uint64_t from, const unsigned char *by, struct err *e)
{
	struct store_revoke how = { .stream = "shop", .names = &test_names, .recovery = by,
		.from = from };
	struct buf vkey = { 0 };
	struct store *s;
	int rc;

	if (store_open_lost(work_store, NULL, NULL, &s, e) == -1)
		return (-1);
	first_vkey(&vkey);
	how.vkey = buf_view(&vkey);
	rc = store_revoke(s, &how, e);
	buf_free(&vkey);
	store_close(s);
	return (rc);
}

static int
revoke_first(struct err *e)
{
	return (revoke_from(2, recovery, e));
}

/* ---- acts ---- */

static void
lose_log(void)
{
	forget("shop/log.key");
}

static void
lose_own_log(void)
{
	forget("cretula.store/log.key");
}

static void
change_log(void)
{
	struct err e = { 0 };

	assert_int_equal(rekey_log(&e), 0);
}

static void
nothing(void)
{
}

static const struct act {
	const char *claim;
	void (*before)(void);
	int (*body)(struct err *e);
	bool loses; /* until it is done, nothing can be written */
} acts[] = {
	{ "a new log key", nothing, rekey_log, false },
	{ "a new log key, by the recovery key too", nothing, rekey_log_by_recovery, false },
	{ "a new log key for a lost one", lose_log, rekey_log_by_recovery, true },
	{ "a new log key of the store", nothing, rekey_own, false },
	{ "a new log key of the store for a lost one", lose_own_log, rekey_own_by_recovery, true },
	{ "a new recovery key", nothing, rekey_recovery, false },
	{ "an old log key is void", change_log, revoke_first, false },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

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

/* Open as every command does, and write. */
static void
go_on(const char *claim, uint64_t step)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	uint64_t segments;

	if (open_all(&s, &st, &e) == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, e.text);
	segments = store_stream_segments(st);
	assert_good(claim, step);
	if (seal_segment(st, 5, 1, true, &e) == -1)
		fail_msg("%s, step %ju: then %s", claim, (uintmax_t)step, e.text);
	store_stream_close(st);
	store_close(s);
	assert_good(claim, step);
	assert_int_equal(checked.segments, segments + 1);
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
	return (WEXITSTATUS(status) == CRASH_EXIT);
}

static void
finish(const struct act *act, uint64_t step)
{
	struct err e = { 0 };

	if (act->loses && act->body(&e) == -1)
		fail_msg("%s, step %ju: again: %s", act->claim, (uintmax_t)step, e.text);
	go_on(act->claim, step);
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
		go_on(acts[i].claim, 0);
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)steps);
	assert_true(steps * EACH > 150);
}

/* A crash, a second one while that is repaired, and so on. */
static void
test_crashes_in_repair(void **state)
{
	unsigned seed = 11;

	for (unsigned run = 0; run < 20 * ACTS; run++) {
		const struct act *act = &acts[run % ACTS];

		prepare();
		act->before();
		(void)crash(act->body, 1 + (uint64_t)rand_r(&seed) % 40);
		for (int i = 0; i < 4; i++)
			(void)crash(act->body, 1 + (uint64_t)rand_r(&seed) % 30);
		finish(act, run);
	}
}

static void
fail_everywhere(int errnum, bool sticky)
{
	for (size_t i = 0; i < ACTS; i++) {
		for (uint64_t nth = 1;; nth += EACH) {
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

/* ---- what is refused ---- */

static void
test_refused(void **state)
{
	static const unsigned char stranger[32] = { 3 };
	struct err e;

	prepare();
#define REFUSED(call, errcode, text_) \
	do { \
		e = (struct err){ .code = ERR_NONE }; \
		assert_int_equal(call, -1); \
		if (e.code != (errcode) || strstr(e.text, text_) == NULL) \
			fail_msg("%s: %d %s", #call, e.code, e.text); \
	} while (0)
	REFUSED(rekey("none", NULL, NULL, &e), ERR_INPUT, "no stream none");
	REFUSED(rekey("shop", stranger, NULL, &e), ERR_CONFIG, "not that of this stream");
	REFUSED(rekey("shop", stranger, another, &e), ERR_CONFIG, "not that of this stream");
	REFUSED(rekey("shop", NULL, another, &e), ERR_CONFIG, "takes the recovery key");
	REFUSED(revoke_from(1, recovery, &e), ERR_CONFIG, "in force");
	assert_int_equal(rekey_log(&e), 0);
	REFUSED(revoke_from(1, stranger, &e), ERR_CONFIG, "not that of this stream");
	REFUSED(revoke_from(1, NULL, &e), ERR_CONFIG, "takes the recovery key");
	REFUSED(revoke_from(0, recovery, &e), ERR_USAGE, "--from");
	REFUSED(revoke_from(99, recovery, &e), ERR_USAGE, "--from");
	assert_int_equal(rekey_recovery(&e), 0);
	REFUSED(rekey_log_by_recovery(&e), ERR_CONFIG, "not that of this stream");
	assert_int_equal(rekey("shop", another, NULL, &e), 0);
	go_on("after refusals", 0);
	lose_log();
	REFUSED(rekey_log(&e), ERR_CONFIG, "only the recovery key");
	assert_int_equal(rekey("shop", another, NULL, &e), 0);
	forget("shop/epoch.key");
	REFUSED(rekey("shop", another, NULL, &e), ERR_CONFIG, "epoch key is lost");
}

/* Who writes the store names a key of their own; the one who lost the keys is told. */
static void
test_a_forged_lineage(void **state)
{
	char path[200];
	struct err e = { 0 };

	prepare();
	assert_int_equal(rekey_log(&e), 0);
	lose_log();
	assert_int_equal(rekey_log_by_recovery(&e), 0);
	/* A note over the first rekey by the new key alone: the old key's line goes. */
	(void)snprintf(path, sizeof(path), "sed -i 5d %s/streams/shop/cp/00000003.note", work_store);
	assert_int_equal(system(path), 0);
	assert_int_equal(rekey_log(&e), 0); /* whose keys are all there has signed it */
	lose_log();
	assert_int_equal(rekey_log_by_recovery(&e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_non_null(strstr(e.text, "entry 2: "));
}

/* Whoever has no key can put a good note of another size there. */
static void
test_a_borrowed_note(void **state)
{
	char command[300];
	struct err e = { 0 };

	prepare();
	assert_int_equal(rekey_log(&e), 0);
	lose_log();
	(void)snprintf(command, sizeof(command),
	    "cd %s/streams/shop/cp && cp 00000002.note 00000003.note", work_store);
	assert_int_equal(rekey_log_by_recovery(&e), 0); /* one more, so that it is not the newest */
	assert_int_equal(system(command), 0);
	lose_log();
	assert_int_equal(rekey_log_by_recovery(&e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_non_null(strstr(e.text, "entry 2: its note is not over the entries up to it"));
}

/* It may name a segment, whose files would go with it. */
static void
test_a_signed_entry_is_not_cut(void **state)
{
	struct store_chain chain;
	char path[200];
	struct err e = { 0 };
	int fd;

	prepare();
	lose_log();
	(void)snprintf(path, sizeof(path), "%s/streams/shop/cp/00000002.note", work_store);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rekey_log_by_recovery(&e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_non_null(strstr(e.text, "entry 1 was signed, and its note is gone"));
	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	assert_int_equal(chain.count, 2);
	store_chain_free(&chain);
	(void)close(fd);
}

/* What a thief of the log key signs with it: another recovery key, his. */
static void
steal_recovery(void)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry)), *genesis = calloc(1, sizeof(*entry));
	struct store_held held;
	struct buf new = { 0 }, message = { 0 };
	unsigned char public_key[32];
	struct seal_vkey old;
	struct store *s;
	struct err e;

	assert_int_equal(store_open_lost(work_store, NULL, NULL, &s, &e), 0);
	assert_int_equal(store_held_open(s, "shop", &test_names, &held, &e), 0);
	assert_int_equal(seal_entry_read(store_chain_line(store_writer_chain(held.writer), 0), &test_names,
	    genesis, &e), 0);
	assert_int_equal(seal_vkey_read(genesis->of.genesis.recovery, &old, &e), 0);
	crypto_sign_public(another, public_key);
	seal_vkey_print(old.name, public_key, &new);
	assert_int_equal(seal_rekey_message(genesis->of.genesis.origin,
	    genesis->of.genesis.recovery, buf_view(&new), &message), 0);
	entry->type = SEAL_REKEY;
	entry->of.rekey = (struct seal_rekey){ .key = span_str("recovery"),
		.old = genesis->of.genesis.recovery,
		.new = buf_view(&new) };
	crypto_sign_message(another, buf_view(&message), entry->of.rekey.proof);
	assert_int_equal(store_writer_append(held.writer, entry, false, &e), 0);
	store_held_close(&held);
	store_close(s);
	buf_free(&new);
	buf_free(&message);
	free(entry);
	free(genesis);
}

static void
test_a_thief_of_the_log_key(void **state)
{
	struct err e = { 0 };

	prepare();
	steal_recovery();
	assert_int_equal(rekey("shop", another, NULL, &e), -1);
	assert_non_null(strstr(e.text, "not that of this stream"));
	assert_int_equal(rekey_log_by_recovery(&e), 0);
	assert_int_equal(revoke_first(&e), 0); /* the owner voids the stolen key */
	lose_log();
	assert_int_equal(rekey("shop", another, NULL, &e), -1);
	assert_int_equal(rekey_log_by_recovery(&e), 0); /* and can still lose the next one */
}

/* The auditor's line names the beginning. */
static void
test_the_anchor_stays(void **state)
{
	struct buf before = { 0 }, after = { 0 };
	struct store *s;
	struct err e = { 0 };
	bool created;

	prepare();
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_anchor(s, &before, &e), 0);
	store_close(s);
	assert_int_equal(rekey_own(&e), 0);
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_int_equal(store_anchor(s, &after, &e), 0);
	store_close(s);
	assert_true(span_equal(buf_view(&before), buf_view(&after)));
	buf_free(&before);
	buf_free(&after);
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
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_a_forged_lineage),
		cmocka_unit_test(test_a_borrowed_note),
		cmocka_unit_test(test_a_thief_of_the_log_key),
		cmocka_unit_test(test_a_signed_entry_is_not_cut),
		cmocka_unit_test(test_the_anchor_stays),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_crashes_in_repair),
		cmocka_unit_test(test_disk_full),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
