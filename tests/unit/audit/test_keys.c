/* Keys that change, are revoked or lost: docs/format.md 14, 19 and 21. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "past.h"

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
	build_rekey(past_shop, &(struct build_rekey){ .to = 1, .recovery_key = true });
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

static const struct past_row rows[] = {
	{ "keys change", rekey, 0, 0, NONE, NONE, NONE },
	{ "61: without the old key", rekey_without_old, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "without the new key", rekey_without_new, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "61: without proof", rekey_bad_proof, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "a bad recovery signature", rekey_bad_recovery, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "another old key", rekey_other, 1, AUDIT_E_REKEY, LAST, NONE, NONE },
	{ "a key revoked after it went", revoke_old, 0, 0, NONE, NONE, NONE },
	{ "61: a note by a revoked key", go_on_revoked, 1, AUDIT_E_REVOKED, LAST + 1, NONE, NONE },
	{ "a note by a revoked key that went", go_on_by_old, 1, AUDIT_E_REVOKED, LAST + 3, NONE,
	    NONE },
	{ "revoked without right", revoke_badly, 1, AUDIT_E_REVOKED, LAST, NONE, NONE },
	{ "a lost key", lost, 0, 0, NONE, NONE, NONE },
	{ "a lost key, without right", lost_badly, 2, AUDIT_E_REKEY, LAST, NONE, NONE },
};

static void
promises_are_kept(void **state)
{
	(void)state;
	assert_int_equal(past_check(rows, sizeof(rows) / sizeof(rows[0])), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_are_kept),
	};
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
