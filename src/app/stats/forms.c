/* app: what stats.db says, for programs and spreadsheets. */
#include "app/stats/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "view/render.h"

/* ---- JSON ---- */

static void
add_time(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	json_str(out, "start", span_of(text, clock_rfc3339(text, t_us)));
}

/* What is counted of a field that the role does not see has no name here. */
struct sum {
	const char *name;
	enum record_field field;
	uint64_t n;
};
#define SUMS 6

static void
list_sums(const struct tally_sums *s, struct sum list[static SUMS])
{
	list[0] = (struct sum){ "requests", RECORD_FIELD_TIME, s->requests };
	list[1] = (struct sum){ "bots", RECORD_FIELD_BOT, s->bots };
	list[2] = (struct sum){ "errors_4xx", RECORD_FIELD_STATUS, s->errors_4xx };
	list[3] = (struct sum){ "errors_5xx", RECORD_FIELD_STATUS, s->errors_5xx };
	list[4] = (struct sum){ "bytes", RECORD_FIELD_BYTES, s->bytes };
	list[5] = (struct sum){ "request_bytes", RECORD_FIELD_REQUEST_BYTES, s->request_bytes };
}

static bool
has_sum(const struct app_report *r, enum record_field field)
{
	return (field == RECORD_FIELD_TIME || app_report_has(r, field));
}

struct forming {
	const struct app_report *r;
	struct buf *out;
};

static void
add_sums(const struct forming *f, const struct tally_sums *s)
{
	struct sum list[SUMS];

	list_sums(s, list);
	for (int i = 0; i < SUMS; i++)
		if (has_sum(f->r, list[i].field))
			json_u64(f->out, list[i].name, list[i].n);
}

static int
add_total(void *arg, const struct tally_total *total, struct err *e)
{
	const struct forming *f = arg;

	(void)e;
	json_item(f->out);
	add_time(f->out, total->start_us);
	add_sums(f, &total->sums);
	buf_char(f->out, '}');
	return (0);
}

static int
add_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	const struct forming *f = arg;
	struct buf *out = f->out;

	(void)e;
	json_item(out);
	if (cell->other)
		json_bool(out, "other", true);
	else
		json_str(out, "key", cell->key);
	json_u64(out, "requests", cell->requests);
	if (app_report_has(f->r, RECORD_FIELD_BOT))
		json_u64(out, "bots", cell->bots);
	if (app_report_has(f->r, RECORD_FIELD_BYTES))
		json_u64(out, "bytes", cell->bytes);
	if (!app_report_has(f->r, RECORD_FIELD_CLIENT))
		;
	else if (cell->subjects == TALLY_SUBJECTS_MANY)
		json_u64(out, "subjects_over", TALLY_SUBJECTS_MAX);
	else if (cell->subjects > 0)
		json_u64(out, "subjects", cell->subjects);
	buf_char(out, '}');
	return (0);
}

static int
add_unique(void *arg, const struct tally_unique *u, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	json_item(out);
	add_time(out, u->start_us);
	json_u64(out, "subjects", u->subjects);
	json_bool(out, "exact", u->exact);
	buf_char(out, '}');
	return (0);
}

static int
add_tops(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct forming f = { r, out };

	w.limit = r->top;
	json_object(out, "top");
	for (w.dim = TALLY_PATH; w.dim < TALLY_LATENCY; w.dim++) {
		if (!app_report_shows(r, w.dim))
			continue;
		json_array(out, tally_dims[w.dim].name);
		if (tally_cells(r->db, &w, add_cell, &f, e) == -1)
			return (-1);
		buf_char(out, ']');
	}
	buf_char(out, '}');
	return (0);
}

static int
add_latency(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct tally_latency l;

	if (tally_latency(r->db, &w, &l, e) == -1)
		return (-1);
	json_object(out, "latency_us");
	json_u64(out, "count", l.count);
	if (l.count > 0) {
		json_u64(out, "p50", l.p50_us);
		json_u64(out, "p75", l.p75_us);
		json_u64(out, "p90", l.p90_us);
		json_u64(out, "p95", l.p95_us);
		json_u64(out, "p99", l.p99_us);
		json_u64(out, "p999", l.p999_us);
	}
	buf_char(out, '}');
	return (0);
}

static int
add_uniques(const struct app_report *r, struct buf *out, struct err *e)
{
	json_object(out, "uniques");
	for (enum tally_period p = TALLY_DAY; p <= TALLY_MONTH; p++) {
		struct tally_window w = app_report_window(r, p);

		json_array(out, tally_period_names[p]);
		if (tally_uniques(r->db, &w, add_unique, out, e) == -1)
			return (-1);
		buf_char(out, ']');
	}
	buf_char(out, '}');
	return (0);
}

