/* app: subject erase --record, subject rescrub: single records erased, or masked again. */
#include <stdlib.h>
#include <string.h>

#include "app/retain/hold.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/subject/actions.h"
#include "app/subject/taking.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "store/store.h"

struct work {
	const struct app_args *args;
	struct app_setup setup;
	struct filter *filter;
	struct buf hint;
	bool dry;
	struct store *store;
	struct app_taking taking;
};

/* ---- the command line ---- */

static int
read_what(struct work *w, struct err *e)
{
	const char *drop = app_arg(w->args, "drop"), *fields = app_arg(w->args, "fields");
	const char *what = w->args->operands[0];
	struct app_subject *s = &w->taking.subject;

	s->rescrub = strcmp(what, "rescrub") == 0;
	if (!s->rescrub && strcmp(what, "erase") != 0)
		return (err_set(e, ERR_USAGE, "'%s': erase or rescrub", what));
	if (!s->rescrub && (drop != NULL || fields != NULL))
		return (err_set(e, ERR_USAGE, "--drop and --fields are of rescrub"));
	if (drop != NULL && fields != NULL)
		return (err_set(e, ERR_USAGE, "either --drop or --fields"));
	s->again.fields = drop == NULL ? mask_again_fields() : 0;
	if ((drop != NULL && mask_again_read(drop, &s->again.drop, e) == -1) ||
	    (fields != NULL && mask_again_read(fields, &s->again.fields, e) == -1))
		return (-1);
	return (0);
}

static int
read_which(struct work *w, struct err *e)
{
	const char *numbers = app_arg(w->args, "record"), *where = app_arg(w->args, "where");

	if (!w->taking.subject.rescrub && numbers == NULL && where == NULL &&
	    app_arg(w->args, "since") == NULL && app_arg(w->args, "until") == NULL)
		return (
		    err_set(e, ERR_USAGE, "which records? --record, --where, --since or --until"));
	if (numbers != NULL && app_subject_numbers(numbers, &w->taking.subject.ranges, e) == -1)
		return (-1);
	if (where != NULL && filter_compile(where, &w->filter, e) == -1) {
		filter_caret(where, e, &w->hint);
		return (-1);
	}
	w->taking.subject.filter = w->filter;
	return (0);
}

static struct span
text_of(const struct work *w, const char *name)
{
	const char *text = app_arg(w->args, name);

	return (span_str(text == NULL ? "" : text));
}

static int
read_options(struct work *w, struct err *e)
{
	struct app_subject *s = &w->taking.subject;

	if ((w->taking.stream = app_arg(w->args, "stream")) == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	w->dry = app_arg(w->args, "dry-run") != NULL;
	s->reason = text_of(w, "reason");
	s->ref = text_of(w, "ref");
	s->by = text_of(w, "by");
	if (!w->dry && s->reason.len == 0)
		return (err_set(e, ERR_USAGE, "--reason TEXT is needed"));
	if (app_hold_text("reason", s->reason, e) == -1 || app_hold_text("ref", s->ref, e) == -1 ||
	    app_hold_text("by", s->by, e) == -1)
		return (-1);
	if (read_what(w, e) == -1 || read_which(w, e) == -1 ||
	    app_setup_open(w->args, w->taking.stream, &w->setup, e) == -1)
		return (-1);
	return (app_store_path(w->args, &w->setup, &w->taking.store_path, e));
}

/* ---- the work ---- */

static int
open_records(struct work *w, struct err *e)
{
	return (
	    app_taking_read(&w->taking, app_arg(w->args, "since"), app_arg(w->args, "until"), e));
}

static int
open_store(struct work *w, struct err *e)
{
	bool created;

	if (store_open(w->taking.store_path, app_keys_path(w->args, &w->setup), &w->store, &created,
		e) == -1)
		return (-1);
	return (app_taking_open(&w->taking, w->store, w->setup.stream, e));
}

/* What was sealed just now counts, so the plan is made behind it. */
static int
work(struct work *w, struct err *e)
{
	if (open_records(w, e) == -1) /* nothing is made where there is no such stream */
		return (-1);
	if (w->dry)
		return (app_subject_plan(&w->taking.subject, e));
	app_records_close(&w->taking.records);
	if (open_store(w, e) == -1 || open_records(w, e) == -1 ||
	    app_subject_plan(&w->taking.subject, e) == -1)
		return (-1);
	return (app_taking_do(&w->taking, e));
}

/* ---- the answer ---- */

static void
number(struct buf *out, uint64_t n, const char *one, const char *many)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, "%s %s", text, n == 1 ? one : many);
}

