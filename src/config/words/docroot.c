/* config: the names below a document root, which everybody may ask for. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/words.h"
#include "mask/url/segment.h"

#define PLACE_BYTES 2048

struct walk {
	mask_words_fn fn;
	void *arg;
	struct config_docroot *facts;
	char place[PLACE_BYTES]; /* "/css/fonts": below it stands what is read */
	size_t len;
	unsigned depth;
};

static int walk_dir(struct walk *w, int fd, struct err *e);

/* Hidden files are not served; "~erika" and "@erika" are people. */
static bool
is_public(const char *name)
{
	return (name[0] != '.' && name[0] != '~' && name[0] != '@');
}

static int
go_below(struct walk *w, int fd, const char *name, struct err *e)
{
	size_t before = w->len, len = strlen(name);
	int below, rc;

	if (mask_segment_bears_identity(span_str(name))) {
		w->facts->skipped++;
		return (0);
	}
	if (w->depth == CONFIG_DOCROOT_DEPTH_MAX || before + 1 + len >= PLACE_BYTES) {
		w->facts->full = true;
		return (0);
	}
	below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (below == -1) { /* gone, or not ours to read */
		w->facts->skipped++;
		return (0);
	}
	w->place[w->len++] = '/';
	memcpy(w->place + w->len, name, len);
	w->len += len;
	w->depth++;
	rc = walk_dir(w, below, e);
	w->depth--;
	w->len = before;
	return (rc);
}

static int
see(struct walk *w, int fd, const char *name, struct err *e)
{
	struct span place = w->len == 0 ? span_of("/", 1) : span_of(w->place, w->len);
	struct stat st;

	if (!is_public(name) || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		w->facts->skipped++;
		return (0);
	}
	if (w->facts->names == CONFIG_DOCROOT_NAMES_MAX) {
		w->facts->full = true;
		return (0);
	}
	w->facts->names++;
	if (w->fn(w->arg, MASK_WORD_PATH, place, span_str(name), e) == -1)
		return (-1);
	return (S_ISDIR(st.st_mode) ? go_below(w, fd, name, e) : 0);
}

/* Closes fd. */
static int
walk_dir(struct walk *w, int fd, struct err *e)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL) {
		(void)close(fd);
		return (err_sys(e, ERR_INPUT, "document root"));
	}
	while (rc == 0 && !w->facts->full && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = see(w, fd, entry->d_name, e);
	(void)closedir(dir);
	return (rc);
}

int
config_docroot(const char *path, mask_words_fn fn, void *arg, struct config_docroot *facts,
    struct err *e)
{
	struct walk w = { .fn = fn, .arg = arg, .facts = facts };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*facts = (struct config_docroot){ 0 };
	if (fd == -1)
		return (err_sys(e, ERR_INPUT, "docroot %s", path));
	if (walk_dir(&w, fd, e) == -1)
		return (err_in(e, "docroot %s", path));
	return (0);
}
