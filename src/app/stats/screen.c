/*
 * app: what a screen shows of a stream that is written.  Totals, the newest hours and
 * the largest cells: what fits, and nothing that changes with the next seal only.
 */
#include "app/stats/inside.h"

#include "base/clock.h"

#define SUMS 7 /* rows of them at most, and an empty one */
#define LIST_MIN 3 /* with its heading and the empty row above it, 5 */
#define LIST_MAX 12

/* In this order, as far as there is room. */
static const enum tally_dim lists[] = { TALLY_PATH, TALLY_STATUS, TALLY_AGENT, TALLY_REFERER,
	TALLY_COUNTRY, TALLY_EVENT };

static unsigned
count_rows(const struct buf *out)
{
	struct span rest = buf_view(out);
	unsigned rows = 0;

	for (size_t len; rest.len > 0; rows++) {
		len = span_find(rest, '\n');
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
	return (rows);
}

static void
add_head(const struct app_report *r, struct buf *out)
{
	char time[CLOCK_RFC3339_BYTES];
	size_t begin = out->len;

	(void)clock_rfc3339(time, clock_now_us());
	time[10] = ' ';
	buf_fmt(out, "stream %s", r->stream);
	do
		buf_char(out, ' ');
	while (buf_ok(out) && out->len - begin + 20 < r->columns);
	buf_fmt(out, "%.19s\n\n", time);
}

int
app_report_screen(const struct app_report *given, unsigned rows, struct buf *out, struct err *e)
{
	struct app_report own = *given, *r = &own;
	unsigned newest = rows > SUMS + 14 ? (rows - SUMS - 3) * 2 / 5 : 4;
	size_t begin = out->len;

	add_head(r, out);
	if (app_report_for_people(r, e) == -1 || app_report_sums(r, out, e) == -1 ||
	    app_report_curve(r, TALLY_HOUR, newest, out, e) == -1)
		return (-1);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct buf done = { .data = out->data + begin, .len = out->len - begin };
		unsigned used = buf_ok(out) ? count_rows(&done) + 2 : rows;
		unsigned left = rows > used ? rows - used : 0;

		if (left < LIST_MIN)
			break;
		left = left < LIST_MAX ? left : LIST_MAX;
		if (app_report_list(r, lists[i], left - 1, out, e) == -1)
			return (-1); /* one is for what is left of it */
	}
	return (0);
}
