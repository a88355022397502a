/* tally, inside: rows of the table cells are changed where they stand, one after the other. */
#ifndef CRETULA_TALLY_REPACK_H
#define CRETULA_TALLY_REPACK_H

#include <sqlite3.h>

#include "tally/pack/pack.h"

struct err;

struct tally_repack_range {
	int64_t stream; /* its id */
	enum tally_period first, last; /* both are in it */
	int dim; /* its code; -1: all */
	int64_t from, to; /* numbers of periods, half open */
	/*
	 * Both may be NULL.  row is told of each row, which stays as it is if that is false; then
	 * look of its values before any of them is edited.
	 */
	bool (*row)(void *arg, enum tally_period period, int dim, int64_t idx);
	tally_value_each look;
	/* Not NULL: one that is no pack goes, and one that nothing can be added to; added up. */
	uint64_t *mended;
	bool fills; /* who was seen of what went, now or before, stands in no run any more */
};

/*
 * Within a transaction: tally_repack of each row of the range.  One without values goes, one that
 * comes out as it was is not written.  0, or -1 with e: ERR_FINDING: a row is none.
 */
int tally_repack_rows(
    sqlite3 *db, const struct tally_repack_range *range, tally_edit edit, void *arg, struct err *e);

/* A pack without holes, of one that has some, with runs that have nothing for them.  0 or -1. */
int tally_fill_holes(sqlite3 *db, struct buf *pack, struct err *e);

/*
 * Edits.  Nothing is counted of records any more; values stay, with who was seen, as they may be
 * counted again.
 */
void tally_take_records(void *arg, struct tally_packed *v);
/* What nothing is counted of goes; who was seen in "other" stays. */
void tally_take_empty(void *arg, struct tally_packed *v);

#endif
