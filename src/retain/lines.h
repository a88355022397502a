/*
 * retain: which sealed lines go before the records that hold them.
 *
 * A line that could not be read is sealed into its record (docs/format.md 22).
 * It goes with that record, or has a shorter term of its own; then the record
 * stays without it.  Pure, over the plan of the records.
 */
#ifndef CRETULA_RETAIN_LINES_H
#define CRETULA_RETAIN_LINES_H

#include "retain/retain.h"

struct retain_lines {
	const struct retain_ask *ask; /* that the plan of the records was made of */
	const struct retain_plan *records;
	/* Of each segment, so many records at most hold a line; 0: none does, any more. */
	const uint64_t *counts;
	int64_t term_us;
};

/*
 * RETAIN_PRUNE: its lines go, and sums count them as records.  RETAIN_GONE:
 * there are none, or they go with their records now.  A term that is not shorter
 * than that of the records takes nothing.  -1: no memory.
 */
int retain_lines_plan(const struct retain_lines *lines, struct retain_plan *plan, struct err *e);

/*
 * The segments of the plan that have no line any more, once all those that go
 * are done but the ones marked in failed (may be NULL): as runs, from *at on, at
 * most max; *at moves on.  A run begins and ends with one that was done.
 * Returns how many runs.
 */
size_t retain_lines_done(const struct retain_plan *plan, const struct retain_segment *segments,
    const bool *failed, size_t *at, struct seal_range *runs, size_t max);

#endif
