/* input: plain and compressed bytes behind a descriptor. */
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "input/decompress.h"
#include "input/source.h"

#define SOURCE_RAW_BYTES (256u << 10)

/*
 * Bytes looked at before the kind is decided.  No gzip member is shorter, so
 * a shorter input that starts like one is a line of garbage.
 */
#define SOURCE_PROBE_BYTES 18

#define SOURCE_POLL_MS 100 /* so often a silent source looks whether to stop */

struct input_source {
	struct arena arena; /* holds raw */
	int fd;
	const atomic_bool *stop; /* may be NULL */
	enum source_kind kind;
	bool raw_end;
	unsigned char *raw; /* as read from fd: probe bytes, compressed bytes */
	size_t raw_at, raw_len;
	uint64_t made; /* bytes given out */
	struct input_decompress *decompress;
};

/* Until there is something to read, or -1 when told to stop. */
static int
source_wait(const struct input_source *s, struct err *e)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };
	int ready = 0;

	if (s->stop == NULL)
		return (0);
	do {
		if (atomic_load(s->stop))
			return (err_set(e, ERR_INCOMPLETE, "interrupted"));
		ready = poll(&fd, 1, SOURCE_POLL_MS);
	} while (ready == 0 || (ready == -1 && errno == EINTR));
	return (0); /* any trouble is met again by read(2) */
}

/* read(2) once.  Bytes, 0 at the end, -1. */
static ssize_t
source_fd_read(struct input_source *s, void *out, size_t size, struct err *e)
{
	ssize_t got;

	if (source_wait(s, e) == -1)
		return (-1);
	do
		got = read(s->fd, out, size);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return (err_sys(e, ERR_INPUT, "read"));
	return (got);
}

static enum source_kind
source_kind_of(const unsigned char *p, size_t len)
{
	if (len >= SOURCE_PROBE_BYTES && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8)
		return (SOURCE_GZIP);
	if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
		return (SOURCE_ZSTD);
	if (len >= 8 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0)
		return (SOURCE_ZSTD); /* a skippable frame comes first */
	return (SOURCE_PLAIN);
}

static int
source_probe(struct input_source *s, struct err *e)
{
	while (s->raw_len < SOURCE_PROBE_BYTES && !s->raw_end) {
		ssize_t got =
		    source_fd_read(s, s->raw + s->raw_len, SOURCE_PROBE_BYTES - s->raw_len, e);

		if (got == -1)
			return (-1);
		s->raw_end = got == 0;
		s->raw_len += (size_t)got;
	}
	s->kind = source_kind_of(s->raw, s->raw_len);
	return (0);
}

int
input_source_open(int fd, const atomic_bool *stop, struct input_source **source, struct err *e)
{
	struct input_source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (err_sys(e, ERR_IO, "memory"));
	s->fd = fd;
	s->stop = stop;
	if (arena_open(&s->arena, SOURCE_RAW_BYTES, ARENA_SECRET, e) == -1)
		goto fail;
	s->raw = arena_take(&s->arena, SOURCE_RAW_BYTES);
	if (source_probe(s, e) == -1)
		goto fail;
	if (s->kind != SOURCE_PLAIN &&
	    input_decompress_open(s->kind == SOURCE_ZSTD, &s->decompress, e) == -1)
		goto fail;
	*source = s;
	return (0);
fail:
	input_source_close(s);
	return (-1);
}

void
input_source_close(struct input_source *source)
{
	if (source == NULL)
		return;
	input_decompress_close(source->decompress);
	arena_close(&source->arena);
	free(source);
}

/* Plain: what the probe took first, then fd. */
static ssize_t
source_read_plain(struct input_source *s, char *out, size_t size, struct err *e)
{
	size_t left = s->raw_len - s->raw_at;

	if (left == 0)
		return (s->raw_end ? 0 : source_fd_read(s, out, size, e));
	if (size > left)
		size = left;
	memcpy(out, s->raw + s->raw_at, size);
	s->raw_at += size;
	return ((ssize_t)size);
}

/* More compressed bytes behind those not yet used. */
static int
source_refill(struct input_source *s, struct err *e)
{
	ssize_t got;

	memmove(s->raw, s->raw + s->raw_at, s->raw_len - s->raw_at);
	s->raw_len -= s->raw_at;
	s->raw_at = 0;
	got = source_fd_read(s, s->raw + s->raw_len, SOURCE_RAW_BYTES - s->raw_len, e);
	if (got == -1)
		return (-1);
	s->raw_end = got == 0;
	s->raw_len += (size_t)got;
	return (0);
}

/* Until a byte comes out or the input ends where it may. */
static ssize_t
source_read_packed(struct input_source *s, char *out, size_t size, struct err *e)
{
	for (;;) {
		struct input_step step = {
			.in = s->raw + s->raw_at,
			.in_len = s->raw_len - s->raw_at,
			.out = out,
			.size = size,
		};

		if (input_decompress_run(s->decompress, &step) == -1)
			return (err_set(e, ERR_INPUT, "%s at byte %llu of its content",
			    input_decompress_fault(s->decompress), (unsigned long long)s->made));
		s->raw_at += step.used;
		if (step.made > 0)
			return ((ssize_t)step.made);
		if (s->raw_at < s->raw_len && step.used > 0)
			continue;
		if (s->raw_end && input_decompress_at_border(s->decompress))
			return (0);
		if (s->raw_end)
			return (err_set(e, ERR_INPUT,
			    "cut off at byte %llu of its content: the file is not whole (what is "
			    "there can be taken by zcat and standard input)",
			    (unsigned long long)s->made));
		if (source_refill(s, e) == -1)
			return (-1);
	}
}

ssize_t
input_source_read(struct input_source *source, char *out, size_t size, struct err *e)
{
	ssize_t got;

	if (source->kind == SOURCE_PLAIN)
		got = source_read_plain(source, out, size, e);
	else
		got = source_read_packed(source, out, size, e);
	if (got > 0)
		source->made += (uint64_t)got;
	return (got);
}

uint64_t
input_source_seek(struct input_source *source, uint64_t bytes)
{
	struct stat st;
	uint64_t left;
	off_t at;

	if (source->kind != SOURCE_PLAIN || source->raw_at < source->raw_len ||
	    fstat(source->fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (at = lseek(source->fd, 0, SEEK_CUR)) == -1 || at >= st.st_size)
		return (0);
	left = (uint64_t)(st.st_size - at);
	if (bytes > left)
		bytes = left;
	if (lseek(source->fd, (off_t)bytes, SEEK_CUR) == -1)
		return (0);
	source->made += bytes;
	return (bytes);
}

bool
input_source_is_plain(const struct input_source *source)
{
	return (source->kind == SOURCE_PLAIN);
}
