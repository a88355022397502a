/*
 * store: the chain of a stream, appended to through pending and read back.
 *
 * docs/format.md 6, 7, 10.  The order of durable steps there is this unit.
 */
#ifndef CRETULA_STORE_CHAIN_H
#define CRETULA_STORE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "seal/entry.h"

struct err;
struct seal_ratchet;

/* ---- reading ---- */

/* chain.jsonl, whole, and where its lines are.  Not verified. */
struct store_chain {
	struct buf bytes;
	struct span *lines; /* without LF */
	size_t count;
	bool torn;          /* bytes behind the last LF */
};
/* dirfd: the stream's directory.  ERR_INPUT if there is no chain. */
int store_chain_read(int dirfd, struct store_chain *chain, struct err *e);
void store_chain_free(struct store_chain *chain);

/* ---- writing ---- */

struct store_writer; /* one chain, locked, repaired, keys at hand */

struct store_identity {
	const char *name;         /* stream name */
	const char *store_id;     /* 16 hex digits */
	const char *policy_hash;  /* 64 hex digits, for genesis */
	const struct seal_names *names;
};

/* What is not said of most chains. */
struct store_special {
	bool create;
	/* Of a genesis that is to be written: */
	const unsigned char *recovery;     /* the public recovery key; NULL: none */
	const struct seal_ratchet *escrow; /* the ratchet whose key is given out; NULL: none */
	/* Of a chain that is there: lost keys are no failure; see store_writer_lost. */
	bool takeover;
};

/*
 * Open (or, with create, begin: keys, genesis) the chain in dirfd with its
 * keys in keys_fd.  ERR_BUSY if another process holds it; repairs what a
 * crash left; ERR_FINDING if an entry without note is not the pending one.
 */
int store_writer_open(int dirfd, int keys_fd, const struct store_identity *id, bool create,
    struct store_writer **w, struct err *e);
int store_writer_open_special(int dirfd, int keys_fd, const struct store_identity *id,
    const struct store_special *special, struct store_writer **w, struct err *e);
void store_writer_close(struct store_writer *w);

/*
 * Append entry: index, prev, t (never back), and, where rotate, epoch and
 * next are filled in here.  All steps of docs/format.md 10 but (2), which is
 * the caller's.  0, or -1: nothing of it stays, except when a step failed
 * behind the line's write: then it may be in the chain, the writer refuses
 * further work, and the next open completes or cuts it.
 */
int store_writer_append(struct store_writer *w, struct seal_entry *entry, bool rotate,
    struct err *e);

/*
 * Is there room for a segment more, and for what is to be said behind it?
 * ERR_CONFIG: a reader takes no longer chain (docs/format.md 6).
 */
int store_writer_room(const struct store_writer *w, struct err *e);

/* Did a step fail behind a line's write? */
bool store_writer_broken(const struct store_writer *w);

/*
 * Which keys are not there, or are not those of the chain?  Only ever with
 * takeover; nothing can be appended then but what store/keys.h brings.
 */
#define STORE_LOST_LOG 1u
#define STORE_LOST_EPOCH 2u
unsigned store_writer_lost(const struct store_writer *w);

/* For the entry that comes next. */
uint64_t store_writer_count(const struct store_writer *w);
const struct store_chain *store_writer_chain(const struct store_writer *w);
/* The log vkey in force, that of genesis, and the hash of line 0. */
void store_writer_vkey(const struct store_writer *w, struct buf *out);
int store_writer_first_vkey(const struct store_writer *w, struct buf *out, struct err *e);
void store_writer_genesis(const struct store_writer *w, unsigned char hash[static 32]);

#endif
