/*
 * A full disk.  Space is set aside while there is some, so that what is open
 * can be sealed and the stop be said when there is none.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "store/live/inside.h"
#include "store/writer.h"

#define RESERVE "reserve"
#define RESERVE_BYTES ((off_t)1 << 20)

bool
store_is_full(int errnum)
{
	return (errnum == ENOSPC || errnum == EDQUOT);
}

void
store_open_failed(struct store_live *l)
{
	l->full = store_is_full(errno);
	l->broken = l->broken || store_writer_broken(l->stream->writer);
}

bool
store_live_full(const struct store_live *l)
{
	return (l->full);
}

void
store_open_reserve(struct store_live *l)
{
	int saved = errno, fd;
	struct stat st;

	if (l->reserved)
		return;
	fd = io_open(l->open_fd, RESERVE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
	    STORE_FILE_MODE, NULL);
	/* What has another name is not ours to grow. */
	l->reserved = fd != -1 && fstat(fd, &st) == 0 && st.st_nlink == 1 &&
	    posix_fallocate(fd, 0, RESERVE_BYTES) == 0;
	if (fd != -1)
		(void)close(fd);
	if (!l->reserved)
		(void)io_unlink(l->open_fd, RESERVE, NULL);
	errno = saved;
}

void
store_live_use_reserve(struct store_live *l)
{
	int saved = errno;

	(void)io_unlink(l->open_fd, RESERVE, NULL);
	l->reserved = false;
	errno = saved;
}
