/* What entries do to segments, records and holds: docs/format.md 19. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "seal/history.h"
#include "seal/leaf.h"
#include "seal/lists.h"

#define HOUR INT64_C(3600000000)

#define GOOD SEAL_VERDICT_GOOD
#define TARGET SEAL_VERDICT_TARGET
#define HELD SEAL_VERDICT_HELD
#define COUNTS SEAL_VERDICT_COUNTS

static struct seal_entry entry;

static void
begin(enum seal_type type)
{
	memset(&entry, 0, sizeof(entry));
	entry.type = type;
}

static enum seal_verdict
take(struct seal_history *history, int64_t t_us)
{
	enum seal_verdict verdict = SEAL_VERDICT_OPEN;
	struct err why = { 0 };

	entry.t_us = t_us;
	assert_int_equal(seal_history_take(history, &entry, &verdict, &why), 0);
	assert_int_equal(why.text[0] != '\0', verdict != SEAL_VERDICT_GOOD);
	return (verdict);
}

/* Segments 1 .. count of n records each. */
static struct seal_history *
begin_with(unsigned count, uint64_t n)
{
	struct seal_history *history;

	assert_int_equal(seal_history_open(&history, NULL), 0);
	for (unsigned i = 1; i <= count; i++) {
		begin(SEAL_SEGMENT);
		entry.index = i;
		entry.of.segment.seg = i;
		entry.of.segment.n = n;
		entry.of.segment.file_size = 100 + i;
		entry.of.segment.counts.replay = (struct stats_outcome){ 1, 2, 3, 0 };
		assert_int_equal(take(history, 0), GOOD);
	}
	return (history);
}

/* One step: an entry of the type with what and which, at so many hours. */
struct step {
	enum seal_type type;
	const char *name; /* of a hold; a destroyed epoch */
	const char *list; /* segs, items */
	uint64_t number;  /* onward from 1, until in hours (name "u..."), seg, n */
	int hour;
	enum seal_verdict verdict;
};

static enum seal_verdict
do_step(struct seal_history *history, const struct step *s)
{
	struct span list = s->list == NULL ? span_of("[]", 2) : span_str(s->list);

	begin(s->type);
	switch (s->type) {
	case SEAL_HOLD:
		entry.of.hold.hold = span_str(s->name);
		entry.of.hold.segs = list;
		entry.of.hold.has_until = s->name[0] == 'u' && s->number > 0;
		entry.of.hold.until_us = (int64_t)s->number * HOUR;
		entry.of.hold.has_onward = s->name[0] != 'u' && s->number > 0;
		entry.of.hold.onward = s->number;
		entry.of.hold.mask_epochs = span_of("{}", 2);
		break;
	case SEAL_RELEASE: entry.of.release.hold = span_str(s->name); break;
	case SEAL_PRUNE: entry.of.prune.segs = list; break;
	case SEAL_ROTATE: entry.of.rotate.segs = list; break;
	case SEAL_DERIVE: entry.of.derive.to = list; break;
	case SEAL_DESTROY: entry.of.destroy.what = span_str(s->name); break;
	case SEAL_REPLAY:
		entry.of.replay = (struct seal_replay){ .seg = 1, .n = s->number };
		break;
	default: assert_true(false);
	}
	return (take(history, s->hour * HOUR));
}

#define EPOCHS "{\"ip\":[\"2026-11-25\",\"2026-W40..2026-W48\",\"2026-W30.2\"],\"us\":[\"2026-11\"]}"

