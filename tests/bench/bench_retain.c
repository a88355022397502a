/* What a plan of a million segments takes: without holds, and with a thousand. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "retain/retain.h"

#define SEGMENTS 1000000
#define HOLDS 1000
#define NOW (20000 * RETAIN_DAY_US)

static struct retain_segment segments[SEGMENTS];
static struct retain_hold holds[HOLDS];
static struct seal_range ranges[HOLDS];

static void
measure(size_t hold_count)
{
	struct timespec from, to;
	const struct retain_ask ask = { .segments = segments,
		.count = SEGMENTS,
		.holds = holds,
		.hold_count = hold_count,
		.term_us = 90 * RETAIN_DAY_US,
		.now_us = NOW };
	struct retain_plan plan;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	if (retain_plan_make(&ask, &plan, NULL) == -1)
		exit(1);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("plan of %d segments, %zu holds: %.1f ms; %ju go, %ju are held\n", SEGMENTS,
	    hold_count,
	    (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6,
	    (uintmax_t)plan.sums[RETAIN_PRUNE].segments,
	    (uintmax_t)plan.sums[RETAIN_HELD].segments);
	retain_plan_free(&plan);
}

int
main(void)
{
	for (size_t i = 0; i < SEGMENTS; i++)
		segments[i] = (struct retain_segment){ .seg = i + 1,
			.live = true,
			.records = 1000,
			.sealed_us = NOW - (int64_t)(SEGMENTS - i) * 3600000000 };
	for (size_t h = 0; h < HOLDS; h++) {
		ranges[h] = (struct seal_range){ h * 700 + 1, h * 700 + 5000 };
		holds[h] = (struct retain_hold){ .ranges = &ranges[h], .range_count = 1 };
	}
	measure(0);
	measure(HOLDS);
	return (0);
}
