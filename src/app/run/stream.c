/* app: a stream of `cretula run`: opened, run, opened again after what may pass. */
#include <sys/mman.h>
#include <sys/prctl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/intake/intake.h"
#include "app/run/run.h"
#include "app/say.h"
#include "app/source/parser.h"
#include "input/given.h"
#include "app/watch/figures.h"
#include "base/clock.h"
#include "store/store.h"

#define PAUSE_FIRST_NS INT64_C(500000000)
#define PAUSE_LAST_NS INT64_C(60000000000)
#define LOOK_NS 2000000
#define END_NS INT64_C(120000000000) /* the drain, and the seal of a segment on a slow disk */

static void
set_state(struct run_stream *r, enum run_state state)
{
	static const enum app_state shown[] = { [RUN_STARTING] = APP_STARTING,
		[RUN_READING] = APP_READING,
		[RUN_WAITING] = APP_WAITING,
		[RUN_ENDED] = APP_ENDED,
		[RUN_FAILED] = APP_FAILED };

	r->state = state;
	app_figures_state(r->figures, shown[state]);
}

/* ---- opening ---- */

/* A session that is new each time, of options that stay. */
static int
open_session(struct run_stream *r, struct err *e)
{
	const struct config_stream *stream = r->setup.stream;
	struct app_session *s = &r->session;

	memset(s, 0, sizeof(*s));
	s->name = r->name;
	s->mode = "run";
	s->store_path = r->store_path;
	s->keys_path = r->keys_path;
	s->setup = &r->setup;
	s->pipe.in = r->in;
	s->pipe.stop = &r->stop;
	s->pipe.seal = &r->seal;
	s->pipe.daemon = r->name;
	s->pipe.figures = r->figures;
	s->pipe.seal_every_ns = stream->seal_every_us * 1000;
	s->pipe.setup.parser.map = &stream->map;
	if (app_rotate_parse(stream->rotate, stream->rotate_zone, &s->pipe.rotate) == -1 ||
	    app_parser_find(NULL, &r->setup, &s->pipe.setup.parser, e) == -1)
		return (-1); /* the loader looked at rotate */
	s->replays = stream->input.kind == INPUT_FILE || stream->input.kind == INPUT_HTTP;
	if (app_session_open(s, e) == -1)
		return (-1);
	r->before = store_live_sealed(s->pipe.live);
	return (0);
}

/* ---- files: where to go on ---- */

/* The newest cursor of what begins like head. */
static int
find_cursor(void *arg, struct span head, uint64_t *at, uint64_t *rank)
{
	struct run_stream *r = arg;
	struct store_cursor *list = NULL;
	size_t count = 0;
	int rc = store_live_cursors(
	    r->session.pipe.live, r->session.pipe.fingerprint_key, head, &list, &count, NULL);

	if (rc == 0 && count > 0) {
		*at = list[0].source.at;
		*rank = list[0].entry + 1;
	}
	free(list);
	return (rc == 0 && count > 0 ? 0 : -1);
}

/*
 * When a daemon that did not come to its first commit began with the file; 0: none did.  By
 * now the file may have another name.
 */
static int64_t
uncommitted_since(const struct run_stream *r)
{
	int64_t since_us = 0;

	if (r->before == 0 && r->session.had_files)
		(void)store_live_raw_since(r->session.pipe.live, &since_us, NULL);
	return (since_us);
}

static void
resume(struct run_stream *r)
{
	if (r->setup.stream->input.kind != INPUT_FILE)
		return;
	if (input_live_resume(r->in, find_cursor, r, uncommitted_since(r)) || r->before == 0)
		return;
	app_warn_log(r->name,
	    "no file is there that was read before: what it got since is %s",
	    r->session.had_files ? "lost" : "not read");
	/* Nobody can count these lines: they are one. */
	r->session.pipe.lost_files += r->session.had_files;
}

int
app_run_open_input(
    const struct config_stream *stream, int fd, struct input_live **in, struct err *e)
{
	struct input_given given;
	const struct input_live_options how = { .place = stream->input,
		.fd = fd,
		.line_max = stream->line_max,
		.connections = stream->connections,
		.after_read = (enum input_after_read)stream->after_read,
		.tls = &stream->tls,
		.given = &given };
	int rc;

	if (stream->input.kind != INPUT_HTTP)
		return (input_live_open(&how, in, e));
	if (app_intake_open(stream, &given, e) == -1)
		return (-1);
	if ((rc = input_live_open(&how, in, e)) == -1)
		given.close(given.arg);
	return (rc);
}

