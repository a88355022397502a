/* app: bodies as an input of a pipe. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/intake/inside.h"
#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "parse/parse.h"

#define SHAKING_MAX 16 /* more than who is in: so that one of these makes room for one more */

/* ---- reading ---- */

void
app_intake_drop_plain(struct intake *in)
{
	crypto_wipe(in->plain, in->plain_peak);
	in->plain_peak = 0;
}

/*
 * An audit event by all of its bytes: its client may choose the auditID (a
 * header), and would flag its next request.
 */
static bool
came_before(
    const struct intake *in, const struct parse_body_line *line, const char *text, uint64_t *id)
{
	*id = 0;
	if (in->cutter_again || line->id.len == 0)
		return (in->cutter_again);
	*id = app_intake_id(in, line->id, span_of(text, line->len));
	return (app_intake_seen(in, *id, clock_mono_ns()));
}

static void
count_again(struct intake *in)
{
	pthread_mutex_lock(&in->lock);
	in->counts.again++;
	pthread_mutex_unlock(&in->lock);
}

/* Lines that are alike in that they came before or not.  false: that was all. */
static bool
cut_lines(struct intake *in, struct span room, struct input_more *more)
{
	char *out = (char *)(uintptr_t)room.ptr;

	while (more->cut == 0 && room.len - more->len >= INPUT_LIVE_ROOM / 2) {
		struct parse_body before = in->cutter;
		struct parse_body_line line;
		uint64_t id;
		bool again;

		if (!parse_body_next(&in->cutter, out + more->len, in->line_max + 1, &line))
			return (false);
		again = came_before(in, &line, out + more->len, &id);
		if (more->len > 0 && again != more->again) {
			in->cutter = before;
			return (true);
		}
		if (id != 0)
			app_intake_note(in, id, clock_mono_ns());
		if (again)
			count_again(in);
		more->again = again;
		more->len += line.len;
		out[more->len++] = '\n';
		more->added++;
		more->cut = line.dropped > 0 ? more->len : 0;
		more->dropped = line.dropped;
	}
	return (true);
}

/* All of it was given.  Under the lock. */
static void
take_current(struct intake *in, struct input_more *more)
{
	struct intake_body *body = in->current;

	app_intake_drop_plain(in);
	in->current = NULL;
	in->reading = false;
	more->ticket = body->ticket = ++in->tickets;
	app_intake_push(&in->taken, body);
	pthread_cond_signal(&in->to_thread);
}

static void
wait_for_body(struct intake *in, int timeout_ms)
{
	struct timespec until;

	clock_mono_after(timeout_ms * INT64_C(1000000), &until);
	(void)pthread_cond_clockwait(&in->to_reader, &in->lock, CLOCK_MONOTONIC, &until);
}

static int
read_plain(void *arg, struct span room, int timeout_ms, struct input_more *more)
{
	struct intake *in = arg;
	bool has;

	pthread_mutex_lock(&in->lock);
	if (in->current == NULL)
		wait_for_body(in, timeout_ms);
	has = in->current != NULL;
	in->reading = has;
	more->end = !has && in->stopping && !in->unpacking && in->queue.first == NULL;
	pthread_mutex_unlock(&in->lock);
	if (!has || cut_lines(in, room, more))
		return (0);
	pthread_mutex_lock(&in->lock);
	take_current(in, more);
	pthread_mutex_unlock(&in->lock);
	return (0);
}

/* ---- what becomes of it ---- */

static void
commit(void *arg, uint64_t ticket)
{
	struct intake *in = arg;

	pthread_mutex_lock(&in->lock);
	in->committed = ticket > in->committed ? ticket : in->committed;
	pthread_cond_signal(&in->to_thread);
	pthread_mutex_unlock(&in->lock);
}

