/* app: cretula import: log files in, a sealed and verified store out. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/import.h"
#include "app/names.h"
#include "app/pipeline.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/source/parser.h"
#include "app/source/secret.h"
#include "app/summary.h"
#include "app/tally/counter.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "key/key.h"
#include "store/layout.h"

static const struct app_option options[] = {
	{ "again", NULL, "import files also if they are sealed already" },
	{ "config", "FILE", "cretula.yaml" },
	{ "final", NULL, "take a last line without line end: nobody writes on" },
	APP_OPTION_DIALECT,
	{ "format", "NAME", "format of the files, or auto (the default)" },
	APP_OPTION_FORMAT_STRING,
	{ "jobs", "N", "worker threads, 1 to 8 (default: one a processor)" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "link-epochs", NULL, "keep the import's mask key: later imports get equal tokens" },
	{ "no-learn", NULL, "learn the vocabulary in stream, without a first pass" },
	{ "no-verify", NULL, "do not verify the store at the end" },
	{ "store", "DIR", "the store; made if it does not exist" },
	{ "stream", "NAME", "the stream of the store" },
	APP_OPTION_TIMEZONE,
	{ NULL, NULL, NULL },
};

struct importing {
	const struct app_args *args;
	const char *stream_name, *store_path;
	struct app_setup setup;
	struct app_sources sources;
	struct store *store;
	struct store_stream *stream;
	struct key_ring *ring;
	struct mask_words *words;
	struct mask_setup mask;
	struct app_import import;
	bool makes; /* the store is not there yet */
	bool created;
	bool nothing_new; /* all is sealed already: no key is made, no entry written */
	bool goes_on; /* with the secret that another import left */
	bool replaced; /* the secret that another import left: gone is its commitment */
	unsigned char gone[32];
	int64_t start_ns;
};

static atomic_bool interrupted;

static void
on_signal(int number)
{
	(void)number;
	atomic_store(&interrupted, true);
}

static void
progress(void *arg, uint64_t bytes_read)
{
	const struct importing *im = arg;

	app_progress("import", bytes_read, 0, (double)(clock_mono_ns() - im->start_ns) / 1e9);
}

/* ---- what it can still open ---- */

#define FILES_MAX 256 /* of more the directories are meant */

static struct app_places *
places_of(const struct importing *im, bool made, struct err *e)
{
	struct app_places *places = app_places_new(e);
	int count = im->args->operand_count;

	if (places == NULL)
		return (NULL);
	app_places_add_store(places, im->store_path, app_keys_path(im->args, &im->setup), made);
	app_places_add_words(places, im->setup.stream);
	for (int i = 0; i < count; i++)
		(count > FILES_MAX ? app_places_add_beside : app_places_add)(
		    places, im->args->operands[i], APP_PLACE_READ);
	return (places);
}

static int
confine(struct importing *im, struct err *e)
{
	struct app_places *places;

	im->makes = !store_is_there(im->store_path);
	places = places_of(im, !im->makes, e);
	return (places == NULL ? -1 :
				 app_confine_command(places, im->setup.config->sandbox,
				     APP_CALLS_CONFINE, false, e));
}

/* The directories that were open to make the store in are not any more. */
static int
confine_to_store(const struct importing *im, struct err *e)
{
	struct app_places *places = places_of(im, true, e);

	return (
	    places == NULL ? -1 : app_confine_narrower(places, im->setup.config->sandbox, e));
}

/* ---- opening: nothing is made on disk before the sources are known good ---- */

