#include "store/read/streams.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/layout.h"

#define NAME_BYTES (STORE_NAME_MAX + 1)

int
store_streams_open(const char *store, struct err *e)
{
	int store_fd = io_open(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0, e), fd = -1, why;

	if (store_fd != -1)
		fd = io_open_dir(store_fd, "streams", e);
	why = errno;
	if (store_fd != -1)
		(void)close(store_fd);
	errno = why;
	if (fd == -1 && (why == ENOENT || why == ENOTDIR))
		(void)err_set(e, ERR_INPUT,
		    store_fd == -1 ? "%s is no store: nothing is there" :
				     "%s is no store: another folder",
		    store);
	else if (fd == -1 && store_fd != -1)
		(void)err_in(e, "%s", store);
	return (fd);
}

static int
compare(const void *a, const void *b)
{
	return (strcmp(a, b));
}

int
store_streams(const char *store, struct buf *names, struct err *e)
{
	int fd = store_streams_open(store, e), rc = 0;
	const struct dirent *entry;
	DIR *dir;

	if (fd == -1)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return (err_memory(e)); /* nothing else is wrong with a directory that is open */
	}
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		char name[NAME_BYTES] = "";

		if (!store_name_known(span_str(entry->d_name)))
			continue;
		memcpy(name, entry->d_name, strlen(entry->d_name));
		buf_add(names, name, sizeof(name));
	}
	if (errno != 0)
		rc = err_sys(e, ERR_IO, "%s: streams: read", store);
	(void)closedir(dir);
	if (rc == 0 && !buf_ok(names))
		rc = err_memory(e);
	if (rc == 0 && names->len > 0)
		qsort(names->data, names->len / NAME_BYTES, NAME_BYTES, compare);
	return (rc);
}

const char *
store_streams_name(const struct buf *names, size_t i)
{
	return (i < names->len / NAME_BYTES ? names->data + i * NAME_BYTES : NULL);
}

int
store_streams_lack(const char *store, const char *stream, struct err *e)
{
	struct buf names = { 0 }, text = { 0 };
	const char *name;

	if (store_streams(store, &names, NULL) == 0)
		for (size_t i = 0; (name = store_streams_name(&names, i)) != NULL; i++)
			buf_fmt(&text, "%s%s", i == 0 ? ": it has " : ", ", name);
	(void)err_set(e, ERR_INPUT, "store %s has no stream %s%s", store, stream,
	    buf_ok(&text) && text.len > 0 ? text.data : "");
	buf_free(&names);
	buf_free(&text);
	return (-1);
}