static const struct {
	const char *claim;
	struct step steps[6];
} rows[] = {
	{ "a prune of what is there, once", { { SEAL_PRUNE, NULL, "[[1,2],[4,4]]", 0, 0, GOOD },
	    { SEAL_PRUNE, NULL, "[[3,3]]", 0, 0, GOOD }, { SEAL_PRUNE, NULL, "[[5,5]]", 0, 0, GOOD },
	    { SEAL_PRUNE, NULL, "[[4,5]]", 0, 0, TARGET } } },
	{ "a prune that fails changes nothing", { { SEAL_PRUNE, NULL, "[[1,1],[5,6]]", 0, 0, TARGET },
	    { SEAL_PRUNE, NULL, "[[1,5]]", 0, 0, GOOD } } },
	{ "segments that are not there", { { SEAL_PRUNE, NULL, "[[0,1]]", 0, 0, TARGET },
	    { SEAL_PRUNE, NULL, "[[6,6]]", 0, 0, TARGET },
	    { SEAL_PRUNE, NULL, "[[1,9007199254740991]]", 0, 0, TARGET },
	    { SEAL_HOLD, "a", "[[5,6]]", 0, 0, TARGET }, { SEAL_DERIVE, NULL, "[[1,6]]", 0, 0, TARGET },
	    { SEAL_DERIVE, NULL, "[[1,5]]", 0, 0, GOOD } } },
	{ "a hold keeps its segments, and a prune under it counts",
	    { { SEAL_HOLD, "a", "[[2,3],[5,5]]", 0, 0, GOOD }, { SEAL_PRUNE, NULL, "[[1,1]]", 0, 0, GOOD },
	    { SEAL_PRUNE, NULL, "[[4,5]]", 0, 0, HELD }, { SEAL_PRUNE, NULL, "[[5,5]]", 0, 0, TARGET },
	    { SEAL_RELEASE, "a", NULL, 0, 0, GOOD }, { SEAL_PRUNE, NULL, "[[2,3]]", 0, 0, GOOD } } },
	{ "a hold is named once", { { SEAL_HOLD, "a", NULL, 0, 0, GOOD }, { SEAL_HOLD, "a", NULL, 0, 0, TARGET },
	    { SEAL_RELEASE, "b", NULL, 0, 0, TARGET }, { SEAL_RELEASE, "a", NULL, 0, 0, GOOD },
	    { SEAL_RELEASE, "a", NULL, 0, 0, TARGET }, { SEAL_HOLD, "a", NULL, 0, 0, GOOD } } },
	{ "until: still in force at that moment, not after", { { SEAL_HOLD, "u", "[[1,5]]", 7, 0, GOOD },
	    { SEAL_PRUNE, NULL, "[[1,1]]", 0, 7, HELD }, { SEAL_PRUNE, NULL, "[[2,2]]", 0, 8, GOOD },
	    { SEAL_RELEASE, "u", NULL, 0, 8, TARGET }, { SEAL_HOLD, "u", "[[1,5]]", 9, 8, GOOD },
	    { SEAL_PRUNE, NULL, "[[3,3]]", 0, 9, HELD } } },
	{ "onward: up to the segment that comes next", { { SEAL_HOLD, "a", NULL, 7, 0, TARGET },
	    { SEAL_HOLD, "a", NULL, 6, 0, GOOD }, { SEAL_PRUNE, NULL, "[[5,5]]", 0, 0, GOOD },
	    { SEAL_HOLD, "b", NULL, 4, 0, GOOD }, { SEAL_PRUNE, NULL, "[[3,3]]", 0, 0, GOOD },
	    { SEAL_PRUNE, NULL, "[[2,2],[4,4]]", 0, 0, HELD } } },
	{ "rotate: all since the last one", { { SEAL_ROTATE, NULL, "[[1,4]]", 0, 0, TARGET },
	    { SEAL_ROTATE, NULL, NULL, 0, 0, TARGET }, { SEAL_ROTATE, NULL, "[[1,2],[4,5]]", 0, 0, TARGET },
	    { SEAL_ROTATE, NULL, "[[1,5]]", 0, 0, GOOD }, { SEAL_ROTATE, NULL, "[[1,5]]", 0, 0, TARGET },
	    { SEAL_ROTATE, NULL, NULL, 0, 0, GOOD } } },
	{ "replay: as many as sealed", { { SEAL_REPLAY, NULL, NULL, 6, 0, GOOD },
	    { SEAL_REPLAY, NULL, NULL, 5, 0, COUNTS } } },
};

static void
steps_have_their_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_history *history = begin_with(5, 10);

		for (unsigned k = 0; k < 6 && rows[i].steps[k].type != SEAL_ANCHOR; k++) {
			struct step s = rows[i].steps[k];

			if (do_step(history, &s) != s.verdict) {
				(void)fprintf(stderr, "%s: step %u\n", rows[i].claim, k);
				fail();
			}
		}
		seal_history_free(history);
	}
}

