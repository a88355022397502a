/* store: lines to zstd frames of at most 1 MiB; docs/format.md 5. */
#ifndef CRETULA_STORE_COMPRESS_H
#define CRETULA_STORE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
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
 * A run of whole lines on its way into a segment; all memory is the caller's:
 * packed and frames have the bounds above, leaves one a line.
 */
struct store_part {
	const char *lines;
	const uint32_t *ends; /* as in seal_leaves */
	size_t count;
	unsigned char (*leaves)[32];
	char *packed;
	size_t packed_len;
	struct store_frame *frames;
	size_t frame_count;
};

/*
 * Fill packed and frames from lines.  Cannot fail: a compressor error is a
 * bug (assert).
 */
void store_compress(struct store_compressor *c, struct store_part *part);

/*
 * The seek table of the zstd seekable format: rows collects the frames of a
 * file, print adds the skippable frame that ends it.
 */
void store_table_add(struct buf *rows, const struct store_frame *frames, size_t count);
void store_table_print(const struct buf *rows, struct buf *out);

#endif
