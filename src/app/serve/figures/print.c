/* app: figures as JSON and CSV. */
#include "app/serve/figures/figures.h"
#include "base/clock.h"
#include "base/json.h"
#include "view/render.h"

static const char *const names[FIGURE_COUNT] = { "requests", "errors", "client_errors", "bytes",
	"bots", "uniques", "p50", "p90", "p95", "p99", "p999" };

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static void
add_figure(const struct figures *f, struct figure one, struct buf *out)
{
	if (one.kind == FIGURE_NUMBER)
		buf_u64(out, one.n);
	else if (one.kind == FIGURE_FEW)
		buf_fmt(out, "\"<%u\"", f->grant->k);
	else
		buf_str(out, "null");
}

static void
add_window(const struct figures_window *w, struct buf *out)
{
	json_object(out, "window");
	json_str(out, "name", span_str(w->name));
	add_time(out, "since", w->since_us);
	add_time(out, "until", w->until_us);
	json_bool(out, "complete", w->complete);
	buf_char(out, '}');
}

static void
add_head(const struct figures *f, struct buf *out)
{
	buf_char(out, '{');
	json_str(out, "stream", span_str(f->stream));
	json_str(out, "tier", span_str(view_role_names[f->grant->tier]));
	json_u64(out, "k", f->grant->k);
	add_window(&f->window, out);
	if (f->unknown_days == 0)
		return;
	json_object(out, "not_known");
	json_u64(out, "days", f->unknown_days);
	json_str(out, "reason", span_str("subjects"));
	buf_char(out, '}');
}

/* ---- overview ---- */

static void
add_total(const struct figures *f, const struct figures_row *row, struct buf *out)
{
	json_object(out, "totals");
	for (int i = 0; i < FIGURE_P50; i++) {
		json_key(out, names[i]);
		add_figure(f, row->of[i], out);
	}
	json_object(out, "latency_us");
	for (int i = FIGURE_P50; i < FIGURE_COUNT; i++) {
		json_key(out, names[i]);
		add_figure(f, row->of[i], out);
	}
	buf_str(out, "}}");
}

/* A cell of a table: nothing, a number, or <k. */
static void
add_cell(const struct figures *f, struct figure one, struct buf *out)
{
	if (one.kind == FIGURE_NUMBER)
		buf_u64(out, one.n);
	else if (one.kind == FIGURE_FEW)
		buf_fmt(out, "<%u", f->grant->k);
}

void
app_figures_overview(const struct figures *f, enum serve_format format, struct buf *out)
{
	if (format == SERVE_CSV) {
		buf_str(out, "figure,now,before\n");
		for (int i = 0; i < FIGURE_COUNT; i++) {
			buf_fmt(out, "%s%s,", names[i], i >= FIGURE_P50 ? "_us" : "");
			add_cell(f, f->total.of[i], out);
			buf_char(out, ',');
			if (f->has_before)
				add_cell(f, f->total_before.of[i], out);
			buf_char(out, '\n');
		}
		return;
	}
	add_head(f, out);
	add_total(f, &f->total, out);
	if (f->has_before) {
		json_object(out, "previous");
		add_window(&f->before, out);
		add_total(f, &f->total_before, out);
		buf_char(out, '}');
	}
	if (f->missing)
		json_counts(out, "missing", stats_cause_names, f->causes, STATS_CAUSE_COUNT);
	buf_str(out, "}\n");
}

/* ---- series ---- */

static void
add_column(const struct figures *f, int of, struct buf *out)
{
	json_array(out, names[of]);
	for (size_t i = 0; i < f->row_count; i++) {
		buf_str(out, i == 0 ? "" : ",");
		add_figure(f, f->rows[i].of[of], out);
	}
	buf_char(out, ']');
}

