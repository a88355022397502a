/* ahead: a thread that takes runs of bytes one ahead of its user.  Private to store/. */
#ifndef CRETULA_STORE_AHEAD_H
#define CRETULA_STORE_AHEAD_H

#include <stddef.h>

#include "base/span.h"

struct err;
struct store_ahead;

/* The next run, of at most size bytes; empty at the end, -1 with e: no more is to come. */
typedef int (*store_take)(void *arg, struct span *run, struct err *e);

/* Begin to take.  NULL: there is no memory or thread; do without. */
struct store_ahead *store_ahead_begin(store_take take, void *arg, size_t size);

/* What take gave, in order; valid until the next call. */
int store_ahead_next(struct store_ahead *a, struct span *run, struct err *e);

/* Take no more: take is not running any more afterwards, and what it did is seen. */
void store_ahead_stop(struct store_ahead *a);
void store_ahead_end(struct store_ahead *a); /* stop and free; NULL is legal */

#endif
