/* input: gzip and zstd streams in memory taken once. */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDStream: no allocator later */
#include <zstd.h>
#include <zstd_errors.h>

#include <sys/mman.h>

#include <stdlib.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "input/decompress.h"

#define DECOMPRESS_WINDOW_LOG 27
#define DECOMPRESS_GZIP_BYTES (96u << 10) /* inflate's state and window */

struct input_decompress {
	struct arena arena; /* what zlib or zstd work in */
	bool wide; /* the frame needs a larger window */
	bool border; /* between members or frames */
	bool gzip; /* z is to be ended */
	z_stream z;
	ZSTD_DStream *zstd;
};

/* zlib takes its window at the first inflate(): from the arena, not malloc. */
static void *
decompress_take(void *arena, unsigned count, unsigned size)
{
	return (arena_take(arena, (size_t)count * size));
}

static void
decompress_drop(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

/*
 * What ARENA_SECRET does, but for the wipe at the end: that would touch all
 * 128 MiB of window for a small file.  Pages that go back are cleared by the
 * system.
 */
static void
decompress_protect(const struct arena *a)
{
	(void)mlock2(a->base, a->size, MLOCK_ONFAULT);
	(void)madvise(a->base, a->size, MADV_DONTDUMP);
	(void)madvise(a->base, a->size, MADV_WIPEONFORK);
}

int
input_decompress_open(bool zstd, struct input_decompress **d, struct err *e)
{
	size_t need = zstd ? ZSTD_estimateDStreamSize((size_t)1 << DECOMPRESS_WINDOW_LOG)
			   : DECOMPRESS_GZIP_BYTES;
	struct input_decompress *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_sys(e, ERR_IO, "memory"));
	made->border = true;
	if (arena_open(&made->arena, need, zstd ? ARENA_LAZY : ARENA_SECRET, e) == -1) {
		input_decompress_close(made);
		return (-1);
	}
	if (zstd) {
		decompress_protect(&made->arena);
		made->zstd = ZSTD_initStaticDStream(arena_take(&made->arena, need), need);
	} else {
		made->z.zalloc = decompress_take;
		made->z.zfree = decompress_drop;
		made->z.opaque = &made->arena;
		made->gzip = inflateInit2(&made->z, 15 + 16) == Z_OK;
	}
	if (made->zstd == NULL && !made->gzip) {
		input_decompress_close(made);
		return (err_set(e, ERR_INPUT, "no memory to decompress"));
	}
	*d = made;
	return (0);
}

void
input_decompress_close(struct input_decompress *d)
{
	if (d == NULL)
		return;
	if (d->gzip)
		(void)inflateEnd(&d->z);
	arena_close(&d->arena);
	free(d);
}

void
input_decompress_reset(struct input_decompress *d)
{
	d->border = true;
	d->wide = false;
	if (d->gzip)
		(void)inflateReset(&d->z);
	else
		(void)ZSTD_DCtx_reset(d->zstd, ZSTD_reset_session_only);
}

static int
decompress_zstd(struct input_decompress *d, struct input_step *step)
{
	ZSTD_inBuffer from = { step->in, step->in_len, 0 };
	ZSTD_outBuffer to = { step->out, step->size, 0 };
	size_t hint;

	if (d->border && step->in_len == 0)
		return (0);
	hint = ZSTD_decompressStream(d->zstd, &to, &from);
	step->used = from.pos;
	step->made = to.pos;
	d->wide = ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge ||
	    ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation;
	if (ZSTD_isError(hint))
		return (to.pos > 0 ? 0 : -1); /* the next step fails again */
	d->border = hint == 0;
	return (0);
}

static int
decompress_gzip(struct input_decompress *d, struct input_step *step)
{
	size_t padding = 0;
	int rc;

	while (d->border && padding < step->in_len && step->in[padding] == 0)
		padding++;
	step->used = padding;
	if (padding == step->in_len && d->border)
		return (0);
	d->border = false;
	d->z.next_in = (z_const Bytef *)(step->in + padding);
	d->z.avail_in = (uInt)(step->in_len - padding);
	d->z.next_out = (Bytef *)step->out;
	d->z.avail_out = (uInt)step->size;
	rc = inflate(&d->z, Z_NO_FLUSH);
	step->used = step->in_len - d->z.avail_in;
	step->made = step->size - d->z.avail_out;
	if (rc == Z_STREAM_END) {
		d->border = true;
		return (inflateReset(&d->z) == Z_OK ? 0 : -1);
	}
	if (rc == Z_OK || rc == Z_BUF_ERROR || step->made > 0)
		return (0); /* damage behind what was made shows at the next step */
	return (-1);
}

int
input_decompress_run(struct input_decompress *d, struct input_step *step)
{
	step->used = 0;
	step->made = 0;
	return (d->gzip ? decompress_gzip(d, step) : decompress_zstd(d, step));
}

const char *
input_decompress_fault(const struct input_decompress *d)
{
	return (d->wide ? "needs a window over 128 MiB" : "damaged");
}

bool
input_decompress_at_border(const struct input_decompress *d)
{
	return (d->border);
}
