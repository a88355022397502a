/* store, inside: the data file of an open segment, read back in runs of whole lines. */
#ifndef CRETULA_STORE_LIVE_LINES_H
#define CRETULA_STORE_LIVE_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct live_hash;

struct live_lines {
	int fd;
	char *buffer; /* LIVE_RUN_BYTES */
	uint64_t at, end;
};

int store_lines_open(struct live_lines *r, int fd, uint64_t from, uint64_t end, struct err *e);
void store_lines_close(struct live_lines *r);
/*
 * The next run of whole lines, at most LIVE_RUN_LINES, ends in h->ends.
 * *count 0: nothing whole is left; at stands behind the last whole line.
 */
int store_lines_next(struct live_lines *r, struct live_hash *h, size_t *count, struct span *run,
    struct err *e);

#endif
