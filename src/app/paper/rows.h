/* paper: the rows of its tables. */
#ifndef CRETULA_APP_PAPER_ROWS_H
#define CRETULA_APP_PAPER_ROWS_H

#include "mask/policy.h"
#include "seal/raw.h"
#include "stats/counts.h"

struct seal_history;

#define PAPER_NAME_BYTES 40

/* Of one stream: its chain, and its segments that hold records of the window. */
struct paper_stream {
	char name[PAPER_NAME_BYTES], problem[200]; /* why its chain could not be read whole; "" */
	char origin[256];
	uint64_t entries;
	unsigned char head[32]; /* hash of the last entry */
	int64_t genesis_us, head_us, sealed_us; /* 0: none */
	bool escrow, has_ratchet;
	struct seal_raw raw;
	uint64_t segments, records, bytes, unbalanced, unlocked, untagged; /* of the window */
	bool pruned; /* something was, ever */
	uint64_t pruned_segments, pruned_records, erased, replaced; /* of these */
	struct stats_counts counts; /* times: of the records */
	int64_t kept_us; /* the oldest record of the stream that is there; INT64_MAX: none */
	uint64_t holds; /* in force */
	char rule[80]; /* of retention; "" if the chain could not be read */
	uint64_t due_segments, due_records, held_segments; /* over the term for more than a day */
	uint64_t due_lines; /* segments whose sealed lines are over their own */
	int64_t next_us; /* when the next one is; INT64_MAX: none */
	struct seal_history *history; /* while it is filled, of those that have holds */
};

/* What an entry says was done.  Texts are never NULL. */
struct paper_act {
	int64_t at_us, until_us; /* until: INT64_MAX for none */
	uint64_t entry, records, segments;
	const char *stream, *kind, *what, *why, *ref, *by;
};
struct paper_acts {
	struct paper_act *rows; /* the newest, newest first */
	size_t count, room;
	uint64_t total;
};

enum paper_key_state { PAPER_KEY_LIVE, PAPER_KEY_HELD, PAPER_KEY_OVERDUE, PAPER_KEY_DESTROYED };
extern const char *const paper_key_states[4];
struct paper_key {
	char name[PAPER_NAME_BYTES]; /* 2026-W47, import 0123456789abcdef */
	bool is_import, held;
	enum paper_key_state state;
	int64_t first_us, last_us; /* when segments that it masked were sealed; 0: none */
	int64_t end_us; /* of the epoch; of an import: last_us */
	int64_t grace_us, destroyed_us; /* 0: not */
};
struct paper_keys {
	struct paper_key *rows; /* by name, each once, once app_paper_fold_keys was called */
	size_t count, room;
	uint64_t live, held_back, overdue, destroyed;
};

struct paper_policy {
	char hash[65], streams[200];
	uint64_t segments;
	int64_t first_us, last_us;
	struct mask_policy *known; /* NULL: only its hash is */
	char from[PAPER_NAME_BYTES + 32]; /* where it is known from */
};

struct paper_check { /* entries of type report, by kind */
	char kind[PAPER_NAME_BYTES];
	uint64_t count, bad, last_result;
	int64_t last_us;
};

struct paper_role {
	char role[PAPER_NAME_BYTES], tier[16];
	uint64_t requests, refused, rows, operators;
	int64_t first_us, last_us;
};

#endif
