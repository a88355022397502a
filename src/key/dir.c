/* The directory KEYS and its streams. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "key/file.h"
#include "key/keyring.h"

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

/* Open a directory of ours alone. */
static int
open_private(int dirfd, const char *path, struct err *e)
{
	int fd = io_open_dir(dirfd, path, e), saved;
	struct stat st;

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
	return (open_private(AT_FDCWD, path, e));
}

/* A stream must not take a name that KEYS itself uses. */
static bool
is_stream_name(const char *name)
{
	static const char *const ours[] = {
		"import.seed", "kek", "keyring", "keyring.next", "root.key",
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
	return (open_private(keys_fd, stream, e));
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

/* A failed creation leaves nothing behind; a crashed one is taken up. */
static void
take_back(int dirfd, const char *path)
{
	static const char *const names[] = { "root.key", "kek", "keyring" };
	int saved = errno;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)io_shred(dirfd, names[i], NULL);
	(void)rmdir(path);
	errno = saved;
}

/* KEYS appears whole: it is filled under the name "KEYS.new" and renamed. */
int
key_create(const char *dir, struct err *e)
{
	char path[PATH_MAX], unfinished[PATH_MAX + 8];
	const char *place = unfinished; /* where it is by now */
	struct stat st;
	int fd = -1, rc = -1;

	if (clean_path(path, dir, e) == -1)
		return (-1);
	if (lstat(path, &st) == 0) {
		(void)err_set(e, ERR_CONFIG, "%s: exists already", path);
		errno = EEXIST;
		return (-1);
	}
	(void)snprintf(unfinished, sizeof(unfinished), "%s.new", path);
	if (io_mkdir(AT_FDCWD, unfinished, 0700, e) == -1)
		return (key_config_error(e));
	if ((fd = open_private(AT_FDCWD, unfinished, e)) == -1)
		return (-1);
	if (fill(fd, e) == -1) {
		(void)err_in(e, "%s", path);
		goto out;
	}
	if (io_rename(AT_FDCWD, unfinished, path, e) == -1)
		goto out;
	place = path;
	rc = sync_parent(path, e);
out:
	if (rc == -1) {
		(void)key_config_error(e);
		take_back(fd, place);
	}
	(void)close(fd);
	return (rc);
}
