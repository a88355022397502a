/*
 * input: a file that grows, and the files it was before.
 *
 * Rotation by rename and create: what we hold open is read to its end, for as
 * long as its writer stays with it; then comes the file that has its name now.
 * Copy and truncate: the copy, which begins like what we read, has the rest.
 * How far we got is an offset behind whole lines; half a line stays unread.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "input/live/rotated.h"

#define LINGER_NS INT64_C(1000000000) /* writers may not yet have moved to the new file */
#define PACE_MS 10 /* between two reads that get all there is: not a wake for each line */
#define WATCH (IN_CREATE | IN_MOVED_TO | IN_MODIFY)

/* ---- open, close ---- */

int
input_tail_open(struct input_live *in, const struct input_live_options *how, struct err *e)
{
	struct live_tail *t = calloc(1, sizeof(*t));
	const char *path = how->place.path;
	const char *slash = strrchr(path, '/');
	char dir[INPUT_PLACE_BYTES];

	in->tail = t;
	if (t == NULL)
		return (err_sys(e, ERR_IO, "memory"));
	t->fd = t->watch_fd = t->dir_fd = -1;
	input_tail_spend_open(t, how->after_read);
	memcpy(dir, path, (size_t)(slash + 1 - path)); /* a place begins with / */
	dir[slash + 1 - path] = '\0';
	memcpy(t->base, slash + 1, strlen(slash));
	t->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir_fd == -1)
		return (err_sys(e, ERR_CONFIG, "%s", dir));
	t->head = arena_take(&in->memory, INPUT_HEAD_BYTES);
	t->other = arena_take(&in->memory, INPUT_HEAD_BYTES);
	t->last = arena_take(&in->memory, TAIL_LOOK_BYTES);
	t->packed.in = arena_take(&in->memory, TAIL_PACKED_BYTES);
	/* Only to be woken early: where it fails we look at each timeout. */
	t->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->watch_fd != -1)
		(void)inotify_add_watch(t->watch_fd, dir, WATCH);
	return (0);
}

static void
close_file(struct live_tail *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
}

void
input_tail_close(struct live_tail *t)
{
	if (t == NULL)
		return;
	input_tail_spend_close(t);
	input_tail_packed_close(t);
	close_file(t);
	if (t->watch_fd != -1)
		(void)close(t->watch_fd);
	if (t->dir_fd != -1)
		(void)close(t->dir_fd);
	free(t);
}

/* Read that file from at on, whatever its name is by then, once what is read now has ended. */
static void
enqueue(struct live_tail *t, const struct tail_candidate *file, uint64_t at)
{
	if (t->queued < TAIL_QUEUE_MAX && !file->spent)
		t->queue[t->queued++] = (struct tail_queued){ file->inode, at, file->packing,
			file->head_len, file->hash };
}

/* The bytes before at, as they will be looked at again. */
static void
remember(struct live_tail *t)
{
	size_t len = t->at < TAIL_LOOK_BYTES ? (size_t)t->at : TAIL_LOOK_BYTES;
	ssize_t n = pread(t->fd, t->last, len, (off_t)(t->at - len));

	t->last_len = n == (ssize_t)len ? len : 0;
}

