/* app: the streams of a daemon, as its configuration has them now. */
#include <stdlib.h>
#include <string.h>

#include "app/run/daemon.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- configuration ---- */

static int
load(const struct run_daemon *d, struct run_config **c, struct err *e)
{
	struct run_config *made = calloc(1, sizeof(*made));
	int rc = made == NULL ? err_sys(e, ERR_IO, "configuration") :
				app_config_load(d->path, &made->config, e);

	if (rc == -1)
		free(made);
	else
		*c = made;
	return (rc);
}

static void
unload(struct run_config *c)
{
	if (c->users > 0)
		return;
	config_free(c->config);
	free(c);
}

static const char *
path_of(const struct run_daemon *d, const char *option, const char *configured)
{
	const char *given = app_arg(d->args, option);

	return (given != NULL ? given : configured[0] != '\0' ? configured : NULL);
}

static unsigned
count_inputs(const struct config *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->stream_count; i++)
		count += c->streams[i].input.kind != INPUT_PIPE;
	return (count);
}

/* Streams without an input are those of `pipe`. */
static int
check(const struct run_daemon *d, const struct config *c, struct err *e)
{
	if (path_of(d, "store", c->store) == NULL)
		return (err_set(e, ERR_CONFIG, "%s: no store (`store:`, or --store)", d->path));
	if (count_inputs(c) == 0)
		return (err_set(e, ERR_CONFIG,
		    "%s: no stream has an input: `input: { unix: /run/cretula/shop.sock }`",
		    d->path));
	return (0);
}

/* ---- streams ---- */

/* Some of it may be what a run before has sealed as lost: nobody can tell. */
static void
say_missed(const struct run_stream *r)
{
	struct input_live_counts counts;

	input_live_count(r->in, &counts);
	if (counts.missed > 0)
		app_warn_log(r->name,
		    "the socket had no room for %llu datagrams before we came; they are not in "
		    "`lost`",
		    (unsigned long long)counts.missed);
}

/* The socket that was handed to us for a stream, or -1. */
static int
take_given(struct run_daemon *d, const struct config *c, const struct config_stream *stream)
{
	return (app_listen_take(&d->listen, stream->name, count_inputs(c) == 1));
}

/* in: its input if that is open already, of the stream before say; NULL. */
static int
open_stream(struct run_daemon *d, struct run_config *c, const struct config_stream *stream,
    struct input_live *in, bool may_wait, struct err *e)
{
	struct run_stream *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return (err_sys(e, ERR_IO, "stream %s", stream->name));
	r->store_path = path_of(d, "store", c->config->store);
	r->keys_path = path_of(d, "keys", c->config->keys);
	r->figures = app_board_take(&d->board, stream->name);
	r->may_wait = may_wait;
	if (app_run_open(r, c, stream, in, in != NULL ? -1 : take_given(d, c->config, stream), e) ==
	    -1) {
		app_run_join(r, NULL);
		app_figures_state(r->figures, APP_FAILED);
		free(r);
		return (-1);
	}
	d->streams[d->count++] = r;
	return (0);
}

static int
start_stream(struct run_stream *r, struct err *e)
{
	char place[INPUT_TEXT_BYTES];

	if (app_run_start(r, e) == -1)
		return (-1);
	input_place_print(&r->setup.stream->input, place);
	app_info(r->name, "reading %s", place);
	return (0);
}

static void
drop(struct run_daemon *d, unsigned i, struct input_live **in)
{
	struct run_stream *r = d->streams[i];

	app_run_join(r, in);
	free(r);
	d->streams[i] = d->streams[--d->count];
}

/* While the daemon runs. */
static int
add(struct run_daemon *d, struct run_config *c, const struct config_stream *stream,
    struct input_live *in, struct err *e)
{
	if (open_stream(d, c, stream, in, true, e) == -1)
		return (-1);
	if (start_stream(d->streams[d->count - 1], e) == -1) {
		drop(d, d->count - 1, NULL);
		return (-1);
	}
	if (in == NULL)
		say_missed(d->streams[d->count - 1]);
	return (0);
}

