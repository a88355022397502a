/*
 * seal: what keys say of keys: rekey, revoke; docs/format.md 14.
 *
 * The messages are for signing elsewhere; checking is here.
 */
#ifndef CRETULA_SEAL_STATEMENT_H
#define CRETULA_SEAL_STATEMENT_H

#include "base/buf.h"
#include "base/span.h"
#include "seal/entry.h"

struct err;

/*
 * What the new key signs to show that it is had, and the recovery key to show
 * that it may: old and new are vkeys.  Added to out; -1 if old is no vkey.
 */
int seal_rekey_message(struct span origin, struct span old, struct span new, struct buf *out);

/* What the recovery key signs to void notes of size from and above by vkey. */
void seal_revoke_message(struct span origin, struct span vkey, uint64_t from, struct buf *out);

/*
 * Is the entry good?  recovery: the vkey in force, or empty.  Names stay, the
 * key is another, proof and (if there is one; for a recovery key there must
 * be) recovery are signatures as above.  Not checked: that old is in force,
 * who signs the note.  0, or -1 and ERR_FINDING.
 */
int seal_rekey_check(struct span origin, const struct seal_rekey *rekey, struct span recovery,
    struct err *e);
int seal_revoke_check(struct span origin, const struct seal_revoke *revoke, struct span recovery,
    struct err *e);

/* The recovery key's signature of a rekey message, as a recover entry with log has it. */
int seal_recovery_check(struct span origin, struct span old, struct span new,
    const unsigned char signature[static 64], struct span recovery, struct err *e);

#endif
