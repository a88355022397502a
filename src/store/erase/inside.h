/* store, inside: what the units of erase/ share. */
#ifndef CRETULA_STORE_ERASE_INSIDE_H
#define CRETULA_STORE_ERASE_INSIDE_H

#include <pthread.h>

#include "record/record.h"
#include "seal/puncture.h"
#include "store/erase/erase.h"
#include "store/inside.h"

struct store_eraser {
	struct store_stream *stream;
	struct seal_history *history;
	bool stale; /* an entry is in the chain that the history does not have */
	bool left; /* files of what is gone could not be overwritten */
	pthread_mutex_t *lock; /* of a chain that others append to meanwhile; NULL: none do */
	struct seal_entry entry; /* scratch, and the segment's while work is on */
	struct record_decoder decoder;
	struct record record;
};

/* ref, by, rule: what an entry takes without escapes.  May be empty. */
bool store_erase_is_plain(struct span text);

/*
 * Any text, as an entry takes it, to out: *text is what stands between the
 * quotes.  ERR_USAGE: none, or too long.
 */
int store_erase_escape(struct span reason, struct buf *out, struct span *text, struct err *e);

/*
 * The entry that was appended last joins the history.  The eraser is of no
 * use without it, so say stale as soon as the entry may be there.
 */
int store_erase_took(struct store_eraser *x, struct err *e);

/* One erasure on its way. */
struct erase_work {
	struct store_stream *stream;
	const struct store_erase_order *order;
	const struct seal_past *past;
	const struct seal_segment *facts; /* of the segment */
	struct seal_cover before, after; /* salts of the revision at hand, and of the next */
	struct seal_item items[SEAL_ERASED_MAX];
	uint64_t file_size; /* of the next revision */
	uint32_t damaged[SEAL_ERASED_MAX]; /* that go, and were not what was sealed last */
	size_t damaged_count;
	struct store_rewritten made; /* of the next revision: hash and counts */
};

/*
 * Write the next revision's .jsonl.zst, synced, under its .tmp name; fills
 * items, file_size, damaged and made.  What is read must be the sealed segment, but
 * for what was replaced before and goes now.
 */
int store_erase_rewrite(struct erase_work *work, struct err *e);

/* The entry of kind STORE_ERASE_DAMAGED, if any of it was: in front of the redact. */
int store_erase_damaged(struct store_eraser *x, const struct erase_work *work, struct err *e);

/*
 * Overwrite and remove the files of a revision, the salts first.  Missing
 * files are fine.
 */
int store_erase_shred(int dirfd, uint64_t seg, uint64_t revision, struct err *e);

/*
 * After a crash: files of revisions that the chain does not know are removed,
 * older ones than the newest that it knows overwritten, and those of pruned
 * segments removed, their salts overwritten first.
 */
int store_erase_repair(const struct store_stream *st, struct err *e);

/* The same in two steps: what the chain says; then, without it, the files. */
struct store_erase_known {
	struct buf list; /* of revisions */
	struct buf pruned; /* struct seal_range */
};
int store_erase_know(const struct store_stream *st, struct store_erase_known *known, struct err *e);
int store_erase_settle(
    const struct store_stream *st, struct store_erase_known *known, struct err *e);
void store_erase_forget(struct store_erase_known *known);

/* store_prune up to its entry, which is signed; files stay, and x is of no use any more. */
int store_prune_sign(struct store_eraser *x, const struct store_prune_order *order, struct err *e);

#endif
