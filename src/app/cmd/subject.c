/* app: cretula subject: single records are erased, or masked again. */
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/names.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/subject/subject.h"
#include "app/tally/tally.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "store/store.h"

static const struct app_option options[] = {
	{ "by", "TEXT", "who does it" },
	{ "config", "FILE", "cretula.yaml" },
	{ "drop", "FIELD,...", "rescrub: leave these fields out, and do nothing else" },
	{ "dry-run", NULL, "say what would be done" },
	{ "fields", "FIELD,...", "rescrub: look at these only (default: all texts, see below)" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "reason", "TEXT", "why; it stays in the chain for good" },
	{ "record", "N,N-M,...", "these records of the stream, from 0 (view --numbers)" },
	{ "ref", "TEXT", "number of the request or case" },
	{ "since", "T", "only records from then on: RFC 3339, or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream" },
	{ "until", "T", "only records before then" },
	{ "where", "EXPR", "only records that match, as for view" },
	{ NULL, NULL, NULL },
};

struct work {
	const struct app_args *args;
	const char *stream, *store_path;
	struct app_setup setup;
	struct app_records records;
	struct filter *filter;
	struct buf hint;
	bool dry;
	struct app_subject subject;
	struct store *store;
	struct store_stream *st;
	struct store_eraser *eraser;
	uint64_t sealed; /* records that a dead writer left open */
	struct err counted; /* why stats.db still counts what is gone */
};

/* ---- the command line ---- */

static int
read_what(struct work *w, struct err *e)
{
	const char *drop = app_arg(w->args, "drop"), *fields = app_arg(w->args, "fields");
	const char *what = w->args->operands[0];
	struct app_subject *s = &w->subject;

	s->rescrub = strcmp(what, "rescrub") == 0;
	if (!s->rescrub && strcmp(what, "erase") != 0)
		return (err_set(e, ERR_USAGE, "'%s': erase or rescrub", what));
	if (!s->rescrub && (drop != NULL || fields != NULL))
		return (err_set(e, ERR_USAGE, "--drop and --fields are of rescrub"));
	if (drop != NULL && fields != NULL)
		return (err_set(e, ERR_USAGE, "either --drop or --fields"));
	s->again.fields = drop == NULL ? mask_again_fields() : 0;
	if ((drop != NULL && mask_again_read(drop, &s->again.drop, e) == -1) ||
	    (fields != NULL && mask_again_read(fields, &s->again.fields, e) == -1))
		return (-1);
	return (0);
}

static int
read_which(struct work *w, struct err *e)
{
	const char *numbers = app_arg(w->args, "record"), *where = app_arg(w->args, "where");

	if (!w->subject.rescrub && numbers == NULL && where == NULL &&
	    app_arg(w->args, "since") == NULL && app_arg(w->args, "until") == NULL)
		return (
		    err_set(e, ERR_USAGE, "which records? --record, --where, --since or --until"));
	if (numbers != NULL && app_subject_numbers(numbers, &w->subject.ranges, e) == -1)
		return (-1);
	if (where != NULL && filter_compile(where, &w->filter, e) == -1) {
		filter_caret(where, e, &w->hint);
		return (-1);
	}
	w->subject.filter = w->filter;
	return (0);
}

static struct span
text_of(const struct work *w, const char *name)
{
	const char *text = app_arg(w->args, name);

	return (span_str(text == NULL ? "" : text));
}