/* Nobody reads meanwhile.  What was half read is not whole any more; what was not begun is. */
static void
forget(void *arg)
{
	struct intake *in = arg;

	pthread_mutex_lock(&in->lock);
	if (in->reading) {
		struct input_more more;

		take_current(in, &more);
	}
	in->forgotten = in->tickets;
	if (in->unsee_from == in->unsee_to)
		in->unsee_from = in->committed;
	in->unsee_to = in->tickets;
	if (!in->unpacking)
		app_intake_settle(in);
	pthread_cond_signal(&in->to_thread);
	pthread_mutex_unlock(&in->lock);
}

static void
desert(void *arg)
{
	struct intake *in = arg;

	pthread_mutex_lock(&in->lock);
	in->deserted = true;
	pthread_cond_signal(&in->to_thread);
	pthread_mutex_unlock(&in->lock);
}

static void
count(void *arg, struct input_live_counts *counts)
{
	struct intake *in = arg;
	struct app_http_counts http = { 0 };
	struct input_tls_counts tls = { 0 };

	if (in->server != NULL)
		app_http_count(in->server, &http);
	if (in->tls != NULL)
		input_tls_count(in->tls, &tls);
	pthread_mutex_lock(&in->lock);
	*counts = in->counts;
	pthread_mutex_unlock(&in->lock);
	counts->connections = http.connections;
	counts->refused = http.refused + tls.refused;
	counts->short_of = http.short_of + tls.short_of;
	counts->failed = tls.failed;
	counts->open = http.open;
}

static int
reload(void *arg, struct err *e)
{
	struct intake *in = arg;

	if (in->tls != NULL && input_tls_reload(in->tls, e) == -1)
		return (-1);
	return (app_intake_token(in, e));
}

/* ---- start, stop ---- */

/* By the thread of TLS, which outlives the server: it sends the last answers. */
static void
give(void *arg, int fd)
{
	struct intake *in = arg;

	pthread_mutex_lock(&in->lock);
	if (in->server != NULL)
		app_http_give(in->server, fd);
	else
		(void)close(fd);
	pthread_mutex_unlock(&in->lock);
}

static void
stop_server(struct intake *in)
{
	struct app_http *server;

	pthread_mutex_lock(&in->lock);
	server = in->server;
	in->server = NULL;
	pthread_mutex_unlock(&in->lock);
	app_http_stop(server);
}

