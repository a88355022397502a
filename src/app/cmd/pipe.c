/* app: cretula pipe: a server's log lines, as they come, into a live stream. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/names.h"
#include "app/pipe/pipe.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/source/parser.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "input/live.h"
#include "key/sealkey.h"
#include "store/layout.h"
#include "store/store.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml" },
	APP_OPTION_DIALECT,
	{ "format", "NAME", "format of the lines, or auto (the default)" },
	APP_OPTION_FORMAT_STRING,
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "rotate", "P", "end a period daily, weekly, monthly (UTC), or at a size from 1M" },
	{ "seal-every", "T", "seal a segment so often, 1s to 1h (default 1h)" },
	{ "store", "DIR", "the store; made if it does not exist" },
	{ "stream", "NAME", "the stream, if not named as STREAM" },
	APP_OPTION_TIMEZONE,
	{ NULL, NULL, NULL },
};

struct piping {
	const struct app_args *args;
	const char *stream_name, *store_path;
	struct app_setup setup;
	struct store *store;
	struct mask_words *words;
	struct app_pipe pipe;
	struct store_live_found found;
	bool created;
};

static volatile sig_atomic_t stop, seal;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		seal = 1;
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
	(void)signal(SIGHUP, SIG_IGN);
}

/* ---- opening ---- */

static int
read_name(struct piping *p, struct err *e)
{
	const char *given = app_arg(p->args, "stream");

	p->stream_name = p->args->operand_count > 0 ? p->args->operands[0] : given;
	if (p->stream_name == NULL || (given != NULL && p->stream_name != given))
		return (err_set(e, ERR_USAGE, "one stream is needed: STREAM or --stream NAME"));
	if (!store_name_ok(span_str(p->stream_name)))
		return (err_set(e, ERR_USAGE,
		    "stream %s: a name is [a-z][a-z0-9-]*, at most %d characters", p->stream_name,
		    STORE_NAME_MAX));
	return (0);
}

static int
read_options(struct piping *p, struct err *e)
{
	const char *every = app_arg(p->args, "seal-every");
	const char *rotate = app_arg(p->args, "rotate");
	int64_t every_us;

	if (read_name(p, e) == -1 ||
	    app_setup_open(p->args, p->stream_name, &p->setup, e) == -1 ||
	    app_geo_open(&p->setup, e) == -1 ||
	    app_store_path(p->args, &p->setup, &p->store_path, e) == -1)
		return (-1);
	every_us = p->setup.stream->seal_every_us;
	if (rotate == NULL)
		rotate = p->setup.stream->rotate;
	if (every != NULL &&
	    (num_duration(span_str(every), &every_us) == -1 || every_us < SECOND_US ||
		every_us > HOUR_US))
		return (err_set(e, ERR_USAGE, "--seal-every %s: from 1s to 1h", every));
	p->pipe.seal_every_ns = every_us * 1000;
	if (app_rotate_parse(rotate, &p->pipe.rotate) == -1)
		return (err_set(e, ERR_USAGE,
		    "--rotate %s: daily, weekly, monthly, or a size from 1M", rotate));
	return (app_parser_find(p->args, &p->setup, &p->pipe.setup.parser, e));
}

static int
open_store(struct piping *p, struct err *e)
{
	const struct config_stream *stream = p->setup.stream;
	struct app_pipe *pipe = &p->pipe;
	unsigned char hash[32];

	mask_policy_hash(&stream->policy, hash);
	pipe->policy_hash[text_hex(pipe->policy_hash, hash, sizeof(hash))] = '\0';
	if (store_open(p->store_path, app_keys_path(p->args, &p->setup), &p->store, &p->created,
		e) == -1 ||
	    key_ring_open(store_keys_fd(p->store), &pipe->ring, e) == -1)
		return (-1);
	pipe->grace_us = stream->grace_us;
	if (stream->ratchet_ram &&
	    key_seal_parse(span_str(p->setup.config->escrow_key), pipe->escrow) == 0)
		pipe->how.escrow = pipe->escrow; /* the loader saw to it that it is one */
	pipe->learn = stream->policy.words_mode == MASK_WORDS_LEARN;
	return (app_words_open(&p->setup, pipe->ring, store_words_fd(p->store), p->stream_name,
	    &p->words, e));
}

