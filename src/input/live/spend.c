/*
 * input: bytes of a file whose records are committed are given up.
 *
 * Meant for a file in memory (tmpfs), which a server goes on writing: what was
 * read frees its pages.  The head stays as long as the file grows, for it tells
 * the file from others; so does what lies just before where we are.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "input/live/tail.h"

#define STEP_BYTES ((uint64_t)64 << 10) /* of a file that grows, at once */

static char zeros[64 << 10]; /* const, they would lie in the program */

static void
commit(struct tail_spend *s, uint64_t file, uint64_t at)
{
	pthread_mutex_lock(&s->lock);
	s->file = file;
	s->at = at;
	pthread_mutex_unlock(&s->lock);
}

void
input_live_committed(struct input_live *in, uint64_t file, uint64_t at)
{
	if (in->tail != NULL)
		commit(&in->tail->spend, file, at);
}

void
input_tail_spent_to(struct live_tail *t, uint64_t at)
{
	commit(&t->spend, t->file, at);
}

void
input_tail_spend_open(struct live_tail *t, enum input_after_read how)
{
	t->spend.how = how;
	(void)pthread_mutex_init(&t->spend.lock, NULL);
	for (unsigned i = 0; i < TAIL_LEFT_MAX; i++)
		t->spend.left[i].fd = -1;
}

static int
write_zeros(int fd, uint64_t from, uint64_t to)
{
	while (from < to) {
		size_t len = to - from < sizeof(zeros) ? (size_t)(to - from) : sizeof(zeros);
		ssize_t n = pwrite(fd, zeros, len, (off_t)from);

		if (n <= 0 && errno != EINTR)
			return (-1);
		from += n > 0 ? (uint64_t)n : 0;
	}
	return (fdatasync(fd));
}

/* Files are told by their age which comes first: this does not make one younger. */
static void
give_up(struct live_tail *t, int fd, uint64_t from, uint64_t to)
{
	struct timespec times[2];
	struct stat st;
	bool known = fstat(fd, &st) == 0;

	if ((t->spend.how == INPUT_SHRED && write_zeros(fd, from, to) == -1) ||
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
		(off_t)(to - from)) == -1)
		t->spend.refused = true;
	if (!known)
		return;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	(void)futimens(fd, times);
}

/*
 * Of a file that was left the head goes last: until something of the next one
 * is committed, a start knows by it which files come behind.
 */
static void
spend_left(struct live_tail *t, struct tail_left *left, uint64_t file, uint64_t at)
{
	if (left->fd == -1 || left->file > file)
		return;
	if (left->file == file) {
		if (at < left->end || left->end <= INPUT_HEAD_BYTES || left->headed)
			return;
		give_up(t, left->fd, INPUT_HEAD_BYTES, left->end);
		left->headed = true;
		return;
	}
	if (left->end > 0)
		give_up(t, left->fd, 0, left->end);
	(void)close(left->fd);
	left->fd = -1;
}

void
input_tail_spend(struct live_tail *t)
{
	struct tail_spend *s = &t->spend;
	uint64_t file, at, from, to;

	if (s->how == INPUT_KEEP)
		return;
	pthread_mutex_lock(&s->lock);
	file = s->file;
	at = s->at;
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < TAIL_LEFT_MAX; i++)
		spend_left(t, &s->left[i], file, at);
	if (t->fd == -1 || file != t->file)
		return;
	from = s->done < INPUT_HEAD_BYTES ? INPUT_HEAD_BYTES : s->done;
	to = at < t->at ? at : t->at;
	to -= to < TAIL_LOOK_BYTES ? to : TAIL_LOOK_BYTES;
	if (to < from + STEP_BYTES)
		return;
	give_up(t, t->fd, from, to);
	s->done = to;
}

bool
input_tail_spend_leave(struct live_tail *t)
{
	struct tail_left *left = &t->spend.left[t->file % TAIL_LEFT_MAX];

	if (t->spend.how == INPUT_KEEP)
		return (false);
	if (left->fd != -1)
		(void)close(left->fd); /* the writer is that far behind never */
	*left = (struct tail_left){ .fd = t->fd, .file = t->file, .end = t->at };
	t->fd = -1;
	return (true);
}

void
input_tail_spend_close(struct live_tail *t)
{
	input_tail_spend(t);
	for (unsigned i = 0; i < TAIL_LEFT_MAX; i++)
		if (t->spend.left[i].fd != -1)
			(void)close(t->spend.left[i].fd);
	(void)pthread_mutex_destroy(&t->spend.lock);
}

/*
 * Who writes the log may put a link there, and must not choose by it what we
 * destroy: what a link leads to is only read.
 */
int
input_tail_spend_file(struct live_tail *t, const char *name)
{
	const int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd;

	if (t->spend.how == INPUT_KEEP)
		return (openat(t->dir_fd, name, O_RDONLY | flags));
	fd = openat(t->dir_fd, name, O_RDWR | O_NOFOLLOW | flags);
	if (fd == -1 &&
	    (errno == EACCES || errno == EPERM || errno == EROFS || errno == ELOOP)) {
		t->spend.refused = true;
		fd = openat(t->dir_fd, name, O_RDONLY | flags);
	}
	return (fd);
}

bool
input_tail_is_spent(const struct live_tail *t, int fd)
{
	char first;

	return (t->spend.how != INPUT_KEEP && pread(fd, &first, 1, 0) == 1 && first == '\0');
}
