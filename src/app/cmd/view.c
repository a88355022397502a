/* app: cretula view: records, as a role may see them. */
#include <string.h>

#include "app/command.h"
#include "app/fold.h"
#include "app/records.h"
#include "app/role/grant.h"
#include "app/role/place.h"
#include "app/say.h"
#include "app/search/search.h"
#include "app/setup.h"
#include "app/tail/follow.h"
#include "base/err.h"
#include "filter/literals.h"
#include "view/view.h"

static const struct app_option options[] = {
	{ "as", "NAME", "json (the default), text, combined, csv, ecs or otel" },
	APP_ROLE_CONFIG,
	{ "jobs", "N", "threads of a search, 1 to 16 (default: one a processor)" },
	{ "limit", "N", "stop after N records" },
	{ "numbers", NULL, "each record behind its number in the stream; not as csv" },
	{ "reverse", NULL, "the newest records first" },
	APP_ROLE_NAME,
	{ "since", "T", "from then on: RFC 3339, or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream (default: the only one of the store)" },
	{ "until", "T", "before then" },
	{ "where", "EXPR", "only records that match" },
	{ NULL, NULL, NULL },
};

#define OUT_BYTES ((size_t)256 << 10)
#define TAB 8

struct viewing {
	struct app_records records;
	struct app_search search;
	struct filter *filter;
	struct filter_literals literals;
	struct app_needles needles; /* these */
	const struct view_renderer *renderer;
	struct view_grant grant;
	struct record_decoder decoder;
	struct record record;
	struct buf out, hint; /* hint: what to show below an error */
	char narrowed[RECORD_BYTES_MAX];
	uint64_t limit, shown;
	unsigned columns; /* of the terminal that text is for; 0: none */
	bool numbers, reverse;
};

static bool
meant(const void *viewing, const struct record *r)
{
	const struct viewing *v = viewing;

	return (filter_match(v->filter, r));
}

static bool
stands(const void *viewing, struct span from)
{
	const struct viewing *v = viewing;

	return (filter_literals_stand(&v->literals, from));
}

/* What is looked for in lines, in front of decoding them. */
static void
open_look(struct viewing *v)
{
	v->search.look = (struct app_look){ .meant = meant, .arg = v };
	if (!filter_literals_make(&v->literals, v->filter) ||
	    !app_needles_make(&v->needles, v->literals.text, v->literals.count))
		return;
	v->search.look.needles = &v->needles;
	v->search.look.stands = stands;
}

/* A window alone is no reason to make notes: few segments are read for it. */
static void
open_search(struct viewing *v, struct app_args *args, unsigned jobs)
{
	if (v->filter == NULL && app_arg(args, "since") == NULL && app_arg(args, "until") == NULL &&
	    !v->reverse)
		return;
	app_search_open(&v->search, &v->records, app_arg(args, "store"), app_arg(args, "stream"),
	    v->filter, v->filter != NULL);
	v->search.jobs = jobs;
	if (v->filter != NULL)
		open_look(v);
}

static int
open_all(struct viewing *v, struct app_args *args, struct err *e)
{
	static struct app_place place;
	const char *where = app_arg(args, "where"), *as = app_arg(args, "as");

	uint64_t jobs = app_processors(APP_FRAMES_JOBS_MAX);

	v->limit = UINT64_MAX;
	v->numbers = app_arg(args, "numbers") != NULL;
	v->reverse = app_arg(args, "reverse") != NULL;
	v->columns = as != NULL && strcmp(as, "text") == 0 ? app_fold_columns() : 0;
	if (app_place_config(args, &place, &v->hint, e) == -1 ||
	    app_place_stream(args, &place, e) == -1 ||
	    app_grant(args, &v->grant, &v->hint, e) == -1 ||
	    view_grant_records(&v->grant, e) == -1 ||
	    view_renderer_choose(as != NULL ? as : "json", v->numbers, &v->renderer, e) == -1 ||
	    app_arg_count(args, "limit", 1, UINT64_MAX, &v->limit, e) == -1 ||
	    app_arg_count(args, "jobs", 1, APP_FRAMES_JOBS_MAX, &jobs, e) == -1)
		return (-1);
	if (where != NULL && filter_compile(where, &v->filter, e) == -1) {
		filter_caret(where, e, &v->hint);
		return (-1);
	}
	if (v->filter != NULL && view_grant_filter(&v->grant, v->filter, e) == -1)
		return (-1);
	if (v->renderer->begin != NULL)
		v->renderer->begin(&v->out);
	if (app_records_open(&v->records, app_arg(args, "store"), app_arg(args, "stream"),
		app_arg(args, "since"), app_arg(args, "until"), e) == -1)
		return (-1);
	open_search(v, args, (unsigned)jobs);
	return (0);
}

