/* The directory KEYS and its streams. */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "key/file.h"
#include "key/keyring.h"
#include "key/recovery.h"

/* Copy path without slashes at its end; they would follow a symlink. */
static int
clean_path(char out[static PATH_MAX], const char *path, struct err *e)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= PATH_MAX) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return (err_sys(e, ERR_CONFIG, "key directory"));
	}
	memcpy(out, path, len);
	out[len] = '\0';
	return (0);
}

/* A directory of ours alone, which was opened; fd -1: it was not. */
static int
check_private(int fd, const char *path, struct err *e)
{
	struct stat st;
	int saved;

	if (fd == -1)
		return (key_config_error(e));
	if (fstat(fd, &st) == 0 && key_file_private(&st, path, e) == 0)
		return (fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return (key_config_error(e));
}

int
key_open_dir(const char *dir, struct err *e)
{
	char path[PATH_MAX];

	if (clean_path(path, dir, e) == -1)
		return (-1);
	return (check_private(io_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, e), path, e));
}

/* Does path still lead to the directory that fd is? */
static bool
is_at(int fd, const char *path)
{
	struct stat mine, there;

	return (fstat(fd, &mine) == 0 &&
	    fstatat(AT_FDCWD, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_dev == there.st_dev && mine.st_ino == there.st_ino);
}

static int
busy(const char *path, struct err *e)
{
	(void)err_set(e, ERR_BUSY, "%s: another cretula process is at work there", path);
	errno = EBUSY;
	return (-1);
}

int
key_lock_dir(int fd, const char *path, struct err *e)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX | LOCK_NB);
	while (rc == -1 && errno == EINTR);
	if (rc == -1 && errno != EWOULDBLOCK)
		return (err_sys(e, ERR_IO, "%s: lock", path));
	/* It may have been renamed or removed before the lock was had. */
	return (rc == 0 && is_at(fd, path) ? 0 : busy(path, e));
}

/* A stream must not take a name that KEYS itself uses. */
static bool
is_stream_name(const char *name)
{
	static const char *const ours[] = {
		"import.seed", "kek", "keyring", "keyring.next", "recovery.pub", "root.key",
	};

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return (false);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return (false);
	return (true);
}

int
key_open_stream(int keys_fd, const char *stream, bool create, struct err *e)
{
	if (!is_stream_name(stream)) {
		(void)err_set(e, ERR_CONFIG, "%s: no name for a stream's keys", stream);
		errno = EINVAL;
		return (-1);
	}
	if (create && (io_mkdir(keys_fd, stream, 0700, e) == -1 ||
	    io_sync_dir(keys_fd, e) == -1))
		return (key_config_error(e));
	return (check_private(io_open_dir(keys_fd, stream, e), stream, e));
}

/* ---- creation ---- */

static int
write_random_slot(int dirfd, const char *name, const char *kind, struct key_slot *slot,
    struct err *e)
{
	memset(slot, 0, sizeof(*slot));
	memcpy(slot->kind, kind, strlen(kind));
	crypto_random(slot->secret, sizeof(slot->secret));
	return (key_slot_write(dirfd, name, slot, e));
}

/* All files of a new KEYS; what is there of an unfinished one is overwritten. */
static int
fill(int dirfd, struct err *e)
{
	struct key_keyring *k = crypto_secret_alloc(sizeof(*k), NULL);
	int rc = -1;

	if (k == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	crypto_random(k->table.fingerprint, sizeof(k->table.fingerprint));
	if (write_random_slot(dirfd, "root.key", "root", &k->kek, e) == 0 &&
	    write_random_slot(dirfd, "kek", "kek", &k->kek, e) == 0 &&
	    key_keyring_save(dirfd, k, e) == 0 && io_sync_dir(dirfd, e) == 0)
		rc = 0;
	crypto_secret_free(k);
	return (rc);
}

/* The entry of path in its directory reaches the disk. */
static int
sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX] = ".";
	size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
	int fd, rc;

	if (slash != NULL) {
		memcpy(parent, path, len);
		parent[len] = '\0';
	}
	if ((fd = io_open(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0, e)) == -1)
		return (-1);
	rc = io_sync_dir(fd, e);
	(void)close(fd);
	return (rc);
}