static int
open_live(struct piping *p, struct err *e)
{
	const struct config_stream *stream = p->setup.stream;
	struct app_pipe *pipe = &p->pipe;
	struct store_last last;

	pipe->unlocked = !key_ring_locked(pipe->ring) || !mask_words_locked(p->words);
	pipe->how = (struct store_live_options){ .store = p->store,
		.name = p->stream_name,
		.mode = "pipe",
		.names = app_names(),
		.next = { .policy = pipe->policy_hash },
		.escrow = pipe->how.escrow,
		.unlocked = pipe->unlocked };
	if (store_last(p->store, p->stream_name, app_names(), &last, e) == -1)
		return (-1);
	pipe->has_broken = app_clock_start(
	    &pipe->clock, clock_now_us(), last.t_us, last.expected_us, &pipe->broke);
	pipe->turn_us = pipe->clock.now_us;
	pipe->setup.policy = &stream->policy;
	pipe->setup.ring = pipe->ring;
	pipe->setup.words = p->words;
	pipe->setup.epochs = MASK_EPOCH_LIVE;
	pipe->setup.now_us = pipe->turn_us;
	pipe->setup.line_max = stream->line_max;
	pipe->setup.geo = p->setup.geo;
	(void)app_pipe_keys_changed(pipe); /* from here on they are watched */
	if (app_pipe_open_live(pipe, &p->found, e) == -1)
		return (-1);
	if (app_pipe_rotate_start(pipe, e) == -1)
		return (-1);
	return (app_pipe_turn_first(pipe, e));
}

static int
open_input(struct piping *p, struct err *e)
{
	const struct input_live_options how = { .place = { .kind = INPUT_PIPE },
		.fd = STDIN_FILENO,
		.line_max = p->setup.stream->line_max };

	return (input_live_open(&how, &p->pipe.in, e));
}

/* ---- running ---- */

static int
seal_and_stop(struct piping *p, const char *reason, struct err *e)
{
	struct buf epochs = { 0 }, words = { 0 };
	struct store_live_facts facts;
	int rc = app_pipe_facts(&p->pipe, &epochs, &words, &facts, e);

	if (rc == 0 && (rc = store_live_stop(p->pipe.live, &facts, reason, e)) == 0)
		app_pipe_head(&p->pipe);
	buf_free(&epochs);
	buf_free(&words);
	return (rc);
}

/* Seal and say why; also after an error of the input. */
static int
finish(struct piping *p, const char *reason, struct err *e)
{
	int rc;

	while ((rc = seal_and_stop(p, reason, e)) == -1 && store_live_full(p->pipe.live) &&
	    e != NULL)
		if (app_pipe_wait_for_space(&p->pipe, e) == -1)
			return (-1);
	return (rc);
}

static int
run_pipe(struct piping *p, struct err *e)
{
	struct app_pipe *pipe = &p->pipe;
	int rc;

	if (p->found.ratchet_lost)
		app_warn("pipe",
		    "its ratchet was in memory: whether more was committed is not known; the "
		    "chain says so");
	if (p->found.crashed)
		app_warn("pipe",
		    "the last run did not stop: %llu records recovered, %llu of them behind its "
		    "last commit, %llu torn",
		    (unsigned long long)p->found.kept, (unsigned long long)p->found.untagged,
		    (unsigned long long)p->found.lost);
	app_pipe_head(pipe);
	pipe->stop = &stop;
	pipe->seal = &seal;
	rc = app_pipe_run(pipe, e);
	if (rc == 0)
		return (finish(p, stop != 0 ? "term" : "end", e));
	if (pipe->live != NULL && !store_live_broken(pipe->live) &&
	    store_live_check(pipe->live, NULL) == 0)
		(void)finish(p, "error", NULL);
	return (-1);
}

