/*
 * store: what is committed to the segments that are open, for readers that
 * have no keys; docs/format.md 12.
 *
 * The writer may seal a segment at any time: its files are then overwritten
 * and removed.  What is read is not verified.
 */
#ifndef CRETULA_STORE_READ_UNSEALED_H
#define CRETULA_STORE_READ_UNSEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct err;

#define STORE_UNSEALED_MAX 2

/* As of the newest flush that its .tags tells; records 0: there is none yet. */
struct store_unsealed {
	uint64_t number, records, bytes;
};

/* The open segments of a stream, the older one first.  0 or -1. */
int store_unsealed_list(int stream_fd, struct store_unsealed list[static STORE_UNSEALED_MAX],
    size_t *count, struct err *e);

/* One that is read; at stands behind the last line that was handed out. */
struct store_unsealed_reading {
	int fd; /* -1: not open */
	char *buffer;
	uint64_t at;
};

/*
 * Open the records of segment number, from byte at, the begin of a line.  1; 0
 * if it is not there any more; -1.
 */
int store_unsealed_begin(struct store_unsealed_reading *r, int stream_fd, uint64_t number,
    uint64_t at, struct err *e);
void store_unsealed_end(struct store_unsealed_reading *r);

/*
 * The next whole lines in front of end, valid until the next call.  1; 0 at
 * the end, or where no records are any more (*gone); -1.
 */
int store_unsealed_next(
    struct store_unsealed_reading *r, uint64_t end, struct span *lines, bool *gone, struct err *e);
/* The last whole lines in front of at, which moves to their begin; the same, down to byte 0. */
int store_unsealed_before(
    struct store_unsealed_reading *r, struct span *lines, bool *gone, struct err *e);

#endif
