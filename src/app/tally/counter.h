/*
 * app: the thread that counts: what batches add up to becomes rows of
 * stats.db, beside capture and import.
 *
 * Nothing waits for a database but an import for its own batches.  What cannot be
 * counted in time, or fails, is counted from the sealed segments later; that
 * is said once, and capture goes on.
 */
#ifndef CRETULA_APP_TALLY_COUNTER_H
#define CRETULA_APP_TALLY_COUNTER_H

#include "app/tally/tally.h"
#include "key/epoch.h"
#include "stats/usual.h"

struct app_counter;

struct app_counter_options {
	const char *store, *stream;
	const unsigned char *origin; /* of an import's keys; NULL: live ones */
	bool waits; /* for room, where the thread is behind (import) */
	uint64_t segments; /* that the stream has sealed */
	/* Says what went wrong; from the thread. */
	void (*warn)(void *arg, const char *text);
	/* So many requests are of days that were shown (docs/adr/0050); from the thread. */
	void (*late)(void *arg, uint64_t requests);
	void *arg;
};

/*
 * What a run before did not count is counted first, by the thread.  NULL:
 * nothing is counted, and it was said why.
 */
struct app_counter *app_counter_open(const struct app_counter_options *how);
/* Its thread begins, once the process is confined: what is given before is not counted. */
void app_counter_start(struct app_counter *c);
/*
 * All that the input had is given: up to its last hour it may be shown.  Else an import is not, and
 * what is live only once it was read for ten minutes.
 */
void app_counter_ends(struct app_counter *c);
/*
 * What was given is counted, and the file closed.  Behind app_counter_ends also what a run
 * before left, unless that takes too long.  NULL is legal, here and below.
 */
void app_counter_close(struct app_counter *c);

/*
 * A batch, whose records now are the last of the first records of the segment
 * that is open; *b becomes an empty one.  lines: all of its records; ends[i]: offset
 * behind the LF of the i-th.
 */
void app_counter_add(struct app_counter *c, struct tally_batch **b, struct span lines,
    const uint32_t *ends, uint64_t records);
/* The segment that was open ends; it is the one of that number. */
void app_counter_seal(struct app_counter *c, uint64_t segment);
/* Something was sealed or given up elsewhere; the segment behind this one is open, and empty. */
void app_counter_reopen(struct app_counter *c, uint64_t segments);
/* These keys of the ring are there; all others are destroyed. */
void app_counter_keys(struct app_counter *c, const struct key_ring *ring);
/* How many server errors a minute of this hour usually has; for any thread. */
struct stats_usual app_counter_usual(struct app_counter *c);
/* The keys of an import are destroyed. */
void app_counter_import_ends(struct app_counter *c, const unsigned char *origin);

#endif
