/*
 * tally, inside: all that is counted of one dimension in one period, as bytes: a
 * row of the table cells (docs/format.md 23).
 *
 * Values stand in the order in which they came.  Each has its sums, and with how many subjects
 * it was seen, by the key (epoch) that tells these apart.  Who they were stands behind all values:
 * for each key one run of hashes, covered, in the order of the values.  So a value
 * that goes leaves a hole as long as hashes of it are there.
 */
#ifndef CRETULA_TALLY_PACK_H
#define CRETULA_TALLY_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "tally/tally.h"

struct err;

#define TALLY_PACK_EPOCHS 32 /* in one pack, at most */
#define TALLY_PACK_VALUES 4096u /* likewise; more than any dimension keeps */
#define TALLY_HASH_BYTES 5 /* of each hash: two of a set are equal once in 2^40 */

struct tally_packed_count {
	uint64_t requests; /* 0: nothing is counted */
	uint64_t bots, bytes;
};
struct tally_packed_seen {
	uint8_t epoch; /* in the list of the pack */
	uint8_t subjects; /* up to TALLY_SUBJECTS_MANY; 0: not known */
	uint8_t hashes; /* of so many of them it is told who they were */
	uint32_t at; /* number of the first hash in its run; told where it is read */
};
struct tally_packed {
	struct span key; /* lives as long as the pack */
	bool other; /* what has no place of its own; its key is empty */
	bool hole; /* nothing but hashes of what went */
	bool end; /* tally_repack: behind the last one */
	bool gone; /* it is not to be written */
	struct tally_packed_count count[2]; /* of records; what was kept apart */
	unsigned seen_count;
	struct tally_packed_seen seen[TALLY_PACK_EPOCHS]; /* an epoch once at most */
};

/* Nothing is counted of what goes, or is counted again. */
static inline bool
tally_packed_counts(const struct tally_packed *v)
{
	return (v->count[0].requests + v->count[1].requests > 0);
}
/* The most that it was seen with under one key is what is certain; 0: not known. */
unsigned tally_packed_subjects(const struct tally_packed *v);

/* ---- reading ---- */

struct tally_unpack {
	struct span left;
	unsigned epoch_count;
	int64_t epoch[TALLY_PACK_EPOCHS]; /* rows of the table epoch; 0: of keys that are gone */
	uint32_t hashes[TALLY_PACK_EPOCHS]; /* met so far */
	uint32_t values; /* likewise */
};

/* 0, or -1 with e (ERR_FINDING): that is no pack. */
int tally_unpack_open(struct tally_unpack *u, struct span pack, struct err *e);
/* 1: the next value; 0: there are no more, and left is the runs; -1 with e. */
int tally_unpack_next(struct tally_unpack *u, struct tally_packed *v, struct err *e);
/* All values but holes: each says 0 to go on, or -1 with e.  0 or -1. */
typedef int (*tally_value_each)(void *arg, const struct tally_packed *v, struct err *e);
int tally_unpack_each(struct span pack, tally_value_each each, void *arg, struct err *e);
/* The run of an epoch, behind the last value: covered bytes, or none. */
struct span tally_unpack_run(const struct tally_unpack *u, unsigned epoch);

/* ---- writing ---- */

/*
 * Values in front of tally_pack_end, which puts all together; runs: one behind the other.  Of one
 * that is gone a hole is left at most.  True: it stands there.
 */
bool tally_pack_value(struct buf *values, const struct tally_packed *v);
void tally_pack_end(struct buf *out, const int64_t *epochs, unsigned epoch_count,
    const struct buf *values, const struct buf *runs);

/*
 * The same pack with other values: edit changes each, but not how many hashes it has, or lets it
 * go: then a hole is left at most, of which it is not told again.  Behind the last one it may
 * make one more without hashes (end; gone unless it says otherwise).  out is empty if no value
 * is left.  0, or -1 with e.
 */
typedef void (*tally_edit)(void *arg, struct tally_packed *v);
int tally_repack(struct span pack, tally_edit edit, void *arg, struct buf *out, struct err *e);

#endif
