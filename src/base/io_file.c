/* io, second half: whole files, slots, locks.  All in the steps of io.c. */
#include "base/io.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"

#define CHUNK_BYTES ((size_t)65536)
#define SHRED_SYNC_BYTES ((off_t)8 << 20)

static _Atomic uint64_t spared;

static void
close_quietly(int fd)
{
	int saved = errno;

	if (fd != -1)
		(void)close(fd);
	errno = saved;
}

int
io_keep_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return (-1);
	return (0);
}

/*
 * Open path without being made to wait by a fifo, and only if it is a
 * regular file; errno is never ENOENT for one that is there.
 */
static int
open_regular(int dirfd, const char *path, int flags, struct stat *st, struct err *e)
{
	int fd = io_open(dirfd, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600, e);

	if (fd == -1)
		return (-1);
	if (fstat(fd, st) == -1) {
		(void)err_sys(e, ERR_IO, "%s: stat", path);
		close_quietly(fd);
		return (-1);
	}
	if (!S_ISREG(st->st_mode)) {
		close_quietly(fd);
		errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
		return (err_set(e, ERR_INPUT, "%s: not a regular file", path));
	}
	return (fd);
}

static int
too_large(size_t max, struct err *e)
{
	errno = EFBIG;
	return (err_set(e, ERR_INPUT, "larger than %zu bytes", max));
}

/* The size that fstat tells is a hint; a file may grow, /proc says 0. */
static int
read_rest(int fd, size_t hint, size_t max, struct buf *b, struct err *e)
{
	size_t want = hint + 1;

	if (hint > max)
		return (too_large(max, e)); /* without memory for what is not wanted */
	for (;;) {
		ssize_t n;

		if (buf_reserve(b, want) == -1) {
			errno = ENOMEM;
			return (err_sys(e, ERR_IO, "read"));
		}
		if ((n = io_read(fd, b->data + b->len, want, e)) == -1)
			return (-1);
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (b->len > max)
			return (too_large(max, e));
		if ((size_t)n < want)
			return (0);
		want = max + 1 - b->len < CHUNK_BYTES ? max + 1 - b->len : CHUNK_BYTES;
	}
}

int
io_read_file(int dirfd, const char *path, size_t max, struct buf *b, struct err *e)
{
	struct stat st;
	int fd, rc;

	buf_clear(b);
	if (max >= BUF_BYTES_MAX)
		max = BUF_BYTES_MAX - 1;
	if ((fd = open_regular(dirfd, path, O_RDONLY, &st, e)) == -1)
		return (-1);
	if ((rc = read_rest(fd, (size_t)st.st_size, max, b, e)) == -1)
		(void)err_in(e, "%s", path);
	close_quietly(fd);
	return (rc);
}

/* Open the directory that holds path; *name is the part behind it. */
static int
open_parent(int dirfd, const char *path, const char **name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	char parent[PATH_MAX] = ".";

	if (len >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return (err_sys(e, ERR_IO, "open of the directory"));
	}
	if (slash != NULL) {
		memcpy(parent, path, len);
		parent[len] = '\0';
		if (len == 0)
			memcpy(parent, "/", 2);
	}
	*name = slash == NULL ? path : slash + 1;
	return (io_open(dirfd, parent, O_RDONLY | O_DIRECTORY, 0, e));
}

/*
 * A name that no other writer of the same file picks.  After a crash it may
 * stay behind; the leading dot and ".tmp" tell what it is.
 */
#define TEMPORARY_BYTES 256
static void
temporary_name(char out[static TEMPORARY_BYTES], const char *name)
{
	uint64_t nonce = 0;

	(void)getrandom(&nonce, sizeof(nonce), 0); /* O_EXCL catches a repeat */
	(void)snprintf(out, TEMPORARY_BYTES, ".%.200s.%016" PRIx64 ".tmp", name, nonce);
}

static int
write_new(int dirfd, const char *path, struct span bytes, mode_t mode, struct err *e)
{
	int fd = io_open(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, e);
	int rc = -1;

	if (fd == -1)
		return (-1);
	if (io_write(fd, bytes.ptr, bytes.len, e) == -1 || io_fsync(fd, e) == -1)
		close_quietly(fd);
	else
		rc = io_close(fd, e);
	return (rc);
}

/* Give the finished file its name and take the temporary one away. */
static int
name_file(int dirfd, const char *temporary, const char *name, bool exclusive, struct err *e)
{
	if (!exclusive)
		return (io_rename(dirfd, temporary, name, e));
	if (io_link(dirfd, temporary, name, e) == -1)
		return (-1);
	return (io_unlink(dirfd, temporary, e));
}

int
io_replace(
    int dirfd, const char *path, struct span bytes, mode_t mode, bool exclusive, struct err *e)
{
	char temporary[TEMPORARY_BYTES];
	const char *name;
	int parent = -1, rc = -1, saved;

	if ((parent = open_parent(dirfd, path, &name, e)) == -1)
		goto out;
	temporary_name(temporary, name);
	if (write_new(parent, temporary, bytes, mode, e) == -1 ||
	    name_file(parent, temporary, name, exclusive, e) == -1) {
		saved = errno;
		(void)io_unlink(parent, temporary, NULL);
		errno = saved;
		goto out;
	}
	rc = io_sync_dir(parent, e);
out:
	if (rc == -1)
		(void)err_in(e, "%s", path);
	close_quietly(parent);
	return (rc);
}

