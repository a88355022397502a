/* source: a chain of a store and its notes, to ask others about; not verified but for its roots. */
#ifndef CRETULA_AUDIT_ANCHORS_SOURCE_H
#define CRETULA_AUDIT_ANCHORS_SOURCE_H

#include "seal/note.h"
#include "seal/proof.h"
#include "store/chain.h"

/* A note of the chain, verbatim and read. */
struct audit_source_note {
	struct buf text;
	struct seal_note note;
};

struct audit_source {
	int dirfd; /* of the stream */
	struct store_chain chain;
	unsigned char (*leaves)[32]; /* of its entries */
	struct audit_source_note newest;
};

/* -1: ERR_USAGE no name, ERR_INPUT no store or stream, ERR_FINDING its newest note is not of it. */
int audit_source_open(
    const char *store, const char *stream, struct audit_source **source, struct err *e);
void audit_source_close(struct audit_source *source); /* NULL is legal */

/* The note over the first size entries, whose root is theirs.  ERR_INPUT if there is none. */
int audit_source_note(const struct audit_source *source, uint64_t size,
    struct audit_source_note *note, struct err *e);

/* The same, and the root is not looked at: to find the one that is meant. */
int audit_source_peek(const struct audit_source *source, uint64_t size,
    struct audit_source_note *note, struct err *e);

/* The newest size that an anchor entry of this kind names; 0: none. */
uint64_t audit_source_anchored(const struct audit_source *source, const char *kind);

#endif
