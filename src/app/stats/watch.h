/* app: a report that is drawn again and again. */
#ifndef CRETULA_APP_STATS_WATCH_H
#define CRETULA_APP_STATS_WATCH_H

#include <stdint.h>

#include "app/args.h"
#include "base/buf.h"

struct err;
struct view_grant;

/* Of the options of stats: what --watch does not go with.  0, or -1 and ERR_USAGE. */
int app_watch_check(const struct app_args *args, const struct view_grant *grant, struct err *e);

/* Add the report to out.  0, or -1 with e. */
typedef int (*app_watch_make)(void *arg, struct buf *out, struct err *e);

/*
 * Each every_s seconds, until interrupted (SIGINT, SIGTERM) or nobody reads any
 * more.  A terminal shows the newest one, as much of it as fits; elsewhere they follow
 * each other, those of more than a line with an empty one between.  0, or -1 with e.
 */
int app_watch(app_watch_make make, void *arg, unsigned every_s, struct err *e);

#endif
