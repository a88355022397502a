/*
 * app: figures of a window: what GET /api/v1/overview, series and top are made of.
 *
 * Developers ask stats.db (all.c), analysts and the public what may be shown of
 * it (some.c); both fill the same rows, which print.c prints.
 */
#ifndef CRETULA_APP_SERVE_FIGURES_FIGURES_H
#define CRETULA_APP_SERVE_FIGURES_FIGURES_H

#include "app/serve/serving.h"
#include "stats/counts.h"
#include "tally/query.h"
#include "tally/usual.h"

struct err;

/* ---- a figure ---- */

struct figure {
	enum { FIGURE_NONE, FIGURE_FEW, FIGURE_NUMBER } kind; /* null, "<k", N */
	uint64_t n;
};

enum figure_of {
	FIGURE_REQUESTS,
	FIGURE_ERRORS,
	FIGURE_CLIENT_ERRORS,
	FIGURE_BYTES,
	FIGURE_BOTS,
	FIGURE_UNIQUES,
	FIGURE_P50,
	FIGURE_P90,
	FIGURE_P95,
	FIGURE_P99,
	FIGURE_P999,
	FIGURE_COUNT
};

struct figures_row {
	int64_t begin_us;
	struct figure of[FIGURE_COUNT];
};

static inline struct figure
figure_number(uint64_t n)
{
	return ((struct figure){ FIGURE_NUMBER, n });
}

/* ---- what is asked ---- */

struct figures_window {
	const char *name; /* hour, day, week, month, free */
	int64_t since_us, until_us;
	bool complete; /* it is over, and so long that all of it is counted */
};

struct figures {
	const char *stream;
	const struct view_grant *grant;
	struct tally_reader *db;
	int64_t now_us;
	struct figures_window window, before;
	enum tally_period step; /* of a series */
	/* out */
	size_t unknown_days; /* of which no figure is known to be of k */
	bool missing; /* something left no record, of developers; why: */
	uint64_t causes[STATS_CAUSE_COUNT];
	struct figures_row total, total_before;
	bool has_before;
	struct tally_bursts bursts; /* of a series, of developers */
	bool has_bursts;
	struct figures_row *rows; /* of a series */
	size_t row_count;
};

/* ---- window.c ---- */

/* What at, since ... mean.  false: a says what cannot be. */
bool app_figures_window(const struct serve_call *call, struct figures *f, struct serve_answer *a);

/* ---- all.c, some.c ---- */

struct figures_cell {
	struct buf key;
	struct figure requests, bytes, errors;
};
struct figures_top {
	enum tally_dim dim;
	unsigned limit;
	struct figures_cell *cells; /* limit of them at most */
	unsigned count;
	struct figures_cell other, total;
};

struct figures_source {
	/* 1; 0: nothing is known of that window; -1. */
	int (*total)(struct figures *f, const struct figures_window *w, struct figures_row *row,
	    struct err *e);
	int (*series)(struct figures *f, struct err *e);
	int (*top)(struct figures *f, struct figures_top *top, struct err *e);
	/* Does the role see that dimension? */
	bool (*sees)(const struct view_grant *grant, enum tally_dim dim);
};
extern const struct figures_source app_figures_all, app_figures_some;

/* One more row, all of it null; NULL with e. */
struct figures_row *app_figures_add(struct figures *f, int64_t begin_us, struct err *e);

/* ---- print.c ---- */

void app_figures_overview(const struct figures *f, enum serve_format format, struct buf *out);
void app_figures_series(const struct figures *f, enum serve_format format, struct buf *out);
void app_figures_table(const struct figures *f, const struct figures_top *top, const char *name,
    enum serve_format format, struct buf *out);

#endif
