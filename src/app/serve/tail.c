/* app: GET /api/v1/tail: records as they are committed, as events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/records.h"
#include "app/serve/serving.h"
#include "app/tail/follow.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "filter/filter.h"

#define PIECE_BYTES ((size_t)256 << 10) /* of events, before they are handed on */
#define COMMENT_NS (INT64_C(15) * 1000000000)
#define STEP_NS INT64_C(100000000) /* of one, while others wait for theirs */
#define LOOK_EVERY 1024 /* records, at the clock */

struct serving_tail {
	struct serving_tail *next;
	struct serving *v;
	struct app_http_request *r; /* NULL: gone; under the lock */
	bool ended; /* nothing more is read; under the lock, too */
	struct serve_who who;
	struct app_access_note note;
	struct app_records records;
	struct app_follow follow;
	struct filter *filter;
	struct record_decoder decoder;
	struct record record;
	char room[RECORD_BYTES_MAX];
	struct buf out;
	uint64_t shown, dropped, in_out; /* in_out: records of out */
	uint64_t seen; /* of this step */
	uint64_t past; /* records below it were there when it began: none of them is dropped */
	int64_t sent_ns, until_ns; /* until_ns: the end of this step, whatever it found */
};

/* ---- open ---- */

static int
open_tail(struct serving_tail *t, const struct serve_call *call, bool *filter, struct err *e)
{
	const struct serve_params *q = &call->params;
	uint64_t count, last;

	if (q->text[SERVE_WHERE] != NULL &&
	    (filter_compile(q->text[SERVE_WHERE], &t->filter, e) == -1 ||
		view_grant_filter(&t->who.role->grant, t->filter, e) == -1)) {
		*filter = true;
		return (-1);
	}
	if (app_records_open(&t->records, t->v->store, q->text[SERVE_STREAM], NULL, NULL, e) ==
		-1 ||
	    app_follow_count(&t->follow, &count, e) == -1)
		return (-1);
	t->records.from = t->past = count;
	if (num_u64(call->request->last_event, &last) == 0 && last < count)
		t->records.from = last + 1;
	return (0);
}

static unsigned
count_tails(const struct serving *v, const char *operator, unsigned * all)
{
	unsigned own = 0;

	*all = 0;
	for (const struct serving_tail *t = v->tails; t != NULL; t = t->next) {
		++*all;
		own += strcmp(t->who.operator, operator) == 0;
	}
	return (own);
}

/* Is that enough for this step?  The next one begins behind this record. */
static int
is_enough(struct serving_tail *t)
{
	t->records.from = t->records.number + 1;
	return (t->out.len >= PIECE_BYTES ||
	    (++t->seen % LOOK_EVERY == 0 && clock_mono_ns() > t->until_ns));
}

static int
show(void *arg, struct span line, struct err *e)
{
	struct serving_tail *t = arg;

	if (record_decode(&t->decoder, line, &t->record, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)t->records.number));
	if (t->filter != NULL && !filter_match(t->filter, &t->record))
		return (is_enough(t));
	view_grant_narrow(&t->who.role->grant, &t->record, &line, t->room);
	buf_fmt(&t->out, "event: record\nid: %llu\ndata: ", (unsigned long long)t->records.number);
	buf_span(&t->out, line);
	buf_str(&t->out, "\n\n");
	t->in_out++;
	return (is_enough(t));
}

struct serving_tail *
app_serving_tail_open(struct serving *v, const struct serve_call *call, struct serve_answer *a)
{
	struct serving_tail *t = calloc(1, sizeof(*t));
	struct err e = { ERR_NONE, "" };
	bool filter = false;
	unsigned all, own;

	if (t == NULL) {
		serve_problem_set(a, SERVE_PROBLEM_BUSY, NULL);
		return (NULL);
	}
	t->v = v;
	t->who = call->who;
	t->records.stream_fd = -1;
	t->follow = (struct app_follow){ .records = &t->records, .each = show, .arg = t };
	pthread_mutex_lock(&v->lock);
	own = count_tails(v, call->who.operator, & all);
	pthread_mutex_unlock(&v->lock);
	if (all >= SERVING_TAILS_MAX || own >= SERVING_TAILS_OWN)
		serve_problem_set(a, SERVE_PROBLEM_BUSY, NULL);
	else if (open_tail(t, call, &filter, &e) == 0) {
		a->status = 200;
		a->type = "text/event-stream";
		a->stream = a->no_store = true;
		return (t);
	} else if (filter)
		app_serving_bad_filter(&e, a);
	else
		app_serving_failed(&e, a);
	app_serving_tail_free(t);
	return (NULL);
}

