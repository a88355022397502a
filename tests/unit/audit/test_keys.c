/* Keys that change, are revoked or lost: docs/format.md 14, 19 and 21. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/check.h"
#include "base/err.h"
#include "crypto/sign.h"
#include "past.h"
#include "seal/statement.h"

static void
rekey_with(const struct build_rekey *how)
{
	build_rekey(past_shop, how);
	past_go_on();
}

static void
rekey(struct build *b)
{
	(void)b;
	rekey_with(&(struct build_rekey){ .to = 1 });
	rekey_with(&(struct build_rekey){ .to = 2, .with_recovery = true, .unsigned_old = true });
	build_rekey(past_shop,
	    &(struct build_rekey){ .to = 1, .recovery_key = true, .with_recovery = true });
}

static void
rekey_without_old(struct build *b)
{
	(void)b;
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .unsigned_old = true });
}

/* The old key goes on, so that the change alone is odd. */
static void
rekey_without_new(struct build *b)
{
	unsigned char seed[32];

	(void)b;
	memcpy(seed, past_shop->log_seed, sizeof(seed));
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .unsigned_new = true });
	memcpy(past_shop->log_seed, seed, sizeof(seed));
	past_go_on();
}

static void
rekey_flawed(const struct build_rekey *how)
{
	unsigned char seed[32];

	memcpy(seed, past_shop->log_seed, sizeof(seed));
	build_rekey(past_shop, how);
	memcpy(past_shop->log_seed, seed, sizeof(seed));
	past_go_on();
}

static void
rekey_bad_proof(struct build *b)
{
	(void)b;
	rekey_flawed(&(struct build_rekey){ .to = 1, .flaw = BUILD_BAD_PROOF });
}

/* What a thief of the log key does first, so that nobody voids it. */
static void
rekey_recovery_alone(struct build *b)
{
	(void)b;
	rekey_flawed(&(struct build_rekey){ .to = 1, .recovery_key = true });
}

static void
rekey_bad_recovery(struct build *b)
{
	(void)b;
	rekey_flawed(
	    &(struct build_rekey){ .to = 1, .with_recovery = true, .flaw = BUILD_BAD_RECOVERY });
}

static void
rekey_other(struct build *b)
{
	(void)b;
	rekey_flawed(&(struct build_rekey){ .to = 1, .flaw = BUILD_OTHER_OLD });
}

static void
revoke_old(struct build *b)
{
	(void)b;
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .with_recovery = true });
	build_revoke(past_shop, 0, 3, BUILD_FINE);
	past_go_on();
}

static void
go_on_revoked(struct build *b)
{
	(void)b;
	build_revoke(past_shop, 0, 3, BUILD_FINE);
	past_go_on();
}

/* The thief has the old key still. */
static void
go_on_by_old(struct build *b)
{
	unsigned char seed[32];

	memcpy(seed, past_shop->log_seed, sizeof(seed));
	revoke_old(b);
	memcpy(past_shop->log_seed, seed, sizeof(seed));
	past_go_on();
}

static void
revoke_badly(struct build *b)
{
	(void)b;
	build_revoke(past_shop, 0, 3, BUILD_BAD_RECOVERY);
}

static void
lost(struct build *b)
{
	(void)b;
	build_lost(past_shop, 1, BUILD_FINE);
	past_go_on();
}

static void
lost_badly(struct build *b)
{
	(void)b;
	build_lost(past_shop, 1, BUILD_BAD_RECOVERY);
}

/* Nobody takes a key out of force by putting it into force. */
static void
lost_for_itself(struct build *b)
{
	(void)b;
	build_lost(past_shop, 0, BUILD_FINE);
}

/* The thief of both keys hands the log back to the one that was revoked. */
static void
back_to_revoked(struct build *b)
{
	revoke_old(b);
	build_rekey(past_shop,
	    &(struct build_rekey){ .to = 0, .with_recovery = true, .flaw = BUILD_OTHER_OLD });
	past_go_on();
}

static void
revoke_later(struct build *b)
{
	(void)b;
	build_revoke(past_shop, 0, 3, BUILD_FINE);
	build_revoke(past_shop, 0, 100, BUILD_FINE);
	past_go_on();
}

static void
revoke_unused(struct build *b)
{
	(void)b;
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .with_recovery = true });
	build_revoke(past_shop, 0, 10, BUILD_FINE);
	past_go_on();
}

static void
revoke_from_far_on(struct build *b)
{
	(void)b;
	build_revoke(past_shop, 0, 100, BUILD_FINE);
	past_go_on();
}

