/* counts, inside: what reading them shares.  Private to view/counts/. */
#ifndef CRETULA_VIEW_COUNTS_INSIDE_H
#define CRETULA_VIEW_COUNTS_INSIDE_H

#include "view/counts/counts.h"

#define VIEW_HOUR_US INT64_C(3600000000)
#define VIEW_DAY_US (24 * VIEW_HOUR_US)

/* Everything of one hour or day; subjects 0: not known. */
struct view_sum {
	int64_t begin_us;
	uint64_t requests, bytes;
	unsigned subjects;
};
/* Counted again from segments, or left by a crash: who the subjects were is not known any more. */
static inline bool
view_sum_unknown(const struct view_sum *sum)
{
	return (sum->subjects == 0 && sum->requests > 0);
}

struct view_sums {
	struct view_sum *rows; /* in order, those in which there was something */
	size_t count;
};

struct view_reading {
	struct tally_reader *reader;
	const struct view_question *q;
	struct view_counts *c;
	struct view_sums hours, days; /* of all days that the window touches */
	struct view_sums samples; /* public: days of which a sample is shown, and what it has */
	int64_t over_us; /* what begins before is over */
};

/* Room for one more of size bytes behind count; NULL with e. */
void *view_grow(void *rows, size_t count, size_t size, struct err *e);

/* Keys that live as long as the counts.  NULL in ptr: no memory. */
struct span view_keys_copy(struct view_keys **keys, struct span key);
void view_keys_free(struct view_keys *keys);

/* Everything, by hour or by day, from since to until.  0 or -1. */
int view_sums_read(struct view_reading *r, enum tally_period period, int64_t since_us,
    int64_t until_us, struct view_sums *sums, struct err *e);
/* That of begin; NULL: nothing happened. */
/* Of days of the public: which are sampled; days become what their samples have.  0 or -1. */
int view_samples_read(struct view_reading *r, int64_t since_us, int64_t until_us, struct err *e);
const struct view_sum *view_sums_find(const struct view_sums *sums, int64_t begin_us);

/* The blocks of one day as of now, for k: at most 24.  Returns how many. */
size_t view_blocks(
    const struct view_reading *r, int64_t day_us, unsigned k, struct view_window blocks[static 24]);

/* points and total; then days and tables.  0 or -1. */
int view_points_read(struct view_reading *r, struct err *e);
int view_days_read(struct view_reading *r, struct err *e);

#endif
