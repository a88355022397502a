#include "audit/live/tags.h"

#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/reader.h"

int
audit_tags_open(struct audit_tags *t, int dirfd, const char *path, bool open, enum audit_code *code,
    struct err *e)
{
	enum audit_kind kind = audit_kind(dirfd, path);
	uint64_t size;

	t->fd = -1;
	t->ended = false;
	t->start = t->len = 0;
	seal_tags_open(&t->walk, span_of(NULL, 0), open);
	if (kind == AUDIT_MISSING)
		return (err_set(e, ERR_FINDING, "the file is missing"));
	if (kind != AUDIT_REGULAR) {
		*code = AUDIT_E_FILE_TYPE;
		return (err_set(e, ERR_FINDING, "not a regular file"));
	}
	t->fd = store_open_file(dirfd, path, &size, e);
	return (t->fd == -1 ? -1 : 0);
}

void
audit_tags_close(struct audit_tags *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
}

/* Have the next line in bytes, if it fits. */
static int
fill(struct audit_tags *t, struct err *e)
{
	ssize_t got;

	if (t->ended || span_find(span_of(t->bytes + t->start, t->len), '\n') < t->len)
		return (0);
	memmove(t->bytes, t->bytes + t->start, t->len);
	t->start = 0;
	if ((got = io_read(t->fd, t->bytes + t->len, sizeof(t->bytes) - t->len, e)) == -1)
		return (-1);
	t->ended = t->len + (size_t)got < sizeof(t->bytes);
	t->len += (size_t)got;
	return (0);
}

int
audit_tags_next(struct audit_tags *t, struct err *e)
{
	struct span left;
	int got;

	if (fill(t, e) == -1)
		return (-1);
	left = span_of(t->bytes + t->start, t->len);
	if (t->walk.open && t->ended && span_find(left, '\n') == left.len)
		return (0);
	t->walk.rest = left;
	if ((got = seal_tags_next(&t->walk, e)) != 1)
		return (got);
	t->start += left.len - t->walk.rest.len;
	t->len = t->walk.rest.len;
	return (1);
}
