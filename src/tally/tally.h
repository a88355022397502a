/*
 * tally: what records add up to.
 *
 * STORE/stats.db (docs/format.md 23) holds, for each stream, how many requests there
 * were by minute, hour, day, week and month, and for each of the last four how
 * many by path, status, referer ... (dims.def).  It is made beside the seal
 * while records are captured, and can be made again from the sealed segments:
 * nothing that cretula promises depends on it.
 *
 * Tokens never get there: a path "/u/sg.abcdefghijklmnop" counts as "/u/{sg}".
 */
#ifndef CRETULA_TALLY_TALLY_H
#define CRETULA_TALLY_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define TALLY_FILE "stats.db" /* in STORE */

/* ---- spans of time: all in UTC, weeks begin on Monday ---- */

enum tally_period {
	TALLY_MINUTE, /* only totals */
	TALLY_HOUR,
	TALLY_DAY,
	TALLY_WEEK,
	TALLY_MONTH,
	TALLY_PERIOD_COUNT
};
extern const char *const tally_period_names[TALLY_PERIOD_COUNT]; /* "minute" ... */

/*
 * Number of the period that t_us is in (minute 0 begins 1970), and its first
 * instant; of numbers far beyond all times a first or last one.
 */
int64_t tally_index(enum tally_period period, int64_t t_us);
int64_t tally_start_us(enum tally_period period, int64_t index);

/* ---- what is counted by ---- */

enum tally_dim {
#define DIM(id, name, code, field, kept, help) TALLY_##id,
#include "tally/dims.def"
#undef DIM
	TALLY_DIM_COUNT
};
struct tally_dim_row {
	const char *name;
	int code;
	int field; /* enum record_field; RECORD_FIELD_COUNT: of no field */
	unsigned kept;
	const char *help;
};
extern const struct tally_dim_row tally_dims[TALLY_DIM_COUNT];
/*
 * A stream of which the public sees a sample (`public: { sample: 10% }`) is counted
 * once more by these, for the subjects in it.  A day that has a cell of SAMPLE_ALL is sampled.
 */
#define TALLY_SAMPLE_FIRST TALLY_SAMPLE_ALL
#define TALLY_SAMPLE_IN "in" /* keys of SAMPLE_ALL */
#define TALLY_SAMPLE_OUT "out"

/* -1: there is none of that name. */
int tally_dim_find(struct span name, enum tally_dim *dim);

/* ---- how many subjects a number stands for ---- */

#define TALLY_SUBJECTS_MAX 20 /* distinct subjects that are counted one by one */
#define TALLY_SUBJECTS_MANY 21 /* more than that */

/* Sums of requests.  Errors and bytes are of all requests, bots among them. */
struct tally_sums {
	uint64_t requests;
	uint64_t bytes, request_bytes;
	uint64_t errors_4xx, errors_5xx;
	uint64_t bots; /* requests of those that say that they are robots */
};

#endif
