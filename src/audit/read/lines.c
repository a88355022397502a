#include "audit/read/lines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/check.h"
#include "audit/proof/lineage.h"
#include "base/err.h"
#include "base/io.h"
#include "seal/tree.h"
#include "store/reader.h"

#define CHAIN_FILE "chain.jsonl"
#define WINDOW_BYTES ((size_t)64 << 10)
_Static_assert(WINDOW_BYTES > SEAL_ENTRY_BYTES_MAX, "the longest entry fits, with its LF");

int
audit_window_open(struct audit_window *window, struct err *e)
{
	*window = (struct audit_window){ .bytes = malloc(WINDOW_BYTES), .lost = AUDIT_NONE };
	return (window->bytes == NULL ? err_memory(e) : 0);
}

void
audit_window_close(struct audit_window *window)
{
	free(window->bytes);
	*window = (struct audit_window){ .lost = AUDIT_NONE };
}

void
audit_window_clear(struct audit_window *window)
{
	window->len = 0;
	window->lost = AUDIT_NONE;
}

bool
audit_window_settle(struct audit_window *window, struct audit_list *list)
{
	struct audit_place at = audit_place(CHAIN_FILE);

	if (window->bytes == NULL || window->lost == AUDIT_NONE)
		return (false);
	at.entry = window->lost;
	audit_report(list, AUDIT_E_CHAIN_ROOT, &at, "it changed while it was looked at");
	window->lost = AUDIT_NONE;
	return (true);
}

/* As much of the file as there is from start on, up to a window of it. */
static int
fill(const struct audit_lines *lines, struct audit_window *window, uint64_t start, struct err *e)
{
	ssize_t len = io_pread(lines->fd, window->bytes, WINDOW_BYTES, (off_t)start, e);

	window->start = start;
	window->len = len == -1 ? 0 : (size_t)len;
	return (len == -1 ? err_in(e, CHAIN_FILE) : 0);
}

/* ---- finding them ---- */

static int
limit(enum audit_code *code, struct err *e, const char *text)
{
	*code = AUDIT_E_LIMIT;
	return (err_set(e, ERR_FINDING, "%s", text));
}

static int
reserve(struct audit_lines *lines, struct err *e)
{
	size_t size = lines->size == 0 ? 64 : lines->size * 2;
	struct audit_line *items;

	if (lines->count + 1 < lines->size)
		return (0);
	if ((items = reallocarray(lines->items, size, sizeof(*items))) == NULL)
		return (err_memory(e));
	lines->items = items;
	lines->size = size;
	items[lines->count].start = 0;
	return (0);
}

static int
add_line(struct audit_lines *lines, struct span line, enum audit_code *code, struct err *e)
{
	struct audit_line *item;
	unsigned char leaf[32];
	uint32_t start = lines->count == 0 ? 0 : lines->items[lines->count].start;

	if (line.len > SEAL_ENTRY_BYTES_MAX)
		return (limit(code, e, "an entry longer than the format allows"));
	if (lines->count == SEAL_CHAIN_ENTRIES_MAX)
		return (limit(code, e, "more entries than the format allows"));
	if (reserve(lines, e) == -1)
		return (-1);
	item = &lines->items[lines->count++];
	*item = (struct audit_line){ .start = start };
	item[1] = (struct audit_line){ .start = start + (uint32_t)line.len + 1 };
	if (seal_entry_kept(line)) {
		if (line.len > SEAL_CHAIN_KEPT_BYTES_MAX - lines->kept.len)
			return (limit(code, e, "more of keys, streams and files than is read"));
		item->kept = (uint32_t)lines->kept.len + 1;
		buf_span(&lines->kept, line);
		return (buf_ok(&lines->kept) ? 0 : err_memory(e));
	}
	seal_entry_leaf(line.ptr, line.len, leaf);
	memcpy(item->hash, leaf, sizeof(item->hash));
	return (0);
}

