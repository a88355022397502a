/* app: cretula archive: sealed records, made stricter, into a store that is kept longer. */
#include <sys/resource.h>

#include <stdlib.h>
#include <string.h>

#include "app/archive/check.h"
#include "app/command.h"
#include "app/names.h"
#include "app/records.h"
#include "app/say.h"
#include "app/setup.h"
#include "audit/verify.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "store/layout.h"

#define NICE 10

static const struct app_option options[] = {
	{ "check", NULL, "archive nothing: do the archive's entries fit those of the source?" },
	{ "config", "FILE", "cretula.yaml: `archive:` of the stream says how, and where to" },
	{ "cpu", "N", "percent of a processor that it may take (default: as configured)" },
	{ "keys", "DIR", "keys of the archive (default: TO.keys, made with it)" },
	{ "level", "N", "of zstd, 1 to 19 (default 19)" },
	{ "no-verify", NULL, "do not verify the archive at the end" },
	{ "store", "DIR", "the store that is read; no keys of it are needed" },
	{ "stream", "NAME", "its stream; that of the archive has the same name" },
	{ "to", "DIR", "the archive, a store of its own; made if it does not exist" },
	{ "until", "T", "segments of before T only: RFC 3339 or -30d (default: all)" },
	{ NULL, NULL, NULL },
};

struct archiving {
	const struct app_args *args;
	struct app_setup setup;
	struct app_archive a;
	struct audit_result result;
	bool verified;
	int64_t start_ns;
};

/* ---- opening ---- */

static int
read_options(struct archiving *c, struct err *e)
{
	const struct app_args *args = c->args;
	const char *stream = app_arg(args, "stream");
	uint64_t level = APP_ARCHIVE_LEVEL, share;
	struct app_archive *a = &c->a;

	if (stream != NULL && !store_name_ok(span_str(stream)))
		return (err_set(e, ERR_USAGE, "--stream: that is no name of a stream of records"));
	if (app_setup_open(args, stream, &c->setup, e) == -1 ||
	    app_store_path(args, &c->setup, &a->store, e) == -1)
		return (-1);
	a->stream = stream != NULL ? stream : c->setup.stream->name;
	if (stream == NULL && c->setup.config->stream_count == 0)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	a->to = app_arg(args, "to");
	if (a->to == NULL && c->setup.stream->archive.to[0] != '\0')
		a->to = c->setup.stream->archive.to;
	if (a->to == NULL)
		return (err_set(
		    e, ERR_USAGE, "--to DIR is needed (or `archive: { to: DIR }` in --config)"));
	a->keys = app_arg(args, "keys");
	if (a->keys == NULL && c->setup.stream->archive.keys[0] != '\0')
		a->keys = c->setup.stream->archive.keys;
	share = c->setup.stream->archive.cpu;
	a->until_us = INT64_MAX;
	if (app_records_time("until", app_arg(args, "until"), &a->until_us, e) == -1 ||
	    app_arg_count(args, "level", 1, APP_ARCHIVE_LEVEL, &level, e) == -1 ||
	    app_arg_count(args, "cpu", 1, 100, &share, e) == -1)
		return (-1);
	a->level = (int)level;
	a->share = (unsigned)share;
	a->policy = (struct archive_policy){ c->setup.stream->archive.k,
		c->setup.stream->archive.client, c->setup.stream->archive.user,
		c->setup.stream->archive.session };
	return (0);
}

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	const struct archiving *c = arg;

	app_progress("archive", done, total, (double)(clock_mono_ns() - c->start_ns) / 1e9);
}

/* What was shipped verifies without us: so does it here. */
static int
verify(struct archiving *c, struct err *e)
{
	struct audit_options how = { .stream = c->a.stream, .jobs = 1, .names = app_names() };
	struct buf anchor = { 0 };
	int rc;

	if (app_arg(c->args, "no-verify") != NULL || c->a.anchor.len == 0)
		return (0);
	buf_span(&anchor, buf_view(&c->a.anchor));
	buf_char(&anchor, '\0');
	how.anchor = anchor.data;
	rc = buf_ok(&anchor) ? audit_verify(c->a.to, &how, &c->result, e) : err_memory(e);
	c->verified = rc == 0;
	buf_free(&anchor);
	return (rc);
}

/* ---- what it says ---- */

static void
add_grouped(struct buf *out, uint64_t n, const char *what)
{
	char text[32];

	(void)num_print_grouped(text, n);
	buf_fmt(out, "%s %s", text, what);
}

static void
add_bytes(struct buf *out, uint64_t n)
{
	char text[32];

	(void)num_print_bytes(text, n);
	buf_str(out, text);
}

