/* The static contexts are not in zstd's stable part, but in its library. */
#define ZSTD_STATIC_LINKING_ONLY
#include "store/compress.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "record/record.h"

struct store_compressor {
	ZSTD_CCtx *context; /* inside memory */
	size_t memory_bytes;
	void *memory;
};

int
store_compressor_open(int level, struct store_compressor **c, struct err *e)
{
	struct store_compressor *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_sys(e, ERR_IO, "compressor"));
	made->memory_bytes = ZSTD_estimateCCtxSize(level);
	made->memory = aligned_alloc(64, (made->memory_bytes + 63) / 64 * 64);
	if (made->memory != NULL)
		made->context = ZSTD_initStaticCCtx(made->memory, made->memory_bytes);
	/* A static context starts without content sizes, unlike any other. */
	if (made->context == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(made->context, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(made->context, ZSTD_c_contentSizeFlag, 1))) {
		store_compressor_close(made);
		return (err_set(e, ERR_IO, "compressor: no memory"));
	}
	*c = made;
	return (0);
}

void
store_compressor_close(struct store_compressor *c)
{
	if (c == NULL)
		return;
	free(c->memory);
	free(c);
}

/* Of two neighbours the first has at least a frame less one longest line. */
size_t
store_compress_frames(size_t len)
{
	return (len / (STORE_FRAME_BYTES - RECORD_BYTES_MAX) + 1);
}

/* What ZSTD_compressBound adds to n is at most n / 256 and 64 bytes. */
size_t
store_compress_bound(size_t len)
{
	return (len + len / 256 + 128 * store_compress_frames(len));
}

void
store_compress(struct store_compressor *c, struct store_part *part)
{
	const uint32_t *ends = part->ends;
	size_t bound = part->count == 0 ? 0 : store_compress_bound(ends[part->count - 1]);
	size_t i = 0, len;
	uint32_t start = 0, end;

	part->packed_len = part->frame_count = 0;
	while (i < part->count) {
		end = ends[i];
		assert(end - start <= RECORD_BYTES_MAX);
		for (i++; i < part->count && ends[i] - start <= STORE_FRAME_BYTES; i++)
			end = ends[i];
		len = ZSTD_compress2(c->context, part->packed + part->packed_len,
		    bound - part->packed_len, part->lines + start, end - start);
		assert(!ZSTD_isError(len));
		part->frames[part->frame_count++] =
		    (struct store_frame){ (uint32_t)len, end - start };
		part->packed_len += len;
		start = end;
	}
}

/* ---- the seek table ---- */

#define TABLE_ROW_BYTES 8

static void
put_u32(struct buf *b, uint32_t n)
{
	const unsigned char bytes[4] = { (unsigned char)n, (unsigned char)(n >> 8),
		(unsigned char)(n >> 16), (unsigned char)(n >> 24) };

	buf_add(b, bytes, sizeof(bytes));
}

void
store_table_add(struct buf *rows, const struct store_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_u32(rows, frames[i].compressed);
		put_u32(rows, frames[i].decompressed);
	}
}

void
store_table_print(const struct buf *rows, struct buf *out)
{
	uint32_t frames = (uint32_t)(rows->len / TABLE_ROW_BYTES);

	put_u32(out, 0x184d2a5e);
	put_u32(out, frames * TABLE_ROW_BYTES + 9);
	buf_span(out, buf_view(rows));
	put_u32(out, frames);
	buf_char(out, '\0');
	put_u32(out, 0x8f92eab1);
}
