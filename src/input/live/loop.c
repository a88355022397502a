/* input: the loop over what has something to say. */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sock_diag.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "input/accept.h"
#include "input/live/tail.h"

#define EVENTS 64
#define POOL_BYTES ((size_t)16 << 20)
#define MESSAGES_MAX 256 /* of a socket, before they are masked */
#define DRAIN_NS INT64_C(5000000000) /* behind a stop: whoever sends on is cut off */
#define DRAIN_TURNS 128 /* but not before what waited then is read, if we slept meanwhile */
#define DRAIN_TURNS_TLS 1024 /* which comes in small pieces */

static bool
is_message_kind(enum input_kind kind)
{
	return (kind == INPUT_UNIX || kind == INPUT_UDP);
}

static bool
is_listener_kind(enum input_kind kind)
{
	return (kind == INPUT_UNIX_STREAM || kind == INPUT_TCP || kind == INPUT_TLS);
}

/*
 * Datagrams that the kernel had no room for, since the socket is there.  What
 * SO_RXQ_OVFL says comes with a later message only, and there may be none.
 */
static uint32_t
count_drops(const struct input_live *in)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (in->kind != INPUT_UDP ||
	    getsockopt(in->feeds[0].fd, SOL_SOCKET, SO_MEMINFO, info, &len) == -1)
		return (0);
	return (info[SK_MEMINFO_DROPS]);
}

/* ---- open, close ---- */

static int
watch(struct input_live *in, unsigned i)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

	return (epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, in->feeds[i].fd, &ev));
}

static int
open_memory(struct input_live *in, struct err *e)
{
	/* One line waits, or one item with what may stand before it. */
	size_t most = in->limits.line_max + INPUT_ITEM_MAX + LIVE_BLOCK_BYTES;
	size_t blocks = (is_listener_kind(in->kind) ? POOL_BYTES : most) / LIVE_BLOCK_BYTES + 1;

	/* A block holds a little less than its size. */
	blocks += blocks / 64 + 1;
	if (arena_open(&in->memory,
		LIVE_READ_BYTES + blocks * LIVE_BLOCK_BYTES + 3 * INPUT_HEAD_BYTES +
		    (in->kind == INPUT_FILE ? TAIL_PACKED_BYTES : 0) + 64,
		ARENA_SECRET | ARENA_SMALL, e) == -1)
		return (-1);
	in->buffer = arena_take(&in->memory, LIVE_READ_BYTES);
	input_pool_open(&in->pool, arena_take(&in->memory, blocks * LIVE_BLOCK_BYTES), blocks);
	return (0);
}

static int
open_source(const struct input_live_options *how, struct input_live *in, struct err *e)
{
	if (in->kind == INPUT_FILE)
		return (input_tail_open(in, how, e));
	if (in->kind == INPUT_TLS)
		return (input_secure_open(how, in, e));
	if (in->kind == INPUT_HTTP) {
		if (how->given == NULL)
			return (err_set(e, ERR_CONFIG, "nobody serves HTTP"));
		in->listen_fd = input_place_open(how, in, e);
		return (in->listen_fd == -1 ? -1 : 0);
	}
	in->feeds[0].fd = input_place_open(how, in, e);
	return (in->feeds[0].fd == -1 ? -1 : 0);
}

int
input_live_open(const struct input_live_options *how, struct input_live **in, struct err *e)
{
	struct input_live *made = calloc(1, sizeof(*made));
	unsigned feeds = is_listener_kind(how->place.kind) ? how->connections + 1 : 1;

	if (made == NULL || (made->feeds = calloc(feeds, sizeof(*made->feeds))) == NULL) {
		free(made);
		return (err_sys(e, ERR_IO, "memory"));
	}
	made->feed_count = feeds;
	made->limits.line_max = how->line_max;
	made->kind = how->place.kind;
	made->epoll_fd = made->keep_fd = made->listen_fd = made->give_fd = -1;
	for (unsigned i = 0; i < feeds; i++)
		made->feeds[i].fd = -1;
	if (open_memory(made, e) == -1)
		goto fail;
	made->feeds[0].framing = LIVE_FRAMING_LINES;
	made->feeds[0].listens = is_listener_kind(made->kind);
	if (open_source(how, made, e) == -1)
		goto fail;
	if (made->kind == INPUT_HTTP)
		made->given = *how->given;
	made->drops = count_drops(made);
	made->missed = made->drops;
	/* A pipe may be a file, which epoll does not take. */
	if (made->feeds[0].listens &&
	    ((made->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) == -1 || watch(made, 0) == -1)) {
		err_sys(e, ERR_IO, "epoll");
		goto fail;
	}
	*in = made;
	return (0);
fail:
	input_live_close(made);
	return (-1);
}

