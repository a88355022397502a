/* app: cretula stats: totals of a stream, from its sealed counts. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/fold.h"
#include "app/names.h"
#include "app/records.h"
#include "app/role/counts.h"
#include "app/role/grant.h"
#include "app/role/place.h"
#include "app/say.h"
#include "app/stats/report.h"
#include "app/stats/totals.h"
#include "app/stats/watch.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "record/record.h"
#include "stats/counts.h"
#include "view/view.h"

static const struct app_option options[] = {
	APP_ROLE_CONFIG,
	{ "csv", "TABLE", "one table: hour, day, week, month, path, status, referer, agent ..." },
	{ "every", "N", "with --watch: so many seconds (2)" },
	{ "forget-pruned", NULL, "with --rebuild: what only pruned segments said is lost" },
	{ "rebuild", NULL, "count the sealed segments again; without --stream of all streams" },
	APP_ROLE_NAME,
	{ "since", "T", "from then on: RFC 3339, or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream (default: the only one of the store)" },
	{ "top", "N", "so many paths, agents ... (10; 0: all)" },
	{ "until", "T", "before then" },
	{ "watch", NULL,
	    "again and again, until interrupted; on a terminal what changes, as it fits" },
	{ "words", NULL, "also how many path words stayed readable; reads every record" },
	{ NULL, NULL, NULL },
};

#define WATCH_S 2

static const char *const status_names[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

static bool
sees(const struct app_totals *t, enum record_field field)
{
	return ((t->fields >> field & 1) != 0);
}

static void
print_time(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	buf_add(out, text, clock_rfc3339(text, t_us));
}

/* Why what is lost is. */
static void
print_causes(const struct stats_counts *c, struct buf *out)
{
	char name[24];

	for (int i = 0; i < STATS_CAUSE_COUNT; i++) {
		if (c->causes[i] == 0 || !stats_cause_is_loss((enum stats_cause)i))
			continue;
		(void)snprintf(name, sizeof(name), "- %s", stats_cause_names[i]);
		app_report_row(out, name, c->causes[i], 0);
	}
}

static void
print_statuses(const struct app_totals *t, struct buf *out)
{
	buf_str(out, "\nstatus\n");
	for (unsigned i = 0; i < STATS_STATUS_CLASSES; i++)
		if (t->counted.status[i] > 0)
			app_report_row(out, status_names[i], t->counted.status[i], t->record_count);
}

/* What only entries say: why lines were not understood, and what was masked in the others. */
static void
print_entries(const struct stats_counts *c, struct buf *out)
{
	bool any = false;

	for (unsigned i = 0; i < app_names()->reason_count; i++)
		if (c->reasons[i] > 0)
			app_report_row(out, app_names()->reasons[i], c->reasons[i], c->lines);
	for (unsigned i = 0; i < app_names()->class_count; i++)
		any = any || c->masked[i] > 0;
	if (any)
		buf_str(out, "\nmasked values (of segments of 20 records and more)\n");
	for (unsigned i = 0; i < app_names()->class_count; i++)
		if (c->masked[i] > 0)
			app_report_row(out, app_names()->classes[i], c->masked[i], 0);
}

/* What the lines were. */
static void
print_read(const struct stats_counts *c, struct buf *out)
{
	uint64_t split = c->split.parsed + c->split.partial + c->split.unparsed + c->split.counted;

	buf_str(out, "\nread\n");
	app_report_row(out, "lines", c->lines, 0);
	app_report_row(out, "bytes", c->bytes, 0);
	if (c->in.counted > 0)
		app_report_row(out, "counted only", c->in.counted, c->lines);
	if (c->causes[STATS_CAUSE_RATE] > 0)
		app_report_row(out, "- over rate", c->causes[STATS_CAUSE_RATE], 0);
	app_report_row(out, "blank or comment", c->meta, 0);
	if (c->joined > 0)
		app_report_row(out, "joined to others", c->joined, 0);
	if (split > 0)
		app_report_row(out, "in containers", split, 0);
	app_report_row(out, "lost", c->lost, 0);
	print_causes(c, out);
}

static void
print_status(const struct stats_counts *c, struct buf *out)
{
	json_object(out, "status");
	for (unsigned i = 0; i < STATS_STATUS_CLASSES; i++)
		if (c->status[i] > 0)
			json_u64(out, status_names[i], c->status[i]);
	buf_char(out, '}');
}

/* Events of containers. */
static void
print_split(const struct stats_outcome *split, struct buf *out)
{
	json_key(out, "split");
	buf_char(out, '{');
	json_u64(out, "parsed", split->parsed);
	json_u64(out, "partial", split->partial);
	json_u64(out, "unparsed", split->unparsed);
	json_u64(out, "counted", split->counted);
	buf_char(out, '}');
}

