/*
 * filter: what a run of records has in common, so that it can be passed over.
 *
 * Numbers and times by their least and most, texts that a whole value is
 * asked for by a bloom filter.  Says "none of them" only if that is so: a
 * summary of other records, or a damaged one, would be wrong without a sign, so
 * whoever keeps one binds it to the records (store/skip.h).
 */
#ifndef CRETULA_FILTER_SUMMARY_H
#define CRETULA_FILTER_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/filter.h"

#define FILTER_BLOOM_BYTES \
	8192u /* for 1 MiB of lines: a wrong "perhaps" in twenty, if all differ */

struct filter_summary {
	uint64_t present; /* a bit for each field that a record has */
	uint64_t flags; /* and each flag */
	int64_t least[RECORD_FIELD_COUNT], most[RECORD_FIELD_COUNT]; /* of numbers, and time */
	unsigned char bloom[FILTER_BLOOM_BYTES];
};

void filter_summary_clear(struct filter_summary *s);
void filter_summary_add(struct filter_summary *s, const struct record *r);

/* May one of them match?  false: none does. */
bool filter_may(const struct filter *filter, const struct filter_summary *s);

/* As bytes, the same on every machine; FILTER_SUMMARY_BYTES of them. */
#define FILTER_SUMMARY_BYTES (16u + 16u * RECORD_FIELD_COUNT + FILTER_BLOOM_BYTES)
void filter_summary_print(
    const struct filter_summary *s, unsigned char out[static FILTER_SUMMARY_BYTES]);
void filter_summary_read(
    struct filter_summary *s, const unsigned char in[static FILTER_SUMMARY_BYTES]);

#endif
