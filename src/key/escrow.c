/* The escrow file: where ratchets begin, and with which key. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "crypto/random.h"
#include "key/file.h"
#include "key/recovery.h"

#define ESCROW_BYTES_MAX ((size_t)1 << 20)

static const struct span head = SPAN("cretula escrow v1\n");

static void
print_line(const struct key_escrow *line, struct buf *out)
{
	buf_span(out, line->origin);
	buf_char(out, ' ');
	buf_u64(out, line->g);
	buf_char(out, ' ');
	buf_base64(out, line->k, 32);
	buf_char(out, '\n');
}

void
key_escrow_print(const struct key_escrow *line, struct buf *out)
{
	buf_span(out, head);
	print_line(line, out);
}

/* Where line stands relative to text, a line of the file: by origin, then g. */
static int
compare(const struct key_escrow *line, struct span text, int *order)
{
	size_t name = span_find(text, ' '), number;
	struct span origin = span_of(text.ptr, name), rest = span_from(text, name);
	size_t least = origin.len < line->origin.len ? origin.len : line->origin.len;
	uint64_t g;

	if (rest.len == 0)
		return (-1);
	rest = span_from(rest, 1);
	number = span_find(rest, ' ');
	if (number == rest.len || num_u64(span_of(rest.ptr, number), &g) == -1)
		return (-1);
	*order = memcmp(line->origin.ptr, origin.ptr, least);
	if (*order == 0)
		*order = (line->origin.len > origin.len) - (line->origin.len < origin.len);
	if (*order == 0)
		*order = (line->g > g) - (line->g < g);
	return (0);
}

/* The lines of old with line in its place. */
static int
merge(struct span old, const struct key_escrow *line, struct buf *out)
{
	bool placed = false;
	int order;

	if (!span_starts(old, head) || old.ptr[old.len - 1] != '\n')
		return (-1);
	buf_span(out, head);
	for (struct span rest = span_from(old, head.len); rest.len > 0;) {
		size_t len = span_find(rest, '\n');

		if (compare(line, span_of(rest.ptr, len), &order) == -1)
			return (-1);
		if (!placed && order <= 0) {
			print_line(line, out);
			placed = true;
		}
		if (order != 0)
			buf_span(out, span_of(rest.ptr, len + 1));
		rest = span_from(rest, len + 1);
	}
	if (!placed)
		print_line(line, out);
	return (0);
}

/* The file with line in it. */
static int
read_and_merge(const char *path, const struct key_escrow *line, char *old, struct buf *text,
    struct err *e)
{
	ssize_t len = key_file_read(AT_FDCWD, path, old, ESCROW_BYTES_MAX, e);

	if (len == -1 && errno == ENOENT)
		key_escrow_print(line, text);
	else if (len == -1)
		return (-1);
	else if (merge(span_of(old, (size_t)len), line, text) == -1)
		return (err_set(e, ERR_CONFIG, "%s: not an escrow file", path));
	return (buf_ok(text) ? 0 : err_set(e, ERR_IO, "%s: out of memory", path));
}

int
key_escrow_add(const char *path, const struct key_escrow *line, struct err *e)
{
	char *old = malloc(ESCROW_BYTES_MAX);
	struct buf text = { 0 };
	int rc = -1;

	if (old == NULL)
		return (err_sys(e, ERR_IO, "%s", path));
	if (key_outside(path, e) == 0 && read_and_merge(path, line, old, &text, e) == 0)
		rc = io_replace(AT_FDCWD, path, buf_view(&text), 0600, false, e);
	buf_wipe(&text);
	crypto_wipe(old, ESCROW_BYTES_MAX);
	free(old);
	return (rc);
}