void
input_live_close(struct input_live *in)
{
	int fd;

	if (in == NULL)
		return;
	if (in->given.close != NULL)
		in->given.close(in->given.arg);
	input_tls_close(in->tls);
	while (in->tls != NULL && read(in->feeds[0].fd, &fd, sizeof(fd)) == sizeof(fd))
		(void)close(fd); /* whom nobody let in */
	for (unsigned i = in->kind == INPUT_PIPE ? 1 : 0; i < in->feed_count; i++)
		if (in->feeds[i].fd != -1)
			(void)close(in->feeds[i].fd);
	if (in->listen_fd != -1)
		(void)close(in->listen_fd);
	if (in->give_fd != -1)
		(void)close(in->give_fd);
	if (in->epoll_fd != -1)
		(void)close(in->epoll_fd);
	if (in->keep_fd != -1)
		(void)close(in->keep_fd);
	if (in->path[0] != '\0')
		(void)unlink(in->path);
	input_tail_close(in->tail);
	arena_close(&in->memory);
	free(in->feeds);
	free(in);
}

bool
input_live_locked(const struct input_live *in)
{
	return (in->memory.locked);
}

bool
input_live_can_wait(const struct input_live *in)
{
	return (!is_message_kind(in->kind));
}

/* ---- connections ---- */

static void
close_feed(struct input_live *in, struct live_feed *feed, struct live_sink *sink)
{
	input_feed_end(feed, &in->pool, sink);
	(void)close(feed->fd); /* epoll forgets it by itself */
	feed->fd = -1;
	in->open--;
}

/* The one that has not sent a line for longest; those that never did come first. */
static struct live_feed *
find_idlest(struct input_live *in)
{
	struct live_feed *found = NULL;

	for (unsigned i = 1; i < in->feed_count; i++) {
		struct live_feed *feed = &in->feeds[i];

		if (feed->fd != -1 &&
		    (found == NULL || (feed->lines == 0) > (found->lines == 0) ||
			((feed->lines == 0) == (found->lines == 0) &&
			    feed->since_ns < found->since_ns)))
			found = feed;
	}
	return (found);
}

static struct live_feed *
find_free(struct input_live *in, struct live_sink *sink)
{
	struct live_feed *idlest;

	for (unsigned i = 1; i < in->feed_count && in->open + 1 < in->feed_count; i++)
		if (in->feeds[i].fd == -1)
			return (&in->feeds[i]);
	idlest = find_idlest(in);
	in->refused++;
	if (idlest == NULL || idlest->lines > 0)
		return (NULL); /* all of them are of use: the newcomer has to go */
	close_feed(in, idlest, sink);
	return (idlest);
}

/*
 * No descriptor is left for who waits: looked at again later.  Behind a stop
 * others end now, and theirs are free.
 */
static void
rest(struct input_live *in)
{
	in->short_of++;
	if (in->stopping || epoll_ctl(in->epoll_fd, EPOLL_CTL_DEL, in->feeds[0].fd, NULL) == -1)
		return;
	in->rest_until_ns = clock_mono_ns() + INPUT_REST_MS * INT64_C(1000000);
}

static void
end_rest(struct input_live *in)
{
	if (in->rest_until_ns == 0 || (!in->stopping && clock_mono_ns() < in->rest_until_ns))
		return;
	in->rest_until_ns = 0;
	(void)watch(in, 0);
}

