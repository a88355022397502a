/* app: a live stream from its opening to its seal. */
#include "app/pipe/session.h"

#include <sys/vfs.h>

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

#include "app/names.h"
#include "app/retain/keeper.h"
#include "app/watch/figures.h"
#include "app/say.h"
#include "app/tally/counter.h"
#include "base/clock.h"
#include "app/words/words.h"
#include "base/text.h"
#include "key/sealkey.h"
#include "store/store.h"

/* ---- opening ---- */

/* Whoever will check the store needs its line, and it is said once. */
static int
say_created(const struct app_session *s, bool created, struct err *e)
{
	struct buf anchor = { 0 };
	int rc = 0;

	if (created && (rc = store_anchor(s->store, &anchor, e)) == 0)
		app_pipe_warn(&s->pipe, "the store %s is made; keys %s; auditor %.*s",
		    s->store_path, store_keys_path(s->store), (int)anchor.len, anchor.data);
	buf_free(&anchor);
	return (rc);
}

static int
pass_over(void *arg, enum mask_word_class c, struct span position, struct span word, struct err *e)
{
	(void)arg;
	(void)c;
	(void)position;
	(void)word;
	(void)e;
	return (0);
}

static int
open_store(struct app_session *s, struct err *e)
{
	const struct config_stream *stream = s->setup->stream;
	struct app_pipe *pipe = &s->pipe;
	unsigned char hash[32];
	bool created;

	mask_policy_hash(&stream->policy, hash);
	pipe->policy_hash[text_hex(pipe->policy_hash, hash, sizeof(hash))] = '\0';
	if (store_open(s->store_path, s->keys_path, &s->store, &created, e) == -1 ||
	    say_created(s, created, e) == -1 ||
	    key_ring_open(store_keys_fd(s->store), &pipe->ring, e) == -1)
		return (-1);
	pipe->grace_us = stream->grace_us;
	pipe->how.escrow = NULL;
	if (stream->ratchet_ram &&
	    key_seal_parse(span_str(s->setup->config->escrow_key), pipe->escrow) == 0)
		pipe->how.escrow = pipe->escrow; /* the loader saw to it that it is one */
	pipe->rate = stream->rate;
	pipe->learn = stream->policy.words_mode == MASK_WORDS_LEARN;
	/* A file that is not there is told before anything is written. */
	return (app_words_preload(stream, pass_over, NULL, NULL, e) == -1 ?
		-1 :
		app_words_open(s->setup, pipe->ring, &s->words, e));
}

/* Is the folder that a file will be in one of memory? */
static bool
is_tmpfs(const char *path)
{
	char dir[INPUT_PLACE_BYTES];
	struct statfs fs;
	const char *slash = strrchr(path, '/');

	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	return (statfs(dir, &fs) == 0 &&
	    ((unsigned long)fs.f_type == TMPFS_MAGIC || (unsigned long)fs.f_type == RAMFS_MAGIC));
}

/* Where lines lie unmasked before they come.  NULL with e: it is said to be memory, and is none. */
static const char *
raw_at_rest(const struct config_stream *stream, struct err *e)
{
	static const char *const words[] = { "", "none", "tmpfs", "disk", "node" };
	bool file = stream->input.kind == INPUT_FILE;

	if (stream->raw_at_rest == CONFIG_RAW_TMPFS && file && !is_tmpfs(stream->input.path)) {
		(void)err_set(e, ERR_CONFIG, "raw_at_rest: tmpfs, and %s is on another file system",
		    stream->input.path);
		return (NULL);
	}
	if (stream->raw_at_rest != CONFIG_RAW_AUTO)
		return (words[stream->raw_at_rest]);
	return (words[!file                  ? CONFIG_RAW_NONE :
		is_tmpfs(stream->input.path) ? CONFIG_RAW_TMPFS :
					       CONFIG_RAW_DISK]);
}

static int
say_raw(struct app_session *s, struct err *e)
{
	const char *word = raw_at_rest(s->setup->stream, e);
	int rc = -1;

	if (word != NULL)
		app_figures_raw(s->pipe.figures, word);
	if (word != NULL)
		rc = store_live_raw_at_rest(s->pipe.live, s->pipe.policy_hash, word, e);
	s->had_files = rc == 1;
	return (rc == -1 ? -1 : 0);
}

/* As of the open of the stream, which nobody else writes from then on. */
static int
load_words(struct app_session *s, struct err *e)
{
	struct buf text = { 0 };
	int rc = store_live_words(s->pipe.live, &text, e);

	app_words_refused(s->name, &s->found.words);
	if (rc == 0)
		rc = app_words_load(s->setup, s->words, buf_view(&text), s->name, e);
	buf_free(&text);
	return (rc);
}