static void
print_text(const struct work *w, struct buf *out)
{
	const struct app_subject *s = &w->taking.subject;
	const uint64_t *entries = (const uint64_t *)(const void *)s->entries.data;

	buf_str(out, w->dry ? "would " : "");
	buf_str(out,
	    s->rescrub ? (w->dry ? "replace " : "replaced ") : (w->dry ? "erase " : "erased "));
	number(out, s->chosen, "record", "records");
	buf_str(out, " in ");
	number(out, s->plan.len / sizeof(struct app_subject_part), "segment", "segments");
	buf_fmt(out, " of stream %s", w->taking.stream);
	for (size_t i = 0; i < s->entries.len / sizeof(entries[0]); i++)
		buf_fmt(out, "%s%ju", i == 0 ? ": entry " : ", ", (uintmax_t)entries[i]);
	buf_char(out, '\n');
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		if (s->by_field[f] > 0)
			buf_fmt(
			    out, "  %-16s %ju\n", record_fields[f].name, (uintmax_t)s->by_field[f]);
	if (s->already > 0) {
		number(out, s->already, "was erased already\n", "were erased already\n");
	}
}

static void
print_json(const struct work *w, struct buf *out)
{
	const struct app_subject *s = &w->taking.subject;
	const uint64_t *entries = (const uint64_t *)(const void *)s->entries.data;
	bool some = false;

	buf_char(out, '{');
	json_str(out, "stream", span_str(w->taking.stream));
	json_bool(out, "dry_run", w->dry);
	json_u64(out, s->rescrub ? "replaced" : "erased", s->chosen);
	json_u64(out, "already", s->already);
	json_u64(out, "segments", s->plan.len / sizeof(struct app_subject_part));
	json_key(out, "fields");
	buf_char(out, '{');
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		if (s->by_field[f] > 0)
			json_u64(out, record_fields[f].name, s->by_field[f]);
	buf_char(out, '}');
	json_key(out, "entries");
	buf_char(out, '[');
	for (size_t i = 0; i < s->entries.len / sizeof(entries[0]); i++, some = true) {
		buf_str(out, some ? "," : "");
		buf_u64(out, entries[i]);
	}
	buf_str(out, "]}\n");
}

static int
say(struct work *w, int rc, const struct err *e)
{
	struct buf out = { 0 };
	int code;

	if (rc == 0) {
		(w->args->json ? print_json : print_text)(w, &out);
		code = app_finish("subject", &out, 0);
		app_taking_warn(&w->taking);
		return (code);
	}
	code = app_fail("subject", e);
	app_taking_warn(&w->taking);
	app_hint(&w->hint);
	if (w->taking.subject.done > 0)
		app_warn("subject", "%ju of %ju records were done before that",
		    (uintmax_t)w->taking.subject.done, (uintmax_t)w->taking.subject.chosen);
	return (code);
}

int
app_subject_records(const struct app_args *args)
{
	struct work *w = calloc(1, sizeof(*w));
	struct err e = { ERR_NONE, "" };
	int rc = -1, code;

	if (w == NULL) {
		(void)err_set(&e, ERR_IO, "out of memory");
		return (app_fail("subject", &e));
	}
	w->args = args;
	w->taking.records.stream_fd = -1;
	if (read_options(w, &e) == 0)
		rc = work(w, &e);
	code = say(w, rc, &e);
	app_taking_close(&w->taking);
	store_close(w->store);
	app_setup_close(&w->setup);
	filter_free(w->filter);
	buf_free(&w->hint);
	free(w);
	return (code);
}
