/* holds: what the entries hold back from being removed.  Private to seal/. */
#ifndef CRETULA_SEAL_HOLDS_H
#define CRETULA_SEAL_HOLDS_H

#include "seal/history.h"
#include "seal/lists.h"

struct seal_holds {
	struct seal_hold_past *items;
	size_t count, size;
};

/* What a search found; it may not have had the steps to find anything. */
enum seal_held { SEAL_HELD_NO, SEAL_HELD_YES, SEAL_HELD_OPEN };

void seal_holds_free(struct seal_holds *holds);

/* Copies what it keeps.  0, or -1 and ERR_IO without memory. */
int seal_holds_add(
    struct seal_holds *holds, const struct seal_hold *hold, uint64_t entry, struct err *e);
/* The hold in force at t_us of that id goes; one of the id that is over goes too. */
void seal_holds_drop(struct seal_holds *holds, struct span id);

/*
 * In force at t_us: one of this id, one that names a segment of first .. last,
 * one that names the mask epoch.  *steps is what may be spent on it; *id
 * (may be NULL) is the hold's.
 */
enum seal_held seal_holds_id(
    const struct seal_holds *holds, struct span id, int64_t t_us, uint64_t *steps);
enum seal_held seal_holds_segments(const struct seal_holds *holds,
    const struct seal_range *segments, int64_t t_us, uint64_t *steps, struct span *id);
enum seal_held seal_holds_epoch(const struct seal_holds *holds, struct span epoch, int64_t t_us,
    uint64_t *steps, struct span *id);

size_t seal_holds_count(const struct seal_holds *holds, int64_t t_us);

#endif
