/* page: counts as one file of HTML without scripts, that loads nothing. */
#include "app/paper/page/html.h"
#include "app/role/counts.h"
#include "base/clock.h"
#include "base/num.h"

#define BAR 240
#define ROWS_MAX 50

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1f24;--back:#fff;--soft:#57606a;--line:#d0d7de;--bar:#0969da}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--back:#0d1117;--soft:#9da7b1;"
    "--line:#30363d;--bar:#58a6ff}}"
    "body{margin:0 auto;max-width:60rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;"
    "color:var(--ink);background:var(--back)}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "h2::first-letter{text-transform:uppercase}p{color:var(--soft)}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--soft)}"
    "th,td{padding:.25rem .5rem;text-align:left;border-bottom:1px solid var(--line);"
    "overflow-wrap:anywhere}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "svg{display:block;width:100%;max-width:15rem;height:.8rem}rect{fill:var(--bar)}"
    "@media(max-width:30rem){.b{display:none}}@media print{a{color:inherit}}";

static void
put_number(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, "<td class=\"n\">%s</td>", text);
}

static void
put_bar(struct buf *out, uint64_t n, uint64_t most)
{
	buf_fmt(out,
	    "<td class=\"b\">"
	    "<svg viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
	    "<rect width=\"%ju\" height=\"10\"/></svg></td></tr>\n",
	    BAR, (uintmax_t)(most == 0 ? 0 : n * BAR / most));
}

static void
put_row(struct buf *out, struct span key, uint64_t n, uint64_t most)
{
	buf_str(out, "<tr><th scope=\"row\">");
	app_html_text(out, key);
	buf_str(out, "</th>");
	put_number(out, n);
	put_bar(out, n, most);
}

static void
open_table(const struct app_counts *c, struct buf *out, const char *title, const char *what,
    const char *caption, bool visitors)
{
	buf_fmt(out,
	    "<h2>%s</h2>\n<table><caption>%s</caption>\n<thead><tr><th scope=\"col\">%s</th>"
	    "<th scope=\"col\" class=\"n\">%s</th>%s<td "
	    "class=\"b\"></td></tr></thead>\n<tbody>\n",
	    title, caption, what, app_counts_noun(c),
	    visitors ? "<th scope=\"col\" class=\"n\">visitors</th>" : "");
}

/* Of few, or of nobody knows how many. */
static void
put_hidden(struct buf *out, const struct view_day *d, unsigned k, bool visitors)
{
	buf_str(out, "<td class=\"n\">");
	if (d->unknown)
		buf_str(out, "visitors not known");
	else
		buf_fmt(out, "&lt;%u visitors", k);
	buf_fmt(out, "</td>%s<td class=\"b\"></td></tr>\n", visitors ? "<td></td>" : "");
}

static void
put_days(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	uint64_t most = 0;
	bool visitors = false;

	for (size_t i = 0; i < counts->day_count; i++) {
		most = counts->days[i].requests > most ? counts->days[i].requests : most;
		visitors = visitors || counts->days[i].uniques > 0;
	}
	open_table(c, out, "Days", "day", "Of each day, UTC", visitors);
	for (size_t i = 0; i < counts->day_count; i++) {
		const struct view_day *d = &counts->days[i];
		char day[CLOCK_RFC3339_BYTES];

		(void)clock_rfc3339(day, d->begin_us);
		buf_fmt(out, "<tr><th scope=\"row\">%.10s</th>", day);
		if (d->hidden) {
			put_hidden(out, d, c->grant.k, visitors);
			continue;
		}
		put_number(out, d->requests);
		if (d->uniques > 0)
			put_number(out, d->uniques);
		else if (visitors)
			buf_str(out, "<td></td>");
		put_bar(out, d->requests, most);
	}
	buf_str(out, "</tbody></table>\n");
}

static void
put_table(const struct app_counts *c, int dim, struct buf *out)
{
	const struct view_table *t = &c->counts.tables[dim];
	uint64_t rest = t->rest[VIEW_REQUESTS], most;

	if (t->cell_count == 0)
		return;
	for (size_t i = ROWS_MAX; i < t->cell_count; i++)
		rest += t->cells[i].count[VIEW_REQUESTS];
	most = t->cells[0].count[VIEW_REQUESTS];
	most = rest > most ? rest : most;
	open_table(c, out, view_dims[dim].name, view_dims[dim].title, "The largest first", false);
	for (size_t i = 0; i < t->cell_count && i < ROWS_MAX; i++)
		put_row(out, t->cells[i].key, t->cells[i].count[VIEW_REQUESTS], most);
	if (rest > 0)
		put_row(out, span_str("other"), rest, most);
	buf_str(out, "</tbody></table>\n");
}

static bool
has_braces(const struct view_table *t)
{
	for (size_t i = 0; i < t->cell_count && i < ROWS_MAX; i++)
		if (span_find(t->cells[i].key, '{') < t->cells[i].key.len)
			return (true);
	return (false);
}

static void
put_head(const struct app_counts *c, struct buf *out)
{
	buf_str(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
	app_html_style(out, style);
	buf_str(out, "<title>");
	app_html_text(out, span_str(c->stream));
	buf_str(out, ": public counts</title></head>\n<body><main>\n");
}

void
app_counts_page(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	char text[32], since[CLOCK_RFC3339_BYTES], until[CLOCK_RFC3339_BYTES];

	put_head(c, out);
	buf_str(out, "<h1>");
	app_html_text(out, span_str(c->stream));
	buf_str(out, "</h1>\n");
	num_print_grouped(text, counts->total[VIEW_REQUESTS]);
	(void)clock_rfc3339(since, counts->since_us);
	(void)clock_rfc3339(until, counts->until_us);
	if (counts->point_count == 0 && counts->unknown_days > 0)
		buf_str(out, "<p>How many visitors its days had is not known.</p>\n");
	else if (counts->point_count == 0)
		buf_fmt(out, "<p>No day had %u visitors or more.</p>\n", c->grant.k);
	else
		buf_fmt(out, "<p>%s %s from %.10s until %.10s (not included), UTC.</p>\n", text,
		    app_counts_noun(c), since, until);
	buf_fmt(out,
	    "<p>Numbers are rounded to tens. What fewer than %u visitors did on a day is part of "
	    "\xe2\x80\x9cother\xe2\x80\x9d, or not shown. The same numbers for programs: "
	    "<a href=\"counts.json\">counts.json</a>.</p>\n",
	    c->grant.k);
	if (has_braces(&counts->tables[VIEW_PATHS]))
		buf_str(out,
		    "<p>In paths, braces stand for parts that are counted together: {int} for any "
		    "number, {sg} for a segment that few people use.</p>\n");
	put_days(c, out);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		if (counts->shown[d])
			put_table(c, d, out);
	buf_str(out, "</main></body></html>\n");
}
