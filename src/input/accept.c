#include "input/accept.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEPT_MAX 64

/* The lowest number that is free is the next one's: is it one of the last? */
static bool
are_left(int fd)
{
	struct rlimit limit;
	rlim_t kept;
	int next;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur == RLIM_INFINITY)
		return (true);
	kept = limit.rlim_cur / 4 < KEPT_MAX ? limit.rlim_cur / 4 : KEPT_MAX;
	if ((next = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return (false);
	(void)close(next);
	return ((rlim_t)next < limit.rlim_cur - kept);
}

int
input_accept(int fd, bool *short_of)
{
	int got = -1;

	*short_of = !are_left(fd);
	if (!*short_of && (got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) == -1)
		*short_of = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM;
	return (got);
}
