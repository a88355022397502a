#include "app/serve/figures/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/serve/trust.h"
#include "app/tally/tally.h"
#include "base/clock.h"
#include "base/err.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000

/* What the words of the path mean. */
static const struct {
	const char *word;
	enum tally_dim dim;
} dims[] = {
	{ "agents", TALLY_AGENT },
	{ "countries", TALLY_COUNTRY },
	{ "events", TALLY_EVENT },
	{ "paths", TALLY_PATH },
	{ "referers", TALLY_REFERER },
	{ "statuses", TALLY_STATUS },
};

static const struct figures_source *
source_of(const struct figures *f)
{
	return (f->grant->tier == VIEW_DEVELOPER ? &app_figures_all : &app_figures_some);
}

/* 1; 0: nothing is counted of the stream; -1. */
static int
open_db(struct figures *f, const char *store, struct err *e)
{
	struct tally_reach reach = { .known = false };
	struct buf path = { 0 };
	int rc = app_tally_path(store, &path, e);

	if (rc == 0 && (rc = tally_reader_open(path.data, &f->db, e)) == -1 && e->code == ERR_INPUT)
		rc = 0;
	else if (rc == 0)
		rc = tally_reach(f->db, f->stream, &reach, e);
	buf_free(&path);
	return (rc == -1 ? -1 : reach.known);
}

/* ---- routes ---- */

static int
do_overview(struct figures *f, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n, struct err *e)
{
	const struct figures_source *from = source_of(f);
	int before;

	if (from->total(f, &f->window, &f->total, e) == -1 ||
	    (before = from->total(f, &f->before, &f->total_before, e)) == -1)
		return (-1);
	f->has_before = before == 1;
	app_figures_overview(f, call->format, &a->body);
	n->rows = 1;
	return (0);
}

static int
do_series(struct figures *f, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n, struct err *e)
{
	if (source_of(f)->series(f, e) == -1)
		return (-1);
	app_figures_series(f, call->format, &a->body);
	n->rows = f->row_count;
	return (0);
}

static enum tally_dim
find_dim(const char *word)
{
	size_t i = 0;

	while (strcmp(dims[i].word, word) != 0)
		i++; /* the table of routes has no other words */
	return (dims[i].dim);
}

static int
do_top(struct figures *f, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n, struct err *e)
{
	const struct serve_params *p = &call->params;
	const struct serve_problem_place place = { .parameter = "limit" };
	struct figures_top top = { .dim = find_dim(call->word),
		.limit = p->text[SERVE_LIMIT] != NULL ? (unsigned)p->number[SERVE_LIMIT] :
							LIMIT_DEFAULT };
	int rc;

	if (top.limit > LIMIT_MAX) {
		serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
		return (0);
	}
	if (!source_of(f)->sees(f->grant, top.dim)) {
		serve_problem_set(a, SERVE_PROBLEM_TIER, NULL);
		return (0);
	}
	if ((top.cells = calloc(top.limit, sizeof(*top.cells))) == NULL)
		return (err_memory(e));
	if ((rc = source_of(f)->top(f, &top, e)) == 0) {
		app_figures_table(f, &top, call->word, call->format, &a->body);
		n->rows = top.count;
	}
	for (unsigned i = 0; i < top.count; i++)
		buf_free(&top.cells[i].key);
	free(top.cells);
	return (rc);
}

static int
do_route(struct figures *f, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n, struct err *e)
{
	n->has_rows = true;
	switch (call->route->does) {
	case SERVE_DOES_OVERVIEW: return (do_overview(f, call, a, n, e));
	case SERVE_DOES_SERIES: return (do_series(f, call, a, n, e));
	default: return (do_top(f, call, a, n, e));
	}
}

/* The window that is meant, which "now" and a default do not say. */
static void
note_window(const struct figures *f, struct app_access_note *n)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(text, f->window.since_us);

	memcpy(n->since, text, len);
	n->since[len] = '\0';
	len = clock_rfc3339(text, f->window.until_us);
	memcpy(n->until, text, len);
	n->until[len] = '\0';
	(void)snprintf(n->window, sizeof(n->window), "%s", f->window.name);
}

void
app_serving_figures(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	static const struct serve_problem_place nothing = {
		.detail = "Nothing is counted of it: cretula stats --rebuild does."
	};
	struct figures f = { .stream = call->params.text[SERVE_STREAM],
		.grant = &call->who.role->grant,
		.now_us = clock_now_us() };
	struct err e = { ERR_NONE, "" };
	int rc;

	if (!app_figures_window(call, &f, a))
		return;
	note_window(&f, n);
	rc = open_db(&f, v->store, &e);
	if (rc == 1) {
		a->status = 200;
		if (call->format == SERVE_CSV)
			a->type = "text/csv; charset=utf-8";
		f.missing = call->route->does == SERVE_DOES_OVERVIEW &&
		    f.grant->tier == VIEW_DEVELOPER &&
		    app_trust_missing(v, f.stream,
			(const int64_t[2]){ f.window.since_us, f.window.until_us }, f.causes);
		rc = do_route(&f, call, a, n, &e);
	} else if (rc == 0)
		serve_problem_set(a, SERVE_PROBLEM_STREAM, &nothing);
	if (rc == -1)
		serve_problem_set(a, SERVE_PROBLEM_STORE, NULL);
	if (a->status >= 400)
		n->has_rows = false;
	tally_reader_close(f.db);
	free(f.bursts.list);
	free(f.rows);
}
