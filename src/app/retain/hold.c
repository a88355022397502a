/* app: cretula hold: nothing of what it names is taken away until it is released. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/key/epochs.h"
#include "app/retain/hold.h"
#include "app/retain/open.h"
#include "app/retain/order.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/watch/control.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "filter/filter.h"
#include "store/store.h"

static const struct app_option options[] = {
	{ "by", "TEXT", "who does it" },
	{ "config", "FILE", "cretula.yaml" },
	{ "expires", "T", "add: over by itself then (RFC 3339); else until it is released" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "reason", "TEXT", "add, release: why; it stays in the chain for good" },
	{ "since", "T", "add: only records from then on: RFC 3339, or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream; list: only this one" },
	{ "until", "T", "add: only records before then; else all that come, too" },
	{ "where", "EXPR", "add: only segments with a record that matches, as for view" },
	{ NULL, NULL, NULL },
};

struct holding {
	const struct app_args *args;
	bool release;
	const char *stream, *store_path;
	struct span id, reason, by;
	int64_t now_us, until_us; /* until_us: INT64_MAX if it does not expire */
	struct app_setup setup;
	struct filter *filter;
	struct buf hint;
	struct app_records records;
	struct app_hold_choice choice;
	struct store *store;
	struct app_retain_stream opened;
	uint64_t entry;
	struct err why; /* beside that somebody else writes the stream */
};

/* ---- the command line ---- */

static struct span
text_of(const struct holding *h, const char *name)
{
	const char *text = app_arg(h->args, name);

	return (span_str(text == NULL ? "" : text));
}

static int
read_add(struct holding *h, struct err *e)
{
	const char *expires = app_arg(h->args, "expires"), *where = app_arg(h->args, "where");

	if (expires != NULL &&
	    (clock_parse_rfc3339(expires, strlen(expires), &h->until_us) == -1 ||
		h->until_us <= h->now_us))
		return (err_set(e, ERR_USAGE, "--expires is a time to come, in RFC 3339"));
	if (where != NULL && filter_compile(where, &h->filter, e) == -1) {
		filter_caret(where, e, &h->hint);
		return (-1);
	}
	return (0);
}

