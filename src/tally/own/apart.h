/*
 * tally, inside: what is apart and finds no room in a batch.
 *
 * No record says it, so it cannot be counted from lines: of its record as much as is
 * counted is kept beside the batch, and added by the book once the batch is.
 */
#ifndef CRETULA_TALLY_OWN_APART_H
#define CRETULA_TALLY_OWN_APART_H

#include "tally/table.h"

struct tally_apart {
	struct record record; /* its texts stand in the batch */
	enum tally_part part;
	int who; /* in the batch; -1: not known */
};

/* false: there is no room here either. */
bool tally_apart_put(
    struct tally_batch *b, const struct record *r, enum tally_part part, int who);
/* The one at *at, which is moved behind it; from 0 on.  false: there are no more. */
bool tally_apart_next(const struct tally_batch *b, size_t *at, struct tally_apart *one);

#endif
