/*
 * consistent: that a chain only grew between two of its notes, as a file;
 * docs/format.md 17.
 */
#ifndef CRETULA_AUDIT_ANCHORS_CONSISTENT_H
#define CRETULA_AUDIT_ANCHORS_CONSISTENT_H

#include "audit/proof/parts.h"
#include "audit/verify.h"
#include "seal/note.h"
#include "seal/proof.h"

#define AUDIT_CONSISTENT_MAGIC "cretula consistency proof v1\n"
#define AUDIT_CONSISTENT_BYTES_MAX (AUDIT_PARTS_BYTES_MAX + SEAL_PROOF_BYTES_MAX) /* two notes */

/*
 * Add the proof that the note of size to (0: the newest) goes on from that of
 * from; checked before it is given.  -1: ERR_INPUT (no such stream or note),
 * ERR_FINDING (the store does not verify there), ERR_IO.
 */
struct audit_consistent_sizes {
	uint64_t from, to;
};
int audit_consistent_prove(const char *store, const char *stream,
    struct audit_consistent_sizes sizes, const struct seal_names *names, struct buf *out,
    struct err *e);

struct audit_consistent {
	char why[200]; /* "" if it is good: what is wrong otherwise */
	bool anchored;
	char stream[40], origin[SEAL_NAME_BYTES_MAX + 1];
	uint64_t old, new; /* sizes */
	unsigned char old_root[32], new_root[32];
};

/* anchor: the auditor's line, or NULL.  0 and *proof, good or bad; -1: ERR_USAGE, ERR_IO. */
int audit_consistent_check(struct span text, const char *anchor, const struct seal_names *names,
    struct audit_consistent *proof, struct err *e);
/* name: of its file, as it was given. */
void audit_consistent_print_text(
    const char *name, const struct audit_consistent *proof, struct buf *out);
void audit_consistent_print_json(
    const char *name, const struct audit_consistent *proof, struct buf *out);

#endif
