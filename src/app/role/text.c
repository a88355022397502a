/* text: counts for people at a terminal. */
#include "app/role/counts.h"

#include <stdio.h>

#include "app/fold.h"
#include "base/clock.h"
#include "base/num.h"

#define BAR 18 /* of 80 columns, what the widest row leaves */
#define KEY 32
#define HOURS_MAX 48 /* more are no report any more: the days say it */

/* Keys are as sources wrote them: nothing in them commands a terminal.  One that is cut says so. */
static void
put_key(struct buf *out, struct span key)
{
	bool cut = key.len > KEY;
	size_t shown = cut ? KEY - 3 : key.len;

	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)key.ptr[i];

		buf_char(out, c < 0x20 || c >= 0x7f ? '?' : (char)c);
	}
	buf_fmt(out, "%-*s", (int)(KEY - shown), cut ? "..." : "");
}

static void
put_share(struct buf *out, uint64_t n, uint64_t of)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, " %14s  %5.1f %%", text, of == 0 ? 0 : 100.0 * (double)n / (double)of);
}

/* A bar beside the one of most. */
static void
put_bar(struct buf *out, uint64_t n, uint64_t most)
{
	size_t before = out->len;

	buf_str(out, "  ");
	app_fold_bar(out, n, most, BAR);
	if (out->len == before + 2)
		out->len = before;
	buf_char(out, '\n');
}

static void
put_row(struct buf *out, struct span key, uint64_t n, uint64_t of)
{
	buf_str(out, "  ");
	put_key(out, key);
	put_share(out, n, of);
	put_bar(out, n, of);
}

static void
put_time(struct buf *out, int64_t t_us, bool day)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(text, t_us);

	buf_add(out, text, day && len > 10 ? 10 : len > 16 ? 16 : len);
}

static void
put_table(const struct app_counts *c, int dim, struct buf *out)
{
	const struct view_table *t = &c->counts.tables[dim];
	uint64_t total[VIEW_MEASURES], rest = t->rest[VIEW_REQUESTS];

	view_tier_total(t, total);
	if (total[VIEW_REQUESTS] == 0)
		return;
	buf_fmt(out, "\n%-*s %14s\n", KEY + 2, view_dims[dim].name, app_counts_noun(c));
	if (t->cell_count == 0) {
		buf_str(out, "  none can be shown\n");
		return;
	}
	for (size_t i = 0; i < t->cell_count; i++) {
		if (c->top == 0 || i < c->top)
			put_row(out, t->cells[i].key, t->cells[i].count[VIEW_REQUESTS],
			    total[VIEW_REQUESTS]);
		else
			rest += t->cells[i].count[VIEW_REQUESTS];
	}
	if (rest > 0)
		put_row(out, span_str("other"), rest, total[VIEW_REQUESTS]);
}

static void
put_hours(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	uint64_t most = 0;

	for (size_t i = 0; i < counts->point_count; i++)
		if (counts->points[i].count[VIEW_REQUESTS] > most)
			most = counts->points[i].count[VIEW_REQUESTS];
	if (most == 0)
		return;
	buf_fmt(out, "\n%-*s %14s\n", 23, "by hour", app_counts_noun(c));
	for (size_t i = 0; i < counts->point_count; i++) {
		const struct view_window *p = &counts->points[i];

		buf_str(out, "  ");
		put_time(out, p->begin_us, false);
		buf_fmt(
		    out, " %2jd h", (intmax_t)((p->end_us - p->begin_us) / INT64_C(3600000000)));
		put_share(out, p->count[VIEW_REQUESTS], counts->total[VIEW_REQUESTS]);
		put_bar(out, p->count[VIEW_REQUESTS], most);
	}
}

static void
put_day(const struct app_counts *c, const struct view_day *d, uint64_t most, struct buf *out)
{
	char text[32] = "";

	buf_str(out, "  ");
	put_time(out, d->begin_us, true);
	if (d->hidden) {
		(void)snprintf(text, sizeof(text), d->unknown ? "not known" : "<%u", c->grant.k);
		buf_fmt(out, " %14s\n", text);
		return;
	}
	put_share(out, d->requests, c->counts.total[VIEW_REQUESTS]);
	if (d->uniques > 0)
		num_print_grouped(text, d->uniques);
	buf_fmt(out, " %14s", text);
	put_bar(out, d->requests, most);
}

static void
put_days(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	uint64_t most = 0;

	if (counts->day_count == 0)
		return;
	for (size_t i = 0; i < counts->day_count; i++)
		if (!counts->days[i].hidden && counts->days[i].requests > most)
			most = counts->days[i].requests;
	buf_fmt(out, "\n%-*s %14s %24s\n", 12, "by day", app_counts_noun(c), "subjects");
	for (size_t i = 0; i < counts->day_count; i++)
		put_day(c, &counts->days[i], most, out);
}

static void
put_unknown(const struct app_counts *c, struct buf *out)
{
	size_t n = c->counts.unknown_days;

	if (n > 0)
		buf_fmt(out,
		    "\nOf %zu day%s nobody knows how many subjects there were: counted again from "
		    "segments,\nor after a crash. %s in no number here.\n",
		    n, n == 1 ? "" : "s", n == 1 ? "It is" : "They are");
}

void
app_counts_text(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	bool hours = c->grant.tier != VIEW_PUBLIC;
	char text[32];

	buf_fmt(out, "stream %s, role %s: cells of at least %u distinct subjects\n", c->stream,
	    c->grant.name, c->grant.k);
	if (counts->point_count == 0 && counts->day_count == 0) {
		buf_fmt(out, "\n  requests <%u\n", c->grant.k);
		return;
	}
	put_time(out, counts->since_us, false);
	buf_str(out, " to ");
	put_time(out, counts->until_us, false);
	num_print_grouped(text, counts->total[VIEW_REQUESTS]);
	if (counts->point_count > 0)
		buf_fmt(out, " UTC, %s %s\n", text, app_counts_noun(c));
	else if (counts->unknown_days > 0)
		buf_str(out, " UTC, requests not known\n");
	else
		buf_fmt(out, " UTC, requests <%u\n", c->grant.k); /* none, or too few to say */
	if (hours && counts->point_count <= HOURS_MAX)
		put_hours(c, out);
	put_days(c, out);
	if (hours && counts->point_count > HOURS_MAX)
		buf_str(out, "\nHours: --json has all of them, --since -2d fewer.\n");
	put_unknown(c, out);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		if (counts->shown[d])
			put_table(c, d, out);
}
