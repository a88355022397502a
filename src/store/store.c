#include "store/inside.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "key/key.h"
#include "key/recovery.h"
#include "store/keys.h"
#include "store/sweep.h"
#include "store/writer.h"

/* ---- paths ---- */

/*
 * Absolute, without links; the last part need not exist.  NULL and e if its
 * parent does not.
 */
static char *
resolve(const char *path, struct err *e)
{
	char *copy_dir = strdup(path), *copy_base = strdup(path), *found = realpath(path, NULL);
	char *parent = NULL, *name;

	if (found != NULL || errno != ENOENT || copy_dir == NULL || copy_base == NULL)
		goto out;
	name = basename(copy_base);
	if ((parent = realpath(dirname(copy_dir), NULL)) == NULL || name[0] == '/' ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		goto out;
	if (asprintf(&found, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name) == -1)
		found = NULL;
out:
	if (found == NULL)
		(void)err_sys(e, ERR_CONFIG, "%s", path);
	free(copy_dir);
	free(copy_base);
	free(parent);
	return (found);
}

/* Is inner outer itself or below it? */
static bool
is_inside(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	while (len > 0 && outer[len - 1] == '/')
		len--;
	return (strncmp(inner, outer, len) == 0 && (inner[len] == '\0' || inner[len] == '/'));
}

static int
set_paths(struct store *s, const char *dir, const char *keys, struct err *e)
{
	char beside[PATH_MAX];

	if (dir[0] == '\0')
		return (err_set(e, ERR_CONFIG, "no directory given"));
	if (keys == NULL && !store_keys_beside(dir, beside, sizeof(beside)))
		return (err_set(e, ERR_INPUT, "the path is too long"));
	if ((s->dir = resolve(dir, e)) != NULL)
		s->keys = resolve(keys == NULL ? beside : keys, e);
	if (s->dir != NULL && s->keys == NULL)
		return (err_in(e, "keys need an existing folder, not inside the store"));
	if (s->dir == NULL)
		return (-1);
	if (is_inside(s->keys, s->dir) || is_inside(s->dir, s->keys))
		return (err_set(e, ERR_CONFIG,
		    "keys %s: not apart from the store; keys inside "
		    "a store would be copied along with it",
		    s->keys));
	return (0);
}

/* ---- what is there ---- */

enum found {
	FOUND_NOTHING,
	FOUND_UNFINISHED, /* empty, or made so far that no entry is in it */
	FOUND_STORE,
	FOUND_OTHER /* somebody's files */
};

/* Only names of an unfinished store?  A new file system has lost+found. */
static int
see_name(void *arg, int fd, const char *name, struct err *e)
{
	static const char *const ours[] = { "lost+found", "streams", "words", STORE_OWN_STREAM };
	bool *other = arg;

	(void)fd;
	(void)e;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return (0);
	*other = true;
	return (0);
}

static int
exists(int dirfd, const char *path, bool *there, struct err *e)
{
	struct stat st;

	*there = fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (*there || errno == ENOENT || errno == ENOTDIR)
		return (0);
	return (err_sys(e, ERR_CONFIG, "%s", path));
}

static int
look_inside(int fd, enum found *found, struct err *e)
{
	struct store_chain chain;
	bool other = false, there;
	int own, rc;

	if (store_scan(fd, ".", see_name, &other, e) == -1 ||
	    exists(fd, "streams", &there, e) == -1 ||
	    (there && store_scan(fd, "streams", see_name, &other, e) == -1))
		return (-1);
	*found = other ? FOUND_OTHER : FOUND_UNFINISHED;
	if ((own = io_open_dir(fd, "streams/" STORE_OWN_STREAM, e)) == -1)
		return (errno == ENOENT ? 0 : -1);
	rc = store_chain_read(own, &chain, e);
	(void)close(own);
	if (rc == -1)
		return (errno == ENOENT ? 0 : -1);
	if (chain.count > 0)
		*found = FOUND_STORE;
	store_chain_free(&chain);
	return (0);
}

/* A first look, without lock: a store in the making is one unfinished. */
static int
look(const char *dir, enum found *found, struct err *e)
{
	bool there;
	int fd, rc;

	*found = FOUND_NOTHING;
	if (exists(AT_FDCWD, dir, &there, e) == -1)
		return (-1);
	if (!there)
		return (0);
	if ((fd = io_open_dir(AT_FDCWD, dir, e)) == -1) {
		if (e != NULL && errno != EACCES)
			e->code = ERR_CONFIG; /* no directory, or a link in its place */
		return (-1);
	}
	rc = look_inside(fd, found, e);
	(void)close(fd);
	return (rc);
}

bool
store_is_there(const char *dir)
{
	enum found found;

	return (look(dir, &found, NULL) == 0 && found == FOUND_STORE);
}

/* ---- keys ---- */

/* Keys that have signed a store's genesis belong to that store for good. */
static int
check_unused(const struct store *s, struct err *e)
{
	bool used;

	if (exists(s->keys_fd, STORE_OWN_STREAM "/epoch.key", &used, e) == -1)
		return (-1);
	if (used)
		return (err_set(e, ERR_CONFIG,
		    "keys %s: they belong to a store that is not here; "
		    "restore it, or name other keys with --keys",
		    s->keys));
	return (0);
}

/* Who works on a store keeps out who would make one there, not the others. */
static int
share(int fd, struct err *e)
{
	int rc;

	do
		rc = flock(fd, LOCK_SH | LOCK_NB);
	while (rc == -1 && errno == EINTR);
	if (rc == -1 && errno == EWOULDBLOCK)
		return (err_set(e, ERR_BUSY, "another cretula process is at work there"));
	return (0);
}

static int
open_keys(struct store *s, enum found found, struct err *e)
{
	bool there;

	if (found == FOUND_OTHER)
		return (err_set(e, ERR_CONFIG, "not a store, and not empty"));
	if (key_dir_used(s->keys, &there, e) == -1)
		return (-1);
	if (!there && found == FOUND_STORE && s->make_keys == NULL)
		return (err_set(e, ERR_CONFIG,
		    "no keys at %s: the store can be read and verified, not written; name its "
		    "keys with --keys; if they are lost, only `cretula recover --accept-loss "
		    "--reason TEXT --recovery FILE` goes on, with the recovery key",
		    s->keys));
	if (!there && s->make_keys != NULL && store_recovery_fits(s->dir, s->make_keys, e) == -1)
		return (-1);
	s->keys_made = !there && key_create(s->keys, s->make_keys, e) == 0;
	if (!there && !s->keys_made && errno != EEXIST)
		return (-1);
	if ((s->keys_fd = key_open_dir(s->keys, e)) == -1)
		return (-1);
	if (key_recovery_public(s->keys_fd, s->recovery, &there, e) == -1)
		return (-1);
	s->special.recovery = there ? s->recovery : NULL;
	return (found == FOUND_STORE ? share(s->keys_fd, e)
				     : key_lock_dir(s->keys_fd, s->keys, e));
}

/* The lock on the keys alone does not keep out who comes with other keys. */
static int
lock_top(struct store *s, enum found found, struct err *e)
{
	struct err why;

	if (found == FOUND_STORE)
		return (share(s->dirfd, e));
	if (key_lock_dir(s->dirfd, s->dir, &why) == 0 || why.code != ERR_BUSY)
		return (0); /* a file system without such locks: that on the keys counts */
	return (err_set(e, why.code, "%s", why.text));
}

/*
 * Under both locks, what is there stays: now it is decided whether there is
 * a store to open or one to make.
 */
static int
look_again(struct store *s, bool *fresh, struct err *e)
{
	enum found found;

	if (look_inside(s->dirfd, &found, e) == -1)
		return (-1);
	if (found == FOUND_OTHER)
		return (err_set(e, ERR_CONFIG, "not a store, and not empty"));
	*fresh = found != FOUND_STORE;
	return (*fresh ? check_unused(s, e) : 0);
}

static int
say_busy(enum found found, struct err *e)
{
	if (e->code != ERR_BUSY)
		return (-1);
	return (err_set(e, ERR_BUSY, "another cretula process is %s this store",
	    found == FOUND_STORE ? "writing to" : "making"));
}

/* ---- opening ---- */

static void
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
close_parts(struct store *s)
{
	/* A ring may still have a copy of the fd, and with it the lock. */
	if (s->keys_fd != -1)
		(void)flock(s->keys_fd, LOCK_UN);
	close_fd(&s->dirfd);
	close_fd(&s->streams_fd);
	close_fd(&s->words_fd);
	close_fd(&s->keys_fd);
	free(s->dir);
	free(s->keys);
	s->dir = s->keys = NULL;
	buf_free(&s->own_vkey);
}

static int
make_top(struct store *s, bool fresh, struct err *e)
{
	char *copy = strdup(s->dir), *name = strrchr(s->dir, '/') + 1;
	int parent = -1, rc = -1;

	if (copy == NULL)
		return (err_sys(e, ERR_IO, "store"));
	parent = io_open(AT_FDCWD, dirname(copy), O_DIRECTORY | (fresh ? O_RDONLY : O_PATH), 0, e);
	if (parent != -1)
		rc = store_make_dir(parent, name, fresh, &s->dirfd, e);
	if (parent != -1)
		(void)close(parent);
	free(copy);
	return (rc);
}

static int
open_store(struct store *s, const char *dir, const char *keys, bool *created, struct err *e)
{
	enum found found;
	bool fresh = false;

	if (set_paths(s, dir, keys, e) == -1 || look(s->dir, &found, e) == -1)
		return (-1);
	if (open_keys(s, found, e) == -1 || make_top(s, found != FOUND_STORE, e) == -1 ||
	    lock_top(s, found, e) == -1)
		return (say_busy(found, e));
	if (look_again(s, &fresh, e) == -1 ||
	    store_make_dir(s->dirfd, "streams", fresh, &s->streams_fd, e) == -1 ||
	    store_make_dir(s->dirfd, "words", fresh, &s->words_fd, e) == -1 ||
	    store_own_learn(s, fresh, e) == -1)
		return (-1);
	*created = fresh;
	if (found == FOUND_STORE)
		return (0);
	return (share(s->keys_fd, e) == 0 ? share(s->dirfd, e) : -1);
}

/* Who comes while another one makes the store waits until it is made. */
static int
open_patiently(struct store *s, const char *dir, const char *keys, bool *created, struct err *e)
{
	unsigned tries = 0;

	while (open_store(s, dir, keys, created, e) == -1) {
		if (e->code != ERR_BUSY || !store_wait(&tries))
			return (-1);
		close_parts(s);
		e->code = ERR_NONE;
	}
	return (0);
}

static int
open_special(const char *dir, const char *keys, const struct store *how, struct store **s,
    bool *created, struct err *e)
{
	struct store *made = calloc(1, sizeof(*made));
	struct err failed = { .code = ERR_NONE }; /* e stays clean if all is well */

	if (made == NULL)
		return (err_sys(e, ERR_IO, "store"));
	*made = *how;
	made->dirfd = made->streams_fd = made->words_fd = made->keys_fd = -1;
	if (open_patiently(made, dir, keys, created, &failed) == -1) {
		store_close(made);
		(void)err_in(&failed, "store %s", dir);
		if (e != NULL)
			*e = failed;
		return (-1);
	}
	*s = made;
	return (0);
}

int
store_open(const char *dir, const char *keys, struct store **s, bool *created, struct err *e)
{
	static const struct store none = { .dirfd = -1 };

	return (open_special(dir, keys, &none, s, created, e));
}

int
store_open_lost(const char *dir, const char *keys, const unsigned char *recovery, struct store **s,
    struct err *e)
{
	const struct store how = { .special = { .takeover = true }, .make_keys = recovery };
	bool created;

	return (open_special(dir, keys, &how, s, &created, e));
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	close_parts(s);
	free(s);
}

int
store_keys_fd(const struct store *s)
{
	return (s->keys_fd);
}

const char *
store_keys_path(const struct store *s)
{
	return (s->keys);
}

bool
store_keys_made(const struct store *s)
{
	return (s->keys_made);
}

int
store_words_fd(const struct store *s)
{
	return (s->words_fd);
}
