/*
 * tally: server errors beside those of the same hour of the weeks before.
 */
#ifndef CRETULA_TALLY_USUAL_H
#define CRETULA_TALLY_USUAL_H

#include "stats/usual.h"
#include "tally/query.h"

/*
 * How many answers with 5xx a minute of the hour that t_us is in usually has:
 * of the minutes of the same hour of the week, in the last STATS_USUAL_WEEKS
 * weeks.  A week in which nothing at all came in that hour is none; with fewer
 * than STATS_USUAL_LEAST of them nothing is known.  0, or -1 with e.
 */
int tally_usual_minute(struct tally_reader *r, const char *stream, int64_t t_us,
    struct stats_usual *usual, struct err *e);

#define TALLY_BURST_ERRORS 20 /* fewer of an hour are no burst, however unusual */

struct tally_burst {
	int64_t start_us; /* of the hour */
	uint64_t errors; /* 5xx */
	struct stats_usual usual; /* of its errors */
	double score; /* STATS_USUAL_SCORE or more */
};
/*
 * The hours of a window whose errors are a burst, the highest scores first, then the oldest.
 * limit: so many at most; 0: all.  period and dim of w do not matter.  list is for the
 * caller to free; compared: how many hours could be.
 */
struct tally_bursts {
	struct tally_burst *list;
	size_t count, compared;
};
int tally_bursts(
    struct tally_reader *r, const struct tally_window *w, struct tally_bursts *b, struct err *e);

#endif
