/*
 * store: single frames of a sealed segment, found by its seek table;
 * docs/format.md 5.  Nothing is believed: a frame is as long as it turns out.
 */
#ifndef CRETULA_STORE_SEEK_H
#define CRETULA_STORE_SEEK_H

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

#endif
