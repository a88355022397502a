/* store: lines to zstd frames of at most 1 MiB; docs/format.md 5. */
#ifndef CRETULA_STORE_COMPRESS_H
#define CRETULA_STORE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define STORE_FRAME_BYTES (1u << 20)

struct store_frame {
	uint32_t compressed, decompressed;
};

/* One per thread; all memory is taken in open. */
struct store_compressor;
int store_compressor_open(int level, struct store_compressor **c, struct err *e);
void store_compressor_close(struct store_compressor *c);

/* Output bytes and frames that lines of len bytes may need. */
size_t store_compress_bound(size_t len);
size_t store_compress_frames(size_t len);

/*
 * Compress whole lines; ends as in seal_leaves.  out and frames have the
 * bounds above.  Returns the bytes written; *frame_count how many frames.
 * Cannot fail: a compressor error is a bug (assert).
 */
size_t store_compress(struct store_compressor *c, const char *lines, const uint32_t *ends,
    size_t count, char *out, struct store_frame *frames, size_t *frame_count);

#endif
