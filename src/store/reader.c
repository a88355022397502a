/* The static contexts are not in zstd's stable part, but in its library. */
#define ZSTD_STATIC_LINKING_ONLY
#include "store/reader.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/scan.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "store/read/ahead.h"

#define WINDOW_LOG_MAX 23
#define RUN_BYTES ((size_t)1 << 20) /* a frame of ours, which is decoded in one go */
#define OUT_BYTES (RECORD_BYTES_MAX + 2 * RUN_BYTES)
#define IN_BYTES (RUN_BYTES + ((size_t)64 << 10)) /* ... and fits here compressed */
#define SKIPPABLE_HEAD 8 /* magic number and size */
#define SEEK_TABLE_MAGIC 0x184D2A5Eu
#define SEEK_TABLE_END 0x8F92EAB1u
#define READ_BYTES ((size_t)256 << 10)
#define CONTEXT_BYTES ZSTD_estimateDStreamSize((size_t)1 << WINDOW_LOG_MAX)

struct store_reader {
	ZSTD_DStream *stream; /* inside memory */
	void *memory;
	int fd;
	bool wants_ahead, began;
	store_see see;
	void *see_arg;
	struct store_ahead *ahead; /* reads; NULL: the caller does */
	uint64_t max_bytes, out_total, frames;
	store_observe observe;
	void *arg;
	bool in_frame; /* the decoder wants more of this frame */
	bool data_frame; /* which holds lines */
	bool table_frame; /* which is a seek table, and so is to be the last */
	uint64_t frame_in, frame_out; /* bytes of this frame so far */
	unsigned odd; /* bit per enum store_layout */
	struct crypto_sha256 want, have; /* seek tables: that of the frames, that of the file */
	bool end; /* no more bytes in the file */
	bool torn, too_long;
	bool failed; /* no more is to come, because of why */
	struct err why;
	size_t in_at, in_len; /* of in */
	size_t carry_at, carry_len; /* of out: bytes behind the last LF handed out */
	unsigned char in[IN_BYTES];
	char out[OUT_BYTES];
};

