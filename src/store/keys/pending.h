/* store, inside: KEYS/NAME/pending, the entry that was begun or signed last. */
#ifndef CRETULA_STORE_KEYS_PENDING_H
#define CRETULA_STORE_KEYS_PENDING_H

#include "store/chain.h"

struct err;

/* Step 3 of docs/format.md 10: line (without LF) is going to be an entry. */
int store_pending_write(int keys_fd, struct span line, struct err *e);

/*
 * Behind step 5: that entry is signed, as the last of size.  Not synced, and
 * no failure: what is lost by it is only that store_pending_check knows less.
 */
void store_pending_signed(int keys_fd, uint64_t size);

/*
 * Is line the one that store_pending_write was given last?  -1: not readable,
 * or ERR_CONFIG, here and below: damaged.
 */
int store_pending_is(int keys_fd, struct span line, bool *same, struct err *e);

/* Have these keys signed an entry that is the last of so many, or a later one? */
int store_pending_covers(int keys_fd, uint64_t size, bool *covers, struct err *e);

/*
 * Is what these keys signed last in chain?  ERR_FINDING if not: who signed
 * that must not sign another entry of the same index.
 */
int store_pending_check(int keys_fd, const struct store_chain *chain, struct err *e);

#endif
