/* app: what stats.db says, for people. */
#include "app/stats/inside.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/fold.h"
#include "app/tally/series.h"
#include "app/tally/tally.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "view/render.h"

#define BARS_MAX 60 /* rows of the curve */
#define BAR_CHARACTERS 40
#define KEY_CHARACTERS 46

int
app_report_open(struct app_report *r, const char *store, struct err *e)
{
	struct buf path = { 0 };
	struct err why = { ERR_NONE, "" };
	int rc = app_tally_path(store, &path, e);

	r->db = NULL;
	if (rc == 0 && (rc = tally_reader_open(path.data, &r->db, &why)) == -1) {
		if (why.code == ERR_INPUT)
			rc = 0;
		else if (e != NULL)
			*e = why;
	}
	buf_free(&path);
	if (rc == 0 && r->db != NULL)
		rc = tally_reach(r->db, r->stream, &r->reach, e);
	if (rc == 0 && r->db != NULL && !r->reach.known)
		app_report_close(r);
	return (rc);
}

void
app_report_close(struct app_report *r)
{
	tally_reader_close(r->db);
	r->db = NULL;
}

/* ---- windows ---- */

struct tally_window
app_report_window(const struct app_report *r, enum tally_period period)
{
	return ((struct tally_window){ .stream = r->stream,
	    .period = period,
	    .since_us = r->since_us,
	    .until_us = r->until_us });
}

static bool
is_edge(enum tally_period period, int64_t t_us)
{
	return (t_us == INT64_MIN || t_us == INT64_MAX ||
	    tally_start_us(period, tally_index(period, t_us)) == t_us);
}

struct tally_window
app_report_whole(const struct app_report *r)
{
	enum tally_period period = TALLY_MONTH;

	while (period > TALLY_HOUR &&
	    (period == TALLY_WEEK || !is_edge(period, r->since_us) ||
		!is_edge(period, r->until_us)))
		period--;
	return (app_report_window(r, period));
}

int
app_report_rows(const struct app_report *r, enum tally_period period, tally_total_each each,
    void *arg, struct err *e)
{
	struct tally_window w = app_report_window(r, period);

	return (app_tally_series(r->db, &w, TALLY_HOUR, each, arg, e));
}

static int
count_rows(void *arg, const struct tally_total *total, struct err *e)
{
	(void)total;
	(void)e;
	return (++*(unsigned *)arg > BARS_MAX);
}

int
app_report_step(const struct app_report *r, enum tally_period *period, struct err *e)
{
	for (*period = TALLY_HOUR; *period < TALLY_MONTH; ++*period) {
		unsigned rows = 0;
		int rc = app_report_rows(r, *period, count_rows, &rows, e);

		if (rc != 1)
			return (rc);
	}
	return (0);
}

bool
app_report_has(const struct app_report *r, enum record_field field)
{
	return ((r->fields >> field & 1) != 0);
}

bool
app_report_shows(const struct app_report *r, enum tally_dim dim)
{
	return (dim == TALLY_ALL || app_report_has(r, (enum record_field)tally_dims[dim].field));
}

/* ---- for people ---- */

/* What a row leaves to one part of it; its last place stays free, for what clears the rest. */
static int
room(const struct app_report *r, unsigned others, int usual)
{
	if (r->columns == 0)
		return (usual);
	return (r->columns > others + 8 ? (int)(r->columns - others) : 8);
}

/*
 * As in a line of records: nothing that a terminal would obey.  What has no place is cut
 * where a person reads it, and says so; who reads a pipe takes it for the key.
 */
static void
add_key(const struct app_report *r, struct buf *out, struct span key, int most)
{
	static const char cut[] = "...";
	struct buf quoted = { 0 };
	size_t len, place = (size_t)most;

	view_quote(&quoted, key);
	len = quoted.len < 2 ? 0 : quoted.len - 2;
	if (len == 0 || len <= place || r->columns == 0) {
		buf_fmt(out, "%-*.*s", most, (int)len, len == 0 ? "" : quoted.data + 1);
	} else {
		for (place -= sizeof(cut) - 1; (quoted.data[1 + place] & 0xc0) == 0x80; place--)
			; /* not within a character */
		buf_fmt(out, "%.*s%s", (int)place, quoted.data + 1, cut);
	}
	buf_free(&quoted);
}