/* The thief has the key that was revoked, and makes one of his own follow it. */
static void
rekey_by_revoked(struct build *b)
{
	(void)b;
	build_revoke(past_shop, 0, 3, BUILD_FINE);
	build_rekey(past_shop, &(struct build_rekey){ .to = 1 });
}

/* Another byte in a signature of the newest note; from 0. */
static void
spoil(struct build *b, unsigned signature)
{
	struct buf note = { 0 };
	char path[64];
	char *p;

	(void)snprintf(path, sizeof(path), SHOP "cp/%08ju.note", (uintmax_t)past_shop->count);
	build_read(b, path, &note);
	p = strstr(note.data, "\n\n") + 1;
	for (unsigned i = 0; i <= signature; i++)
		p = strchr(p, '\n') + 1;
	p = strchr(p, '\n') - 20;
	*p = *p == 'A' ? 'B' : 'A';
	build_write(b, path, note.data, note.len);
	buf_free(&note);
}

static void
spoil_old(struct build *b)
{
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .with_recovery = true });
	spoil(b, 0);
}

static void
spoil_new(struct build *b)
{
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .with_recovery = true });
	spoil(b, 1);
}

static void
rekey_by_none(struct build *b)
{
	(void)b;
	build_rekey(past_shop,
	    &(struct build_rekey){ .to = 1, .unsigned_old = true, .unsigned_new = true });
}

/* The old key signed it, as was right then. */
static void
old_checkpoint(struct build *b)
{
	rekey_with(&(struct build_rekey){ .to = 1 });
	build_copy(b, SHOP "cp/00000003.note", SHOP "checkpoint");
}

static const struct past_row rows[] = {
	{ "keys change", rekey, 0, 0, NONE, NONE, NONE },
	{ "61: without the old key", rekey_without_old, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "without the new key", rekey_without_new, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "61: without proof", rekey_bad_proof, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "61: the recovery key by the log key alone", rekey_recovery_alone, 1, AUDIT_E_REKEY, LAST,
	    NONE, NONE },
	{ "a bad recovery signature", rekey_bad_recovery, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "another old key", rekey_other, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "a key revoked after it went", revoke_old, 0, 0, NONE, NONE, NONE },
	{ "61: a note by a revoked key", go_on_revoked, 1, AUDIT_E_REVOKED, LAST + 1, NONE, NONE },
	{ "a note by a revoked key that went", go_on_by_old, 1, AUDIT_E_REVOKED, LAST + 3, NONE,
	    NONE },
	{ "revoked without right", revoke_badly, 1, AUDIT_E_REVOKED, LAST, NONE, NONE },
	{ "a lost key", lost, 0, 0, NONE, NONE, NONE },
	{ "a lost key, without right", lost_badly, 2, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "a key lost for itself", lost_for_itself, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "a revoked key that comes back", back_to_revoked, 1, AUDIT_E_REVOKED, LAST + 4, NONE,
	    NONE },
	{ "a second revoke forgives nothing", revoke_later, 1, AUDIT_E_REVOKED, LAST + 1, NONE,
	    NONE },
	{ "a key is good up to where it is revoked", revoke_from_far_on, 0, 0, NONE, NONE, NONE },
	{ "a revoked key names its follower", rekey_by_revoked, 1, AUDIT_E_REKEY, LAST + 1, NONE,
	    NONE },
	{ "a bad signature by the old key", spoil_old, 1, AUDIT_E_LOG_SIG, LAST, NONE, NONE },
	{ "and by the new one", spoil_new, 1, AUDIT_E_LOG_SIG, LAST, NONE, NONE },
	{ "a change by neither key", rekey_by_none, 1, AUDIT_E_LOG_SIG, LAST, NONE, NONE },
	{ "an old checkpoint by an old key", old_checkpoint, 1, AUDIT_E_CHECKPOINT_ROLLBACK, NONE,
	    NONE, NONE },
};

static void
promises_are_kept(void **state)
{
	(void)state;
	assert_int_equal(past_check(rows, sizeof(rows) / sizeof(rows[0])), 0);
}

/* Notes that a revoke takes the ground from: those of the key, of sizes from FROM to its own. */
static const struct {
	const char *claim;
	void (*tamper)(struct build *b);
	uint64_t notes;
} counts[] = {
	{ "a key in force, up to the entry", go_on_revoked, 3 },
	{ "one that went, up to where it went", revoke_old, 2 },
	{ "none of those that it had signed", revoke_unused, 0 },
};

