/* seal: what a segment entry says; docs/format.md 6.  Texts are borrowed, as in seal/entry.h. */
#ifndef CRETULA_SEAL_SEGMENT_H
#define CRETULA_SEAL_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "stats/counts.h"

#define SEAL_SOURCES_MAX 64
#define SEAL_BY_MIN 20 /* records that by and masked need */

struct seal_source {
	unsigned char fp[16];
	uint64_t head, at;
	bool has_tail;          /* entries of older writers have none */
	unsigned char tail[16]; /* of the last bytes before at */
	bool end;
};

struct seal_segment {
	uint64_t seg, first, n, bytes;
	unsigned char root[32];
	uint64_t file_size;
	unsigned char file_hash[32];
	unsigned char idx[32];
	struct stats_counts counts; /* time_min/max here rounded out to the minute */
	bool has_by;                /* counts.status and counts.masked are given */
	struct span policy;         /* 64 hex digits */
	struct span mask_epochs;    /* raw JSON object */
	bool has_mask_seed;
	unsigned char mask_seed[32];
	uint64_t words_count;
	unsigned char words_hash[32];
	struct seal_source sources[SEAL_SOURCES_MAX];
	unsigned source_count;
	bool has_tags, has_live;
	struct {
		uint64_t g0, g;         /* first and last flush */
		bool lost;              /* a crash took the ratchet, and A with it: no agg */
		unsigned char agg[32];  /* A behind the last */
		uint64_t untagged;      /* records that no flush covers */
	} tags;
	struct {
		unsigned char boot[16];
		uint64_t from_ms, to_ms; /* since that boot */
	} live;
	bool unlocked;
};

#endif