static void
add_count(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, " %14s", text);
}

struct curve {
	const struct app_report *r;
	struct buf *out;
	enum tally_period period;
	uint64_t most;
	unsigned skip, skipped; /* rows before the newest ones */
};

static int
count_rows_of(void *arg, const struct tally_total *total, struct err *e)
{
	(void)total;
	(void)e;
	++*(unsigned *)arg;
	return (0);
}

/* Of those that are shown. */
static int
find_most(void *arg, const struct tally_total *total, struct err *e)
{
	struct curve *c = arg;

	(void)e;
	if (c->skipped < c->skip) {
		c->skipped++;
		return (0);
	}
	if (total->sums.requests > c->most)
		c->most = total->sums.requests;
	return (0);
}

static int
add_bar(void *arg, const struct tally_total *total, struct err *e)
{
	struct curve *c = arg;
	char time[CLOCK_RFC3339_BYTES];
	uint64_t n = total->sums.requests;

	(void)e;
	if (c->skipped < c->skip) {
		c->skipped++;
		return (0);
	}
	(void)clock_rfc3339(time, total->start_us);
	time[10] = c->period == TALLY_HOUR ? ' ' : '\0';
	time[16] = '\0';
	buf_fmt(c->out, "  %-16s", time);
	add_count(c->out, n);
	if (app_report_has(c->r, RECORD_FIELD_STATUS))
		add_count(c->out, total->sums.errors_4xx + total->sums.errors_5xx);
	buf_str(c->out, "  ");
	app_fold_bar(c->out, n, c->most, (unsigned)room(c->r, 51, BAR_CHARACTERS));
	buf_char(c->out, '\n');
	return (0);
}

int
app_report_curve(const struct app_report *r, enum tally_period period, unsigned rows,
    struct buf *out, struct err *e)
{
	struct curve c = { .r = r, .out = out, .period = period };
	unsigned count = 0;

	buf_fmt(out, "\nby %-13s %14s", tally_period_names[c.period], r->noun);
	if (app_report_has(r, RECORD_FIELD_STATUS))
		buf_fmt(out, " %14s", "errors");
	buf_char(out, '\n');
	if (app_report_rows(r, period, count_rows_of, &count, e) == -1)
		return (-1);
	c.skip = count > rows ? count - rows : 0;
	if (app_report_rows(r, period, find_most, &c, e) == -1)
		return (-1);
	c.skipped = 0;
	return (app_report_rows(r, period, add_bar, &c, e));
}

static int
add_curve(const struct app_report *r, struct buf *out, struct err *e)
{
	enum tally_period period;

	return (app_report_step(r, &period, e) == -1 ?
		-1 :
		app_report_curve(r, period, UINT_MAX, out, e));
}

/* A time as one says it, with three digits. */
static void
add_time_row(struct buf *out, const char *name, uint64_t us)
{
	double n = us < 1000 ? (double)us : us < 1000000 ? (double)us / 1e3 : (double)us / 1e6;
	const char *unit = us < 1000 ? "us" : us < 1000000 ? "ms" : "s";

	buf_fmt(out, "  %-12s %*.*f %s\n", name, 16,
	    us < 1000 || n >= 100 ? 0 :
		n >= 10           ? 1 :
				    2,
	    n, unit);
}

