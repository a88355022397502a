/*
 * slow_disk: preloaded, each sync takes 0.25 s more while the file SLOW_DISK is
 * there, as on a disk that others keep busy.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
drag(void)
{
	const struct timespec a_while = { 0, 250000000 };
	const char *path = getenv("SLOW_DISK");
	struct stat st;

	if (path != NULL && stat(path, &st) == 0)
		(void)nanosleep(&a_while, NULL);
}

int
fsync(int fd)
{
	drag();
	return ((int)syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	drag();
	return ((int)syscall(SYS_fdatasync, fd));
}