void
app_serving_tail_free(struct serving_tail *t)
{
	if (t == NULL)
		return;
	buf_free(&t->out);
	filter_free(t->filter);
	app_records_close(&t->records);
	free(t);
}

void
app_serving_tail_begin(struct serving *v, struct serving_tail *t, struct app_http_request *r,
    const struct app_access_note *note)
{
	t->r = r;
	t->note = *note;
	t->sent_ns = clock_mono_ns();
	buf_str(&t->out, ": here it begins\n\n");
	pthread_mutex_lock(&v->lock);
	t->next = v->tails;
	v->tails = t;
	pthread_mutex_unlock(&v->lock);
}

/* ---- step ---- */

/* What is in out goes to the client.  One who is too slow is told how many he missed. */
static void
hand_on(struct serving_tail *t)
{
	char gap[64];

	pthread_mutex_lock(&t->v->lock);
	if (t->r != NULL && t->dropped > 0) {
		(void)snprintf(gap, sizeof(gap), "event: gap\ndata: {\"dropped\":%llu}\n\n",
		    (unsigned long long)t->dropped);
		if (app_http_push(t->r, span_str(gap)))
			t->dropped = 0;
	}
	if (t->r != NULL && t->dropped == 0 && app_http_push(t->r, buf_view(&t->out)))
		t->shown += t->in_out;
	else
		t->dropped += t->in_out;
	pthread_mutex_unlock(&t->v->lock);
	t->in_out = 0;
	t->sent_ns = clock_mono_ns();
	buf_clear(&t->out);
}

static void
say_end(struct serving_tail *t, const char *code)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "event: end\ndata: {\"code\":\"%s\"}\n\n", code);
	pthread_mutex_lock(&t->v->lock);
	if (t->r != NULL && !t->ended) {
		(void)app_http_push(t->r, span_str(text));
		app_http_end(t->r);
	}
	t->ended = true;
	pthread_mutex_unlock(&t->v->lock);
}

/* What lies in the store is read as fast as the client takes it; what comes does not wait. */
static bool
is_full(struct serving_tail *t)
{
	bool full;

	pthread_mutex_lock(&t->v->lock);
	full = t->r != NULL && t->records.from < t->past && !app_http_room(t->r, 2 * PIECE_BYTES);
	pthread_mutex_unlock(&t->v->lock);
	return (full);
}

static void
step(struct serving_tail *t)
{
	struct err e = { ERR_NONE, "" };
	int rc;

	if (!serve_lives(t->v->serve, &t->who)) {
		say_end(t, "session");
		return;
	}
	if (is_full(t))
		return;
	t->seen = 0;
	t->until_ns = clock_mono_ns() + STEP_NS;
	rc = app_follow_step(&t->follow, &e);
	if (t->out.len == 0 && clock_mono_ns() - t->sent_ns > COMMENT_NS)
		buf_str(&t->out, ":\n\n");
	if (t->out.len > 0)
		hand_on(t);
	if (rc == -1)
		say_end(t, "error");
}

/* Whoever has ended: how much it was is recorded. */
static void
bury(struct serving *v, struct serving_tail *t)
{
	t->note.has_rows = true;
	t->note.rows = t->shown;
	(void)app_access_record(v->access, &t->note, NULL);
	app_serving_tail_free(t);
}

/* Only the caller's thread takes one out of the list, and others put them in front. */
void
app_serving_tails_step(struct serving *v)
{
	struct serving_tail **at, *t, *gone = NULL;

	pthread_mutex_lock(&v->lock);
	t = v->tails;
	pthread_mutex_unlock(&v->lock);
	for (; t != NULL; t = t->next)
		if (!t->ended)
			step(t);
	pthread_mutex_lock(&v->lock);
	for (at = &v->tails; (t = *at) != NULL;) {
		if (t->r != NULL) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		t->next = gone;
		gone = t;
	}
	pthread_mutex_unlock(&v->lock);
	while ((t = gone) != NULL) {
		gone = t->next;
		bury(v, t);
	}
}

void
app_serving_tail_gone(void *arg, struct app_http_request *r)
{
	struct serving *v = arg;

	pthread_mutex_lock(&v->lock);
	for (struct serving_tail *t = v->tails; t != NULL; t = t->next)
		if (t->r == r)
			t->r = NULL;
	pthread_mutex_unlock(&v->lock);
}

void
app_serving_tails_stop(struct serving *v)
{
	struct serving_tail *t;

	for (t = v->tails; t != NULL; t = t->next)
		say_end(t, "stopping");
	if (v->http != NULL) {
		app_http_stop(v->http); /* every one of them is gone behind it */
		v->http = NULL;
	}
	while ((t = v->tails) != NULL) {
		v->tails = t->next;
		bury(v, t);
	}
}