static int
read_options(struct work *w, struct err *e)
{
	struct app_subject *s = &w->subject;

	if ((w->stream = app_arg(w->args, "stream")) == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	w->dry = app_arg(w->args, "dry-run") != NULL;
	s->reason = text_of(w, "reason");
	s->ref = text_of(w, "ref");
	s->by = text_of(w, "by");
	if (!w->dry && s->reason.len == 0)
		return (err_set(e, ERR_USAGE, "--reason TEXT is needed"));
	if (read_what(w, e) == -1 || read_which(w, e) == -1 ||
	    app_setup_open(w->args, w->stream, &w->setup, e) == -1)
		return (-1);
	return (app_store_path(w->args, &w->setup, &w->store_path, e));
}

/* ---- the work ---- */

static int
open_records(struct work *w, struct err *e)
{
	w->subject.records = &w->records;
	return (app_records_open(&w->records, w->store_path, w->stream, app_arg(w->args, "since"),
	    app_arg(w->args, "until"), e));
}

static int
open_store(struct work *w, struct err *e)
{
	unsigned char hash[32];
	char policy[65];
	bool created;

	mask_policy_hash(&w->setup.stream->policy, hash);
	policy[text_hex(policy, hash, sizeof(hash))] = '\0';
	if (store_open(w->store_path, app_keys_path(w->args, &w->setup), &w->store, &created, e) ==
		-1 ||
	    store_seal_left(w->store, w->stream, app_names(), &w->sealed, e) == -1 ||
	    store_stream_open(w->store, w->stream, policy, app_names(), &w->st, e) == -1)
		return (-1);
	return (store_eraser_open(w->st, &w->eraser, e));
}

/* A live stream is of the process that writes it. */
static int
say_busy(const struct work *w, struct err *e)
{
	if (e->code != ERR_BUSY)
		return (-1);
	return (err_set(e, ERR_BUSY,
	    "stream %s: another cretula process is writing it; stop that (SIGTERM seals what is "
	    "open), then try again",
	    w->stream));
}

/*
 * What was counted of the records goes with them (ADR 31): words of their paths
 * are in stats.db.  That this fails does not hold an erasure up.
 */
static int
erase(struct work *w, struct err *e)
{
	bool there = false;
	uint64_t counted;
	int rc;

	if (w->subject.chosen > 0)
		(void)app_tally_forget(w->store_path, w->stream, &there, &w->counted);
	rc = app_subject_carry_out(&w->subject, w->eraser, e);
	if (there && w->counted.code == ERR_NONE)
		(void)app_tally_rebuild(
		    w->store_path, w->stream, false, &counted, &w->counted);
	return (rc);
}

/* What was sealed just now counts, so the plan is made behind it. */
static int
work(struct work *w, struct err *e)
{
	if (open_records(w, e) == -1) /* nothing is made where there is no such stream */
		return (-1);
	if (w->dry)
		return (app_subject_plan(&w->subject, e));
	app_records_close(&w->records);
	if (open_store(w, e) == -1)
		return (say_busy(w, e));
	if (open_records(w, e) == -1 || app_subject_plan(&w->subject, e) == -1 || erase(w, e) == -1)
		return (-1);
	/* An older copy of the stream, from before the erasure, shows. */
	return (w->subject.done == 0 ? 0 : store_stream_head(w->st, e));
}

/* ---- the answer ---- */

static void
number(struct buf *out, uint64_t n, const char *one, const char *many)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, "%s %s", text, n == 1 ? one : many);
}

static void
print_text(const struct work *w, struct buf *out)
{
	const struct app_subject *s = &w->subject;
	const uint64_t *entries = (const uint64_t *)(const void *)s->entries.data;

	buf_str(out, w->dry ? "would " : "");
	buf_str(out,
	    s->rescrub ? (w->dry ? "replace " : "replaced ") : (w->dry ? "erase " : "erased "));
	number(out, s->chosen, "record", "records");
	buf_str(out, " in ");
	number(out, s->plan.len / sizeof(struct app_subject_part), "segment", "segments");
	buf_fmt(out, " of stream %s", w->stream);
	for (size_t i = 0; i < s->entries.len / sizeof(entries[0]); i++)
		buf_fmt(out, "%s%ju", i == 0 ? ": entry " : ", ", (uintmax_t)entries[i]);
	buf_char(out, '\n');
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		if (s->by_field[f] > 0)
			buf_fmt(
			    out, "  %-16s %ju\n", record_fields[f].name, (uintmax_t)s->by_field[f]);
	if (s->already > 0) {
		number(out, s->already, "was erased already\n", "were erased already\n");
	}
}

