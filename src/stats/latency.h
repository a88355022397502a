/*
 * stats: how long things took, in a fixed number of steps.
 *
 * Below 128 us each microsecond is a step of its own, above each power of two
 * is cut into 64 equal steps.  So a step is at most 1/64 of its least value
 * wide, and its middle is within 0.8 % of everything in it.
 */
#ifndef CRETULA_STATS_LATENCY_H
#define CRETULA_STATS_LATENCY_H

#include <stdint.h>

#define STATS_LATENCY_STEPS 2304u
#define STATS_LATENCY_MAX_US ((UINT64_C(1) << 41) - 1) /* 25 days; more counts as that */

/* Which step us falls into. */
unsigned stats_latency_step(uint64_t us);
/* The least and the greatest value of a step. */
uint64_t stats_latency_low(unsigned step);
uint64_t stats_latency_high(unsigned step);

/* All zero is empty; histograms are added count by count. */
struct stats_latency {
	uint64_t count[STATS_LATENCY_STEPS];
};

void stats_latency_add(struct stats_latency *l, uint64_t us, uint64_t count);
uint64_t stats_latency_count(const struct stats_latency *l);
/*
 * The value that permille of a thousand are not above, within 1 % of the
 * exact one; 0 if there is none.
 */
uint64_t stats_latency_at(const struct stats_latency *l, unsigned permille);

#endif
