/*
 * A full disk.  Space is set aside while there is some, so that what is open
 * can be sealed and the stop be said when there is none.  Blocks of .data are
 * taken in steps, before they are written: a commit has less to do, and what
 * finds no space is not half written.
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
#define ROOM_LEAST ((uint64_t)256 << 10)
#define ROOM_MOST ((uint64_t)16 << 20)

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

static int
take_room(struct live_open *o, uint64_t end, struct err *e)
{
	uint64_t from = o->room > o->state.off ? o->room : o->state.off;

	if (io_preallocate(o->data_fd, (off_t)from, (off_t)(end - from), e) == -1)
		return (-1);
	o->room = end;
	return (0);
}

int
store_open_room(struct live_open *o, uint64_t end, struct err *e)
{
	uint64_t more = end / 4;
	int saved = errno, rc;

	if (end <= o->room)
		return (0);
	more = more < ROOM_LEAST ? ROOM_LEAST : more > ROOM_MOST ? ROOM_MOST : more;
	if ((rc = take_room(o, end + more, NULL)) == -1 && store_is_full(errno))
		rc = take_room(o, end, e);
	if (rc == -1 && store_is_full(errno))
		return (-1);
	if (rc == -1)
		o->room = UINT64_MAX; /* the file system has no such call: writing will tell */
	errno = saved;
	return (0);
}
