/* app: cretula pipe: a server's log lines, as they come, into a live stream. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/pipe/relay.h"
#include "app/pipe/session.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/source/parser.h"
#include "base/num.h"
#include "input/live.h"
#include "store/layout.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define UNLOCKED "memory could not be locked (RLIMIT_MEMLOCK): it may reach swap"

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml" },
	APP_OPTION_DIALECT,
	{ "format", "NAME", "format of the lines, or auto (the default)" },
	APP_OPTION_FORMAT_STRING,
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "rotate", "P", "end a period daily, weekly, monthly, or at a size from 1M" },
	{ "rotate-zone", "ZONE", "whose midnight that is: Europe/Berlin, +02:00 (default: UTC)" },
	{ "seal-every", "T", "seal a segment so often, 1s to 1h (default 1h)" },
	{ "store", "DIR", "the store; made if it does not exist" },
	{ "stream", "NAME", "the stream, if not named as STREAM" },
	APP_OPTION_TIMEZONE,
	{ NULL, NULL, NULL },
};

struct piping {
	const struct app_args *args;
	struct app_setup setup;
	struct app_session session;
};

static atomic_int stop, seal;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		atomic_fetch_or(&seal, APP_PIPE_SEAL);
	else if (number == SIGUSR2)
		atomic_fetch_or(&seal, APP_PIPE_ROTATE);
	else
		stop = number;
}

static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGUSR1, &act, NULL);
	(void)sigaction(SIGUSR2, &act, NULL);
	(void)signal(SIGHUP, SIG_IGN);
}

/* ---- opening ---- */

static int
read_name(struct piping *p, struct err *e)
{
	const char *given = app_arg(p->args, "stream"), *name;

	name = p->args->operand_count > 0 ? p->args->operands[0] : given;
	if (name == NULL || (given != NULL && name != given))
		return (err_set(e, ERR_USAGE, "one stream is needed: STREAM or --stream NAME"));
	if (!store_name_ok(span_str(name)))
		return (err_set(e, ERR_USAGE,
		    "stream %s: a name is [a-z][a-z0-9-]*, at most %d characters", name,
		    STORE_NAME_MAX));
	p->session.name = name;
	return (0);
}

static int
read_options(struct piping *p, struct err *e)
{
	const char *every = app_arg(p->args, "seal-every");
	const char *rotate = app_arg(p->args, "rotate"), *zone = app_arg(p->args, "rotate-zone");
	int64_t every_us;

	if (read_name(p, e) == -1 ||
	    app_setup_open(p->args, p->session.name, &p->setup, e) == -1 ||
	    app_geo_open(&p->setup, e) == -1 ||
	    app_store_path(p->args, &p->setup, &p->session.store_path, e) == -1)
		return (-1);
	p->session.keys_path = app_keys_path(p->args, &p->setup);
	every_us = p->setup.stream->seal_every_us;
	if (rotate == NULL)
		rotate = p->setup.stream->rotate;
	if (zone == NULL)
		zone = p->setup.stream->rotate_zone;
	if (every != NULL &&
	    (num_duration(span_str(every), &every_us) == -1 || every_us < SECOND_US ||
		every_us > HOUR_US))
		return (err_set(e, ERR_USAGE, "--seal-every %s: from 1s to 1h", every));
	p->session.pipe.seal_every_ns = every_us * 1000;
	if (app_rotate_parse("never", zone, &p->session.pipe.rotate) == -1)
		return (err_set(e, ERR_USAGE, "--rotate-zone: there is no such time zone here"));
	if (app_rotate_parse(rotate, zone, &p->session.pipe.rotate) == -1)
		return (err_set(e, ERR_USAGE,
		    "--rotate %s: daily, weekly, monthly, or a size from 1M", rotate));
	return (app_parser_find(p->args, &p->setup, &p->session.pipe.setup.parser, e));
}

/* The store is there and open, standard input not yet read. */
static int
confine(const struct piping *p, struct err *e)
{
	const struct app_session *s = &p->session;
	struct app_places *places = app_places_new(e);

	if (places == NULL)
		return (-1);
	app_places_add_store(places, s->store_path, s->keys_path, true);
	if (p->setup.stream->archive.to[0] != '\0')
		app_places_add(places, p->setup.stream->archive.to, APP_PLACE_READ);
	return (app_confine_command(places, p->setup.config->sandbox, 0, true, e));
}

static int
open_input(struct piping *p, struct err *e)
{
	const struct input_live_options how = { .place = { .kind = INPUT_PIPE },
		.fd = STDIN_FILENO,
		.line_max = p->setup.stream->line_max };

	return (input_live_open(&how, &p->session.pipe.in, e));
}

