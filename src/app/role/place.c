#include "app/role/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/args.h"
#include "app/restrict/left_out.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "store/layout.h"

#define NAMES_MAX 16 /* of so many an error tells */

_Static_assert(STORE_NAME_MAX < CONFIG_NAME_BYTES, "a name has room");

static int
row_of(const struct app_args *args, const char *name)
{
	for (int i = 0; args->command->options[i].name != NULL; i++)
		if (strcmp(args->command->options[i].name, name) == 0)
			return (i);
	return (-1);
}

static void
fill(struct app_args *args, const char *name, const char *value)
{
	int row = row_of(args, name);

	if (row != -1 && args->value[row] == NULL && value[0] != '\0')
		args->value[row] = value;
}

static int
no_store(const struct app_args *args, struct err *e)
{
	return (err_set(e, ERR_USAGE,
	    row_of(args, "config") == -1 ? "--store DIR is needed" :
					   "--store DIR is needed (or `store:` in --config)"));
}

int
app_place_named(const struct app_args *args, struct err *e)
{
	return (app_arg(args, "store") != NULL || app_arg(args, "config") != NULL ?
		0 :
		no_store(args, e));
}

int
app_place_config(struct app_args *args, struct app_place *place, struct buf *report, struct err *e)
{
	struct config *c = NULL;

	memset(place, 0, sizeof(*place));
	if (app_arg(args, "store") == NULL && access(CONFIG_USUAL, F_OK) == 0)
		fill(args, "config", CONFIG_USUAL);
	if (app_arg(args, "config") == NULL)
		return (0);
	if (config_load(app_arg(args, "config"), &c, report, e) == -1)
		return (-1);
	memcpy(place->store, c->store, sizeof(place->store));
	if (c->stream_count == 1)
		memcpy(place->stream, c->streams[0].name, sizeof(place->stream));
	app_left_out_keys(c->keys, c->tenant);
	config_free(c);
	fill(args, "store", place->store);
	fill(args, "stream", place->stream);
	return (0);
}

/* ---- the streams of a store ---- */

struct names {
	char name[NAMES_MAX][CONFIG_NAME_BYTES];
	unsigned count; /* also those that have no room */
};

static int
by_name(const void *a, const void *b)
{
	return (strcmp(a, b));
}

/* errno of what fails; 0. */
static int
read_names(const char *store, struct names *names)
{
	int fd = io_open_dir(AT_FDCWD, store, NULL), streams_fd = -1, rc;
	const struct dirent *entry;
	DIR *dir = NULL;

	names->count = 0;
	if (fd != -1)
		streams_fd = openat(fd, "streams", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (streams_fd != -1)
		dir = fdopendir(streams_fd);
	rc = dir == NULL ? errno : 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (!store_name_ok(span_str(entry->d_name)))
			continue; /* of cretula itself, or no stream */
		if (names->count < NAMES_MAX)
			memcpy(names->name[names->count], entry->d_name,
			    strlen(entry->d_name) + 1);
		names->count++;
	}
	if (dir != NULL)
		(void)closedir(dir);
	else if (streams_fd != -1)
		(void)close(streams_fd);
	if (fd != -1)
		(void)close(fd);
	return (rc);
}

static int
name_them(const char *store, struct names *names, struct err *e)
{
	unsigned told = names->count < NAMES_MAX ? names->count : NAMES_MAX;
	struct buf list = { 0 };
	int rc;

	qsort(names->name, told, sizeof(names->name[0]), by_name);
	for (unsigned i = 0; i < told; i++)
		buf_fmt(&list, "%s%s", i == 0 ? "" : ", ", names->name[i]);
	rc = err_set(e, ERR_USAGE, "--stream NAME is needed: %s has %s%s", store,
	    buf_ok(&list) ? list.data : "several", told < names->count ? " ..." : "");
	buf_free(&list);
	return (rc);
}

int
app_place_stream(struct app_args *args, struct app_place *place, struct err *e)
{
	const char *store = app_arg(args, "store");
	struct names names = { 0 };

	if (store == NULL)
		return (no_store(args, e));
	if (app_arg(args, "stream") != NULL)
		return (0);
	if ((errno = read_names(store, &names)) == ENOENT || errno == ENOTDIR)
		return (err_set(e, ERR_INPUT, "%s is no store", store));
	if (errno != 0)
		return (err_sys(e, ERR_INPUT, "%s", store));
	if (names.count == 0)
		return (err_set(e, ERR_INPUT, "store %s has no stream yet", store));
	if (names.count > 1)
		return (name_them(store, &names, e));
	memcpy(place->stream, names.name[0], sizeof(place->stream));
	fill(args, "stream", place->stream);
	return (0);
}