/*
 * Raw bytes of these inputs pass through memory of libraries: all that the
 * process touches stays out of swap.
 */
static int
lock_memory(const struct config_stream *stream, struct err *e)
{
	if (stream->input.kind != INPUT_TLS && stream->input.kind != INPUT_HTTP)
		return (0);
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
		return (0);
	return (err_sys(e, ERR_CONFIG,
	    "memory cannot be locked: raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity in a unit)"));
}

/*
 * Is it of a kind that goes away by itself?  A store whose open files are not
 * what a crash leaves, keys that cannot be read: those are for a person.
 */
static bool
may_pass(const struct err *e)
{
	return (e->code == ERR_IO || e->code == ERR_BUSY);
}

/* While the daemon runs what may pass is waited for, by the stream's own thread. */
static int
open_or_wait(struct run_stream *r, struct err *e)
{
	if (open_session(r, e) == 0)
		return (0);
	r->waits = r->may_wait && may_pass(e);
	r->error = *e;
	app_session_close(&r->session);
	return (r->waits ? 0 : -1);
}

int
app_run_open(struct run_stream *r, struct run_config *c, const struct config_stream *stream,
    struct input_live *in, int fd, struct err *e)
{
	(void)memcpy(r->name, stream->name, sizeof(r->name));
	r->owner = c;
	c->users++;
	r->setup.config = c->config;
	r->setup.stream = stream;
	r->in = in;
	set_state(r, RUN_STARTING);
	app_figures_place(r->figures, &stream->input, stream->rotate);
	if (lock_memory(stream, e) == -1 || app_run_files(c->config, stream, r->files, e) == -1 ||
	    app_geo_open(&r->setup, e) == -1 || open_or_wait(r, e) == -1 ||
	    (in == NULL && app_run_open_input(stream, fd, &r->in, e) == -1) ||
	    input_live_check(r->in, e) == -1)
		return (err_in(e, "stream %s", r->name));
	r->session.pipe.in = r->in;
	if (!r->waits)
		resume(r);
	if (r->session.pipe.unlocked || !input_live_locked(r->in))
		return (err_set(e, ERR_CONFIG,
		    "stream %s: memory cannot be locked: raise RLIMIT_MEMLOCK "
		    "(LimitMEMLOCK=infinity in a unit)",
		    r->name));
	return (0);
}

/* ---- running ---- */

/*
 * What was on its way when the writing failed is lost, but for what reached
 * the disk and was found there: the session that begins seals it.
 */
static void
take_lost(struct run_stream *r)
{
	struct app_lost lost;
	uint64_t found;

	if (!app_figures_lost(r->figures, &lost))
		return;
	found = r->before > lost.expected ? r->before - lost.expected : 0;
	lost.lines -= found < lost.lines ? found : lost.lines;
	if (r->session.replays)
		lost.lines = 0; /* they are read again */
	r->session.pipe.lost += lost.lines;
	if (lost.lines > 0)
		app_info(r->name, "%llu lines were lost before", (unsigned long long)lost.lines);
}

/* A session has failed: the next one, be it of another configuration, has to tell. */
static void
give_lost(struct run_stream *r)
{
	const struct app_lost lost = { .lines = r->session.pipe.unwritten,
		.expected = r->before + r->session.pipe.records };

	input_live_forget(r->in);
	app_figures_lose(r->figures, &lost);
}

/*
 * After an error: open again until it works.  Who is told to stop tries once
 * more, for the sake of what is lost.  false: told to stop, or no use.
 */
static bool
reopen(struct run_stream *r, struct err *e)
{
	bool last = r->stop != 0;

	for (int64_t pause_ns = PAUSE_FIRST_NS; may_pass(e) && !r->last;) {
		if (!last)
			app_error(r->name, "%s; trying again in %lld ms", e->text,
			    (long long)(pause_ns / 1000000));
		app_session_close(&r->session);
		set_state(r, RUN_WAITING);
		r->last = last = last || !app_pipe_pause(&r->session.pipe, pause_ns);
		pause_ns = 2 * pause_ns < PAUSE_LAST_NS ? 2 * pause_ns : PAUSE_LAST_NS;
		if (open_session(r, e) == 0) {
			app_info(r->name, "open again");
			resume(r);
			take_lost(r);
			return (true);
		}
	}
	return (false);
}

/* Nobody is there any more who would seal it; a reload may bring somebody. */
static void
say_lost(const struct run_stream *r)
{
	uint64_t lines = app_figures_lost_lines(r->figures);

	if (lines > 0 && !r->session.replays)
		app_error(r->name, "up to %llu lines are lost that the chain does not tell of",
		    (unsigned long long)lines);
}

