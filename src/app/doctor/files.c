/* Modes, owners and places of the store and its keys. */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor/doctor.h"

#define DEPTH_MAX 4

/* ---- one tree ---- */

struct tree {
	struct app_doctor *d;
	const char *root;
	mode_t forbidden;
	unsigned wrong, foreign; /* modes, owners */
	bool blind;              /* we may not look everywhere */
	char first[CONFIG_PATH_BYTES];
};

static void
look_at(struct tree *t, const char *path, const struct stat *st)
{
	bool wrong = !S_ISLNK(st->st_mode) && (st->st_mode & t->forbidden) != 0,
	     foreign = st->st_uid != t->d->uid;

	if ((wrong || foreign) && t->wrong + t->foreign == 0)
		(void)snprintf(t->first, sizeof(t->first), "%s", path);
	t->wrong += wrong;
	t->foreign += foreign;
}

static void
walk(struct tree *t, const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[CONFIG_PATH_BYTES];
	struct stat st;

	t->blind = t->blind || (dir == NULL && errno == EACCES);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    len < 0 || (size_t)len >= sizeof(below) || lstat(below, &st) == -1)
			continue;
		look_at(t, below, &st);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			walk(t, below, depth + 1);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* who: what must not be possible, in a mode's words for chmod. */
static void
check_tree(struct app_doctor *d, const char *root, mode_t forbidden, const char *take)
{
	struct tree t = { .d = d, .root = root, .forbidden = forbidden };
	char mend[APP_DOCTOR_MEND_BYTES];
	struct stat st;

	if (lstat(root, &st) == -1 && errno == ENOENT)
		return; /* not made yet */
	if (lstat(root, &st) == -1)
		t.blind = true;
	else
		look_at(&t, root, &st);
	walk(&t, root, 0);
	if (t.blind)
		app_doctor_say(d, APP_DOCTOR_ADVICE, "sudo cretula doctor",
		    "%s: this user may not look into all of it", root);
	if (t.wrong > 0) {
		(void)snprintf(mend, sizeof(mend), "chmod -R %s %s", take, root);
		app_doctor_say(d, APP_DOCTOR_BAD, mend,
		    "%s: %u files are open to others than they should be", t.first, t.wrong);
	}
	if (t.foreign > 0) {
		(void)snprintf(mend, sizeof(mend), "chown -R --no-dereference %ju %s",
		    (uintmax_t)d->uid, root);
		app_doctor_say(d, APP_DOCTOR_BAD, mend,
		    "%s: %u files do not belong to the daemon's user, %ju", t.first, t.foreign,
		    (uintmax_t)d->uid);
	}
}

void
app_doctor_store(struct app_doctor *d)
{
	check_tree(d, d->store, S_IRWXO | S_IWGRP, "g-w,o-rwx");
}

void
app_doctor_keys(struct app_doctor *d)
{
	char store[CONFIG_PATH_BYTES * 4], *real_store = realpath(d->store, NULL),
					   *real_keys = realpath(d->keys, NULL);

	check_tree(d, d->keys, S_IRWXG | S_IRWXO, "go-rwx");
	if (real_store != NULL && real_keys != NULL) {
		(void)snprintf(store, sizeof(store), "%s/", real_store);
		if (strncmp(real_keys, store, strlen(store)) == 0)
			app_doctor_say(d, APP_DOCTOR_BAD, "",
			    "%s is inside of the store: whoever copies the store has the keys",
			    d->keys);
	}
	free(real_store);
	free(real_keys);
}

/* ---- file systems ---- */

static const struct {
	unsigned long type;
	const char *name;
	bool overwrites; /* else what was there before may stay */
} systems[] = {
	{ 0x9123683eUL, "btrfs", false },
	{ 0x2fc12fc1UL, "zfs", false },
	{ 0xca451a4eUL, "bcachefs", false },
	{ 0xf2f52010UL, "f2fs", false },
	{ 0x6969UL, "nfs", false },
	{ 0xff534d42UL, "cifs", false },
	{ 0xfe534d42UL, "smb2", false },
	{ 0x65735546UL, "fuse", false },
	{ 0x01021997UL, "9p", false },
	{ 0x794c7630UL, "overlayfs", true },
};

static bool
has_sector(const struct config *c)
{
	for (unsigned i = 0; c != NULL && i < c->stream_count; i++)
		if (!c->streams[i].ratchet_ram)
			return (true);
	return (c == NULL || c->stream_count == 0);
}

void
app_doctor_place(struct app_doctor *d)
{
	struct statfs fs;

	if (statfs(d->keys, &fs) == -1)
		return;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if ((unsigned long)fs.f_type == systems[i].type && !systems[i].overwrites)
			app_doctor_say(d,
			    has_sector(d->config) ? APP_DOCTOR_BAD : APP_DOCTOR_ADVICE, "",
			    "%s is on %s, which may keep keys that are overwritten: move it to "
			    "ext4, xfs or tmpfs, or set `ratchet: ram` with an escrow_key",
			    d->keys, systems[i].name);
}

/* ---- backups ---- */

static const char *const backup_words[] = { "backup", "backups", ".snapshot", ".snapshots",
	"snapshots" };
static const char *const backup_configs[] = { "/etc/rsnapshot.conf", "/etc/borgmatic/config.yaml",
	"/etc/borgmatic.d/config.yaml", "/etc/backup.d/90.rdiff", "/etc/default/restic",
	"/etc/duply/conf", "/etc/bacula/bacula-fd.conf", "/etc/bareos/bareos-fd.conf" };

static bool
has_part(const char *path, const char *word)
{
	for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
		size_t len = strcspn(++at, "/");

		if (len == strlen(word) && memcmp(at, word, len) == 0)
			return (true);
	}
	return (false);
}

/* Does a word of text name a directory that path is in? */
static bool
is_named(struct span text, const char *path)
{
	for (size_t at = 0; at < text.len;) {
		size_t len = 0;

		while (
		    at + len < text.len && strchr(" \t\r\n\"',:;=[]", text.ptr[at + len]) == NULL)
			len++;
		while (len > 1 && text.ptr[at + len - 1] == '/')
			len--;
		if (len > 1 && text.ptr[at] == '/' && strncmp(path, text.ptr + at, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return (true);
		at += len + 1;
	}
	return (false);
}

void
app_doctor_backup(struct app_doctor *d)
{
	char *real = realpath(d->keys, NULL);
	struct buf text = { 0 };

	for (size_t i = 0; real != NULL && i < sizeof(backup_words) / sizeof(backup_words[0]); i++)
		if (has_part(real, backup_words[i]))
			app_doctor_say(d, APP_DOCTOR_BAD, "",
			    "%s looks like a place of backups: keys that are destroyed must be "
			    "nowhere else",
			    real);
	for (size_t i = 0; real != NULL && i < sizeof(backup_configs) / sizeof(backup_configs[0]);
	     i++) {
		buf_clear(&text);
		if (app_doctor_read(backup_configs[i], &text) && is_named(buf_view(&text), real))
			app_doctor_say(d, APP_DOCTOR_BAD, "",
			    "%s copies %s: leave it out there, or destroyed keys live on in the "
			    "backup",
			    backup_configs[i], real);
	}
	buf_free(&text);
	free(real);
}
