/* app: GET /api/v1/records: a page of records, and where the next one begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/records.h"
#include "app/search/search.h"
#include "app/serve/serving.h"
#include "app/tail/follow.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "filter/filter.h"
#include "view/view.h"

#define LIMIT_DEFAULT 100
#define BODY_MAX ((size_t)24 << 20)
#define PATIENCE_NS INT64_C(2000000000) /* then it is a page, however short: others wait */
#define LOOK_EVERY 1024 /* records, at the clock */

struct paging {
	struct app_records records;
	struct app_search search;
	struct filter *filter;
	const struct view_renderer *renderer; /* NULL: JSON */
	struct record_decoder decoder;
	struct record record;
	const struct view_grant *grant;
	char room[RECORD_BYTES_MAX]; /* of what is left of a record */
	struct buf *out;
	uint64_t limit, shown, seen;
	int64_t until_ns;
	bool back; /* the newest one first */
	uint64_t next; /* behind the last one that was looked at; back: that one's */
	bool more;
};

void
app_serving_empty_window(struct serve_answer *a)
{
	const struct serve_problem_place place = { .parameter = "until",
		.detail = "The window must end after it begins." };

	serve_problem_set(a, SERVE_PROBLEM_WINDOW, &place);
}

void
app_serving_failed(const struct err *e, struct serve_answer *a)
{
	struct serve_problem_place place = { 0 };

	if (e->code == ERR_INPUT)
		serve_problem_set(a, SERVE_PROBLEM_STREAM, NULL);
	else if (e->code == ERR_USAGE && strcmp(e->text, APP_RECORDS_EMPTY) == 0)
		app_serving_empty_window(a);
	else if (e->code == ERR_USAGE) {
		place.parameter = strncmp(e->text, "--until:", 8) == 0 ? "until" : "since";
		serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
	} else
		serve_problem_set(a, SERVE_PROBLEM_STORE, NULL);
}

/* What it says is ours: names of fields, and what was expected. */
void
app_serving_bad_filter(const struct err *e, struct serve_answer *a)
{
	struct serve_problem_place place = { .parameter = "where", .detail = e->text };

	if (sscanf(e->text, "column %u:", &place.column) != 1)
		place.column = 0;
	serve_problem_set(a, SERVE_PROBLEM_FILTER, &place);
}

/*
 * "rN": N is the record that comes next; "bN", with the newest first: those below N come next.
 * Numbers stay, whatever comes meanwhile.
 */
static char
cursor_of(bool back)
{
	return (back ? 'b' : 'r');
}

static int
read_cursor(const char *text, bool back, uint64_t *next)
{
	*next = back ? UINT64_MAX : 0;
	if (text == NULL)
		return (0);
	return (text[0] != cursor_of(back) ? -1 : num_u64(span_str(text + 1), next));
}

static void
add_record(struct paging *p, struct span line)
{
	if (p->renderer != NULL) {
		p->renderer->record(p->out, &p->record, line);
		return;
	}
	if (p->shown > 0)
		buf_char(p->out, ',');
	buf_span(p->out, line);
}

static int
show(void *arg, struct span line, struct err *e)
{
	struct paging *p = arg;

	if (p->shown == p->limit || p->out->len >= BODY_MAX ||
	    (++p->seen % LOOK_EVERY == 0 && clock_mono_ns() > p->until_ns)) {
		p->next = p->records.number + p->back;
		p->more = true;
		return (1);
	}
	p->next = p->records.number + !p->back;
	if (record_decode(&p->decoder, line, &p->record, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)p->records.number));
	if (p->record.time_us < p->records.since_us || p->record.time_us >= p->records.until_us ||
	    (p->filter != NULL && !filter_match(p->filter, &p->record)))
		return (0);
	view_grant_narrow(p->grant, &p->record, &line, p->room);
	add_record(p, line);
	p->shown++;
	return (0);
}

