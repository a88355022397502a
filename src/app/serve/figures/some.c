/* app: figures for analysts and the public: what view/counts shows of them. */
#include "app/serve/figures/figures.h"
#include "base/err.h"
#include "view/counts/counts.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* A panel asks for what it shows: tables are what takes the time. */
static int
read_counts(struct figures *f, const struct figures_window *w, unsigned dims, struct view_counts *c,
    struct err *e)
{
	const struct view_question q = { .stream = f->stream,
		.grant = f->grant,
		.since_us = w->since_us,
		.until_us = w->until_us,
		.now_us = f->now_us,
		.dims = dims };

	if (view_counts_read(f->db, &q, c, e) == -1)
		return (-1);
	if (w == &f->window)
		f->unknown_days = c->unknown_days;
	return (0);
}

/* Too few; or nobody knows. */
static void
hide(struct figure *figure, bool unknown)
{
	figure->kind = unknown ? FIGURE_NONE : FIGURE_FEW;
}

/* The public has no bytes: they are not rounded, but gone. */
static bool
has_bytes(const struct figures *f)
{
	return (f->grant->tier == VIEW_ANALYST);
}

static void
set_counts(
    const struct figures *f, const uint64_t count[static VIEW_MEASURES], struct figures_row *row)
{
	row->of[FIGURE_REQUESTS] = figure_number(count[VIEW_REQUESTS]);
	if (has_bytes(f))
		row->of[FIGURE_BYTES] = figure_number(count[VIEW_BYTES]);
}

/*
 * Errors are told by whole days.  None that is shown may be some that are not: of few subjects, or
 * of many, where it is their cell that goes with what few did.  So nothing is said then.
 */
static void
set_errors(
    const struct view_counts *c, const struct view_day *days, size_t count, struct figures_row *row)
{
	bool told = false, has_other = false;
	uint64_t server = 0, client = 0;

	for (size_t i = 0; i < count; i++) {
		if (!c->shown[VIEW_STATUSES] || days[i].hidden)
			continue;
		told = true;
		has_other = has_other || days[i].has_other;
		server += days[i].errors_5xx;
		client += days[i].errors_4xx;
	}
	if (server > 0 || (told && !has_other))
		row->of[FIGURE_ERRORS] = figure_number(server);
	if (client > 0 || (told && !has_other))
		row->of[FIGURE_CLIENT_ERRORS] = figure_number(client);
}

static void
set_uniques(const struct view_day *day, struct figures_row *row)
{
	if (day->hidden)
		hide(&row->of[FIGURE_UNIQUES], day->unknown);
	else if (day->uniques > 0)
		row->of[FIGURE_UNIQUES] = figure_number(day->uniques);
}

static int
read_total(
    struct figures *f, const struct figures_window *w, struct figures_row *row, struct err *e)
{
	struct view_counts c;
	int known;

	*row = (struct figures_row){ .begin_us = w->since_us };
	if (read_counts(f, w, 1u << VIEW_STATUSES, &c, e) == -1)
		return (-1);
	known = c.point_count > 0;
	if (known)
		set_counts(f, c.total, row);
	else
		hide(&row->of[FIGURE_REQUESTS], c.unknown_days > 0);
	set_errors(&c, c.days, c.day_count, row);
	if (w->until_us - w->since_us == DAY_US && c.day_count == 1)
		set_uniques(&c.days[0], row);
	view_counts_free(&c);
	return (known);
}

/* ---- series ---- */

static int
add_points(struct figures *f, const struct view_counts *c, struct err *e)
{
	struct figures_row *row;

	for (size_t i = 0; i < c->point_count; i++) {
		if ((row = app_figures_add(f, c->points[i].begin_us, e)) == NULL)
			return (-1);
		set_counts(f, c->points[i].count, row);
	}
	return (0);
}

static int
add_days(struct figures *f, const struct view_counts *c, struct err *e)
{
	uint64_t sum[VIEW_MEASURES] = { 0 };
	struct figures_row *row;

	for (size_t i = 0; i < c->day_count; i++) {
		const struct view_day *day = &c->days[i];

		if ((row = app_figures_add(f, day->begin_us, e)) == NULL)
			return (-1);
		sum[VIEW_REQUESTS] = day->requests;
		sum[VIEW_BYTES] = day->bytes;
		if (day->hidden)
			hide(&row->of[FIGURE_REQUESTS], day->unknown);
		else
			set_counts(f, sum, row);
		set_errors(c, day, 1, row);
		set_uniques(day, row);
	}
	return (0);
}

static int
read_series(struct figures *f, struct err *e)
{
	struct view_counts c;
	int rc;

	if (read_counts(f, &f->window, f->step == TALLY_HOUR ? 0 : 1u << VIEW_STATUSES, &c, e) ==
	    -1)
		return (-1);
	rc = f->step == TALLY_HOUR ? add_points(f, &c, e) : add_days(f, &c, e);
	view_counts_free(&c);
	return (rc);
}

/* ---- top ---- */

static const struct view_dim_row *
find_dim(enum tally_dim dim)
{
	for (int i = 0; i < VIEW_DIM_COUNT; i++)
		if (view_dims[i].dim == dim)
			return (&view_dims[i]);
	return (NULL);
}

static bool
sees(const struct view_grant *grant, enum tally_dim dim)
{
	const struct view_dim_row *row = find_dim(dim);

	return (row != NULL && (grant->fields >> row->field & 1) != 0);
}

static void
add(const struct figures *f, struct figures_cell *to, const uint64_t count[static VIEW_MEASURES])
{
	to->requests = figure_number(to->requests.n + count[VIEW_REQUESTS]);
	if (has_bytes(f))
		to->bytes = figure_number(to->bytes.n + count[VIEW_BYTES]);
}

static int
take_table(struct figures *f, const struct view_table *t, struct figures_top *top, struct err *e)
{
	for (size_t i = 0; i < t->cell_count; i++) {
		const struct view_cell *cell = &t->cells[i];
		struct figures_cell *to = &top->other;

		if (cell->hidden)
			continue;
		if (top->count < top->limit) {
			to = &top->cells[top->count++];
			buf_span(&to->key, cell->key);
			if (!buf_ok(&to->key))
				return (err_memory(e));
		}
		add(f, to, cell->count);
		add(f, &top->total, cell->count);
	}
	add(f, &top->other, t->rest);
	add(f, &top->total, t->rest);
	return (0);
}

static int
read_top(struct figures *f, struct figures_top *top, struct err *e)
{
	const struct view_dim_row *dim = find_dim(top->dim);
	struct view_counts c;
	uint64_t sums[VIEW_MEASURES];
	int rc = 0;

	if (read_counts(f, &f->window, 1u << (dim - view_dims), &c, e) == -1)
		return (-1);
	view_tier_total(&c.tables[dim - view_dims], sums);
	if (sums[VIEW_REQUESTS] == 0)
		hide(&top->total.requests,
		    c.unknown_days > 0); /* no day is shown, or none is over */
	else
		rc = take_table(f, &c.tables[dim - view_dims], top, e);
	view_counts_free(&c);
	return (rc);
}

const struct figures_source app_figures_some = { read_total, read_series, read_top, sees };