static void
print_json(const struct work *w, struct buf *out)
{
	const struct app_subject *s = &w->subject;
	const uint64_t *entries = (const uint64_t *)(const void *)s->entries.data;
	bool some = false;

	buf_char(out, '{');
	json_str(out, "stream", span_str(w->stream));
	json_bool(out, "dry_run", w->dry);
	json_u64(out, s->rescrub ? "replaced" : "erased", s->chosen);
	json_u64(out, "already", s->already);
	json_u64(out, "segments", s->plan.len / sizeof(struct app_subject_part));
	json_key(out, "fields");
	buf_char(out, '{');
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		if (s->by_field[f] > 0)
			json_u64(out, record_fields[f].name, s->by_field[f]);
	buf_char(out, '}');
	json_key(out, "entries");
	buf_char(out, '[');
	for (size_t i = 0; i < s->entries.len / sizeof(entries[0]); i++, some = true) {
		buf_str(out, some ? "," : "");
		buf_u64(out, entries[i]);
	}
	buf_str(out, "]}\n");
}

static void
warn_counted(const struct work *w)
{
	if (w->subject.done > 0 && w->counted.code != ERR_NONE)
		app_warn("subject",
		    "STORE/stats.db still has what was counted of such records, words of their "
		    "paths too (%s): see `cretula stats --rebuild`",
		    w->counted.text);
}

static int
say(struct work *w, int rc, const struct err *e)
{
	struct buf out = { 0 };
	int code;

	if (w->sealed > 0)
		app_warn("subject",
		    "the last writer did not stop; %ju records that it left open were sealed",
		    (uintmax_t)w->sealed);
	if (rc == 0) {
		(w->args->json ? print_json : print_text)(w, &out);
		code = app_finish("subject", &out, 0);
		warn_counted(w);
		return (code);
	}
	code = app_fail("subject", e);
	app_hint(&w->hint);
	if (w->subject.done > 0)
		app_warn("subject", "%ju of %ju records were done before that",
		    (uintmax_t)w->subject.done, (uintmax_t)w->subject.chosen);
	return (code);
}

static int
run(const struct app_args *args)
{
	struct work *w = calloc(1, sizeof(*w));
	struct err e = { ERR_NONE, "" };
	int rc = -1, code;

	if (w == NULL) {
		(void)err_set(&e, ERR_IO, "out of memory");
		return (app_fail("subject", &e));
	}
	w->args = args;
	w->records.stream_fd = -1;
	if (read_options(w, &e) == 0)
		rc = work(w, &e);
	code = say(w, rc, &e);
	store_eraser_close(w->eraser);
	store_stream_close(w->st);
	store_close(w->store);
	app_records_close(&w->records);
	app_setup_close(&w->setup);
	filter_free(w->filter);
	buf_free(&w->subject.ranges);
	buf_free(&w->subject.plan);
	buf_free(&w->subject.entries);
	buf_free(&w->hint);
	free(w);
	return (code);
}

const struct app_command app_command_subject = { "subject",
	"erase single records, or mask them again", "erase|rescrub", 1, 1, options,
	"erase takes records away: a placeholder stays, the store still verifies, and nobody can\n"
	"test a guess of what was there. rescrub looks at masked records with the detectors of\n"
	"this version and replaces those in which they find something; with --drop it leaves\n"
	"fields out, of all records that are named. It looks at all texts but server and\n"
	"upstream, which are in clear by configuration only.\n\n"
	"The signed entry names each record, reason, ref and by for good: write no name there.\n"
	"The files before are overwritten. Copies elsewhere (backups, bundles that were given\n"
	"out, snapshots of the disk) are not reached. No other process may write the stream;\n"
	"what one that died left open is sealed first. STORE/stats.db is counted again.\n\n"
	"exit codes: 0 done (or nothing to do), 1 a segment does not verify, 2 usage, 66 no such\n"
	"stream or record, or pruned, 74 I/O or disk full, 75 another process is writing, 78 a\n"
	"hold is on it, or the keys are not there\n\n"
	"examples:\n"
	"  cretula view --store ./store --stream shop --numbers --where 'user == "
	"us.abcdefghij234567'\n"
	"  cretula subject erase --store ./store --stream shop --record 5,9-12 --reason 'Art. 17'\n"
	"  cretula subject erase --store ./store --stream shop --where 'user == "
	"us.abcdefghij234567' "
	"\\\n    --reason 'Art. 17' --ref T-4711 --dry-run\n"
	"  cretula subject rescrub --store ./store --stream shop --reason 'better detectors'\n"
	"  cretula subject rescrub --store ./store --stream shop --since -7d --drop query,referer "
	"\\\n    --reason 'names in queries'\n",
	run };