/* ---- the start ---- */

/* A daemon that nobody can ask works all the same. */
static void
open_control(struct run_daemon *d)
{
	struct err e = { ERR_NONE, "" };

	if (app_board_store(&d->board, d->streams[0]->store_path, &e) == -1 ||
	    app_control_open(&d->control, &d->board, &e) == -1)
		app_warn_log(NULL, "`cretula status` will not find us: %s", e.text);
}

static void
start_control(struct run_daemon *d)
{
	struct err e = { ERR_NONE, "" };

	if (app_control_start(&d->control, &e) == -1)
		app_warn_log(NULL, "`cretula status` will not find us: %s", e.text);
}

/* Who becomes somebody else opens inputs first: ports below 1024, sockets in /run. */
static int
open_inputs(struct run_daemon *d, const struct config *c, struct input_live **in,
    const struct app_user *user, struct err *e)
{
	for (unsigned i = 0; user->given && i < c->stream_count; i++) {
		const struct config_stream *s = &c->streams[i];

		if (s->input.kind == INPUT_PIPE)
			continue;
		if (app_run_open_input(s, take_given(d, c, s), &in[i], e) == -1 ||
		    input_live_give(in[i], user->uid, user->gid, e) == -1)
			return (err_in(e, "stream %s", s->name));
	}
	return (0);
}

static bool
has_udp(const struct config *c)
{
	for (unsigned i = 0; i < c->stream_count; i++)
		if (c->streams[i].input.kind == INPUT_UDP)
			return (true);
	return (false);
}

static int
open_metrics(struct run_daemon *d, const char *place, struct err *e)
{
	memcpy(d->metrics, place, strlen(place) + 1);
	return (place[0] == '\0' ? 0 : app_serve_open(&d->serve, &d->board, place, e));
}

/* No thread is there yet: those that come are confined, too. */
static int
confine(struct run_daemon *d, const struct config *c, struct err *e)
{
	struct buf done = { 0 };
	int rc;

	if ((d->places = calloc(1, sizeof(*d->places))) == NULL)
		return (err_memory(e));
	app_places_find(c, path_of(d, "store", c->store), path_of(d, "keys", c->keys), d->places);
	d->calls = APP_CALLS_SERVE | (has_udp(c) ? APP_CALLS_UDP : 0);
	rc = app_confine(d->places, (enum app_sandbox)c->sandbox, d->calls, &done, e);
	if (rc == 0)
		app_info(NULL, "%.*s", (int)done.len, done.data);
	buf_free(&done);
	return (rc);
}

static int
start_all(struct run_daemon *d, struct run_config *c, struct input_live **in, struct err *e)
{
	const struct config *config = c->config;
	struct app_user user;

	if (check(d, config, e) == -1 || app_user_find(config, &user, e) == -1 ||
	    open_inputs(d, config, in, &user, e) == -1 || app_user_become(&user, e) == -1)
		return (-1);
	for (unsigned i = 0; i < config->stream_count; i++) {
		struct input_live *its = in[i];

		in[i] = NULL;
		if (config->streams[i].input.kind != INPUT_PIPE &&
		    open_stream(d, c, &config->streams[i], its, false, e) == -1)
			return (-1);
	}
	open_control(d);
	if (open_metrics(d, config->metrics, e) == -1 || confine(d, config, e) == -1 ||
	    app_serve_start(&d->serve, e) == -1)
		return (-1);
	start_control(d);
	if (app_selfcheck_start(&d->selfcheck, &d->board, config->verify_every_us, e) == -1)
		return (-1);
	for (unsigned i = 0; i < d->count; i++) {
		if (start_stream(d->streams[i], e) == -1)
			return (-1);
		say_missed(d->streams[i]);
	}
	return (0);
}