static void
a_held_key_is_named(void **state)
{
	static const struct {
		const char *claim, *what;
		enum seal_verdict verdict;
	} keys[] = {
		{ "a day", "2026-11-25", HELD },
		{ "another day", "2026-11-26", GOOD },
		{ "the first of a range", "2026-W40", HELD },
		{ "the last of a range", "2026-W48", HELD },
		{ "within", "2026-W44", HELD },
		{ "before", "2026-W39", GOOD },
		{ "behind", "2026-W49", GOOD },
		{ "a month", "2026-11", HELD },
		{ "another month", "2026-10", GOOD },
		{ "an import's", "import", GOOD },
		{ "a later key of a day", "2026-11-25.3", HELD },
		{ "of a time within", "2026-W44.2", HELD },
		{ "one of several", "2026-W30.2", HELD },
		{ "another of them", "2026-W30.1", GOOD },
		{ "the first of them", "2026-W30", GOOD },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct seal_history *history = begin_with(1, 1);

		begin(SEAL_HOLD);
		entry.of.hold.hold = span_str("a");
		entry.of.hold.mask_epochs = span_str(EPOCHS);
		assert_int_equal(take(history, 0), GOOD);
		begin(SEAL_DESTROY);
		entry.of.destroy.what = span_str(keys[i].what);
		if (take(history, 0) != keys[i].verdict)
			fail_msg("%s", keys[i].claim);
		seal_history_free(history);
	}
}

static void
a_key_is_held_so_long(void **state)
{
	struct seal_history *history = begin_with(1, 1);
	struct span hold = { NULL, 0 };

	(void)state;
	begin(SEAL_HOLD);
	entry.of.hold.hold = span_str("a");
	entry.of.hold.mask_epochs = span_str(EPOCHS);
	entry.of.hold.has_until = true;
	entry.of.hold.until_us = 7 * HOUR;
	assert_int_equal(take(history, 0), GOOD);
	for (int hour = 6; hour < 9; hour++) {
		assert_int_equal(seal_history_held_epoch(history, span_str("2026-11"), hour * HOUR, &hold), hour < 8);
		assert_int_equal(seal_history_held_epoch(history, span_str("2026-11"), hour * HOUR, NULL), hour < 8);
		begin(SEAL_DESTROY);
		entry.of.destroy.what = span_str("2026-11");
		assert_int_equal(take(history, hour * HOUR), hour < 8 ? HELD : GOOD);
	}
	assert_true(span_is(hold, "a"));
	seal_history_free(history);
}

/* Items: records, of leaf, replaced if new; returns the verdict. */
static enum seal_verdict
redact(struct seal_history *history, uint64_t revision, const struct seal_item *items, size_t count)
{
	struct buf list = { 0 };
	enum seal_verdict verdict;

	seal_items_print(items, count, &list);
	begin(SEAL_REDACT);
	entry.of.redact = (struct seal_redact){
		.seg = 1, .revision = revision, .items = buf_view(&list), .file_size = 50 + revision
	};
	verdict = take(history, 0);
	buf_free(&list);
	return (verdict);
}

static struct seal_item
item(uint64_t record, char leaf, char replaced)
{
	struct seal_item made = { .record = record, .has_new = replaced != 0 };

	memset(made.leaf, leaf, 32);
	memset(made.new_leaf, replaced, 32);
	return (made);
}

