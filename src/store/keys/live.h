/* store, inside: a live stream that is held to change its ratchet. */
#ifndef CRETULA_STORE_KEYS_LIVE_H
#define CRETULA_STORE_KEYS_LIVE_H

#include "store/live/ratchet.h"

/*
 * As store_live_open, without recovery and without a segment that opens; made
 * if new, with that policy.  store_live_close closes it.
 */
int store_live_hold(struct store *s, const char *name, const char *policy,
    const struct seal_names *names, struct store_live **l, struct err *e);

#endif