static int
say(struct piping *p)
{
	const struct app_pipe *pipe = &p->session.pipe;
	const struct stats_counts *c = &pipe->counts;
	struct buf out = { 0 };

	app_pipe_close_live(&p->session.pipe);
	if (!p->args->json) {
		fprintf(stderr,
		    "lines=%llu bytes=%llu records=%llu unparsed=%llu counted=%llu over_rate=%llu "
		    "segments=%llu flushes=%llu words=%llu words_clear=%llu\n",
		    (unsigned long long)c->lines, (unsigned long long)c->bytes,
		    (unsigned long long)pipe->records, (unsigned long long)c->in.unparsed,
		    (unsigned long long)c->in.counted,
		    (unsigned long long)c->causes[STATS_CAUSE_RATE],
		    (unsigned long long)pipe->segments, (unsigned long long)pipe->flushes,
		    (unsigned long long)pipe->words_seen,
		    (unsigned long long)pipe->words_clear);
		return (0);
	}
	buf_fmt(&out,
	    "{\"lines\":%llu,\"bytes\":%llu,\"records\":%llu,\"parsed\":%llu,\"partial\":%llu,"
	    "\"unparsed\":%llu,\"counted\":%llu,\"over_rate\":%llu,\"meta\":%llu,"
	    "\"segments\":%llu,\"flushes\":%llu,"
	    "\"slowest_flush_ms\":%lld,\"slowest_cut_ms\":%lld,"
	    "\"longest_wait_ms\":%.3f,\"longest_turn_ms\":%.3f,\"recovered\":%llu,"
	    "\"untagged\":%llu,\"words_seen\":%llu,\"words_clear\":%llu}\n",
	    (unsigned long long)c->lines, (unsigned long long)c->bytes,
	    (unsigned long long)pipe->records, (unsigned long long)c->in.parsed,
	    (unsigned long long)c->in.partial, (unsigned long long)c->in.unparsed,
	    (unsigned long long)c->in.counted, (unsigned long long)c->causes[STATS_CAUSE_RATE],
	    (unsigned long long)c->meta,
	    (unsigned long long)pipe->segments,
	    (unsigned long long)pipe->flushes, (long long)pipe->slowest_flush_ns / 1000000,
	    (long long)pipe->slowest_cut_ns / 1000000, (double)pipe->longest_wait_ns / 1e6,
	    (double)pipe->longest_turn_ns / 1e6, (unsigned long long)p->session.found.kept,
	    (unsigned long long)p->session.found.untagged, (unsigned long long)pipe->words_seen,
	    (unsigned long long)pipe->words_clear);
	return (app_finish("pipe", &out, 0));
}

/* Alone: the stream is ours. */
static int
run_alone(struct piping *p)
{
	struct app_session *session = &p->session;
	struct err e = { ERR_NONE, "" };
	int code;

	if (app_session_open(session, &e) == 0 && confine(p, &e) == 0 && open_input(p, &e) == 0 &&
	    app_session_run(session, &e) == 0)
		code = say(p);
	else
		code = app_fail("pipe", &e);
	if (session->pipe.unlocked)
		app_warn("pipe", UNLOCKED);
	app_session_close(session);
	input_live_close(session->pipe.in);
	return (code);
}

/* The stream is the daemon's, which listens for connections. */
static int
run_relay(struct piping *p)
{
	struct app_relay relay = { .from = STDIN_FILENO,
		.path = p->setup.stream->input.path,
		.stop = &stop };
	struct err e = { ERR_NONE, "" };
	struct app_places *places = app_places_new(&e);
	struct buf out = { 0 };
	int rc = -1;

	/* It opens nothing: lines come from one descriptor and go to one socket. */
	if (places != NULL && app_confine_command(places, p->setup.config->sandbox,
				  APP_CALLS_RELAY, true, &e) == 0)
		rc = app_relay_run(&relay, &e);

	if (relay.unlocked)
		app_warn("pipe", UNLOCKED);
	if (rc == -1)
		return (app_fail("pipe", &e));
	if (p->args->json)
		buf_fmt(&out, "{\"handed_on\":%llu}\n", (unsigned long long)relay.bytes);
	return (app_finish("pipe", &out, 0));
}

static int
run(const struct app_args *args)
{
	struct piping p = { .args = args };
	struct err e = { ERR_NONE, "" };
	int code;

	catch_signals();
	p.session.mode = "pipe";
	p.session.setup = &p.setup;
	p.session.pipe.stop = &stop;
	p.session.pipe.seal = &seal;
	if (read_options(&p, &e) == -1)
		code = app_fail("pipe", &e);
	else if (p.setup.stream->input.kind == INPUT_UNIX_STREAM)
		code = run_relay(&p);
	else
		code = run_alone(&p);
	app_setup_close(&p.setup);
	return (code);
}

const struct app_command app_command_pipe = { "pipe",
	"mask log lines as they come and keep them in a live, sealed stream", "[STREAM]", 0, 1,
	options,
	"Reads standard input until it ends or SIGTERM comes. What is read is committed within\n"
	"about a second; after a crash the next start goes on there. SIGUSR1 seals at once,\n"
	"SIGUSR2 also ends the period (`rotate`); SIGHUP is ignored: the configuration is read at\n"
	"the start. On a full disk input waits.\n"
	"A stream with `input: { unix-stream: PATH }` is the daemon's: lines go on to its socket,\n"
	"and wait while `cretula run` is away; how they are read it says, not options here.\n\n"
	"examples:\n"
	"  tail -F access.log | cretula pipe --store ./store shop\n"
	"  CustomLog \"|/usr/bin/cretula pipe --store /var/lib/cretula shop\" combined\n",
	run };