/* The whole lines of the window; the rest of it comes first in the next one. */
static int
take_window(struct audit_lines *lines, const struct audit_window *window, uint64_t *at,
    enum audit_code *code, struct err *e)
{
	struct span rest = span_of(window->bytes, window->len);
	size_t len;

	while ((len = span_find(rest, '\n')) < rest.len) {
		if (add_line(lines, span_of(rest.ptr, len), code, e) == -1)
			return (-1);
		rest = span_from(rest, len + 1);
	}
	*at = window->start + window->len - rest.len;
	return (0);
}

/* Where the LF behind at is that no window reaches, or the end of the file. */
static int
skip_line(struct audit_lines *lines, struct audit_window *window, enum audit_code *code,
    struct err *e)
{
	do {
		struct span more;

		if (fill(lines, window, lines->end, e) == -1)
			return (-1);
		more = span_of(window->bytes, window->len);
		if (span_find(more, '\n') < more.len)
			return (limit(code, e, "an entry longer than the format allows"));
		lines->end += more.len;
		if (lines->end > SEAL_CHAIN_BYTES_MAX)
			return (limit(code, e, "more bytes than the format allows"));
	} while (window->len > 0);
	return (0);
}

static int
find_lines(struct audit_lines *lines, struct audit_window *window, enum audit_code *code,
    struct err *e)
{
	uint64_t at = 0;

	for (;;) {
		uint64_t from = at;

		if (fill(lines, window, from, e) == -1 ||
		    take_window(lines, window, &at, code, e) == -1)
			return (-1);
		lines->end = window->start + window->len;
		if (lines->end > SEAL_CHAIN_BYTES_MAX)
			return (limit(code, e, "more bytes than the format allows"));
		if (window->len < WINDOW_BYTES)
			return (0);
		if (at == from)
			return (skip_line(lines, window, code, e));
	}
}

int
audit_lines_open(struct audit_lines *lines, int dirfd, struct audit_window *window,
    enum audit_code *code, struct err *e)
{
	enum audit_kind kind = audit_kind(dirfd, CHAIN_FILE);
	uint64_t size;
	int rc;

	*lines = (struct audit_lines){ .open = false };
	if (kind == AUDIT_MISSING)
		return (err_set(e, ERR_FINDING, "the file is missing"));
	if (kind != AUDIT_REGULAR) {
		*code = AUDIT_E_FILE_TYPE;
		return (err_set(e, ERR_FINDING, "not a regular file"));
	}
	if ((lines->fd = store_open_file(dirfd, CHAIN_FILE, &size, e)) == -1)
		return (-1);
	lines->open = true;
	audit_window_clear(window);
	if (size > SEAL_CHAIN_BYTES_MAX)
		rc = limit(code, e, "more bytes than the format allows");
	else if ((rc = reserve(lines, e)) == 0)
		rc = find_lines(lines, window, code, e);
	if (rc == -1)
		audit_lines_close(lines);
	return (rc);
}

void
audit_lines_close(struct audit_lines *lines)
{
	if (lines->open)
		(void)close(lines->fd);
	free(lines->items);
	buf_free(&lines->kept);
	*lines = (struct audit_lines){ .open = false };
}

/* ---- one of them ---- */

static struct span
lose(struct audit_window *window, uint64_t i)
{
	audit_window_clear(window);
	window->lost = i;
	return (span_of("", 0));
}

struct span
audit_line_in(const struct audit_lines *lines, struct audit_window *window, uint64_t i)
{
	const struct audit_line *item = &lines->items[i];
	size_t len = item[1].start - item->start - 1;
	unsigned char leaf[32];
	struct span line;

	if (item->kept > 0)
		return (span_of(lines->kept.data + item->kept - 1, len));
	if ((item->start < window->start ||
		item->start + len > window->start + window->len) &&
	    (fill(lines, window, item->start, NULL) == -1 || window->len < len))
		return (lose(window, i));
	line = span_of(window->bytes + (item->start - window->start), len);
	seal_entry_leaf(line.ptr, line.len, leaf);
	return (memcmp(leaf, item->hash, sizeof(item->hash)) == 0 ? line : lose(window, i));
}
