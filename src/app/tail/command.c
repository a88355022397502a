/* app: cretula tail: the last records of a stream, and those that come. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/command.h"
#include "app/fold.h"
#include "app/role/grant.h"
#include "app/role/place.h"
#include "app/say.h"
#include "app/tail/follow.h"
#include "base/err.h"
#include "filter/filter.h"
#include "view/view.h"

static const struct app_option options[] = {
	{ "as", "NAME", "text (the default), json, combined, ecs or otel" },
	APP_ROLE_CONFIG,
	{ "follow", NULL, "go on with records as they are committed, until interrupted" },
	{ "limit", "N", "how many to begin with (default 10)" },
	APP_ROLE_NAME,
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream (default: the only one of the store)" },
	{ "where", "EXPR", "only records that match, as for view" },
	{ NULL, NULL, NULL },
};

#define LIMIT_DEFAULT 10
#define LIMIT_MAX 10000
#define POLL_NS 200000000 /* a flush comes once a second */
#define OUT_BYTES ((size_t)64 << 10)

struct tailing {
	struct app_records records;
	struct app_follow follow;
	struct filter *filter;
	const struct view_renderer *renderer;
	struct view_grant grant;
	struct record_decoder decoder;
	struct record record;
	struct buf out, hint;
	struct buf *last; /* a ring of the newest limit records, as they are shown */
	uint64_t limit, seen;
	bool people; /* read it: text, not what programs take */
	bool colour;
	char narrowed[RECORD_BYTES_MAX];
};

/* ---- one record ---- */

/* By the status, or by what stands for it; nothing where all is well. */
static const char *
colour_of(const struct record *r)
{
	int64_t status = record_has(r, RECORD_FIELD_STATUS) ? r->number[RECORD_FIELD_STATUS] : 0;

	if (status >= 500)
		return ("\033[31m");
	if (status >= 400)
		return ("\033[33m");
	if (record_has(r, RECORD_FIELD_STATE))
		return ("\033[2m");
	if (record_has(r, RECORD_FIELD_OUTCOME) &&
	    span_is(r->text[RECORD_FIELD_OUTCOME], "failure"))
		return ("\033[33m");
	return (NULL);
}

/* 1 if the record is shown, 0 if the filter does not mean it. */
static int
render(struct tailing *t, struct span line, struct buf *out, struct err *e)
{
	const char *colour;
	unsigned columns;
	size_t begin;

	if (record_decode(&t->decoder, line, &t->record, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)t->records.number));
	if (t->filter != NULL && !filter_match(t->filter, &t->record))
		return (0);
	view_grant_narrow(&t->grant, &t->record, &line, t->narrowed);
	colour = t->colour ? colour_of(&t->record) : NULL;
	if (colour != NULL)
		buf_str(out, colour);
	begin = out->len;
	t->renderer->record(out, &t->record, line);
	if (t->people && (columns = app_fold_columns()) > 0)
		app_fold_fields(out, begin, 0, columns);
	if (colour != NULL) {
		out->len--; /* the LF: a terminal clears the rest of the line in its colours */
		buf_str(out, "\033[0m\n");
	}
	return (1);
}

static int
keep(void *arg, struct span line, struct err *e)
{
	struct tailing *t = arg;
	int rc = render(t, line, &t->out, e);

	if (rc == 1) {
		struct buf *oldest = &t->last[t->seen++ % t->limit], old = *oldest;

		*oldest = t->out;
		t->out = old;
		buf_clear(&t->out);
	}
	return (rc == -1 ? -1 : 0);
}

static int
show(void *arg, struct span line, struct err *e)
{
	struct tailing *t = arg;
	int rc = render(t, line, &t->out, e);

	if (rc == 1 && t->out.len >= OUT_BYTES) {
		rc = app_print(&t->out, e);
		buf_clear(&t->out);
	}
	return (rc == -1 ? -1 : app_output_closed() ? 1 : 0);
}

/* ---- the last ones, then the next ones ---- */

/*
 * Without a filter the last limit records are those.  With one, look further
 * and further back, so that a store of years is not read for ten lines.
 */
static int
find_last(struct tailing *t, struct err *e)
{
	uint64_t count, back = t->limit;

	if (app_follow_count(&t->follow, &count, e) == -1)
		return (-1);
	for (;; back *= 8) {
		t->follow = (struct app_follow){ .records = &t->records, .each = keep, .arg = t };
		t->records.from = count > back ? count - back : 0;
		t->seen = 0;
		if (app_follow_step(&t->follow, e) == -1)
			return (-1);
		if (t->seen >= t->limit || count <= back)
			return (0);
	}
}

