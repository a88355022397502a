/*
 * Fuzz target: what a connection sends becomes lines, in frames or not; the
 * pieces it comes in make no difference, and the memory goes back.
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

/* In pieces whose sizes the bytes themselves say; one piece at most a line that is cut. */
static size_t
take(struct span bytes, bool in_pieces, char *out, uint64_t *dropped)
{
	struct live_feed feed = { .fd = -1 };
	struct live_pool pool;
	size_t len = 0;

	input_pool_open(&pool, memory, BLOCKS);
	*dropped = 0;
	while (bytes.len > 0) {
		struct live_sink sink = { .at = out + len, .room = 8 * SIZE_MOST - len };
		size_t n = in_pieces ? (unsigned char)bytes.ptr[0] % 7 + 1 : bytes.len;

		n = n < bytes.len ? n : bytes.len;
		demand(input_feed_take(&feed, &pool, LINE_MAX, span_of(bytes.ptr, n), &sink));
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
	return (0);
}
