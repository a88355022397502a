/* app: words that are known before the first line. */
#include <fcntl.h>

#include "app/say.h"
#include "app/words/words.h"
#include "base/err.h"
#include "base/io.h"
#include "config/words.h"

#define ROUTES_BYTES_MAX ((size_t)64 << 20)

struct preload {
	mask_words_fn fn;
	void *arg;
};

static int
load_route(const struct preload *p, const char *path, struct err *e)
{
	struct buf text = { 0 };
	int rc = io_read_file(AT_FDCWD, path, ROUTES_BYTES_MAX, &text, e);

	if (rc == 0)
		rc = mask_words_routes(buf_view(&text), path, p->fn, p->arg, e);
	buf_free(&text);
	return (rc);
}

static int
load_openapi(const struct preload *p, const char *path, struct err *e)
{
	struct buf text = { 0 };
	int rc = io_read_file(AT_FDCWD, path, CONFIG_OPENAPI_BYTES_MAX, &text, e);

	if (rc == 0)
		rc = config_openapi(buf_view(&text), path, p->fn, p->arg, e);
	buf_free(&text);
	return (rc);
}

static int
load_docroot(const struct preload *p, const char *path, struct err *e)
{
	struct config_docroot facts;
	int rc = config_docroot(path, p->fn, p->arg, &facts, e);

	if (rc == 0 && facts.full)
		app_warn("docroot", "%s has more than %d names: the others stay hidden", path,
		    CONFIG_DOCROOT_NAMES_MAX);
	return (rc);
}

int
app_words_preload(const struct config_stream *stream, mask_words_fn fn, void *arg,
    const char **origin, struct err *e)
{
	const struct preload p = { fn, arg };
	const struct {
		const char *origin;
		const char (*paths)[CONFIG_PATH_BYTES];
		unsigned count;
		int (*load)(const struct preload *p, const char *path, struct err *e);
	} sources[] = {
		{ "route", stream->routes, stream->route_count, load_route },
		{ "openapi", stream->openapi, stream->openapi_count, load_openapi },
		{ "docroot", stream->docroot, stream->docroot_count, load_docroot },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (origin != NULL)
			*origin = sources[i].origin;
		for (unsigned n = 0; n < sources[i].count; n++)
			if (sources[i].load(&p, sources[i].paths[n], e) == -1)
				return (-1);
	}
	return (0);
}