static void *
stream_main(void *arg)
{
	struct run_stream *r = arg;
	struct err e = r->error;
	int rc = r->waits ? -1 : 0;

	(void)prctl(PR_SET_NAME, "cr-write");
	while (rc == 0 || reopen(r, &e)) {
		set_state(r, RUN_READING);
		if ((rc = app_session_run(&r->session, &e)) == 0)
			break;
		give_lost(r);
	}
	if (rc == -1) {
		app_error(r->name, "stopped: %s", e.text);
		say_lost(r);
		if (r->stop == 0)
			input_live_desert(r->in);
		r->error = e;
	}
	set_state(r, rc == 0 ? RUN_ENDED : RUN_FAILED);
	return (NULL);
}

/* What an input that goes on reads of files: certificates. */
void
app_run_refresh(struct run_stream *r)
{
	struct err e;

	if (r->in != NULL && input_live_reload(r->in, &e) == -1)
		app_error(r->name, "goes on with what it has: %s", e.text);
}

int
app_run_start(struct run_stream *r, struct err *e)
{
	if (input_live_start(r->in, e) == -1)
		return (err_in(e, "stream %s", r->name));
	if (!r->waits)
		take_lost(r);
	if ((errno = pthread_create(&r->thread, NULL, stream_main, r)) != 0) {
		(void)err_sys(e, ERR_IO, "stream %s: starting a thread", r->name);
		r->session.pipe.unwritten = r->session.pipe.lost; /* it was only taken */
		if (!r->waits)
			give_lost(r);
		return (-1);
	}
	r->started = true;
	return (0);
}

bool
app_run_stays(const struct run_stream *r)
{
	const struct app_pipe *p = &r->session.pipe;
	bool full = r->state == RUN_READING && p->full && !p->over_budget;

	if (full)
		app_error(r->name,
		    "as before, since it waits for room on the disk: reload it again then");
	return (full);
}

void
app_run_stop(struct run_stream *r)
{
	r->stop = 1;
}

void
app_run_detach(struct run_stream *r)
{
	r->stop = APP_PIPE_DETACH;
}

/* What a person should know of the input that is closed. */
static void
say_input(const struct run_stream *r)
{
	struct input_live_counts counts;

	if (r->in == NULL)
		return;
	input_live_count(r->in, &counts);
	if (counts.refused > 0)
		app_warn_log(r->name,
		    "%llu connections were closed for lack of room (limits.connections)",
		    (unsigned long long)counts.refused);
	if (counts.short_of > 0)
		app_warn_log(r->name,
		    "connections waited for lack of descriptors, %llu times (LimitNOFILE)",
		    (unsigned long long)counts.short_of);
	if (counts.bad + counts.large + counts.denied + counts.busy > 0)
		app_warn_log(r->name,
		    "bodies were refused: %llu malformed, %llu too large, %llu without the token, "
		    "%llu for lack of time or room",
		    (unsigned long long)counts.bad, (unsigned long long)counts.large,
		    (unsigned long long)counts.denied, (unsigned long long)counts.busy);
	if (counts.failed > 0)
		app_warn_log(r->name, "%llu connections did not get through a TLS handshake",
		    (unsigned long long)counts.failed);
	if (counts.gone > 0)
		app_warn_log(r->name, "%llu renamed files were gone before they were read",
		    (unsigned long long)counts.gone);
}

/*
 * One that drains, and then seals, may take longer than a service manager
 * believes that we live without a word; one that hangs must not be covered.
 */
static void
join(struct run_stream *r)
{
	const struct timespec look = { 0, LOOK_NS };
	int64_t until_ns = clock_mono_ns() + END_NS;
	int rc;

	while ((rc = pthread_tryjoin_np(r->thread, NULL)) == EBUSY &&
	    clock_mono_ns() < until_ns) {
		app_notify_alive();
		(void)nanosleep(&look, NULL);
	}
	if (rc == EBUSY)
		(void)pthread_join(r->thread, NULL);
}

void
app_run_join(struct run_stream *r, struct input_live **in)
{
	if (r->started)
		join(r);
	app_session_close(&r->session);
	if (in != NULL)
		*in = r->in;
	else {
		say_input(r);
		input_live_close(r->in);
	}
	r->setup.config = NULL; /* the owner's */
	app_setup_close(&r->setup);
	if (r->owner != NULL && --r->owner->users == 0) {
		config_free(r->owner->config);
		free(r->owner);
	}
}
