/*
 * serve: how often somebody may ask.
 *
 * A bucket for each key holds burst tokens and gains rate a second.  The
 * table is small and of fixed size: who was not seen for longest makes room,
 * and begins anew with a full one.
 */
#ifndef CRETULA_SERVE_LIMIT_H
#define CRETULA_SERVE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define SERVE_BUCKETS 512

struct serve_limit {
	unsigned rate, burst;
	struct serve_bucket {
		uint64_t key; /* 0: free */
		int64_t seen_ns;
		double tokens;
	} buckets[SERVE_BUCKETS];
};

void serve_limit_open(struct serve_limit *l, unsigned rate, unsigned burst);
/* Take one token of key.  0; else the seconds, at least 1, until there is one. */
unsigned serve_limit_take(struct serve_limit *l, uint64_t key, int64_t now_ns);

#endif