/*
 * A failed creation leaves nothing behind; a crashed one is taken up.  Only
 * under the lock and before the rename: afterwards the keys may be in use.
 */
static void
take_back(int dirfd, const char *unfinished)
{
	static const char *const names[] = { "root.key", "kek", "keyring" };
	int saved = errno;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)io_shred(dirfd, names[i], NULL);
	(void)io_unlink(dirfd, "recovery.pub", NULL);
	(void)rmdir(unfinished);
	errno = saved;
}

/* Two processes may want to make the same KEYS: the one with the lock does. */
static int
open_unfinished(const char *unfinished, struct err *e)
{
	int fd;

	if (io_mkdir(AT_FDCWD, unfinished, 0700, e) == -1)
		return (key_config_error(e));
	if ((fd = check_private(io_open_dir(AT_FDCWD, unfinished, e), unfinished, e)) == -1)
		return (errno == ENOENT ? busy(unfinished, e) : -1); /* renamed just now */
	if (key_lock_dir(fd, unfinished, e) == 0)
		return (fd);
	(void)close(fd);
	errno = EBUSY;
	return (-1);
}

static int
exists_already(const char *path, struct err *e)
{
	(void)err_set(e, ERR_CONFIG, "%s: exists already", path);
	errno = EEXIST;
	return (-1);
}

/* What is there and cannot be looked into counts as used. */
static bool
is_empty_dir(const char *path)
{
	int fd = io_open_dir(AT_FDCWD, path, NULL);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = dir != NULL;

	if (dir == NULL) {
		if (fd != -1)
			(void)close(fd);
		return (false);
	}
	errno = 0;
	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	empty = empty && errno == 0;
	(void)closedir(dir);
	return (empty);
}

int
key_dir_used(const char *dir, bool *used, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (clean_path(path, dir, e) == -1)
		return (-1);
	*used = lstat(path, &st) == 0;
	if (!*used && errno != ENOENT && errno != ENOTDIR)
		return (err_sys(e, ERR_CONFIG, "%s", path));
	*used = *used && !is_empty_dir(path);
	return (0);
}

/* rename(2) replaces a directory only if nothing is in it. */
static int
fill_and_name(int dirfd, const char *unfinished, const char *path,
    const unsigned char *recovery, struct err *e)
{
	/* One of an unfinished creation would name a key that nobody has. */
	if (io_unlink(dirfd, "recovery.pub", e) == -1 ||
	    (recovery != NULL && key_recovery_publish(dirfd, recovery, e) == -1) ||
	    fill(dirfd, e) == -1) {
		(void)err_in(e, "%s", path);
		return (key_config_error(e));
	}
	if (io_rename(AT_FDCWD, unfinished, path, e) == 0)
		return (0);
	if (errno == EEXIST || errno == ENOTEMPTY)
		return (exists_already(path, e));
	if (errno == EBUSY) {
		(void)err_set(e, ERR_CONFIG, "%s: a mount point: name a directory in it", path);
		errno = EBUSY;
		return (-1);
	}
	return (key_config_error(e));
}

/* KEYS appears whole: it is filled under the name "KEYS.new" and renamed. */
int
key_create(const char *dir, const unsigned char *recovery, struct err *e)
{
	char path[PATH_MAX], unfinished[PATH_MAX + 8];
	bool used;
	int fd, rc = -1;

	if (clean_path(path, dir, e) == -1 || key_dir_used(path, &used, e) == -1)
		return (-1);
	if (used)
		return (exists_already(path, e));
	(void)snprintf(unfinished, sizeof(unfinished), "%s.new", path);
	if ((fd = open_unfinished(unfinished, e)) == -1)
		return (-1);
	if (fill_and_name(fd, unfinished, path, recovery, e) == -1)
		take_back(fd, unfinished);
	else if ((rc = sync_parent(path, e)) == -1)
		(void)key_config_error(e); /* but they are there, and good */
	(void)close(fd);
	return (rc);
}

int
key_renew(int keys_fd, struct err *e)
{
	return (fill(keys_fd, e) == 0 ? 0 : key_config_error(e));
}
