/* app: cretula mask: raw lines in, masked records out, nothing kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/names.h"
#include "app/pipeline.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/source/parser.h"
#include "app/sources.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "key/key.h"

#define WORDS_BYTES_MAX ((size_t)64 << 20)

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml, for the policy" },
	APP_OPTION_DIALECT,
	{ "format", "NAME", "format of the lines, or auto (the default)" },
	APP_OPTION_FORMAT_STRING,
	{ "jobs", "N", "worker threads, 1 to 8 (default 1)" },
	{ "keys", "DIR", "mask with these keys; without, a key of this run only" },
	{ "stream", "NAME", "which stream of the configuration, if it has several" },
	APP_OPTION_TIMEZONE,
	{ "words", "FILE", "vocabulary: read, learned into, and written back" },
	{ NULL, NULL, NULL },
};

struct masking {
	const struct app_args *args;
	struct app_setup setup;
	struct app_sources sources;
	struct key_ring *ring;
	struct mask_words *words;
	int words_dir; /* where the file of words is, whatever its path means later */
	const char *words_name; /* there; NULL: none is given */
	struct stats_counts counts;
	struct parse_others others; /* what lines are that are unparsed */
};

/* ---- the sink ---- */

static int
take(void *arg, struct pipeline_batch *b, struct err *e)
{
	struct masking *m = arg;

	stats_counts_add(&m->counts, &b->mask.counts);
	parse_others_add(&m->others, &b->mask.others);
	return (app_write(b->mask.records, b->mask.records_len, e));
}

static bool
tick(void *arg)
{
	(void)arg;
	return (!app_output_closed());
}

/* ---- set-up ---- */

static int
open_ring(struct masking *m, int64_t now_us, struct err *e)
{
	const char *keys = app_arg(m->args, "keys");
	unsigned destroyed;
	int fd = -1, rc;

	if (keys != NULL && (fd = key_open_dir(keys, e)) == -1)
		return (-1);
	rc = keys != NULL ? key_ring_open(fd, &m->ring, e) : key_ring_ephemeral(&m->ring, e);
	if (fd != -1)
		(void)close(fd);
	/* It destroys nothing: no chain would say so, nor which are held. */
	return (rc == -1 ?
		-1 :
		key_ring_live(m->ring, now_us, NULL, &destroyed, e));
}

/* It is read now, and replaced at the end: in the same directory, which somebody may have moved. */
static int
find_words(struct masking *m, struct err *e)
{
	const char *path = app_arg(m->args, "words"), *slash;
	char *directory;

	if (path == NULL)
		return (0);
	slash = strrchr(path, '/');
	m->words_name = slash == NULL ? path : slash + 1;
	if ((directory = strndup(path, (size_t)(m->words_name - path))) == NULL)
		return (err_memory(e));
	m->words_dir =
	    io_open(AT_FDCWD, slash == NULL ? "." : directory, O_PATH | O_DIRECTORY, 0, e);
	free(directory);
	return (m->words_dir == -1 ? -1 : 0);
}

/* The user's own file: nobody seals it. */
static int
load_words(const struct masking *m, struct err *e)
{
	const char *path = app_arg(m->args, "words");
	struct buf text = { 0 };
	int rc = 0;

	if (path != NULL &&
	    io_read_file(m->words_dir, m->words_name, WORDS_BYTES_MAX, &text, e) == -1 &&
	    errno != ENOENT)
		rc = err_in(e, "--words");
	if (rc == 0)
		rc = app_words_load(&m->setup, m->words, buf_view(&text), path, e);
	if (rc == 0 && app_arg(m->args, "keys") == NULL && mask_words_forgotten(m->words) > 0)
		app_warn("words", "some were forgotten, and only the keys of the store say which: "
		    "nothing is learned without --keys");
	buf_free(&text);
	return (rc);
}

/* Only a file of words is written once lines are read: all else is open. */
static int
confine(const struct masking *m, struct err *e)
{
	struct app_places *places = app_places_new(e);
	char held[40];

	if (places == NULL)
		return (-1);
	if (m->words_name != NULL) {
		(void)snprintf(held, sizeof(held), "/proc/self/fd/%d", m->words_dir);
		if (access(held, F_OK) == 0)
			app_places_add(places, held, APP_PLACE_REPLACE);
		else /* no /proc: its path must do */
			app_places_add_beside(places, app_arg(m->args, "words"), APP_PLACE_REPLACE);
	}
	return (app_confine_command(places, m->setup.config->sandbox, 0, false, e));
}

static int
open_all(struct masking *m, int64_t now_us, struct err *e)
{
	static char dash[] = "-";
	char *paths[] = { dash };
	struct parser parser;
	const char *stream = app_arg(m->args, "stream");
	const struct key_ring *keys;

	if (app_setup_open(m->args, stream, &m->setup, e) == -1 ||
	    app_geo_open(&m->setup, e) == -1)
		return (-1);
	if (app_parser_find(m->args, &m->setup, &parser, e) == -1 ||
	    open_ring(m, now_us, e) == -1)
		return (-1);
	/* Keys of this run only say nothing of forgotten words. */
	keys = app_arg(m->args, "keys") != NULL ? m->ring : NULL;
	if (app_words_open(&m->setup, keys, &m->words, e) == -1 || find_words(m, e) == -1 ||
	    load_words(m, e) == -1 || confine(m, e) == -1)
		return (-1);
	return (app_sources_open(&m->sources, paths, 1, &parser, NULL, e));
}