int
app_daemon_start(struct run_daemon *d, struct err *e)
{
	struct input_live *in[CONFIG_STREAMS_MAX] = { NULL };
	struct run_config *c = NULL;
	int rc;

	if (app_board_open(&d->board, e) == -1 || load(d, &c, e) == -1)
		return (-1);
	c->users++; /* ours, while streams come and go */
	rc = start_all(d, c, in, e);
	for (unsigned i = 0; i < CONFIG_STREAMS_MAX; i++)
		input_live_close(in[i]);
	c->users--;
	unload(c);
	return (rc);
}

void
app_daemon_stop(struct run_daemon *d)
{
	bool ended;

	for (unsigned i = 0; i < d->count; i++)
		app_run_stop(d->streams[i]);
	ended = app_selfcheck_stop(&d->selfcheck);
	while (d->count > 0)
		drop(d, d->count - 1, NULL);
	app_serve_close(&d->serve);
	app_control_close(&d->control);
	if (ended)
		app_board_close(&d->board);
	free(d->places);
	d->places = NULL;
}

void
app_daemon_seal(struct run_daemon *d, int what)
{
	for (unsigned i = 0; i < d->count; i++)
		(void)atomic_fetch_or(&d->streams[i]->seal, what);
}

bool
app_daemon_dead(const struct run_daemon *d, struct err *e)
{
	bool failed = false;

	for (unsigned i = 0; i < d->count; i++) {
		if (d->streams[i]->state != RUN_FAILED && d->streams[i]->state != RUN_ENDED)
			return (false);
		if (!failed && (failed = d->streams[i]->state == RUN_FAILED))
			*e = d->streams[i]->error;
	}
	if (!failed)
		(void)err_set(e, ERR_IO, "no stream is left");
	return (true);
}

/* ---- another configuration ---- */

static const struct config_stream *
find(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->stream_count; i++)
		if (strcmp(c->streams[i].name, name) == 0 && c->streams[i].input.kind != INPUT_PIPE)
			return (&c->streams[i]);
	return (NULL);
}

static bool
has_stream(const struct run_daemon *d, const char *name)
{
	for (unsigned i = 0; i < d->count; i++)
		if (strcmp(d->streams[i]->name, name) == 0)
			return (true);
	return (false);
}

static bool
same_input(const struct config_stream *a, const struct config_stream *b)
{
	return (memcmp(&a->input, &b->input, sizeof(a->input)) == 0 &&
	    memcmp(&a->tls, &b->tls, sizeof(a->tls)) == 0 && strcmp(a->token, b->token) == 0 &&
	    a->line_max == b->line_max && a->connections == b->connections &&
	    a->after_read == b->after_read);
}

/* Its input goes on if it is the same.  If the new one does not open, the old one is back. */
static void
change(struct run_daemon *d, unsigned i, struct run_config *c, const struct config_stream *to)
{
	const struct config_stream *from = d->streams[i]->setup.stream;
	struct run_config *old = d->streams[i]->owner;
	bool keeps = same_input(from, to);
	struct input_live *in = NULL;
	struct err e;

	if (app_run_stays(d->streams[i]))
		return;
	if (keeps)
		app_run_detach(d->streams[i]);
	else
		app_run_stop(d->streams[i]);
	old->users++;
	drop(d, i, keeps ? &in : NULL);
	if (add(d, c, to, in, &e) == -1) {
		app_error(to->name, "as before, for the new one cannot be opened: %s", e.text);
		if (add(d, old, from, NULL, &e) == -1)
			app_error(to->name, "and that cannot be opened any more: %s", e.text);
	} else if (keeps)
		app_run_refresh(d->streams[d->count - 1]);
	old->users--;
	unload(old);
}

/* What is told of streams that are none any more; only this thread changes the rows. */
static void
forget(struct run_daemon *d, const struct config *c)
{
	for (unsigned i = d->board.count; i-- > 0;) {
		const char *name = d->board.rows[i]->figures.now.name;

		if (find(c, name) == NULL)
			app_board_drop(&d->board, name);
	}
}

/* Is what other files say of a stream the same? */
static bool
same_files(const struct run_stream *r, const struct config *c, const struct config_stream *to)
{
	unsigned char now[32];

	return (app_run_files(c, to, now, NULL) == 0 && memcmp(now, r->files, sizeof(now)) == 0);
}