static int
open_page(
    struct serving *v, struct paging *p, const struct serve_call *call, struct serve_answer *a)
{
	const struct serve_params *q = &call->params;
	struct serve_problem_place place = { .parameter = "cursor" };
	struct err e = { ERR_NONE, "" };

	p->records.stream_fd = -1;
	p->out = &a->body;
	p->grant = &call->who.role->grant;
	p->limit = q->text[SERVE_LIMIT] != NULL ? q->number[SERVE_LIMIT] : LIMIT_DEFAULT;
	p->until_ns = clock_mono_ns() + PATIENCE_NS;
	p->back = q->text[SERVE_ORDER] != NULL && q->choice[SERVE_ORDER] == SERVE_ORDER_NEWEST;
	if (read_cursor(q->text[SERVE_CURSOR], p->back, &p->next) == -1) {
		serve_problem_set(a, SERVE_PROBLEM_PARAMETER, &place);
		return (-1);
	}
	if (q->text[SERVE_WHERE] != NULL &&
	    (filter_compile(q->text[SERVE_WHERE], &p->filter, &e) == -1 ||
		view_grant_filter(p->grant, p->filter, &e) == -1)) {
		app_serving_bad_filter(&e, a);
		return (-1);
	}
	if (app_records_open(&p->records, v->store, q->text[SERVE_STREAM], q->text[SERVE_SINCE],
		q->text[SERVE_UNTIL], &e) == -1) {
		app_serving_failed(&e, a);
		return (-1);
	}
	/*
	 * Notes say of each frame of which time it is, and how many records it has; without any,
	 * the way back goes by frames, too.
	 */
	if (p->filter != NULL || q->text[SERVE_SINCE] != NULL || q->text[SERVE_UNTIL] != NULL ||
	    p->next > 0 || p->back)
		app_search_open(
		    &p->search, &p->records, v->store, q->text[SERVE_STREAM], p->filter, false);
	if (p->back)
		p->records.below = p->next;
	else
		p->records.from = p->next;
	if (call->format != SERVE_JSON)
		p->renderer = view_renderer_find(call->format == SERVE_CSV ? "csv" : "json");
	return (0);
}

static void
begin(const struct paging *p, const struct serve_call *call)
{
	if (p->renderer != NULL && p->renderer->begin != NULL)
		p->renderer->begin(p->out);
	if (p->renderer != NULL)
		return;
	buf_char(p->out, '{');
	json_str(p->out, "stream", span_str(call->params.text[SERVE_STREAM]));
	json_array(p->out, "records");
}

static void
end(const struct paging *p, const struct serve_call *call, struct serve_answer *a)
{
	char next[24];

	(void)snprintf(next, sizeof(next), "%c%ju", cursor_of(p->back), (uintmax_t)p->next);
	a->status = 200;
	if (p->renderer != NULL) {
		a->type =
		    call->format == SERVE_CSV ? "text/csv; charset=utf-8" : "application/x-ndjson";
		if (p->more)
			serve_header_add(a, "Cretula-Next", "%s", next);
		return;
	}
	buf_char(p->out, ']');
	json_u64(p->out, "erased", p->records.erased);
	json_u64(p->out, "restricted", p->records.restricted + p->records.hidden);
	if (p->more)
		json_str(p->out, "next", span_str(next));
	buf_str(p->out, "}\n");
}

void
app_serving_records(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	struct paging *p = calloc(1, sizeof(*p));
	struct app_follow follow = {
		.records = p == NULL ? NULL : &p->records, .each = show, .arg = p
	};
	struct err e = { ERR_NONE, "" };

	if (p == NULL) {
		serve_problem_set(a, SERVE_PROBLEM_BUSY, NULL);
		return;
	}
	if (open_page(v, p, call, a) == 0) {
		begin(p, call);
		if ((p->back ? app_follow_back : app_follow_step)(&follow, &e) == -1)
			app_serving_failed(&e, a);
		else {
			end(p, call, a);
			n->has_rows = true;
			n->rows = p->shown;
		}
	}
	app_search_close(&p->search);
	filter_free(p->filter);
	app_records_close(&p->records);
	free(p);
}
