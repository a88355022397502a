/*
 * seal: entries of the chain, written and read; docs/format.md 6.
 *
 * Texts of a struct are borrowed: by printing from the caller, by reading
 * from the line.
 */
#ifndef CRETULA_SEAL_ENTRY_H
#define CRETULA_SEAL_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "seal/events.h"
#include "stats/counts.h"

struct err;

#define SEAL_ENTRY_BYTES_MAX 61440
#define SEAL_SOURCES_MAX 64
#define SEAL_VERSION 1
#define SEAL_BY_MIN 20 /* records that by and masked need */

/* In the order of their names. */
enum seal_type {
	SEAL_ANCHOR, SEAL_CLOCK, SEAL_CONFIG, SEAL_DERIVE, SEAL_DESTROY, SEAL_GENESIS, SEAL_HOLD,
	SEAL_PRUNE, SEAL_RECOVER, SEAL_REDACT, SEAL_REKEY, SEAL_RELEASE, SEAL_REPLAY, SEAL_REPORT,
	SEAL_REVOKE, SEAL_ROTATE, SEAL_SEGMENT, SEAL_START, SEAL_STOP, SEAL_STREAM, SEAL_UNKNOWN
};

struct seal_source {
	unsigned char fp[16];
	uint64_t head, at;
	bool has_tail;          /* entries of older writers have none */
	unsigned char tail[16]; /* of the last bytes before at */
	bool end;
};

struct seal_genesis {
	struct span stream, origin, log, policy; /* policy: 64 hex digits */
	struct span recovery; /* vkey, optional */
	bool escrow;          /* was the ratchet's first key given out? */
	bool has_ratchet;
	struct seal_ratchet_start ratchet;
};

struct seal_stream {
	struct span name, origin, log;
	unsigned char genesis[32];
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
		unsigned char agg[32];  /* A behind the last */
		uint64_t untagged;      /* records that no flush covers */
	} tags;
	struct {
		unsigned char boot[16];
		uint64_t from_ms, to_ms; /* since that boot */
	} live;
	bool unlocked;
};

struct seal_destroy {
	struct span what;
	unsigned char commitment[32];
};

struct seal_entry {
	uint64_t index;
	int64_t t_us;              /* whole milliseconds */
	unsigned char prev[32];
	enum seal_type type;
	struct span type_name;     /* also for SEAL_UNKNOWN */
	bool has_next;             /* epoch and next are given */
	uint64_t epoch;
	struct span next;          /* vkey */
	struct span software;      /* "sw"; empty where the type has none */
	union {
		struct seal_anchor anchor;
		struct seal_clock clock;
		struct seal_config config;
		struct seal_derive derive;
		struct seal_destroy destroy;
		struct seal_genesis genesis;
		struct seal_hold hold;
		struct seal_prune prune;
		struct seal_recover recover;
		struct seal_redact redact;
		struct seal_rekey rekey;
		struct seal_release release;
		struct seal_replay replay;
		struct seal_report report;
		struct seal_revoke revoke;
		struct seal_rotate rotate;
		struct seal_segment segment;
		struct seal_start start;
		struct seal_stop stop;
		struct seal_stream stream;
	} of;
};

/*
 * Names of identifier classes and of reasons, in the order of the counts;
 * whoever knows them (mask/, parse/) hands them in, seal/ does not.
 */
struct seal_names {
	const char *const *classes;
	unsigned class_count;
	const char *const *reasons;
	unsigned reason_count;
};

/*
 * Add the canonical line, without LF, to out.  0, or -1 (ERR_IO) if it would
 * be longer than SEAL_ENTRY_BYTES_MAX.
 */
int seal_entry_print(const struct seal_entry *entry, const struct seal_names *names,
    struct buf *out, struct err *e);

/*
 * Read a line without LF: syntax, canonical bytes, the keys of its type in
 * order, ranges.  A type that this version does not know gives SEAL_UNKNOWN
 * with the common keys (and next, if it has one).  Names outside of names are
 * legal in masked and reasons (a newer writer) and are skipped.  -1 and
 * ERR_FINDING otherwise.
 */
int seal_entry_read(struct span line, const struct seal_names *names, struct seal_entry *entry,
    struct err *e);

#endif
