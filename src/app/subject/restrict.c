/* app: subject restrict: records of a person stay sealed, and are not shown. */
#include <stdlib.h>
#include <string.h>

#include "app/restrict/left_out.h"
#include "app/restrict/say.h"
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
	struct buf boxes; /* struct boxed, of each epoch that has a key */
	struct buf texts; /* of the entries to come, each with LF */
	uint64_t entries, epochs;
};

struct work {
	struct app_desk desk;
	bool lift;
	struct one *streams;
	size_t count;
	struct config_stream fallback;
	uint64_t records, network, missing, entries;
	size_t boxes; /* of each epoch */
};

/* Records of an epoch, in one stream. */
struct boxed {
	struct app_epoch epoch;
	struct app_found found;
	struct buf runs; /* struct seal_range that no box has yet */
	size_t had; /* boxes of the same request, which broke off */
};

static const char *
name_of(const struct work *w)
{
	return (w->lift ? "subject restrict --lift" : "subject restrict");
}

/* ---- what is to be said ---- */

/* Also of an epoch in which there is nothing: who has no keys cannot tell. */
static int
find_epoch(struct work *w, struct one *o, const struct app_epoch *epoch, struct err *e)
{
	struct boxed boxed = { .epoch = *epoch };
	int rc;

	w->desk.only = epoch;
	w->desk.alive = NULL;
	app_records_close(&o->taking.records);
	rc = app_desk_find(&w->desk, o->taking.stream, &o->taking.records, &boxed.found, e);
	w->desk.only = NULL;
	buf_add(&o->boxes, &boxed, sizeof(boxed));
	if (buf_ok(&o->boxes))
		return (rc);
	app_found_free(&boxed.found);
	return (err_memory(e));
}

/* Of one epoch: made, or (out is NULL) only counted. */
static int
box_epoch(struct work *w, struct boxed *b, struct buf *out, struct err *e)
{
	const struct app_form_keys keys = app_desk_keys(&w->desk);
	struct app_box_of of = { .id = w->desk.request.id,
		.epoch = b->epoch,
		.value = w->desk.value,
		.boxes = w->boxes };

	of.runs = (const struct seal_range *)(const void *)b->runs.data;
	of.count = b->runs.len / sizeof(of.runs[0]);
	of.had = b->had;
	if (out != NULL)
		return (app_box_make(&keys, &of, out, e));
	if (app_box_count(&of) > w->boxes)
		w->boxes = app_box_count(&of);
	return (0);
}

/* Of one epoch: what is to be boxed yet.  A key that is gone is told when a box is made. */
static int
see_missing(struct work *w, const struct app_left_out *there, struct boxed *b, struct err *e)
{
	const struct app_form_keys keys = app_desk_keys(&w->desk);
	unsigned char mac[32];

	if (app_found_ranges(&b->found, &b->runs, e) == -1)
		return (-1);
	if (app_box_mac(&keys, &b->epoch, w->desk.value, mac) == 0)
		b->had = app_left_out_less(there, w->desk.request.id, &b->epoch, mac, &b->runs);
	return (buf_ok(&b->runs) ? 0 : err_memory(e));
}

/* The same request may have said some of it before, and have broken off. */
static int
find_missing(struct work *w, struct one *o, struct err *e)
{
	const struct app_form_keys keys = app_desk_keys(&w->desk);
	struct boxed *list = (struct boxed *)(void *)o->boxes.data;
	struct app_left_out *there = NULL;
	int rc = app_left_out_read(&o->taking.records.chain, &keys, &there, e);

	for (size_t i = 0; i < o->boxes.len / sizeof(*list) && rc == 0; i++)
		rc = see_missing(w, there, &list[i], e);
	app_left_out_close(there);
	return (rc);
}

static int
box_all(struct work *w, struct one *o, struct buf *out, struct err *e)
{
	struct boxed *list = (struct boxed *)(void *)o->boxes.data;
	int rc = 0;

	for (size_t i = 0; i < o->boxes.len / sizeof(*list) && rc == 0; i++)
		rc = box_epoch(w, &list[i], out, e);
	return (rc);
}

static int
plan_restrict(struct work *w, struct one *o, struct err *e)
{
	struct buf alive = { 0 };
	const struct app_epoch *list;
	int rc;

	w->desk.alive = &alive;
	rc = app_desk_find(&w->desk, o->taking.stream, &o->taking.records, &o->found, e);
	w->desk.alive = NULL;
	o->epochs = alive.len / sizeof(*list);
	for (size_t i = 0; rc == 0 && i < o->epochs; i++) {
		list = (const struct app_epoch *)(const void *)alive.data;
		rc = find_epoch(w, o, &list[i], e);
	}
	buf_free(&alive);
	w->records += o->found.count;
	w->network += o->found.network;
	w->missing += o->found.missing;
	return (rc == 0 && find_missing(w, o, e) == 0 ? box_all(w, o, NULL, e) : -1);
}

static int
plan_lift(struct work *w, struct one *o, struct err *e)
{
	const struct app_form_keys keys = app_desk_keys(&w->desk);
	struct app_records *r = &o->taking.records;
	struct buf ids = { 0 };
	int rc = -1;

	if (app_records_open(r, o->taking.store_path, o->taking.stream, NULL, NULL, e) == 0)
		rc = app_left_out_of(&r->chain, &keys, w->desk.value, &ids, e);
	for (size_t at = 0; rc == 0 && at < ids.len; at += APP_BOX_ID_BYTES)
		buf_fmt(&o->texts, "%s\n", ids.data + at);
	buf_free(&ids);
	return (rc == 0 && !buf_ok(&o->texts) ? err_memory(e) : rc);
}

