/* store, inside: what the units of live/ share. */
#ifndef CRETULA_STORE_LIVE_INSIDE_H
#define CRETULA_STORE_LIVE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/leaf.h"
#include "seal/ratchet.h"
#include "seal/tree.h"
#include "store/inside.h"
#include "store/live.h"
#include "store/live/lines.h"
#include "store/periods.h"

#define LIVE_RUN_LINES 8192
#define LIVE_RUN_BYTES ((size_t)2 << 20)
#define LIVE_ORIGIN_BYTES 80

/* Memory in which a run of lines becomes leaves; one per thread. */
struct live_hash {
	uint32_t ends[LIVE_RUN_LINES];
	unsigned char salts[LIVE_RUN_LINES][16];
	unsigned char leaves[LIVE_RUN_LINES][32];
	unsigned char memory[SEAL_SALTS_MEMORY(LIVE_RUN_LINES)];
};

/* A segment in open/. */
struct live_open {
	uint64_t number;
	int data_fd, tags_fd;
	unsigned char seed[16];
	char policy[65];
	struct buf epochs; /* of the head */
	struct seal_tree tree;
	struct seal_state state; /* off, untagged, counts: as of the last flush */
	uint64_t n, g0, g;
	uint64_t tags_bytes, room; /* of the lines that are committed; what .data has blocks for */
	bool flushed, lost; /* lost: its ratchet went with the process that made the flushes */
	unsigned char root[32], before[32], agg[32]; /* A before its first flush, behind its last */
	bool has_live;
	unsigned char boot[16];
	uint64_t from_ms, to_ms;
	/* what the caller says at the cut */
	struct buf said, words;
	bool unlocked;
	char period[STORE_PERIOD_BYTES]; /* which ends with it; "" */
};

/* The open segment as of its last commit, for a flush that finds no space. */
struct live_mark {
	struct seal_tree tree;
	struct seal_state state;
	uint64_t n, g;
	unsigned char root[32];
	struct seal_ratchet *ratchet; /* guarded memory */
	bool made;
};

struct store_live {
	struct store_stream *stream;
	struct seal_names names;
	int keys_fd, open_fd;
	char origin[LIVE_ORIGIN_BYTES];
	struct seal_ratchet *ratchet; /* guarded memory */
	bool ram, replays; /* the ratchet is nowhere else; the source can be read again */
	struct live_hash *hash;
	struct buf line; /* of a tag; room for any */
	struct buf words; /* the vocabulary, until it is asked for */
	struct live_open *at; /* takes flushes */
	struct live_mark mark;
	bool broken, reserved, full; /* full: the last failure was for lack of space */
	/* sealing */
	pthread_mutex_t lock; /* of the chain, and of what follows */
	pthread_t sealer;
	bool sealing, seal_failed, left; /* left: files of what is gone are there yet */
	atomic_bool seal_done; /* looked at each turn, by who must not wait for a prune */
	struct live_open *older;
	struct err seal_error;
	int seal_errnum;
	uint64_t sealed;
	struct store_chain_seen seen;
};

/* ---- open.c: the files of a segment ---- */

void store_open_path(char out[static STORE_PATH_BYTES], uint64_t number, const char *suffix);
/* New and empty, durable.  0, or -1 with e. */
int store_open_begin(
    struct store_live *l, uint64_t number, const struct store_live_next *next, struct err *e);
/* Opened again: files, seed, head; no counts. */
int store_open_reopen(struct store_live *l, uint64_t number, struct live_open **o, struct err *e);
/* Remove what is left of number; missing files are fine. */
int store_open_remove(struct store_live *l, uint64_t number, struct err *e);
void store_open_reset(struct live_open *o); /* as if no flush of it was met */
void store_open_free(struct live_open *o); /* NULL is legal */
int store_open_memory(struct store_live *l, struct err *e);
int store_open_dirs(struct store_live *l, struct err *e);

/* ---- flush.c ---- */

/* Leaves of lines (whole, at most LIVE_RUN_LINES) whose first is record first; in h. */
void store_open_leaves(struct live_hash *h, const unsigned char seed[static 16], uint64_t first,
    const char *lines, size_t count);
/*
 * Tag, sync and sector for what tree, n and state of l->at say.  If the tag
 * cannot be written, the data is cut back to before bytes; with a mark made
 * before the change and no more than a full disk, all is as it was then.
 */
int store_open_commit(struct store_live *l, uint64_t before, struct err *e);
void store_open_mark(struct store_live *l);

/* ---- reserve.c ---- */

bool store_is_full(int errnum);
/* By errno: for lack of space?  And is the chain good? */
void store_open_failed(struct store_live *l);
/* Set space aside; without any left there is just no reserve. */
void store_open_reserve(struct store_live *l);
/* Blocks for .data up to end, and some more.  -1 with e: there is no space for it. */
int store_open_room(struct live_open *o, uint64_t end, struct err *e);

/* ---- seal.c ---- */

/* From open/ to seg/ and into the chain.  Not under the lock. */
int store_open_seal(struct store_live *l, struct live_open *o, struct err *e);
/* Wait for the sealing thread. */
int store_open_join(struct store_live *l, struct err *e);

/* ---- recover.c ---- */

/* settle, and the entry start. */
int store_open_recover(struct store_live *l, const struct store_live_options *how,
    struct store_live_found *found, struct err *e);

/* ---- entries.c ---- */

void store_boot_id(unsigned char boot[static 16], bool *have);
uint64_t store_boot_ms(void);
int store_open_append(struct store_live *l, struct seal_entry *entry, struct err *e);
/* Where the ratchet should stand: the next flush by the chain.  0 announced, 1 never, -1. */
int store_open_expected(struct store_live *l, uint64_t *g, struct err *e);
int store_open_start(
    struct store_live *l, const struct store_live_options *how, bool fresh, struct err *e);
/* Is the newest entry an alarm already? */
bool store_open_alarmed(struct store_live *l);

#endif
