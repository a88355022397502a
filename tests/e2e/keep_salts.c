/*
 * keep_salts: preloaded, the .salt of the first segment cannot be removed while
 * the file KEEP_SALTS is there, as on a disk with a bad block.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
unlinkat(int fd, const char *path, int flags)
{
	const char *keep = getenv("KEEP_SALTS"), *name = strrchr(path, '/');
	struct stat st;

	name = name == NULL ? path : name + 1;
	if (keep != NULL && strcmp(name, "00000001.salt") == 0 && stat(keep, &st) == 0) {
		errno = EIO;
		return (-1);
	}
	return ((int)syscall(SYS_unlinkat, fd, path, flags));
}
