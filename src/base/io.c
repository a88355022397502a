#include "base/io.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"

#define CRASH_EXIT 77

/* Steps counted so far, and the first and last one that fail; 0 means none does. */
static _Atomic uint64_t steps;
static _Atomic uint64_t fault_at, fault_last;
static _Atomic int fault_errnum;

static void
set_fault(uint64_t nth, int errnum, uint64_t count)
{
	uint64_t at = atomic_load(&steps) + nth;

	atomic_store(&fault_at, 0);
	atomic_store(&fault_errnum, errnum);
	atomic_store(&fault_last, count > UINT64_MAX - at ? UINT64_MAX : at + count - 1);
	if (nth > 0)
		atomic_store(&fault_at, at);
}

void
io_fault_set(uint64_t nth, int errnum, bool sticky)
{
	set_fault(nth, errnum, sticky ? UINT64_MAX : 1);
}

uint64_t
io_fault_steps(void)
{
	return (atomic_load(&steps));
}

#ifdef CRETULA_TESTING
static const char *fault_while; /* only as long as this is there */

/* CRETULA_FAULT=n[:errnum[:count]], CRETULA_FAULT_WHILE=PATH */
__attribute__((constructor)) static void
set_from_environment(void)
{
	const char *text = getenv("CRETULA_FAULT");
	uint64_t numbers[3] = { 0, 0, 1 };
	struct span rest;

	if (text == NULL)
		return;
	fault_while = getenv("CRETULA_FAULT_WHILE");
	rest = span_str(text);
	for (size_t i = 0; i < 3 && rest.len > 0; i++) {
		size_t colon = span_find(rest, ':');

		if (num_u64(span_of(rest.ptr, colon), &numbers[i]) == -1)
			return;
		rest = span_from(rest, colon + 1);
	}
	if (numbers[1] <= 4095)
		set_fault(numbers[0], (int)numbers[1], numbers[2]);
}
#endif

__attribute__((cold, noinline)) static bool
fault_hit(uint64_t step)
{
	uint64_t at = atomic_load(&fault_at);

	if (at == 0 || step < at || step > atomic_load(&fault_last))
		return (false);
#ifdef CRETULA_TESTING
	if (fault_while != NULL && access(fault_while, F_OK) == -1)
		return (false);
#endif
	errno = atomic_load(&fault_errnum);
	return (true);
}

/* Count a durable step.  Return whether it fails by order, errno says how. */
static inline bool
step_fails(void)
{
	uint64_t step = atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed) + 1;

	if (__builtin_expect(atomic_load_explicit(&fault_at, memory_order_relaxed) == 0, 1))
		return (false);
	return (fault_hit(step));
}

/* The ordered failure itself: errno 0 stands for a crash. */
static void
fail_step(void)
{
	if (errno == 0)
		_exit(CRASH_EXIT);
}

/* As step_fails, for steps that do nothing when they fail. */
static inline bool
stopped(void)
{
	if (!step_fails())
		return (false);
	fail_step();
	return (true);
}

static bool
is_write(int flags)
{
	return ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
}

/* Of ours or of the machine: it says nothing of the file, and may pass. */
static bool
is_lack(int errnum)
{
	return (errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM);
}

int
io_open(int dirfd, const char *path, int flags, mode_t mode, struct err *e)
{
	enum err_code code = is_write(flags) ? ERR_IO : ERR_INPUT;
	int fd;

	if (is_write(flags) && stopped())
		return (err_sys(e, code, "%s: open", path));
	do
		fd = openat(dirfd, path, flags | O_CLOEXEC, mode);
	while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return (err_sys(e, is_lack(errno) ? ERR_IO : code, "%s: open", path));
	return (fd);
}

int
io_open_dir(int dirfd, const char *path, struct err *e)
{
	int fd = io_open(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
	struct stat st;

	if (fd != -1 || errno != ENOTDIR)
		return (fd);
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
		(void)err_set(e, ERR_INPUT, "%s: open: it is a link, which is not followed", path);
		errno = ELOOP;
	} else {
		errno = ENOTDIR;
	}
	return (-1);
}

/* From an offset on, or from where the file is if at is negative. */
static ssize_t
read_all(int fd, char *to, size_t size, off_t at, struct err *e)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = at < 0 ? read(fd, to + len, size - len)
				   : pread(fd, to + len, size - len, at + (off_t)len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (err_sys(e, ERR_IO, "read"));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return ((ssize_t)len);
}

