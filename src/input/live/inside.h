/* input, inside: what the units of live/ share. */
#ifndef CRETULA_INPUT_LIVE_INSIDE_H
#define CRETULA_INPUT_LIVE_INSIDE_H

#include "base/arena.h"
#include "base/err.h"
#include "input/given.h"
#include "input/items.h"
#include "input/live.h"
#include "input/tls.h"

#define LIVE_READ_BYTES ((size_t)256 << 10) /* of one source, before the others have their turn */
#define LIVE_FRAMES_BYTES \
	((size_t)64 << 10) /* of one that may count octets: #012 is longer than LF */
#define LIVE_BLOCK_BYTES 1024
#define LIVE_LOOK_BYTES ((size_t)64 << 10) /* of a document, before it is looked at again */

/* Half lines lie in blocks of a pool. */
struct live_block {
	struct live_block *next;
	char bytes[LIVE_BLOCK_BYTES - sizeof(struct live_block *)];
};

struct live_pool {
	struct live_block *free;
	struct live_block *fresh; /* never used so far, and not touched: no page is there yet */
	unsigned fresh_count;
	unsigned left; /* of both */
};

enum live_framing {
	LIVE_FRAMING_START, /* digits of a length, a blank and a '<' may come */
	LIVE_FRAMING_OCTETS, /* owed bytes of a message follow */
	LIVE_FRAMING_LINES /* to the end of the feed */
};

/* What a line without an end, so far, is. */
enum live_line {
	LIVE_LINE_ANY,
	LIVE_LINE_PLAIN, /* too long, and no document: to its end */
	LIVE_LINE_ITEMS, /* long; of a document the items are given one by one */
	LIVE_LINE_SKIPPED /* an item of it that is too long: to the item's end */
};

/* How long a line may be, and an item of one. */
struct live_limits {
	size_t line_max;
	struct input_live_items items; /* whole NULL: there are none */
};

/* One who sends: a connection, a pipe. */
struct live_feed {
	int fd; /* -1: this place is free */
	bool listens; /* who comes there becomes a feed */
	enum live_framing framing;
	enum live_line line;
	size_t look; /* ITEMS: look again once so much waits */
	uint64_t state[INPUT_STATE_BYTES / 8]; /* SKIPPED: the caller's */
	uint64_t dropped_lines; /* and line ends among dropped */
	uint64_t owed; /* START: the length so far */
	bool blank; /* and the blank behind it came */
	struct live_block *first, *last;
	size_t len; /* of what waits */
	uint64_t dropped; /* of its end, for its length */
	int64_t since_ns; /* it began, or the feed came */
	uint64_t lines;
};

/* Where lines go. */
struct live_sink {
	char *at;
	size_t room, len, added, cut;
	uint64_t dropped;
	bool item; /* the cut is of one, which starts at item_at */
	size_t item_at;
	uint64_t dropped_lines;
};

struct live_tail;

struct input_live {
	struct live_tail *tail; /* of a file */
	struct arena memory;
	char *buffer; /* LIVE_READ_BYTES: what was read last; then wiped */
	struct live_pool pool;
	struct live_feed *feeds; /* feed_count; [0] is the place itself */
	unsigned feed_count, open;
	struct live_limits limits;
	enum input_kind kind;
	char path[INPUT_PLACE_BYTES]; /* of a socket that was made here; "" */
	int epoll_fd, keep_fd; /* keep_fd: a writer of a FIFO, so that it never ends */
	bool made; /* the FIFO was not there before */
	bool stopping, ended;
	int64_t stopped_ns;
	uint64_t turns; /* since then */
	uint32_t drops; /* SK_MEMINFO_DROPS as it was last */
	uint64_t missed; /* and when we came */
	uint64_t connections, refused, gone, short_of; /* input_live_counts */
	int64_t rest_until_ns; /* not 0: what listens is not looked at */
	struct input_tls *tls; /* its connections come through feeds[0].fd, a pipe */
	int listen_fd, give_fd; /* of tls: what it listens on, where it puts them */
	struct input_given given;
};

/* ---- lines.c: bytes of a feed become lines ---- */

void input_pool_open(struct live_pool *pool, void *memory, size_t blocks);

/*
 * Bytes came; room for four times as many, and as those that wait, is the
 * caller's duty.  false: the pool is used up, and the half line became a line.
 */
bool input_feed_take(struct live_feed *feed, struct live_pool *pool,
    const struct live_limits *limits, struct span bytes, struct live_sink *sink);

/* What waits is not: the memory goes back. */
void input_feed_forget(struct live_feed *feed, struct live_pool *pool);

/* Nothing follows: what waits is a line. */
void input_feed_end(struct live_feed *feed, struct live_pool *pool, struct live_sink *sink);

/*
 * A message of its own: len bytes that lie behind the sink's become a line;
 * dropped more did not fit.
 */
void input_message(struct live_sink *sink, size_t len, uint64_t dropped);

/* For items.c: at most max + 1 bytes wait; the rest is counted.  How many were taken. */
size_t input_feed_keep(
    struct live_feed *feed, struct live_pool *pool, size_t max, struct span bytes);
/* What waits goes to out and is wiped. */
void input_feed_give(struct live_feed *feed, struct live_pool *pool, char *out);

/* ---- open.c ---- */

/* The descriptor of a place, not blocking.  -1 with e. */
int input_place_open(const struct input_live_options *how, struct input_live *in, struct err *e);
/* Nothing is read any more, but a seal may take long: who sends to a port is refused, and knows. */
void input_place_leave(struct input_live *in);

/* ---- secure.c ---- */

/* What listens, and a pipe that its connections come through. */
int input_secure_open(const struct input_live_options *how, struct input_live *in, struct err *e);

/* As input_accept. */
int input_secure_accept(const struct input_live *in, bool *short_of);

#endif
