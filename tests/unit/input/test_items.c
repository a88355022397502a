/* Long lines that are documents: whole items come, one that is too long is cut, in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "input/live/inside.h"

#define LINE_MAX 20
#define ITEM_MAX 60
#define BLOCKS 8

static char memory[BLOCKS * LIVE_BLOCK_BYTES] __attribute__((aligned(16)));

/* ---- a document: "[" or "," and letters is an item, "]" ends it ---- */

static size_t
item_end(struct span bytes, size_t at)
{
	while (at < bytes.len && bytes.ptr[at] >= 'a' && bytes.ptr[at] <= 'z')
		at++;
	return (at);
}

static bool
is_sign(char c)
{
	return (c == '[' || c == ',');
}

static size_t
whole(const void *arg, struct span bytes)
{
	size_t at = 0, end;

	while (at < bytes.len && is_sign(bytes.ptr[at]) &&
	    (end = item_end(bytes, at + 1)) < bytes.len)
		at = end;
	return (at);
}

static bool
begins(const void *arg, void *state, struct span bytes, size_t *start, size_t *look)
{
	assert_int_equal(*(const char *)state, 0);
	*start = 0;
	*look = 1;
	return (bytes.len > 1 && is_sign(bytes.ptr[0]) && item_end(bytes, 1) == bytes.len);
}

static bool
ends(const void *arg, void *state, struct span bytes, size_t *len)
{
	++*(char *)state;
	*len = item_end(bytes, 0);
	return (*len < bytes.len);
}

/* ---- what comes of it ---- */

#define TEN "abcdefghij"
#define FORTY TEN TEN TEN TEN
#define SIXTY TEN TEN TEN TEN TEN TEN
#define CUT "," TEN TEN /* LINE_MAX + 1 bytes */

static const struct row {
	const char *claim, *sent, *want;
	uint64_t dropped;
	unsigned items; /* that are cut */
} rows[] = {
	{ "a short line is a line", "[a,b]\nc\n", "[a,b]\nc\n", 0, 0 },
	{ "a long one that is none is cut", SIXTY SIXTY "\nc\n", TEN TEN "a\nc\n", 99, 0 },
	{ "a long one that is one is whole", "[" TEN "," FORTY TEN "," TEN "]\nc\n",
	    "[" TEN "," FORTY TEN "," TEN "]\nc\n", 0, 0 },
	{ "a long item is cut, and no other", "[a," SIXTY SIXTY ",b," FORTY "]\nc\n",
	    "[a" CUT "\n,b," FORTY "]\nc\n", 100, 1 },
	{ "two of them", "[a," SIXTY SIXTY "," SIXTY SIXTY "," TEN "]\nc\n",
	    "[a" CUT "\n" CUT "\n," TEN "]\nc\n", 200, 2 },
	{ "one at the end", "[a," SIXTY SIXTY, "[a" CUT "\n", 100, 1 },
	{ "behind it lines are lines", "[" SIXTY SIXTY "]\n" SIXTY SIXTY "\nc\n",
	    "[" TEN TEN "\n]\n" TEN TEN "a\nc\n", 100 + 99, 1 },
};

struct came {
	char text[1024];
	size_t len;
	uint64_t dropped;
	unsigned items;
};

static void
take(struct live_feed *feed, struct live_pool *pool, struct span bytes, struct came *c)
{
	static const struct live_limits limits = { .line_max = LINE_MAX,
		.items = { .whole = whole, .begins = begins, .ends = ends, .max = ITEM_MAX } };
	char room[1024];
	struct live_sink sink = { .at = room, .room = sizeof(room) };

	if (bytes.len > 0)
		assert_true(input_feed_take(feed, pool, &limits, bytes, &sink));
	else
		input_feed_end(feed, pool, &sink);
	assert_true(sink.len + c->len < sizeof(c->text));
	if (sink.item)
		assert_true(sink.cut > sink.item_at && is_sign(room[sink.item_at]) &&
		    room[sink.cut - 1] == '\n');
	memcpy(c->text + c->len, room, sink.len);
	c->len += sink.len;
	c->text[c->len] = '\0';
	c->dropped += sink.dropped;
	c->items += sink.item;
}

static void
test_pieces(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		size_t len = strlen(row->sent);

		for (size_t piece = 1; piece <= 25; piece++) {
			struct live_feed feed = { .fd = -1, .framing = LIVE_FRAMING_LINES };
			struct live_pool pool;
			struct came c = { .len = 0 };

			input_pool_open(&pool, memory, BLOCKS);
			for (size_t at = 0; at < len; at += piece)
				take(&feed, &pool,
				    span_of(row->sent + at, len - at < piece ? len - at : piece), &c);
			take(&feed, &pool, span_of(NULL, 0), &c);
			if (strcmp(c.text, row->want) != 0 || c.dropped != row->dropped ||
			    c.items != row->items)
				fail_msg("%s, in pieces of %zu: %u items, %d dropped, %s", row->claim,
				    piece, c.items, (int)c.dropped, c.text);
			assert_int_equal(pool.left, BLOCKS);
		}
	}
}

/* No room to wait in: what came is a line, as of any that is long. */
static void
test_no_room(void **state)
{
	struct live_feed feed = { .fd = -1, .framing = LIVE_FRAMING_LINES };
	struct live_limits limits = { .line_max = 2 * LIVE_BLOCK_BYTES,
		.items = { .whole = whole, .begins = begins, .ends = ends,
		    .max = 3 * LIVE_BLOCK_BYTES } };
	static char bytes[5 * LIVE_BLOCK_BYTES], room[10 * LIVE_BLOCK_BYTES];
	struct live_sink sink = { .at = room, .room = sizeof(room) };
	struct live_pool pool;

	input_pool_open(&pool, memory, 1);
	memset(bytes, 'a', sizeof(bytes));
	bytes[0] = '[';
	assert_false(input_feed_take(&feed, &pool, &limits, span_of(bytes, sizeof(bytes)), &sink));
	assert_int_equal(sink.len, sizeof(bytes) + 1);
	assert_memory_equal(room, bytes, sizeof(bytes));
	assert_int_equal(sink.added, 1);
	assert_int_equal(sink.dropped, 0);
	assert_int_equal(pool.left, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_no_room) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