static void
notes_are_counted(void **state)
{
	struct audit_result result;
	struct build b;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		past_begin(&b);
		counts[i].tamper(&b);
		build_verify(&b, 1, NULL, &result);
		if (result.coverage.notes_void != counts[i].notes)
			fail_msg("%s: %ju", counts[i].claim, (uintmax_t)result.coverage.notes_void);
		audit_result_free(&result);
		past_end(&b);
	}
}

/* A chain of nothing but revokes of keys that nobody has. */
static void
lists_grow(void **state)
{
	struct audit_result result;
	struct build b;

	(void)state;
	past_begin(&b);
	for (unsigned i = 0; i < 40; i++)
		build_revoke(past_shop, i + 1, 3, BUILD_FINE);
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.unknown_entries, 0);
	audit_result_free(&result);
	past_end(&b);
}

#define STEPS_MAX (UINT64_C(1) << 26)

/* From inside: a chain whose one key was revoked, which has been compared as often as may be. */
struct inside {
	struct audit_coverage coverage;
	struct audit_chain chain;
	struct audit_revoked revoked;
	struct buf vkey, text;
	struct seal_note note; /* by the revoked key */
};

static const unsigned char seed[32] = { 9 };

static void
go_inside(struct inside *in)
{
	static const unsigned char root[32] = { 1 };
	struct seal_signer signer = { .name = span_str("a"), .seed = seed };
	unsigned char public_key[32];
	struct err e;

	*in = (struct inside){ .chain = { .coverage = &in->coverage } };
	crypto_sign_public(seed, public_key);
	seal_vkey_print(span_str("a"), public_key, &in->vkey);
	seal_note_write(span_str("a"), 9, root, &signer, 1, &in->text);
	assert_int_equal(seal_note_read(buf_view(&in->text), &in->note, &e), 0);
	in->revoked = (struct audit_revoked){ .vkey = buf_view(&in->vkey), .from = 1 };
	in->chain.has_log = true;
	in->chain.genesis.origin = span_str("a");
	in->chain.genesis.log = in->chain.genesis.recovery = buf_view(&in->vkey);
	in->chain.keys.revoked = &in->revoked;
	in->chain.keys.revoked_count = in->chain.keys.revoked_size = 1;
}

static void
come_out(struct inside *in)
{
	if (in->chain.keys.revoked == &in->revoked)
		in->chain.keys.revoked = NULL;
	audit_keys_free(&in->chain.keys);
	buf_free(&in->vkey);
	buf_free(&in->text);
}

/*
 * Comparisons are bounded, else a chain of revokes and changes keeps the
 * verifier for days.  The bound is far: only from inside it is come to.
 */
static void
comparisons_are_bounded(void **state)
{
	struct inside in;
	struct err e;

	(void)state;
	go_inside(&in);
	audit_keys_begin(&in.chain);
	assert_int_equal(in.chain.keys.void_from, 1);
	assert_int_equal(in.chain.keys.steps, 1);
	assert_int_equal(audit_keys_note(&in.chain, &in.note, &e), AUDIT_E_REVOKED);
	in.chain.keys.steps = STEPS_MAX;
	audit_keys_begin(&in.chain);
	assert_true(in.chain.keys.void_from == AUDIT_NONE);
	assert_int_equal(in.coverage.unknown_entries, 1);
	assert_int_equal(audit_keys_note(&in.chain, &in.note, &e), AUDIT_E_LOG_SIG);
	assert_int_equal(in.coverage.unknown_entries, 2);
	come_out(&in);
}

/* Notes are not counted then, but the key is void all the same. */
static void
counting_is_bounded(void **state)
{
	static struct seal_entry entry;
	struct buf message = { 0 };
	struct inside in;

	(void)state;
	go_inside(&in);
	in.chain.keys.revoked = NULL;
	in.chain.keys.revoked_count = in.chain.keys.revoked_size = 0;
	audit_keys_begin(&in.chain);
	in.chain.keys.steps = STEPS_MAX;
	entry.type = SEAL_REVOKE;
	entry.of.revoke = (struct seal_revoke){ .vkey = buf_view(&in.vkey), .from = 2 };
	seal_revoke_message(span_str("a"), buf_view(&in.vkey), 2, &message);
	crypto_sign_message(seed, buf_view(&message), entry.of.revoke.signature);
	assert_false(audit_keys_take(&in.chain, &entry, 8, true));
	assert_int_equal(in.coverage.notes_void, 0);
	assert_int_equal(in.coverage.unknown_entries, 1);
	assert_int_equal(in.chain.keys.void_from, 2);
	buf_free(&message);
	come_out(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_are_kept),
		cmocka_unit_test(notes_are_counted),
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(comparisons_are_bounded),
		cmocka_unit_test(counting_is_bounded),
	};
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