/* Who waits to be let in; at most EVENTS of them. */
static void
let_in(struct input_live *in, struct live_sink *sink)
{
	for (int i = 0; i < EVENTS && sink->cut == 0; i++) {
		bool short_of;
		int fd = input_secure_accept(in, &short_of);
		struct live_feed *feed;

		if (short_of) {
			rest(in);
			return;
		}
		if (fd == -1) { /* nobody, or one who is gone already */
			if (in->stopping && in->path[0] != '\0') /* nor will anybody come */
				(void)epoll_ctl(in->epoll_fd, EPOLL_CTL_DEL, in->feeds[0].fd, NULL);
			return;
		}
		feed = find_free(in, sink);
		if (feed == NULL) {
			(void)close(fd);
			continue;
		}
		*feed = (struct live_feed){ .fd = fd, .since_ns = clock_mono_ns() };
		if (watch(in, (unsigned)(feed - in->feeds)) == -1) {
			(void)close(fd);
			feed->fd = -1;
			continue;
		}
		if (in->stopping && in->kind == INPUT_UNIX_STREAM)
			(void)shutdown(fd, SHUT_RD); /* what it sent so far */
		in->open++;
		in->connections++;
	}
}

/* ---- reading ---- */

/* 1: there was something; 0: not now; -1: it has ended, or is broken (errno). */
static int
read_feed(struct input_live *in, struct live_feed *feed, size_t most, struct live_sink *sink)
{
	uint64_t lines = feed->lines;
	ssize_t n;
	bool fits;

	if (feed->framing != LIVE_FRAMING_LINES && most > LIVE_FRAMES_BYTES)
		most = LIVE_FRAMES_BYTES;
	n = read(feed->fd, in->buffer, most < LIVE_READ_BYTES ? most : LIVE_READ_BYTES);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n <= 0) {
		errno = n == 0 ? 0 : errno;
		return (-1);
	}
	fits = input_feed_take(feed, &in->pool, &in->limits, span_of(in->buffer, (size_t)n), sink);
	crypto_wipe(in->buffer, (size_t)n);
	if (feed->lines != lines)
		feed->since_ns = clock_mono_ns();
	errno = 0;
	return (fits ? 1 : -1);
}

/* One message.  1, 0: none is there, -1 (errno). */
static int
read_message(struct input_live *in, struct live_sink *sink)
{
	size_t most = in->limits.line_max + 1;
	ssize_t n = recv(in->feeds[0].fd, sink->at + sink->len, most, MSG_DONTWAIT | MSG_TRUNC);

	if (n == -1)
		return (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED ? 0 : -1);
	if ((size_t)n > most)
		input_message(sink, most, (uint64_t)n - most);
	else
		input_message(sink, (size_t)n, 0);
	return (1);
}

static bool
has_room(const struct live_sink *sink)
{
	return (sink->cut == 0 && sink->room - sink->len >= INPUT_LIVE_ROOM);
}

static bool
is_late(const struct input_live *in)
{
	return (clock_mono_ns() - in->stopped_ns > DRAIN_NS);
}

/* Nobody sends on to a socket of which we refused all that comes. */
static bool
is_drained(const struct input_live *in)
{
	uint64_t least = in->tls != NULL ? DRAIN_TURNS_TLS : DRAIN_TURNS;

	return (in->kind != INPUT_UNIX_STREAM && in->turns >= least && is_late(in));
}

static int
read_messages(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	uint32_t drops;
	int rc = 1;

	for (int i = 0; i < MESSAGES_MAX && rc == 1 && has_room(sink); i++)
		rc = read_message(in, sink);
	drops = count_drops(in);
	more->lost = drops - in->drops; /* both wrap */
	in->drops = drops;
	in->ended = in->stopping && (rc == 0 || is_drained(in));
	return (rc);
}

/* A pipe or a FIFO. */
static int
read_pipe(struct input_live *in, struct live_sink *sink)
{
	struct live_feed *feed = &in->feeds[0];
	int waiting = 0, rc;
	bool last = false;

	if (in->stopping) {
		/* What is in it now; whoever writes on and on is not waited for. */
		if (ioctl(feed->fd, FIONREAD, &waiting) == -1 || waiting < 0)
			waiting = 0;
		last = (size_t)waiting <= LIVE_READ_BYTES || is_drained(in);
	}
	rc = in->stopping && waiting == 0 ?
	    0 :
	    read_feed(in, feed, in->stopping ? (size_t)waiting : LIVE_READ_BYTES, sink);
	if (rc == -1 && errno != 0)
		return (-1);
	if (last || (rc == -1 && in->keep_fd == -1)) {
		input_feed_end(feed, &in->pool, sink);
		in->ended = true;
	}
	return (0);
}

