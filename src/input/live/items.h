/* input, inside: long lines that are documents. */
#ifndef CRETULA_INPUT_LIVE_ITEMS_H
#define CRETULA_INPUT_LIVE_ITEMS_H

#include "input/live/inside.h"

/* With so many bytes more, is it time to look what the line is? */
bool input_items_due(const struct live_feed *feed, const struct live_limits *limits, size_t more);

/*
 * Look at what waits and these bytes, which follow: whole items go to the
 * sink.  The rest, which lies behind them there, is to be kept.
 */
struct span input_items_look(struct live_feed *feed, struct live_pool *pool,
    const struct live_limits *limits, struct span bytes, struct live_sink *sink);

/* SKIPPED: what of bytes is behind the item; with it the feed is no more. */
struct span input_items_skip(struct live_feed *feed, struct live_pool *pool,
    const struct live_limits *limits, struct span bytes, struct live_sink *sink);
void input_items_end(struct live_feed *feed, struct live_pool *pool, struct live_sink *sink);

#endif
