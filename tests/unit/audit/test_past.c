/* Entries that name segments, holds, streams; docs/format.md 19: each, broken, has its code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "past.h"

/* ---- segments and holds ---- */

static void
unlink_all(uint64_t seg)
{
	build_unlink(past_shop, seg, "jsonl.zst");
	build_unlink(past_shop, seg, "salt");
	build_unlink(past_shop, seg, "idx");
}

static void
prune(struct build *b)
{
	(void)b;
	build_prune(past_shop, "[[2,2]]");
	unlink_all(2);
}

static void
prune_nothing(struct build *b)
{
	(void)b;
	build_prune(past_shop, "[[4,4]]");
}

static void
prune_twice(struct build *b)
{
	prune(b);
	build_prune(past_shop, "[[2,2]]");
}

static void
prune_all_numbers(struct build *b)
{
	(void)b;
	build_prune(past_shop, "[[1,9007199254740991]]");
}

static void
keep_pruned(struct build *b)
{
	(void)b;
	build_prune(past_shop, "[[2,3]]");
	unlink_all(3);
	build_unlink(past_shop, 2, "jsonl.zst");
}

static void
prune_held(struct build *b)
{
	build_hold(past_shop, "case-7", "[[1,2]]", 0, NULL);
	prune(b);
}

static void
prune_released(struct build *b)
{
	build_hold(past_shop, "case-7", "[[1,2]]", 0, NULL);
	build_release(past_shop, "case-7");
	prune(b);
}

static void
hold_later_segments(struct build *b)
{
	build_hold(past_shop, "case-7", NULL, 4, NULL);
	past_go_on();
	build_prune(past_shop, "[[4,4]]");
	unlink_all(4);
	(void)b;
}

static void
hold_nothing(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", "[[3,4]]", 0, NULL);
}

static void
hold_twice(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", "[[3,3]]", 0, NULL);
	build_hold(past_shop, "case-7", "[[1,1]]", 0, NULL);
}

static void
hold_onward(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", NULL, 5, NULL);
}

static void
release_nothing(struct build *b)
{
	(void)b;
	build_release(past_shop, "case-7");
}

static void
destroy_held(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", NULL, 0, "{\"ip\":[\"2025-W40..2025-W48\"]}");
	build_destroy(past_shop, "2025-W44");
}

static void
destroy_held_change(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", NULL, 0, "{\"ip\":[\"2025-W40..2025-W48\"]}");
	build_destroy(past_shop, "2025-W44.2");
}

static void
destroy_other_change(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", NULL, 0, "{\"ip\":[\"2025-W44.2\"]}");
	build_destroy(past_shop, "2025-W44.3");
}

static void
destroy_other(struct build *b)
{
	(void)b;
	build_hold(past_shop, "case-7", NULL, 0, "{\"ip\":[\"2025-W40..2025-W48\"]}");
	build_destroy(past_shop, "2025-W49");
}

static void
rotate(struct build *b)
{
	(void)b;
	build_rotate(past_shop, "[[1,3]]");
	build_rotate(past_shop, "[]");
}

static void
rotate_some(struct build *b)
{
	(void)b;
	build_rotate(past_shop, "[[1,2]]");
}

static void
replay(struct build *b)
{
	(void)b;
	build_replay(past_shop, 2, 0);
}

static void
replay_nothing(struct build *b)
{
	(void)b;
	build_replay(past_shop, 4, 0);
}

static void
replay_more(struct build *b)
{
	(void)b;
	build_replay(past_shop, 2, 1);
}

static void
alarm(struct build *b)
{
	(void)b;
	build_recover(past_shop, true, "tags");
}

static void
alarm_answered(struct build *b)
{
	alarm(b);
	build_recover(past_shop, false, "accepted");
}

static void
alarm_behind_answer(struct build *b)
{
	(void)b;
	build_recover(past_shop, false, "accepted");
	build_recover(past_shop, true, "tags");
}

static void
say_config(const char *kind, const char *text)
{
	static struct seal_entry entry;

	build_common(past_shop, SEAL_CONFIG, &entry);
	entry.of.config = (struct seal_config){ .kind = span_str(kind),
		.policy = span_str(BUILD_POLICY),
		.text = span_str(text) };
	build_append(past_shop, &entry, false);
}

