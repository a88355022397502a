/* app: what a store takes on its disk. */
#ifndef CRETULA_APP_WATCH_DISK_H
#define CRETULA_APP_WATCH_DISK_H

#include <stdint.h>

struct err;

/*
 * The blocks of what a store itself writes (docs/format.md 1), each file once,
 * whatever names it has.  What somebody else put there does not count: nothing
 * of the store goes for it.  -1 with e: it is not known.
 */
int app_disk_store(const char *store, uint64_t *used, struct err *e);
/* The same of one stream, a folder of streams_fd; 0: it is not known. */
uint64_t app_disk_stream(int streams_fd, const char *stream);

#endif
