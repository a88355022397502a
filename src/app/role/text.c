/* text: counts for people at a terminal. */
#include "app/role/counts.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"

#define BAR 24
#define KEY 32

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

/* Its share of all of them; a bar beside the one of most. */
static void
put_row(struct buf *out, struct span key, uint64_t n, uint64_t of, uint64_t most)
{
	char text[32];
	size_t bar = most == 0 ? 0 : (size_t)(n * BAR / most);

	num_print_grouped(text, n);
	buf_str(out, "  ");
	put_key(out, key);
	buf_fmt(out, " %14s  %5.1f %%  ", text, of == 0 ? 0 : 100.0 * (double)n / (double)of);
	for (size_t i = 0; i < bar; i++)
		buf_char(out, '#');
	if (bar == 0)
		out->len -= 2;
	buf_char(out, '\n');
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
	buf_fmt(out, "\n%s\n", view_dims[dim].name);
	for (size_t i = 0; i < t->cell_count; i++) {
		if (c->top == 0 || i < c->top)
			put_row(out, t->cells[i].key, t->cells[i].count[VIEW_REQUESTS],
			    total[VIEW_REQUESTS], total[VIEW_REQUESTS]);
		else
			rest += t->cells[i].count[VIEW_REQUESTS];
	}
	if (rest > 0)
		put_row(out, span_str("other"), rest, total[VIEW_REQUESTS], total[VIEW_REQUESTS]);
}

static void
put_points(const struct app_counts *c, struct buf *out)
{
	const struct view_counts *counts = &c->counts;
	bool day = c->grant.tier == VIEW_PUBLIC;
	uint64_t most = 0;

	if (counts->point_count > 0)
		buf_str(out, "\nrequests\n");
	for (size_t i = 0; i < counts->point_count; i++)
		if (counts->points[i].count[VIEW_REQUESTS] > most)
			most = counts->points[i].count[VIEW_REQUESTS];
	for (size_t i = 0; i < counts->point_count && most > 0; i++) {
		const struct view_window *p = &counts->points[i];
		struct buf name = { 0 };

		put_time(&name, p->begin_us, day);
		if (!day)
			buf_fmt(&name, " %2jd h",
			    (intmax_t)((p->end_us - p->begin_us) / INT64_C(3600000000)));
		put_row(out, buf_view(&name), p->count[VIEW_REQUESTS], counts->total[VIEW_REQUESTS],
		    most);
		buf_free(&name);
	}
}

static void
put_days(const struct app_counts *c, struct buf *out)
{
	buf_str(out, "\ndays, and how many distinct subjects they had\n");
	for (size_t i = 0; i < c->counts.day_count; i++) {
		const struct view_day *d = &c->counts.days[i];
		char text[32] = "";

		if (d->unknown)
			(void)snprintf(text, sizeof(text), "not known");
		else if (d->hidden)
			(void)snprintf(text, sizeof(text), "<%u", c->grant.k);
		else if (d->uniques > 0)
			num_print_grouped(text, d->uniques);
		buf_str(out, "  ");
		put_time(out, d->begin_us, true);
		buf_fmt(out, "%37s\n", text);
	}
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
		buf_fmt(out, " UTC, %s requests\n", text);
	else if (counts->unknown_days > 0)
		buf_str(out, " UTC, requests not known\n");
	else
		buf_fmt(out, " UTC, requests <%u\n", c->grant.k); /* none, or too few to say */
	put_points(c, out);
	put_days(c, out);
	put_unknown(c, out);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		if (counts->shown[d])
			put_table(c, d, out);
}
