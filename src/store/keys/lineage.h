/* store, inside: did each key of a chain come from the one before? */
#ifndef CRETULA_STORE_KEYS_LINEAGE_H
#define CRETULA_STORE_KEYS_LINEAGE_H

#include "store/chain.h"

struct err;

/*
 * From genesis to the keys in force, by the statements in the entries and the
 * notes over them, in dirfd.  Who has lost the keys needs this: else anybody
 * who writes the store could have named keys.  0, or -1 and ERR_FINDING.
 */
int store_lineage_check(int dirfd, const struct store_chain *chain,
    const struct seal_names *names, struct err *e);

#endif
