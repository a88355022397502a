/* The data file of an open segment, read back in runs of whole lines. */
#include <stdlib.h>

#include "base/io.h"
#include "base/scan.h"
#include "store/live/inside.h"

int
store_lines_open(struct live_lines *r, int fd, uint64_t from, uint64_t end, struct err *e)
{
	*r = (struct live_lines){ .fd = fd, .at = from, .end = end };
	r->buffer = malloc(LIVE_RUN_BYTES);
	return (r->buffer != NULL ? 0 : err_sys(e, ERR_IO, "segment"));
}

void
store_lines_close(struct live_lines *r)
{
	free(r->buffer);
	r->buffer = NULL;
}

/* As many bytes as there are, up to the buffer's size and the end. */
static int
fill(struct live_lines *r, size_t *len, struct err *e)
{
	size_t want = r->end - r->at < LIVE_RUN_BYTES ? (size_t)(r->end - r->at) : LIVE_RUN_BYTES;
	ssize_t n = io_pread(r->fd, r->buffer, want, (off_t)r->at, e);

	*len = n == -1 ? 0 : (size_t)n;
	return (n == -1 ? err_in(e, "data") : 0);
}

int
store_lines_next(struct live_lines *r, struct live_hash *h, size_t *count, struct span *run,
    struct err *e)
{
	size_t len, scanned;

	if (fill(r, &len, e) == -1)
		return (-1);
	*count = scan_lines(span_of(r->buffer, len), h->ends, LIVE_RUN_LINES, &scanned);
	for (size_t i = 0; i < *count; i++)
		h->ends[i]++;
	*run = span_of(r->buffer, *count == 0 ? 0 : h->ends[*count - 1]);
	r->at += run->len;
	return (0);
}
