/*
 * parts: what stands behind a record, or behind two notes, in a proof: entries
 * of chains, each a tlog-proof, that say whose notes these are; docs/format.md
 * 17.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_PROOF_PARTS_H
#define CRETULA_AUDIT_PROOF_PARTS_H

#include <stddef.h>

#include "seal/entry.h"
#include "seal/proof.h"

struct err;

#define AUDIT_PARTS_MAX 64
#define AUDIT_PARTS_BYTES_MAX ((size_t)AUDIT_PARTS_MAX * SEAL_PROOF_BYTES_MAX)

/* An entry of a chain, and that it is one of those under a note. */
struct audit_part {
	struct seal_proof_file file;
	struct seal_note note;
	struct buf line;
	struct seal_entry entry; /* borrows line */
};

struct audit_parts {
	struct audit_part *items;
	size_t count;
};

/* The text before the first part; *rest is from there on, or empty. */
struct span audit_parts_before(struct span *rest);

/*
 * All of text, which is borrowed.  0; or -1, ERR_FINDING, or ERR_IO without
 * memory.  To be freed either way; must be zeros before.
 */
int audit_parts_read(
    struct span text, const struct seal_names *names, struct audit_parts *parts, struct err *e);
void audit_parts_free(struct audit_parts *parts);

/* Is the part's entry where the part's note says? */
bool audit_part_included(const struct audit_part *part);

#endif
