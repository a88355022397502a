/* app: cretula retain: what is over its term goes, with a signed entry. */
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/retain/budget.h"
#include "app/retain/hold.h"
#include "app/retain/open.h"
#include "app/retain/plan.h"
#include "app/say.h"
#include "app/setup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "store/read/streams.h"
#include "store/store.h"

static const struct app_option options[] = {
	{ "by", "TEXT", "who does it" },
	{ "config", "FILE", "cretula.yaml: the terms; else detail 90 days" },
	{ "dry-run", NULL, "say what would go, and why" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "now", "T", "with --dry-run: as of then, RFC 3339 or +30d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "only this one (default: all)" },
	{ NULL, NULL, NULL },
};

struct work {
	const struct app_args *args;
	bool dry;
	const char *store_path;
	int64_t now_us;
	struct app_setup setup;
	struct app_retain_names names;
	struct store *store;
	struct seal_entry entry;
	struct app_budget budget;
	int entered; /* nobody else makes room; -1 */
	struct buf out;
	size_t shown, busy;
	int failed; /* how the first stream failed that did */
};

/* ---- the command line ---- */

static int
read_now(struct work *w, struct err *e)
{
	const char *now = app_arg(w->args, "now");
	int64_t more_us;

	w->now_us = clock_now_us();
	if (now == NULL)
		return (0);
	if (!w->dry)
		return (
		    err_set(e, ERR_USAGE, "--now is of --dry-run: what goes, goes by the clock"));
	if (clock_parse_rfc3339(now, strlen(now), &w->now_us) == 0)
		return (0);
	if (now[0] != '+' || num_duration(span_str(now + 1), &more_us) == -1)
		return (
		    err_set(e, ERR_USAGE, "--now: '%s' is neither RFC 3339 nor like +30d", now));
	w->now_us += more_us;
	return (0);
}

static int
read_streams(struct work *w, struct err *e)
{
	const char *only = app_arg(w->args, "stream");

	if (app_retain_names(w->store_path, &w->names, e) == -1)
		return (-1);
	if (only == NULL)
		return (0);
	for (size_t i = 0; i < w->names.count; i++) {
		if (strcmp(w->names.name[i], only) != 0)
			continue;
		memmove(w->names.name[0], w->names.name[i], sizeof(w->names.name[0]));
		w->names.count = 1;
		return (0);
	}
	return (store_streams_lack(w->store_path, only, e));
}

static int
read_options(struct work *w, struct err *e)
{
	const char *only = app_arg(w->args, "stream"), *by = app_arg(w->args, "by");

	w->dry = app_arg(w->args, "dry-run") != NULL;
	/* All streams of the file count: none of them is the one. */
	if (read_now(w, e) == -1 || (by != NULL && app_hold_text("by", span_str(by), e) == -1) ||
	    app_setup_open(w->args, only == NULL ? "cretula.access" : only, &w->setup, e) == -1 ||
	    app_store_path(w->args, &w->setup, &w->store_path, e) == -1)
		return (-1);
	return (read_streams(w, e));
}

/* ---- one stream ---- */

static int
prune(void *arg, const struct store_prune_order *order, uint64_t *entry, struct err *e)
{
	return (store_prune(arg, order, entry, e));
}

static int
erase(void *arg, const struct store_erase_order *order, uint64_t *entry, struct err *e)
{
	struct app_retain_stream *opened = arg;

	return (store_erase(opened->eraser, order, entry, e));
}

static int
append(void *arg, struct seal_entry *entry, struct err *e)
{
	struct app_retain_stream *opened = arg;

	return (store_stream_append(opened->st, entry, e));
}

/* Nothing is erased behind it: what appends is not the eraser. */
static int
take_lines(struct app_retain *r, struct span by, struct app_retain_stream *opened, struct err *e)
{
	const struct app_lines_hands hands = { .erase = erase, .append = append, .arg = opened };

	return (app_lines_take(r, &hands, by, e));
}

/* By the chain as it is under the lock. */
static int
carry_out(struct work *w, struct app_retain *r, struct app_retain_stream *opened, struct err *e)
{
	const char *arg = app_arg(w->args, "by");
	struct span by = span_str(arg == NULL ? "" : arg);
	struct buf json = { 0 };
	int rc = -1;

	app_retain_free(r);
	if (app_retain_open(w->store, r->stream, opened, e) == 0 && app_retain_read(r, e) == 0 &&
	    app_retain_apply(r, by, prune, opened->eraser, e) == 0 &&
	    take_lines(r, by, opened, e) == 0)
		rc = 0;
	if (rc == 0 && (r->entry_count > 0 || r->expired > 0 || app_lines_did(&r->lines))) {
		app_retain_report(r, &w->entry, &json);
		rc = buf_ok(&json) ? store_stream_append(opened->st, &w->entry, e) : err_memory(e);
		if (rc == 0)
			rc = store_stream_head(opened->st, e);
	}
	buf_free(&json);
	app_retain_close(opened);
	return (rc);
}

static void
show(struct work *w, const struct app_retain *r)
{
	const struct err *failed = &r->lines.failed;

	if (w->args->json) {
		if (w->shown++ > 0)
			buf_char(&w->out, ',');
		app_retain_json(r, w->dry, &w->out);
	} else
		app_retain_print(r, w->dry, &w->out);
	if (r->counted.code != ERR_NONE)
		app_warn("retain",
		    "stream %s: STORE/stats.db still has counts of few subjects (%s); the next "
		    "one goes on",
		    r->stream, r->counted.text);
	if (failed->code == ERR_NONE)
		return;
	app_warn("retain", "stream %s: sealed lines stay: %s", r->stream, failed->text);
	if (w->failed == 0)
		w->failed = failed->code == ERR_CONFIG ? ERR_INCOMPLETE : (int)failed->code;
}

/* Without any, a stream that somebody writes is no trouble.  What went may be to be tidied. */
static bool
is_work(const struct app_retain *r)
{
	return (app_retain_is_less(r) || r->lines.said ||
	    r->lines.plan.sums[RETAIN_PRUNE].segments > 0 ||
	    retain_term(&r->policy, RETAIN_AGGREGATES) != RETAIN_FOREVER);
}

static const char *
archive_of(const struct config *c, const char *stream)
{
	for (unsigned i = 0; i < c->stream_count; i++)
		if (strcmp(c->streams[i].name, stream) == 0)
			return (c->streams[i].archive.to);
	return (NULL);
}

/* Once it is gone no archive can have it. */
static void
warn_untaken(const struct work *w, struct app_retain *r)
{
	struct err e = { ERR_NONE, "" };

	if (app_retain_untaken(r, &e) == -1)
		app_warn("retain", "stream %s: what its archive has is not known: %s", r->stream,
		    e.text);
	else if (r->untaken > 0)
		app_warn("retain",
		    "stream %s: %ju segment%s that %s not in its archive (%s); cretula archive "
		    "takes "
		    "what is still there",
		    r->stream, (uintmax_t)r->untaken, r->untaken == 1 ? "" : "s",
		    r->untaken == 1 ? (w->dry ? "would go is" : "goes is") :
				      (w->dry ? "would go are" : "go are"),
		    r->archive);
}

static int
do_stream(struct work *w, const char *stream, struct err *e)
{
	struct app_retain r = { .store = w->store_path,
		.stream = stream,
		.now_us = w->now_us,
		.room = w->budget.room.needed,
		.room_us = w->budget.room.until_us,
		.limit = w->budget.limit,
		.records = { .stream_fd = -1 } };
	struct app_retain_stream opened = { .st = NULL };
	uint64_t due;
	int rc;

	/* What the file says nothing of is left alone. */
	if (!app_retain_policy(w->setup.config, stream, &r.policy)) {
		app_warn("retain", "stream %s: %s does not have it; nothing of it goes", stream,
		    w->setup.config->path);
		return (0);
	}
	r.archive = archive_of(w->setup.config, stream);
	rc = app_retain_read(&r, e);
	due = r.plan.sums[RETAIN_PRUNE].segments + r.plan.sums[RETAIN_ROOM].segments +
	    r.lines.plan.sums[RETAIN_PRUNE].segments;
	if (rc == 0)
		warn_untaken(w, &r);
	if (rc == 0 && !w->dry && is_work(&r))
		rc = carry_out(w, &r, &opened, e);
	if (rc == 0)
		show(w, &r);
	else if (e->code == ERR_BUSY && due == 0)
		rc = 0; /* what is to be tidied, who writes it does */
	else if (e->code == ERR_BUSY) {
		app_warn("retain", "%s", e->text);
		w->busy++;
		rc = 0;
	}
	app_retain_free(&r);
	return (rc);
}

/* ---- the disk budget ---- */

/* Of the streams that the file has. */
static int
find_room(struct work *w, struct err *e)
{
	struct app_budget *b = &w->budget;
	struct app_budget_stream *streams;
	int rc;

	b->limit = w->setup.config->disk;
	if (b->limit == 0)
		return (0);
	if ((streams = calloc(w->names.count + 1, sizeof(*streams))) == NULL)
		return (err_memory(e));
	b->store = w->store_path;
	b->now_us = w->now_us;
	for (size_t i = 0; i < w->names.count; i++)
		if (app_retain_policy(w->setup.config, w->names.name[i], &streams[b->count].policy))
			memcpy(streams[b->count++].name, w->names.name[i], sizeof(streams[0].name));
	b->streams = streams;
	if (!w->dry && (w->entered = app_budget_enter(w->store_path)) == -1) {
		app_warn("retain", "another process looks for room just now; try again");
		b->limit = 0;
		w->busy++;
		rc = 0;
	} else {
		rc = app_budget_find(b, e);
	}
	b->streams = NULL;
	free(streams);
	return (rc);
}

static void
print_budget(struct work *w)
{
	const struct app_budget *b = &w->budget;

	buf_char(&w->out, ']');
	if (b->limit > 0) {
		json_key(&w->out, "disk");
		buf_char(&w->out, '{');
		json_u64(&w->out, "limit_bytes", b->limit);
		json_u64(&w->out, "used_bytes", b->used);
		json_u64(&w->out, "over_bytes", b->room.over);
		if (b->days != -1)
			json_u64(&w->out, "days", (uint64_t)b->days);
		buf_char(&w->out, '}');
	}
	buf_str(&w->out, "}\n");
}

/* What no stream may give. */
static void
tell_over(struct work *w)
{
	const struct app_budget *b = &w->budget;
	char over[32];
	struct buf rule = { 0 };

	if (b->room.over == 0)
		return;
	(void)num_print_bytes(over, b->room.over);
	app_budget_rule(b->limit, &rule);
	app_warn("retain",
	    "the store would take %s more than its budget (%s) if all went that may, so nothing "
	    "goes for it: the rest is held, or too young",
	    over, buf_ok(&rule) ? rule.data : "");
	buf_free(&rule);
	if (!w->dry && w->failed == 0)
		w->failed = ERR_IO;
}

/* What is wrong with one keeps nothing of the others past its term. */
static void
do_streams(struct work *w)
{
	for (size_t i = 0; i < w->names.count; i++) {
		struct err e = { ERR_NONE, "" };

		if (do_stream(w, w->names.name[i], &e) == 0)
			continue;
		e.code = (enum err_code)app_fail("retain", &e);
		if (w->failed == 0)
			w->failed = (int)e.code;
	}
}

static int
do_all(struct work *w, struct err *e)
{
	bool created;

	if (read_options(w, e) == -1)
		return (-1);
	if (!w->dry &&
	    (store_open(w->store_path, app_keys_path(w->args, &w->setup), &w->store, &created, e) ==
		    -1 ||
		app_retain_clock(w->store, w->now_us, e) == -1))
		return (-1);
	if (w->setup.config->path[0] == '\0')
		app_warn("retain",
		    "no --config: the terms are those that nobody set, detail 90 days; what a "
		    "configuration says does not count");
	if (find_room(w, e) == -1)
		return (-1);
	if (w->args->json)
		buf_str(&w->out, "{\"streams\":[");
	do_streams(w);
	if (w->args->json)
		print_budget(w);
	tell_over(w);
	return (0);
}

static int
run(const struct app_args *args)
{
	struct work *w = calloc(1, sizeof(*w));
	struct err e = { ERR_NONE, "" };
	int code;

	if (w == NULL) {
		(void)err_memory(&e);
		return (app_fail("retain", &e));
	}
	w->args = args;
	w->entered = -1;
	if (do_all(w, &e) == -1)
		code = app_fail("retain", &e);
	else if (w->failed != 0)
		code = app_finish_words("retain", &w->out, w->failed);
	else
		code = app_finish_words("retain", &w->out, w->busy > 0 ? ERR_BUSY : 0);
	app_budget_leave(w->entered);
	store_close(w->store);
	app_setup_close(&w->setup);
	buf_free(&w->out);
	free(w);
	return (code);
}

const struct app_command app_command_retain = { "retain",
	"take away what is over its term, with a signed entry", "", 0, 0, options,
	"The terms are those of `retain:` in the configuration (`cretula check --explain`), for\n"
	"each stream that it has; without one, records go 90 days after they were sealed. Those\n"
	"of an import count from their own time. What a hold names stays (`cretula hold`). An\n"
	"archive has its term, `retain: { archive: 1y }`; without one it stays.\n\n"
	"A signed entry says which segments go and why; then their salts are overwritten and\n"
	"their files removed. The chain stays: the store still verifies, and so does each proof\n"
	"that was made before. Counts of few subjects in STORE/stats.db become part of \"other\";\n"
	"all go with a term of their own (aggregates). Sealed lines go with their records, or\n"
	"before them by a term of their own (quarantine): the records stay without.\n"
	"A second time does nothing; what a crash left, the next one finishes. Nothing goes by a\n"
	"clock that is more than a day from the newest entries. Backups are not reached. `run`\n"
	"and `pipe` do all of this each hour for the streams that they write, `serve` for\n"
	"cretula.access.\n\n"
	"Where the store takes more than `disk:` says the oldest records go before their term,\n"
	"of whichever stream, until it fits; none that are held or younger than `retain: least`\n"
	"or the preset asks. If that is not enough none goes: an error, and `run` takes nothing\n"
	"in.\n\n"
	"exit codes: 0 done, or nothing to do, 2 usage, 3 sealed lines that are over stay:\n"
	"there are more than their chain has room for, 66 no such store or stream, 74 I/O or\n"
	"disk full, 75 another process is writing a stream of which something is over, 78 the\n"
	"configuration, the clock, or the keys are not there\n\n"
	"examples:\n"
	"  cretula retain --store ./store --dry-run\n"
	"  cretula retain --store ./store --dry-run --now +30d\n"
	"  cretula retain --store ./store --config cretula.yaml --json\n",
	run };
