#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "view/tier/tier.h"

#define CELLS_MAX 6
#define HOUR INT64_C(3600000000)

struct row {
	const char *claim;
	unsigned k, subjects;
	uint64_t rest;
	struct {
		uint64_t events;
		unsigned subjects;
	} cells[CELLS_MAX];
	const char *shown; /* events of each cell, - for a hidden one; then the rest */
};

static const char *const keys[CELLS_MAX] = { "a", "b", "c", "d", "e", "f" };

static struct view_table
table_of(const struct row *row, struct view_cell cells[static CELLS_MAX])
{
	struct view_table t = { .cells = cells, .subjects = row->subjects };

	t.rest[0] = row->rest;
	t.rest[1] = row->rest * 100;
	for (; t.cell_count < CELLS_MAX && row->cells[t.cell_count].events > 0; t.cell_count++)
		cells[t.cell_count] = (struct view_cell){ .key = span_str(keys[t.cell_count]),
			.count = { row->cells[t.cell_count].events,
			    row->cells[t.cell_count].events * 100 },
			.subjects = row->cells[t.cell_count].subjects };
	return (t);
}

static void
print(const struct view_table *t, char out[static 128])
{
	int len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < t->cell_count; i++)
		len += t->cells[i].hidden ?
		    snprintf(out + len, 128 - (size_t)len, "- ") :
		    snprintf(out + len, 128 - (size_t)len, "%ju ", (uintmax_t)t->cells[i].count[0]);
	(void)snprintf(
	    out + len, 128 - (size_t)len, t->hidden ? "<k" : "%ju", (uintmax_t)t->rest[0]);
}

static void
few_subjects_are_folded(void **state)
{
	static const struct row rows[] = {
		{ "all have enough", 10, 21, 0, { { 50, 10 }, { 40, 21 } }, "50 40 0" },
		{ "one has too few: the smallest other goes with it", 10, 21, 0,
		    { { 50, 12 }, { 900, 9 }, { 40, 21 }, { 60, 10 } }, "50 - - 60 940" },
		{ "nothing is left but the rest", 10, 21, 0, { { 50, 12 }, { 9, 9 } }, "- - 59" },
		{ "all have too few", 10, 14, 0, { { 5, 5 }, { 9, 9 } }, "- - 14" },
		{ "a rest that was there asks for company, too", 10, 21, 3,
		    { { 50, 12 }, { 70, 19 } }, "- 70 53" },
		{ "of two that are alike the first by key goes", 10, 21, 1,
		    { { 50, 12 }, { 50, 12 }, { 50, 12 } }, "- 50 50 51" },
		{ "a whole of too few is not there", 10, 9, 2, { { 5, 5 }, { 9, 9 } }, "- - <k" },
		{ "k of the public", 20, 21, 0, { { 50, 19 }, { 40, 20 }, { 60, 21 } },
		    "- - 60 90" },
		{ "an empty table is empty", 10, 10, 0, { { 0, 0 } }, "0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view_cell cells[CELLS_MAX];
		struct view_table t = table_of(&rows[i], cells);
		char shown[128];

		view_tier_fold(&t, rows[i].k);
		print(&t, shown);
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("%s: %s, not %s", rows[i].claim, shown, rows[i].shown);
		assert_int_equal(t.rest[1], t.rest[0] * 100);
		for (size_t c = 0; c < t.cell_count; c++)
			if (t.cells[c].hidden)
				assert_int_equal(
				    t.cells[c].count[0] + t.cells[c].count[1] + t.cells[c].subjects,
				    0);
	}
}

/* What went with what few did has enough for a higher k, too, or another one goes. */
static void
a_rest_that_has_enough_takes_no_more(void **state)
{
	static const struct row rows[] = {
		{ "it has", 20, 21, 0, { { 240, 21 }, { 48, 20 }, { 12, 9 } }, "240 - - 60" },
		{ "it has 19 at least", 20, 21, 0, { { 240, 21 }, { 48, 19 }, { 12, 9 } },
		    "- - - 300" },
		{ "it has, and takes what is below the higher k", 20, 21, 0,
		    { { 240, 21 }, { 48, 20 }, { 12, 9 }, { 60, 15 } }, "240 - - - 120" },
		{ "nobody knows who is in a rest that was there", 20, 21, 7,
		    { { 240, 21 }, { 48, 10 }, { 70, 21 } }, "240 - - 125" },
		{ "none is needed for a lower one", 20, 21, 0, { { 240, 21 }, { 48, 20 } }, "240 48 0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view_cell cells[CELLS_MAX];
		struct view_table t = table_of(&rows[i], cells);
		char shown[128];

		view_tier_fold(&t, VIEW_K_ANALYST);
		view_tier_fold(&t, rows[i].k);
		print(&t, shown);
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("%s: %s, not %s", rows[i].claim, shown, rows[i].shown);
	}
}

/* xorshift: the same tables every time. */
static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed % below);
}

