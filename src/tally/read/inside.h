/*
 * tally, inside: what reading stats.db shares.  Private to tally/.
 *
 * Sums and uniques SQLite adds up (query.c).  Cells are read in the order in which they
 * stand, and joined here: sorting and joining tens of thousands of them is what
 * SQLite takes the longest for (docs/performance.md).
 */
#ifndef CRETULA_TALLY_READ_INSIDE_H
#define CRETULA_TALLY_READ_INSIDE_H

#include "tally/db.h"
#include "tally/query.h"

enum tally_query {
	TALLY_QUERY_REACH,
	TALLY_QUERY_ENDS,
	TALLY_QUERY_ENDS_SHOWN,
	TALLY_QUERY_TOTALS,
	TALLY_QUERY_SUM,
	TALLY_QUERY_LATENCY,
	TALLY_QUERY_UNIQUES,
	TALLY_QUERY_RELEASED_UNIQUES,
	TALLY_QUERY_CELLS,
	TALLY_QUERY_SEEN,
	TALLY_QUERY_RELEASED,
	TALLY_QUERY_FROZEN,
	TALLY_QUERY_BEGIN,
	TALLY_QUERY_END,
	TALLY_QUERY_COUNT
};

struct tally_reader {
	sqlite3 *db;
	sqlite3_stmt *st[TALLY_QUERY_COUNT];
	bool held; /* by who asks for several things */
};

/* A run of periods by their numbers, half open. */
struct tally_part {
	enum tally_period period;
	int64_t from, to;
};
#define TALLY_PARTS_MAX 7

/* The periods that w is: those whose start is in it. */
struct tally_part tally_part_of(const struct tally_window *w);
/*
 * Of minutes to months, as long as they may be: what is at the ends of the window in short ones,
 * the rest in longer ones, so that a year is not read hour by hour.  Returns how many.
 */
int tally_parts_of(const struct tally_window *w, struct tally_part parts[static TALLY_PARTS_MAX]);

/* q, prepared and reset, with stream as ?1; NULL with e. */
sqlite3_stmt *tally_query(
    struct tally_reader *r, enum tally_query q, const char *stream, struct err *e);
/* Likewise; ?2 to ?4: the periods of part, and dim as ?5 unless it is -1. */
sqlite3_stmt *tally_query_part(struct tally_reader *r, enum tally_query q,
    const struct tally_window *w, const struct tally_part *part, int dim, struct err *e);

/* ---- cells in memory ---- */

struct tally_rows {
	struct tally_cell *list;
	size_t count, room;
	uint32_t *index; /* of list by their keys, one more than their number; 0: none */
	size_t index_size; /* a power of two; 0: they are not looked for */
	uint64_t seed;
	struct tally_texts *texts; /* their keys */
};

void tally_rows_free(struct tally_rows *rows);
/* Without a row, but with the memory. */
void tally_rows_clear(struct tally_rows *rows);
/* One more, whose key is copied.  0 or -1. */
int tally_rows_put(struct tally_rows *rows, const struct tally_cell *cell, struct err *e);
/* Likewise, or what it counts is added to the one of its key. */
int tally_rows_add(struct tally_rows *rows, const struct tally_cell *cell, struct err *e);
/* That of a key, of rows that were added; NULL: there is none. */
struct tally_cell *tally_rows_find(const struct tally_rows *rows, bool other, struct span key);
/* By key, "other" last; equal ones become one.  0, or -1: a sum is too large. */
int tally_rows_join(struct tally_rows *rows, struct err *e);
/* Most requests first, then by key; "other" last. */
void tally_rows_sort(struct tally_rows *rows);
/* As memcmp, "other" behind all. */
int tally_rows_order(const struct tally_cell *a, const struct tally_cell *b);

#endif