static void
print_text(const struct archiving *c, struct buf *out)
{
	const struct app_archive *a = &c->a;
	const struct archive_done *d = &a->done;

	if (a->made == 0) {
		buf_fmt(out, "%s: nothing new is to be archived%s\n", a->stream,
		    a->completed ? "; what was broken off is complete" : "");
	} else {
		buf_fmt(out, "archive    %s: ", a->to);
		add_grouped(out, a->records, "records of ");
		add_grouped(out, a->taken, a->taken == 1 ? "segment" : "segments");
		if (a->erased > 0) {
			buf_str(out, ", without ");
			add_grouped(out, a->erased, "that were erased");
		}
		buf_str(out, "\nvalues     ");
		add_grouped(out, d->rare, "rare, ");
		add_grouped(out, d->dropped, "tokens dropped, ");
		add_grouped(out, d->rekeyed, "under a key that is gone");
		buf_str(out, "\nsize       ");
		add_bytes(out, a->source_bytes);
		buf_str(out, " became ");
		add_bytes(out, a->bytes);
		buf_str(out, ", sealed in ");
		add_bytes(out, a->file_bytes);
		buf_char(out, '\n');
	}
	if (d->unheld > 0) {
		buf_str(out, "uncounted  ");
		add_grouped(out, d->unheld, "values found no room to be counted: they are rare\n");
	}
	if (a->anchor.len > 0)
		buf_fmt(out, "auditor    %.*s\n", (int)a->anchor.len, a->anchor.data);
	if (c->verified)
		buf_fmt(out, "verified   %s\n",
		    c->result.exit_code == 0 ? "complete" : "see cretula verify");
}

static void
print_json(const struct archiving *c, struct buf *out)
{
	const struct app_archive *a = &c->a;

	buf_char(out, '{');
	json_str(out, "archive", span_str(a->to));
	json_str(out, "stream", span_str(a->stream));
	json_u64(out, "segments_taken", a->taken);
	json_u64(out, "segments", a->made);
	json_u64(out, "records", a->records);
	json_u64(out, "erased", a->erased);
	json_u64(out, "source_bytes", a->source_bytes);
	json_u64(out, "bytes", a->bytes);
	json_u64(out, "file_bytes", a->file_bytes);
	json_u64(out, "rare", a->done.rare);
	json_u64(out, "dropped", a->done.dropped);
	json_u64(out, "rekeyed", a->done.rekeyed);
	json_u64(out, "uncounted", a->done.unheld);
	json_u64(out, "lean", a->done.lean);
	json_bool(out, "completed", a->completed);
	json_str(out, "auditor", buf_view(&a->anchor));
	if (c->verified)
		json_u64(out, "verified", (uint64_t)c->result.exit_code);
	buf_str(out, "}\n");
}

/* ---- --check ---- */

static void
print_checked(const struct archiving *c, const struct app_archive_checked *k, struct buf *out)
{
	if (c->args->json) {
		buf_char(out, '{');
		json_str(out, "archive", span_str(c->a.to));
		json_str(out, "stream", span_str(c->a.stream));
		json_u64(out, "bound", k->bound);
		json_u64(out, "taken", k->taken);
		json_u64(out, "waiting", k->waiting);
		json_u64(out, "lost", k->lost);
		json_u64(out, "records", k->records);
		json_u64(out, "erased", k->erased);
		buf_str(out, "}\n");
		return;
	}
	buf_fmt(out, "archive    %s: every segment has the counts of its source\n", c->a.to);
	buf_str(out, "segments   ");
	add_grouped(out, k->bound, "hold ");
	add_grouped(out, k->taken, "of the source; not archived: ");
	add_grouped(out, k->waiting, "that are there, ");
	add_grouped(out, k->lost, "that were pruned\nrecords    ");
	add_grouped(out, k->records, "were sealed, ");
	add_grouped(out, k->erased, "of them were erased before\n");
}

static int
check(struct archiving *c, struct buf *out, struct err *e)
{
	struct app_archive_checked k;

	if (app_archive_check(&c->a, &k, e) == -1)
		return (-1);
	print_checked(c, &k, out);
	return (0);
}

static int
run(const struct app_args *args)
{
	struct archiving c = { .args = args, .start_ns = clock_mono_ns() };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	c.a.progress = progress;
	c.a.arg = &c;
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	if (read_options(&c, &e) == 0 && app_arg(args, "check") != NULL) {
		code = check(&c, &out, &e) == 0 ? app_finish_words("archive", &out, 0) :
						  app_fail("archive", &e);
	} else if (e.code != ERR_NONE || app_archive_run(&c.a, &e) == -1 ||
	    verify(&c, &e) == -1) {
		app_progress_end();
		code = app_fail("archive", &e);
	} else {
		app_progress_end();
		if (c.a.unlocked)
			app_warn("archive",
			    "memory could not be locked (RLIMIT_MEMLOCK): it may reach swap");
		(args->json ? print_json : print_text)(&c, &out);
		code = app_finish_words("archive", &out, c.verified ? c.result.exit_code : 0);
	}
	buf_free(&c.a.anchor);
	audit_result_free(&c.result);
	app_setup_close(&c.setup);
	return (code);
}

const struct app_command app_command_archive = { "archive",
	"make sealed records stricter, and seal them into an archive", "", 0, 0, options,
	"Reads what verifies of a stream and writes it into a store of its own, kept longer:\n"
	"time to the hour, sizes to two digits, no free members, no hops. A value that fewer than\n"
	"k subjects of a day share becomes [rare] (records without a client, user or session are\n"
	"of one together); tokens become [class], those of clients, users\n"
	"and sessions other tokens, equal within a day, under a key that is gone at the end. An\n"
	"entry binds each segment to what it is of. What was archived before is passed over.\n"
	"The archive is a directory: ship it with any tool, then verify it there. --check asks\n"
	"both chains whether it holds all that was taken.\n\n"
	"examples:\n"
	"  cretula archive --store ./store --stream shop --to ./archive\n"
	"  cretula archive --store ./store --stream shop --to ./archive --until -30d\n"
	"  cretula archive --store ./store --stream shop --to ./archive --check\n"
	"  cretula verify --store ./archive\n",
	run };
