/* app: from a request to its answer: threads that work, and one that ticks. */
#include <sys/prctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/serve/serving.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "filter/filter.h"

#define BODY_MAX 1024 /* of a login */
#define TICK_NS INT64_C(200000000)
#define HELD_MAX 32 /* answers that wait, each with a connection: the others are for others */

struct serving_job {
	struct serving_job *next;
	struct app_http_request *r;
	const struct serve_request *request;
	struct serve_answer answer; /* of one that is held */
	int64_t due_ns;
};

/* What each route does; those of the session are the room's own. */
static const serving_do rows[] = {
	[SERVE_DOES_CHAIN] = app_serving_chain,
	[SERVE_DOES_CHECKPOINT] = app_serving_checkpoint,
	[SERVE_DOES_OVERVIEW] = app_serving_figures,
	[SERVE_DOES_RECORDS] = app_serving_records,
	[SERVE_DOES_SERIES] = app_serving_figures,
	[SERVE_DOES_STREAMS] = app_serving_streams,
	[SERVE_DOES_TAIL] = NULL,
	[SERVE_DOES_TOP] = app_serving_figures,
	[SERVE_DOES_TRUST] = app_serving_trust,
};

/* ---- the access record ---- */

static void
copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from == NULL ? "" : from);
}

/* What a filter compares with stays away; one that does not compile is kept as that. */
static void
note_filter(const char *where, struct app_access_note *n)
{
	struct filter *filter = NULL;
	struct buf out = { 0 };

	if (where == NULL)
		return;
	if (filter_compile(where, &filter, NULL) == -1)
		copy(n->filter, sizeof(n->filter), "?");
	else {
		filter_template(where, &out);
		/* What looks like a token and is of no class is none. */
		copy(n->filter, sizeof(n->filter),
		    buf_ok(&out) && app_access_filter_ok(buf_view(&out)) ? out.data : "?");
	}
	filter_free(filter);
	buf_free(&out);
}

/* The window as it was asked for, in times; "-7d" is one, too. */
static void
note_time(const char *text, char *to, size_t size)
{
	char time[CLOCK_RFC3339_BYTES];
	int64_t t_us;

	if (text == NULL)
		return;
	if (clock_parse_rfc3339(text, strlen(text), &t_us) == 0)
		(void)snprintf(to, size, "%.*s", (int)clock_rfc3339(time, t_us), time);
	else
		copy(to, size,
		    text[0] == '-' && num_duration(span_str(text + 1), &t_us) == 0 ? text : "?");
}

static void
make_note(const struct serve_call *call, struct app_access_note *n)
{
	const struct serve_params *p = &call->params;

	memset(n, 0, sizeof(*n));
	copy(n->operator, sizeof(n->operator), call->who.operator);
	copy(n->role, sizeof(n->role), call->who.role->name);
	copy(n->tier, sizeof(n->tier), view_role_names[call->who.role->grant.tier]);
	copy(n->via, sizeof(n->via), serve_via_names[call->who.via]);
	(void)snprintf(n->action, sizeof(n->action), "%s%s%s",
	    app_access_actions[call->route->does],
	    call->word != NULL ? "/" : "", call->word != NULL ? call->word : "");
	copy(n->stream, sizeof(n->stream), p->text[SERVE_STREAM]);
	note_filter(p->text[SERVE_WHERE], n);
	note_time(p->text[SERVE_SINCE], n->since, sizeof(n->since));
	note_time(p->text[SERVE_UNTIL], n->until, sizeof(n->until));
	if (p->text[SERVE_WINDOW] != NULL)
		copy(n->window, sizeof(n->window), app_access_windows[p->choice[SERVE_WINDOW]]);
}

/* No view without a record of it; where there is nothing to see, a record all the same. */
static void
record(struct serving *v, struct serve_answer *a, struct app_access_note *n)
{
	if (a->status == 429)
		return; /* it is what keeps this small */
	copy(n->reason, sizeof(n->reason), a->problem);
	if (app_access_record(v->access, n, NULL) == -1 && a->status < 400)
		serve_problem_set(a, SERVE_PROBLEM_ACCESS, NULL);
}

/* ---- one request ---- */

static void
reply(struct serving *v, struct serving_job *job, struct serve_answer *a)
{
	if (a->hold_ms > 0) {
		job->answer = *a;
		job->due_ns = clock_mono_ns() + (int64_t)a->hold_ms * 1000000;
		pthread_mutex_lock(&v->lock);
		if (!v->stop && v->held_count < HELD_MAX) {
			job->next = v->held;
			v->held = job;
			v->held_count++;
			job = NULL;
		}
		pthread_mutex_unlock(&v->lock);
		if (job == NULL)
			return;
	}
	app_http_reply(job->r, a);
	free(job);
}

static void
start_tail(struct serving *v, struct serving_job *job, struct serve_call *call)
{
	struct serve_answer a = { 0 };
	struct app_access_note note;
	struct serving_tail *t = app_serving_tail_open(v, call, &a);
	struct app_http_request *r = job->r;
	bool streams;

	make_note(call, &note);
	record(v, &a, &note);
	streams = a.status == 200;
	serve_finish(v->serve, call, &a);
	if (!streams) {
		app_serving_tail_free(t);
		reply(v, job, &a);
		return;
	}
	/* From the reply on the request may be gone at any time: the tail is known before. */
	app_serving_tail_begin(v, t, r, &note);
	reply(v, job, &a);
}

static void
do_route(struct serving *v, struct serve_call *call, struct serve_answer *a)
{
	struct app_access_note note;

	switch (call->route->does) {
	case SERVE_DOES_LOGIN:
	case SERVE_DOES_LOGOUT:
	case SERVE_DOES_SESSION: serve_session_do(v->serve, call, a); return;
	default: break;
	}
	make_note(call, &note);
	a->type = "application/json";
	rows[call->route->does](v, call, a, &note);
	if (call->route->access)
		record(v, a, &note);
}