static void
random_table(uint64_t *seed, struct view_table *t, struct view_cell cells[static CELLS_MAX])
{
	memset(t, 0, sizeof(*t));
	t->cells = cells;
	t->cell_count = draw(seed, CELLS_MAX + 1);
	t->rest[0] = draw(seed, 3) == 0 ? draw(seed, 50) : 0;
	t->subjects = VIEW_SUBJECTS_MORE;
	for (size_t i = 0; i < t->cell_count; i++) {
		unsigned subjects = (unsigned)draw(seed, VIEW_SUBJECTS_MORE) + 1;

		cells[i] = (struct view_cell){ .key = span_str(keys[i]),
			.count = { subjects + draw(seed, 40), draw(seed, 1000) },
			.subjects = subjects };
	}
}

static void
parts_add_up_and_pruning_changes_nothing(void **state)
{
	uint64_t seed = 7;

	for (int round = 0; round < 20000; round++) {
		struct view_cell cells[CELLS_MAX], kept[CELLS_MAX];
		struct view_table t, pruned;
		uint64_t before[VIEW_MEASURES], after[VIEW_MEASURES];
		unsigned k = 10 + (unsigned)draw(&seed, 11);
		char one[128], other[128];

		random_table(&seed, &t, cells);
		pruned = t;
		pruned.cells = kept;
		memcpy(kept, cells, sizeof(kept));
		view_tier_total(&t, before);
		/* As when the detail goes: what has too few is in the rest for good. */
		for (size_t i = 0; i < t.cell_count; i++)
			if (kept[i].subjects < VIEW_K_ANALYST) {
				pruned.rest[0] += kept[i].count[0];
				kept[i].count[0] = kept[i].count[1] = kept[i].subjects = 0;
			}
		view_tier_fold(&t, k);
		view_tier_fold(&pruned, k);
		print(&t, one);
		print(&pruned, other);
		assert_string_equal(one, other);
		view_tier_total(&t, after);
		assert_memory_equal(before, after, sizeof(before));
		for (size_t i = 0; i < t.cell_count; i++)
			assert_true(t.cells[i].hidden || t.cells[i].subjects >= k);
	}
}

static uint64_t
apart(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a);
}

static void
rounded_parts_add_up(void **state)
{
	uint64_t seed = 11;

	for (int round = 0; round < 20000; round++) {
		struct view_cell cells[CELLS_MAX], exact[CELLS_MAX];
		struct view_table t, was;
		uint64_t before[VIEW_MEASURES], after[VIEW_MEASURES];

		random_table(&seed, &t, cells);
		was = t;
		memcpy(exact, cells, sizeof(exact));
		view_tier_total(&t, before);
		view_tier_round(&t);
		view_tier_total(&t, after);
		assert_int_equal(after[0], (before[0] + 5) / 10 * 10);
		assert_int_equal(after[1], 0);
		assert_int_equal(t.rest[0] % 10, 0);
		assert_true(apart(t.rest[0], was.rest[0]) < 10);
		for (size_t i = 0; i < t.cell_count; i++) {
			assert_int_equal(t.cells[i].count[0] % 10, 0);
			assert_true(apart(t.cells[i].count[0], exact[i].count[0]) < 10);
		}
	}
}

static void
windows_are_added_up(void **state)
{
	struct view_cell one[] = { { .key = span_str("b"), .count = { 10 }, .subjects = 12 },
		{ .key = span_str("a"), .count = { 30 }, .subjects = 10 },
		{ .key = span_str("x"), .hidden = true } };
	struct view_cell two[] = { { .key = span_str("b"), .count = { 25 }, .subjects = 21 },
		{ .key = span_str("c"), .count = { 35 }, .subjects = 11 } };
	struct view_table first = { .cells = one, .cell_count = 3, .rest = { 5 }, .subjects = 21 };
	struct view_table second = { .cells = two, .cell_count = 2, .rest = { 7 } };
	struct view_table sum = { 0 };
	char shown[128];

	assert_int_equal(view_tier_add(&sum, &first), 0);
	assert_int_equal(view_tier_add(&sum, &second), 0);
	view_tier_merge(&sum);
	print(&sum, shown);
	assert_string_equal(shown, "35 35 30 12");
	assert_memory_equal(sum.cells[0].key.ptr, "b", 1);
	assert_int_equal(sum.cells[0].subjects, 21);
	assert_memory_equal(sum.cells[1].key.ptr, "c", 1);
	view_tier_free(&sum);
	view_tier_merge(&sum);
}