static void
words_refused(struct build *b)
{
	(void)b;
	say_config("words", "refused: it is gone");
}

static void
erased_damaged(struct build *b)
{
	(void)b;
	say_config("damaged", "1 1 [[9,9]]");
	say_config("damage", "1 1 [[9,9]]");
}

static void
words_changed(struct build *b)
{
	(void)b;
	say_config("words", "not refused: ");
	say_config("words", "refused:");
	say_config("words", "");
	say_config("detail", "refused: it is gone");
}

/* Nobody vouches for what it says, so the segment is missed. */
static void
prune_unsigned(struct build *b)
{
	static struct seal_entry entry;
	struct buf line = { 0 };

	build_common(past_shop, SEAL_PRUNE, &entry);
	entry.of.prune =
	    (struct seal_prune){ .segs = span_str("[[2,2]]"), .rule = span_str("30d") };
	assert_int_equal(seal_entry_print(&entry, &build_names, &line, NULL), 0);
	build_line(past_shop, line.data);
	unlink_all(2);
	buf_free(&line);
	(void)b;
}

static void
damage_before(struct build *b)
{
	build_prune(past_shop, "[[2,2],[9,9]]");
	build_hold(past_shop, "case-7", NULL, 77, NULL);
	build_edit(b, SHOP "chain.jsonl", "\"seg\":3,\"first\":60", "\"seg\":3,\"first\":61");
}

/* ---- other streams ---- */

static void
head(struct build *b)
{
	unsigned char root[32];

	seal_tree_root(&past_shop->tree, root);
	build_head(b, "shop", past_shop->count, root);
	build_rotate(past_shop, "[[1,3]]");
}

static void
head_of_more(struct build *b)
{
	unsigned char root[32];

	seal_tree_root(&past_shop->tree, root);
	build_head(b, "shop", past_shop->count + 1, root);
}

static void
head_of_another(struct build *b)
{
	unsigned char root[32] = { 1 };

	build_head(b, "shop", 3, root);
}

static void
head_of_nothing(struct build *b)
{
	unsigned char root[32] = { 1 };

	build_head(b, "nobody", 3, root);
}

/* To what it was two entries ago; their notes are there still. */
static void
cut_back(struct build *b)
{
	struct buf chain = { 0 };

	build_read(b, SHOP "chain.jsonl", &chain);
	build_rotate(past_shop, "[[1,3]]");
	build_rotate(past_shop, "[]");
	build_write(b, SHOP "chain.jsonl", chain.data, chain.len);
	buf_free(&chain);
}

static void
make_file(const struct build *b, const char *text)
{
	char full[256];

	build_path(b, SHOP "out", full);
	assert_int_equal(mkdir(full, 0750), 0);
	build_write(b, SHOP "out/made.json", text, strlen(text));
}

static void
derive(struct build *b)
{
	unsigned char root[32];

	seal_tree_root(&past_shop->tree, root);
	build_derive(past_shop, past_shop->origin, past_shop->count, root, "[[1,3]]", "made");
	make_file(b, "made");
}

static void
derive_other_file(struct build *b)
{
	unsigned char root[32];

	seal_tree_root(&past_shop->tree, root);
	build_derive(past_shop, past_shop->origin, past_shop->count, root, NULL, "made");
	make_file(b, "mado");
}

static void
derive_no_file(struct build *b)
{
	unsigned char root[32];

	(void)b;
	seal_tree_root(&past_shop->tree, root);
	build_derive(past_shop, past_shop->origin, past_shop->count, root, NULL, "made");
}

static void
derive_to_nothing(struct build *b)
{
	unsigned char root[32];

	(void)b;
	seal_tree_root(&past_shop->tree, root);
	build_derive(past_shop, past_shop->origin, past_shop->count, root, "[[1,4]]", NULL);
}

static void
derive_of_another(struct build *b)
{
	unsigned char root[32] = { 1 };

	(void)b;
	build_derive(past_shop, past_shop->origin, 2, root, NULL, NULL);
}

static void
derive_of_elsewhere(struct build *b)
{
	unsigned char root[32] = { 1 };

	(void)b;
	build_derive(past_shop, "cretula/fedcba9876543210/shop", 2, root, NULL, NULL);
}

