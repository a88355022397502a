/* store: which streams a store has, for those who only read. */
#ifndef CRETULA_STORE_READ_STREAMS_H
#define CRETULA_STORE_READ_STREAMS_H

#include <stddef.h>

#include "base/buf.h"

struct err;

/* The directory of a store's streams: its descriptor, or -1: ERR_INPUT if none is there. */
int store_streams_open(const char *store, struct err *e);

/*
 * Their names, those of cretula itself among them, in order: added to names, which
 * store_streams_name reads.  -1: as store_streams_open.
 */
int store_streams(const char *store, struct buf *names, struct err *e);
/* ERR_INPUT: the store has no stream of this name, but these.  -1. */
int store_streams_lack(const char *store, const char *stream, struct err *e);
/* The i-th; NULL behind the last. */
const char *store_streams_name(const struct buf *names, size_t i);

#endif
