/*
 * view: what a table of counts may show to whom.  Pure functions; ADR 30.
 *
 * All that is ever shown is a sum of *blocks* that do not overlap, and each
 * block has at least k distinct subjects: hours (quiet ones joined to others),
 * and the cells of a table with one rest.  What can be computed from such sums
 * is a sum of blocks again, so nobody gets below k by taking one from another.
 * Coarser answers (days of hours, weeks of days) are sums of finer ones, and
 * higher k are applied to what lower k left.  Numbers of subjects never
 * have to be exact above k, and no sets of them are needed: the answer is the
 * same when these are gone.
 */
#ifndef CRETULA_VIEW_TIER_TIER_H
#define CRETULA_VIEW_TIER_TIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define VIEW_SUBJECTS_MAX 20u /* are counted exactly; VIEW_SUBJECTS_MORE: there are more */
#define VIEW_SUBJECTS_MORE 21u
#define VIEW_K_ANALYST 10u
#define VIEW_K_PUBLIC 20u

/* The first measure is events; the others are whatever a cell adds up. */
#define VIEW_MEASURES 2u

struct view_cell {
	struct span key; /* borrowed */
	uint64_t count[VIEW_MEASURES];
	unsigned subjects; /* distinct, or a number that is not larger */
	bool hidden; /* folded into the rest: count and subjects are 0 */
};

/* The cells of one dimension in one window. */
struct view_table {
	struct view_cell *cells;
	size_t cell_count;
	uint64_t rest[VIEW_MEASURES]; /* of no cell; what is folded is added */
	unsigned rest_subjects; /* that one cell of the rest had: it has so many at least */
	unsigned subjects; /* of all of it */
	bool hidden; /* fewer than k: nothing is left of it, it prints "<k" */
};

/*
 * Fold the cells with fewer than k subjects into the rest; if there is a rest, and no cell
 * in it had k, the smallest that is left goes there, too: the rest then has k.
 * A table of fewer than k subjects is emptied.  The rest may hold cells of
 * fewer than k that somebody folded before: the result is the same.
 */
void view_tier_fold(struct view_table *t, unsigned k);

/*
 * Of what view_tier_fold left: events to tens, so that cells and rest still add
 * up to the total to the nearest ten; the other measures become 0.
 */
void view_tier_round(struct view_table *t);

/* Cells and rest. */
void view_tier_total(const struct view_table *t, uint64_t total[static VIEW_MEASURES]);

/*
 * Add the shown cells and the rest of t to sum, which is all zero at first, for
 * windows that do not overlap.  Keys stay borrowed.  0; -1: no memory.
 */
int view_tier_add(struct view_table *sum, const struct view_table *t);
/* Join cells of the same key; then those of the most events first, or by key.  0; -1: no memory. */
int view_tier_merge(struct view_table *sum);
void view_tier_free(struct view_table *sum); /* of view_tier_add */

/* ---- time ---- */

struct view_window {
	int64_t begin_us, end_us; /* half open */
	uint64_t count[VIEW_MEASURES];
	unsigned subjects;
};

/*
 * The closed hours of one day, in order and without gaps, become blocks, which
 * take their place: an hour with fewer than k subjects is joined to the next
 * one that has k, those at the end to the last.  over: the day is.  Until then
 * the last block is kept back, for what may join it.  day_subjects: of the
 * whole day once it is over; if no hour has k, and the day does, it is
 * one block.  Returns how many there are.
 */
size_t view_tier_hours(
    struct view_window *hours, size_t count, unsigned k, bool over, unsigned day_subjects);

/* The whole windows of window_us inside of since to until that are over at now. */
void view_tier_whole(int64_t window_us, int64_t now_us, int64_t *since_us, int64_t *until_us);

#endif
