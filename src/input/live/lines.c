/*
 * input: bytes of connections become whole lines.
 *
 * Frames: RFC 6587 3.4.1 (octet counting) and 3.4.2 (a trailer: the line end).
 * Which one a connection speaks its first bytes say; a log line may begin with
 * digits, too, so the length counts only with the '<' of a priority behind it.
 */
#include <assert.h>
#include <string.h>

#include "base/scan.h"
#include "crypto/random.h"
#include "input/live/items.h"

#define LENGTH_DIGITS 9

void
input_pool_open(struct live_pool *pool, void *memory, size_t blocks)
{
	pool->free = NULL;
	pool->fresh = memory;
	pool->left = pool->fresh_count = (unsigned)blocks;
}

/* ---- what waits ---- */

static struct live_block *
take_block(struct live_feed *feed, struct live_pool *pool)
{
	struct live_block *block = pool->free;

	if (block != NULL)
		pool->free = block->next;
	else if (pool->fresh_count > 0) {
		block = pool->fresh++;
		pool->fresh_count--;
	} else
		return (NULL);
	pool->left--;
	block->next = NULL;
	if (feed->last == NULL)
		feed->first = block;
	else
		feed->last->next = block;
	feed->last = block;
	return (block);
}

/* Less than all: the pool is used up. */
size_t
input_feed_keep(struct live_feed *feed, struct live_pool *pool, size_t max, struct span bytes)
{
	size_t done = 0, want = bytes.len;

	if (feed->len + want > max + 1)
		want = feed->len > max ? 0 : max + 1 - feed->len;
	while (done < want) {
		size_t at = feed->len % sizeof(feed->last->bytes), n;

		if (at == 0 && take_block(feed, pool) == NULL)
			return (done);
		n = sizeof(feed->last->bytes) - at;
		n = n < want - done ? n : want - done;
		memcpy(feed->last->bytes + at, bytes.ptr + done, n);
		feed->len += n;
		done += n;
	}
	feed->dropped += bytes.len - want;
	return (bytes.len);
}

void
input_feed_give(struct live_feed *feed, struct live_pool *pool, char *out)
{
	struct live_block *block;
	size_t left = feed->len;

	while ((block = feed->first) != NULL) {
		size_t n = left < sizeof(block->bytes) ? left : sizeof(block->bytes);

		memcpy(out, block->bytes, n);
		crypto_wipe(block->bytes, n);
		out += n;
		left -= n;
		feed->first = block->next;
		block->next = pool->free;
		pool->free = block;
		pool->left++;
	}
	feed->last = NULL;
	feed->len = 0;
}

/* ---- lines ---- */

static void
put(struct live_sink *sink, struct span bytes)
{
	assert(sink->room - sink->len >= bytes.len);
	if (bytes.len > 0) /* they may lie there already */
		memmove(sink->at + sink->len, bytes.ptr, bytes.len);
	sink->len += bytes.len;
}

static void
end_line(struct live_sink *sink, uint64_t dropped)
{
	assert(sink->len < sink->room);
	sink->at[sink->len++] = '\n';
	if (dropped == 0)
		return;
	sink->cut = sink->len;
	sink->dropped = dropped;
}

/* A line: what waits, and its rest. */
static void
finish(struct live_feed *feed, struct live_pool *pool, struct span rest, struct live_sink *sink)
{
	size_t at = sink->len, len = feed->len;

	sink->len += len;
	assert(sink->len <= sink->room);
	input_feed_give(feed, pool, sink->at + at);
	if (feed->dropped > 0) {
		feed->dropped += rest.len;
		rest.len = 0;
	}
	put(sink, rest);
	end_line(sink, feed->dropped);
	feed->dropped = 0;
	feed->line = LIVE_LINE_ANY;
	feed->lines++;
}

