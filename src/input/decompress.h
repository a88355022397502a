/* input: gzip and zstd streams in memory taken once. */
#ifndef CRETULA_INPUT_DECOMPRESS_H
#define CRETULA_INPUT_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>

struct input_decompress;
struct err;

/* All memory is taken here: a zstd window of at most 128 MiB (windowLog 27). */
int input_decompress_open(bool zstd, struct input_decompress **d, struct err *e);
void input_decompress_close(struct input_decompress *d); /* NULL is legal */

/* As after the open, whatever came before; calls no allocator. */
void input_decompress_reset(struct input_decompress *d);

/* One step from in to out; used and made say how far it went. */
struct input_step {
	const unsigned char *in;
	size_t in_len, used;
	char *out;
	size_t size, made;
};

/*
 * Members and frames follow each other; zero bytes behind a gzip member are
 * padding.  -1 if the stream is damaged or needs a larger window.
 */
int input_decompress_run(struct input_decompress *d, struct input_step *step);

/* After -1: what is wrong, as "damaged". */
const char *input_decompress_fault(const struct input_decompress *d);

/* May the stream end here? */
bool input_decompress_at_border(const struct input_decompress *d);

#endif
