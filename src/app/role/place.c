#include "app/role/place.h"

#include <string.h>
#include <unistd.h>

#include "app/args.h"
#include "app/restrict/left_out.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/layout.h"
#include "store/read/streams.h"

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

static int
name_them(const char *store, const struct buf *names, struct err *e)
{
	struct buf list = { 0 };
	const char *name;
	unsigned told = 0;
	int rc;

	for (size_t i = 0; (name = store_streams_name(names, i)) != NULL; i++)
		if (store_name_ok(span_str(name)) && told++ < NAMES_MAX)
			buf_fmt(&list, "%s%s", told == 1 ? "" : ", ", name);
	rc = err_set(e, ERR_USAGE, "--stream NAME is needed: %s has %s%s", store,
	    buf_ok(&list) ? list.data : "several", told > NAMES_MAX ? " ..." : "");
	buf_free(&list);
	return (rc);
}

int
app_place_stream(struct app_args *args, struct app_place *place, struct err *e)
{
	const char *store = app_arg(args, "store");
	struct buf names = { 0 };
	const char *name;
	int rc;

	if (store == NULL)
		return (no_store(args, e));
	if (app_arg(args, "stream") != NULL)
		return (0);
	place->stream[0] = '\0';
	rc = store_streams(store, &names, e);
	for (size_t i = 0; rc == 0 && (name = store_streams_name(&names, i)) != NULL; i++) {
		if (!store_name_ok(span_str(name)))
			continue; /* of cretula itself */
		if (place->stream[0] != '\0')
			rc = name_them(store, &names, e);
		else
			memcpy(place->stream, name, strlen(name) + 1);
	}
	if (rc == 0 && place->stream[0] == '\0')
		rc = err_set(e, ERR_INPUT, "store %s has no stream yet", store);
	buf_free(&names);
	if (rc == 0)
		fill(args, "stream", place->stream);
	return (rc);
}
