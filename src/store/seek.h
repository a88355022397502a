/*
 * store: single frames of a sealed segment, found by its seek table;
 * docs/format.md 5.  Nothing is believed: a frame is as long as it turns out.
 */
#ifndef CRETULA_STORE_SEEK_H
#define CRETULA_STORE_SEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct store_seek;

/* path: relative to the stream's directory.  -1: ERR_INPUT (there is none), ERR_FINDING, ERR_IO. */
int store_seek_open(int dirfd, const char *path, struct store_seek **s, struct err *e);
void store_seek_close(struct store_seek *s); /* NULL is legal */

size_t store_seek_frames(const struct store_seek *s);
/* Bytes of lines in front of a frame, or of all if frame is the number of frames. */
uint64_t store_seek_before(const struct store_seek *s, size_t frame);

/* The lines of a frame, valid until the next call; the last may lack its LF. */
int store_seek_read(struct store_seek *s, size_t frame, struct span *lines, struct err *e);

/* ---- in threads that call no allocator ---- */

#define STORE_SEEK_BYTES ((size_t)1 << 20) /* the lines of a frame are no more */

struct store_unpack; /* what one thread reads frames with; of no one segment */
int store_unpack_open(struct store_unpack **u, struct err *e); /* all memory is taken here */
void store_unpack_close(struct store_unpack *u); /* NULL is legal */

/*
 * The same into out, of STORE_SEEK_BYTES.  s is only looked at: several threads may at once,
 * each with a u and out of its own.
 */
int store_seek_take(const struct store_seek *s, size_t frame, struct store_unpack *u, char *out,
    struct span *lines, struct err *e);

/* It in two steps: a frame's bytes as they are in the file, then the lines of these. */
int store_seek_bytes(const struct store_seek *s, size_t frame, struct store_unpack *u,
    struct span *bytes, struct err *e);
int store_seek_decode(const struct store_seek *s, size_t frame, struct store_unpack *u, char *out,
    struct span *lines, struct err *e);
/* Is what store_seek_bytes gave last one frame as docs/format.md 5 has them, and nothing else? */
bool store_seek_plain(const struct store_seek *s, size_t frame, const struct store_unpack *u);

#endif