/* The entry of path in its directory reaches the disk. */
static int
sync_parent(int dirfd, const char *path, struct err *e)
{
	const char *name;
	int parent = open_parent(dirfd, path, &name, e), rc;

	if (parent == -1)
		return (-1);
	rc = io_sync_dir(parent, e);
	close_quietly(parent);
	return (rc);
}

/* What else has it would be overwritten, too. */
static int
check_slot_names(const struct stat *st, struct err *e)
{
	if (st->st_nlink <= 1)
		return (0);
	errno = EMLINK;
	return (err_set(e, ERR_IO,
	    "it has another name (a hard link), and is overwritten in place: remove the other"));
}

/* A slot just created, or whose creation was cut short, is empty. */
static int
check_slot_size(const struct stat *st, bool may_be_empty, struct err *e)
{
	if (st->st_size == IO_SLOT_BYTES || (may_be_empty && st->st_size == 0))
		return (0);
	errno = EINVAL;
	return (err_set(
	    e, ERR_IO, "a slot has %d bytes, this has %jd", IO_SLOT_BYTES, (intmax_t)st->st_size));
}

int
io_slot_write(
    int dirfd, const char *path, const unsigned char slot[static IO_SLOT_BYTES], struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	if ((fd = open_regular(dirfd, path, O_WRONLY | O_CREAT, &st, e)) == -1)
		return (-1);
	if (check_slot_names(&st, e) == -1 || check_slot_size(&st, true, e) == -1 ||
	    io_pwrite(fd, slot, IO_SLOT_BYTES, 0, e) == -1 ||
	    io_fsync(fd, e) == -1)
		goto out;
	if (st.st_size == 0 && sync_parent(dirfd, path, e) == -1)
		goto out;
	rc = 0;
out:
	if (rc == -1)
		(void)err_in(e, "%s", path);
	close_quietly(fd);
	return (rc);
}

int
io_slot_read(int dirfd, const char *path, unsigned char slot[static IO_SLOT_BYTES], struct err *e)
{
	unsigned char bytes[IO_SLOT_BYTES];
	struct stat st;
	ssize_t len;
	int fd, rc = -1;

	if ((fd = open_regular(dirfd, path, O_RDONLY, &st, e)) == -1)
		return (-1);
	if (check_slot_size(&st, false, e) == -1 ||
	    (len = io_read(fd, bytes, sizeof(bytes), e)) == -1)
		goto out;
	if (len != IO_SLOT_BYTES) {
		errno = EINVAL;
		(void)err_set(e, ERR_IO, "the slot shrank while it was read");
		goto out;
	}
	memcpy(slot, bytes, sizeof(bytes));
	rc = 0;
out:
	explicit_bzero(bytes, sizeof(bytes));
	if (rc == -1)
		(void)err_in(e, "%s", path);
	close_quietly(fd);
	return (rc);
}

static int
write_zeros(int fd, off_t size, struct err *e)
{
	static char zeros[CHUNK_BYTES]; /* const, they would lie in the program */

	for (off_t at = 0; at < size; at += (off_t)CHUNK_BYTES) {
		off_t left = size - at;
		size_t len = left < (off_t)CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		if (io_pwrite(fd, zeros, len, at, e) == -1)
			return (-1);
		/* Little by little: others wait for the same disk. */
		if ((at + (off_t)len) % SHRED_SYNC_BYTES == 0 && io_fdatasync(fd, e) == -1)
			return (-1);
	}
	return (0);
}

/* Of a file that is overwritten in place only its bytes need be synced: its size stays. */
int
io_shred_name(int dirfd, const char *path, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	if ((fd = open_regular(dirfd, path, O_WRONLY, &st, e)) == -1)
		return (-1);
	if (st.st_nlink > 1)
		(void)atomic_fetch_add(&spared, 1);
	else if (write_zeros(fd, st.st_size, e) == -1 || io_fdatasync(fd, e) == -1)
		goto out;
	rc = io_unlink(dirfd, path, e);
out:
	if (rc == -1)
		(void)err_in(e, "%s", path);
	close_quietly(fd);
	return (rc);
}

int
io_shred(int dirfd, const char *path, struct err *e)
{
	if (io_shred_name(dirfd, path, e) == -1)
		return (-1);
	return (sync_parent(dirfd, path, e) == -1 ? err_in(e, "%s", path) : 0);
}

uint64_t
io_shred_spared(void)
{
	return (atomic_load(&spared));
}

int
io_lock(int dirfd, const char *path, struct err *e)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;
	int fd, rc;

	if ((fd = open_regular(dirfd, path, O_RDWR | O_CREAT, &st, e)) == -1)
		return (-1);
	do
		rc = fcntl(fd, F_OFD_SETLK, &whole);
	while (rc == -1 && errno == EINTR);
	if (rc == 0)
		return (fd);
	if (errno == EAGAIN || errno == EACCES)
		(void)err_set(e, ERR_BUSY, "%s: another process holds it", path);
	else
		(void)err_sys(e, ERR_IO, "%s: lock", path);
	close_quietly(fd);
	return (-1);
}