/* Hours with far more errors than the same hour of the weeks before. */
static void
add_bursts(const struct figures *f, struct buf *out)
{
	if (!f->has_bursts)
		return;
	json_object(out, "bursts");
	json_u64(out, "compared", f->bursts.compared);
	json_array(out, "hours");
	for (size_t i = 0; i < f->bursts.count; i++) {
		const struct tally_burst *b = &f->bursts.list[i];

		json_item(out);
		add_time(out, "at", b->start_us);
		json_u64(out, "errors", b->errors);
		json_u64(out, "usual", (uint64_t)b->usual.middle);
		json_u64(out, "deviations", (uint64_t)b->score);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

static void
print_rows(const struct figures *f, struct buf *out)
{
	char time[CLOCK_RFC3339_BYTES];

	buf_str(out, "time");
	for (int i = 0; i < FIGURE_COUNT; i++)
		buf_fmt(out, ",%s%s", names[i], i >= FIGURE_P50 ? "_us" : "");
	for (size_t r = 0; r < f->row_count; r++) {
		buf_char(out, '\n');
		buf_add(out, time, clock_rfc3339(time, f->rows[r].begin_us));
		for (int i = 0; i < FIGURE_COUNT; i++) {
			buf_char(out, ',');
			add_cell(f, f->rows[r].of[i], out);
		}
	}
	buf_char(out, '\n');
}

void
app_figures_series(const struct figures *f, enum serve_format format, struct buf *out)
{
	static const int latencies[] = { FIGURE_P50, FIGURE_P95, FIGURE_P99 };

	if (format == SERVE_CSV) {
		print_rows(f, out);
		return;
	}
	add_head(f, out);
	json_str(out, "step", span_str(tally_period_names[f->step]));
	json_array(out, "time");
	for (size_t i = 0; i < f->row_count; i++)
		buf_fmt(
		    out, "%s%lld", i == 0 ? "" : ",", (long long)(f->rows[i].begin_us / 1000000));
	buf_char(out, ']');
	for (int i = 0; i < FIGURE_P50; i++)
		add_column(f, i, out);
	json_object(out, "latency_us");
	for (size_t i = 0; i < sizeof(latencies) / sizeof(latencies[0]); i++)
		add_column(f, latencies[i], out);
	buf_char(out, '}');
	add_bursts(f, out);
	buf_str(out, "}\n");
}

/* ---- top ---- */

static void
add_top_cell(const struct figures *f, const struct figures_cell *cell, bool keyed, struct buf *out)
{
	buf_char(out, '{');
	if (keyed)
		json_str(out, "key", buf_view(&cell->key));
	else
		buf_str(out, "\"key\":null");
	json_key(out, "requests");
	add_figure(f, cell->requests, out);
	json_key(out, "bytes");
	add_figure(f, cell->bytes, out);
	json_key(out, "errors");
	add_figure(f, cell->errors, out);
	buf_char(out, '}');
}

static void
print_table(
    const struct figures *f, const struct figures_top *top, const char *name, struct buf *out)
{
	buf_fmt(out, "%s,requests,bytes\n", name);
	for (unsigned i = 0; i <= top->count; i++) {
		const struct figures_cell *cell = i < top->count ? &top->cells[i] : &top->other;

		view_cell(out, i < top->count ? buf_view(&cell->key) : span_str("(other)"));
		buf_char(out, ',');
		add_cell(f, cell->requests, out);
		buf_char(out, ',');
		add_cell(f, cell->bytes, out);
		buf_char(out, '\n');
	}
}

void
app_figures_table(const struct figures *f, const struct figures_top *top, const char *name,
    enum serve_format format, struct buf *out)
{
	if (format == SERVE_CSV) {
		print_table(f, top, name, out);
		return;
	}
	add_head(f, out);
	json_str(out, "dimension", span_str(name));
	json_array(out, "rows");
	for (unsigned i = 0; i < top->count; i++) {
		buf_str(out, i == 0 ? "" : ",");
		add_top_cell(f, &top->cells[i], true, out);
	}
	buf_char(out, ']');
	json_key(out, "other");
	add_top_cell(f, &top->other, false, out);
	json_key(out, "total");
	add_top_cell(f, &top->total, false, out);
	buf_str(out, "}\n");
}
