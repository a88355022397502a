/*
 * stats: counting in small memory.  This unit: the counts of a segment.
 *
 * design.md 4: lines = parsed + partial + unparsed + counted + meta + joined;
 * events of a container line go in split, replays in replay; n = the sum of
 * parsed + partial + unparsed over lines, split and replay.
 */
#ifndef CRETULA_STATS_COUNTS_H
#define CRETULA_STATS_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_STATUS_CLASSES 6 /* none, 1xx .. 5xx */
#define STATS_CLASSES_MAX 32 /* masked values by identifier class */
#define STATS_REASONS_MAX 32 /* unparsed lines by reason */

enum stats_cause {
#define CAUSE(name, text, of, help) STATS_CAUSE_##name,
#include "stats/causes.def"
#undef CAUSE
	STATS_CAUSE_COUNT
};
extern const char *const stats_cause_names[STATS_CAUSE_COUNT];
/* Is it one of what is lost?  Else of what is counted. */
bool stats_cause_is_loss(enum stats_cause cause);

struct stats_outcome {
	uint64_t parsed, partial, unparsed, counted;
};

struct stats_counts {
	uint64_t lines, bytes;
	struct stats_outcome in; /* of the lines themselves */
	uint64_t meta, joined, lost;
	struct stats_outcome split; /* events out of container lines */
	struct stats_outcome replay; /* from the quarantine; counted unused */
	uint64_t status[STATS_STATUS_CLASSES];
	uint64_t masked[STATS_CLASSES_MAX];
	uint64_t reasons[STATS_REASONS_MAX];
	uint64_t causes[STATS_CAUSE_COUNT]; /* of counted, and of lost */
	int64_t time_min_us, time_max_us; /* of the records; min > max if none */
};

void stats_counts_clear(struct stats_counts *c);
void stats_counts_add(struct stats_counts *into, const struct stats_counts *more);

/* Count one record's status (-1: none) and time. */
void stats_counts_record(struct stats_counts *c, int status, int64_t time_us);

/* n: records that the counts promise. */
uint64_t stats_counts_records(const struct stats_counts *c);

/* Are most lines and events that could be records unparsed? */
bool stats_counts_misfit(const struct stats_counts *c);

/* So many were lost. */
void stats_counts_lose(struct stats_counts *c, enum stats_cause cause, uint64_t n);

/* Does the identity hold? */
bool stats_counts_balanced(const struct stats_counts *c);
/* Have no more causes than events that are counted or lost? */
bool stats_counts_caused(const struct stats_counts *c);

/* Index into status[] of an HTTP status; 0 for none or odd. */
int stats_status_class(int status);

#endif
