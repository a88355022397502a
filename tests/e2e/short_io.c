/*
 * short_io: preloaded, it makes the kernel as rude as it may be: reads and
 * writes move part of what was asked, and each third call is interrupted.
 */
#include <sys/syscall.h>
#include <sys/types.h>

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_uint calls;

/* How much of len to do now; 0: be interrupted. */
static size_t
part(size_t len)
{
	unsigned call = atomic_fetch_add(&calls, 1);

	if (call % 3 == 2)
		return (0);
	return (len < 2 ? len : call % 2 == 0 ? 1 + len / 3 : len - len / 5);
}

static ssize_t
interrupted(void)
{
	errno = EINTR;
	return (-1);
}

ssize_t
read(int fd, void *bytes, size_t len)
{
	size_t now = part(len);

	return (now == 0 && len > 0 ? interrupted() : syscall(SYS_read, fd, bytes, now));
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	size_t now = part(len);

	return (now == 0 && len > 0 ? interrupted() : syscall(SYS_write, fd, bytes, now));
}

ssize_t
pread64(int fd, void *bytes, size_t len, off_t at)
{
	size_t now = part(len);

	return (now == 0 && len > 0 ? interrupted() : syscall(SYS_pread64, fd, bytes, now, at));
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	size_t now = part(len);

	return (now == 0 && len > 0 ? interrupted() : syscall(SYS_pwrite64, fd, bytes, now, at));
}

int
fsync(int fd)
{
	return (part(1) == 0 ? (int)interrupted() : (int)syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	return (part(1) == 0 ? (int)interrupted() : (int)syscall(SYS_fdatasync, fd));
}