static int
open_live(struct app_session *s, struct err *e)
{
	const struct config_stream *stream = s->setup->stream;
	struct app_pipe *pipe = &s->pipe;
	struct store_last last;

	pipe->unlocked = !key_ring_locked(pipe->ring) || !mask_words_locked(s->words);
	pipe->how = (struct store_live_options){ .store = s->store,
		.name = s->name,
		.mode = s->mode,
		.names = app_names(),
		.next = { .policy = pipe->policy_hash },
		.escrow = pipe->how.escrow,
		.unlocked = pipe->unlocked,
		.replays = s->replays };
	key_ring_fingerprint(pipe->ring, pipe->fingerprint_key);
	if (store_last(s->store, s->name, app_names(), &last, e) == -1)
		return (-1);
	pipe->has_broken = app_clock_start(
	    &pipe->clock, clock_now_us(), last.t_us, last.expected_us, &pipe->broke);
	pipe->turn_us = pipe->clock.now_us;
	pipe->setup.policy = &stream->policy;
	pipe->setup.ring = pipe->ring;
	pipe->setup.words = s->words;
	pipe->setup.epochs = MASK_EPOCH_LIVE;
	pipe->setup.now_us = pipe->turn_us;
	pipe->setup.line_max = stream->line_max;
	pipe->setup.geo = s->setup->geo;
	(void)app_pipe_keys_changed(pipe); /* from here on they are watched */
	if (app_pipe_open_live(pipe, &s->found, e) == -1 || load_words(s, e) == -1 ||
	    say_raw(s, e) == -1 || app_pipe_rotate_start(pipe, e) == -1)
		return (-1);
	return (app_pipe_turn_first(pipe, e));
}

/* Capture goes on without it. */
static void
say_uncounted(void *arg, const char *text)
{
	app_pipe_warn(arg, "not counted for stats: %s", text);
}

static void
open_counter(struct app_session *s)
{
	struct app_pipe *pipe = &s->pipe;

	pipe->counter = app_counter_open(&(struct app_counter_options){
	    .store = s->store_path,
	    .stream = s->name,
	    .segments = store_live_segment(pipe->live) - 1,
	    .warn = say_uncounted,
	    .arg = pipe,
	});
}

int
app_session_open(struct app_session *s, struct err *e)
{
	if (open_store(s, e) == -1 || open_live(s, e) == -1)
		return (-1);
	open_counter(s);
	return (app_capture_open(&s->pipe, &s->pipe.capture, e));
}

/* ---- running ---- */

static int
seal_and_stop(struct app_pipe *pipe, const char *reason, struct err *e)
{
	struct buf epochs = { 0 }, words = { 0 };
	struct store_live_facts facts;
	int rc = app_pipe_facts(pipe, &epochs, &words, &facts, e);

	if (rc == 0 && (rc = store_live_stop(pipe->live, &facts, reason, e)) == 0)
		app_pipe_head(pipe);
	buf_free(&epochs);
	buf_free(&words);
	return (rc);
}

/* Seal and say why; also after an error of the input. */
static int
finish(struct app_pipe *pipe, const char *reason, struct err *e)
{
	int rc;

	while (
	    (rc = seal_and_stop(pipe, reason, e)) == -1 && store_live_full(pipe->live) && e != NULL)
		if (app_pipe_wait_for_space(pipe, e) == -1)
			return (-1);
	return (rc);
}

static void
say_retained(void *arg, const char *text)
{
	app_pipe_warn(arg, "%s", text);
}

static void
start_keeper(struct app_session *s)
{
	struct app_pipe *pipe = &s->pipe;

	pipe->keeper = app_keeper_start(&(struct app_keeper_options){
	    .store_path = s->store_path,
	    .stream = s->name,
	    .policy = s->setup->stream->retain,
	    .limit = s->setup->config->disk,
	    .unsealed = !s->setup->stream->policy.has_quarantine_key,
	    .archive = s->setup->stream->archive.to,
	    .clock = pipe->clock,
	    .figures = pipe->figures,
	    .warn = say_retained,
	    .arg = pipe,
	});
	app_keeper_live(pipe->keeper, pipe->live);
}

static void
stop_keeper(struct app_pipe *pipe)
{
	app_keeper_stop(pipe->keeper);
	pipe->keeper = NULL;
}

int
app_session_run(struct app_session *s, struct err *e)
{
	struct app_pipe *pipe = &s->pipe;
	int rc;

	if (s->found.ratchet_lost)
		app_pipe_warn(pipe,
		    "its ratchet was in memory: whether more was committed is not known; the "
		    "chain says so");
	if (s->found.crashed)
		app_pipe_warn(pipe,
		    "the last run did not stop: %llu records recovered, %llu of them behind its "
		    "last commit, %llu torn",
		    (unsigned long long)s->found.kept, (unsigned long long)s->found.untagged,
		    (unsigned long long)s->found.lost);
	app_pipe_head(pipe);
	app_counter_start(pipe->counter);
	app_counter_keys(pipe->counter, pipe->ring);
	start_keeper(s);
	rc = app_pipe_run(pipe, e);
	stop_keeper(pipe);
	if (rc == 0 && *pipe->stop == 0)
		app_counter_ends(pipe->counter);
	if (rc == 0)
		return (finish(pipe, *pipe->stop != 0 ? "term" : "end", e));
	if (pipe->live != NULL && !store_live_broken(pipe->live) &&
	    store_live_check(pipe->live, NULL) == 0)
		(void)finish(pipe, "error", NULL);
	return (-1);
}

void
app_session_close(struct app_session *s)
{
	app_counter_close(s->pipe.counter);
	s->pipe.counter = NULL;
	app_pipe_close_live(&s->pipe);
	app_capture_close(s->pipe.capture);
	s->pipe.capture = NULL;
	mask_words_close(s->words);
	key_ring_free(s->pipe.ring);
	store_close(s->store);
	s->words = NULL;
	s->pipe.ring = NULL;
	s->store = NULL;
}
