/* app: subject erase --request: all records of a person, as two approved. */
#include <stdio.h>
#include <stdlib.h>

#include "app/say.h"
#include "app/subject/actions.h"
#include "app/subject/answer.h"
#include "app/subject/taking.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "store/erase/asked.h"

struct one {
	struct app_taking taking;
	struct app_found found;
};

struct work {
	struct app_desk desk;
	struct one *streams;
	size_t count;
	char ref[APP_REQUEST_ID_BYTES + 8];
	struct config_stream fallback;
	uint64_t chosen, network, missing, segments;
};

/* The stream is held from here on: what is found is what goes. */
static int
plan(struct work *w, struct one *o, struct err *e)
{
	struct app_taking *t = &o->taking;
	struct app_desk *d = &w->desk;

	if (app_taking_open(t, d->live.store,
		config_stream_find(d->live.config, t->stream, &w->fallback), e) == -1)
		return (-1);
	o->found.keeps = !t->daemon; /* else somebody else may erase meanwhile */
	if (app_desk_find(d, t->stream, &t->records, &o->found, e) == -1 ||
	    app_found_ranges(&o->found, &t->subject.ranges, e) == -1)
		return (-1);
	t->subject.records = &t->records;
	t->subject.exact = true;
	t->subject.reason = d->request.reason;
	t->subject.ref = span_str(w->ref);
	t->subject.by = buf_view(&d->by);
	if (o->found.count > 0 && app_subject_plan(&t->subject, e) == -1)
		return (err_in(e, "stream %s", t->stream));
	if (o->found.keeps && t->subject.chosen == o->found.count)
		t->lines = buf_view(&o->found.lines);
	w->chosen += t->subject.chosen;
	w->segments += t->subject.plan.len / sizeof(struct app_subject_part);
	w->network += o->found.network;
	w->missing += o->found.missing;
	return (0);
}

/* Said before and behind it: until then the same request goes on with what is left. */
static int
take_all(struct work *w, struct err *e)
{
	const struct store_asked asked = app_desk_asked(&w->desk);
	struct store *store = w->desk.live.store;

	if (w->chosen == 0)
		return (store_asked_seal(store, &asked, e));
	if (store_asked_begin(store, &asked, e) == -1)
		return (-1);
	for (size_t i = 0; i < w->count; i++)
		if (w->streams[i].taking.subject.chosen > 0 &&
		    app_taking_do(&w->streams[i].taking, e) == -1)
			return (-1);
	return (store_asked_end(store, &asked, e));
}

static int
work(struct work *w, const struct app_args *args, struct err *e)
{
	struct app_desk *d = &w->desk;

	if (app_desk_open(d, args, e) == -1 || app_desk_request(d, APP_REQUEST_ERASE, e) == -1)
		return (-1);
	(void)snprintf(w->ref, sizeof(w->ref), "request %s", d->request.id);
	if ((w->streams = calloc(d->stream_count, sizeof(*w->streams))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < d->stream_count; i++) {
		struct one *o = &w->streams[w->count++];

		o->taking.store_path = d->live.store_path;
		o->taking.stream = d->streams[i];
		o->taking.records.stream_fd = -1;
		if (plan(w, o, e) == -1)
			return (-1);
	}
	return (take_all(w, e));
}

/* ---- what is said ---- */

static void
print_text(const struct work *w, struct buf *out)
{
	char count[32];

	for (size_t i = 0; i < w->count; i++) {
		num_print_grouped(count, w->streams[i].taking.subject.done);
		buf_fmt(out, "stream %s: erased %s %s\n", w->streams[i].taking.stream, count,
		    w->streams[i].taking.subject.done == 1 ? "record" : "records");
	}
	app_network_text(w->network, out);
}

static void
print_json(const struct work *w, struct buf *out)
{
	buf_char(out, '{');
	app_desk_json(&w->desk, out);
	json_u64(out, "erased", w->chosen);
	json_u64(out, "segments", w->segments);
	json_array(out, "streams");
	for (size_t i = 0; i < w->count; i++) {
		json_item(out);
		json_str(out, "stream", span_str(w->streams[i].taking.stream));
		json_u64(out, "erased", w->streams[i].taking.subject.done);
		json_u64(out, "same_network", w->streams[i].found.network);
		buf_char(out, '}');
	}
	buf_str(out, "]}\n");
}

static void
warn(const struct work *w)
{
	for (size_t i = 0; i < w->count; i++)
		app_taking_warn(&w->streams[i].taking);
	if (w->missing > 0)
		app_warn("subject erase",
		    "keys of %ju epochs are not here, though no entry says that they were "
		    "destroyed: records of those stay",
		    (uintmax_t)w->missing);
}

static void
close_all(struct work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		app_taking_close(&w->streams[i].taking);
		app_found_free(&w->streams[i].found);
	}
	free(w->streams);
	app_desk_close(&w->desk);
	free(w);
}

int
app_subject_erase(const struct app_args *args)
{
	struct work *w = calloc(1, sizeof(*w));
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	uint64_t done = 0;
	int code;

	if (w == NULL) {
		(void)err_memory(&e);
		return (app_fail("subject erase", &e));
	}
	if (work(w, args, &e) == -1) {
		code = app_fail("subject erase", &e);
		for (size_t i = 0; i < w->count; i++)
			done += w->streams[i].taking.subject.done;
		if (done > 0)
			app_warn("subject erase",
			    "%ju of %ju records were erased before that; the request can be used "
			    "again",
			    (uintmax_t)done, (uintmax_t)w->chosen);
	} else {
		(args->json ? print_json : print_text)(w, &out);
		code = app_finish("subject erase", &out, w->missing > 0 ? ERR_INCOMPLETE : 0);
	}
	warn(w);
	close_all(w);
	return (code);
}
