/* app: bodies in gzip and zstd, never more than there is room for. */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "app/intake/inside.h"

#define ZLIB_BYTES ((size_t)64 << 10) /* of its window and the rest of its state */

/* zlib keeps what it unpacked last: in memory of ours, which is wiped. */
static void *
take(void *arg, unsigned count, unsigned size)
{
	return (arena_take(arg, (size_t)count * size));
}

static void
give_back(void *arg, void *memory)
{
	(void)arg;
	(void)memory;
}

static unsigned
gunzip_into(struct arena *memory, struct span packed, char *plain, size_t *len)
{
	z_stream z = { .zalloc = take, .zfree = give_back, .opaque = memory };
	int rc;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return (500);
	z.next_in = (Bytef *)(uintptr_t)packed.ptr;
	z.avail_in = (unsigned)packed.len;
	z.next_out = (Bytef *)plain;
	z.avail_out = (unsigned)INTAKE_BODY_MAX;
	do {
		rc = inflate(&z, Z_FINISH);
		/* One member may follow another. */
	} while (rc == Z_STREAM_END && z.avail_in > 0 && inflateReset(&z) == Z_OK);
	*len = INTAKE_BODY_MAX - z.avail_out;
	if (rc == Z_STREAM_END)
		return (0);
	/* Input is left, or the end was not seen: is it for the lack of room? */
	return (z.avail_out == 0 ? 413 : 400);
}

static unsigned
gunzip(struct span packed, char *plain, size_t *len)
{
	struct arena memory = { 0 };
	unsigned status;

	if (arena_open(&memory, ZLIB_BYTES, ARENA_SECRET, NULL) == -1)
		return (500);
	status = gunzip_into(&memory, packed, plain, len);
	arena_close(&memory);
	return (status);
}

static unsigned
unzstd(struct span packed, char *plain, size_t *len)
{
	size_t n;

	if (packed.len == 0)
		return (400);
	n = ZSTD_decompress(plain, INTAKE_BODY_MAX, packed.ptr, packed.len);
	if (!ZSTD_isError(n)) {
		*len = n;
		return (0);
	}
	return (ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall ? 413 : 400);
}

unsigned
app_intake_unpack(enum intake_packing packing, struct span packed, char *plain, size_t *len)
{
	switch (packing) {
	case INTAKE_GZIP: return (gunzip(packed, plain, len));
	case INTAKE_ZSTD: return (unzstd(packed, plain, len));
	default:
		if (packed.len > 0)
			memcpy(plain, packed.ptr, packed.len);
		*len = packed.len;
		return (0);
	}
}
