/*
 * seal: RFC 9162 inclusion and consistency proofs, and their files in the
 * form of c2sp.org/tlog-proof@v1; docs/format.md 13.
 */
#ifndef CRETULA_SEAL_PROOF_H
#define CRETULA_SEAL_PROOF_H

#include "seal/note.h"

#define SEAL_PROOF_HASHES_MAX 64
#define SEAL_PROOF_BYTES_MAX 131072 /* of a file */

struct seal_proof {
	unsigned char hashes[SEAL_PROOF_HASHES_MAX][32];
	size_t count;
};

/* ---- making: leaves are leaf hashes ---- */

/* That leaf index is one of count (index < count). */
void seal_proof_inclusion(
    const unsigned char (*leaves)[32], size_t count, size_t index, struct seal_proof *proof);

/*
 * The same of a segment with .idx at hand: count records, the roots of all
 * blocks, and only the leaves of the block that holds index.
 */
void seal_proof_in_block(const unsigned char (*roots)[32], uint64_t count,
    const unsigned char (*block)[32], uint64_t index, struct seal_proof *proof);

/* That the first old leaves (1 .. count) are the tree that they were. */
void seal_proof_consistency(
    const unsigned char (*leaves)[32], size_t count, size_t old, struct seal_proof *proof);

/* ---- checking: any bytes ---- */

/* Is leaf the index-th of the tree of size leaves with this root? */
bool seal_proof_included(const struct seal_proof *proof, const unsigned char leaf[static 32],
    uint64_t index, uint64_t size, const unsigned char root[static 32]);

/* Does the tree of size1 (from 1) leaves begin that of size2? */
bool seal_proof_consistent(const struct seal_proof *proof, uint64_t size1,
    const unsigned char root1[static 32], uint64_t size2, const unsigned char root2[static 32]);

/* ---- files ---- */

struct seal_proof_file {
	struct span extra; /* base64 as it stands; empty: none */
	uint64_t index;
	struct seal_proof proof;
	struct span checkpoint; /* the signed note, verbatim */
};

/*
 * Strict; the checkpoint is read too, to note.  Nothing is verified.
 * 0, or -1: ERR_FINDING, or ERR_IO without memory.
 */
int seal_proof_read(struct span text, struct seal_proof_file *file, struct seal_note *note,
    struct err *e);
/* Decode extra; it is not authenticated by itself. */
int seal_proof_extra(const struct seal_proof_file *file, struct buf *out);

/* Add a file; extra is bytes, may be empty. */
void seal_proof_print(struct span extra, uint64_t index, const struct seal_proof *proof,
    struct span checkpoint, struct buf *out);

#endif
