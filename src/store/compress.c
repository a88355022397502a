/* The static contexts are not in zstd's stable part, but in its library. */
#define ZSTD_STATIC_LINKING_ONLY
#include "store/compress.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>

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

size_t
store_compress(struct store_compressor *c, const char *lines, const uint32_t *ends, size_t count,
    char *out, struct store_frame *frames, size_t *frame_count)
{
	size_t bound = count == 0 ? 0 : store_compress_bound(ends[count - 1]);
	size_t written = 0, made = 0, i = 0;
	uint32_t start = 0;

	while (i < count) {
		uint32_t end = ends[i];
		size_t len;

		assert(end - start <= RECORD_BYTES_MAX);
		for (i++; i < count && ends[i] - start <= STORE_FRAME_BYTES; i++)
			end = ends[i];
		len = ZSTD_compress2(
		    c->context, out + written, bound - written, lines + start, end - start);
		assert(!ZSTD_isError(len));
		frames[made++] = (struct store_frame){ (uint32_t)len, end - start };
		written += len;
		start = end;
	}
	*frame_count = made;
	return (written);
}
