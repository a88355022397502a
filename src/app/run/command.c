/* app: cretula run: the daemon. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/command.h"
#include "app/run/run.h"
#include "app/say.h"
#include "base/buf.h"
#include "base/err.h"

#define CONFIG_PATH "/etc/cretula/cretula.yaml"
#define TICK_NS INT64_C(500000000)

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml (default " CONFIG_PATH ")" },
	{ "keys", "DIR", "keys of the store (default: as configured, else STORE.keys)" },
	{ "store", "DIR", "the store; made if it does not exist" },
	{ NULL, NULL, NULL },
};

struct daemon {
	const struct app_args *args;
	const char *path; /* of the configuration */
	struct run_stream *streams[CONFIG_STREAMS_MAX];
	unsigned count;
	struct app_listen listen;
	int64_t watchdog_ns;
};

/* ---- configuration ---- */

static int
load(const struct daemon *d, struct run_config **c, struct err *e)
{
	struct buf report = { 0 };
	struct run_config *made = calloc(1, sizeof(*made));
	int rc = made == NULL ? err_sys(e, ERR_IO, "configuration") :
				config_load(d->path, &made->config, &report, e);

	if (rc == -1) {
		app_hint(&report);
		free(made);
	} else
		*c = made;
	buf_free(&report);
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
path_of(const struct daemon *d, const char *option, const char *configured)
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
check(const struct daemon *d, const struct config *c, struct err *e)
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

/* in: the input of the stream before, which it goes on with; NULL. */
static int
add(struct daemon *d, struct run_config *c, const struct config_stream *stream,
    struct input_live *in, struct err *e)
{
	struct run_stream *r = calloc(1, sizeof(*r));
	char place[INPUT_TEXT_BYTES];

	if (r == NULL)
		return (err_sys(e, ERR_IO, "stream %s", stream->name));
	r->store_path = path_of(d, "store", c->config->store);
	r->keys_path = path_of(d, "keys", c->config->keys);
	if (app_run_open(r, c, stream, in,
		in != NULL ? -1 :
			     app_listen_take(&d->listen, stream->name,
				 count_inputs(c->config) == 1),
		e) == -1 ||
	    app_run_start(r, e) == -1) {
		app_run_join(r, NULL);
		free(r);
		return (-1);
	}
	d->streams[d->count++] = r;
	input_place_print(&stream->input, place);
	app_info(stream->name, "reading %s", place);
	return (0);
}

static void
drop(struct daemon *d, unsigned i, struct input_live **in)
{
	struct run_stream *r = d->streams[i];

	app_run_join(r, in);
	free(r);
	d->streams[i] = d->streams[--d->count];
}

static int
start(struct daemon *d, struct err *e)
{
	struct run_config *c = NULL;
	int rc;

	if (load(d, &c, e) == -1)
		return (-1);
	rc = check(d, c->config, e);
	c->users++; /* ours, while streams come and go */
	for (unsigned i = 0; rc == 0 && i < c->config->stream_count; i++)
		if (c->config->streams[i].input.kind != INPUT_PIPE)
			rc = add(d, c, &c->config->streams[i], NULL, e);
	c->users--;
	unload(c);
	return (rc);
}

static void
stop(struct daemon *d)
{
	for (unsigned i = 0; i < d->count; i++)
		app_run_stop(d->streams[i]);
	while (d->count > 0)
		drop(d, d->count - 1, NULL);
}

/* ---- running ---- */

/* The first error of those that failed; false while one is alive. */
static bool
all_dead(const struct daemon *d, struct err *e)
{
	bool failed = false;

	for (unsigned i = 0; i < d->count; i++) {
		if (d->streams[i]->state != RUN_FAILED && d->streams[i]->state != RUN_ENDED)
			return (false);
		if (!failed && d->streams[i]->state == RUN_FAILED) {
			*e = d->streams[i]->error;
			failed = true;
		}
	}
	return (true);
}

static void
seal_all(struct daemon *d)
{
	for (unsigned i = 0; i < d->count; i++)
		d->streams[i]->seal = 1;
}

static int
wait_for_signal(const struct daemon *d, const sigset_t *set)
{
	int64_t ns = d->watchdog_ns > 0 && d->watchdog_ns < TICK_NS ? d->watchdog_ns : TICK_NS;
	const struct timespec most = { 0, (long)ns };

	return (sigtimedwait(set, NULL, &most));
}

static int
serve(struct daemon *d, const sigset_t *set, struct err *e)
{
	app_notify("READY=1");
	for (;;) {
		int number = wait_for_signal(d, set);

		if (number == SIGTERM || number == SIGINT)
			return (0);
		if (number == SIGUSR1)
			seal_all(d);
		if (d->watchdog_ns > 0)
			app_notify("WATCHDOG=1");
		if (all_dead(d, e))
			return (-1);
	}
}

/* ---- the command ---- */

/* Before a thread is there: all of them inherit it. */
static void
hold_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, set, NULL);
}

static int
run(const struct app_args *args)
{
	struct daemon d = { .args = args, .path = app_arg(args, "config") };
	struct err e = { ERR_NONE, "" };
	sigset_t set;
	int rc;

	if (d.path == NULL)
		d.path = CONFIG_PATH;
	hold_signals(&set);
	app_listen_read(&d.listen);
	d.watchdog_ns = app_notify_watchdog_ns();
	rc = start(&d, &e);
	if (rc == 0)
		rc = serve(&d, &set, &e);
	app_notify("STOPPING=1");
	stop(&d);
	return (rc == 0 ? 0 : app_fail("run", &e));
}

const struct app_command app_command_run = { "run",
	"the daemon: every stream with an input, masked and sealed as lines come", "", 0, 0,
	options,
	"Each stream of the configuration that has an input (`input: { unix: PATH }`, fifo, udp,\n"
	"tcp, unix-stream) is read, masked, committed each second and sealed. SIGTERM drains\n"
	"and seals, SIGUSR1 seals at once. A stream that cannot write is tried again; its clients\n"
	"wait meanwhile. Sockets of a service manager (LISTEN_FDS) are taken by their names.\n\n"
	"examples:\n"
	"  cretula run --config /etc/cretula/cretula.yaml\n"
	"  cretula check --config /etc/cretula/cretula.yaml\n",
	run };
