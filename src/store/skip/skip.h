/*
 * store: what the frames of a sealed segment have in common, kept in
 * STORE/skip/NAME/NNNNNNNN, so that whoever looks for few records reads few
 * frames; docs/format.md 24.
 *
 * Derived and deletable: who verifies never reads it.  A file that is
 * missing, damaged or of other records is no error, it only costs time.  It is
 * of a segment as it was sealed, and removed when one of its records is erased
 * or the segment is pruned: what is gone cannot be asked for here either.
 */
#ifndef CRETULA_STORE_SKIP_SKIP_H
#define CRETULA_STORE_SKIP_SKIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "filter/summary.h"

struct err;
struct store_stream;

#define STORE_SKIP_DIR "skip" /* in STORE */

/* The segment that a file is of. */
struct store_skip_of {
	uint64_t seg, n;
	const unsigned char *root; /* 32 bytes */
};

struct store_skip {
	struct buf bytes;
	size_t frames;
};

/* false: there is none that is good.  dirfd: of STORE/skip/NAME, or -1. */
bool store_skip_open(struct store_skip *s, int dirfd, const struct store_skip_of *of);
void store_skip_close(struct store_skip *s);
/* The same of bytes at hand, which s takes over: true if they are good. */
bool store_skip_parse(struct store_skip *s, struct buf *bytes, const struct store_skip_of *of);

/* Of a frame: its records, and the least and the most of their times, if there are any. */
uint64_t store_skip_count(const struct store_skip *s, size_t frame);
void store_skip_times(
    const struct store_skip *s, size_t frame, int64_t *first_us, int64_t *last_us);
/* May one of them be of the time, and match?  filter NULL: all do. */
bool store_skip_may(const struct store_skip *s, size_t frame, const struct filter *filter,
    int64_t since_us, int64_t until_us);

/* ---- making one, frame by frame ---- */

struct store_skip_maker {
	struct buf bytes;
	uint64_t frames, all; /* all: records of them */
	bool back;
};

/* back: the last frame comes first. */
void store_skip_begin(struct store_skip_maker *m, const struct store_skip_of *of, bool back);
/* The next frame: what its records, so many, have in common. */
void store_skip_frame(
    struct store_skip_maker *m, const struct filter_summary *summary, uint64_t records);
/* The file, in m->bytes; false: not all records of the segment were added, or no memory. */
bool store_skip_end(struct store_skip_maker *m, const struct store_skip_of *of);
void store_skip_drop(struct store_skip_maker *m);

/* Write it, if it can be.  What was erased meanwhile is for the caller to look at. */
int store_skip_write(const struct store_skip_maker *m, int dirfd, uint64_t seg, struct err *e);

/* The directory of a stream, made if the caller owns the store; -1: there is none. */
int store_skip_dir(int store_fd, const char *name, bool make);

/* Overwrite and remove.  No file is fine.  0 or -1. */
int store_skip_forget(int dirfd, uint64_t seg, struct err *e);
/* ... those of a stream for whose segments gone says so. */
int store_skip_sweep(int store_fd, const char *name, bool (*gone)(void *arg, uint64_t seg),
    void *arg, struct err *e);

#endif
