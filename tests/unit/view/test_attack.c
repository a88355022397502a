/*
 * An attacker who has all that is shown to analysts, a role of a higher k and
 * the public, at every hour of a day, and computes: is the sum of any group of
 * events by fewer than k subjects a combination of what was shown?
 *
 * Atoms are the events of one hour, path and status; what is shown is a row of
 * ones over atoms.  A group is known if its row is in the span of those shown
 * (over a prime field, where no group is known that is not over the rationals,
 * but by an accident of one in 2^31).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/tier/tier.h"

#define HOURS 5
#define PATHS 6
#define STATUSES 3
#define ATOMS (HOURS * PATHS * STATUSES)
#define ROWS_MAX 512
#define PRIME UINT64_C(2147483647)
#define TRIALS 150

static const char *const names[PATHS] = { "a", "b", "c", "d", "e", "f" };

struct atom {
	uint64_t subjects; /* bit each, of 64 */
	uint64_t events;
};

struct world {
	struct atom atoms[HOURS][PATHS][STATUSES];
	uint64_t rows[ROWS_MAX][ATOMS]; /* reduced: each has a 1 at its own pivot */
	int pivots[ROWS_MAX];
	int rank;
	uint64_t shown[ROWS_MAX][ATOMS]; /* as they were shown */
	int shown_count;
};

static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed % below);
}

/* ---- who did what ---- */

static void
make_world(struct world *w, uint64_t *seed)
{
	uint64_t rare = draw(seed, 4);

	memset(w, 0, sizeof(*w));
	for (int h = 0; h < HOURS; h++) {
		unsigned busy = draw(seed, 3) < 2 ? 24 : 2;

		for (int p = 0; p < PATHS; p++)
			for (int s = 0; s < STATUSES; s++) {
				struct atom *atom = &w->atoms[h][p][s];
				unsigned most = busy / (unsigned)(1 + p + 2 * s);

				for (uint64_t n = draw(seed, most + 2); n > rare; n--)
					atom->subjects |= UINT64_C(1) << draw(seed, 64);
				atom->events = atom->subjects == 0 ? 0 : 1 + draw(seed, 900);
			}
	}
}

/* The box of atoms from..to of each coordinate; -1: all. */
struct box {
	int hour, hour_end, path, status;
};

static bool
inside(const struct box *b, int h, int p, int s)
{
	return (h >= b->hour && h < b->hour_end && (b->path == -1 || b->path == p) &&
	    (b->status == -1 || b->status == s));
}

static void
row_of(const struct box *b, uint64_t row[static ATOMS])
{
	for (int h = 0; h < HOURS; h++)
		for (int p = 0; p < PATHS; p++)
			for (int s = 0; s < STATUSES; s++)
				row[(h * PATHS + p) * STATUSES + s] = inside(b, h, p, s);
}

static unsigned
capped(uint64_t subjects)
{
	unsigned n = (unsigned)__builtin_popcountll(subjects);

	return (n > VIEW_SUBJECTS_MAX ? VIEW_SUBJECTS_MORE : n);
}

static struct atom
sum_of(const struct world *w, const uint64_t row[static ATOMS])
{
	const struct atom *atoms = &w->atoms[0][0][0];
	struct atom sum = { 0, 0 };

	for (int i = 0; i < ATOMS; i++)
		if (row[i] != 0) {
			sum.subjects |= atoms[i].subjects;
			sum.events += atoms[i].events;
		}
	return (sum);
}

/* ---- linear algebra ---- */

static uint64_t
power(uint64_t base, uint64_t exponent)
{
	uint64_t result = 1;

	for (; exponent > 0; exponent >>= 1, base = base * base % PRIME)
		if (exponent & 1)
			result = result * base % PRIME;
	return (result);
}

static void
reduce(const struct world *w, uint64_t row[static ATOMS])
{
	for (int r = 0; r < w->rank; r++) {
		uint64_t factor = row[w->pivots[r]];

		for (int i = 0; factor != 0 && i < ATOMS; i++)
			row[i] = (row[i] + (PRIME - factor) * w->rows[r][i]) % PRIME;
	}
}

static int
first_of(const uint64_t row[static ATOMS])
{
	for (int i = 0; i < ATOMS; i++)
		if (row[i] != 0)
			return (i);
	return (-1);
}

