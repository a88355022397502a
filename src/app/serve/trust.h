/* app: what proves a store, gathered from its chains: for GET /api/v1/trust. */
#ifndef CRETULA_APP_SERVE_TRUST_H
#define CRETULA_APP_SERVE_TRUST_H

#include "app/serve/serving.h"
#include "seal/raw.h"
#include "stats/counts.h"

#define TRUST_KEYS_MAX 256 /* the newest */
#define TRUST_DELETIONS_MAX 50
#define TRUST_EPOCH_BYTES 24

#define TRUST_GAPS_MAX 64 /* of a stream; more are longer ones */

/* Of a segment, or some: what left no record there, and when the others were. */
struct trust_gap {
	int64_t first_us, last_us;
	uint64_t causes[STATS_CAUSE_COUNT];
};

struct trust_stream {
	char name[SERVE_NAME_BYTES];
	uint64_t entries, segments, records;
	unsigned char head[32];
	int64_t head_us, sealed_us; /* 0: none */
	struct stats_counts counts;
	struct trust_gap gaps[TRUST_GAPS_MAX];
	unsigned gap_count;
	bool balanced; /* each segment is */
	struct seal_raw raw;
	uint64_t pruned_segments, pruned_records;
	char rule[64]; /* of retention; "": none of the configuration */
	int64_t next_us; /* when something goes; 0: nothing does */
	uint64_t next_segments, next_records; /* within a day from then on */
};

struct trust_key {
	char name[TRUST_EPOCH_BYTES];
	bool destroyed, held;
	int64_t at_us;
};

struct trust_deletion {
	int64_t at_us;
	const char *stream, *kind;
	uint64_t segment, records;
	char epoch[TRUST_EPOCH_BYTES];
};

struct trust {
	struct trust_stream streams[CONFIG_STREAMS_MAX];
	unsigned stream_count;
	struct trust_key keys[TRUST_KEYS_MAX];
	unsigned key_count;
	struct trust_deletion deletions[TRUST_DELETIONS_MAX]; /* the newest, in no order */
	unsigned deletion_count;
	char anchor[512];
};

/* Whose terms are in force: of a stream, and of access records. */
struct trust_terms {
	const struct config *config;
	const struct retain_policy *access;
};

/* 0 or -1. */
int app_trust_read(
    const char *store, const struct trust_terms *terms, struct trust *t, struct err *e);

/* Equal as long as nothing was appended to a chain. */
uint64_t app_trust_key(const char *store);

/*
 * By cause: what left no record in the segments that have a record of a window, or
 * have none and were sealed in it.  false: nothing did, or the chains cannot be read.
 */
bool app_trust_missing(struct serving *v, const char *stream, const int64_t window_us[static 2],
    uint64_t causes[static STATS_CAUSE_COUNT]);

/* The streams of a store, cretula's own among them, sorted.  0 or -1. */
int app_serving_names(
    const char *store, char (*names)[SERVE_NAME_BYTES], unsigned *count, struct err *e);

#endif