static int
say(struct piping *p)
{
	const struct stats_counts *c = &p->pipe.counts;
	struct buf out = { 0 };

	app_pipe_close_live(&p->pipe);
	if (!p->args->json) {
		fprintf(stderr,
		    "lines=%llu bytes=%llu records=%llu unparsed=%llu counted=%llu "
		    "segments=%llu flushes=%llu words=%llu words_clear=%llu\n",
		    (unsigned long long)c->lines, (unsigned long long)c->bytes,
		    (unsigned long long)p->pipe.records, (unsigned long long)c->in.unparsed,
		    (unsigned long long)c->in.counted, (unsigned long long)p->pipe.segments,
		    (unsigned long long)p->pipe.flushes, (unsigned long long)p->pipe.words_seen,
		    (unsigned long long)p->pipe.words_clear);
		return (0);
	}
	buf_fmt(&out,
	    "{\"lines\":%llu,\"bytes\":%llu,\"records\":%llu,\"parsed\":%llu,\"partial\":%llu,"
	    "\"unparsed\":%llu,\"counted\":%llu,\"meta\":%llu,\"segments\":%llu,\"flushes\":%llu,"
	    "\"slowest_flush_ms\":%lld,\"slowest_cut_ms\":%lld,"
	    "\"longest_wait_ms\":%.3f,\"longest_turn_ms\":%.3f,\"recovered\":%llu,"
	    "\"untagged\":%llu,\"words_seen\":%llu,\"words_clear\":%llu}\n",
	    (unsigned long long)c->lines, (unsigned long long)c->bytes,
	    (unsigned long long)p->pipe.records, (unsigned long long)c->in.parsed,
	    (unsigned long long)c->in.partial, (unsigned long long)c->in.unparsed,
	    (unsigned long long)c->in.counted, (unsigned long long)c->meta,
	    (unsigned long long)p->pipe.segments,
	    (unsigned long long)p->pipe.flushes, (long long)p->pipe.slowest_flush_ns / 1000000,
	    (long long)p->pipe.slowest_cut_ns / 1000000, (double)p->pipe.longest_wait_ns / 1e6,
	    (double)p->pipe.longest_turn_ns / 1e6, (unsigned long long)p->found.kept,
	    (unsigned long long)p->found.untagged, (unsigned long long)p->pipe.words_seen,
	    (unsigned long long)p->pipe.words_clear);
	return (app_finish("pipe", &out, 0));
}

static int
run(const struct app_args *args)
{
	struct piping p = { .args = args };
	struct err e = { ERR_NONE, "" };
	int code;

	catch_signals();
	if (read_options(&p, &e) == 0 && open_store(&p, &e) == 0 && open_live(&p, &e) == 0 &&
	    open_input(&p, &e) == 0 && run_pipe(&p, &e) == 0)
		code = say(&p);
	else
		code = app_fail("pipe", &e);
	if (p.pipe.unlocked)
		app_warn("pipe", "memory could not be locked (RLIMIT_MEMLOCK): it may reach swap");
	app_pipe_close_live(&p.pipe);
	input_live_close(p.pipe.in);
	mask_words_close(p.words);
	key_ring_free(p.pipe.ring);
	store_close(p.store);
	app_setup_close(&p.setup);
	return (code);
}

const struct app_command app_command_pipe = { "pipe",
	"mask log lines as they come and keep them in a live, sealed stream", "[STREAM]", 0, 1,
	options,
	"Reads standard input until it ends or SIGTERM comes. What is read is committed within\n"
	"about a second; after a crash the next start goes on there. SIGUSR1 seals at once;\n"
	"SIGHUP is ignored: the configuration is read at the start. On a full disk input waits.\n"
	"Records can be viewed once they are sealed.\n\n"
	"examples:\n"
	"  tail -F access.log | cretula pipe --store ./store shop\n"
	"  CustomLog \"|/usr/bin/cretula pipe --store /var/lib/cretula shop\" combined\n",
	run };