ssize_t
io_read(int fd, void *bytes, size_t size, struct err *e)
{
	return (read_all(fd, bytes, size, -1, e));
}

ssize_t
io_pread(int fd, void *bytes, size_t size, off_t at, struct err *e)
{
	return (read_all(fd, bytes, size, at, e));
}

/* Write at an offset, or behind what was written if at is negative. */
static int
write_all(int fd, const char *bytes, size_t len, off_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n;

		if (at < 0)
			n = write(fd, bytes + done, len - done);
		else
			n = pwrite(fd, bytes + done, len - done, at + (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		done += (size_t)n;
	}
	return (0);
}

/*
 * A write that fails by order leaves its first half, as a full disk does.
 * A slot is one sector, which reaches the disk whole or not at all.
 */
static int
write_step(int fd, const void *bytes, size_t len, off_t at)
{
	bool sector = at >= 0 && at % IO_SLOT_BYTES == 0 && len == IO_SLOT_BYTES;
	int errnum;

	if (!step_fails())
		return (write_all(fd, bytes, len, at));
	errnum = errno;
	(void)write_all(fd, bytes, sector ? 0 : len / 2, at);
	errno = errnum;
	fail_step();
	return (-1);
}

int
io_write(int fd, const void *bytes, size_t len, struct err *e)
{
	if (write_step(fd, bytes, len, -1) == -1)
		return (err_sys(e, ERR_IO, "write"));
	return (0);
}

int
io_pwrite(int fd, const void *bytes, size_t len, off_t at, struct err *e)
{
	if (at < 0) {
		errno = EINVAL;
		return (err_sys(e, ERR_IO, "write"));
	}
	if (write_step(fd, bytes, len, at) == -1)
		return (err_sys(e, ERR_IO, "write"));
	return (0);
}

/* Run a call that answers -1 and EINTR until it answers something else. */
#define RETRY(rc, call) \
	do \
		(rc) = (call); \
	while ((rc) == -1 && errno == EINTR)

int
io_fsync(int fd, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, fsync(fd));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "sync"));
}

int
io_fdatasync(int fd, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, fdatasync(fd));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "sync"));
}

/* Linux has closed fd even when it says EINTR; it may be another's by now. */
int
io_close(int fd, struct err *e)
{
	if (close(fd) == -1 && errno != EINTR)
		return (err_sys(e, ERR_IO, "close"));
	return (0);
}

int
io_mkdir(int dirfd, const char *path, mode_t mode, struct err *e)
{
	struct stat st;
	int rc = -1;

	if (!stopped())
		RETRY(rc, mkdirat(dirfd, path, mode));
	if (rc == -1 && errno == EEXIST) {
		RETRY(rc, fstatat(dirfd, path, &st, 0));
		if (rc == 0 && !S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			rc = -1;
		}
	}
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "%s: mkdir", path));
}

int
io_rename(int dirfd, const char *from, const char *to, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, renameat(dirfd, from, dirfd, to));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "%s: rename", to));
}

int
io_link(int dirfd, const char *from, const char *to, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, linkat(dirfd, from, dirfd, to, 0));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "%s: link", to));
}

int
io_unlink(int dirfd, const char *path, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, unlinkat(dirfd, path, 0));
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "%s: unlink", path));
}

int
io_sync_dir(int dirfd, struct err *e)
{
	int rc = -1, here = -1;

	if (dirfd == AT_FDCWD) {
		if ((here = io_open_dir(AT_FDCWD, ".", e)) == -1)
			return (-1);
		dirfd = here;
	}
	if (!stopped())
		RETRY(rc, fsync(dirfd));
	if (rc == -1)
		(void)err_sys(e, ERR_IO, "sync of the directory");
	if (here != -1)
		(void)close(here);
	return (rc);
}

int
io_truncate(int fd, off_t size, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, ftruncate(fd, size));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "truncate"));
}

int
io_preallocate(int fd, off_t at, off_t len, struct err *e)
{
	int rc = -1;

	if (!stopped())
		RETRY(rc, fallocate(fd, FALLOC_FL_KEEP_SIZE, at, len));
	return (rc == 0 ? 0 : err_sys(e, ERR_IO, "preallocate"));
}