static void
print_text(const struct app_totals *t, const char *stream, struct buf *out)
{
	const struct stats_counts *c = &t->counted;

	buf_fmt(out, "stream %s", stream);
	if (c->time_min_us <= c->time_max_us) {
		buf_str(out, ", ");
		print_time(out, c->time_min_us);
		buf_str(out, " to ");
		print_time(out, c->time_max_us);
	}
	buf_str(out, "\n\n");
	app_report_row(out, "records", t->record_count, 0);
	app_report_row(out, "partial", t->partial, t->record_count);
	app_report_row(out, "unparsed", t->unparsed, t->record_count);
	if (t->erased > 0)
		app_report_row(out, "erased", t->erased, 0);
	if (sees(t, RECORD_FIELD_STATUS))
		print_statuses(t, out);
	if (!t->window)
		print_read(&t->sealed, out);
	if (!t->window && t->entries)
		print_entries(&t->sealed, out);
	if (t->words) {
		buf_str(out, "\npath words\n");
		app_report_row(out, "seen", t->words_seen, 0);
		app_report_row(out, "readable", t->words_clear, t->words_seen);
	}
	buf_str(out, "\nkept\n");
	app_report_row(out, "segments", t->segments, 0);
	app_report_row(out, "line bytes", t->record_bytes, 0);
	app_report_row(out, "disk bytes", t->disk_bytes, 0);
	buf_fmt(out, "\nraw at rest before: %s\n", t->raw.words[0] == '\0' ? "no" : t->raw.words);
}

static void
print_json(const struct app_totals *t, const char *stream, struct buf *out)
{
	const struct stats_counts *c = &t->counted;

	buf_char(out, '{');
	json_str(out, "stream", span_str(stream));
	if (c->time_min_us <= c->time_max_us) {
		json_key(out, "from");
		buf_char(out, '"');
		print_time(out, c->time_min_us);
		buf_str(out, "\"");
		json_key(out, "to");
		buf_char(out, '"');
		print_time(out, c->time_max_us);
		buf_str(out, "\"");
	}
	json_u64(out, "records", t->record_count);
	json_u64(out, "partial", t->partial);
	json_u64(out, "unparsed", t->unparsed);
	json_u64(out, "erased", t->erased);
	json_str(out, "raw_at_rest", span_str(t->raw.words));
	if (sees(t, RECORD_FIELD_STATUS))
		print_status(c, out);
	if (t->words) {
		json_u64(out, "words_seen", t->words_seen);
		json_u64(out, "words_clear", t->words_clear);
	}
	json_u64(out, "segments", t->segments);
	json_u64(out, "record_bytes", t->record_bytes);
	json_u64(out, "disk_bytes", t->disk_bytes);
	if (!t->window) {
		json_u64(out, "lines", t->sealed.lines);
		json_u64(out, "bytes", t->sealed.bytes);
		json_u64(out, "counted", t->sealed.in.counted);
		json_u64(out, "meta", t->sealed.meta);
		json_u64(out, "joined", t->sealed.joined);
		print_split(&t->sealed.split, out);
		json_u64(out, "lost", t->sealed.lost);
		if (t->entries)
			json_counts(out, "reasons", app_names()->reasons, t->sealed.reasons,
			    app_names()->reason_count);
		json_counts(out, "causes", stats_cause_names, t->sealed.causes, STATS_CAUSE_COUNT);
		if (t->entries)
			json_counts(out, "masked", app_names()->classes, t->sealed.masked,
			    app_names()->class_count);
	}
}

/* What people or programs read; what stats.db says comes last. */
static int
print(const struct app_totals *t, bool json, const char *stream, struct buf *out, struct err *e)
{
	int rc;

	if (!json) {
		print_text(t, stream, out);
		return (app_report_text(&t->report, out, e));
	}
	print_json(t, stream, out);
	rc = app_report_json(&t->report, out, e);
	buf_str(out, "}\n");
	return (rc);
}

/* What is counted anew each time; what was asked for stays. */
static void
begin(struct app_totals *t)
{
	bool window = t->window, words = t->words, entries = t->entries;
	uint64_t fields = t->fields;

	memset(t, 0, sizeof(*t));
	t->records.stream_fd = -1;
	t->window = window;
	t->words = words;
	t->fields = fields;
	t->entries = entries;
}

struct making {
	const struct app_args *args;
	struct app_totals *t;
	unsigned top;
};

