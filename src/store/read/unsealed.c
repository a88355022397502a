#include "store/read/unsealed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "record/record.h"
#include "seal/tags.h"
#include "store/layout.h"
#include "store/reader.h"
#include "store/sweep.h"

#define RUN_BYTES ((size_t)1 << 20)
_Static_assert(RUN_BYTES > RECORD_BYTES_MAX, "a run holds a line");

/* ---- how far ---- */

static int
open_file(int stream_fd, uint64_t number, const char *suffix, uint64_t *size, struct err *e)
{
	char path[STORE_PATH_BYTES];

	(void)snprintf(path, sizeof(path), "open/%08ju.%s", (uintmax_t)number, suffix);
	return (store_open_file(stream_fd, path, size, e));
}

/* Up to len bytes from at; fewer where the file ends. */
static int
read_at(int fd, char *bytes, size_t len, uint64_t at, size_t *got, struct err *e)
{
	ssize_t n = io_pread(fd, bytes, len, (off_t)at, e);

	*got = n == -1 ? 0 : (size_t)n;
	return (n == -1 ? err_in(e, "an open segment") : 0);
}

/* The last line that ends, without its LF; empty if none does. */
static struct span
last_line(struct span tail)
{
	size_t end, begin;

	for (end = tail.len; end > 0 && tail.ptr[end - 1] != '\n'; end--)
		;
	if (end == 0)
		return (span_of(NULL, 0));
	for (begin = end - 1; begin > 0 && tail.ptr[begin - 1] != '\n'; begin--)
		;
	return (span_of(tail.ptr + begin, end - 1 - begin));
}

/* A line of .tags says records, then behind the TAB the bytes that they take. */
static int
read_flush(struct span line, struct store_unsealed *open, struct err *e)
{
	size_t tab = span_find(line, '\t');
	struct span state = span_from(line, tab < line.len ? tab + 1 : tab);
	struct seal_tag tag;

	if (seal_tag_read(span_of(line.ptr, tab), &tag, e) == -1)
		return (-1);
	if (num_u64(span_of(state.ptr, span_find(state, ' ')), &open->bytes) == -1)
		return (err_set(e, ERR_FINDING, "a flush without state"));
	open->records = tag.n;
	return (0);
}

/* No flush and no file: nothing is committed, or all is sealed by now. */
static int
read_committed(int stream_fd, struct store_unsealed *open, struct err *e)
{
	char *tail = malloc(2 * SEAL_TAG_BYTES_MAX);
	struct span line;
	uint64_t size;
	size_t len;
	int fd, rc = -1;

	if (tail == NULL)
		return (err_sys(e, ERR_IO, "an open segment"));
	if ((fd = open_file(stream_fd, open->number, "tags", &size, e)) == -1) {
		free(tail);
		return (errno == ENOENT ? 0 : -1);
	}
	if (read_at(fd, tail, 2 * SEAL_TAG_BYTES_MAX,
		size > 2 * SEAL_TAG_BYTES_MAX ? size - 2 * SEAL_TAG_BYTES_MAX : 0, &len, e) == 0) {
		line = last_line(span_of(tail, len));
		/* Zeros are what a segment is overwritten with once it is sealed. */
		rc = line.len == 0 || line.ptr[0] == '\0' ? 0 : read_flush(line, open, e);
	}
	(void)close(fd);
	free(tail);
	return (rc == -1 ? err_in(e, "open/%08ju.tags", (uintmax_t)open->number) : 0);
}

int
store_unsealed_list(int stream_fd, struct store_unsealed list[static STORE_UNSEALED_MAX],
    size_t *count, struct err *e)
{
	struct store_opens found;

	*count = 0;
	if (store_scan_open(stream_fd, &found, e) == -1)
		return (-1);
	for (size_t i = 0; i < found.count && *count < STORE_UNSEALED_MAX; i++) {
		struct store_unsealed *open = &list[*count];

		if ((found.list[i].files & STORE_OPEN_TAGS) == 0)
			continue;
		*open = (struct store_unsealed){ .number = found.list[i].number };
		if (read_committed(stream_fd, open, e) == -1)
			return (-1);
		++*count;
	}
	return (0);
}

/* ---- records ---- */

int
store_unsealed_begin(struct store_unsealed_reading *r, int stream_fd, uint64_t number, uint64_t at,
    struct err *e)
{
	uint64_t size;

	r->at = at;
	r->buffer = NULL;
	if ((r->fd = open_file(stream_fd, number, "data", &size, e)) == -1)
		return (errno == ENOENT ? 0 : -1);
	if ((r->buffer = malloc(RUN_BYTES)) != NULL)
		return (1);
	(void)err_sys(e, ERR_IO, "an open segment");
	store_unsealed_end(r);
	return (-1);
}

void
store_unsealed_end(struct store_unsealed_reading *r)
{
	if (r->fd != -1)
		(void)close(r->fd);
	free(r->buffer);
	*r = (struct store_unsealed_reading){ .fd = -1 };
}

int
store_unsealed_next(
    struct store_unsealed_reading *r, uint64_t end, struct span *lines, bool *gone, struct err *e)
{
	size_t len, whole;

	*gone = false;
	if (r->at >= end)
		return (0);
	if (read_at(r->fd, r->buffer, end - r->at < RUN_BYTES ? (size_t)(end - r->at) : RUN_BYTES,
		r->at, &len, e) == -1)
		return (-1);
	for (whole = len; whole > 0 && r->buffer[whole - 1] != '\n'; whole--)
		;
	/* What is overwritten now may have been read in part. */
	*gone = whole == 0 || memchr(r->buffer, '\0', whole) != NULL;
	*lines = span_of(r->buffer, *gone ? 0 : whole);
	r->at += lines->len;
	return (*gone ? 0 : 1);
}

int
store_unsealed_before(
    struct store_unsealed_reading *r, struct span *lines, bool *gone, struct err *e)
{
	const size_t len = r->at < RUN_BYTES ? (size_t)r->at : RUN_BYTES;
	size_t got, begin = 0;

	*gone = false;
	if (len == 0)
		return (0);
	if (read_at(r->fd, r->buffer, len, r->at - len, &got, e) == -1)
		return (-1);
	/* The first line may have begun before. */
	if (len < r->at)
		begin = span_find(span_of(r->buffer, got), '\n') + 1;
	*gone = got < len || begin >= len || r->buffer[len - 1] != '\n' ||
	    memchr(r->buffer, '\0', len) != NULL;
	*lines = *gone ? span_of(NULL, 0) : span_of(r->buffer + begin, len - begin);
	r->at -= lines->len;
	return (*gone ? 0 : 1);
}