static int
start_server(struct intake *in, int fd, struct err *e)
{
	struct app_http_options how = { .routes = in->routes,
		.route_count = in->route_count,
		.fd = -1,
		.connections = in->connections };
	struct input_tls_options tls = { .files = in->files,
		.fd = fd,
		.connections = in->connections + SHAKING_MAX,
		.give = give,
		.arg = in };

	if (!in->tls_wanted && (how.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return (err_sys(e, ERR_IO, "HTTP"));
	if (app_http_start(&how, &in->server, e) == -1)
		return (-1);
	if (!in->tls_wanted)
		return (0);
	return (input_tls_open(&tls, &in->tls, e) == -1 ? -1 : input_tls_start(in->tls, e));
}

static int
start(void *arg, int fd, struct err *e)
{
	struct intake *in = arg;
	sigset_t all, before;
	int rc;

	pthread_mutex_lock(&in->lock);
	in->deserted = false; /* somebody will read, again perhaps */
	pthread_mutex_unlock(&in->lock);
	if (in->started)
		return (0);
	if (start_server(in, fd, e) == -1)
		return (-1);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&in->thread, NULL, app_intake_main, in);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return (err_set(e, ERR_IO, "starting a thread: %s", strerror(rc)));
	in->started = true;
	return (0);
}

static void
stop(void *arg)
{
	struct intake *in = arg;

	pthread_mutex_lock(&in->lock);
	in->stopping = true;
	pthread_mutex_unlock(&in->lock);
	if (in->server != NULL)
		app_http_quiet(in->server);
	if (in->tls != NULL)
		input_tls_quiet(in->tls);
}

static void
close_intake(void *arg)
{
	struct intake *in = arg;

	stop(in);
	if (in->started) {
		pthread_mutex_lock(&in->lock);
		if (in->current != NULL) {
			struct input_more more;

			take_current(in, &more);
		}
		in->quit = true;
		pthread_cond_signal(&in->to_thread);
		pthread_mutex_unlock(&in->lock);
		(void)pthread_join(in->thread, NULL);
	}
	stop_server(in);
	if (in->tls != NULL)
		input_tls_finish(in->tls);
	input_tls_close(in->tls);
	arena_close(&in->memory);
	arena_close(&in->seen_memory);
	crypto_wipe(&in->id_key, sizeof(in->id_key));
	(void)pthread_cond_destroy(&in->to_thread);
	(void)pthread_cond_destroy(&in->to_reader);
	(void)pthread_mutex_destroy(&in->lock);
	free(in);
}

/* ---- opening ---- */

static void
add_route(struct intake *in, const char *path, enum parse_body_kind kind, const char *done)
{
	struct intake_route *door = &in->doors[in->route_count];

	*door = (struct intake_route){ in, kind };
	in->routes[in->route_count++] = (struct app_http_route){ .path = path,
		.type = "application/json",
		.door = &app_intake_door,
		.done = done,
		.arg = door };
}

/* A format that was named says which paths there are. */
static void
add_routes(struct intake *in, const struct config_stream *stream)
{
	bool any = strcmp(stream->format, "auto") == 0 && stream->format_string[0] == '\0';
	const struct parse_format *format = parse_format_find(span_str(stream->format));

	add_route(in, "/ndjson", PARSE_BODY_LINES, NULL);
	if (any || (format != NULL && strcmp(format->name, "k8s-audit") == 0))
		add_route(in, "/k8s/audit", PARSE_BODY_AUDIT, NULL);
	if (any || (format != NULL && strcmp(format->name, "json-lines") == 0))
		add_route(in, "/v1/logs", PARSE_BODY_OTLP, "{}");
}

static int
open_memory(struct intake *in, struct err *e)
{
	unsigned char key[32];

	if (arena_open(&in->memory, 2 * INTAKE_BODY_MAX + INTAKE_POOL_BYTES + INTAKE_TOKEN_MAX + 64,
		ARENA_SECRET | ARENA_LAZY, e) == -1 ||
	    arena_open(&in->seen_memory, INTAKE_SEEN_BYTES, ARENA_SECRET | ARENA_LAZY, e) == -1)
		return (-1);
	in->token = arena_take(&in->memory, INTAKE_TOKEN_MAX); /* in front: it never goes back */
	in->packed = arena_take(&in->memory, INTAKE_BODY_MAX);
	in->plain = arena_take(&in->memory, INTAKE_BODY_MAX);
	(void)arena_take(&in->memory, INTAKE_POOL_BYTES); /* behind plain */
	app_intake_pool(in);
	in->seen = arena_take(&in->seen_memory, INTAKE_SEEN_BYTES);
	crypto_random(key, sizeof(key));
	crypto_hmac_key_init(&in->id_key, key, sizeof(key));
	crypto_wipe(key, sizeof(key));
	return (0);
}

int
app_intake_open(const struct config_stream *stream, struct input_given *given, struct err *e)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (!app_http_built()) {
		free(in);
		return (err_set(
		    e, ERR_CONFIG, "input http: this cretula was built without libmicrohttpd"));
	}
	if (in == NULL)
		return (err_memory(e));
	(void)pthread_mutex_init(&in->lock, NULL);
	(void)pthread_cond_init(&in->to_thread, NULL);
	(void)pthread_cond_init(&in->to_reader, NULL);
	in->line_max = stream->line_max;
	in->connections = stream->connections;
	in->files = stream->tls;
	in->tls_wanted = stream->tls.certificate[0] != '\0';
	memcpy(in->token_path, stream->token, sizeof(in->token_path));
	add_routes(in, stream);
	if (open_memory(in, e) == -1 || app_intake_token(in, e) == -1) {
		close_intake(in);
		return (-1);
	}
	*given = (struct input_given){ .arg = in,
		.start = start,
		.read = read_plain,
		.commit = commit,
		.forget = forget,
		.desert = desert,
		.reload = reload,
		.stop = stop,
		.count = count,
		.close = close_intake };
	return (0);
}
