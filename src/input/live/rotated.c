/* input: the files that a growing one was before it was renamed. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/live/tail.h"

bool
input_tail_is_sibling(const struct live_tail *t, const char *name)
{
	static const char *const packed[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4" };
	size_t base = strlen(t->base), len = strlen(name);

	if (len <= base || len >= TAIL_NAME_BYTES || strncmp(name, t->base, base) != 0 ||
	    (name[base] != '.' && name[base] != '-'))
		return (false);
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		size_t end = strlen(packed[i]);

		if (len > end && strcmp(name + len - end, packed[i]) == 0)
			return (false);
	}
	return (true);
}

/* false: it is not there, no file, or empty. */
static bool
stat_file(const struct live_tail *t, const char *name, struct tail_candidate *one)
{
	struct stat st;

	if (fstatat(t->dir_fd, name, &st, 0) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return (false);
	memset(one, 0, sizeof(*one));
	memcpy(one->name, name, strlen(name) + 1);
	one->inode = st.st_ino;
	one->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return (true);
}

/* Of many the youngest: a file that was left long ago is not gone on with. */
static void
note_sibling(struct live_tail *t, const char *name, struct tail_candidates *c)
{
	struct tail_candidate one, *oldest = c->list;

	if (!stat_file(t, name, &one))
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

/* What is known of a file, by its head.  It may have another name by now: then nothing. */
static void
look_at(struct live_tail *t, struct tail_candidate *one, input_find *find, void *arg)
{
	int fd = openat(t->dir_fd, one->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd == -1)
		return;
	one->spent = input_tail_is_spent(t, fd);
	if (fstat(fd, &st) == 0 && st.st_ino == one->inode && find != NULL &&
	    (n = pread(fd, t->other, INPUT_HEAD_BYTES, 0)) > 0 &&
	    (find(arg, span_of(t->other, (size_t)n), &one->at, &one->rank) == -1 ||
		one->at > (uint64_t)st.st_size))
		one->rank = 0;
	(void)close(fd);
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
		if (input_tail_is_sibling(t, entry->d_name))
			note_sibling(t, entry->d_name, c);
	if (dir != NULL)
		(void)closedir(dir);
	qsort(c->list, c->count, sizeof(c->list[0]), by_age);
	c->count += stat_file(t, t->base, &c->list[c->count]);
	for (unsigned i = 0; i < c->count; i++)
		if (find != NULL || t->spend.how != INPUT_KEEP)
			look_at(t, &c->list[i], find, arg);
}
