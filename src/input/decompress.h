/* input: gzip and zstd streams in memory taken once. */
#ifndef CRETULA_INPUT_DECOMPRESS_H
#define CRETULA_INPUT_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>

struct decompress;
struct err;

/* All memory is taken here: a zstd window of at most 128 MiB (windowLog 27). */
int decompress_open(bool zstd, struct decompress **d, struct err *e);
void decompress_close(struct decompress *d); /* NULL is legal */

/*
 * One step from in to out: *used and *made say how far.  Members and frames
 * follow each other; zero bytes behind a gzip member are padding.  -1 if the
 * stream is damaged or needs a larger window.
 */
int decompress_run(struct decompress *d, const unsigned char *in, size_t in_len, size_t *used,
    char *out, size_t size, size_t *made);

/* May the stream end here? */
bool decompress_at_border(const struct decompress *d);

#endif
