/*
 * Fuzz target: what a connection sends becomes lines, in frames or not, and
 * items of documents; the pieces it comes in make no difference, no byte of an
 * item is lost uncounted, and the memory goes back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/live/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINE_MAX 100
#define SIZE_MOST 4096
#define BLOCKS 16

static char memory[BLOCKS * LIVE_BLOCK_BYTES] __attribute__((aligned(16)));
static char whole[8 * SIZE_MOST], parts[8 * SIZE_MOST];

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* ---- a document: each bracket or comma begins an item, which ends before the next, or a dot ---- */

static bool
is_sign(char c)
{
	return (c == '[' || c == ',' || c == '.');
}

static size_t
item_len(struct span bytes)
{
	size_t at = 0;

	while (at < bytes.len && !is_sign(bytes.ptr[at]))
		at++;
	return (at);
}

static size_t
items_whole(const void *arg, struct span bytes)
{
	size_t at = 0, len;

	(void)arg;
	while (at < bytes.len && is_sign(bytes.ptr[at]) &&
	    (len = 1 + item_len(span_from(bytes, at + 1))) < bytes.len - at)
		at += len;
	return (at);
}

static bool
items_begin(const void *arg, void *state, struct span bytes, size_t *start, size_t *look)
{
	(void)arg;
	demand(*(const unsigned char *)state == 0);
	*start = 0;
	*look = 1;
	return (bytes.len > 1 && is_sign(bytes.ptr[0]));
}

/* All of it but the bytes behind it; a line end does not end it. */
static bool
items_end(const void *arg, void *state, struct span bytes, size_t *len)
{
	(void)arg;
	*(unsigned char *)state = 1;
	*len = item_len(bytes);
	return (*len < bytes.len);
}

static const struct live_limits items = { .line_max = LINE_MAX,
	.items = { .whole = items_whole, .begins = items_begin, .ends = items_end,
	    .max = 2 * LINE_MAX } };

/* What comes out is what went in, but for what is counted. */
static void
sums(struct span bytes)
{
	struct live_feed feed = { .fd = -1, .framing = LIVE_FRAMING_LINES };
	uint64_t dropped = 0, added = 0, len = 0;
	struct live_pool pool;
	size_t sent = bytes.len;

	input_pool_open(&pool, memory, BLOCKS);
	for (bool more = true; more;) {
		struct live_sink sink = { .at = whole, .room = sizeof(whole) };
		size_t n = bytes.len > 0 ? (unsigned char)bytes.ptr[0] % 97 + 1 : 0;

		more = n > 0;
		n = n < bytes.len ? n : bytes.len;
		if (more)
			demand(input_feed_take(&feed, &pool, &items, span_of(bytes.ptr, n), &sink));
		else
			input_feed_end(&feed, &pool, &sink);
		demand(!sink.item || (sink.item_at < sink.cut && sink.dropped > 0 &&
		    sink.dropped_lines <= sink.dropped &&
		    sink.cut <= sink.item_at + LINE_MAX + 2));
		demand(sink.cut <= sink.len && (sink.cut > 0) == (sink.dropped > 0));
		dropped += sink.dropped;
		added += sink.added;
		len += sink.len;
		bytes = span_from(bytes, n);
	}
	demand(len - added + dropped == sent);
	demand(pool.left == BLOCKS);
}

/* In pieces whose sizes the bytes themselves say; one piece at most a line that is cut. */
static size_t
take(struct span bytes, bool in_pieces, char *out, uint64_t *dropped)
{
	static const struct live_limits limits = { .line_max = LINE_MAX };
	struct live_feed feed = { .fd = -1 };
	struct live_pool pool;
	size_t len = 0;

	input_pool_open(&pool, memory, BLOCKS);
	*dropped = 0;
	while (bytes.len > 0) {
		struct live_sink sink = { .at = out + len, .room = 8 * SIZE_MOST - len };
		size_t n = in_pieces ? (unsigned char)bytes.ptr[0] % 7 + 1 : bytes.len;

		n = n < bytes.len ? n : bytes.len;
		demand(input_feed_take(&feed, &pool, &limits, span_of(bytes.ptr, n), &sink));
		demand(sink.len == 0 || sink.at[sink.len - 1] == '\n');
		demand(sink.cut <= sink.len && (sink.cut > 0) == (sink.dropped > 0));
		*dropped += sink.dropped;
		len += sink.len;
		bytes = span_from(bytes, n);
	}
	struct live_sink sink = { .at = out + len, .room = 8 * SIZE_MOST - len };

	input_feed_end(&feed, &pool, &sink);
	*dropped += sink.dropped;
	demand(pool.left == BLOCKS);
	return (len + sink.len);
}

/* A long line is cut only if it comes in pieces: compare what stays of it. */
static bool
same(struct span a, struct span b)
{
	while (a.len > 0 && b.len > 0) {
		size_t x = span_find(a, '\n'), y = span_find(b, '\n');
		size_t n = x < y ? x : y, most = x < y ? y : x;

		if ((x != y && most < LINE_MAX + 1) || memcmp(a.ptr, b.ptr, n) != 0)
			return (false);
		a = span_from(a, x + 1);
		b = span_from(b, y + 1);
	}
	return (a.len == b.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size < SIZE_MOST ? size : SIZE_MOST);
	uint64_t none, dropped;
	size_t a = take(bytes, false, whole, &none), b = take(bytes, true, parts, &dropped);

	demand(same(span_of(whole, a), span_of(parts, b)));
	demand(none > 0 || dropped > 0 || a == b);
	sums(bytes);
	return (0);
}