static void
learn(struct world *w, const uint64_t row[static ATOMS])
{
	uint64_t left[ATOMS], inverse;
	int pivot;

	assert_true(w->shown_count < ROWS_MAX);
	for (int r = 0; r < w->shown_count; r++)
		if (memcmp(w->shown[r], row, sizeof(left)) == 0)
			return;
	memcpy(w->shown[w->shown_count++], row, sizeof(left));
	memcpy(left, row, sizeof(left));
	reduce(w, left);
	if ((pivot = first_of(left)) == -1)
		return;
	inverse = power(left[pivot], PRIME - 2);
	for (int i = 0; i < ATOMS; i++)
		left[i] = left[i] * inverse % PRIME;
	w->pivots[w->rank] = pivot;
	memcpy(w->rows[w->rank++], left, sizeof(left));
}

static bool
is_known(const struct world *w, const uint64_t row[static ATOMS])
{
	uint64_t left[ATOMS];

	memcpy(left, row, sizeof(left));
	reduce(w, left);
	return (first_of(left) == -1);
}

/* ---- what is shown ---- */

struct rules {
	bool folds, joins; /* as they should; else only what is below k is left out */
};

static void
naive(struct view_table *t, unsigned k)
{
	for (size_t i = 0; i < t->cell_count; i++)
		t->cells[i].hidden = t->cells[i].subjects < k;
}

/* Learn the shown cells of a table over box, and its rest, which is all that is not shown. */
static void
learn_table(struct world *w, const struct view_table *t, struct box box, bool paths)
{
	uint64_t whole[ATOMS], rest[ATOMS], row[ATOMS];

	if (t->hidden)
		return;
	row_of(&box, whole);
	memcpy(rest, whole, sizeof(rest));
	for (size_t i = 0; i < t->cell_count; i++) {
		if (t->cells[i].hidden)
			continue;
		*(paths ? &box.path : &box.status) = t->cells[i].key.ptr[0] - 'a';
		row_of(&box, row);
		assert_int_equal(sum_of(w, row).events, t->cells[i].count[0]);
		learn(w, row);
		for (int a = 0; a < ATOMS; a++)
			rest[a] -= row[a];
	}
	assert_int_equal(sum_of(w, rest).events, t->rest[0]);
	learn(w, rest);
	learn(w, whole);
}

static void
fill_table(const struct world *w, struct view_table *t, struct view_cell *cells, struct box box,
    bool paths)
{
	uint64_t row[ATOMS];

	*t = (struct view_table){ .cells = cells, .cell_count = paths ? PATHS : STATUSES };
	row_of(&box, row);
	t->subjects = capped(sum_of(w, row).subjects);
	for (size_t i = 0; i < t->cell_count; i++) {
		struct atom sum;

		*(paths ? &box.path : &box.status) = (int)i;
		row_of(&box, row);
		sum = sum_of(w, row);
		cells[i] = (struct view_cell){ .key = span_str(names[i]),
			.count = { sum.events },
			.subjects = capped(sum.subjects) };
	}
}

static void
show_table(struct world *w, const struct rules *rules, unsigned k, unsigned higher, bool paths)
{
	struct view_cell cells[PATHS];
	struct view_table t;
	struct box day = { 0, HOURS, -1, -1 };

	fill_table(w, &t, cells, day, paths);
	if (!rules->folds) {
		naive(&t, k);
		for (size_t i = 0; i < t.cell_count; i++)
			t.rest[0] += t.cells[i].hidden ? t.cells[i].count[0] : 0;
		learn_table(w, &t, day, paths);
		return;
	}
	view_tier_fold(&t, VIEW_K_ANALYST);
	if (k <= VIEW_K_ANALYST)
		learn_table(w, &t, day, paths);
	view_tier_fold(&t, higher);
	learn_table(w, &t, day, paths);
}

static size_t
blocks_of(const struct world *w, unsigned k, int last, struct view_window hours[static HOURS])
{
	uint64_t row[ATOMS];

	for (int h = 0; h < last; h++) {
		struct atom sum;

		row_of(&(struct box){ h, h + 1, -1, -1 }, row);
		sum = sum_of(w, row);
		hours[h] = (struct view_window){ h, h + 1, { sum.events }, capped(sum.subjects) };
	}
	row_of(&(struct box){ 0, HOURS, -1, -1 }, row);
	return (view_tier_hours(
	    hours, (size_t)last, k, last == HOURS, capped(sum_of(w, row).subjects)));
}