int
app_report_sums(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct tally_latency l = { 0 };
	struct tally_sums s;

	if (tally_sum(r->db, &w, &s, e) == -1 ||
	    (app_report_shows(r, TALLY_LATENCY) && tally_latency(r->db, &w, &l, e) == -1))
		return (-1);
	app_report_row(out, r->noun, s.requests, 0);
	if (app_report_has(r, RECORD_FIELD_BOT))
		app_report_row(out, "of robots", s.bots, s.requests);
	if (app_report_has(r, RECORD_FIELD_STATUS)) {
		app_report_row(out, "errors 4xx", s.errors_4xx, s.requests);
		app_report_row(out, "errors 5xx", s.errors_5xx, s.requests);
	}
	if (app_report_has(r, RECORD_FIELD_BYTES))
		app_report_row(out, "bytes sent", s.bytes, 0);
	if (s.request_bytes > 0 && app_report_has(r, RECORD_FIELD_REQUEST_BYTES))
		app_report_row(out, "bytes got", s.request_bytes, 0);
	if (l.count > 0)
		add_time_row(out, "latency 95 %", l.p95_us);
	return (0);
}

void
app_report_row(struct buf *out, const char *name, uint64_t n, uint64_t of)
{
	char text[32];
	int left = 28 - (int)strlen(name); /* a long name takes of its figure's place */

	num_print_grouped(text, n);
	buf_fmt(out, "  %-12s %*s", name, left < 16 ? left : 16, text);
	if (of > 0)
		buf_fmt(out, "  %5.1f %%", 100.0 * (double)n / (double)of);
	buf_char(out, '\n');
}

struct listing {
	const struct app_report *r;
	struct buf *out;
	const char *title;
	bool begun;
};

static int
add_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	struct listing *l = arg;
	bool bytes = app_report_has(l->r, RECORD_FIELD_BYTES);
	bool subjects = app_report_has(l->r, RECORD_FIELD_CLIENT);
	int most = room(l->r, 43, KEY_CHARACTERS);

	(void)e;
	if (!l->begun) {
		buf_fmt(l->out, "\n%-*s %14s", most + 2, l->title, l->r->noun);
		if (bytes)
			buf_fmt(l->out, " %14s", "bytes");
		buf_str(l->out, subjects ? "  subjects\n" : "\n");
	}
	l->begun = true;
	buf_str(l->out, "  ");
	add_key(l->r, l->out, cell->other ? span_str("(other)") : cell->key, most);
	add_count(l->out, cell->requests);
	if (bytes)
		add_count(l->out, cell->bytes);
	if (!subjects)
		buf_char(l->out, '\n');
	else if (cell->subjects == TALLY_SUBJECTS_MANY)
		buf_fmt(l->out, "  > %d\n", TALLY_SUBJECTS_MAX);
	else if (cell->subjects == 0)
		buf_str(l->out, "  -\n");
	else
		buf_fmt(l->out, "  %u\n", cell->subjects);
	return (0);
}

int
app_report_list(
    const struct app_report *r, enum tally_dim dim, unsigned limit, struct buf *out, struct err *e)
{
	struct listing l = { r, out, tally_dims[dim].name, false };
	struct tally_window w = app_report_whole(r);

	w.dim = dim;
	w.limit = limit;
	return (app_report_shows(r, dim) ? tally_cells(r->db, &w, add_cell, &l, e) : 0);
}

static int
add_latency(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct tally_latency l;

	if (tally_latency(r->db, &w, &l, e) == -1)
		return (-1);
	if (l.count == 0)
		return (0);
	buf_str(out, "\nlatency\n");
	app_report_row(out, "requests", l.count, 0);
	add_time_row(out, "50 %", l.p50_us);
	add_time_row(out, "90 %", l.p90_us);
	add_time_row(out, "95 %", l.p95_us);
	add_time_row(out, "99 %", l.p99_us);
	add_time_row(out, "99.9 %", l.p999_us);
	return (0);
}

static int
add_unique(void *arg, const struct tally_unique *u, struct err *e)
{
	struct curve *c = arg;
	char time[CLOCK_RFC3339_BYTES];

	(void)e;
	(void)clock_rfc3339(time, u->start_us);
	time[10] = '\0';
	if (c->most == 0)
		buf_fmt(c->out, "\nsubjects by %s\n", tally_period_names[c->period]);
	c->most = 1;
	buf_fmt(c->out, "  %-16s%s", time, u->exact ? "  " : " ~");
	add_count(c->out, u->subjects);
	buf_char(c->out, '\n');
	return (0);
}

