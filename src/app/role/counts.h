/* app: counts as a role that sees no records may see them. */
#ifndef CRETULA_APP_ROLE_COUNTS_H
#define CRETULA_APP_ROLE_COUNTS_H

#include "base/buf.h"
#include "view/counts/counts.h"

struct app_args;
struct err;

/* Who asks, what, and the answer; all zero before it is opened. */
struct app_counts {
	const char *stream;
	struct view_grant grant;
	uint64_t top; /* rows of each table for people; 0: all */
	struct view_counts counts;
};

/*
 * Read --since to --until of --stream of --store as the grant says, which is
 * set and of an analyst or the public.  0 or -1.
 */
int app_counts_open(struct app_counts *c, const struct app_args *args, struct err *e);
void app_counts_close(struct app_counts *c);

/* Added to out: for people, for programs, for a browser. */
void app_counts_text(const struct app_counts *c, struct buf *out);
void app_counts_json(const struct app_counts *c, struct buf *out);
void app_counts_page(const struct app_counts *c, struct buf *out);

/* "requests"; "events" where days are shown and nothing in them has a status. */
const char *app_counts_noun(const struct app_counts *c);

/* Is it a role that sees counts instead of records? */
bool app_counts_serves(const struct view_grant *grant);

/* stats for such a role; the exit code. */
int app_counts_stats(const struct app_args *args, const struct view_grant *grant);

#endif
