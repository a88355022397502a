/* latency: log-linear steps. */
#include <assert.h>

#include "stats/latency.h"

#define EXACT_BITS 7 /* values below 128 have a step of their own */
#define PART_BITS 6 /* 64 steps for each power of two */
#define EXACT (1u << EXACT_BITS)
#define PARTS (1u << PART_BITS)

_Static_assert(STATS_LATENCY_STEPS == EXACT + (41 - EXACT_BITS) * PARTS, "the steps end at 2^41");

unsigned
stats_latency_step(uint64_t us)
{
	unsigned power, part;

	if (us < EXACT)
		return ((unsigned)us);
	if (us > STATS_LATENCY_MAX_US)
		us = STATS_LATENCY_MAX_US;
	power = 63 - (unsigned)__builtin_clzll(us);
	part = (unsigned)(us >> (power - PART_BITS)) - PARTS;
	return (EXACT + (power - EXACT_BITS) * PARTS + part);
}

uint64_t
stats_latency_low(unsigned step)
{
	unsigned power, part;

	assert(step < STATS_LATENCY_STEPS);
	if (step < EXACT)
		return (step);
	power = EXACT_BITS + (step - EXACT) / PARTS;
	part = (step - EXACT) % PARTS;
	return ((uint64_t)(PARTS + part) << (power - PART_BITS));
}

uint64_t
stats_latency_high(unsigned step)
{
	return (step + 1 == STATS_LATENCY_STEPS ? STATS_LATENCY_MAX_US :
						  stats_latency_low(step + 1) - 1);
}

void
stats_latency_add(struct stats_latency *l, uint64_t us, uint64_t count)
{
	l->count[stats_latency_step(us)] += count;
}

uint64_t
stats_latency_count(const struct stats_latency *l)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < STATS_LATENCY_STEPS; i++)
		count += l->count[i];
	return (count);
}

uint64_t
stats_latency_at(const struct stats_latency *l, unsigned permille)
{
	uint64_t count = stats_latency_count(l), seen = 0, rank;

	assert(permille <= 1000);
	if (count == 0)
		return (0);
	/* Rank of the value, from 1, rounded up; without a product that overflows. */
	rank = count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
	rank = rank == 0 ? 1 : rank;
	for (unsigned i = 0; i < STATS_LATENCY_STEPS; i++) {
		uint64_t low = stats_latency_low(i);

		if ((seen += l->count[i]) >= rank)
			return (low + (stats_latency_high(i) - low) / 2);
	}
	return (STATS_LATENCY_MAX_US);
}
