/* app: what a store says of itself while no daemon runs. */
#ifndef CRETULA_APP_WATCH_OFFLINE_H
#define CRETULA_APP_WATCH_OFFLINE_H

#include "app/watch/board.h"

struct err;

/* Its streams, by name, with what is sealed.  Not verified.  ERR_INPUT: there is no store. */
int app_offline_snapshot(
    const char *store, int64_t every_us, struct app_snapshot *s, struct err *e);

#endif
