/* Files of a store that nobody vouches for: links, fifos and devices are refused unopened. */
#include "audit/check.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"

enum audit_kind
audit_kind(int dirfd, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? AUDIT_MISSING : AUDIT_OTHER);
	if (S_ISREG(st.st_mode))
		return (AUDIT_REGULAR);
	return (S_ISDIR(st.st_mode) ? AUDIT_DIRECTORY : AUDIT_OTHER);
}

int
audit_read(
    int dirfd, const char *path, size_t max, struct buf *out, enum audit_code *code, struct err *e)
{
	enum audit_kind kind = audit_kind(dirfd, path);

	if (kind == AUDIT_MISSING)
		return (err_set(e, ERR_FINDING, "the file is missing"));
	if (kind != AUDIT_REGULAR) {
		*code = AUDIT_E_FILE_TYPE;
		return (err_set(e, ERR_FINDING, "not a regular file"));
	}
	if (io_read_file(dirfd, path, max, out, e) == -1) {
		if (errno == EFBIG)
			*code = AUDIT_E_LIMIT;
		return (-1);
	}
	return (0);
}

int
audit_walk(int dirfd, const char *path, audit_each each, void *arg, struct err *e)
{
	const struct dirent *found;
	int fd = io_open_dir(dirfd, path, e);
	DIR *dir;

	if (fd == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return (err_memory(e)); /* nothing else is wrong with a directory that is open */
	}
	while ((found = readdir(dir)) != NULL)
		if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
			each(arg, fd, found->d_name);
	(void)closedir(dir);
	return (0);
}

bool
audit_unfinished(const char *name, struct audit_coverage *coverage)
{
	static const char suffix[] = ".tmp";
	size_t len = strlen(name), suffix_len = sizeof(suffix) - 1;

	if (len < suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
		return (false);
	coverage->unfinished++;
	return (true);
}

uint64_t
audit_number(const char *name, const char *suffix)
{
	size_t digits = strspn(name, "0123456789");
	uint64_t n;

	if (digits < 8 || (digits > 8 && name[0] == '0') || strcmp(name + digits, suffix) != 0 ||
	    num_u64(span_of(name, digits), &n) == -1)
		return (0);
	return (n);
}