static int
show(void *arg, struct span line, struct err *e)
{
	struct viewing *v = arg;
	size_t begin, column;
	int rc = 0;

	if (record_decode(&v->decoder, line, &v->record, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)v->records.number));
	if (v->record.time_us < v->records.since_us || v->record.time_us >= v->records.until_us ||
	    (v->filter != NULL && !filter_match(v->filter, &v->record)))
		return (0);
	view_grant_narrow(&v->grant, &v->record, &line, v->narrowed);
	begin = v->out.len;
	if (v->numbers)
		buf_fmt(&v->out, "%llu\t", (unsigned long long)v->records.number);
	column = (v->out.len - begin + TAB - 1) / TAB * TAB;
	begin = v->out.len;
	v->renderer->record(&v->out, &v->record, line);
	if (v->columns > 0)
		app_fold_fields(&v->out, begin, column, v->columns);
	if (v->out.len >= OUT_BYTES) {
		rc = app_print(&v->out, e);
		buf_clear(&v->out);
	}
	if (rc == -1)
		return (-1);
	return (++v->shown == v->limit || app_output_closed() ? 1 : 0);
}

static int
walk(struct viewing *v, struct err *e)
{
	struct app_follow follow = { .records = &v->records, .each = show, .arg = v };

	return (v->reverse ? app_follow_back(&follow, e) : app_follow_step(&follow, e));
}

static int
run(const struct app_args *given)
{
	static struct viewing v;
	struct app_args args = *given;
	struct err e = { ERR_NONE, "" };
	int code = 0;

	v.records.stream_fd = -1;
	if (open_all(&v, &args, &e) == -1 || walk(&v, &e) == -1 || app_print(&v.out, &e) == -1) {
		code = app_fail("view", &e);
		app_hint(&v.hint);
	} else
		app_records_warn(&v.records, "view");
	buf_free(&v.out);
	buf_free(&v.hint);
	app_search_close(&v.search);
	filter_free(v.filter);
	app_records_close(&v.records);
	return (code);
}

const struct app_command app_command_view = { "view", "show records of a stream", "", 0, 0, options,
	"EXPR is FIELD OP LITERAL, joined by && and ||, with ! and parentheses. OP is == != <\n"
	"<= > >= ^= (begins with) or ~= (contains). Fields are those of the records, e.g.\n"
	"status, path, client, time.\n\n"
	"--role shows what a role may see. Roles of --config can have less than their tier: a\n"
	"developer some fields of records, an auditor those that he was granted. Analysts and the\n"
	"public see no single records.\n\n"
	"Text on a terminal is broken between fields; for a pipe each record is a line.\n\n"
	"Records come in the order in which they came in; with --reverse the newest is the first "
	"one,\n"
	"and --limit 20 are the newest twenty. One that was erased is left out, one that was "
	"replaced\n"
	"is shown as it is now; those that are committed and not sealed yet are the newest.\n\n"
	"examples:\n"
	"  cretula view --store ./store --stream shop --as text --where 'status >= 500'\n"
	"  cretula view --store ./store --stream shop --where 'path ^= \"/api/\" && method == "
	"POST'\n"
	"  cretula view --store ./store --stream shop --as text --reverse --limit 20\n"
	"  cretula view --store ./store --stream shop --as combined > masked.log\n"
	"  cretula view --store ./store --stream shop --as otel > otlp.jsonl\n"
	"  cretula view --store ./store --stream shop --since -7d | jq -r .path | sort | uniq -c\n",
	run };