static int
open_sources(struct importing *im, struct err *e)
{
	struct parser parser;
	uint64_t jobs = 0;

	if ((im->stream_name = app_arg(im->args, "stream")) == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	if (!store_name_ok(span_str(im->stream_name)))
		return (err_set(e, ERR_USAGE,
		    "--stream %s: a name is [a-z][a-z0-9-]*, at most %d "
		    "characters",
		    im->stream_name, STORE_NAME_MAX));
	if (app_arg_count(im->args, "jobs", 1, PIPELINE_SLOTS, &jobs, e) == -1)
		return (-1);
	im->import.jobs = jobs > 0 ? (unsigned)jobs : app_processors(PIPELINE_SLOTS);
	if (app_setup_open(im->args, im->stream_name, &im->setup, e) == -1 ||
	    app_geo_open(&im->setup, e) == -1 ||
	    app_store_path(im->args, &im->setup, &im->store_path, e) == -1 ||
	    app_parser_find(im->args, &im->setup, &parser, e) == -1 || confine(im, e) == -1)
		return (-1);
	return (app_sources_open(
	    &im->sources, im->args->operands, im->args->operand_count, &parser, &interrupted, e));
}

static void
policy_hash(const struct config_stream *stream, char hex[static 65])
{
	unsigned char hash[32];

	mask_policy_hash(&stream->policy, hash);
	hex[text_hex(hex, hash, sizeof(hash))] = '\0';
}

static int
open_store(struct importing *im, struct err *e)
{
	policy_hash(im->setup.stream, im->import.policy_hash);
	if (store_open(im->store_path, app_keys_path(im->args, &im->setup), &im->store,
		&im->created, e) == -1 ||
	    (im->makes && confine_to_store(im, e) == -1) ||
	    key_ring_open(store_keys_fd(im->store), &im->ring, e) == -1 ||
	    store_stream_open(im->store, im->stream_name, im->import.policy_hash, app_names(),
		&im->stream, e) == -1)
		return (-1);
	key_ring_fingerprint(im->ring, im->import.fingerprint);
	return (app_sources_resume(&im->sources, im->stream, im->import.fingerprint,
	    app_arg(im->args, "again") != NULL, app_arg(im->args, "final") != NULL, e));
}

/* Does this run go on with what an interrupted one began? */
static bool
resumes(const struct importing *im)
{
	if (!store_stream_interrupted(im->stream))
		return (false);
	for (size_t i = 0; i < im->sources.count; i++)
		if (im->sources.list[i].start > 0 && !im->sources.list[i].skip)
			return (true);
	return (false);
}

static bool
nothing_new(const struct app_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (!sources->list[i].skip)
			return (false);
	return (true);
}

static int
record_destroyed(
    struct importing *im, const unsigned char *kept, const unsigned char *gone, struct err *e)
{
	return (app_secret_destroyed(im->store, im->stream, im->stream_name, kept, gone, e));
}

static int
say_importing(struct err *e)
{
	if (e->code != ERR_BUSY)
		return (-1);
	return (err_set(
	    e, ERR_BUSY, "another cretula process is importing into a stream of this store"));
}

static int
open_secret(struct importing *im, struct err *e)
{
	bool keep = resumes(im) || app_arg(im->args, "link-epochs") != NULL;
	struct key_ring_facts facts;

	key_ring_describe(im->ring, &facts);
	im->goes_on = keep && facts.import_open;
	if (key_ring_import(im->ring, keep, im->import.mask_seed, e) == -1)
		return (say_importing(e));
	im->replaced = key_ring_import_replaced(im->ring, im->gone);
	return (record_destroyed(im, im->import.mask_seed, im->replaced ? im->gone : NULL, e));
}

/* Nothing to mask: but the secret that a broken-off import left goes all the same. */
static int
settle_secret(struct importing *im, struct err *e)
{
	if (app_arg(im->args, "link-epochs") != NULL)
		return (0);
	return (app_secret_settle(im->ring, im->store, im->stream, im->stream_name, e));
}

static int
open_mask(struct importing *im, struct err *e)
{
	const struct config_stream *stream = im->setup.stream;

	im->nothing_new = nothing_new(&im->sources);
	im->import.store_path = im->store_path;
	im->import.disk_limit = im->setup.config->disk;
	if (!im->nothing_new && app_import_room(&im->import, e) == -1)
		return (-1); /* before there is a key of it */
	if (app_words_of(&im->setup, im->ring, im->stream, im->stream_name, &im->words, e) == -1 ||
	    (im->nothing_new ? settle_secret : open_secret)(im, e) == -1)
		return (-1);
	im->mask = (struct mask_setup){ &stream->policy, im->ring, im->words, im->sources.parser,
		MASK_EPOCH_EVENT, clock_now_us(), stream->line_max, im->setup.geo };
	im->import.unlocked = !key_ring_locked(im->ring) || !mask_words_locked(im->words);
	return (0);
}

/* ---- running ---- */

/* The import stands without it: stats.db is made again from the segments. */
static void
say_uncounted(void *arg, const char *text)
{
	(void)arg;
	app_warn("import", "not counted for stats: %s", text);
}

static void
say_late(void *arg, uint64_t requests)
{
	(void)arg;
	app_warn("import",
	    "%llu requests are of days that analysts and the public may have been shown: these "
	    "keep their answers, developers are told all; logs that belong together are best "
	    "imported at once (docs/roles.md)",
	    (unsigned long long)requests);
}

static void
open_counter(struct importing *im)
{
	im->import.counter = app_counter_open(&(struct app_counter_options){
	    .store = im->store_path,
	    .stream = im->stream_name,
	    .origin = im->import.mask_seed,
	    .waits = true,
	    .segments = store_stream_segments(im->stream),
	    .warn = say_uncounted,
	    .late = say_late,
	});
	app_counter_start(im->import.counter);
	if (im->replaced)
		app_counter_import_ends(im->import.counter, im->gone);
}

static int
run_import(struct importing *im, struct err *e)
{
	struct app_import *run = &im->import;
	bool learns = im->setup.stream->policy.words_mode == MASK_WORDS_LEARN;

	run->store = im->store;
	run->stream = im->stream;
	run->stream_name = im->stream_name;
	run->sources = &im->sources;
	run->setup = &im->mask;
	run->learn_first =
	    learns && app_arg(im->args, "no-learn") == NULL && app_sources_rereadable(&im->sources);
	run->learn_in_stream = learns && !run->learn_first;
	run->progress = progress;
	run->arg = im;
	im->start_ns = clock_mono_ns();
	open_counter(im); /* also of nothing new: one that died has not shown what it counted */
	return (im->nothing_new ? 0 : app_import_run(run, e));
}

/* The import's mask key goes, and the chain says so. */
static int
forget_key(struct importing *im, struct err *e)
{
	if (im->nothing_new || im->import.interrupted || app_arg(im->args, "link-epochs") != NULL)
		return (0);
	if (key_ring_import_end(im->ring, e) == -1)
		return (-1);
	app_counter_import_ends(im->import.counter, im->import.mask_seed);
	return (record_destroyed(im, NULL, im->goes_on ? im->import.mask_seed : NULL, e));
}

/* ---- the end ---- */

/* The store's own chain says how far the stream goes; what is sealed stays so without it. */
static void
say_head(struct importing *im)
{
	struct err e = { ERR_NONE, "" };

	if (im->stream != NULL && store_stream_head(im->stream, &e) == -1)
		app_warn("import", "how far the stream goes is not yet recorded: %s", e.text);
}

static int
verify(const struct importing *im, struct audit_result *result, double *seconds, struct err *e)
{
	struct audit_options how = { .jobs = im->import.jobs, .names = app_names() };
	int64_t start_ns = clock_mono_ns();
	int rc = audit_verify(im->store_path, &how, result, e);

	*seconds = (double)(clock_mono_ns() - start_ns) / 1e9;
	return (rc);
}

static int
incomplete(const struct app_import *im)
{
	if (im->counts.lines == 0 && im->segments > 0)
		app_warn("import", "there was no line in it: is it the right file?");
	if (stats_counts_misfit(&im->counts)) {
		app_warn("import", "most lines do not fit %s: is --format right?",
		    im->sources->parser.format->name);
		return (ERR_INCOMPLETE);
	}
	for (size_t i = 0; i < im->sources->count; i++)
		if (im->sources->list[i].shorter)
			return (ERR_INCOMPLETE);
	return (im->interrupted ? ERR_INCOMPLETE : 0);
}

static int
finish(struct importing *im, struct err *e)
{
	struct audit_result result = { 0 };
	struct app_summary s = { .import = &im->import,
		.store_path = im->store_path,
		.keys_path = store_keys_path(im->store),
		.keys_made = store_keys_made(im->store) };
	struct buf out = { 0 }, anchor = { 0 };
	int code = -1;

	if (!im->import.interrupted)
		app_counter_ends(im->import.counter);
	app_counter_close(im->import.counter);
	im->import.counter = NULL;
	say_head(im);
	store_stream_close(im->stream);
	im->stream = NULL;
	if (store_anchor(im->store, &anchor, e) == -1)
		goto out;
	s.anchor = buf_view(&anchor);
	if (app_arg(im->args, "no-verify") == NULL) {
		if (verify(im, &result, &s.verify_s, e) == -1)
			goto out;
		s.verified = &result;
	}
	app_progress_end();
	(im->args->json ? app_summary_json : app_summary_text)(&s, &out);
	code = app_finish_words("import", &out, 0);
	if (code == 0)
		code = result.exit_code != 0 ? result.exit_code : incomplete(&im->import);
out:
	buf_free(&anchor);
	audit_result_free(&result);
	return (code);
}

/* A store that a failed import made is there to stay: its line must be seen. */
static void
say_created(const struct importing *im)
{
	struct buf anchor = { 0 };

	if (im->store != NULL && im->created && store_anchor(im->store, &anchor, NULL) == 0)
		app_warn("import", "the store %s is made; keys %s; auditor %.*s", im->store_path,
		    store_keys_path(im->store), (int)anchor.len, anchor.data);
	buf_free(&anchor);
}

static void
close_all(struct importing *im)
{
	app_counter_close(im->import.counter);
	store_stream_close(im->stream);
	store_close(im->store);
	mask_words_close(im->words);
	key_ring_free(im->ring);
	app_sources_close(&im->sources);
	app_setup_close(&im->setup);
	crypto_wipe(im->import.fingerprint, sizeof(im->import.fingerprint));
}

static int
run(const struct app_args *args)
{
	static struct importing im;
	struct err e = { ERR_NONE, "" };
	int code = -1;

	im.args = args;
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	if (open_sources(&im, &e) == 0 && open_store(&im, &e) == 0 && open_mask(&im, &e) == 0 &&
	    run_import(&im, &e) == 0 && forget_key(&im, &e) == 0)
		code = finish(&im, &e);
	if (im.import.unlocked && code != -1)
		app_warn(
		    "import", "memory could not be locked (RLIMIT_MEMLOCK): it may reach swap");
	if (code == -1) {
		app_counter_close(im.import.counter);
		im.import.counter = NULL;
		if (im.import.segments > 0)
			say_head(&im);
		say_created(&im);
		code = app_fail("import", &e); /* the cause stands last */
	}
	close_all(&im);
	return (code);
}

const struct app_command app_command_import = { "import",
	"mask log files and seal them into a store", "FILE...", 1, -1, options,
	"Files may be plain, .gz or .zst, in any order (they are sorted by time); - is standard\n"
	"input. What is sealed already is skipped, so an interrupted import is simply run again,\n"
	"and a log that has grown gives only its new lines; a last line without line end is left\n"
	"until it is whole (--final takes it). Logs of the same days are best imported at once:\n"
	"what analysts may have been shown of a day stays as it is. Each import masks with a\n"
	"key of its own that is destroyed at the end: afterwards nobody can test a guess, us\n"
	"included.\n\n"
	"examples:\n"
	"  cretula import --store ./store --stream shop --format auto access.log\n"
	"  cretula import --store ./store --stream shop /var/log/nginx/access.log*\n"
	"  zcat old.gz | cretula import --store ./store --stream old --format apache-combined -\n",
	run };