static const struct past_row rows[] = {
	{ "a pruned segment is not missed", prune, 0, 0, NONE, NONE, NONE },
	{ "a prune of nothing", prune_nothing, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "pruned twice", prune_twice, 1, AUDIT_E_ENTRY_TARGET, LAST + 1, NONE, NONE },
	{ "all numbers pruned", prune_all_numbers, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "30: files of a pruned segment", keep_pruned, 1, AUDIT_E_PRUNED_STILL_PRESENT, 2, 2,
	    NONE },
	{ "an unsigned prune", prune_unsigned, 2, AUDIT_E_SEGMENT_MISSING, 2, 2, NONE },
	{ "what is said behind damage", damage_before, 3, AUDIT_E_CHAIN_ROOT, 3, NONE, NONE },
	{ "56: a held segment pruned", prune_held, 1, AUDIT_E_PRUNE_UNDER_HOLD, LAST + 1, NONE,
	    NONE },
	{ "a hold that was released", prune_released, 0, 0, NONE, NONE, NONE },
	{ "a hold onward", hold_later_segments, 1, AUDIT_E_PRUNE_UNDER_HOLD, LAST + 2, NONE, NONE },
	{ "a hold of nothing", hold_nothing, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "two holds of a name", hold_twice, 1, AUDIT_E_ENTRY_TARGET, LAST + 1, NONE, NONE },
	{ "a hold from behind", hold_onward, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "a release of nothing", release_nothing, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "a held key destroyed", destroy_held, 1, AUDIT_E_PRUNE_UNDER_HOLD, LAST + 1, NONE, NONE },
	{ "another key destroyed", destroy_other, 0, 0, NONE, NONE, NONE },
	{ "a hold is of all keys of its time", destroy_held_change, 1, AUDIT_E_PRUNE_UNDER_HOLD,
	    LAST + 1, NONE, NONE },
	{ "a hold of one of them is of no other", destroy_other_change, 0, 0, NONE, NONE, NONE },
	{ "rotated, and rotated without a segment", rotate, 0, 0, NONE, NONE, NONE },
	{ "some of the segments rotated", rotate_some, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "replayed", replay, 0, 0, NONE, NONE, NONE },
	{ "replayed to nothing", replay_nothing, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "more replayed than sealed", replay_more, 1, AUDIT_E_COUNTS, LAST, NONE, NONE },
	{ "an alarm", alarm, 1, AUDIT_E_OPEN, LAST, NONE, NONE },
	{ "an alarm, answered", alarm_answered, 1, AUDIT_W_LOSS_ACCEPTED, LAST, NONE, NONE },
	{ "a vocabulary that was refused", words_refused, 1, AUDIT_W_WORDS_REFUSED, LAST, NONE,
	    NONE },
	{ "erased, and written into before", erased_damaged, 1, AUDIT_W_ERASED_DAMAGED, LAST, NONE,
	    NONE },
	{ "a vocabulary that was not", words_changed, 0, 0, NONE, NONE, NONE },
	{ "answered before", alarm_behind_answer, 1, AUDIT_E_OPEN, LAST + 1, NONE, NONE },
	{ "a head", head, 0, 0, NONE, NONE, NONE },
	{ "shorter than its head", head_of_more, 1, AUDIT_E_ROLLBACK, LAST, NONE, NONE },
	{ "other than its head", head_of_another, 1, AUDIT_E_SPLIT_VIEW, NONE, NONE, NONE },
	{ "a head of nothing", head_of_nothing, 1, AUDIT_E_ENTRY_TARGET, 2, NONE, NONE },
	{ "cut back", cut_back, 1, AUDIT_E_CHAIN_TRUNCATED, LAST, NONE, NONE },
	{ "derived", derive, 0, 0, NONE, NONE, NONE },
	{ "derived, another file", derive_other_file, 1, AUDIT_E_FILE_HASH, LAST, NONE, NONE },
	{ "derived, no file", derive_no_file, 1, AUDIT_E_FILE_HASH, LAST, NONE, NONE },
	{ "derived to nothing", derive_to_nothing, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "derived of another note", derive_of_another, 1, AUDIT_E_ENTRY_TARGET, LAST, NONE, NONE },
	{ "derived of another store", derive_of_elsewhere, 0, 0, NONE, NONE, NONE },
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
