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
#include "seal/segment.h"

struct err;

#define SEAL_ENTRY_BYTES_MAX 61440
/* Of a chain: a reader may hold all of it.  At one segment an hour some twenty years. */
#define SEAL_CHAIN_BYTES_MAX ((size_t)256 << 20)
#define SEAL_CHAIN_ENTRIES_MAX ((size_t)1 << 20)
/* Of a chain, in lines that name what is asked for later (keys, streams, files). */
#define SEAL_CHAIN_KEPT_BYTES_MAX ((size_t)32 << 20)
bool seal_entry_kept(struct span line);
#define SEAL_VERSION 1

/* In the order of their names. */
enum seal_type {
	SEAL_ANCHOR, SEAL_CLOCK, SEAL_CONFIG, SEAL_DERIVE, SEAL_DESTROY, SEAL_GENESIS, SEAL_HEAD,
	SEAL_HOLD, SEAL_PRUNE, SEAL_RECOVER, SEAL_REDACT, SEAL_REKEY, SEAL_RELEASE, SEAL_REPLAY,
	SEAL_REPORT, SEAL_REVOKE, SEAL_ROTATE, SEAL_SEGMENT, SEAL_START, SEAL_STOP, SEAL_STREAM,
	SEAL_UNKNOWN
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

/* How long a stream was, and its root then. */
struct seal_head {
	struct span name;
	uint64_t size;
	unsigned char root[32];
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
		struct seal_head head;
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
 * Where an unparsed record of that reason is counted; -1: nowhere, for a name
 * is unknown, or the record only goes on with the line of the one before it.
 */
int seal_reason_index(const struct seal_names *names, struct span reason);

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
