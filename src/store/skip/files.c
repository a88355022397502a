/* skip, files: where they lie, and how they go. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "store/skip/skip.h"
#include "store/sweep.h"
#include "store/writer.h"

#define NAME_BYTES 24

int
store_skip_write(const struct store_skip_maker *m, int dirfd, uint64_t seg, struct err *e)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%08ju", (uintmax_t)seg);
	return (io_replace(dirfd, name, buf_view(&m->bytes), STORE_FILE_MODE, false, e));
}

/* Only the owner leaves files there: others' could not be overwritten. */
static bool
is_ours(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && st.st_uid == geteuid());
}

int
store_skip_dir(int store_fd, const char *name, bool make)
{
	int all, fd;

	if (make && (!is_ours(store_fd) || io_mkdir(store_fd, STORE_SKIP_DIR, 0750, NULL) == -1))
		return (-1);
	if ((all = io_open_dir(store_fd, STORE_SKIP_DIR, NULL)) == -1)
		return (-1);
	if (make && (!is_ours(all) || io_mkdir(all, name, 0750, NULL) == -1)) {
		(void)close(all);
		return (-1);
	}
	fd = io_open_dir(all, name, NULL);
	(void)close(all);
	return (fd);
}

int
store_skip_forget(int dirfd, uint64_t seg, struct err *e)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%08ju", (uintmax_t)seg);
	if (io_shred(dirfd, name, NULL) == 0 || errno == ENOENT)
		return (0);
	return (store_remove_file(dirfd, name, e)); /* another one's, then */
}

struct sweep {
	bool (*gone)(void *arg, uint64_t seg);
	void *arg;
};

static int
sweep_one(void *arg, int fd, const char *name, struct err *e)
{
	const struct sweep *s = arg;
	uint64_t seg;

	if (num_u64(span_str(name), &seg) == -1)
		return (store_remove_file(fd, name, e)); /* what was not finished */
	return (s->gone(s->arg, seg) ? store_skip_forget(fd, seg, e) : 0);
}

int
store_skip_sweep(
    int store_fd, const char *name, bool (*gone)(void *arg, uint64_t seg), void *arg, struct err *e)
{
	struct sweep s = { gone, arg };
	int fd = store_skip_dir(store_fd, name, false), rc;

	if (fd == -1)
		return (0); /* nor does a search find notes there */
	rc = store_scan(fd, ".", sweep_one, &s, e);
	(void)close(fd);
	return (rc);
}
