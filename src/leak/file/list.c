/* All files below some paths, sorted; no link is followed, nothing special is opened. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "leak/file/inside.h"

#define LEVELS_MAX 64

static struct leak_file *
add_file(struct leak_tree *tree, const char *path, struct err *e)
{
	struct leak_file *file;

	if (tree->file_count == tree->file_size) {
		size_t size = tree->file_size == 0 ? 64 : tree->file_size * 2;

		if ((file = reallocarray(tree->files, size, sizeof(*file))) == NULL) {
			(void)err_set(e, ERR_IO, "out of memory");
			return (NULL);
		}
		tree->files = file;
		tree->file_size = size;
	}
	file = &tree->files[tree->file_count];
	memset(file, 0, sizeof(*file));
	if ((file->path = strdup(path)) == NULL) {
		(void)err_set(e, ERR_IO, "out of memory");
		return (NULL);
	}
	tree->file_count++;
	return (file);
}

static int
add_problem(struct leak_tree *tree, const char *path, const char *why, struct err *e)
{
	struct leak_file *file = add_file(tree, path, e);

	if (file == NULL)
		return (-1);
	snprintf(file->problem, sizeof(file->problem), "%s", why);
	return (0);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return (strcmp((*a)->d_name, (*b)->d_name));
}

static int
is_entry(const struct dirent *d)
{
	return (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0);
}

static int add_path(struct leak_tree *tree, const char *path, int levels, struct err *e);

static int
add_directory(struct leak_tree *tree, const char *path, int levels, struct err *e)
{
	struct dirent **entries = NULL;
	int fd, count, rc = 0;

	if (levels == LEVELS_MAX)
		return (add_problem(tree, path, "too many directories in each other", e));
	/* Opened so that a link put in its place meanwhile is not followed. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	count = fd == -1 ? -1 : scandirat(fd, ".", &entries, is_entry, by_name);
	if (count == -1)
		rc = add_problem(tree, path, strerror(errno), e);
	if (fd != -1)
		(void)close(fd);
	for (int i = 0; i < count; i++) {
		char *below = NULL;
		size_t len = strlen(path);
		const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";

		if (rc == 0 && asprintf(&below, "%s%s%s", path, slash, entries[i]->d_name) == -1)
			rc = err_set(e, ERR_IO, "out of memory");
		else if (rc == 0)
			rc = add_path(tree, below, levels + 1, e);
		free(below);
		free(entries[i]);
	}
	free(entries);
	return (rc);
}

static int
add_path(struct leak_tree *tree, const char *path, int levels, struct err *e)
{
	struct leak_file *file;
	struct stat st;

	if (lstat(path, &st) == -1) {
		if (levels > 0)
			return (add_problem(tree, path, strerror(errno), e));
		return (err_sys(e, ERR_INPUT, "%s", path));
	}
	if (S_ISDIR(st.st_mode))
		return (add_directory(tree, path, levels, e));
	if (S_ISLNK(st.st_mode))
		return (add_problem(tree, path, "a symbolic link, not followed", e));
	if (!S_ISREG(st.st_mode))
		return (add_problem(tree, path,
		    S_ISFIFO(st.st_mode)     ? "a pipe, not opened" :
			S_ISSOCK(st.st_mode) ? "a socket, not opened" :
					       "a device, not opened",
		    e));
	if ((file = add_file(tree, path, e)) == NULL)
		return (-1);
	file->size = (uint64_t)st.st_size;
	tree->bytes_listed += file->size;
	return (0);
}

int
leak_list(struct leak_tree *tree, const char *const *paths, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(paths[i], "-") == 0) {
			if (add_file(tree, "-", e) == NULL)
				return (-1);
		} else if (add_path(tree, paths[i], 0, e) == -1) {
			return (-1);
		}
	}
	return (0);
}