static void
work(struct serving *v, struct serving_job *job)
{
	struct serve_answer a = { 0 };
	struct serve_call *call = calloc(1, sizeof(*call));
	struct app_access_note note;

	if (call == NULL) {
		serve_problem_set(&a, SERVE_PROBLEM_BUSY, NULL);
		reply(v, job, &a);
		return;
	}
	if (serve_begin(v->serve, job->request, call, &a)) {
		if (call->route->does == SERVE_DOES_TAIL) {
			serve_answer_free(&a);
			start_tail(v, job, call);
			free(call);
			return;
		}
		do_route(v, call, &a);
	} else if (call->route != NULL && call->route->access && call->known) {
		make_note(call, &note);
		record(v, &a, &note);
	}
	serve_finish(v->serve, call, &a);
	free(call);
	reply(v, job, &a);
}

/* ---- threads ---- */

static void *
worker_main(void *arg)
{
	struct serving *v = arg;
	struct serving_job *job;

	(void)prctl(PR_SET_NAME, "work");
	pthread_mutex_lock(&v->lock);
	for (;;) {
		while (v->first == NULL && !v->stop)
			pthread_cond_wait(&v->work, &v->lock);
		if ((job = v->first) == NULL)
			break;
		v->first = job->next;
		if (v->first == NULL)
			v->last = NULL;
		v->waiting--;
		pthread_mutex_unlock(&v->lock);
		work(v, job);
		pthread_mutex_lock(&v->lock);
	}
	pthread_mutex_unlock(&v->lock);
	return (NULL);
}

/* By the server's thread, which does not wait. */
static void
ask(void *arg, struct app_http_request *r, const struct serve_request *request)
{
	struct serving *v = arg;
	struct serving_job *job = calloc(1, sizeof(*job));
	struct serve_answer a = { 0 };
	bool taken = false;

	if (job != NULL) {
		job->r = r;
		job->request = request;
		pthread_mutex_lock(&v->lock);
		if ((taken = v->waiting < SERVING_JOBS_MAX && !v->stop)) {
			if (v->last == NULL)
				v->first = job;
			else
				v->last->next = job;
			v->last = job;
			v->waiting++;
			pthread_cond_signal(&v->work);
		}
		pthread_mutex_unlock(&v->lock);
	}
	if (taken)
		return;
	free(job);
	serve_problem_set(&a, SERVE_PROBLEM_BUSY, NULL);
	serve_answer_guard(&a, false);
	app_http_reply(r, &a);
}

/* Answers whose time has come; all of them at the end. */
static void
release(struct serving *v)
{
	struct serving_job *due = NULL, **at;
	int64_t now_ns = clock_mono_ns();

	pthread_mutex_lock(&v->lock);
	for (at = &v->held; *at != NULL;) {
		struct serving_job *job = *at;

		if (job->due_ns > now_ns && !v->stop) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		v->held_count--;
		job->next = due;
		due = job;
	}
	pthread_mutex_unlock(&v->lock);
	while (due != NULL) {
		struct serving_job *job = due;

		due = job->next;
		app_http_reply(job->r, &job->answer);
		free(job);
	}
}

static void *
ticker_main(void *arg)
{
	struct serving *v = arg;
	struct timespec until;
	bool stop = false;

	(void)prctl(PR_SET_NAME, "tick");
	while (!stop) {
		pthread_mutex_lock(&v->lock);
		clock_mono_after(TICK_NS, &until);
		if (!v->stop)
			(void)pthread_cond_clockwait(&v->tick, &v->lock, CLOCK_MONOTONIC, &until);
		stop = v->stop;
		pthread_mutex_unlock(&v->lock);
		release(v);
		app_serving_tails_step(v);
	}
	return (NULL);
}

static int
start_thread(pthread_t *thread, void *(*run)(void *), struct serving *v, struct err *e)
{
	errno = pthread_create(thread, NULL, run, v);
	return (errno == 0 ? 0 : err_sys(e, ERR_IO, "starting a thread"));
}

int
app_serving_start(struct serving *v, int fd, struct err *e)
{
	const struct app_http_options how = { .whole = &v->whole,
		.fd = v->whole.tls ? -1 : fd,
		.connections = SERVING_CONNECTIONS_MAX };

	v->whole.body_max = BODY_MAX;
	v->whole.ask = ask;
	v->whole.gone = app_serving_tail_gone;
	v->whole.arg = v;
	for (; v->worker_count < SERVING_WORKERS; v->worker_count++)
		if (start_thread(&v->workers[v->worker_count], worker_main, v, e) == -1)
			return (-1);
	if (start_thread(&v->ticker, ticker_main, v, e) == -1)
		return (-1);
	v->ticks = true;
	if (app_serving_verify_start(v, e) == -1)
		return (-1);
	return (app_http_start(&how, &v->http, e));
}

void
app_serving_stop(struct serving *v)
{
	if (v->http != NULL)
		app_http_quiet(v->http);
	app_serving_verify_stop(v);
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	pthread_cond_broadcast(&v->work);
	pthread_cond_broadcast(&v->tick);
	pthread_mutex_unlock(&v->lock);
	while (v->worker_count > 0)
		(void)pthread_join(v->workers[--v->worker_count], NULL);
	if (v->ticks)
		(void)pthread_join(v->ticker, NULL);
	v->ticks = false;
	release(v); /* what a worker held last */
	app_serving_tails_stop(v);
	app_http_stop(v->http);
	v->http = NULL;
}
