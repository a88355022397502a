/* app: figures for developers: all that is counted, as far as the role's fields go. */
#include <stdlib.h>

#include "app/serve/figures/figures.h"
#include "app/tally/series.h"
#include "base/err.h"

#define BURSTS_MAX 20 /* the highest */
#define LATENCIES_MAX 800 /* points of which each is asked for */

static bool
has(const struct view_grant *grant, enum record_field field)
{
	return ((grant->fields >> field & 1) != 0);
}

static bool
is_edge(enum tally_period period, int64_t t_us)
{
	return (tally_start_us(period, tally_index(period, t_us)) == t_us);
}

/* The longest periods that the window is whole ones of; by weeks only if it is one. */
static struct tally_window
window_of(const struct figures *f, int64_t since_us, int64_t until_us)
{
	enum tally_period period = TALLY_MONTH;

	while (period > TALLY_MINUTE && (!is_edge(period, since_us) || !is_edge(period, until_us)))
		period--;
	return ((struct tally_window){
	    .stream = f->stream, .period = period, .since_us = since_us, .until_us = until_us });
}

static void
set_sums(const struct view_grant *grant, const struct tally_sums *s, struct figures_row *row)
{
	const struct {
		enum figure_of of;
		enum record_field field;
		uint64_t n;
	} sums[] = {
		{ FIGURE_ERRORS, RECORD_FIELD_STATUS, s->errors_5xx },
		{ FIGURE_CLIENT_ERRORS, RECORD_FIELD_STATUS, s->errors_4xx },
		{ FIGURE_BYTES, RECORD_FIELD_BYTES, s->bytes },
		{ FIGURE_BOTS, RECORD_FIELD_BOT, s->bots },
	};

	row->of[FIGURE_REQUESTS] = figure_number(s->requests);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (has(grant, sums[i].field))
			row->of[sums[i].of] = figure_number(sums[i].n);
}

/* Latency is kept by the hour and longer. */
static int
set_latency(struct figures *f, const struct tally_window *w, struct figures_row *row, struct err *e)
{
	struct tally_latency l;

	if (w->period == TALLY_MINUTE || !has(f->grant, RECORD_FIELD_DURATION))
		return (0);
	if (tally_latency(f->db, w, &l, e) == -1)
		return (-1);
	if (l.count == 0)
		return (0);
	row->of[FIGURE_P50] = figure_number(l.p50_us);
	row->of[FIGURE_P90] = figure_number(l.p90_us);
	row->of[FIGURE_P95] = figure_number(l.p95_us);
	row->of[FIGURE_P99] = figure_number(l.p99_us);
	row->of[FIGURE_P999] = figure_number(l.p999_us);
	return (0);
}

struct uniques {
	struct figures_row *rows;
	size_t count;
};

static int
set_unique(void *arg, const struct tally_unique *unique, struct err *e)
{
	struct uniques *u = arg;

	(void)e;
	for (size_t i = 0; unique->subjects > 0 && i < u->count; i++)
		if (u->rows[i].begin_us == unique->start_us)
			u->rows[i].of[FIGURE_UNIQUES] = figure_number(unique->subjects);
	return (0);
}

/* A window of one day, week or month has them; they do not add up. */
static int
set_uniques(struct figures *f, const struct tally_window *w, struct figures_row *row, struct err *e)
{
	struct uniques u = { row, 1 };

	if (w->period < TALLY_DAY || !has(f->grant, RECORD_FIELD_CLIENT) ||
	    tally_index(w->period, w->until_us) != tally_index(w->period, w->since_us) + 1)
		return (0);
	row->begin_us = w->since_us;
	return (tally_uniques(f->db, w, set_unique, &u, e) == -1 ? -1 : 0);
}

static int
read_total(
    struct figures *f, const struct figures_window *window, struct figures_row *row, struct err *e)
{
	struct tally_window w = window_of(f, window->since_us, window->until_us);
	struct tally_sums sums;

	*row = (struct figures_row){ .begin_us = window->since_us };
	if (tally_sum(f->db, &w, &sums, e) == -1)
		return (-1);
	set_sums(f->grant, &sums, row);
	if (set_latency(f, &w, row, e) == -1 || set_uniques(f, &w, row, e) == -1)
		return (-1);
	return (sums.requests > 0);
}

/* ---- series ---- */

struct filling {
	struct figures *f;
	size_t at;
};

static int
set_row(void *arg, const struct tally_total *total, struct err *e)
{
	struct filling *filling = arg;
	struct figures *f = filling->f;

	(void)e;
	while (filling->at < f->row_count && f->rows[filling->at].begin_us < total->start_us)
		filling->at++;
	if (filling->at < f->row_count && f->rows[filling->at].begin_us == total->start_us)
		set_sums(f->grant, &total->sums, &f->rows[filling->at]);
	return (0);
}

