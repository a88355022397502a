/*
 * input: long lines that are documents.
 *
 * A line that is longer than others may be is looked at: of a document the
 * items that are whole go on, and the one that is not waits; one that is too
 * long is skipped to its end, and what is behind it read on (ADR 23).  Looks are
 * LIVE_LOOK_BYTES apart, so that no byte is looked at more than a few times.
 */
#include <string.h>

#include "base/scan.h"
#include "crypto/random.h"
#include "input/live/items.h"

bool
input_items_due(const struct live_feed *feed, const struct live_limits *limits, size_t more)
{
	size_t due = feed->line == LIVE_LINE_ITEMS ? feed->look : limits->line_max + 1;

	return (limits->items.whole != NULL && feed->framing == LIVE_FRAMING_LINES &&
	    feed->line != LIVE_LINE_PLAIN && feed->len + more > due);
}

/* Where to look again, with waiting bytes that were looked at. */
static size_t
next_look(const struct live_limits *limits, size_t waiting)
{
	size_t look = waiting + LIVE_LOOK_BYTES;

	return (look < limits->items.max ? look : limits->items.max);
}

/*
 * The beginning of all waits, the rest of it is dropped.  What is returned
 * finds no room to wait in: nobody can wait for its end.
 */
static struct span
start_skip(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span all, size_t start)
{
	size_t kept = input_feed_keep(feed, pool, start + limits->line_max, all);

	if (kept == all.len)
		feed->line = LIVE_LINE_SKIPPED;
	return (span_from(all, kept));
}

struct span
input_items_look(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	const struct input_live_items *items = &limits->items;
	char *at = sink->at + sink->len;
	struct span all = span_of(at, feed->len + bytes.len);
	size_t whole, start, look, len;

	memcpy(at + feed->len, bytes.ptr, bytes.len);
	input_feed_give(feed, pool, at);
	whole = items->whole(items->arg, all);
	sink->len += whole;
	all = span_from(all, whole);
	feed->lines += whole > 0;
	feed->line = LIVE_LINE_ITEMS;
	feed->look = next_look(limits, all.len);
	if (all.len <= items->max)
		return (all);
	memset(feed->state, 0, sizeof(feed->state));
	feed->line = LIVE_LINE_PLAIN;
	if (!items->begins(items->arg, feed->state, all, &start, &look))
		return (all);
	/* Both say that it has not ended; else we do not understand it. */
	if (items->ends(items->arg, feed->state, span_from(all, look), &len))
		return (all);
	bytes = start_skip(feed, pool, limits, all, start);
	if (bytes.len == 0)
		crypto_wipe(at + whole, all.len);
	return (bytes);
}

struct span
input_items_skip(struct live_feed *feed, struct live_pool *pool, const struct live_limits *limits,
    struct span bytes, struct live_sink *sink)
{
	size_t len, stop;
	bool ended = limits->items.ends(limits->items.arg, feed->state, bytes, &len);

	feed->dropped += len;
	feed->dropped_lines += scan_count_lines(span_of(bytes.ptr, len), SIZE_MAX, &stop);
	if (ended)
		input_items_end(feed, pool, sink);
	return (span_from(bytes, len));
}

void
input_items_end(struct live_feed *feed, struct live_pool *pool, struct live_sink *sink)
{
	size_t len = feed->len;

	sink->item = true;
	sink->item_at = sink->len;
	input_feed_give(feed, pool, sink->at + sink->len);
	sink->len += len;
	sink->at[sink->len++] = '\n';
	sink->added++;
	sink->cut = sink->len;
	sink->dropped = feed->dropped;
	sink->dropped_lines = feed->dropped_lines;
	feed->dropped = feed->dropped_lines = 0;
	feed->line = LIVE_LINE_ITEMS;
	feed->look = 0; /* what is behind it may be long, too */
	feed->lines++;
}

void
input_live_by_items(struct input_live *in, const struct input_live_items *items)
{
	in->limits.items = *items;
}
