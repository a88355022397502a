#include "input/local.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <unistd.h>

static void
remove_stale(const struct sockaddr_un *where, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd == -1)
		return;
	if (connect(fd, (const struct sockaddr *)where, sizeof(*where)) == -1 &&
	    errno == ECONNREFUSED && lstat(where->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(where->sun_path);
	(void)close(fd);
}

int
input_local_bind(const struct sockaddr_un *where, int type, mode_t mode)
{
	int fd, errnum;

	remove_stale(where, type);
	if ((fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (-1);
	/* The name takes the mode of the descriptor, less the umask, which is undone. */
	if (fchmod(fd, mode) == 0 &&
	    bind(fd, (const struct sockaddr *)where, sizeof(*where)) == 0) {
		if (chmod(where->sun_path, mode) == 0)
			return (fd);
		errnum = errno;
		(void)unlink(where->sun_path);
		errno = errnum;
	}
	errnum = errno;
	(void)close(fd);
	errno = errnum;
	return (-1);
}
