/*
 * flushes: the .tags of a sealed segment, beside the reading of its records;
 * docs/format.md 19.  Private to audit/.
 *
 * The file is read piece by piece, for it may have a million lines: whoever
 * adds leaves to a tree asks how many until a root is wanted, and hands it in.
 */
#ifndef CRETULA_AUDIT_FLUSHES_H
#define CRETULA_AUDIT_FLUSHES_H

#include "audit/check.h"
#include "audit/live/tags.h"

struct audit_flushes {
	bool wanted; /* the segment has tags */
	struct audit_tags file;
	struct seal_tags_want want;
	bool more; /* the line at hand waits for its root */
	uint64_t wrong; /* first line with another root; 0: none */
	uint64_t bad; /* line that ends the walk; 0: none */
	enum audit_code code;
	char text[120]; /* why */
};

/*
 * Open seg/NNNNNNNN.tags of the segment.  Without tags, or if the file cannot
 * be read, the calls below do nothing.  f need not be initialised; facts stay
 * valid until the end.
 */
void audit_flushes_begin(
    struct audit_flushes *f, const struct audit_chain *chain, const struct seal_segment *facts);

/* Behind n leaves: how many may be added before a root is wanted, at least 1; SIZE_MAX: all. */
size_t audit_flushes_next(const struct audit_flushes *f, uint64_t n);

/* n leaves are in tree now.  Does nothing if no root is wanted there. */
void audit_flushes_add(struct audit_flushes *f, uint64_t n, const struct seal_tree *tree);

/*
 * Read what is left, report and close.  good: the records were the sealed
 * ones; otherwise another root is a dependant.  at: segment and entry.
 */
void audit_flushes_end(
    struct audit_flushes *f, bool good, const struct audit_place *at, struct audit_list *list);

#endif
