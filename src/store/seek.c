/* Static contexts and heads of frames are not in zstd\'s stable part, but in its library. */
#define ZSTD_STATIC_LINKING_ONLY
#include "store/seek.h"

#include <endian.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/reader.h"

#define FRAME_BYTES STORE_SEEK_BYTES
#define FRAMES_MAX ((size_t)1 << 20)
#define TABLE_HEAD 8 /* magic number and size */
#define TABLE_END 9 /* number of frames, descriptor, magic number */
#define TABLE_MAGIC 0x184D2A5Eu
#define TABLE_END_MAGIC 0x8F92EAB1u

struct place {
	uint64_t file, lines; /* offsets: in the file, in the lines */
};

struct store_seek {
	int fd;
	size_t frames;
	struct place *places; /* one more than there are frames */
	struct store_unpack *unpack; /* of store_seek_read; NULL: not read yet */
	char *out;
};

struct store_unpack {
	ZSTD_DCtx *context; /* inside memory */
	void *memory;
	char *in;
};

static uint32_t
little(const unsigned char *bytes)
{
	uint32_t n;

	memcpy(&n, bytes, sizeof(n));
	return (le32toh(n));
}

static int
read_at(int fd, void *bytes, size_t len, uint64_t at, struct err *e)
{
	ssize_t n = io_pread(fd, bytes, len, (off_t)at, e);

	if (n == -1 || (size_t)n == len)
		return (n == -1 ? -1 : 0);
	return (err_set(e, ERR_FINDING, "the file ends too early"));
}

static int
take_places(struct store_seek *s, const unsigned char *rows, uint64_t table_at, struct err *e)
{
	s->places[0] = (struct place){ 0, 0 };
	for (size_t i = 0; i < s->frames; i++) {
		uint32_t in = little(rows + 8 * i), out = little(rows + 8 * i + 4);

		if (in > ZSTD_compressBound(FRAME_BYTES) || out > FRAME_BYTES)
			return (err_set(e, ERR_FINDING, "seek table: a frame of more than 1 MiB"));
		s->places[i + 1].file = s->places[i].file + in;
		s->places[i + 1].lines = s->places[i].lines + out;
	}
	if (s->places[s->frames].file != table_at)
		return (err_set(e, ERR_FINDING, "seek table: not that of these frames"));
	return (0);
}

static int
read_table(struct store_seek *s, uint64_t size, struct err *e)
{
	unsigned char head[TABLE_HEAD], end[TABLE_END], *rows = NULL;
	uint64_t table;
	int rc = -1;

	if (size < TABLE_HEAD + TABLE_END)
		return (err_set(e, ERR_FINDING, "no seek table"));
	if (read_at(s->fd, end, sizeof(end), size - TABLE_END, e) == -1)
		return (-1);
	s->frames = little(end);
	table = TABLE_HEAD + 8 * (uint64_t)s->frames + TABLE_END;
	if (little(end + 5) != TABLE_END_MAGIC || s->frames > FRAMES_MAX || table > size)
		return (err_set(e, ERR_FINDING, "no seek table"));
	s->places = calloc(s->frames + 1, sizeof(s->places[0]));
	rows = malloc(8 * s->frames + 1);
	if (s->places == NULL || rows == NULL) {
		(void)err_set(e, ERR_IO, "out of memory");
		goto out;
	}
	if (read_at(s->fd, head, sizeof(head), size - table, e) == -1 ||
	    read_at(s->fd, rows, 8 * s->frames, size - table + TABLE_HEAD, e) == -1)
		goto out;
	if (little(head) != TABLE_MAGIC || little(head + 4) != table - TABLE_HEAD) {
		(void)err_set(e, ERR_FINDING, "no seek table");
		goto out;
	}
	rc = take_places(s, rows, size - table, e);
out:
	free(rows);
	return (rc);
}

