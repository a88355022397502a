#include "store/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "seal/tree.h"

#define CHAIN_FILE "chain.jsonl"
#define WINDOW_BYTES ((size_t)64 << 10)
_Static_assert(WINDOW_BYTES > SEAL_ENTRY_BYTES_MAX, "the longest entry fits, with its LF");
_Static_assert(SEAL_CHAIN_BYTES_MAX < UINT32_MAX, "a place in the file fits 4 bytes");

/* A part of the file. */
struct store_window {
	uint64_t start;
	size_t len;
	char bytes[WINDOW_BYTES];
};

/* A line that stays in memory. */
struct store_kept {
	size_t index;
	struct span line;
};

static int
too_large(struct err *e, const char *text)
{
	errno = EFBIG;
	return (err_set(e, ERR_FINDING, "%s", text));
}

struct store_window *
store_window_open(void)
{
	struct store_window *window = malloc(sizeof(*window));

	if (window != NULL)
		store_window_clear(window);
	return (window);
}

void
store_window_clear(struct store_window *window)
{
	window->len = 0;
}

void
store_window_close(struct store_window *window)
{
	free(window);
}

/* As much of the file as there is from start on, up to a window of it. */
static int
fill(const struct store_chain *chain, struct store_window *window, uint64_t start, struct err *e)
{
	ssize_t len = io_pread(chain->fd, window->bytes, WINDOW_BYTES, (off_t)start, e);

	window->start = start;
	window->len = len == -1 ? 0 : (size_t)len;
	return (len == -1 ? -1 : 0);
}

/* ---- adding lines ---- */

/* A kept line is copied before it is known whether it will be there. */
static int
keep(struct store_chain *chain, struct span line)
{
	size_t size = chain->kept_size == 0 ? 8 : chain->kept_size * 2;
	struct store_kept *kept = chain->kept;

	if (chain->kept_count == chain->kept_size) {
		if ((kept = reallocarray(kept, size, sizeof(*kept))) == NULL)
			return (-1);
		chain->kept = kept;
		chain->kept_size = size;
	}
	if ((chain->next = malloc(line.len + 1)) == NULL)
		return (-1);
	memcpy(chain->next, line.ptr, line.len);
	return (0);
}

int
store_chain_reserve(struct store_chain *chain, struct span line)
{
	size_t size = chain->size == 0 ? 64 : chain->size * 2;
	struct store_line *items = chain->items;

	free(chain->next);
	chain->next = NULL;
	if (chain->count + 2 > chain->size) {
		if ((items = reallocarray(items, size, sizeof(*items))) == NULL)
			return (-1);
		chain->items = items;
		if (chain->size == 0)
			items[0].start = 0;
		chain->size = size;
	}
	return (seal_entry_kept(line) ? keep(chain, line) : 0);
}

void
store_chain_add(struct store_chain *chain, struct span line)
{
	struct store_line *item;
	unsigned char leaf[32];

	if (chain->next != NULL)
		chain->kept[chain->kept_count++] =
		    (struct store_kept){ chain->count, span_of(chain->next, line.len) };
	chain->next = NULL;
	item = &chain->items[chain->count++];
	seal_entry_leaf(line.ptr, line.len, leaf);
	memcpy(item->hash, leaf, sizeof(item->hash));
	item[1].start = item->start + (uint32_t)line.len + 1;
	if (chain->bytes < item[1].start)
		chain->bytes = item[1].start;
}

void
store_chain_cut(struct store_chain *chain, size_t count)
{
	while (chain->kept_count > 0 && chain->kept[chain->kept_count - 1].index >= count)
		free((void *)(uintptr_t)chain->kept[--chain->kept_count].line.ptr);
	chain->count = count;
	chain->bytes = chain->items[count].start;
	chain->torn = false;
	store_window_clear(chain->window);
}

/* ---- finding them ---- */

static int
add_line(struct store_chain *chain, struct span line, size_t *kept_bytes, struct err *e)
{
	if (line.len > SEAL_ENTRY_BYTES_MAX)
		return (too_large(e, "an entry longer than the format allows"));
	if (chain->count == SEAL_CHAIN_ENTRIES_MAX)
		return (too_large(e, "more entries than the format allows"));
	if (store_chain_reserve(chain, line) == -1)
		return (err_memory(e));
	if (chain->next != NULL && (*kept_bytes += line.len) > SEAL_CHAIN_KEPT_BYTES_MAX)
		return (too_large(e, "more of keys, streams and files than is read"));
	store_chain_add(chain, line);
	return (0);
}

/* The whole lines of the window; the rest of it comes first in the next one. */
static int
take_window(struct store_chain *chain, size_t *kept_bytes, struct err *e)
{
	struct span rest = span_of(chain->window->bytes, chain->window->len);
	size_t len;

	while ((len = span_find(rest, '\n')) < rest.len) {
		if (add_line(chain, span_of(rest.ptr, len), kept_bytes, e) == -1)
			return (-1);
		rest = span_from(rest, len + 1);
	}
	return (0);
}

