/*
 * store: records of sealed segments, read back frame by frame.
 *
 * Bounded: never more output than max_bytes, never a window over 8 MiB;
 * refuses what is no regular file.
 */
#ifndef CRETULA_STORE_READER_H
#define CRETULA_STORE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct store_reader;

/* Reusable; all memory is taken here. */
int store_reader_open(struct store_reader **r, struct err *e);
void store_reader_close(struct store_reader *r);

/*
 * Begin a file.  fd is the reader's from now on.  Observe is called with
 * every run of file bytes in order (for the file hash); may be NULL.
 */
typedef void (*store_observe)(void *arg, const void *bytes, size_t len);
void store_reader_begin(struct store_reader *r, int fd, uint64_t max_bytes,
    store_observe observe, void *arg);

/*
 * From the next begin on, read and decode in a thread of the reader's own,
 * one run ahead; observe is called there.  Results are the same.
 */
void store_reader_ahead(struct store_reader *r, bool ahead);

/*
 * Between begin and the first next: have that thread show each run to see as
 * well, before it is handed out.  false: there will be no thread, and see is
 * not called.
 */
typedef void (*store_see)(void *arg, struct span lines);
bool store_reader_share(struct store_reader *r, store_see see, void *arg);

/*
 * Next run of whole lines (each with LF), at most about 2 MiB, valid until
 * the next call.  *lines empty: end.  -1: damaged container, more than
 * max_bytes, a line over RECORD_BYTES_MAX that does not end in the run (then
 * store_reader_long is true), or bytes behind the last LF (store_reader_torn);
 * ERR_FINDING with the reason.
 * All whole lines in front of the damage are handed out before.
 */
int store_reader_next(struct store_reader *r, struct span *lines, struct err *e);
bool store_reader_torn(const struct store_reader *r);
bool store_reader_long(const struct store_reader *r);
uint64_t store_reader_frames(const struct store_reader *r); /* data frames so far */

/* At the end of a file: the first way in which it is not laid out as docs/format.md 5 says. */
enum store_layout {
	STORE_LAYOUT_GOOD,
	STORE_LAYOUT_FRAMES, /* not frames with size and without checksum, then a seek table */
	STORE_LAYOUT_TABLE, /* the seek table is not that of the frames */
	STORE_LAYOUT_SIZE, /* a frame of more than 1 MiB, or of nothing */
	STORE_LAYOUT_LINES /* a frame ends within a line */
};
enum store_layout store_reader_layout(const struct store_reader *r);

/* Open a regular file for reading without following links or blocking; -1 and ERR_FINDING. */
int store_open_file(int dirfd, const char *path, uint64_t *size, struct err *e);

#endif
