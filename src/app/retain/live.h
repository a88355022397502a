/* app: what is over its term goes from a stream that is written live. */
#ifndef CRETULA_APP_RETAIN_LIVE_H
#define CRETULA_APP_RETAIN_LIVE_H

#include "app/retain/plan.h"

struct store_live;

/*
 * r was just read, and nobody else takes anything from the stream meanwhile.
 * What went is sealed, and told to the log; what did not to warn.  Sealed lines
 * go some at a time (r->lines.more).  -1: it could not be done.
 */
int app_retain_carry_out(struct app_retain *r, struct store_live *live,
    void (*warn)(void *arg, const char *text), void *arg, struct err *e);

#endif
