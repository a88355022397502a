/*
 * view: the counts of a stream as a role may see them.
 *
 * The one door to STORE/stats.db for analysts, the public and roles between;
 * developers ask tally/query.h.  Which windows, which cells and what is added
 * up with what: ADR 30 and tier/tier.h.  The same question has the same
 * answer as long as nothing is added to days that are over.
 */
#ifndef CRETULA_VIEW_COUNTS_COUNTS_H
#define CRETULA_VIEW_COUNTS_COUNTS_H

#include "tally/query.h"
#include "view/tier/tier.h"
#include "view/view.h"

/* What the measures of tier.h are here. */
enum view_measure { VIEW_REQUESTS, VIEW_BYTES };

enum view_dim {
	VIEW_PATHS,
	VIEW_STATUSES,
	VIEW_REFERERS,
	VIEW_AGENTS,
	VIEW_COUNTRIES,
	VIEW_EVENTS,
	VIEW_DIM_COUNT
};
#define VIEW_DIMS_ALL ((1u << VIEW_DIM_COUNT) - 1)
struct view_dim_row {
	const char *name; /* "paths" */
	const char *title;
	enum record_field field;
	enum tally_dim dim, sample; /* sample: the same of a sample for the public */
};
extern const struct view_dim_row view_dims[VIEW_DIM_COUNT];

struct view_day {
	int64_t begin_us;
	uint64_t requests, bytes; /* as its tables have them */
	uint64_t errors_4xx, errors_5xx; /* so far as its table of statuses shows them */
	bool has_other; /* it does not show all: 0 errors may be some */
	uint64_t uniques; /* distinct subjects; 0: not known */
	bool hidden; /* fewer than k subjects: it prints "<k" and is in no sum */
	bool unknown; /* hidden, and not because they are few: nobody counted them */
};

/* A window cut to whole hours (analysts) or days (public) that are over and counted. */
struct view_counts {
	int64_t since_us, until_us;
	struct view_window *points; /* hours, quiet ones joined to others; public: days */
	size_t point_count;
	uint64_t total[VIEW_MEASURES]; /* of the points */
	struct view_day *days; /* whole ones, in which there was something: tables are of these */
	size_t day_count;
	size_t unknown_days; /* that the window touches: in no sum, as above */
	bool shown[VIEW_DIM_COUNT]; /* the role sees that dimension, and it was asked for */
	struct view_table tables[VIEW_DIM_COUNT]; /* most requests first */
	struct view_keys *keys;
};

/* Aggregates are written a while after their records: so long is an hour not over yet. */
#define VIEW_SETTLE_US INT64_C(600000000)
/* What is so old counts as whole, and is shown (docs/adr/0050). */
#define VIEW_STILL_US INT64_C(864000000000)

/* What begins before this may have been shown; the clock may have been set back since. */
int64_t view_shown_us(const struct tally_shown *shown, int64_t now_us);
/* What begins before over_us is over, counted, and may be shown.  0 or -1. */
int view_counts_over(
    struct tally_reader *r, const char *stream, int64_t now_us, int64_t *over_us, struct err *e);

/*
 * now_us: what is over; INT64_MIN and INT64_MAX as since and until: all there is.
 * grant: of an analyst or the public (assert).  0; -1: c is empty.
 */
struct view_question {
	const char *stream;
	const struct view_grant *grant;
	int64_t since_us, until_us, now_us;
	unsigned dims; /* whose tables are wanted: 1 << VIEW_PATHS ...; statuses have the errors */
};
int view_counts_read(
    struct tally_reader *r, const struct view_question *q, struct view_counts *c, struct err *e);
void view_counts_free(struct view_counts *c);

#endif