/* Totals of blocks of hours as of the end of hour last. */
static void
show_hours(struct world *w, const struct rules *rules, unsigned k, int last)
{
	struct view_window hours[HOURS];
	size_t blocks = blocks_of(w, k, last, hours);
	uint64_t row[ATOMS];

	for (int h = 0; h < last && !rules->joins; h++) {
		row_of(&(struct box){ h, h + 1, -1, -1 }, row);
		if (capped(sum_of(w, row).subjects) >= k)
			learn(w, row);
	}
	for (size_t b = 0; b < blocks && rules->joins; b++) {
		row_of(&(struct box){ (int)hours[b].begin_us, (int)hours[b].end_us, -1, -1 }, row);
		assert_int_equal(sum_of(w, row).events, hours[b].count[0]);
		learn(w, row);
	}
}

/* ---- what the attacker tries ---- */

/* Is there a group of somebody's events, of fewer than k subjects, whose sum is known? */
static bool
isolates(const struct world *w, const uint64_t row[static ATOMS], unsigned k)
{
	struct atom sum = sum_of(w, row);

	return (sum.events > 0 && capped(sum.subjects) < k && is_known(w, row));
}

/* Every box, and every two boxes that are alike. */
static bool
try_boxes(const struct world *w, unsigned k)
{
	for (int h = 0; h < HOURS; h++)
		for (int end = h + 1; end <= HOURS; end++)
			for (int p = -1; p < PATHS; p++)
				for (int s = -1; s < STATUSES; s++) {
					struct box box = { h, end, p, s };
					uint64_t row[ATOMS], two[ATOMS];

					row_of(&box, row);
					if (isolates(w, row, k))
						return (true);
					for (int q = p + 1; p != -1 && q < PATHS; q++) {
						box.path = q;
						row_of(&box, two);
						for (int i = 0; i < ATOMS; i++)
							two[i] += row[i];
						if (isolates(w, two, k))
							return (true);
					}
				}
	return (false);
}

/* Differences and sums of any three numbers that were shown. */
static bool
try_differences(const struct world *w, unsigned k)
{
	for (int a = 0; a < w->shown_count; a++)
		for (int b = 0; b < w->shown_count; b++)
			for (int c = b; c < w->shown_count; c++) {
				uint64_t row[ATOMS];
				bool group = true;

				for (int i = 0; group && i < ATOMS; i++) {
					row[i] = w->shown[a][i] - w->shown[b][i] -
					    (c > b ? w->shown[c][i] : 0);
					group = row[i] <= 1;
				}
				if (group && isolates(w, row, k))
					return (true);
			}
	return (false);
}

static struct world w;

static bool
attack(uint64_t *seed, const struct rules *rules, unsigned k, unsigned higher)
{
	uint64_t day[ATOMS];
	static const unsigned everybody[] = { VIEW_K_ANALYST, 15, VIEW_K_PUBLIC };

	make_world(&w, seed);
	show_table(&w, rules, k, higher, true);
	show_table(&w, rules, k, higher, false);
	for (size_t i = 0; i < 3; i++)
		for (int last = 1; last <= HOURS && everybody[i] >= k; last++)
			show_hours(&w, rules, everybody[i], last);
	row_of(&(struct box){ 0, HOURS, -1, -1 }, day);
	if (capped(sum_of(&w, day).subjects) >= k)
		learn(&w, day);
	return (try_boxes(&w, k) || try_differences(&w, k));
}

static void
nobody_gets_below_k(void **state)
{
	static const struct rules good = { true, true };
	static const struct {
		unsigned k, higher;
	} rows[] = { { VIEW_K_ANALYST, 15 }, { VIEW_K_ANALYST, VIEW_K_PUBLIC }, { 15, 15 },
		{ VIEW_K_PUBLIC, VIEW_K_PUBLIC } };
	uint64_t seed = 3;
	int shown = 0;

	for (int trial = 0; trial < TRIALS; trial++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (attack(&seed, &good, rows[i].k, rows[i].higher))
				fail_msg("trial %d: a group of fewer than %u", trial, rows[i].k);
			shown += w.rank;
		}
	assert_true(shown > TRIALS * 4 * 4); /* and there was something to compute with */
}

/* The attacker is worth something: less than what is done is not enough. */
static void
the_attacker_finds_what_is_left_open(void **state)
{
	static const struct rules rows[] = { { false, true }, { true, false }, { false, false } };
	uint64_t seed = 3;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int found = 0;

		for (int trial = 0; trial < TRIALS; trial++)
			found += attack(&seed, &rows[i], VIEW_K_ANALYST, VIEW_K_PUBLIC);
		assert_true(found > TRIALS / 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gets_below_k),
		cmocka_unit_test(the_attacker_finds_what_is_left_open),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
