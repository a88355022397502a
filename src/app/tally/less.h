/*
 * app: records go, and what was counted of them (ADR 31, 46).
 *
 * Before a record is touched its counts are taken back, and stats.db says that it is in
 * doubt; behind the last one that it is not.  A process that dies between leaves a
 * stream that the next one that writes it, or `stats --rebuild`, counts whole.
 */
#ifndef CRETULA_APP_TALLY_LESS_H
#define CRETULA_APP_TALLY_LESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "seal/lists.h"

struct err;
struct tally_book;

struct app_tally_less {
	const char *store, *stream;
	const struct seal_range *ranges; /* of record numbers, ascending: these go */
	size_t count; /* 0: nobody knows which, or they only change: all is counted again */
	struct span lines; /* theirs, each with LF, if they are at hand; or empty */
	bool live; /* another process writes the stream, and counts it */
	/* what came of it */
	bool there; /* is there a stats.db at all? */
	bool apart; /* are there words of paths that were counted of what has no record? */
	/* inside */
	struct tally_book *book;
	uint64_t segment, records; /* the reach, once it is in doubt no more */
};

/*
 * 0, or -1 with e: what is counted still counts them.  ERR_INCOMPLETE: segments were
 * pruned, whose counts would be lost.
 */
int app_tally_less_begin(struct app_tally_less *less, struct err *e);
/* whole: they are gone, all of them; else what is left is counted.  -1: as of app_tally_rebuild. */
int app_tally_less_end(struct app_tally_less *less, bool whole, struct err *e);

#endif