static int
read_options(struct holding *h, struct err *e)
{
	if (h->args->operand_count != 2)
		return (err_set(e, ERR_USAGE, "which hold? a reference of yours, like case-7"));
	h->id = span_str(h->args->operands[1]);
	h->now_us = clock_now_us();
	h->until_us = INT64_MAX;
	h->reason = text_of(h, "reason");
	h->by = text_of(h, "by");
	if ((h->stream = app_arg(h->args, "stream")) == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	if (h->reason.len == 0)
		return (err_set(e, ERR_USAGE, "--reason TEXT is needed"));
	if (app_hold_text("reason", h->reason, e) == -1 || app_hold_text("by", h->by, e) == -1 ||
	    (!h->release && read_add(h, e) == -1) ||
	    app_setup_open(h->args, h->stream, &h->setup, e) == -1)
		return (-1);
	return (app_store_path(h->args, &h->setup, &h->store_path, e));
}

/* ---- the work ---- */

static int
open_records(struct holding *h, struct err *e)
{
	if (app_records_open(&h->records, h->store_path, h->stream, app_arg(h->args, "since"),
		app_arg(h->args, "until"), e) == -1)
		return (-1);
	h->records.all = true;
	return (0);
}

static int
make_order(struct holding *h, struct store_hold_order *order, struct err *e)
{
	struct app_hold_choice *choice = &h->choice;

	*order = (struct store_hold_order){ .id = h->id, .reason = h->reason, .by = h->by };
	if (h->release)
		return (0);
	if (app_hold_choose(&h->records, h->filter, h->now_us, choice, e) == -1)
		return (-1);
	*order = (struct store_hold_order){ .id = h->id,
		.ranges = choice->ranges,
		.count = choice->count,
		.has_onward = choice->has_onward,
		.has_until = h->until_us != INT64_MAX,
		.onward = choice->onward,
		.until_us = h->until_us - h->until_us % 1000,
		.mask_epochs = buf_view(&choice->epochs),
		.reason = h->reason,
		.by = h->by };
	return (0);
}

/* Whoever writes the stream seals it, if that is the daemon of the store. */
static int
ask_daemon(struct holding *h, const struct store_hold_order *hold, struct err *e)
{
	struct app_order order = { .release = h->release, .hold = *hold };
	struct buf request = { 0 }, answer = { 0 };
	struct err why;
	int rc = -1;

	(void)snprintf(order.stream, sizeof(order.stream), "%s", h->stream);
	app_order_print(&order, &request);
	if (!buf_ok(&request) || request.len > APP_ORDER_BYTES)
		(void)err_set(e, ERR_CONFIG, "too many segments at once: name a shorter time");
	else if (app_control_ask(h->store_path, request.data, &answer, &why) == 0)
		rc = app_order_answer(buf_view(&answer), h->stream, &h->entry, e);
	else if (why.code != ERR_INCOMPLETE) /* else e still says who is busy */
		*e = why;
	buf_free(&request);
	buf_free(&answer);
	return (rc);
}

/* What nobody can tell of keys keeps nobody from holding. */
static int
add(struct holding *h, struct store_hold_order *order, struct err *e)
{
	struct app_epochs gone;
	int rc;

	if (app_epochs_gone(store_keys_fd(h->store), h->stream, &gone, NULL) == 0) {
		order->gone = gone.list;
		order->gone_count = gone.count;
	}
	rc = store_hold(h->opened.eraser, order, &h->entry, e);
	order->gone = NULL;
	order->gone_count = 0;
	free(gone.list);
	return (rc);
}

static int
seal(struct holding *h, struct store_hold_order *order, struct err *e)
{
	const struct store_release_order release = { h->id, h->reason, h->by };

	if ((h->release ? store_release(h->opened.eraser, &release, &h->entry, e) :
			  add(h, order, e)) == -1)
		return (-1);
	return (store_stream_head(h->opened.st, e));
}

static int
work(struct holding *h, struct err *e)
{
	struct store_hold_order order;
	bool created, busy;

	if (open_records(h, e) == -1) /* nothing is made where there is no such stream */
		return (-1);
	app_records_close(&h->records);
	if (store_open(h->store_path, app_keys_path(h->args, &h->setup), &h->store, &created, e) ==
	    -1)
		return (-1);
	busy = h->choice.busy = app_retain_open(h->store, h->stream, &h->opened, e) == -1;
	if (busy && e->code != ERR_BUSY)
		return (-1);
	if (open_records(h, busy ? &h->why : e) == -1 ||
	    make_order(h, &order, busy ? &h->why : e) == -1) {
		if (busy)
			*e = h->why;
		return (-1);
	}
	return (busy ? ask_daemon(h, &order, e) : seal(h, &order, e));
}

/* ---- the answer ---- */

static void
print_json(const struct holding *h, struct buf *out)
{
	const struct app_hold_choice *choice = &h->choice;

	buf_char(out, '{');
	json_str(out, "stream", span_str(h->stream));
	json_str(out, h->release ? "released" : "hold", h->id);
	json_u64(out, "entry", h->entry);
	if (!h->release) {
		json_u64(out, "segments", choice->segments);
		json_u64(out, "records", choice->records);
		if (choice->has_onward)
			json_u64(out, "onward", choice->onward);
	}
	buf_str(out, "}\n");
}

static void
print_text(const struct holding *h, struct buf *out)
{
	const struct app_hold_choice *choice = &h->choice;
	char count[32];

	if (h->release) {
		buf_fmt(out, "hold %.*s of stream %s is released: entry %ju\n", (int)h->id.len,
		    h->id.ptr, h->stream, (uintmax_t)h->entry);
		return;
	}
	num_print_grouped(count, choice->records);
	buf_fmt(out, "hold %.*s of stream %s: %ju segment%s, %s record%s%s; entry %ju\n",
	    (int)h->id.len, h->id.ptr, h->stream, (uintmax_t)choice->segments,
	    choice->segments == 1 ? "" : "s", count, choice->records == 1 ? "" : "s",
	    choice->has_onward ? ", and all that come" : "", (uintmax_t)h->entry);
}

static int
run_change(const struct app_args *args, bool release)
{
	const char *name = release ? "hold release" : "hold add";
	struct holding *h = calloc(1, sizeof(*h));
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	if (h == NULL) {
		(void)err_memory(&e);
		return (app_fail(name, &e));
	}
	h->args = args;
	h->release = release;
	h->records.stream_fd = -1;
	if (read_options(h, &e) == 0 && work(h, &e) == 0) {
		(args->json ? print_json : print_text)(h, &out);
		code = app_finish_words(name, &out, 0);
	} else {
		code = app_fail(name, &e);
		app_hint(&h->hint);
	}
	app_retain_close(&h->opened);
	store_close(h->store);
	app_records_close(&h->records);
	app_setup_close(&h->setup);
	filter_free(h->filter);
	buf_free(&h->choice.epochs);
	buf_free(&h->hint);
	free(h);
	return (code);
}

static int
run_add(const struct app_args *args)
{
	return (run_change(args, false));
}

static int
run_release(const struct app_args *args)
{
	return (run_change(args, true));
}

static const struct app_action actions[] = {
	{ "add", NULL,
	    { "by", "config", "expires", "keys", "reason", "since", "store", "stream", "until",
		"where" },
	    run_add, true },
	{ "list", NULL, { "config", "keys", "store", "stream" }, app_hold_list, false },
	{ "release", NULL, { "by", "config", "keys", "reason", "store", "stream" }, run_release,
	    true },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
}

const struct app_command app_command_hold = { "hold",
	"keep records and their keys until a hold is released", "list | add ID | release ID", 0, 2,
	options,
	"add      nothing of what it names is pruned or erased, and no key of its tokens is\n"
	"         destroyed, until the hold is released or expires. It names whole segments:\n"
	"         of the stream, of a time, with records that match. Without --until (or with\n"
	"         one to come) also all that is sealed from now on. ID is your reference:\n"
	"         a-z, 0-9 and -.\n"
	"list     shows the holds in force, of all streams or one\n"
	"release  ends one; what is over its term goes with the next `cretula retain`\n\n"
	"Each is a signed entry with its reason: write no name there. Of a stream that `run`\n"
	"writes, the daemon seals it; a `pipe` must be stopped before.\n\n"
	"exit codes: 0 done, 2 usage, 66 nothing is there to hold, or to release, 74 I/O or disk\n"
	"full, 75 another process is writing, or has to seal first, 78 the keys are not there\n\n"
	"examples:\n"
	"  cretula hold add case-7 --store ./store --stream shop --reason 'order of a court'\n"
	"  cretula hold add audit-26 --store ./store --stream shop --since 2026-10-01T00:00:00Z "
	"\\\n"
	"    --until 2026-11-01T00:00:00Z --where 'status >= 500' --reason 'audit' --by legal\n"
	"  cretula hold list --store ./store\n"
	"  cretula hold release case-7 --store ./store --stream shop --reason 'settled'\n",
	run };
