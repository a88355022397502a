/*
 * app: the records of a person as a page that can be printed: one file, without
 * scripts, that loads nothing.  Everything in it is escaped: paths and agents
 * are what clients wrote.
 */
#include <fcntl.h>
#include <unistd.h>

#include "app/paper/page/html.h"
#include "app/subject/answer.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "record/record.h"

static const char style[] =
    "body{font:14px/1.4 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}"
    "th{background:#eee}th:not(:last-child),td.n,td.t{white-space:nowrap;width:1%}"
    "td.n,th.n{text-align:right}"
    "i{font-style:normal;color:#555}code{font-size:.9em}"
    "tr{break-inside:avoid}thead{display:table-header-group}"
    "@media print{body{margin:0;max-width:none;font-size:10px}}";

/* A string of a record, without its JSON escapes; what else, as it stands. */
static void
put_value(struct buf *out, const struct json_value *v)
{
	struct buf plain = { 0 };

	if (v->type == JSON_STRING && json_unescape(v->text, &plain) == 0)
		app_html_text(out, buf_view(&plain));
	else
		app_html_text(out, v->raw);
	buf_free(&plain);
}

static int
put_record(void *arg, uint64_t number, struct span line, struct err *e)
{
	struct app_sheet *sheet = arg;
	struct json_value record, value;
	struct json_cursor c;
	struct span key;
	bool first = true;

	if (json_parse(line, &record, e) == -1)
		return (err_in(e, "record %ju", (uintmax_t)number));
	buf_fmt(&sheet->buf, "<tr><td class=\"n\">%ju</td><td class=\"t\">", (uintmax_t)number);
	json_open(&c, &record);
	while (json_next(&c, &key, &value)) {
		if (first) {
			put_value(&sheet->buf, &value);
			buf_str(&sheet->buf, "</td><td>");
		} else {
			buf_str(&sheet->buf, "<i>");
			app_html_text(&sheet->buf, key);
			buf_str(&sheet->buf, "</i>&nbsp;<code>");
			put_value(&sheet->buf, &value);
			buf_str(&sheet->buf, "</code> ");
		}
		first = false;
	}
	buf_str(&sheet->buf, "</td></tr>\n");
	return (app_sheet_write(sheet, false, e));
}

/* ---- what stands above ---- */

static void
put_head(struct buf *out)
{
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
	app_html_style(out, style);
	buf_str(out,
	    "<title>Records about you</title>\n</head><body>\n<h1>Records about you</h1>\n");
}

static void
put_row(struct buf *out, const char *name, struct span text)
{
	buf_fmt(out, "<tr><th>%s</th><td>", name);
	app_html_text(out, text);
	buf_str(out, "</td></tr>\n");
}

static void
put_time(struct buf *out, const char *name, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != INT64_MIN && t_us != INT64_MAX)
		put_row(out, name, span_of(text, clock_rfc3339(text, t_us)));
}

static void
put_request(const struct app_desk *d, const struct app_answers *a, struct buf *out)
{
	const struct app_request *r = &d->request;
	char count[32];

	buf_str(out, "<table>\n");
	put_row(out, "request", span_str(r->id));
	put_row(out, "reason", r->reason);
	put_row(out, "looked for", span_str(mask_value_names[r->value_kind]));
	put_time(out, "from", r->since_us);
	put_time(out, "until", r->until_us);
	put_time(out, "answered", d->live.now_us);
	num_print_grouped(count, a->records);
	put_row(out, "records", span_str(count));
	put_row(out, "store", r->store);
	buf_str(out,
	    "</table>\n<p>Addresses, names and session ids were replaced by tokens before anything "
	    "was written: what you asked with is not kept, and stands nowhere in this page. A "
	    "token "
	    "in a record stands for the same person within its day, week or month only.</p>\n");
	if (a->network > 0) {
		num_print_grouped(count, a->network);
		buf_fmt(out,
		    "<p>%s more records say only the network that a client was in. They cannot be "
		    "told from those of others in it, and are not listed.</p>\n",
		    count);
	}
	if (a->gone > 0)
		buf_str(out,
		    "<p>Other records may have been written with keys that are gone: see the "
		    "signed "
		    "statement that belongs to this page (statement.txt).</p>\n");
}

static void
put_fields(struct buf *out)
{
	buf_str(out, "<h2>What the fields mean</h2>\n<table>\n");
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		put_row(out, record_fields[f].name, span_str(record_fields[f].help));
	buf_str(out, "</table>\n</body></html>\n");
}

static int
put_stream(struct app_sheet *sheet, struct app_answer *a, struct err *e)
{
	char count[32];

	num_print_grouped(count, a->found.count);
	buf_str(&sheet->buf, "<h2>");
	app_html_text(&sheet->buf, span_str(a->stream));
	buf_fmt(&sheet->buf, ": %s %s</h2>\n", count, a->found.count == 1 ? "record" : "records");
	if (a->found.count == 0)
		return (0);
	buf_str(&sheet->buf,
	    "<table><thead><tr><th class=\"n\">number</th><th>time</th><th>record</th></tr></thead>"
	    "<tbody>\n");
	if (app_answer_walk(a, put_record, sheet, e) == -1)
		return (-1);
	buf_str(&sheet->buf, "</tbody></table>\n");
	return (0);
}

int
app_answers_page(struct app_desk *d, struct app_answers *a, int dirfd, struct err *e)
{
	struct app_sheet sheet = { .fd = io_open(dirfd, "report.html", O_WRONLY | O_CREAT | O_EXCL,
				       0600, e) };
	int rc = sheet.fd == -1 ? -1 : 0;

	put_head(&sheet.buf);
	put_request(d, a, &sheet.buf);
	for (size_t i = 0; i < a->count && rc == 0; i++)
		rc = put_stream(&sheet, &a->list[i], e);
	put_fields(&sheet.buf);
	if (rc == 0 && (app_sheet_write(&sheet, true, e) == -1 || io_fsync(sheet.fd, e) == -1))
		rc = -1;
	if (sheet.fd != -1)
		(void)close(sheet.fd);
	buf_free(&sheet.buf);
	return (rc);
}
