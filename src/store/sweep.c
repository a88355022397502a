#include "store/sweep.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "store/writer.h"

#define DIGITS 8 /* of a segment's or a note's number, at least */

int
store_make_dir(int dirfd, const char *name, bool fresh, int *fd, struct err *e)
{
	if (!fresh) {
		*fd = io_open_dir(dirfd, name, e);
		if (*fd != -1 || errno != ENOENT)
			return (*fd == -1 ? -1 : 0);
	}
	if (io_mkdir(dirfd, name, 0750, e) == -1 || io_sync_dir(dirfd, e) == -1)
		return (-1);
	*fd = io_open_dir(dirfd, name, e);
	return (*fd == -1 ? -1 : 0);
}

int
store_scan(int dirfd, const char *path, store_each each, void *arg, struct err *e)
{
	int fd = io_open_dir(dirfd, path, e), rc = 0;
	struct dirent *entry;
	DIR *dir;

	if (fd == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		(void)err_sys(e, ERR_IO, "%s", path);
		(void)close(fd);
		return (-1);
	}
	while (rc == 0) {
		errno = 0;
		if ((entry = readdir(dir)) == NULL)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = each(arg, fd, entry->d_name, e);
	}
	if (rc == 0 && errno != 0)
		rc = err_sys(e, ERR_IO, "%s: read", path);
	(void)closedir(dir);
	return (rc);
}

int
store_remove_file(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1)
		return (io_shred(fd, name, e));
	if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == EEXIST)
		return (0);
	return (io_unlink(fd, name, e));
}

#define ASIDE_MAX 1000

int
store_make_room(int dirfd, const char *name, bool *was, struct err *e)
{
	struct stat st;
	char aside[NAME_MAX + 1];

	*was = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode);
	if (!*was)
		return (0);
	if (!S_ISDIR(st.st_mode))
		return (io_unlink(dirfd, name, e));
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return (0);
	for (unsigned n = 1; n < ASIDE_MAX; n++) {
		(void)snprintf(aside, sizeof(aside), ".%.200s.%u.tmp", name, n);
		if (fstatat(dirfd, aside, &st, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT)
			return (io_rename(dirfd, name, aside, e));
	}
	return (err_set(e, ERR_IO, "%s: a directory in its place, and %d more", name, ASIDE_MAX));
}

int
store_make_file(int dirfd, const char *path, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	int fd = io_open(dirfd, path, flags, STORE_FILE_MODE, e);

	if (fd != -1 || errno != EEXIST)
		return (fd);
	if (store_remove_file(dirfd, path, e) == -1)
		return (-1);
	return (io_open(dirfd, path, flags, STORE_FILE_MODE, e));
}

static bool
ends(struct span name, struct span tail)
{
	return (name.len > tail.len && span_equal(span_from(name, name.len - tail.len), tail));
}

static int
remove_tmp(void *arg, int fd, const char *name, struct err *e)
{
	static const struct span tmp = SPAN(".tmp");
	const char *const *prefix = arg;

	if (!ends(span_str(name), tmp) || !span_starts(span_str(name), span_str(*prefix)))
		return (0);
	return (store_remove_file(fd, name, e));
}

int
store_sweep_tmp(int dirfd, const char *path, const char *prefix, struct err *e)
{
	return (store_scan(dirfd, path, remove_tmp, &prefix, e));
}

/* "00000042SUFFIX"; the number, or 0 if name is not of this form. */
static uint64_t
read_number(const char *name, struct span suffix)
{
	struct span all = span_str(name), digits = all;
	uint64_t number;

	if (!ends(all, suffix))
		return (0);
	digits.len -= suffix.len;
	if (digits.len < DIGITS || (digits.len > DIGITS && digits.ptr[0] == '0') ||
	    num_u64(digits, &number) == -1)
		return (0);
	return (number);
}

static int
remove_segment(void *arg, int fd, const char *name, struct err *e)
{
	static const struct span suffixes[] = { SPAN(".jsonl.zst"), SPAN(".salt"), SPAN(".idx"),
		SPAN(".tags") };
	static const struct span tmp = SPAN(".tmp");
	const uint64_t *last = arg;
	bool ours = ends(span_str(name), tmp);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		ours = ours || read_number(name, suffixes[i]) > *last;
	return (ours ? store_remove_file(fd, name, e) : 0);
}

static int
see_open(void *arg, int fd, const char *name, struct err *e)
{
	static const struct span suffixes[] = { SPAN(".data"), SPAN(".tags"), SPAN(".salt") };
	struct store_opens *found = arg;
	uint64_t number = 0;
	unsigned file;

	for (file = 0; file < 3 && number == 0; file++)
		number = read_number(name, suffixes[file]);
	if (number == 0)
		return (0);
	for (size_t i = 0; i < found->count; i++) {
		if (found->list[i].number == number) {
			found->list[i].files |= 1u << (file - 1);
			return (0);
		}
	}
	if (found->count == STORE_OPENS_MAX)
		return (err_set(e, ERR_CONFIG, "open: more segments than a crash leaves"));
	found->list[found->count].number = number;
	found->list[found->count++].files = 1u << (file - 1);
	(void)fd;
	return (0);
}

int
store_scan_open(int dirfd, struct store_opens *found, struct err *e)
{
	*found = (struct store_opens){ .count = 0 };
	if (store_scan(dirfd, "open", see_open, found, e) == -1)
		return (errno == ENOENT && found->count == 0 ? 0 : -1);
	for (size_t i = 1; i < found->count; i++) {
		struct store_open_files one = found->list[i];
		size_t j = i;

		for (; j > 0 && found->list[j - 1].number > one.number; j--)
			found->list[j] = found->list[j - 1];
		found->list[j] = one;
	}
	return (0);
}

int
store_sweep_segments(int dirfd, uint64_t last, struct err *e)
{
	return (store_scan(dirfd, "seg", remove_segment, &last, e));
}

static int
see_note(void *arg, int fd, const char *name, struct err *e)
{
	static const struct span suffix = SPAN(".note");
	uint64_t *newest = arg, size = read_number(name, suffix);

	(void)fd;
	(void)e;
	if (size > *newest)
		*newest = size;
	return (0);
}

int
store_newest_note(int dirfd, uint64_t *size, struct err *e)
{
	uint64_t newest = 0;

	if (store_scan(dirfd, "cp", see_note, &newest, e) == -1)
		return (-1);
	*size = newest;
	return (0);
}
