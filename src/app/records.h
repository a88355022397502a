/* app: walk the sealed records of a stream, segment by segment. */
#ifndef CRETULA_APP_RECORDS_H
#define CRETULA_APP_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "seal/entry.h"
#include "store/chain.h"

struct err;

struct app_records {
	int stream_fd;
	struct store_chain chain;
	int64_t since_us, until_us; /* half open */
};

/*
 * Open stream of store for reading.  ERR_INPUT if there is none.  since and
 * until are RFC 3339 or "-7d" (before now); NULL: no limit.
 */
int app_records_open(struct app_records *r, const char *store, const char *stream,
    const char *since, const char *until, struct err *e);
void app_records_close(struct app_records *r);

/* Every segment entry that may hold records of the window, in order.  0, 1 at the end, -1. */
int app_records_entry(struct app_records *r, size_t *at, struct seal_entry *entry, struct err *e);

/*
 * Call each with every line (no LF) of those segments; each says 0 to go on,
 * 1 to stop, -1 with e.
 */
typedef int (*app_record_each)(void *arg, struct span line, struct err *e);
int app_records_walk(struct app_records *r, app_record_each each, void *arg, struct err *e);

#endif
