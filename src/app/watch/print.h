/* app: the answer of a daemon, for people. */
#ifndef CRETULA_APP_WATCH_PRINT_H
#define CRETULA_APP_WATCH_PRINT_H

#include "base/buf.h"
#include "base/span.h"

struct config;
struct err;

/*
 * A table of what app_snapshot_json says, 80 columns wide.  The exit code:
 * 0, 1 where a stream is not read or something was found, 3 where no daemon
 * runs; -1 with e if json is none of it.
 */
int app_status_print(struct span json, struct buf *out, struct err *e);

/* Behind it: the streams with an input that config has and the daemon that answered has not. */
void app_status_lack(struct span json, const struct config *config, struct buf *out);

#endif