static int
save_words(const struct masking *m, struct err *e)
{
	struct buf words = { 0 };
	int rc;

	if (m->words_name == NULL || m->setup.stream->policy.words_mode != MASK_WORDS_LEARN)
		return (0);
	mask_words_save(m->words, &words);
	rc = buf_ok(&words) ?
	    io_replace(m->words_dir, m->words_name, buf_view(&words), 0640, false, e) :
	    err_set(e, ERR_IO, "out of memory saving words");
	if (rc == -1)
		(void)err_in(e, "--words");
	buf_free(&words);
	return (rc);
}

/* ---- the end ---- */

static void
summary(const struct masking *m)
{
	const struct stats_counts *c = &m->counts;
	uint64_t split =
	    c->split.parsed + c->split.partial + c->split.unparsed + c->split.counted;

	fprintf(stderr,
	    "lines=%llu bytes=%llu parsed=%llu partial=%llu unparsed=%llu counted=%llu "
	    "meta=%llu joined=%llu split=%llu",
	    (unsigned long long)c->lines, (unsigned long long)c->bytes,
	    (unsigned long long)c->in.parsed, (unsigned long long)c->in.partial,
	    (unsigned long long)c->in.unparsed, (unsigned long long)c->in.counted,
	    (unsigned long long)c->meta, (unsigned long long)c->joined, (unsigned long long)split);
	for (unsigned i = 0; i < app_names()->reason_count; i++)
		if (c->reasons[i] > 0)
			fprintf(stderr, " %s=%llu", app_names()->reasons[i],
			    (unsigned long long)c->reasons[i]);
	fputc('\n', stderr);
}

/* Lines of several formats, or all of another than they should be? */
static void
say_mixed(const struct parse_others *others)
{
	uint32_t count;
	const struct parse_format *format = parse_others_best(others, &count);

	if (format != NULL)
		app_warn("mask", "%u of %u unparsed lines that were tried are %s", count,
		    others->tried, format->name);
}

static int
run_pipeline(struct masking *m, int64_t now_us, struct err *e)
{
	const struct config_stream *stream = m->setup.stream;
	struct mask_setup setup = { &stream->policy, m->ring, m->words, m->sources.parser,
		MASK_EPOCH_LIVE, now_us, stream->line_max, m->setup.geo };
	struct pipeline p = { .mode = PIPELINE_MASK,
		.jobs = 1,
		.setup = &setup,
		.learn = app_arg(m->args, "words") != NULL &&
		    stream->policy.words_mode == MASK_WORDS_LEARN,
		.next = app_sources_next,
		.name = app_sources_name,
		.next_arg = &m->sources,
		.sink = { m, NULL, take, tick } };
	uint64_t jobs = 1;
	bool input_failed;
	int rc;

	if (app_arg_count(m->args, "jobs", 1, PIPELINE_SLOTS, &jobs, e) == -1)
		return (-1);
	p.jobs = (unsigned)jobs;
	rc = app_pipeline_run(&p, &input_failed, e);
	if (p.unlocked || !key_ring_locked(m->ring))
		app_warn("mask", "memory could not be locked (RLIMIT_MEMLOCK): it may reach swap");
	return (rc);
}

static int
run(const struct app_args *args)
{
	struct masking m = { .args = args, .words_dir = -1 };
	struct err e = { ERR_NONE, "" };
	int64_t now_us = clock_now_us();
	int code;

	stats_counts_clear(&m.counts);
	if (open_all(&m, now_us, &e) == -1 || run_pipeline(&m, now_us, &e) == -1 ||
	    save_words(&m, &e) == -1)
		code = app_fail("mask", &e);
	else if ((code = stats_counts_misfit(&m.counts) ? ERR_INCOMPLETE : 0) != 0)
		app_warn("mask", "most lines do not fit the format: is --format right?");
	say_mixed(&m.others);
	if (m.counts.lines > 0 || code == 0)
		summary(&m);
	app_sources_close(&m.sources);
	mask_words_close(m.words);
	if (m.words_dir != -1)
		(void)close(m.words_dir);
	key_ring_free(m.ring);
	app_setup_close(&m.setup);
	return (code);
}

const struct app_command app_command_mask = { "mask",
	"mask log lines of standard input, write records to standard output", "", 0, 0, options,
	"Each line becomes one JSON record on standard output; addresses, users, sessions and\n"
	"names in URLs become keyed tokens, or go. Counts follow on standard error.\n"
	"Without --keys the tokens of two runs cannot be compared.\n\n"
	"examples:\n"
	"  cretula mask --format auto < access.log | head -3\n"
	"  cretula mask --keys ./store.keys --words words.tsv < access.log | jq .path\n",
	run };
