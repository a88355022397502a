/*
 * app: what a person asks of a stream that is written just now, over the
 * control socket; any thread may call.  The answers are those of keeper.h.
 */
#ifndef CRETULA_APP_RETAIN_ASK_H
#define CRETULA_APP_RETAIN_ASK_H

#include "base/buf.h"

/* A hold or a release ("hold " and its LF taken off). */
void app_ask_hold(struct span json, struct buf *out);
/* What is restricted, or lifted ("restrict " taken off). */
void app_ask_restrict(struct span text, struct buf *out);
/* Records that are to be erased ("erase " taken off); this may take seconds. */
void app_ask_erase(struct span json, struct buf *out);

#endif
