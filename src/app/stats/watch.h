/* app: a report that is drawn again and again. */
#ifndef CRETULA_APP_STATS_WATCH_H
#define CRETULA_APP_STATS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "app/args.h"
#include "base/buf.h"

struct err;
struct view_grant;

/* Of the options of stats: what --watch does not go with.  0, or -1 and ERR_USAGE. */
int app_watch_check(const struct app_args *args, const struct view_grant *grant, struct err *e);

/* Of a terminal, without the last row.  0: there is none. */
struct app_screen {
	unsigned rows, columns;
};

/* Add the report to out, for a screen or for whoever reads.  0, or -1 with e. */
typedef int (*app_watch_make)(
    void *arg, const struct app_screen *screen, struct buf *out, struct err *e);

struct app_watch {
	app_watch_make make;
	void *arg;
	unsigned every_s;
	bool plain; /* whatever is there, it is no screen */
};

/*
 * Each every_s seconds, until interrupted (SIGINT, SIGTERM) or nobody reads any
 * more.  A terminal shows the newest one, as much of it as fits, drawn again as it is given
 * another size or the command goes on after a stop; it is left as it was.  Elsewhere they
 * follow each other, those of more than a line with an empty one between.  0, or -1 with e.
 */
int app_watch(const struct app_watch *w, struct err *e);

#endif
