/*
 * erase, inside: the lines of a revision become those of the next.
 *
 * Nothing is signed that was not shown to be sealed, by one of these:
 *
 *	bytes	the frames of the file in force have the hash that its segment entry
 *		seals (revision 0), or that this process made when it wrote them,
 *		behind the same check; and its salts are those that belong to it.  So
 *		each line is the sealed one, and its leaf the one under the sealed root:
 *		only leaves of what goes are made.
 *	lines	each line has the leaf that is under the sealed root, which is made
 *		of all of them; what was replaced is what the chain commits to.
 *
 * What is taken is taken out of the memory that was hashed, and has no name
 * before all of it fits.
 */
#ifndef CRETULA_STORE_ERASE_REWRITE_H
#define CRETULA_STORE_ERASE_REWRITE_H

#include "crypto/sha256.h"
#include "seal/leaf.h"
#include "seal/tree.h"
#include "store/erase/inside.h"
#include "store/erase/out.h"

#define STORE_REWRITE_RUN 4096 /* lines, at a time */

/* Memory of one segment.  Begins all zero, but for the tree. */
struct store_rewrite {
	struct erase_work *work;
	struct store_erase_out *out;
	bool by_bytes; /* else by lines */
	struct crypto_sha256 hash; /* by bytes */
	struct seal_tree tree; /* by lines */
	const unsigned char *want; /* what either has to come to */
	uint64_t first; /* record of the next line; at most those of the segment */
	size_t next; /* the first item that was not met */
	struct buf placeholder;
	/* of the run at hand; by bytes those of what goes alone */
	uint32_t ends[STORE_REWRITE_RUN];
	bool known[STORE_REWRITE_RUN];
	unsigned char salts[STORE_REWRITE_RUN][16], leaves[STORE_REWRITE_RUN][32];
	unsigned char kinds[STORE_REWRITE_RUN];
	unsigned char memory[SEAL_SALTS_MEMORY(STORE_REWRITE_RUN)];
};

/* -1, ERR_FINDING. */
int store_rewrite_refuse(const char *what, struct err *e);

/* Does one of the next count records go? */
bool store_rewrite_goes(const struct store_rewrite *w, uint64_t count);

/*
 * Whole lines: by lines they are checked.  puts: into frames that are made anew,
 * with placeholders for what goes; else none of them does.
 */
int store_rewrite_lines(struct store_rewrite *w, struct span lines, bool puts, struct err *e);

/* These were all: is it the sealed segment? */
int store_rewrite_check(struct store_rewrite *w, struct err *e);

#endif
