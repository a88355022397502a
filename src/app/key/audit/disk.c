/* Modes, owners and file systems: where keys lie. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key/audit/audit.h"
#include "base/io.h"

#define DEPTH_MAX 4

void
app_audit_say(struct buf *lines, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (int i = 0; i < len && text[i] != '\0'; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] == 0x7f)
			text[i] = '?';
	buf_fmt(lines, "%s\n", text);
}

/* ---- trees ---- */

struct tree {
	struct app_audit *a;
	const char *what; /* "KEYS", "STORE" */
	mode_t forbidden; /* bits of a mode */
};

/* The label of a file that must lie elsewhere. */
static const char *
is_given_out(int dirfd, const char *name)
{
	static const struct {
		const char *label, *what;
	} labels[] = {
		{ "cretula recovery v1\n", "a recovery key" },
		{ "cretula escrow v1\n", "an escrow key" },
	};
	char head[32] = { 0 };
	int fd = io_open(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, NULL);

	if (fd == -1)
		return (NULL);
	(void)io_read(fd, head, sizeof(head) - 1, NULL);
	(void)close(fd);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strncmp(head, labels[i].label, strlen(labels[i].label)) == 0)
			return (labels[i].what);
	return (NULL);
}

static void
look_at(const struct tree *t, int dirfd, const char *name, const char *path,
    const struct stat *st)
{
	struct buf *findings = &t->a->findings;
	const char *given;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) {
		app_audit_say(findings, "%s: not a regular file", path);
		return;
	}
	if (st->st_uid != geteuid())
		app_audit_say(findings, "%s: belongs to user %ju", path, (uintmax_t)st->st_uid);
	if ((st->st_mode & t->forbidden) != 0)
		app_audit_say(findings, "%s: mode %04o lets %s in", path,
		    (unsigned)(st->st_mode & 07777),
		    (st->st_mode & S_IRWXO) != 0 ? "everybody" : "its group");
	if (S_ISREG(st->st_mode) && (given = is_given_out(dirfd, name)) != NULL)
		app_audit_say(findings, "%s: %s lies in %s; it belongs on another machine", path,
		    given, t->what);
}

static void
walk(const struct tree *t, int dirfd, const char *dir, unsigned depth)
{
	DIR *d = fdopendir(dirfd); /* which closes dirfd, too */
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		char path[PATH_MAX];
		struct stat st;
		int fd;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		look_at(t, dirfd, entry->d_name, path, &st);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX &&
		    (fd = io_open_dir(dirfd, entry->d_name, NULL)) != -1)
			walk(t, fd, path, depth + 1);
	}
	if (d != NULL)
		(void)closedir(d);
	else
		(void)close(dirfd);
}

static void
look_at_tree(const struct tree *t, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0)
		look_at(t, fd, ".", dir, &st);
	walk(t, fd, dir, 0);
}

void
app_audit_keys_tree(struct app_audit *a, const char *dir)
{
	const struct tree t = { a, "KEYS", S_IRWXG | S_IRWXO };

	look_at_tree(&t, dir);
}

void
app_audit_store_tree(struct app_audit *a, const char *dir)
{
	const struct tree t = { a, "STORE", S_IWGRP | S_IRWXO };

	look_at_tree(&t, dir);
}

/* ---- file systems ---- */

enum kind { LOCAL, MEMORY, COPIES, REMOTE, LAYERED };

static const struct {
	unsigned long magic;
	const char *name;
	enum kind kind;
} systems[] = {
	{ 0xef53, "ext4", LOCAL },
	{ 0x58465342, "xfs", LOCAL },
	{ 0x01021994, "tmpfs", MEMORY },
	{ 0x9123683e, "btrfs", COPIES },
	{ 0x2fc12fc1, "zfs", COPIES },
	{ 0xca451a4e, "bcachefs", COPIES },
	{ 0xf2f52010, "f2fs", COPIES },
	{ 0x6969, "nfs", REMOTE },
	{ 0xff534d42, "cifs", REMOTE },
	{ 0xfe534d42, "smb2", REMOTE },
	{ 0x65735546, "fuse", REMOTE },
	{ 0x01021997, "9p", REMOTE },
	{ 0x794c7630, "overlayfs", LAYERED },
};

static void
judge_system(struct app_audit *a, unsigned long magic)
{
	const char *path = a->live.keys_path;

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (systems[i].magic != magic)
			continue;
		if (systems[i].kind == COPIES)
			app_audit_say(&a->findings,
			    "%s: %s never overwrites in place: destroyed keys stay in old blocks",
			    path, systems[i].name);
		else if (systems[i].kind == REMOTE)
			app_audit_say(&a->findings,
			    "%s: %s is not a local disk: who serves it may keep copies", path,
			    systems[i].name);
		else if (systems[i].kind == LAYERED)
			app_audit_say(&a->notes,
			    "%s: %s: where keys are overwritten, the layer below decides", path,
			    systems[i].name);
		else if (systems[i].kind == MEMORY)
			app_audit_say(&a->notes, "%s: tmpfs: keys are gone with a restart", path);
		else
			app_audit_say(&a->notes, "%s: %s overwrites in place", path,
			    systems[i].name);
		return;
	}
	app_audit_say(&a->notes,
	    "%s: file system %#lx is not known, nor whether it overwrites in place", path, magic);
}

/* A partition has the queue of its disk above it. */
static void
judge_disk(struct app_audit *a, dev_t dev)
{
	static const char *const forms[] = { "/sys/dev/block/%u:%u/queue/rotational",
		"/sys/dev/block/%u:%u/../queue/rotational" };
	char path[128], answer;

	for (int i = 0; i < 2; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), i == 0 ? forms[0] : forms[1], major(dev),
		    minor(dev));
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
			continue;
		if (io_read(fd, &answer, 1, NULL) == 1 && answer == '0')
			app_audit_say(&a->notes,
			    "%s: flash, or a disk that is none: a controller may keep overwritten "
			    "blocks; encrypt it below the file system",
			    a->live.keys_path);
		(void)close(fd);
		return;
	}
}

/* By the names of directories; nobody can know more of a backup. */
static void
judge_path(struct app_audit *a)
{
	static const char *const words[] = { "backup", "snapshot", "timeshift", "borg", "restic" };
	char path[PATH_MAX];

	if (realpath(a->live.keys_path, path) == NULL)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(path, words[i]) != NULL)
			app_audit_say(&a->findings,
			    "%s: lies in a path that is called like a backup: its copies outlive "
			    "destruction",
			    path);
}

static void
judge_swap(struct app_audit *a)
{
	char text[4096] = { 0 };
	int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)io_read(fd, text, sizeof(text) - 1, NULL);
	(void)close(fd);
	a->swap = strchr(text, '\n') != NULL && strchr(text, '\n')[1] != '\0';
}

void
app_audit_disks(struct app_audit *a)
{
	struct stat keys, store;
	struct statfs fs;

	judge_path(a);
	judge_swap(a);
	if (statfs(a->live.keys_path, &fs) == 0)
		judge_system(a, (unsigned long)fs.f_type);
	if (stat(a->live.keys_path, &keys) == -1)
		return;
	judge_disk(a, keys.st_dev);
	if (a->live.store_path != NULL && stat(a->live.store_path, &store) == 0)
		a->same_disk = keys.st_dev == store.st_dev;
}