int
store_reader_open(struct store_reader **r, struct err *e)
{
	struct store_reader *made = malloc(sizeof(*made));
	size_t size = (CONTEXT_BYTES + 63) / 64 * 64;

	if (made == NULL)
		return (err_sys(e, ERR_IO, "reader"));
	made->fd = -1;
	made->wants_ahead = false;
	made->ahead = NULL;
	made->stream = NULL;
	made->memory = aligned_alloc(64, size);
	if (made->memory != NULL)
		made->stream = ZSTD_initStaticDStream(made->memory, size);
	if (made->stream == NULL ||
	    ZSTD_isError(
		ZSTD_DCtx_setParameter(made->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		store_reader_close(made);
		return (err_set(e, ERR_IO, "reader: no memory"));
	}
	store_reader_begin(made, -1, 0, NULL, NULL);
	*r = made;
	return (0);
}

void
store_reader_close(struct store_reader *r)
{
	if (r == NULL)
		return;
	store_ahead_end(r->ahead);
	if (r->fd != -1)
		(void)close(r->fd);
	free(r->memory);
	free(r);
}

void
store_reader_ahead(struct store_reader *r, bool ahead)
{
	r->wants_ahead = ahead;
}

void
store_reader_begin(
    struct store_reader *r, int fd, uint64_t max_bytes, store_observe observe, void *arg)
{
	store_ahead_end(r->ahead);
	r->ahead = NULL;
	r->began = false;
	r->see = NULL;
	if (r->fd != -1)
		(void)close(r->fd);
	(void)ZSTD_DCtx_reset(r->stream, ZSTD_reset_session_only);
	r->fd = fd;
	r->max_bytes = max_bytes;
	r->observe = observe;
	r->arg = arg;
	r->out_total = r->frames = 0;
	r->in_frame = r->data_frame = r->table_frame = r->torn = r->too_long = r->failed = false;
	r->odd = 0;
	crypto_sha256_init(&r->want);
	crypto_sha256_init(&r->have);
	r->end = fd == -1;
	r->in_at = r->in_len = r->carry_at = r->carry_len = 0;
}

bool
store_reader_share(struct store_reader *r, store_see see, void *arg)
{
	if (!r->wants_ahead || r->began)
		return (false);
	r->see = see;
	r->see_arg = arg;
	return (true);
}

/* Before looking at what the thread writes. */
static void
settle(const struct store_reader *r)
{
	if (r->ahead != NULL)
		store_ahead_stop(r->ahead);
}

bool
store_reader_torn(const struct store_reader *r)
{
	settle(r);
	return (r->torn);
}

bool
store_reader_long(const struct store_reader *r)
{
	settle(r);
	return (r->too_long);
}

uint64_t
store_reader_frames(const struct store_reader *r)
{
	settle(r);
	return (r->frames);
}

enum store_layout
store_reader_layout(const struct store_reader *r)
{
	settle(r);
	if (r->odd == 0)
		return (r->table_frame ? STORE_LAYOUT_GOOD : STORE_LAYOUT_FRAMES);
	return ((enum store_layout)__builtin_ctz(r->odd));
}

/* More file bytes behind those at hand, until a whole frame of ours would fit. */
static int
fill(struct store_reader *r, struct err *e)
{
	size_t left = r->in_len - r->in_at;

	if (r->in_at > 0) {
		memmove(r->in, r->in + r->in_at, left);
		r->in_at = 0;
		r->in_len = left;
	}
	while (!r->end && r->in_len < IN_BYTES) {
		size_t room = IN_BYTES - r->in_len;
		ssize_t len =
		    io_read(r->fd, r->in + r->in_len, room < READ_BYTES ? room : READ_BYTES, e);

		if (len == -1)
			return (-1);
		if (len == 0)
			r->end = true;
		else if (r->observe != NULL)
			r->observe(r->arg, r->in + r->in_len, (size_t)len);
		r->in_len += (size_t)len;
	}
	return (0);
}

/* ---- the layout of docs/format.md 5, which other files need not have ---- */

static void
note_odd(struct store_reader *r, enum store_layout what, bool odd)
{
	r->odd |= (unsigned)odd << what;
}

static void
add_u32(struct crypto_sha256 *h, uint64_t n)
{
	unsigned char bytes[4] = { (unsigned char)n, (unsigned char)(n >> 8),
		(unsigned char)(n >> 16), (unsigned char)(n >> 24) };

	crypto_sha256_add(h, bytes, sizeof(bytes));
}

static void
see_frame_begin(struct store_reader *r, uint32_t magic)
{
	const unsigned char *p = r->in + r->in_at;
	ZSTD_frameHeader header;

	note_odd(r, STORE_LAYOUT_FRAMES, r->table_frame);
	r->table_frame = magic == SEEK_TABLE_MAGIC;
	r->frame_in = r->frame_out = 0;
	if (r->data_frame)
		note_odd(r, STORE_LAYOUT_FRAMES,
		    ZSTD_getFrameHeader(&header, p, r->in_len - r->in_at) != 0 ||
			header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN ||
			header.checksumFlag != 0);
	else
		note_odd(r, STORE_LAYOUT_FRAMES, !r->table_frame);
}

/* in_len bytes of the frame, at in_at, became out_len bytes of lines. */
static void
see_frame_bytes(struct store_reader *r, size_t in_len, size_t out_len)
{
	uint64_t head = r->frame_in < SKIPPABLE_HEAD ? SKIPPABLE_HEAD - r->frame_in : 0;

	if (r->table_frame && in_len > head)
		crypto_sha256_add(&r->have, r->in + r->in_at + head, in_len - (size_t)head);
	r->frame_in += in_len;
	r->frame_out += out_len;
}

static void
see_frame_end(struct store_reader *r, size_t len)
{
	unsigned char want[32], have[32];

	if (r->data_frame) {
		note_odd(r, STORE_LAYOUT_SIZE, r->frame_out == 0 || r->frame_out > RUN_BYTES);
		note_odd(r, STORE_LAYOUT_LINES, r->frame_out > 0 && r->out[len - 1] != '\n');
		add_u32(&r->want, r->frame_in);
		add_u32(&r->want, r->frame_out);
		r->frames++;
	} else if (r->table_frame) {
		add_u32(&r->want, r->frames);
		crypto_sha256_add(&r->want, "", 1);
		add_u32(&r->want, SEEK_TABLE_END);
		crypto_sha256_end(&r->want, want);
		crypto_sha256_end(&r->have, have);
		note_odd(r, STORE_LAYOUT_TABLE, memcmp(want, have, sizeof(want)) != 0);
	}
}

/* Only zstd's own frames and skippable ones begin here. */
static int
begin_frame(struct store_reader *r, struct err *e)
{
	const unsigned char *p = r->in + r->in_at;
	uint32_t magic;

	if (r->in_len - r->in_at < 4)
		return (err_set(e, ERR_FINDING, "the file ends within a frame"));
	magic = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	r->data_frame = magic == ZSTD_MAGICNUMBER;
	if (!r->data_frame && (magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START)
		return (err_set(e, ERR_FINDING, "no zstd frame where one should begin"));
	r->in_frame = true;
	see_frame_begin(r, magic);
	return (0);
}

/* One step of the decoder: some input, some output at out + *len. */
static int
decode(struct store_reader *r, size_t *len, struct err *e)
{
	ZSTD_inBuffer in = { r->in, r->in_len, r->in_at };
	ZSTD_outBuffer out = { r->out, OUT_BYTES, *len };
	size_t rc = ZSTD_decompressStream(r->stream, &out, &in);

	if (ZSTD_isError(rc))
		return (err_set(e, ERR_FINDING, "damaged frame: %s", ZSTD_getErrorName(rc)));
	if (rc != 0 && r->end && in.pos == r->in_at && out.pos == *len)
		return (err_set(e, ERR_FINDING, "the file ends within a frame"));
	r->out_total += out.pos - *len;
	see_frame_bytes(r, in.pos - r->in_at, out.pos - *len);
	r->in_at = in.pos;
	*len = out.pos;
	if (r->out_total > r->max_bytes) {
		*len -= (size_t)(r->out_total - r->max_bytes);
		return (err_set(
		    e, ERR_FINDING, "more than %ju bytes of lines", (uintmax_t)r->max_bytes));
	}
	if (rc == 0) {
		r->in_frame = false;
		see_frame_end(r, *len);
	}
	return (0);
}

/* A new frame wants to be whole, one in the middle anything. */
static bool
needs_bytes(const struct store_reader *r)
{
	size_t left = r->in_len - r->in_at;

	if (r->end || left == IN_BYTES)
		return (false);
	if (r->in_frame)
		return (left == 0);
	return (ZSTD_isError(ZSTD_findFrameCompressedSize(r->in + r->in_at, left)));
}

/*
 * Decode behind the carry until there is about a run.  A frame starts with
 * all of its input and RUN_BYTES of room at hand if it is one of ours: then
 * zstd decodes in place.
 */
static int
decode_run(struct store_reader *r, size_t *len, struct err *e)
{
	while (*len < RECORD_BYTES_MAX + RUN_BYTES) {
		if (needs_bytes(r) && fill(r, e) == -1)
			return (-1);
		if (!r->in_frame && r->in_at == r->in_len && r->end)
			return (0);
		if (!r->in_frame && begin_frame(r, e) == -1)
			return (-1);
		if (decode(r, len, e) == -1)
			return (-1);
	}
	return (0);
}

/* What was decoded before something failed is still whole lines. */
static int
next_lines(struct store_reader *r, struct span *lines)
{
	size_t len = r->carry_len, end;
	int rc;

	memmove(r->out, r->out + r->carry_at, len);
	r->carry_at = r->carry_len = 0;
	rc = decode_run(r, &len, &r->why);
	end = scan_last(span_of(r->out, len), '\n');
	end = end == len ? 0 : end + 1;
	if (len - end >= RECORD_BYTES_MAX) {
		r->too_long = true;
		rc =
		    err_set(&r->why, ERR_FINDING, "a line of more than %d bytes", RECORD_BYTES_MAX);
	} else if (rc == 0 && end == 0 && len > 0) {
		r->torn = true;
		rc = err_set(&r->why, ERR_FINDING, "the last line has no LF");
	}
	r->carry_at = end;
	r->carry_len = len - end;
	*lines = span_of(r->out, end);
	return (rc);
}

static int
take_lines(void *arg, struct span *lines, struct err *e)
{
	struct store_reader *r = arg;

	*lines = span_of(r->out, 0);
	if (!r->failed)
		r->failed = next_lines(r, lines) == -1;
	if (r->see != NULL && lines->len > 0)
		r->see(r->see_arg, *lines);
	if (!r->failed || lines->len > 0)
		return (0);
	if (e != NULL)
		*e = r->why;
	return (-1);
}

int
store_reader_next(struct store_reader *r, struct span *lines, struct err *e)
{
	if (!r->began && r->wants_ahead && r->fd != -1)
		r->ahead = store_ahead_begin(take_lines, r, OUT_BYTES);
	r->began = true;
	return (r->ahead != NULL ? store_ahead_next(r->ahead, lines, e) : take_lines(r, lines, e));
}

int
store_open_file(int dirfd, const char *path, uint64_t *size, struct err *e)
{
	const char *slash = strchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	char parent[64];
	struct stat st;
	int fd = -1, folder = -1, saved;

	if (slash != NULL) {
		size_t len = (size_t)(slash - path);

		if (len >= sizeof(parent) || strchr(name, '/') != NULL)
			return (err_set(e, ERR_FINDING, "%s: not a path of a store", path));
		memcpy(parent, path, len);
		parent[len] = '\0';
		folder = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (folder == -1)
			return (err_sys(e, ERR_FINDING, "%s", path));
		dirfd = folder;
	}
	do
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	saved = errno;
	if (folder != -1)
		(void)close(folder);
	errno = saved;
	if (fd == -1)
		return (err_sys(e, ERR_FINDING, "%s", path));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return (err_set(e, ERR_FINDING, "%s: not a regular file", path));
	}
	*size = (uint64_t)st.st_size;
	return (fd);
}