static int
add_bursts(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_bursts b;
	int rc = app_report_bursts(r, &b, e);

	json_object(out, "error_bursts");
	json_u64(out, "hours_compared", b.compared);
	json_array(out, "hours");
	for (size_t i = 0; i < b.count; i++) {
		json_item(out);
		add_time(out, b.list[i].start_us);
		json_u64(out, "errors_5xx", b.list[i].errors);
		json_u64(out, "usual", (uint64_t)b.list[i].usual.middle);
		json_u64(out, "deviations", (uint64_t)b.list[i].score);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
	free(b.list);
	return (rc);
}

int
app_report_json(const struct app_report *r, struct buf *out, struct err *e)
{
	struct forming f = { r, out };
	struct tally_window w;
	struct tally_sums sums;
	enum tally_period step;

	if (r->db == NULL)
		return (0);
	w = app_report_whole(r);
	if (tally_sum(r->db, &w, &sums, e) == -1 || app_report_step(r, &step, e) == -1)
		return (-1);
	json_object(out, "traffic");
	json_u64(out, "next_segment", r->reach.segment);
	json_u64(out, "of_its_records", r->reach.records);
	json_object(out, "total");
	add_sums(&f, &sums);
	buf_char(out, '}');
	json_str(out, "period", span_str(tally_period_names[step]));
	json_array(out, "series");
	if (app_report_rows(r, step, add_total, &f, e) == -1)
		return (-1);
	buf_char(out, ']');
	if (add_tops(r, out, e) == -1 ||
	    (app_report_shows(r, TALLY_STATUS) && add_bursts(r, out, e) == -1) ||
	    (app_report_shows(r, TALLY_LATENCY) && add_latency(r, out, e) == -1) ||
	    (app_report_has(r, RECORD_FIELD_CLIENT) && add_uniques(r, out, e) == -1))
		return (-1);
	buf_char(out, '}');
	return (0);
}

/* ---- CSV ---- */

static int
csv_total(void *arg, const struct tally_total *total, struct err *e)
{
	const struct forming *f = arg;
	char text[CLOCK_RFC3339_BYTES];
	struct sum list[SUMS];

	(void)e;
	list_sums(&total->sums, list);
	buf_add(f->out, text, clock_rfc3339(text, total->start_us));
	for (int i = 0; i < SUMS; i++) {
		buf_char(f->out, ',');
		if (has_sum(f->r, list[i].field))
			buf_u64(f->out, list[i].n);
	}
	buf_str(f->out, "\r\n");
	return (0);
}

/* other is a column of its own: a key may have any text. */
static int
csv_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	const struct forming *f = arg;
	struct buf *out = f->out;

	(void)e;
	view_cell(out, cell->key);
	buf_fmt(out, ",%d,%llu,", cell->other, (unsigned long long)cell->requests);
	if (app_report_has(f->r, RECORD_FIELD_BOT))
		buf_u64(out, cell->bots);
	buf_char(out, ',');
	if (app_report_has(f->r, RECORD_FIELD_BYTES))
		buf_u64(out, cell->bytes);
	buf_char(out, ',');
	if (!app_report_has(f->r, RECORD_FIELD_CLIENT))
		;
	else if (cell->subjects == TALLY_SUBJECTS_MANY)
		buf_fmt(out, ">%d", TALLY_SUBJECTS_MAX);
	else if (cell->subjects > 0)
		buf_fmt(out, "%u", cell->subjects);
	buf_str(out, "\r\n");
	return (0);
}

int
app_report_csv(const struct app_report *r, const char *table, struct buf *out, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct forming f = { r, out };

	if (r->db == NULL)
		return (err_set(e, ERR_INPUT,
		    "stream %s: not counted yet; `cretula stats --rebuild` does", r->stream));
	for (int p = 0; p < TALLY_PERIOD_COUNT; p++)
		if (strcmp(table, tally_period_names[p]) == 0) {
			buf_str(out,
			    "start,requests,bots,errors_4xx,errors_5xx,bytes,request_bytes\r\n");
			return (app_report_rows(r, (enum tally_period)p, csv_total, &f, e));
		}
	if (tally_dim_find(span_str(table), &w.dim) == -1)
		return (err_set(e, ERR_USAGE,
		    "--csv: minute, hour, day, week, month, or what is counted by: path, status, "
		    "referer, agent, country, event, method, host, os, device, latency"));
	if (!app_report_shows(r, w.dim))
		return (err_set(e, ERR_USAGE, "--csv %s: the role does not see that field", table));
	w.limit = r->top;
	buf_str(out, "key,other,requests,bots,bytes,subjects\r\n");
	return (tally_cells(r->db, &w, csv_cell, &f, e));
}