static int
show_last(struct tailing *t, struct err *e)
{
	uint64_t from = t->seen > t->limit ? t->seen - t->limit : 0;

	for (uint64_t i = from; i < t->seen; i++)
		if (app_print(&t->last[i % t->limit], e) == -1)
			return (-1);
	return (0);
}

static volatile sig_atomic_t interrupted; /* the number of the signal */

static void
interrupt(int number)
{
	interrupted = number;
}

/* A signal would end it in the middle of a line, and what comes then were of its colour. */
static void
hold_signals(void)
{
	const struct sigaction on = { .sa_handler = interrupt };

	(void)sigaction(SIGINT, &on, NULL);
	(void)sigaction(SIGTERM, &on, NULL);
}

static void
end_of_signal(void)
{
	static const char end[] = "\033[0m";

	(void)app_write(end, sizeof(end) - 1, NULL);
	(void)signal(interrupted, SIG_DFL);
	(void)raise(interrupted);
}

static int
go_on(struct tailing *t, struct err *e)
{
	const struct timespec pause = { 0, POLL_NS };

	t->follow.each = show;
	if (t->colour)
		hold_signals();
	for (int rc = 0; rc == 0 && !interrupted && !app_output_closed();
	     (void)nanosleep(&pause, NULL)) {
		if ((rc = app_follow_step(&t->follow, e)) == -1 || app_print(&t->out, e) == -1)
			return (-1);
		buf_clear(&t->out);
	}
	if (interrupted)
		end_of_signal();
	return (0);
}

/* ---- the command ---- */

/* Colours are for people: text that nobody asked for by name, on a terminal. */
static bool
wants_colour(const char *as)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return (as == NULL && isatty(STDOUT_FILENO) == 1 && term != NULL &&
	    strcmp(term, "dumb") != 0 && (no_colour == NULL || no_colour[0] == '\0'));
}

static int
open_all(struct tailing *t, struct app_args *args, struct err *e)
{
	static struct app_place place;
	const char *where = app_arg(args, "where"), *as = app_arg(args, "as");

	t->limit = LIMIT_DEFAULT;
	t->people = as == NULL || strcmp(as, "text") == 0;
	t->colour = wants_colour(as);
	if (app_place_config(args, &place, &t->hint, e) == -1 ||
	    app_place_stream(args, &place, e) == -1 ||
	    app_grant(args, &t->grant, &t->hint, e) == -1 ||
	    view_grant_records(&t->grant, e) == -1 ||
	    view_renderer_choose(as != NULL ? as : "text", true, &t->renderer, e) == -1 ||
	    app_arg_count(args, "limit", 1, LIMIT_MAX, &t->limit, e) == -1)
		return (-1);
	if (where != NULL && filter_compile(where, &t->filter, e) == -1) {
		filter_caret(where, e, &t->hint);
		return (-1);
	}
	if (t->filter != NULL && view_grant_filter(&t->grant, t->filter, e) == -1)
		return (-1);
	t->follow.records = &t->records;
	if ((t->last = calloc(t->limit, sizeof(*t->last))) == NULL)
		return (err_sys(e, ERR_IO, "the last records"));
	return (app_records_open(
	    &t->records, app_arg(args, "store"), app_arg(args, "stream"), NULL, NULL, e));
}

static int
run(const struct app_args *given)
{
	static struct tailing t;
	struct app_args args = *given;
	struct err e = { ERR_NONE, "" };
	int code = 0;

	t.records.stream_fd = -1;
	if (open_all(&t, &args, &e) == -1 || find_last(&t, &e) == -1 || show_last(&t, &e) == -1 ||
	    (app_arg(&args, "follow") != NULL && go_on(&t, &e) == -1)) {
		code = app_fail("tail", &e);
		app_hint(&t.hint);
	} else
		app_records_warn(&t.records, "tail");
	for (uint64_t i = 0; t.last != NULL && i < t.limit; i++)
		buf_free(&t.last[i]);
	free(t.last);
	buf_free(&t.out);
	buf_free(&t.hint);
	filter_free(t.filter);
	app_records_close(&t.records);
	return (code);
}

const struct app_command app_command_tail = { "tail",
	"the last records of a stream, and those that come", "", 0, 0, options,
	"Shows records as they are committed, once a second, whether they are sealed yet or not.\n"
	"On a terminal errors stand out by colour, unless NO_COLOR is set, and lines are broken\n"
	"between fields.\n\n"
	"--config names the store, and the stream if it has one only.\n\n"
	"examples:\n"
	"  cretula tail --config " CONFIG_USUAL " --stream shop --follow\n"
	"  cretula tail --store ./store --stream shop --follow\n"
	"  cretula tail --store ./store --stream shop --limit 100 --where 'status >= 500'\n"
	"  cretula tail --store ./store --stream shop --follow --as json | jq -r .path\n",
	run };
