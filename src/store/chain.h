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
struct store_window; /* where lines are read into */

/* ---- reading ---- */

/*
 * The lines of chain.jsonl, most of which stay in the file: those that name
 * keys, streams and files (seal_entry_kept) are in memory, the others are read
 * again when they are asked for, and have to be what they were: whoever
 * writes to the store meanwhile shows no other entry than the one whose note
 * was checked.  Not verified here.
 */
struct store_line {
	uint32_t start;
	unsigned char hash[16]; /* of its leaf, the first half */
};
struct store_chain {
	bool open;
	int fd;
	struct store_line *items; /* and one more, whose start is where the last one ends */
	size_t count, size;
	uint64_t bytes; /* of the file, with a torn line */
	bool torn; /* bytes behind the last LF */
	struct store_kept *kept;
	size_t kept_count, kept_size;
	char *next; /* a copy of the line that comes, if it is to be kept */
	struct store_window *window;
};
/*
 * dirfd: the stream's directory.  ERR_INPUT if there is no chain, ERR_FINDING
 * and EFBIG if it is longer than the format allows; chain is empty then.
 */
int store_chain_read(int dirfd, struct store_chain *chain, struct err *e);
/* The same of a file that is open, and belongs to chain in any case. */
int store_chain_find(int fd, struct store_chain *chain, struct err *e);
void store_chain_free(struct store_chain *chain);

/*
 * Line i without LF: until the next call, of one that is kept until the chain
 * is freed.  Empty if it is not what it was.
 */
struct span store_chain_line(const struct store_chain *chain, size_t i);

/*
 * The same in a window of the caller's, one for each thread.  false: it is not
 * what it was.  A window that was used for another chain is to be cleared.
 */
bool store_chain_line_in(const struct store_chain *chain, struct store_window *window, size_t i,
    struct span *line);
struct store_window *store_window_open(void); /* NULL: out of memory */
void store_window_clear(struct store_window *window);
void store_window_close(struct store_window *window);

/* Are both of the same lines, by their hashes, and none is torn? */
bool store_chain_same(const struct store_chain *one, const struct store_chain *other);

/* For who writes: room for line, so that nothing can fail once it is in the file; then it is. */
int store_chain_reserve(struct store_chain *chain, struct span line);
void store_chain_add(struct store_chain *chain, struct span line);
/* The file ends behind so many lines now. */
void store_chain_cut(struct store_chain *chain, size_t count);

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
int store_writer_open(int dirfd, int keys_fd, const struct store_identity *id,
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