static void
quiet_hours_are_joined(void **state)
{
	static const struct {
		const char *claim;
		unsigned subjects[6]; /* of each hour, which has ten events a subject, one more */
		bool over;
		unsigned day_subjects;
		const char *shown; /* first hour-last hour=events */
	} rows[] = {
		{ "busy hours are as they are", { 10, 11, 12, 13, 14, 15 }, true, 21,
		    "0-0=101 1-1=111 2-2=121 3-3=131 4-4=141 5-5=151 " },
		{ "until the day is over the last one is kept back", { 10, 11, 12, 13, 14, 15 },
		    false, 0, "0-0=101 1-1=111 2-2=121 3-3=131 4-4=141 " },
		{ "a quiet one joins the next", { 10, 9, 0, 13, 14, 15 }, true, 21,
		    "0-0=101 1-3=223 4-4=141 5-5=151 " },
		{ "at the end they join the last", { 10, 11, 12, 13, 1, 0 }, true, 21,
		    "0-0=101 1-1=111 2-2=121 3-5=143 " },
		{ "which was not shown before", { 10, 11, 12, 13, 1, 0 }, false, 0,
		    "0-0=101 1-1=111 2-2=121 " },
		{ "a day of quiet hours is one", { 1, 2, 3, 4, 5, 6 }, true, 10, "0-5=216 " },
		{ "or nothing", { 1, 2, 3, 4, 5, 6 }, true, 9, "" },
		{ "or nothing yet", { 1, 2, 3, 4, 5, 6 }, false, 21, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view_window hours[6];
		char shown[256] = "";
		size_t blocks, len = 0;

		for (int h = 0; h < 6; h++)
			hours[h] = (struct view_window){ h * HOUR, (h + 1) * HOUR,
				{ rows[i].subjects[h] * 10 + 1 }, rows[i].subjects[h] };
		blocks = view_tier_hours(hours, 6, 10, rows[i].over, rows[i].day_subjects);
		for (size_t b = 0; b < blocks; b++) {
			assert_true(hours[b].subjects >= 10);
			len += (size_t)snprintf(shown + len, sizeof(shown) - len, "%d-%d=%ju ",
			    (int)(hours[b].begin_us / HOUR), (int)(hours[b].end_us / HOUR) - 1,
			    (uintmax_t)hours[b].count[0]);
		}
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("%s: %s, not %s", rows[i].claim, shown, rows[i].shown);
	}
	assert_int_equal(view_tier_hours(NULL, 0, 10, true, 21), 0);
}

static void
windows_are_whole_and_over(void **state)
{
	static const struct {
		int64_t since, until, now, from, to;
	} rows[] = {
		{ 1, 10 * HOUR, 20 * HOUR, 1 * HOUR, 10 * HOUR },
		{ HOUR, 10 * HOUR - 1, 20 * HOUR, HOUR, 9 * HOUR },
		{ HOUR, 10 * HOUR, 4 * HOUR + 1, HOUR, 4 * HOUR },
		{ HOUR + 1, HOUR + 2, 9 * HOUR, 2 * HOUR, 2 * HOUR },
		{ 5 * HOUR, 2 * HOUR, 9 * HOUR, 5 * HOUR, 5 * HOUR },
		{ -HOUR - 1, HOUR + 1, 9 * HOUR, -HOUR, HOUR },
		{ -1, HOUR, 9 * HOUR, 0, HOUR },
	};
	int64_t since = INT64_MIN, until = INT64_MAX;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t from = rows[i].since, to = rows[i].until;

		view_tier_whole(HOUR, rows[i].now, &from, &to);
		assert_int_equal(from, rows[i].from);
		assert_int_equal(to, rows[i].to);
	}
	view_tier_whole(HOUR, 7 * HOUR + 5, &since, &until);
	assert_true(since < 0 && since % HOUR == 0);
	assert_int_equal(until, 7 * HOUR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_subjects_are_folded),
		cmocka_unit_test(a_rest_that_has_enough_takes_no_more),
		cmocka_unit_test(parts_add_up_and_pruning_changes_nothing),
		cmocka_unit_test(rounded_parts_add_up),
		cmocka_unit_test(windows_are_added_up),
		cmocka_unit_test(quiet_hours_are_joined),
		cmocka_unit_test(windows_are_whole_and_over),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
