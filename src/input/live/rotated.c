/* input: the files that a growing one was before it was renamed. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "input/live/rotated.h"

bool
input_tail_is_sibling(const struct live_tail *t, const char *name)
{
	size_t base = strlen(t->base), len = strlen(name);

	if (len <= base || len >= TAIL_NAME_BYTES || strncmp(name, t->base, base) != 0 ||
	    (name[base] != '.' && name[base] != '-'))
		return (false);
	return (input_tail_packing(name) != TAIL_OTHER);
}

/* false: it is not there, no file, or empty.  The file of our path may be behind a link. */
static bool
stat_file(const struct live_tail *t, const char *name, struct tail_candidate *one)
{
	int flags = name == t->base ? 0 : AT_SYMLINK_NOFOLLOW;
	struct stat st;

	if (fstatat(t->dir_fd, name, &st, flags) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return (false);
	memset(one, 0, sizeof(*one));
	one->device = st.st_dev;
	memcpy(one->name, name, strlen(name) + 1);
	one->inode = st.st_ino;
	one->packing = name == t->base ? TAIL_PLAIN : input_tail_packing(name);
	one->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	one->renamed_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	return (true);
}

/* Where it is in the list, also by another name: count if it is not. */
static unsigned
find_file(const struct tail_candidates *c, dev_t device, ino_t inode)
{
	unsigned i = 0;

	while (i < c->count && (c->list[i].inode != inode || c->list[i].device != device))
		i++;
	return (i);
}

/* Of many the youngest: a file that was left long ago is not gone on with. */
static void
note_sibling(struct live_tail *t, const char *name, struct tail_candidates *c)
{
	struct tail_candidate one, *oldest = c->list;

	if (!stat_file(t, name, &one) || find_file(c, one.device, one.inode) < c->count)
		return;
	if (c->count + 1 < TAIL_QUEUE_MAX) { /* the last place is that of our path */
		c->list[c->count++] = one;
		return;
	}
	for (unsigned i = 1; i < c->count; i++)
		oldest = c->list[i].changed_ns < oldest->changed_ns ? &c->list[i] : oldest;
	if (one.changed_ns > oldest->changed_ns)
		*oldest = one;
}

static int
by_age(const void *a, const void *b)
{
	const struct tail_candidate *x = a, *y = b;

	return (x->changed_ns < y->changed_ns ? -1 : x->changed_ns > y->changed_ns);
}

/* Its first bytes, as they were when it was plain, to t->other; 0: none. */
static size_t
read_head(struct live_tail *t, int fd, enum tail_packing packing)
{
	ssize_t n;

	if (packing != TAIL_PLAIN)
		return (input_tail_packed_head(t, fd, packing));
	n = pread(fd, t->other, INPUT_HEAD_BYTES, 0);
	return (n > 0 ? (size_t)n : 0);
}

/* What is known of a file, by its head.  It may have another name by now: then nothing. */
static void
look_at(struct live_tail *t, struct tail_candidate *one, input_find *find, void *arg)
{
	int fd = openat(t->dir_fd, one->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	size_t n;

	if (fd == -1)
		return;
	one->spent = input_tail_is_spent(t, fd);
	if (fstat(fd, &st) == 0 && st.st_ino == one->inode && find != NULL) {
		n = read_head(t, fd, one->packing);
		one->head_len = n;
		one->hash = hash_bytes(t->other, n, n);
		one->spent |= n == 0 && one->packing != TAIL_PLAIN;
		if (n > 0 &&
		    (find(arg, span_of(t->other, n), &one->at, &one->rank) == -1 ||
			(one->packing == TAIL_PLAIN && one->at > (uint64_t)st.st_size)))
			one->rank = 0;
	}
	(void)close(fd);
}

/* Of a file that is there both plain and compressed the plain one counts. */
static void
drop_copies(struct tail_candidates *c)
{
	for (unsigned i = 0; i < c->count; i++)
		for (unsigned k = 0; k < c->count && c->list[i].packing != TAIL_PLAIN; k++)
			if (c->list[k].packing == TAIL_PLAIN && !c->list[k].spent &&
			    c->list[k].hash == c->list[i].hash) {
				c->list[i].spent = true;
				c->list[i].rank = 0;
			}
}

/* The file of our path is the last one, whatever name it has besides. */
static void
add_own(const struct live_tail *t, struct tail_candidates *c)
{
	struct tail_candidate own;
	unsigned i;

	if (!stat_file(t, t->base, &own))
		return;
	i = find_file(c, own.device, own.inode);
	if (i < c->count)
		memmove(&c->list[i], &c->list[i + 1], (--c->count - i) * sizeof(c->list[0]));
	c->list[c->count++] = own;
}

void
input_tail_candidates(struct live_tail *t, input_find *find, void *arg, struct tail_candidates *c)
{
	int fd = openat(t->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	c->count = 0;
	if (dir == NULL && fd != -1)
		(void)close(fd);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (input_tail_is_sibling(t, entry->d_name) &&
		    (find != NULL || input_tail_packing(entry->d_name) == TAIL_PLAIN))
			note_sibling(t, entry->d_name, c);
	if (dir != NULL)
		(void)closedir(dir);
	qsort(c->list, c->count, sizeof(c->list[0]), by_age);
	add_own(t, c);
	for (unsigned i = 0; i < c->count; i++)
		if (find != NULL || t->spend.how != INPUT_KEEP)
			look_at(t, &c->list[i], find, arg);
	if (find != NULL)
		drop_copies(c);
}

static int
find_alike(void *arg, struct span head, uint64_t *at, uint64_t *rank)
{
	const struct tail_queued *of = arg;

	if (head.len < of->head_len || hash_bytes(head.ptr, of->head_len, of->head_len) != of->hash)
		return (-1);
	*at = of->at;
	*rank = 1;
	return (0);
}

bool
input_tail_find_copy(struct live_tail *t, const struct tail_queued *of, struct tail_queued *copy)
{
	struct tail_candidates all;

	*copy = *of;
	if (of->head_len == 0)
		return (false);
	input_tail_candidates(t, find_alike, copy, &all);
	for (unsigned i = 0; i < all.count; i++) {
		const struct tail_candidate *one = &all.list[i];

		if (one->rank == 0 || one->spent || strcmp(one->name, t->base) == 0)
			continue;
		copy->inode = one->inode;
		copy->packing = one->packing;
		return (true);
	}
	return (false);
}

/* Are these bytes still there? */
static bool
is_there(const struct live_tail *t, const char *bytes, size_t len, uint64_t at)
{
	return (len == 0 ||
	    (pread(t->fd, t->other, len, (off_t)at) == (ssize_t)len &&
		memcmp(t->other, bytes, len) == 0));
}

/* Also where nothing seems to have come: it may have grown to just its old size. */
bool
input_tail_is_cut(const struct live_tail *t, const struct stat *st)
{
	size_t head = t->head_len < TAIL_LOOK_BYTES ? t->head_len : TAIL_LOOK_BYTES;

	return ((uint64_t)st->st_size < t->at || !is_there(t, t->head, head, 0) ||
	    !is_there(t, t->last, t->last_len, t->at - t->last_len));
}

/* Has another file our name, and something in it? */
bool
input_tail_is_renamed(const struct live_tail *t)
{
	struct stat st;

	return (fstatat(t->dir_fd, t->base, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_ino != t->inode || st.st_dev != t->device) && st.st_size > 0);
}

/* To look at compressed ones, too. */
static int
find_nothing(void *arg, struct span head, uint64_t *at, uint64_t *rank)
{
	(void)arg;
	(void)head;
	(void)at;
	(void)rank;
	return (-1);
}

/*
 * Behind the one that was left; if that is gone, or compressed, those that
 * lines came to since.
 */
unsigned
input_tail_behind(struct live_tail *t, struct tail_candidates *c)
{
	unsigned i;

	input_tail_candidates(t, NULL, NULL, c);
	i = find_file(c, t->left.device, t->left.inode);
	if (i < c->count)
		return (i + 1);
	input_tail_candidates(t, find_nothing, NULL, c);
	for (i = 0; i < c->count; i++)
		c->list[i].spent |= c->list[i].hash == t->left.hash;
	i = 0;
	while (i < c->count && c->list[i].changed_ns < t->left.changed_ns)
		i++;
	return (i);
}

/* Times of files are those of the last tick of the kernel. */
#define TICK_NS INT64_C(20000000)

unsigned
input_tail_since(const struct live_tail *t, const struct tail_candidates *c, int64_t since_us)
{
	int64_t since_ns = since_us * 1000 - TICK_NS;
	unsigned i = 0, older = c->count;

	if (older > 0 && strcmp(c->list[older - 1].name, t->base) == 0)
		older--;
	while (i < older && c->list[i].changed_ns < since_ns)
		i++;
	if (i == older && i > 0 && c->list[i - 1].renamed_ns >= since_ns)
		i--;
	return (i);
}
