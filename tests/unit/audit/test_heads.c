/*
 * What the store's chain says of several streams, and what a stream says of
 * its imports: whoever holds the keys adds an entry that hides another.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/sha256.h"
#include "past.h"
#include "seal/history.h"

#define SEEDS 6 /* of imports */

/* ---- heads ---- */

static void
head_of(struct build *b, const struct build_stream *s, uint64_t more)
{
	unsigned char root[32];

	seal_tree_root(&s->tree, root);
	build_head(b, s->name, s->count + more, root);
}

/* Streams whose names are before, behind and the beginning of shop's; all heads are true. */
static void
heads_of_many(struct build *b)
{
	static const char *const names[] = { "a", "sho", "shop2" };

	for (unsigned i = 0; i < 3; i++)
		head_of(b, build_stream(b, names[i]), 0);
	head_of(b, past_shop, 0);
}

static void
shorter_among_many(struct build *b)
{
	heads_of_many(b);
	head_of(b, past_shop, 1);
}

static void
other_among_many(struct build *b)
{
	unsigned char root[32] = { 1 };

	heads_of_many(b);
	build_head(b, "shop", 3, root);
}

/* The last word is true, and shorter. */
static void
shorter_then_true(struct build *b)
{
	head_of(b, past_shop, 2);
	head_of(b, past_shop, 0);
}

static void
empty_then_listed(struct build *b)
{
	unsigned char root[32];

	crypto_sha256("", 0, root);
	build_head(b, "later", 0, root);
	(void)build_stream(b, "later");
}

static void
head_and_damage(struct build *b)
{
	unsigned char root[32];

	seal_tree_root(&past_shop->tree, root);
	build_head(b, "shop", past_shop->count, root);
	build_edit(b, SHOP "chain.jsonl", "\"seg\":3,\"first\":60", "\"seg\":3,\"first\":61");
}

static void
many_heads(struct build *b)
{
	for (unsigned i = 0; i < 45; i++)
		head_of(b, past_shop, 0);
}

static const struct past_row rows[] = {
	{ "heads of many streams", heads_of_many, 0, 0, NONE, NONE, NONE },
	{ "one of many is shorter", shorter_among_many, 1, AUDIT_E_ROLLBACK, LAST, NONE, NONE },
	{ "or another", other_among_many, 1, AUDIT_E_SPLIT_VIEW, NONE, NONE, NONE },
	{ "a later head hides no earlier one", shorter_then_true, 1, AUDIT_E_ROLLBACK, LAST, NONE,
	    NONE },
	{ "a head of no entries, before it is listed", empty_then_listed, 0, 0, NONE, NONE, NONE },
	{ "damage is told once", head_and_damage, 2, AUDIT_E_CHAIN_ROOT, LAST - 1, NONE, NONE },
	{ "as many heads as there are", many_heads, 0, 0, NONE, NONE, NONE },
};

static void
heads_are_kept(void **state)
{
	(void)state;
	assert_int_equal(past_check(rows, sizeof(rows) / sizeof(rows[0])), 0);
}

/* ---- keys of imports ---- */

static unsigned seed_number;

static void
commitment(unsigned number, unsigned char out[static 32])
{
	memset(out, 0, 32);
	out[0] = (unsigned char)(number * 37); /* no order */
	out[31] = (unsigned char)number;
}

static void
set_seed(struct seal_entry *entry)
{
	commitment(seed_number, entry->of.segment.mask_seed);
}

static void
import(unsigned number)
{
	seed_number = number;
	build_segment(past_shop,
	    &(struct build_segment){ .lines = past_all.data,
		.len = past_all.len,
		.mask_epochs = "{\"ip\":[\"2025-11-25\"]}",
		.import = true,
		.change = set_seed });
}

static void
destroy(unsigned number)
{
	static struct seal_entry entry;

	build_common(past_shop, SEAL_DESTROY, &entry);
	entry.of.destroy.what = span_str("import");
	commitment(number, entry.of.destroy.commitment);
	build_append(past_shop, &entry, false);
}

