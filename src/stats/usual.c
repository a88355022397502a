/* usual: median and median absolute deviation. */
#include "stats/usual.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* A normal distribution's deviation, in its median absolute ones. */
#define NORMAL 1.4826

static int
by_size(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return ((one > other) - (one < other));
}

/* Twice the median, so that it is a whole number. */
static uint64_t
twice_median(uint64_t *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), by_size);
	return (samples[(count - 1) / 2] + samples[count / 2]);
}

struct stats_usual
stats_usual_of(uint64_t *samples, size_t count)
{
	struct stats_usual usual = { .known = true };
	uint64_t twice, deviation;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		if (samples[i] > UINT64_MAX / 8) /* no count, but it must not wrap around */
			samples[i] = UINT64_MAX / 8;
	twice = twice_median(samples, count);
	for (size_t i = 0; i < count; i++)
		samples[i] =
		    2 * samples[i] > twice ? 2 * samples[i] - twice : twice - 2 * samples[i];
	deviation = twice_median(samples, count);
	usual.middle = (double)twice / 2;
	usual.spread = fmax(fmax(NORMAL * (double)deviation / 4, sqrt(usual.middle)), 1);
	return (usual);
}

double
stats_usual_score(const struct stats_usual *usual, uint64_t n)
{
	return (usual->known ? ((double)n - usual->middle) / usual->spread : 0);
}
