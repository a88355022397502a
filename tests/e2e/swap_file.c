/*
 * swap_file: preloaded, it puts the file SWAP_BY in the place of SWAP_FILE (paths)
 * just before a file of that name is opened for reading for the SWAP_AT-th time.
 */
#include <sys/syscall.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
swap(const char *path, int flags)
{
	const char *file = getenv("SWAP_FILE"), *by = getenv("SWAP_BY"), *at = getenv("SWAP_AT");
	static int opened;

	if (file == NULL || by == NULL || at == NULL || (flags & O_ACCMODE) != O_RDONLY ||
	    strcmp(path, strrchr(file, '/') + 1) != 0)
		return;
	if (++opened == atoi(at))
		(void)rename(by, file);
}

static int
open_at(int dirfd, const char *path, int flags, unsigned mode)
{
	swap(path, flags);
	return ((int)syscall(SYS_openat, dirfd, path, flags, mode));
}

int
openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
	va_end(args);
	return (open_at(dirfd, path, flags, mode));
}

int
openat64(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
	va_end(args);
	return (open_at(dirfd, path, flags, mode));
}