static const struct {
	const char *claim;
	unsigned imports[SEEDS], destroyed[SEEDS]; /* numbers from 1 */
	unsigned keys;
} imports[] = {
	{ "no import", { 0 }, { 0 }, 0 },
	{ "a key that nobody had", { 0 }, { 1 }, 0 },
	{ "keys that are all there", { 1, 2, 3 }, { 0 }, 3 },
	{ "one of a key for two segments", { 1, 2, 1 }, { 0 }, 2 },
	{ "all are gone, in another order", { 1, 2, 3, 4, 5 }, { 5, 3, 4, 1, 2 }, 0 },
	{ "all but one", { 1, 2, 3, 4, 5 }, { 5, 3, 1, 2 }, 1 },
};

static void
import_keys_are_counted(void **state)
{
	struct audit_result result;
	struct build b;

	(void)state;
	for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		past_begin(&b);
		for (unsigned k = 0; k < SEEDS && imports[i].imports[k] > 0; k++)
			import(imports[i].imports[k]);
		for (unsigned k = 0; k < SEEDS && imports[i].destroyed[k] > 0; k++)
			destroy(imports[i].destroyed[k]);
		build_verify(&b, 1, NULL, &result);
		if (result.coverage.import_keys != imports[i].keys)
			fail_msg("%s: %ju", imports[i].claim,
			    (uintmax_t)result.coverage.import_keys);
		audit_result_free(&result);
		past_end(&b);
	}
}

/* ---- coverage ---- */

/* What was erased or replaced of a segment that is gone is gone with it. */
static void
pruned_are_not_erased(void **state)
{
	static const struct build_item item = { .record = 3 };
	struct audit_result result;
	struct build b;

	(void)state;
	for (unsigned prune = 0; prune < 2; prune++) {
		past_begin(&b);
		build_redact(past_shop,
		    &(struct build_redact){
			.seg = 2, .revision = 1, .items = &item, .count = 1 },
		    &past_lines);
		if (prune)
			build_prune(past_shop, "[[2,2]]");
		build_verify(&b, 1, NULL, &result);
		assert_int_equal(result.coverage.erased, 1 - prune);
		assert_int_equal(result.coverage.pruned, prune);
		audit_result_free(&result);
		past_end(&b);
	}
}

/* ---- what cannot be judged ---- */

static enum { AS_IT_IS, TOO_MUCH, NO_MEMORY } history;

/* Of the linker (--wrap): the test stands in between. */
int __real_seal_history_take(struct seal_history *history, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why);
int __wrap_seal_history_take(struct seal_history *of, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why);

int
__wrap_seal_history_take(struct seal_history *of, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why)
{
	if (history == NO_MEMORY)
		return (err_memory(why));
	if (history == AS_IT_IS || entry->type != SEAL_ROTATE)
		return (__real_seal_history_take(of, entry, verdict, why));
	*verdict = SEAL_VERDICT_OPEN;
	return (0);
}

/* A chain that takes too long to judge is not good; it is not judged. */
static void
not_judged_is_not_good(void **state)
{
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct audit_result result;
	struct build b;
	struct err e;

	(void)state;
	past_begin(&b);
	build_rotate(past_shop, "[[1,3]]");
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	audit_result_free(&result);
	history = TOO_MUCH;
	build_verify(&b, 1, NULL, &result);
	assert_int_equal(result.exit_code, 3);
	assert_int_equal(result.coverage.unknown_entries, 1);
	audit_result_free(&result);
	history = NO_MEMORY;
	assert_int_equal(audit_verify(b.dir, &options, &result, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	history = AS_IT_IS;
	past_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_kept),
		cmocka_unit_test(import_keys_are_counted),
		cmocka_unit_test(pruned_are_not_erased),
		cmocka_unit_test(not_judged_is_not_good),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
