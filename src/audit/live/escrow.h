/* escrow: the file with the first keys of ratchets; docs/format.md 21.  Private to audit/. */
#ifndef CRETULA_AUDIT_ESCROW_H
#define CRETULA_AUDIT_ESCROW_H

#include "audit/check.h"

#define AUDIT_ESCROW_BYTES_MAX ((size_t)16 << 20)

struct audit_escrow_key {
	struct span origin; /* borrows text */
	uint64_t g;
	unsigned char k[32];
	bool seen; /* the store has this ratchet */
};

struct audit_escrow {
	struct buf text;
	struct audit_escrow_key *keys; /* by origin and g */
	size_t count;
};

/* -1: ERR_CONFIG if it is no such file, ERR_INPUT if there is none, ERR_IO. */
int audit_escrow_read(struct audit_escrow *escrow, const char *path, struct err *e);
void audit_escrow_free(struct audit_escrow *escrow); /* wipes */

/*
 * The key of flush g of origin that commits to commitment.  NULL: *other says
 * whether there is one with another commitment.
 */
const struct audit_escrow_key *audit_escrow_find(struct audit_escrow *escrow, struct span origin,
    uint64_t g, const unsigned char commitment[static 32], bool *other);

#endif
