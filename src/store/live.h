/*
 * store: a stream that is written live; docs/format.md 12.
 *
 * Records go to an open segment as plain lines.  A flush commits data, tag
 * and ratchet; a cut opens the next segment at once and seals the one before
 * in a thread of its own.  What a crash left is sealed at the next open.
 *
 * One thread calls; the sealing thread is inside.  After a failure that
 * leaves the disk behind (store_live_broken) only close is left: the next
 * open goes on at the last commit.
 */
#ifndef CRETULA_STORE_LIVE_H
#define CRETULA_STORE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "seal/entry.h"
#include "store/words.h"

struct err;
struct store;
struct store_live;

/* Of the records of the segment that opens. */
struct store_live_next {
	const char *policy; /* 64 hex digits */
	/*
	 * JSON of docs/format.md 6 that names every epoch that a record of it
	 * may be of: kept beside the keys until the seal, for after a crash.
	 */
	struct span epochs;
};

/* Of the records of the segment that is cut. */
struct store_live_facts {
	struct span epochs; /* JSON: what was really used; empty: as of next */
	struct span words; /* the vocabulary, which becomes STORE/words/NAME (store/words.h) */
	bool unlocked;
	const char *period; /* which ends with it (store/periods.h); NULL: none */
};

struct store_live_options {
	struct store *store;
	const char *name;
	const char *mode; /* word of the start entry: "pipe" */
	const struct seal_names *names;
	struct store_live_next next;
	/*
	 * 32 bytes, a public key (crypto/sealed.h): the ratchet is kept in memory
	 * only, and its first key is sealed to that one.  NULL: in its sector.
	 */
	const unsigned char *escrow;
	bool unlocked;
	bool replays; /* what is behind the last commit comes again: it is dropped */
};

/* What was found at the open. */
struct store_live_found {
	bool crashed; /* something was open */
	uint64_t kept, untagged; /* records: committed, and of these behind the last commit */
	uint64_t lost; /* torn lines that were dropped */
	bool ratchet_lost; /* it was in memory: nobody can tell what is missing at the end */
	bool full; /* the open failed for lack of space */
	struct store_words_found words;
};

/*
 * Open the stream (made if new), seal what a crash left, write the entries recover and
 * start, and open a segment.  ERR_BUSY if another process has the stream.  ERR_CONFIG if the
 * open files or the ratchet are not what a crash can leave: that is written to the chain
 * (recover with alarm), once, and nothing else is touched.
 */
int store_live_open(const struct store_live_options *how, struct store_live **l,
    struct store_live_found *found, struct err *e);

/* One flush: whole lines, ends as in seal_leaves. */
struct store_live_run {
	const char *lines;
	const uint32_t *ends;
	size_t count;
	const struct stats_counts *counts; /* of these */
	const struct seal_source *source; /* which they go up to; NULL: it cannot be read again */
	bool next_source; /* another one than that of the run before */
};

/* Does run fit the open segment?  If not, cut first. */
bool store_live_fits(const struct store_live *l, uint64_t records, uint64_t bytes);

/*
 * Commit run, which may be empty (a heartbeat).  Calls no allocator.  0: it
 * is durable.  -1: what was committed before stays so; broken, unless full.
 */
int store_live_flush(struct store_live *l, const struct store_live_run *run, struct err *e);

/*
 * The next segment opens; the one before is sealed in the background, even
 * if it is empty.  Waits while the one before that is still being sealed.
 */
int store_live_cut(struct store_live *l, const struct store_live_facts *done,
    const struct store_live_next *next, struct err *e);

/* Append an entry of another type that names no key (destroy, clock, config). */
int store_live_append(struct store_live *l, struct seal_entry *entry, struct err *e);

/* Where lines lie unmasked before they come, if the chain said another.  1: it named files. */
int store_live_raw_at_rest(
    struct store_live *l, const char *policy, const char *where, struct err *e);
int store_live_raw_since(struct store_live *l, int64_t *t_us, struct err *e); /* 0: never */

/* Has sealing in the background failed?  Then -1 and e.  Waits for nobody who prunes or erases. */
int store_live_check(struct store_live *l, struct err *e);
bool store_live_broken(const struct store_live *l);

/*
 * Did the last call fail for lack of space?  What it wrote is taken back.  Not
 * broken: with the reserve used, a stop can seal what is open.  Else the next
 * open does, once there is space.
 */
bool store_live_full(const struct store_live *l);
void store_live_use_reserve(struct store_live *l); /* 1 MiB becomes free */

/* Seal what is open, unless nothing was flushed, and write the entry stop. */
int store_live_stop(
    struct store_live *l, const struct store_live_facts *done, const char *reason, struct err *e);

int store_live_words(struct store_live *l, struct buf *text, struct err *e); /* as of the open */

/* Close; without a stop before, as a crash would. NULL is legal. */
void store_live_close(struct store_live *l);

/* As store_stream_cursors, of what is sealed. */
struct store_cursor;
int store_live_cursors(struct store_live *l, const unsigned char fingerprint_key[static 32],
    struct span head, struct store_cursor **list, size_t *count, struct err *e);

struct store_chain_seen {
	uint64_t entries, segments;
	int64_t sealed_us; /* t of the newest segment; 0: there is none */
};
/* false, and nothing is seen: an entry is being written just now. */
bool store_live_chain(struct store_live *l, struct store_chain_seen *seen);
uint64_t store_live_segment(const struct store_live *l); /* number of the open one */
uint64_t store_live_records(const struct store_live *l); /* of the open segment */
uint64_t store_live_bytes(const struct store_live *l);
uint64_t store_live_segments(struct store_live *l); /* sealed by this process */
uint64_t store_live_sealed(struct store_live *l); /* records of the stream, by anybody */

#endif
