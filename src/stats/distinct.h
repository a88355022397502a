/*
 * stats: how many different ones, from hashes of 64 bits.
 *
 * A set says it exactly up to 20, then only that there are more.  A sketch
 * (HyperLogLog, 2^14 registers, the estimator of Ertl 2017) estimates any
 * number with a standard error of 0.81 %, in 16 KiB.
 */
#ifndef CRETULA_STATS_DISTINCT_H
#define CRETULA_STATS_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- sets ---- */

#define STATS_SET_MAX 20
#define STATS_SET_MANY (STATS_SET_MAX + 1)

/* All zero is empty. */
struct stats_set {
	uint64_t hash[STATS_SET_MAX]; /* in the order in which they came */
	uint32_t count; /* STATS_SET_MANY: there were more; hash says nothing */
};

/* True: the set is another now. */
bool stats_set_add(struct stats_set *s, uint64_t hash);

/* ---- sketches ---- */

#define STATS_SKETCH_BITS 14
#define STATS_SKETCH_REGISTERS (1u << STATS_SKETCH_BITS)

/* All zero is empty. */
struct stats_sketch {
	uint8_t rank[STATS_SKETCH_REGISTERS];
};

/* True: the sketch is another now. */
bool stats_sketch_add(struct stats_sketch *s, uint64_t hash);
void stats_sketch_merge(struct stats_sketch *into, const struct stats_sketch *more);
uint64_t stats_sketch_estimate(const struct stats_sketch *s);

/*
 * As bytes: 3 for each register that is not zero (number, big-endian; rank), or, once
 * that is longer, all ranks.  Returns how many.  Equal sketches, equal bytes.
 */
size_t stats_sketch_pack(
    const struct stats_sketch *s, unsigned char out[static STATS_SKETCH_REGISTERS]);
/* -1: that is what no sketch packs to; s is undefined. */
int stats_sketch_unpack(const void *bytes, size_t len, struct stats_sketch *s);

#endif
