/*
 * listing: which streams a store has.  A stream is made under the lock of
 * cretula.store, which lists it when its genesis is signed: what is there
 * and not listed, for whoever holds that chain, was left half made.
 */
#ifndef CRETULA_STORE_LISTING_H
#define CRETULA_STORE_LISTING_H

#include "store/inside.h"
#include "store/writer.h"

/* The entry of cretula.store that lists name; false if there is none. */
bool store_listing_find(
    const struct store_writer *own, const char *name, struct seal_entry *entry);
/* Append it.  ERR_FINDING if more than the genesis is written. */
int store_listing_add(
    struct store_stream *st, struct store_writer *own, struct seal_entry *entry, struct err *e);

/*
 * List what has its genesis and its keys here, remove what has no entry yet.
 * Anything else is not ours, and stays for verify to tell.  What cannot be
 * done now (a full disk) is left to the next start.
 */
void store_abandoned_settle(struct store *s, struct store_writer *own);

#endif