static int
make_report(void *arg, const struct app_screen *screen, struct buf *out, struct err *e)
{
	const struct making *m = arg;
	const char *stream = app_arg(m->args, "stream"), *csv = app_arg(m->args, "csv");
	const char *store = app_arg(m->args, "store");
	struct app_totals *t = m->t;
	int rc = -1;

	begin(t);
	if (app_records_open(&t->records, store, stream, app_arg(m->args, "since"),
		app_arg(m->args, "until"), e) == 0) {
		t->records.all = true; /* ADR 42: counts are of all, whoever asks */
		t->report = (struct app_report){ .stream = stream,
			.since_us = t->records.since_us,
			.until_us = t->records.until_us,
			.top = m->top,
			.columns = screen->columns,
			.fields = t->fields };
		rc = app_report_open(&t->report, store, e);
	}
	if (rc == 0 && csv != NULL)
		rc = app_report_csv(&t->report, csv, out, e);
	else if (rc == 0 && screen->rows > 0 && t->report.db != NULL)
		rc = app_report_screen(&t->report, screen->rows, out, e);
	else if (rc == 0 && (rc = app_totals_collect(t, e)) == 0)
		rc = print(t, m->args->json, stream, out, e);
	app_report_close(&t->report);
	app_records_close(&t->records);
	return (rc);
}

static int
run_report(const struct app_args *args, struct app_totals *t, struct err *e)
{
	struct making m = { args, t, 10 };
	const struct app_screen none = { 0, app_fold_columns() };
	struct buf out = { 0 };
	uint64_t top = m.top, every_s = WATCH_S;

	if (app_arg_count(args, "top", 0, UINT32_MAX, &top, e) == -1 ||
	    app_arg_count(args, "every", 1, 3600, &every_s, e) == -1)
		return (-1);
	m.top = (unsigned)top;
	if (app_arg(args, "watch") != NULL)
		return (app_watch(
		    &(struct app_watch){ make_report, &m, (unsigned)every_s, args->json }, e));
	if (make_report(&m, &none, &out, e) == 0)
		return (app_finish("stats", &out, 0));
	buf_free(&out);
	return (-1);
}

static int
run(const struct app_args *given)
{
	static struct app_totals t = { .records = { .stream_fd = -1 } };
	struct app_args filled = *given, *args = &filled;
	struct app_place place;
	struct view_grant grant;
	struct buf hint = { 0 };
	struct err e = { ERR_NONE, "" };
	bool good, rebuilds = app_arg(args, "rebuild") != NULL;
	int code;

	t.words = app_arg(args, "words") != NULL;
	t.window = app_arg(args, "since") != NULL || app_arg(args, "until") != NULL;
	good = (!rebuilds || app_place_named(args, &e) == 0) &&
	    app_place_config(args, &place, &hint, &e) == 0 &&
	    (rebuilds || app_place_stream(args, &place, &e) == 0) &&
	    app_grant(args, &grant, &hint, &e) == 0 && app_watch_check(args, &grant, &e) == 0;
	if (good && app_counts_serves(&grant)) {
		buf_free(&hint);
		return (app_counts_stats(args, &grant));
	}
	t.entries = good && view_grant_entries(&grant);
	if (!good || view_grant_records(&grant, &e) == -1)
		code = -1;
	else if ((t.fields = grant.fields) != view_grant_of(VIEW_DEVELOPER).fields &&
	    app_arg(args, "rebuild") != NULL)
		code = err_set(&e, ERR_USAGE, "--rebuild is for who sees all fields");
	else if (t.words && !sees(&t, RECORD_FIELD_PATH))
		code = err_set(&e, ERR_USAGE, "--words is for who sees paths");
	else if (app_arg(args, "rebuild") != NULL)
		code =
		    app_report_rebuild(args, app_arg(given, "stream"), &e); /* without one: all */
	else
		code = run_report(args, &t, &e);
	if (code == -1)
		code = app_fail("stats", &e);
	app_hint(&hint);
	buf_free(&hint);
	return (code);
}

const struct app_command app_command_stats = { "stats", "totals of a stream", "", 0, 0, options,
	"Totals come from the sealed counts; with --since, --until or --words the records are "
	"counted.\nTraffic comes from STORE/stats.db, in whole hours that begin in the window; of "
	"the first and\nthe last day, week or month a row has what lies in it. Nothing that is "
	"sealed depends on it,\nand --rebuild makes it again.\n\n"
	"examples:\n"
	"  cretula stats --store ./store --stream shop\n"
	"  cretula stats --store ./store --stream shop --since 2026-11-01T00:00:00Z --json\n"
	"  cretula stats --store ./store --stream shop --watch\n"
	"  cretula stats --store ./store --stream shop --words\n"
	"  cretula stats --store ./store --stream shop --csv path --top 0\n"
	"  cretula stats --store ./store --rebuild\n",
	run };
