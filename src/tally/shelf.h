/* tally, inside: the memory of a book. */
#ifndef CRETULA_TALLY_SHELF_H
#define CRETULA_TALLY_SHELF_H

#include "base/arena.h"
#include "crypto/stream/cover.h"
#include "stats/distinct.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/own/late.h"
#include "tally/pack/pack.h"
#include "tally/rows.h"
#include "tally/table.h"

#define TALLY_CELLS 32768u
#define TALLY_CELL_SLOTS 65536u
#define TALLY_GROUPS 4096u
#define TALLY_GROUP_SLOTS 8192u
#define TALLY_CELL_TEXTS ((size_t)2 << 20)
#define TALLY_TOTALS 8192u
#define TALLY_TOTAL_SLOTS 16384u
#define TALLY_SKETCHES 16u
#define TALLY_EPOCHS 64u
#define TALLY_ORIGIN_BYTES 16

/* Cells that share the places of a dimension: of a period, apart or not. */
struct tally_group {
	int64_t index;
	uint8_t period, dim, apart;
	bool changed; /* since it was written */
	bool seen; /* a set of its cells is not empty */
	int32_t epoch_index; /* of the key that its sets are of */
	uint32_t kept; /* cells with a place of their own, on disk or not */
	uint32_t other; /* number of the cell "other" plus one; 0: not made */
	uint32_t first, last; /* of its cells in the order in which they came, likewise */
};

/* What each entry of a batch changes; who was seen is beside it, in sets of the book. */
struct tally_kept {
	uint64_t hash; /* of the key */
	uint64_t requests, bots, bytes; /* since the last write; of what goes: negative */
	uint32_t group, next; /* the next one of the group, number plus one */
	uint32_t text;
	/* Of an hour's and a day's: numbers plus one of those of the key by day, week, month. */
	uint32_t up[TALLY_PERIOD_COUNT - TALLY_DAY];
	uint16_t len;
	bool other;
	bool many; /* its set says only that there are more than it can name */
	bool met; /* in the file, while it is written */
};
_Static_assert(sizeof(struct tally_kept) == 64, "a line of the cache");

struct tally_total_row {
	int64_t index;
	uint8_t period, apart;
	struct tally_sums sums;
};

struct tally_sketch {
	bool used;
	uint8_t period;
	int64_t index, epoch_index;
	uint64_t last; /* when it was used */
	struct stats_sketch sketch;
};

/*
 * A key that subjects are counted by.  What tells them apart is covered by a
 * key of its own: SQLite leaves copies of what it moves, and once cover is
 * overwritten none of them says anything.
 */
struct tally_epoch {
	bool used;
	uint8_t period;
	int64_t index, row;
	unsigned char cover[CRYPTO_COVER_KEY];
};

/* The groups of the hour that an entry was last of, and of what lies around it. */
struct tally_recent {
	bool used;
	int32_t hour;
	uint32_t group[TALLY_PERIOD_COUNT]; /* number plus one; 0: not looked for */
};

/* What one row of the file is made in. */
struct tally_bytes {
	struct buf pack; /* as it was read */
	struct buf next, values; /* as it will be */
	struct buf runs; /* of all keys */
	struct buf before, now; /* of one of them, in clear: as it was read, as it will be */
};

struct tally_book {
	sqlite3 *db;
	sqlite3_stmt *st[TALLY_ST_COUNT];
	bool writing; /* a transaction is open */
	int64_t stream;
	char *name; /* of the stream */
	uint64_t segment, records; /* as the last commit said */
	unsigned char origin[TALLY_ORIGIN_BYTES];
	int origin_len;
	uint64_t seed[2];
	struct arena memory;
	uint32_t cell_count, group_count, total_count;
	bool large; /* much of the memory was touched since it was given back */
	size_t text_len;
	uint32_t *slots, *group_slots, *total_slots; /* number plus one */
	struct tally_recent recent[TALLY_DIM_COUNT][2]; /* apart or not; of groups in memory */
	struct tally_kept *cells;
	struct stats_set *sets; /* of each cell */
	uint32_t *order; /* of the groups, when they are written */
	struct tally_bytes bytes;
	struct tally_group *groups;
	struct tally_total_row *totals;
	char *texts;
	struct tally_sketch *sketches;
	uint64_t clock; /* of their use */
	unsigned last_sketch[TALLY_PERIOD_COUNT]; /* that was found */
	bool indexed;
	int32_t indexed_hour; /* whose periods are in index_of */
	int64_t index_of[TALLY_PERIOD_COUNT];
	unsigned char nonce[CRYPTO_COVER_NONCE]; /* random, and a count in the last 8 bytes */
	struct tally_epoch epochs[TALLY_EPOCHS];
	struct tally_late late;
	struct tally_batch *batch; /* of lines */
	struct record_decoder decoder;
};

/* Which key a cell of a period counts subjects by; hours by that of the day. */
static inline enum key_period
tally_key_of(int period)
{
	return (period <= TALLY_DAY ? KEY_DAY : period == TALLY_WEEK ? KEY_WEEK : KEY_MONTH);
}

/* ---- shelf.c: the memory ---- */

/* Write all that changed; the memory is empty then. */
int tally_shelf_write(struct tally_book *book, struct err *e);
void tally_shelf_clear(struct tally_book *book);
/* Pages that it does not need any more, once it is empty: at commits, not whenever it was full. */
void tally_shelf_give_back(struct tally_book *book);
int tally_shelf_total(struct tally_book *book, const struct tally_minute *m, struct err *e);
int tally_shelf_who(struct tally_book *book, const struct tally_who *who, struct err *e);

#endif
