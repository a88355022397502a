/* store, inside: entries by which a chain changes its keys; docs/format.md 14, 21. */
#ifndef CRETULA_STORE_KEYS_CHANGE_H
#define CRETULA_STORE_KEYS_CHANGE_H

#include "base/buf.h"
#include "seal/entry.h"
#include "store/chain.h"

struct err;

/*
 * recovery is the seed of the recovery key in force, 32 bytes, or NULL where
 * it may be.  ERR_CONFIG if it is another one, or the chain has none.
 */

/* A new log key.  The old one may be lost, given recovery. */
int store_writer_rekey(struct store_writer *w, const unsigned char *recovery, struct err *e);

/* Another recovery key, by the old one. */
int store_writer_rekey_recovery(struct store_writer *w, const unsigned char next[static 32],
    const unsigned char *recovery, struct err *e);

/* Void the notes of size from and above by vkey, which must be a log key of before. */
int store_writer_revoke(struct store_writer *w, struct span vkey, uint64_t from,
    const unsigned char *recovery, struct err *e);

/* Append entry, a recover, which brings new log and epoch keys. */
int store_writer_take_over(struct store_writer *w, struct seal_entry *entry,
    const unsigned char *recovery, struct err *e);

/* Is recovery the seed of the recovery key in force?  0, or -1 and ERR_CONFIG. */
int store_writer_recovery_check(
    struct store_writer *w, const unsigned char *recovery, struct err *e);

/* Is it in force already?  For who goes on after a crash. */
bool store_writer_recovery_is(struct store_writer *w, const unsigned char seed[static 32]);

#endif