static void
records_are_touched(void **state)
{
	struct seal_history *history = begin_with(2, 10);
	const struct seal_past *past;
	const struct seal_touched *t;
	(void)state;

	assert_int_equal(redact(history, 1, (struct seal_item[]){ item(3, 'a', 0), item(5, 'b', 'x') }, 2), GOOD);
	assert_int_equal(redact(history, 1, (struct seal_item[]){ item(1, 'c', 0) }, 1), TARGET);
	assert_int_equal(redact(history, 3, (struct seal_item[]){ item(1, 'c', 0) }, 1), TARGET);
	assert_int_equal(redact(history, 2, (struct seal_item[]){ item(10, 'c', 0) }, 1), TARGET);
	assert_int_equal(redact(history, 2, (struct seal_item[]){ item(3, 'a', 0) }, 1), TARGET);
	assert_int_equal(redact(history, 2, (struct seal_item[]){ item(3, 'a', 'y') }, 1), TARGET);
	assert_int_equal(redact(history, 2, (struct seal_item[]){ item(5, 'a', 'y') }, 1), TARGET);
	past = seal_history_segment(history, 1);
	assert_int_equal(past->revision, 1);
	assert_int_equal(past->file_size, 51);
	assert_int_equal(redact(history, 2, (struct seal_item[]){ item(0, 'd', 'z'), item(4, 'e', 0),
	    item(5, 'b', 'y'), item(9, 'f', 0) }, 4), GOOD);
	assert_int_equal(redact(history, 3, (struct seal_item[]){ item(5, 'b', 0) }, 1), GOOD);
	past = seal_history_segment(history, 1);
	assert_int_equal(past->touched_count, 5);
	assert_int_equal(past->erased_count, 4);
	for (size_t i = 1; i < past->touched_count; i++)
		assert_true(past->touched[i - 1].record < past->touched[i].record);
	t = seal_past_record(past, 5);
	assert_true(t->erased);
	assert_int_equal(t->replaced, 2);
	assert_int_equal(t->leaf[31], 'b');
	t = seal_past_record(past, 0);
	assert_false(t->erased);
	assert_int_equal(t->replaced, 1);
	assert_int_equal(t->now[0], 'z');
	assert_null(seal_past_record(past, 1));
	assert_int_equal(seal_history_segment(history, 2)->revision, 0);
	assert_int_equal(seal_history_segment(history, 2)->file_size, 102);
	assert_null(seal_history_segment(history, 3));
	seal_history_free(history);
}

static void
an_erasure_under_hold_counts(void **state)
{
	struct seal_history *history = begin_with(1, 10);
	struct seal_item one = item(1, 'a', 0);
	struct step hold = { SEAL_HOLD, "a", "[[1,1]]", 0, 0, GOOD };
	struct step prune = { SEAL_PRUNE, NULL, "[[1,1]]", 0, 0, HELD };
	struct span id;
	(void)state;

	assert_int_equal(do_step(history, &hold), GOOD);
	assert_true(seal_history_held(history, 1, 0, &id));
	assert_true(span_is(id, "a"));
	assert_false(seal_history_held(history, 2, 0, &id));
	assert_int_equal(seal_history_holds(history, 0), 1);
	assert_int_equal(redact(history, 1, &one, 1), HELD);
	assert_true(seal_past_record(seal_history_segment(history, 1), 1)->erased);
	assert_int_equal(do_step(history, &prune), HELD);
	assert_int_equal(seal_history_pruned(history), 1);
	one.record = 2;
	assert_int_equal(redact(history, 2, &one, 1), TARGET);
	seal_history_free(history);
}

static void
a_record_is_replaced_so_often(void **state)
{
	struct seal_history *history = begin_with(1, 10);
	struct seal_item one = item(1, 'a', 'x');
	(void)state;

	for (unsigned i = 1; i <= SEAL_REPLACED_MAX; i++)
		assert_int_equal(redact(history, i, &one, 1), GOOD);
	assert_int_equal(redact(history, SEAL_REPLACED_MAX + 1, &one, 1), TARGET);
	one.has_new = false;
	assert_int_equal(redact(history, SEAL_REPLACED_MAX + 1, &one, 1), GOOD);
	seal_history_free(history);
}

/* As many as fit an entry, and more of them than may be replaced in one. */
static void
many_records_are_erased_at_once(void **state)
{
	struct seal_history *history = begin_with(1, 2000);
	struct seal_item *items = calloc(1000, sizeof(*items));
	(void)state;

	assert_non_null(items);
	for (unsigned i = 0; i < 1000; i++)
		items[i] = item(2 * i, 'a', 0);
	assert_int_equal(redact(history, 1, items, 1000), GOOD);
	for (unsigned i = 0; i < 1000; i++)
		items[i] = item(2 * i + 1, 'b', 0);
	assert_int_equal(redact(history, 2, items, 1000), GOOD);
	assert_int_equal(seal_history_segment(history, 1)->erased_count, 2000);
	assert_int_equal(seal_past_record(seal_history_segment(history, 1), 999)->leaf[0], 'b');
	free(items);
	seal_history_free(history);
}