/* All that listen() brought; after a stop until nothing waits any more. */
static int
read_connections(struct input_live *in, int timeout_ms, struct live_sink *sink)
{
	struct epoll_event events[EVENTS];
	bool more = in->tls != NULL && !input_tls_drained(in->tls);
	int n;

	end_rest(in);
	n = epoll_wait(in->epoll_fd, events, EVENTS, in->stopping && !more ? 0 : timeout_ms);
	if (n == -1 && errno != EINTR)
		return (-1);
	for (int i = 0; i < n && has_room(sink); i++) {
		struct live_feed *feed = &in->feeds[events[i].data.u32];

		if (feed->fd == -1)
			continue; /* made room for another one meanwhile */
		if (feed->listens)
			let_in(in, sink);
		else if (read_feed(in, feed, LIVE_READ_BYTES, sink) == -1)
			close_feed(in, feed, sink);
	}
	if (!in->stopping || ((n > 0 || more) && !is_drained(in)))
		return (0);
	for (unsigned i = 1; i < in->feed_count && has_room(sink); i++)
		if (in->feeds[i].fd != -1)
			close_feed(in, &in->feeds[i], sink);
	in->ended = in->open == 0;
	return (0);
}

int
input_live_read(struct input_live *in, char *out, size_t room, int timeout_ms,
    struct input_more *more, struct err *e)
{
	struct live_sink sink = { .at = out, .room = room };
	struct pollfd want = { .fd = in->feeds[0].fd, .events = POLLIN };
	int rc = 0;

	memset(more, 0, sizeof(*more));
	if (in->given.read != NULL && has_room(&sink))
		return (in->given.read(in->given.arg, span_of(out, room), timeout_ms, more));
	if (in->ended || !has_room(&sink)) {
		more->end = in->ended;
		return (0);
	}
	in->turns += in->stopping;
	if (in->tail != NULL) {
		rc = input_tail_read(in, &sink, timeout_ms, more);
		in->ended = in->ended || (in->stopping && is_late(in)); /* the rest stays there */
	} else if (in->feeds[0].listens)
		rc = read_connections(in, timeout_ms, &sink);
	else if (in->stopping || poll(&want, 1, timeout_ms) > 0)
		rc = is_message_kind(in->kind) ? read_messages(in, &sink, more) :
						 read_pipe(in, &sink);
	more->len = sink.len;
	more->added = sink.added;
	more->cut = sink.cut;
	more->dropped = sink.dropped;
	more->item = sink.item;
	more->item_at = sink.item_at;
	more->dropped_lines = sink.dropped_lines;
	if ((more->end = in->ended))
		input_place_leave(in);
	return (rc == -1 ? err_sys(e, ERR_INPUT, "reading") : 0);
}

/*
 * From here on the kernel takes nothing for us: who sends on is told so, and
 * nothing of what it took is lost.  A socket that was handed to us is not ours
 * alone: who comes now waits for the next one.
 */
static void
refuse(struct input_live *in)
{
	if (in->kind != INPUT_UNIX_STREAM && in->kind != INPUT_UNIX)
		return;
	if (in->path[0] != '\0')
		(void)shutdown(in->feeds[0].fd, SHUT_RD);
	else if (in->kind == INPUT_UNIX_STREAM)
		(void)epoll_ctl(in->epoll_fd, EPOLL_CTL_DEL, in->feeds[0].fd, NULL);
	for (unsigned i = 1; i < in->feed_count; i++)
		if (in->feeds[i].fd != -1)
			(void)shutdown(in->feeds[i].fd, SHUT_RD);
}

void
input_live_stop(struct input_live *in)
{
	if (in->stopping)
		return;
	in->stopped_ns = clock_mono_ns();
	in->stopping = true;
	refuse(in);
	if (in->tls != NULL)
		input_tls_quiet(in->tls);
	if (in->given.stop != NULL)
		in->given.stop(in->given.arg);
}
