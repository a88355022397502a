/*
 * erase, inside: frames on their way into the next revision of a segment's file.
 *
 * Who makes the lines of a frame goes on with the next one while a thread
 * compresses it and writes it, and compresses too instead of waiting.
 */
#ifndef CRETULA_STORE_ERASE_OUT_H
#define CRETULA_STORE_ERASE_OUT_H

#include "base/span.h"
#include "store/compress.h"
#include "store/inside.h"

struct err;
struct store_erase_out;

#define STORE_ERASE_FRAME_LINES 32768 /* at most: records have 36 bytes and more */

/* What the next frame will hold. */
struct store_erase_frame {
	size_t len, count;
	char lines[STORE_FRAME_BYTES];
	uint32_t ends[STORE_ERASE_FRAME_LINES]; /* as in seal_leaves */
};

/* path must not be there.  All memory is taken here, and the thread begins. */
int store_erase_out_open(struct store_erase_out **o, int dirfd, const char *path, struct err *e);
/* NULL is legal.  The file is the caller's, whatever became of it. */
void store_erase_out_close(struct store_erase_out *o);

/* An empty frame to fill; the one that is there as long as it was not ended. */
int store_erase_out_frame(
    struct store_erase_out *o, struct store_erase_frame **frame, struct err *e);
/* It is full: it goes, if there is anything in it. */
void store_erase_out_end_frame(struct store_erase_out *o);
/* A frame as it is: count lines of len bytes, packed.  In front of it none may be begun. */
int store_erase_out_copy(
    struct store_erase_out *o, struct span packed, uint32_t len, uint32_t count, struct err *e);

/* The seek table; all of it is synced.  *size is that of the file; made gets hash and counts. */
int store_erase_out_finish(
    struct store_erase_out *o, uint64_t *size, struct store_rewritten *made, struct err *e);

#endif
