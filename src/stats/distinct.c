/* distinct: exact sets up to 20, and HyperLogLog. */
#include <math.h>
#include <string.h>

#include "stats/distinct.h"

#define RANK_MAX (64 - STATS_SKETCH_BITS + 1)
#define SPARSE_BYTES 3

bool
stats_set_add(struct stats_set *s, uint64_t hash)
{
	if (s->count > STATS_SET_MAX)
		return (false);
	for (uint32_t i = 0; i < s->count; i++)
		if (s->hash[i] == hash)
			return (false);
	if (s->count < STATS_SET_MAX)
		s->hash[s->count] = hash;
	s->count++;
	return (true);
}

bool
stats_sketch_add(struct stats_sketch *s, uint64_t hash)
{
	uint64_t rest = hash << STATS_SKETCH_BITS;
	uint8_t rank = (uint8_t)(rest == 0 ? RANK_MAX : __builtin_clzll(rest) + 1);
	uint8_t *at = &s->rank[hash >> (64 - STATS_SKETCH_BITS)];

	if (rank <= *at)
		return (false);
	*at = rank;
	return (true);
}

void
stats_sketch_merge(struct stats_sketch *into, const struct stats_sketch *more)
{
	for (unsigned i = 0; i < STATS_SKETCH_REGISTERS; i++)
		if (more->rank[i] > into->rank[i])
			into->rank[i] = more->rank[i];
}

/* ---- the estimator: O. Ertl, "New cardinality estimation algorithms", 2017, algorithm 6 ---- */

/* What empty registers add. */
static double
sigma(double x)
{
	double power = 1, sum = x, before;

	do {
		before = sum;
		x *= x;
		sum += x * power;
		power += power;
	} while (sum > before);
	return (sum);
}

/* What full ones add. */
static double
tau(double x)
{
	double power = 1, sum = 1 - x, before;

	if (x <= 0 || x >= 1)
		return (0);
	do {
		before = sum;
		x = sqrt(x);
		power *= 0.5;
		sum -= (1 - x) * (1 - x) * power;
	} while (sum < before);
	return (sum / 3);
}

uint64_t
stats_sketch_estimate(const struct stats_sketch *s)
{
	const double m = STATS_SKETCH_REGISTERS;
	uint32_t of_rank[RANK_MAX + 1] = { 0 };
	double z;

	for (unsigned i = 0; i < STATS_SKETCH_REGISTERS; i++)
		of_rank[s->rank[i]]++;
	if (of_rank[0] == STATS_SKETCH_REGISTERS)
		return (0);
	z = m * tau(1 - of_rank[RANK_MAX] / m);
	for (unsigned k = RANK_MAX - 1; k >= 1; k--)
		z = 0.5 * (z + of_rank[k]);
	z += m * sigma(of_rank[0] / m);
	return ((uint64_t)llround(m * m / (2 * M_LN2 * z)));
}

/* ---- bytes ---- */

size_t
stats_sketch_pack(const struct stats_sketch *s, unsigned char out[static STATS_SKETCH_REGISTERS])
{
	size_t len = 0;

	for (unsigned i = 0; i < STATS_SKETCH_REGISTERS; i++) {
		if (s->rank[i] == 0)
			continue;
		if (len + SPARSE_BYTES >= STATS_SKETCH_REGISTERS) {
			memcpy(out, s->rank, STATS_SKETCH_REGISTERS);
			return (STATS_SKETCH_REGISTERS);
		}
		out[len++] = (unsigned char)(i >> 8);
		out[len++] = (unsigned char)i;
		out[len++] = s->rank[i];
	}
	return (len);
}

static int
unpack_sparse(const unsigned char *bytes, size_t len, struct stats_sketch *s)
{
	unsigned next = 0;

	if (len % SPARSE_BYTES != 0)
		return (-1);
	for (size_t at = 0; at < len; at += SPARSE_BYTES) {
		unsigned i = (unsigned)bytes[at] << 8 | bytes[at + 1];
		unsigned char rank = bytes[at + 2];

		if (i < next || i >= STATS_SKETCH_REGISTERS || rank == 0 || rank > RANK_MAX)
			return (-1);
		s->rank[i] = rank;
		next = i + 1;
	}
	return (0);
}

int
stats_sketch_unpack(const void *bytes, size_t len, struct stats_sketch *s)
{
	memset(s, 0, sizeof(*s));
	if (len < STATS_SKETCH_REGISTERS)
		return (unpack_sparse(bytes, len, s));
	if (len > STATS_SKETCH_REGISTERS)
		return (-1);
	memcpy(s->rank, bytes, len);
	for (unsigned i = 0; i < STATS_SKETCH_REGISTERS; i++)
		if (s->rank[i] > RANK_MAX)
			return (-1);
	return (0);
}