/* Where nothing happened, there were none; what is yet to come is not there. */
static int
make_rows(struct figures *f, struct err *e)
{
	static const struct tally_sums none;
	int64_t index = tally_index(f->step, f->window.since_us), t_us = f->window.since_us;
	struct figures_row *row;

	for (; t_us < f->window.until_us && t_us <= f->now_us;
	     t_us = tally_start_us(f->step, ++index)) {
		if ((row = app_figures_add(f, t_us, e)) == NULL)
			return (-1);
		set_sums(f->grant, &none, row);
	}
	return (0);
}

/* Where the window cuts a day, hours tell of latency; where it cuts an hour, nothing does. */
static int
read_latencies(struct figures *f, struct err *e)
{
	for (size_t i = 0; i < f->row_count; i++) {
		struct figures_row *row = &f->rows[i];
		int64_t end_us = tally_start_us(f->step, tally_index(f->step, row->begin_us) + 1);
		struct tally_window w = { .stream = f->stream, .period = f->step };

		w.since_us = row->begin_us;
		w.until_us = end_us < f->window.until_us ? end_us : f->window.until_us;
		if (!is_edge(f->step, w.since_us) || w.until_us < end_us)
			w.period = f->step < TALLY_HOUR ? f->step : TALLY_HOUR;
		if (row->of[FIGURE_REQUESTS].n > 0 && set_latency(f, &w, row, e) == -1)
			return (-1);
	}
	return (0);
}

/* By the hour, whatever the step: of an hour it is known what is usual. */
static int
read_bursts(struct figures *f, struct err *e)
{
	struct tally_window w = { .stream = f->stream,
		.since_us = f->window.since_us,
		.until_us = f->window.until_us,
		.limit = BURSTS_MAX };

	f->has_bursts = has(f->grant, RECORD_FIELD_STATUS);
	return (f->has_bursts ? tally_bursts(f->db, &w, &f->bursts, e) : 0);
}

static int
read_series(struct figures *f, struct err *e)
{
	struct filling filling = { f, 0 };
	struct tally_window w = { .stream = f->stream,
		.period = f->step,
		.since_us = f->window.since_us,
		.until_us = f->window.until_us };
	struct uniques u;

	if (make_rows(f, e) == -1 ||
	    app_tally_series(f->db, &w, TALLY_MINUTE, set_row, &filling, e) == -1 ||
	    read_bursts(f, e) == -1 ||
	    (f->row_count <= LATENCIES_MAX && read_latencies(f, e) == -1))
		return (-1);
	u = (struct uniques){ f->rows, f->row_count };
	if (f->step != TALLY_DAY || !has(f->grant, RECORD_FIELD_CLIENT))
		return (0);
	return (tally_uniques(f->db, &w, set_unique, &u, e) == -1 ? -1 : 0);
}

/* ---- top ---- */

static bool
sees(const struct view_grant *grant, enum tally_dim dim)
{
	return (has(grant, (enum record_field)tally_dims[dim].field));
}

struct topping {
	struct figures *f;
	struct figures_top *top;
};

static void
add(struct figure *to, uint64_t n)
{
	to->kind = FIGURE_NUMBER;
	to->n += n;
}

static int
set_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	struct topping *t = arg;
	struct figures_top *top = t->top;
	bool bytes = has(t->f->grant, RECORD_FIELD_BYTES);
	struct figures_cell *to = &top->other;

	if (!cell->other && top->count < top->limit) {
		to = &top->cells[top->count++];
		buf_span(&to->key, cell->key);
		if (!buf_ok(&to->key))
			return (err_memory(e));
	}
	add(&to->requests, cell->requests);
	add(&top->total.requests, cell->requests);
	if (bytes) {
		add(&to->bytes, cell->bytes);
		add(&top->total.bytes, cell->bytes);
	}
	return (0);
}

static int
read_top(struct figures *f, struct figures_top *top, struct err *e)
{
	struct topping t = { f, top };
	struct tally_window w = window_of(f, f->window.since_us, f->window.until_us);

	w.dim = top->dim;
	w.limit = top->limit;
	top->other.requests = top->total.requests = figure_number(0);
	if (has(f->grant, RECORD_FIELD_BYTES))
		top->other.bytes = top->total.bytes = figure_number(0);
	return (tally_cells(f->db, &w, set_cell, &t, e) == -1 ? -1 : 0);
}

const struct figures_source app_figures_all = { read_total, read_series, read_top, sees };

struct figures_row *
app_figures_add(struct figures *f, int64_t begin_us, struct err *e)
{
	struct figures_row *rows = f->rows;

	if ((f->row_count & (f->row_count - 1)) == 0 && (f->row_count == 0 || f->row_count >= 64)) {
		rows = realloc(rows, (f->row_count == 0 ? 64 : 2 * f->row_count) * sizeof(*rows));
		if (rows == NULL) {
			(void)err_memory(e);
			return (NULL);
		}
		f->rows = rows;
	}
	rows += f->row_count++;
	*rows = (struct figures_row){ .begin_us = begin_us };
	return (rows);
}