/* No window reaches the end of the line at the end: is there one? */
static int
skip_line(struct store_chain *chain, struct err *e)
{
	do {
		struct span more;

		if (fill(chain, chain->window, chain->bytes, e) == -1)
			return (-1);
		more = span_of(chain->window->bytes, chain->window->len);
		if (span_find(more, '\n') < more.len)
			return (too_large(e, "an entry longer than the format allows"));
		chain->bytes += more.len;
		if (chain->bytes > SEAL_CHAIN_BYTES_MAX)
			return (too_large(e, "more bytes than the format allows"));
	} while (chain->window->len > 0);
	return (0);
}

static int
find_lines(struct store_chain *chain, struct err *e)
{
	struct store_window *window = chain->window;
	size_t kept_bytes = 0;

	for (;;) {
		uint64_t from = chain->items[chain->count].start;

		if (fill(chain, window, from, e) == -1 || take_window(chain, &kept_bytes, e) == -1)
			return (-1);
		chain->bytes = window->start + window->len;
		if (chain->bytes > SEAL_CHAIN_BYTES_MAX)
			return (too_large(e, "more bytes than the format allows"));
		if (window->len < WINDOW_BYTES)
			return (0);
		if (chain->items[chain->count].start == from)
			return (skip_line(chain, e));
	}
}

int
store_chain_find(int fd, struct store_chain *chain, struct err *e)
{
	struct store_chain made = { .open = true, .fd = fd };
	int saved;

	*chain = (struct store_chain){ .open = false };
	if ((made.window = store_window_open()) == NULL ||
	    store_chain_reserve(&made, span_of("", 0)) == -1)
		(void)err_memory(e);
	else if (find_lines(&made, e) == 0) {
		made.torn = made.bytes > made.items[made.count].start;
		*chain = made;
		return (0);
	}
	saved = errno;
	store_chain_free(&made);
	errno = saved;
	return (-1);
}

int
store_chain_read(int dirfd, struct store_chain *chain, struct err *e)
{
	int fd = io_open(dirfd, CHAIN_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, e);
	struct stat st;

	*chain = (struct store_chain){ .open = false };
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return (err_set(e, ERR_INPUT, CHAIN_FILE ": not a regular file"));
	}
	if (store_chain_find(fd, chain, e) == 0)
		return (0);
	if (errno == ENOENT)
		errno = EIO; /* it is there */
	return (err_in(e, CHAIN_FILE));
}

void
store_chain_free(struct store_chain *chain)
{
	if (chain->open)
		(void)close(chain->fd);
	for (size_t i = 0; i < chain->kept_count; i++)
		free((void *)(uintptr_t)chain->kept[i].line.ptr);
	free(chain->kept);
	free(chain->next);
	free(chain->items);
	store_window_close(chain->window);
	*chain = (struct store_chain){ .open = false };
}

bool
store_chain_same(const struct store_chain *one, const struct store_chain *other)
{
	bool same = one->count == other->count && !one->torn && !other->torn;

	for (size_t i = 0; i < one->count && same; i++)
		same = one->items[i].start == other->items[i].start &&
		    memcmp(one->items[i].hash, other->items[i].hash, sizeof(one->items[i].hash)) ==
			0;
	return (same);
}

/* ---- one of them ---- */

static int
compare_kept(const void *a, const void *b)
{
	const struct store_kept *one = a, *other = b;

	return ((one->index > other->index) - (one->index < other->index));
}

/* Who goes backwards has the line at the end of the window. */
static bool
is_there(
    const struct store_chain *chain, struct store_window *window, uint64_t start, size_t len)
{
	uint64_t from = start;

	if (start >= window->start && start + len <= window->start + window->len)
		return (true);
	if (start < window->start)
		from = start + len + 1 > WINDOW_BYTES ? start + len + 1 - WINDOW_BYTES : 0;
	return (fill(chain, window, from, NULL) == 0 &&
	    start + len <= window->start + window->len);
}

bool
store_chain_line_in(
    const struct store_chain *chain, struct store_window *window, size_t i, struct span *line)
{
	const struct store_line *item = &chain->items[i];
	size_t len = item[1].start - item->start - 1;
	struct store_kept key = { .index = i };
	const struct store_kept *kept = NULL;
	unsigned char leaf[32];

	if (chain->kept_count > 0)
		kept = bsearch(&key, chain->kept, chain->kept_count, sizeof(key), compare_kept);
	if (kept != NULL) {
		*line = kept->line;
		return (true);
	}
	if (is_there(chain, window, item->start, len)) {
		*line = span_of(window->bytes + (item->start - window->start), len);
		seal_entry_leaf(line->ptr, line->len, leaf);
		if (memcmp(leaf, item->hash, sizeof(item->hash)) == 0)
			return (true);
	}
	store_window_clear(window);
	*line = span_of("", 0);
	return (false);
}

struct span
store_chain_line(const struct store_chain *chain, size_t i)
{
	struct span line;

	(void)store_chain_line_in(chain, chain->window, i, &line);
	return (line);
}
