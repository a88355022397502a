#include "app/watch/serve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define CONNECTIONS_MAX 16

static unsigned
get_metrics(void *arg, struct buf *out)
{
	struct app_serve *s = arg;

	app_board_snapshot(s->board, s->snapshot);
	app_snapshot_metrics(s->snapshot, out);
	return (200);
}

/*
 * Who asks is a probe, which may start us anew: that mends streams, but not
 * what was changed in the store, of which it is only told.
 */
static unsigned
get_health(void *arg, struct buf *out)
{
	struct app_serve *s = arg;
	const struct app_snapshot *seen = s->snapshot;
	bool good;

	app_board_snapshot(s->board, s->snapshot);
	good = app_snapshot_good(seen);
	if (good)
		buf_str(out, "ok\n");
	for (unsigned i = 0; i < seen->count; i++)
		if (!app_state_good[seen->streams[i].state])
			buf_fmt(out, "stream %s: %s\n", seen->streams[i].name,
			    app_state_names[seen->streams[i].state]);
	if (seen->verified.code == ERR_FINDING)
		buf_str(out, "the store does not verify\n");
	return (good ? 200 : 503);
}

int
app_serve_open(struct app_serve *s, struct app_board *board, const char *place, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->board = board;
	s->routes[0] = (struct app_http_route){ .path = "/metrics",
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.get = get_metrics,
		.arg = s };
	s->routes[1] = (struct app_http_route){
		.path = "/healthz", .type = "text/plain; charset=utf-8", .get = get_health, .arg = s
	};
	if ((s->snapshot = calloc(1, sizeof(*s->snapshot))) == NULL)
		return (err_memory(e));
	if (config_listen(place, &s->place, e) == -1 || (s->fd = input_listen(&s->place, e)) == -1)
		return (err_in(e, "metrics"));
	return (0);
}

int
app_serve_start(struct app_serve *s, struct err *e)
{
	const struct app_http_options how = { .routes = s->routes,
		.route_count = 2,
		.fd = s->fd,
		.connections = CONNECTIONS_MAX };

	if (s->snapshot == NULL)
		return (0);
	s->fd = -1; /* handed over */
	return (app_http_start(&how, &s->http, e) == -1 ? err_in(e, "metrics") : 0);
}

void
app_serve_close(struct app_serve *s)
{
	if (s->snapshot == NULL)
		return;
	app_http_stop(s->http);
	s->http = NULL;
	if (s->fd != -1)
		(void)close(s->fd);
	if (s->place.kind == INPUT_UNIX_STREAM)
		(void)unlink(s->place.path);
	free(s->snapshot);
	s->snapshot = NULL;
}