/* false: there is none of this name, or it is not the one that is meant (0: any). */
static bool
open_file(struct live_tail *t, const char *name, const struct tail_queued *q)
{
	struct stat st;
	ssize_t n;

	t->fd = input_tail_spend_file(t, name);
	if (t->fd == -1)
		return (false);
	if (fstat(t->fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (q->inode != 0 && st.st_ino != q->inode)) {
		close_file(t);
		return (false);
	}
	t->file++;
	t->device = st.st_dev;
	t->inode = st.st_ino;
	t->eof_ns = 0;
	t->spend.done = 0;
	t->size = 0;
	input_tail_packed_begin(t, q->packing, q->at);
	if (q->packing != TAIL_PLAIN) {
		t->at = t->head_len = t->last_len = 0;
		return (t->packed.now != NULL);
	}
	t->at = q->at <= (uint64_t)st.st_size ? q->at : 0;
	n = pread(t->fd, t->head, INPUT_HEAD_BYTES, 0);
	t->head_len = n > 0 ? (size_t)n : 0;
	if (q->at > 0)
		input_tail_spent_to(t, t->at);
	remember(t);
	return (true);
}

/* ---- where to go on ---- */

/* By what it will be told from others when it has another name, or none. */
static void
note_left(struct live_tail *t)
{
	struct stat st;

	t->left.device = t->device;
	t->left.inode = t->inode;
	t->left.hash = hash_bytes(t->head, t->head_len, t->head_len);
	t->left.changed_ns = INT64_MAX;
	if (fstat(t->fd, &st) == 0)
		t->left.changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static ino_t
inode_of_path(const struct live_tail *t)
{
	struct stat st;

	return (fstatat(t->dir_fd, t->base, &st, 0) == 0 ? st.st_ino : 0);
}

bool
input_live_resume(struct input_live *in, input_find *find, void *arg, int64_t since_us)
{
	struct live_tail *t = in->tail;
	struct tail_candidates all;
	uint64_t newest = 0;
	unsigned from;
	bool known;
	ino_t before;

	input_feed_forget(&in->feeds[0], &in->pool);
	if (t->fd != -1)
		note_left(t);
	close_file(t);
	t->queued = 0;
	do { /* a file that is renamed while we look would be missed */
		before = inode_of_path(t);
		input_tail_candidates(t, find, arg, &all);
	} while (before != inode_of_path(t));
	from = all.count;
	for (unsigned i = 0; i < all.count; i++) {
		if (all.list[i].rank == 0 || all.list[i].rank < newest)
			continue;
		newest = all.list[i].rank;
		from = i;
	}
	known = from < all.count;
	if (!known && since_us != 0)
		from = input_tail_since(t, &all, since_us);
	/* The one that was read last, those that came since, and the one of today. */
	for (unsigned i = from; i < all.count; i++)
		enqueue(t, &all.list[i], all.list[i].rank > 0 ? all.list[i].at : 0);
	return (known);
}

void
input_live_position(const struct input_live *in, struct input_position *p)
{
	const struct live_tail *t = in->tail;
	const struct live_feed *feed = &in->feeds[0];

	*p = (struct input_position){ .has = false };
	if (t == NULL || t->file == 0)
		return;
	p->has = true;
	p->file = t->file;
	p->at = t->at - feed->len - feed->dropped;
	p->head = span_of(t->head, t->head_len);
	p->end = t->ended;
}

/* ---- reading ---- */

/* The file is done with: half a line at its end is one. */
static void
leave_file(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	struct live_tail *t = in->tail;

	input_feed_end(&in->feeds[0], &in->pool, sink);
	t->ended = more->flush = true;
	note_left(t);
	if (t->packed.now != NULL || !input_tail_spend_leave(t))
		close_file(t);
	t->packed.now = NULL;
}

/* It was cut or written anew: the rest may be in a copy, which begins as it did. */
static void
was_cut(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	struct live_tail *t = in->tail;
	struct tail_queued self = { .inode = t->inode }, copy;

	/* Its half line goes on in the copy. */
	t->at -= in->feeds[0].len + in->feeds[0].dropped;
	self.at = t->at;
	self.head_len = t->at < t->head_len ? (size_t)t->at : t->head_len;
	self.hash = hash_bytes(t->head, self.head_len, self.head_len);
	if (t->queued < TAIL_QUEUE_MAX && input_tail_find_copy(t, &self, &copy)) {
		input_feed_forget(&in->feeds[0], &in->pool);
		t->queue[t->queued++] = copy;
		leave_file(in, sink, more);
		return;
	}
	/* Nobody has the rest.  What we saw and did not read is lost; more may be. */
	more->lost += t->size > t->at + in->feeds[0].len + in->feeds[0].dropped ? 1 : 0;
	more->news |= INPUT_NEWS_CUT;
	leave_file(in, sink, more);
}

static void
see_end(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	struct live_tail *t = in->tail;
	int64_t now_ns = clock_mono_ns();

	if (in->stopping) {
		in->ended = true; /* half a line is read again by the next start */
		return;
	}
	if (t->queued > 0) {
		leave_file(in, sink, more); /* nobody writes to it any more */
		return;
	}
	if (!input_tail_is_renamed(t)) {
		t->eof_ns = 0;
		return;
	}
	if (t->eof_ns == 0)
		t->eof_ns = now_ns;
	else if (now_ns - t->eof_ns >= LINGER_NS)
		leave_file(in, sink, more);
}

static void
keep_head(struct live_tail *t, const char *bytes, size_t n)
{
	size_t room = INPUT_HEAD_BYTES - t->head_len;

	if (t->head_len != t->at || room == 0)
		return;
	n = n < room ? n : room;
	memcpy(t->head + t->head_len, bytes, n);
	t->head_len += n;
}

/* To the pool and to lines; of the first passed bytes only the head is kept. */
static void
take(struct input_live *in, size_t n, size_t passed, struct live_sink *sink)
{
	struct live_tail *t = in->tail;

	keep_head(t, in->buffer, n);
	(void)input_feed_take(&in->feeds[0], &in->pool, &in->limits,
	    span_of(in->buffer + passed, n - passed), sink); /* the pool has room for one line */
	crypto_wipe(in->buffer, n);
	t->at += (uint64_t)n;
}

/* It does not grow any more.  A damaged one has lost its rest. */
static int
read_packed(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	size_t passed;
	ssize_t n = input_tail_packed_read(in->tail, in->buffer, LIVE_READ_BYTES, &passed);

	if (n > 0) {
		take(in, (size_t)n, passed, sink);
		return (1);
	}
	if (n == -1) {
		more->lost++;
		more->news |= INPUT_NEWS_DAMAGED;
	}
	leave_file(in, sink, more);
	return (1);
}

/* 1: something was read. */
static int
read_file(struct input_live *in, struct live_sink *sink, struct input_more *more)
{
	struct live_tail *t = in->tail;
	struct stat st;
	ssize_t n;

	if (t->packed.now != NULL)
		return (read_packed(in, sink, more));
	if (fstat(t->fd, &st) == -1)
		return (-1);
	if (input_tail_is_cut(t, &st)) {
		was_cut(in, sink, more);
		return (1);
	}
	t->size = (uint64_t)st.st_size;
	n = pread(t->fd, in->buffer, LIVE_READ_BYTES, (off_t)t->at);
	if (n == -1)
		return (errno == EINTR ? 0 : -1);
	if (n == 0) {
		see_end(in, sink, more);
		return (more->flush ? 1 : 0);
	}
	t->eof_ns = 0;
	t->drained = (size_t)n < LIVE_READ_BYTES;
	take(in, (size_t)n, 0, sink);
	remember(t);
	return (1);
}

/*
 * Servers write line by line.  Whoever read each as soon as it is there would
 * take more of the processor for looking than for masking.
 */
static void
pace(const struct live_tail *t, int timeout_ms)
{
	if (t->fd != -1 && t->drained)
		(void)poll(NULL, 0, timeout_ms < PACE_MS ? timeout_ms : PACE_MS);
}

static void
wait_for_news(struct live_tail *t, int timeout_ms)
{
	struct pollfd want = { .fd = t->watch_fd, .events = POLLIN };
	char events[4096];

	if (poll(&want, t->watch_fd == -1 ? 0 : 1, timeout_ms) > 0)
		while (read(t->watch_fd, events, sizeof(events)) > 0)
			;
}

/* ---- the next file ---- */

static bool
open_queued(struct live_tail *t, const struct tail_queued *q)
{
	int fd = openat(t->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = q->packing == TAIL_PLAIN && open_file(t, t->base, q);

	if (dir == NULL && fd != -1)
		(void)close(fd);
	while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
		found = entry->d_ino == q->inode && input_tail_is_sibling(t, entry->d_name) &&
		    input_tail_packing(entry->d_name) == q->packing &&
		    open_file(t, entry->d_name, q);
	if (dir != NULL)
		(void)closedir(dir);
	return (found);
}

/*
 * The file of our path.  Others may have had that name since the last one was
 * left: they come before it.
 */
static void
open_path(struct live_tail *t)
{
	const struct tail_queued any = { .packing = TAIL_PLAIN };
	struct tail_candidates all;

	if (!open_file(t, t->base, &any) || t->left.inode == 0 || t->left.inode == t->inode)
		return;
	for (unsigned i = input_tail_behind(t, &all); i < all.count; i++) {
		if (all.list[i].inode == t->inode)
			break;
		enqueue(t, &all.list[i], 0);
	}
	if (t->queued == 0)
		return;
	enqueue(t, &(struct tail_candidate){ .inode = t->inode }, 0);
	close_file(t);
}

/* It is not there: it got another name just now, or was compressed; else it is gone. */
static void
look_again(struct input_live *in, const struct tail_queued *q, struct input_more *more)
{
	struct live_tail *t = in->tail;
	struct tail_queued copy;

	if (input_tail_find_copy(t, q, &copy)) {
		copy.head_len = 0; /* once */
		memmove(t->queue + 1, t->queue, t->queued++ * sizeof(t->queue[0]));
		t->queue[0] = copy;
		return;
	}
	in->gone++;
	more->lost++;
	more->news |= INPUT_NEWS_GONE;
}

/* It was cut before we came to read it: its copy comes first. */
static void
see_cut(struct input_live *in, const struct tail_queued *q, struct input_more *more)
{
	struct live_tail *t = in->tail;
	struct tail_queued copy;

	if (t->packed.now != NULL || q->head_len == 0 ||
	    (t->head_len >= q->head_len &&
		hash_bytes(t->head, q->head_len, q->head_len) == q->hash))
		return;
	if (t->inode != inode_of_path(t)) { /* another one, of the same number */
		close_file(t);
		look_again(in, q, more);
		return;
	}
	t->at = t->last_len = 0;
	if (t->queued + 2 > TAIL_QUEUE_MAX || !input_tail_find_copy(t, q, &copy)) {
		more->lost++;
		more->news |= INPUT_NEWS_CUT;
		return;
	}
	memmove(t->queue + 2, t->queue, t->queued * sizeof(t->queue[0]));
	t->queue[0] = copy;
	t->queue[1] = (struct tail_queued){ .inode = t->inode, .packing = TAIL_PLAIN };
	t->queued += 2;
	close_file(t);
}

int
input_tail_read(
    struct input_live *in, struct live_sink *sink, int timeout_ms, struct input_more *more)
{
	struct live_tail *t = in->tail;
	int rc = 0;

	t->ended = false;
	if (!in->stopping)
		pace(t, timeout_ms);
	t->drained = false;
	input_tail_spend(t);
	more->news = t->spend.refused && !t->spend.told ? INPUT_NEWS_UNSPENT : 0;
	t->spend.told = t->spend.refused;
	if (t->fd == -1 && t->queued == 0)
		open_path(t);
	while (t->fd == -1 && t->queued > 0) {
		struct tail_queued next = t->queue[0];

		memmove(t->queue, t->queue + 1, --t->queued * sizeof(t->queue[0]));
		if (open_queued(t, &next)) {
			see_cut(in, &next, more);
			continue;
		}
		close_file(t);
		look_again(in, &next, more);
	}
	if (t->fd != -1)
		rc = read_file(in, sink, more);
	else
		in->ended = in->stopping;
	if (rc == 0 && !in->ended)
		wait_for_news(t, timeout_ms);
	return (rc == -1 ? -1 : 0);
}