/* The shortest period of which there are few enough. */
static int
add_uniques(const struct app_report *r, struct buf *out, struct err *e)
{
	struct curve c = { .out = out };
	struct tally_window w;

	if (app_report_step(r, &c.period, e) == -1)
		return (-1);
	c.period = c.period < TALLY_DAY ? TALLY_DAY : c.period;
	w = app_report_window(r, c.period);
	return (tally_uniques(r->db, &w, add_unique, &c, e));
}

int
app_report_bursts(const struct app_report *r, struct tally_bursts *b, struct err *e)
{
	struct tally_window w = app_report_window(r, TALLY_HOUR);

	w.limit = r->top;
	return (tally_bursts(r->db, &w, b, e));
}

/* Hours, as few can be told from what is usual by the day. */
static int
add_bursts(const struct app_report *r, struct buf *out, struct err *e)
{
	struct tally_bursts b;
	char time[CLOCK_RFC3339_BYTES];
	int rc = app_report_bursts(r, &b, e);

	if (b.count > 0)
		buf_fmt(
		    out, "\nerror bursts     %15s %14s  deviations above\n", "errors 5xx", "usual");
	for (size_t i = 0; i < b.count; i++) {
		(void)clock_rfc3339(time, b.list[i].start_us);
		time[10] = ' ';
		time[16] = '\0';
		buf_fmt(out, "  %-16s", time);
		add_count(out, b.list[i].errors);
		add_count(out, (uint64_t)b.list[i].usual.middle);
		buf_fmt(out, "  %ju\n", (uintmax_t)b.list[i].score);
	}
	free(b.list);
	return (rc);
}

static int
count_cells(void *arg, const struct tally_cell *cell, struct err *e)
{
	(void)cell;
	(void)e;
	++*(unsigned *)arg;
	return (1);
}

int
app_report_for_people(struct app_report *r, struct err *e)
{
	struct tally_window w = app_report_whole(r);
	struct tally_sums s;
	unsigned statuses = 0;

	r->noun = "requests";
	if (!app_report_shows(r, TALLY_STATUS))
		return (0);
	w.dim = TALLY_STATUS;
	w.limit = 1;
	if (tally_cells(r->db, &w, count_cells, &statuses, e) == -1 ||
	    tally_sum(r->db, &w, &s, e) == -1)
		return (-1);
	if (statuses > 0 || s.requests == 0)
		return (0);
	r->noun = "events";
	r->fields &= ~(UINT64_C(1) << RECORD_FIELD_STATUS);
	if (s.bots == 0)
		r->fields &= ~(UINT64_C(1) << RECORD_FIELD_BOT);
	if (s.bytes == 0)
		r->fields &= ~(UINT64_C(1) << RECORD_FIELD_BYTES);
	return (0);
}

int
app_report_text(const struct app_report *given, struct buf *out, struct err *e)
{
	struct app_report own = *given, *r = &own;

	if (r->db == NULL) {
		buf_str(out, "\ntraffic: not counted yet; `cretula stats --rebuild` does\n");
		return (0);
	}
	buf_str(out, "\ntraffic (as it was counted, with what was pruned since)\n");
	if (app_report_for_people(r, e) == -1 || app_report_sums(r, out, e) == -1 ||
	    add_curve(r, out, e) == -1)
		return (-1);
	for (enum tally_dim dim = TALLY_PATH; dim < TALLY_LATENCY; dim++)
		if (app_report_list(r, dim, r->top, out, e) == -1)
			return (-1);
	if (app_report_shows(r, TALLY_STATUS) && add_bursts(r, out, e) == -1)
		return (-1);
	if (app_report_shows(r, TALLY_LATENCY) && add_latency(r, out, e) == -1)
		return (-1);
	return (app_report_has(r, RECORD_FIELD_CLIENT) ? add_uniques(r, out, e) : 0);
}