int
store_seek_open(int dirfd, const char *path, struct store_seek **s, struct err *e)
{
	struct store_seek *made = calloc(1, sizeof(*made));
	uint64_t size;

	if (made == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	if ((made->fd = store_open_file(dirfd, path, &size, e)) == -1)
		goto failed;
	if (read_table(made, size, e) == -1)
		goto failed;
	*s = made;
	return (0);
failed:
	store_seek_close(made);
	return (err_in(e, "%s", path));
}

void
store_seek_close(struct store_seek *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		(void)close(s->fd);
	store_unpack_close(s->unpack);
	free(s->places);
	free(s->out);
	free(s);
}

size_t
store_seek_frames(const struct store_seek *s)
{
	return (s->frames);
}

uint64_t
store_seek_before(const struct store_seek *s, size_t frame)
{
	return (s->places[frame].lines);
}

/* ---- frames ---- */

int
store_unpack_open(struct store_unpack **u, struct err *e)
{
	struct store_unpack *made = calloc(1, sizeof(*made));
	size_t size = (ZSTD_estimateDCtxSize() + 63) / 64 * 64;

	if (made == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	made->memory = aligned_alloc(64, size);
	made->in = malloc(ZSTD_compressBound(FRAME_BYTES));
	if (made->memory != NULL)
		made->context = ZSTD_initStaticDCtx(made->memory, size);
	if (made->context == NULL || made->in == NULL) {
		store_unpack_close(made);
		return (err_set(e, ERR_IO, "out of memory"));
	}
	*u = made;
	return (0);
}

void
store_unpack_close(struct store_unpack *u)
{
	if (u == NULL)
		return;
	free(u->memory);
	free(u->in);
	free(u);
}

static size_t
packed_len(const struct store_seek *s, size_t frame)
{
	return ((size_t)(s->places[frame + 1].file - s->places[frame].file));
}

static size_t
lines_len(const struct store_seek *s, size_t frame)
{
	return ((size_t)(s->places[frame + 1].lines - s->places[frame].lines));
}

int
store_seek_bytes(const struct store_seek *s, size_t frame, struct store_unpack *u,
    struct span *bytes, struct err *e)
{
	size_t len = packed_len(s, frame);

	if (read_at(s->fd, u->in, len, s->places[frame].file, e) == -1)
		return (-1);
	*bytes = span_of(u->in, len);
	return (0);
}

int
store_seek_decode(const struct store_seek *s, size_t frame, struct store_unpack *u, char *out,
    struct span *lines, struct err *e)
{
	size_t len = lines_len(s, frame), n;

	n = ZSTD_decompressDCtx(u->context, out, len, u->in, packed_len(s, frame));
	if (ZSTD_isError(n) || n != len)
		return (err_set(e, ERR_FINDING, "frame %zu is damaged", frame));
	*lines = span_of(out, n);
	return (0);
}

bool
store_seek_plain(const struct store_seek *s, size_t frame, const struct store_unpack *u)
{
	size_t len = packed_len(s, frame);
	ZSTD_frameHeader head;

	return (len > 0 && ZSTD_findFrameCompressedSize(u->in, len) == len &&
	    ZSTD_getFrameHeader(&head, u->in, len) == 0 && head.frameType == ZSTD_frame &&
	    head.frameContentSize == lines_len(s, frame) && head.frameContentSize > 0 &&
	    head.windowSize <= FRAME_BYTES && head.checksumFlag == 0 && head.dictID == 0);
}

int
store_seek_take(const struct store_seek *s, size_t frame, struct store_unpack *u, char *out,
    struct span *lines, struct err *e)
{
	struct span bytes;

	if (store_seek_bytes(s, frame, u, &bytes, e) == -1)
		return (-1);
	return (store_seek_decode(s, frame, u, out, lines, e));
}

int
store_seek_read(struct store_seek *s, size_t frame, struct span *lines, struct err *e)
{
	if (s->unpack == NULL && store_unpack_open(&s->unpack, e) == -1)
		return (-1);
	if (s->out == NULL && (s->out = malloc(FRAME_BYTES)) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	return (store_seek_take(s, frame, s->unpack, s->out, lines, e));
}
