/*
 * tally: reading STORE/stats.db.
 *
 * Read-only; while a writer writes, each call sees one state.  Every call
 * takes a window of whole periods: periods whose start is in [since, until).  Sums,
 * cells and latency are added up of longer periods where whole ones lie in the window.
 * Callbacks get spans that live until they return; they say 0 to go on, 1 to
 * stop, -1 with e.  Calls return 0, 1 if a callback stopped, -1 with e.
 */
#ifndef CRETULA_TALLY_QUERY_H
#define CRETULA_TALLY_QUERY_H

#include "tally/tally.h"

struct err;
struct tally_reader; /* of one thread at a time */

/*
 * Open STORE/stats.db (path).  ERR_INPUT: there is none; ERR_FINDING: it is no
 * stats.db of this version, or damaged (all can be mended by `stats
 * --rebuild`); ERR_BUSY: locked for more than 5 s.
 */
int tally_reader_open(const char *path, struct tally_reader **r, struct err *e);
void tally_reader_close(struct tally_reader *r); /* NULL is legal */

/* Until tally_release all calls see one state of it.  0 or -1. */
int tally_hold(struct tally_reader *r, struct err *e);
void tally_release(struct tally_reader *r); /* also of one that is not held */

/* How far a stream is counted: all segments below segment, and records of it. */
struct tally_reach {
	bool known; /* false: nothing was ever counted of a stream of this name */
	uint64_t segment, records;
};
int tally_reach(
    struct tally_reader *r, const char *stream, struct tally_reach *reach, struct err *e);

/*
 * When the first and the last minute with a request began (k 0), or the first and the
 * last day of k subjects that are over at until_us, so far as they are known or were
 * put aside.  1; 0: there is none; -1.
 */
int tally_ends(struct tally_reader *r, const char *stream, unsigned k, int64_t until_us,
    int64_t ends_us[static 2], struct err *e);

/*
 * Hours before hour may have been shown to roles below developers; filling: only those before
 * until are now, as a day behind it is not whole.  moved: the last day some of whose records count
 * in a later hour.  None: INT32_MIN.  0 or -1.
 */
struct tally_shown {
	int64_t hour, until;
	bool filling;
	int64_t moved;
};
int tally_shown(
    struct tally_reader *r, const char *stream, struct tally_shown *shown, struct err *e);

struct tally_window {
	const char *stream;
	enum tally_period period;
	int64_t since_us, until_us; /* INT64_MIN, INT64_MAX: no limit */
	/* of cells and series alone */
	enum tally_dim dim;
	unsigned limit; /* of cells: how many, "other" not among them; 0: all */
	/* of series and uniques, hours and days: what was put aside of days (freeze.h) instead */
	bool released;
};

/* ---- totals ---- */

struct tally_total {
	int64_t start_us; /* of the period */
	struct tally_sums sums;
};
typedef int (*tally_total_each)(void *arg, const struct tally_total *total, struct err *e);
/* One a period in which something happened, oldest first. */
int tally_totals(struct tally_reader *r, const struct tally_window *w, tally_total_each each,
    void *arg, struct err *e);
/* The sum of them. */
int tally_sum(
    struct tally_reader *r, const struct tally_window *w, struct tally_sums *sums, struct err *e);

/* ---- cells ---- */

/*
 * subjects: so many distinct subjects at least: exact up to 20 in a window of
 * one period, TALLY_SUBJECTS_MANY: more; 0: not known (never "nobody").  In a
 * window of several periods it is the most that one of them had, which is what
 * is certain.  For who shows cells to others, 0 is less than any k.
 */
struct tally_cell {
	struct span key;
	bool other; /* the rest of its dimension; key is empty */
	uint64_t requests, bots, bytes;
	unsigned subjects;
};
typedef int (*tally_cell_each)(void *arg, const struct tally_cell *cell, struct err *e);
/*
 * Cells of a dimension, added up over the window: most requests first, then
 * by key; "other", if there is one, last.  All of them, so that their sum is that of
 * the requests which have the field.  limit 0: all; else the rest of the kept
 * ones is added to "other" (subjects: the most of those that went there).
 */
int tally_cells(struct tally_reader *r, const struct tally_window *w, tally_cell_each each,
    void *arg, struct err *e);
/* The same of each period by itself, oldest first; start_us in front. */
typedef int (*tally_series_each)(
    void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e);
int tally_series(struct tally_reader *r, const struct tally_window *w, tally_series_each each,
    void *arg, struct err *e);

/* ---- latency ---- */

struct tally_latency {
	uint64_t count; /* 0: no record said how long it took */
	uint64_t p50_us, p75_us, p90_us, p95_us, p99_us, p999_us; /* within 1 % */
};
int tally_latency(struct tally_reader *r, const struct tally_window *w,
    struct tally_latency *latency, struct err *e);

/* ---- uniques ---- */

struct tally_unique {
	int64_t start_us;
	uint64_t subjects; /* 0: not known */
	bool exact; /* else an estimate: standard error 0.8 % */
};
typedef int (*tally_unique_each)(void *arg, const struct tally_unique *unique, struct err *e);
/* One a day, week or month, oldest first; they do not add up to a longer one. */
int tally_uniques(struct tally_reader *r, const struct tally_window *w, tally_unique_each each,
    void *arg, struct err *e);

#endif