void
input_message(struct live_sink *sink, size_t len, uint64_t dropped)
{
	char *bytes = sink->at + sink->len;
	size_t sent = len, more = 0, from;

	while (dropped == 0 && len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\0'))
		len--;
	for (size_t i = 0; i < len; i++)
		more += bytes[i] == '\n' ? 3 : 0;
	assert(sink->len + len + more < sink->room);
	from = len;
	for (size_t to = len + more; from < to;) { /* from its end on, in place */
		char c = bytes[--from];

		if (c != '\n') {
			bytes[--to] = c;
			continue;
		}
		to -= 4;
		memcpy(bytes + to, "#012", 4);
	}
	sink->len += len + more;
	sink->added += len + more + 1 > sent ? len + more + 1 - sent : 0;
	end_line(sink, dropped);
}

/* ---- framing ---- */

/* false: the pool is used up; what waited is a line. */
static bool
wait_for_more(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	bool looked = input_items_due(feed, limits, bytes.len);
	size_t kept;

	if (looked)
		bytes = input_items_look(feed, pool, limits, bytes, sink);
	kept = input_feed_keep(feed, pool,
	    feed->line == LIVE_LINE_ITEMS ? limits->items.max : limits->line_max, bytes);
	if (kept < bytes.len) {
		finish(feed, pool, span_from(bytes, kept), sink);
		sink->added++;
		return (false);
	}
	if (looked)
		crypto_wipe(sink->at + sink->len, bytes.len);
	return (true);
}

/* A length, a blank and a '<' make a frame; anything else lines.  How many bytes were taken. */
static size_t
take_start(
    struct live_feed *feed, struct live_pool *pool, struct span bytes, struct live_sink *sink)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];
		bool digit = c >= '0' && c <= '9' && !feed->blank && feed->len < LENGTH_DIGITS;

		if (c == '\n' && feed->len == 0)
			continue; /* behind a frame, from those who count and end lines */
		if (c == '<' && feed->blank) {
			input_feed_give(feed, pool, sink->at + sink->len); /* is written over */
			feed->framing = LIVE_FRAMING_OCTETS;
			return (i);
		}
		if (!digit && (c != ' ' || feed->blank || feed->owed == 0)) {
			feed->framing = LIVE_FRAMING_LINES;
			return (i);
		}
		if (input_feed_keep(feed, pool, LENGTH_DIGITS, span_of(&c, 1)) == 0) {
			feed->framing = LIVE_FRAMING_LINES;
			return (i);
		}
		feed->blank = c == ' ';
		feed->owed = digit ? 10 * feed->owed + (uint64_t)(c - '0') : feed->owed;
	}
	return (bytes.len);
}

static void
end_frame(struct live_feed *feed)
{
	feed->framing = LIVE_FRAMING_START;
	feed->owed = 0;
	feed->blank = false;
}

/* A message, whole: what waits, and its rest. */
static void
finish_frame(
    struct live_feed *feed, struct live_pool *pool, struct span rest, struct live_sink *sink)
{
	size_t at = sink->len, len = feed->len;
	uint64_t dropped = feed->dropped;

	input_feed_give(feed, pool, sink->at + at);
	if (dropped > 0) {
		dropped += rest.len;
		rest.len = 0;
	}
	sink->len += len;
	put(sink, rest);
	sink->len = at;
	input_message(sink, len + rest.len, dropped);
	feed->dropped = 0;
	feed->lines++;
}

static size_t
take_octets(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	size_t n = bytes.len < feed->owed ? bytes.len : (size_t)feed->owed;

	feed->owed -= n;
	if (feed->owed > 0)
		return (wait_for_more(feed, pool, limits, span_of(bytes.ptr, n), sink) ? n : 0);
	finish_frame(feed, pool, span_of(bytes.ptr, n), sink);
	end_frame(feed);
	return (n);
}

/* All that came: up to the last line end it is whole lines. */
static bool
take_lines(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	size_t at;

	if (feed->line == LIVE_LINE_SKIPPED)
		bytes = input_items_skip(feed, pool, limits, bytes, sink);
	if (feed->line == LIVE_LINE_SKIPPED)
		return (true);
	if (feed->len > 0 || feed->dropped > 0) {
		at = span_find(bytes, '\n');
		if (at == bytes.len)
			return (wait_for_more(feed, pool, limits, bytes, sink));
		finish(feed, pool, span_of(bytes.ptr, at), sink);
		bytes = span_from(bytes, at + 1);
	}
	at = scan_last(bytes, '\n');
	if (at < bytes.len) {
		put(sink, span_of(bytes.ptr, at + 1));
		feed->lines++;
		bytes = span_from(bytes, at + 1);
	}
	return (wait_for_more(feed, pool, limits, bytes, sink));
}

bool
input_feed_take(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	size_t n;

	while (bytes.len > 0 && feed->framing != LIVE_FRAMING_LINES) {
		if (feed->framing == LIVE_FRAMING_START)
			n = take_start(feed, pool, bytes, sink);
		else if ((n = take_octets(feed, pool, limits, bytes, sink)) == 0)
			return (false);
		bytes = span_from(bytes, n);
	}
	return (bytes.len == 0 || take_lines(feed, pool, limits, bytes, sink));
}

void
input_feed_forget(struct live_feed *feed, struct live_pool *pool)
{
	struct live_block *block;

	while ((block = feed->first) != NULL) {
		crypto_wipe(block->bytes, sizeof(block->bytes));
		feed->first = block->next;
		block->next = pool->free;
		pool->free = block;
		pool->left++;
	}
	feed->last = NULL;
	feed->len = 0;
	feed->dropped = feed->dropped_lines = 0;
	feed->line = LIVE_LINE_ANY;
}

void
input_feed_end(struct live_feed *feed, struct live_pool *pool, struct live_sink *sink)
{
	if (feed->len == 0 && feed->dropped == 0) {
		feed->line = LIVE_LINE_ANY;
		return;
	}
	if (feed->framing == LIVE_FRAMING_OCTETS) {
		finish_frame(feed, pool, span_of(NULL, 0), sink);
		return;
	}
	if (feed->line == LIVE_LINE_SKIPPED) {
		input_items_end(feed, pool, sink);
		feed->line = LIVE_LINE_ANY;
		return;
	}
	finish(feed, pool, span_of(NULL, 0), sink);
	sink->added++;
}