/* The stream is ours, or the daemon's, from here on; what was open is sealed. */
static int
plan(struct work *w, struct one *o, struct err *e)
{
	struct app_desk *d = &w->desk;

	if (app_taking_open(&o->taking, d->live.store,
		config_stream_find(d->live.config, o->taking.stream, &w->fallback), e) == -1 ||
	    (w->lift ? plan_lift : plan_restrict)(w, o, e) == -1)
		return (-1);
	return (0);
}

/*
 * Each epoch of each stream gets as many boxes as the largest needs: else the
 * weeks in which somebody has many would be of one person, by the id they share.
 */
static int
write_all(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->count; i++) {
		struct one *o = &w->streams[i];

		if (box_all(w, o, &o->texts, e) == -1)
			return (-1);
		for (size_t k = 0; k < o->texts.len; k++)
			w->entries += o->texts.data[k] == '\n';
	}
	return (0);
}

/* ---- it is said ---- */

static int
say(struct work *w, struct one *o, struct err *e)
{
	struct app_word word = { .kind = span_str(w->lift ? APP_LIFT : APP_RESTRICT) };
	struct span rest = buf_view(&o->texts);
	int rc = 0;

	memcpy(word.stream, o->taking.stream, strlen(o->taking.stream) + 1);
	for (; rest.len > 0 && rc == 0; o->entries++) {
		size_t len = span_find(rest, '\n');

		word.text = span_of(rest.ptr, len);
		rc = o->taking.daemon ? app_word_ask(o->taking.store_path, &word, e) :
					app_word_append(&word, o->taking.st, e);
		rest = span_from(rest, len + 1);
	}
	return (rc == 0 && o->entries > 0 && !o->taking.daemon ?
		store_stream_head(o->taking.st, e) :
		rc);
}

static int
say_all(struct work *w, struct err *e)
{
	const struct store_asked asked = app_desk_asked(&w->desk);
	struct store *store = w->desk.live.store;

	if (w->lift && w->entries == 0)
		return (err_set(e, ERR_INPUT, "nothing of that value is restricted"));
	if (w->entries == 0)
		return (store_asked_seal(store, &asked, e));
	if (store_asked_begin(store, &asked, e) == -1)
		return (-1);
	for (size_t i = 0; i < w->count; i++)
		if (say(w, &w->streams[i], e) == -1)
			return (-1);
	return (store_asked_end(store, &asked, e));
}

static int
work(struct work *w, const struct app_args *args, struct err *e)
{
	struct app_desk *d = &w->desk;

	w->lift = app_arg(args, "lift") != NULL;
	if (app_desk_open(d, args, e) == -1 ||
	    app_desk_request(d, w->lift ? APP_REQUEST_LIFT : APP_REQUEST_RESTRICT, e) == -1)
		return (-1);
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
	return (write_all(w, e) == -1 ? -1 : say_all(w, e));
}

/* ---- what is shown ---- */

static void
print_text(const struct work *w, struct buf *out)
{
	static const char *const says[2][2] = { { "record is restricted",
						    "records are restricted" },
		{ "restriction lifted", "restrictions lifted" } };
	char text[32];

	for (size_t i = 0; i < w->count; i++) {
		const struct one *o = &w->streams[i];
		uint64_t count = w->lift ? o->entries : o->found.count;

		num_print_grouped(text, count);
		buf_fmt(
		    out, "stream %s: %s %s\n", o->taking.stream, text, says[w->lift][count != 1]);
	}
	app_network_text(w->network, out);
}

static void
print_json(const struct work *w, struct buf *out)
{
	buf_char(out, '{');
	app_desk_json(&w->desk, out);
	if (!w->lift)
		json_u64(out, "restricted", w->records);
	json_array(out, "streams");
	for (size_t i = 0; i < w->count; i++) {
		const struct one *o = &w->streams[i];

		json_item(out);
		json_str(out, "stream", span_str(o->taking.stream));
		json_u64(out, "entries", o->entries);
		if (!w->lift) {
			json_u64(out, "restricted", o->found.count);
			json_u64(out, "epochs", o->epochs);
			json_u64(out, "same_network", o->found.network);
		}
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
		app_warn(name_of(w),
		    "keys of %ju epochs are not here, though no entry says that they were "
		    "destroyed: records of those are shown",
		    (uintmax_t)w->missing);
}

static void
close_all(struct work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct one *o = &w->streams[i];
		struct boxed *list = (struct boxed *)(void *)o->boxes.data;

		for (size_t k = 0; k < o->boxes.len / sizeof(*list); k++) {
			app_found_free(&list[k].found);
			buf_wipe(&list[k].runs);
		}
		buf_free(&o->boxes);
		app_taking_close(&o->taking);
		app_found_free(&o->found);
		buf_free(&o->texts);
	}
	free(w->streams);
	app_desk_close(&w->desk);
	free(w);
}

int
app_subject_restrict(const struct app_args *args)
{
	struct work *w = calloc(1, sizeof(*w));
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	if (w == NULL) {
		(void)err_memory(&e);
		return (app_fail("subject restrict", &e));
	}
	if (work(w, args, &e) == -1)
		code = app_fail(name_of(w), &e);
	else {
		(args->json ? print_json : print_text)(w, &out);
		code = app_finish(name_of(w), &out, w->missing > 0 ? ERR_INCOMPLETE : 0);
	}
	warn(w);
	close_all(w);
	return (code);
}