/* Nothing is closed for a file that could not be opened again. */
static int
check_files(const struct config *c, struct err *e)
{
	unsigned char now[32];

	for (unsigned i = 0; i < c->stream_count; i++)
		if (c->streams[i].input.kind != INPUT_PIPE &&
		    app_run_files(c, &c->streams[i], now, e) == -1)
			return (err_in(e, "stream %s", c->streams[i].name));
	return (0);
}

static void
apply(struct run_daemon *d, struct run_config *c)
{
	struct err e;

	for (unsigned i = d->count; i-- > 0;) { /* whoever is changed moves to the end */
		struct run_stream *r = d->streams[i];
		const struct config_stream *to = find(c->config, r->name);

		if (to == NULL) {
			app_info(r->name, "is not configured any more");
			app_run_stop(r);
			drop(d, i, NULL);
		} else if (r->state == RUN_FAILED || r->state == RUN_ENDED ||
		    !config_stream_same(r->owner->config, r->setup.stream, c->config, to) ||
		    !same_files(r, c->config, to))
			change(d, i, c, to);
		else
			app_run_refresh(r);
	}
	for (unsigned i = 0; i < c->config->stream_count; i++) {
		const struct config_stream *s = &c->config->streams[i];

		if (s->input.kind != INPUT_PIPE && !has_stream(d, s->name) &&
		    add(d, c, s, NULL, &e) == -1)
			app_error(s->name, "%s", e.text);
	}
	forget(d, c->config);
}

static bool
is_same_path(const char *a, const char *b)
{
	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

/* What was given up at the start does not come back. */
static int
check_restart(const struct run_daemon *d, const struct config *c, struct err *e)
{
	const struct run_stream *first = d->streams[0];
	struct app_places *wanted;
	const struct app_place *lack;
	int rc = 0;

	if (d->count > 0 &&
	    (!is_same_path(first->store_path, path_of(d, "store", c->store)) ||
		!is_same_path(first->keys_path, path_of(d, "keys", c->keys))))
		return (err_set(e, ERR_CONFIG, "another store or other keys need a restart"));
	if (d->count > 0 &&
	    (strcmp(c->user, first->owner->config->user) != 0 ||
		strcmp(c->group, first->owner->config->group) != 0 ||
		c->sandbox != first->owner->config->sandbox))
		return (err_set(e, ERR_CONFIG, "another user or sandbox needs a restart"));
	if (c->sandbox == APP_SANDBOX_OFF)
		return (0);
	if (has_udp(c) && (d->calls & APP_CALLS_UDP) == 0)
		return (err_set(e, ERR_CONFIG,
		    "the first input of UDP needs a restart: without one at the start no such "
		    "socket can be made (sandbox)"));
	if ((wanted = calloc(1, sizeof(*wanted))) == NULL)
		return (err_memory(e));
	app_places_find(c, path_of(d, "store", c->store), path_of(d, "keys", c->keys), wanted);
	if ((lack = app_places_lack(d->places, wanted)) != NULL)
		rc = err_set(e, ERR_CONFIG,
		    "%s needs a restart: it is in no directory that was configured at the start "
		    "(sandbox)",
		    lack->path);
	free(wanted);
	return (rc);
}

void
app_daemon_reload(struct run_daemon *d)
{
	struct run_config *c = NULL;
	struct err e = { ERR_NONE, "" };
	bool taken = false;

	if (load(d, &c, &e) == -1 || check(d, c->config, &e) == -1 ||
	    check_restart(d, c->config, &e) == -1 || check_files(c->config, &e) == -1)
		app_error(NULL, "the configuration stays as it was: %s", app_places_hint(&e));
	else {
		if (strcmp(d->metrics, c->config->metrics) != 0)
			app_warn_log(NULL, "another place of metrics needs a restart");
		c->users++;
		apply(d, c);
		c->users--;
		app_info(NULL, "the configuration was read again: %u streams", d->count);
		taken = true;
	}
	app_board_reloaded(&d->board, taken);
	if (c != NULL)
		unload(c);
}
