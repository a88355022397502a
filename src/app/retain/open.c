#include "app/retain/open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "base/err.h"
#include "base/io.h"
#include "store/store.h"

static int
compare(const void *a, const void *b)
{
	return (strcmp(a, b));
}

static int
read_names(DIR *dir, struct app_retain_names *names, struct err *e)
{
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		struct span name = span_str(entry->d_name);

		if (!store_name_known(name) || span_is(name, STORE_OWN_STREAM))
			continue;
		if (names->count == APP_RETAIN_STREAMS_MAX)
			return (
			    err_set(e, ERR_CONFIG, "more than %d streams", APP_RETAIN_STREAMS_MAX));
		memcpy(names->name[names->count++], name.ptr, name.len + 1);
	}
	qsort(names->name, names->count, sizeof(names->name[0]), compare);
	return (0);
}

int
app_retain_names(const char *store, struct app_retain_names *names, struct err *e)
{
	int store_fd = io_open_dir(AT_FDCWD, store, e), fd = -1, rc = -1;
	DIR *dir = NULL;

	names->count = 0;
	if (store_fd != -1)
		fd = io_open_dir(store_fd, "streams", e);
	if (fd == -1 && errno == ENOENT)
		(void)err_set(e, ERR_INPUT, "%s is no store", store);
	else if (fd != -1 && (dir = fdopendir(fd)) == NULL)
		(void)err_sys(e, ERR_IO, "store %s", store);
	if (dir != NULL) {
		fd = -1; /* handed over */
		rc = read_names(dir, names, e);
		(void)closedir(dir);
	}
	if (fd != -1)
		(void)close(fd);
	if (store_fd != -1)
		(void)close(store_fd);
	return (rc);
}

static int
say_busy(const char *stream, struct err *e)
{
	if (e->code != ERR_BUSY)
		return (-1);
	return (err_set(e, ERR_BUSY,
	    "stream %s: another cretula process is writing it; stop that (SIGTERM seals what is "
	    "open), then try again",
	    stream));
}

int
app_retain_open(struct store *s, const char *stream, struct app_retain_stream *out, struct err *e)
{
	*out = (struct app_retain_stream){ .st = NULL };
	if (store_seal_left(s, stream, app_names(), &out->sealed, e) == -1 ||
	    store_stream_open(s, stream, STORE_NO_POLICY, app_names(), &out->st, e) == -1)
		return (say_busy(stream, e));
	if (store_eraser_open(out->st, &out->eraser, e) == 0)
		return (0);
	app_retain_close(out);
	return (-1);
}

void
app_retain_close(struct app_retain_stream *stream)
{
	store_eraser_close(stream->eraser);
	store_stream_close(stream->st);
	*stream = (struct app_retain_stream){ .st = NULL };
}