/* Quadratic work ends: then entries are not judged, and it is said. */
static void
hostile_entries_end(void **state)
{
	struct seal_history *history = begin_with(3, 10);
	struct step prune = { SEAL_PRUNE, NULL, "[[1,1],[3,9007199254740991]]", 0, 0, TARGET };
	struct step destroy = { SEAL_DESTROY, "2026-W48", NULL, 0, 0, GOOD };
	enum seal_verdict verdict = SEAL_VERDICT_GOOD;
	unsigned i;
	clock_t start = clock();
	(void)state;

	for (i = 0; i < 10000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "h%u", i);
		begin(SEAL_HOLD);
		entry.of.hold.hold = span_str(name);
		entry.of.hold.segs = span_str("[[2,2]]");
		entry.of.hold.mask_epochs = span_str("{\"ip\":[\"2026-W01..2026-W10\"]}");
		assert_int_equal(take(history, 0), GOOD);
	}
	for (i = 0; i < 100000; i++)
		assert_int_equal(do_step(history, &prune), TARGET);
	for (i = 0; i < 100000 && verdict == SEAL_VERDICT_GOOD; i++)
		verdict = do_step(history, &destroy);
	assert_int_equal(verdict, SEAL_VERDICT_OPEN);
	assert_true(clock() - start < 60 * CLOCKS_PER_SEC);
	seal_history_free(history);
}

/*
 * Numbers that leap or fall back are wrong at their own entry: here the leap is
 * a gap, and what falls back changes nothing of the segment that has the number.
 */
static void
numbers_that_do_not_ascend(void **state)
{
	struct seal_history *history = begin_with(2, 10);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(SEAL_SEGMENT);
		entry.of.segment.seg = i == 0 ? 5 : 2;
		entry.of.segment.n = 99;
		assert_int_equal(take(history, 0), GOOD);
	}
	for (uint64_t seg = 0; seg < 7; seg++) {
		const struct seal_past *past = seal_history_segment(history, seg);

		assert_int_equal(past != NULL, seg == 1 || seg == 2 || seg == 5);
		assert_true(past == NULL || (past->seg == seg && past->n == (seg == 5 ? 99 : 10)));
		begin(SEAL_REPLAY);
		entry.of.replay = (struct seal_replay){ .seg = seg, .n = seg == 5 ? 0 : 6 };
		assert_int_equal(take(history, 0), past == NULL ? TARGET : GOOD);
		begin(SEAL_REDACT);
		entry.of.redact.seg = seg;
		entry.of.redact.revision = 1;
		entry.of.redact.items = span_of("[]", 2);
		assert_int_equal(take(history, 0), past == NULL ? TARGET : GOOD);
	}
	/* The next one is behind the highest, whatever came last. */
	for (uint64_t onward = 7; onward > 5; onward--) {
		begin(SEAL_HOLD);
		entry.of.hold.hold = span_str("a");
		entry.of.hold.has_onward = true;
		entry.of.hold.onward = onward;
		entry.of.hold.mask_epochs = span_of("{}", 2);
		assert_int_equal(take(history, 0), onward == 7 ? TARGET : GOOD);
	}
	seal_history_free(history);
	seal_history_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_have_their_verdicts),
		cmocka_unit_test(a_held_key_is_named),
		cmocka_unit_test(a_key_is_held_so_long),
		cmocka_unit_test(records_are_touched),
		cmocka_unit_test(an_erasure_under_hold_counts),
		cmocka_unit_test(a_record_is_replaced_so_often),
		cmocka_unit_test(many_records_are_erased_at_once),
		cmocka_unit_test(numbers_that_do_not_ascend),
		cmocka_unit_test(hostile_entries_end),
	};
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
