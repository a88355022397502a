#include "app/retain/open.h"

#include <string.h>

#include "app/names.h"
#include "base/err.h"
#include "store/read/streams.h"
#include "store/store.h"

int
app_retain_names(const char *store, struct app_retain_names *names, struct err *e)
{
	struct buf all = { 0 };
	const char *name;
	int rc = store_streams(store, &all, e);

	names->count = 0;
	for (size_t i = 0; rc == 0 && (name = store_streams_name(&all, i)) != NULL; i++) {
		if (strcmp(name, STORE_OWN_STREAM) == 0)
			continue;
		if (names->count == APP_RETAIN_STREAMS_MAX)
			rc = err_set(e, ERR_CONFIG, "more than %d streams", APP_RETAIN_STREAMS_MAX);
		else
			memcpy(names->name[names->count++], name, strlen(name) + 1);
	}
	buf_free(&all);
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
