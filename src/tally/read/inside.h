/*
 * tally, inside: what reading stats.db shares.  Private to tally/.
 *
 * Sums SQLite adds up (query.c).  What stands in packs is read pack by pack, one a
 * period, and added up here.
 */
#ifndef CRETULA_TALLY_READ_INSIDE_H
#define CRETULA_TALLY_READ_INSIDE_H

#include "tally/db.h"
#include "tally/pack/pack.h"
#include "tally/query.h"

enum tally_query {
	TALLY_QUERY_REACH,
	TALLY_QUERY_SHOWN,
	TALLY_QUERY_ENDS,
	TALLY_QUERY_ENDS_RELEASED,
	TALLY_QUERY_FIRST_DAYS,
	TALLY_QUERY_LAST_DAYS,
	TALLY_QUERY_TOTALS,
	TALLY_QUERY_SUM,
	TALLY_QUERY_UNIQUES,
	TALLY_QUERY_RELEASED_UNIQUES,
	TALLY_QUERY_PACKS,
	TALLY_QUERY_RELEASED_PACKS,
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

/* What is asked between them is of one state of the file, whoever writes.  0 or -1. */
int tally_begin(struct tally_reader *r, struct err *e);
int tally_end(struct tally_reader *r, int rc, struct err *e); /* rc, or -1 */

/* ---- rows that come by their periods: number in front ---- */

struct tally_cursor {
	sqlite3 *db;
	sqlite3_stmt *st;
	bool row; /* it stands on one */
	int64_t idx; /* whose period this is */
};

/* st NULL: as tally_query left it, a failure.  0 or -1. */
int tally_cursor_start(struct tally_cursor *c, sqlite3 *db, sqlite3_stmt *st, struct err *e);
int tally_cursor_next(struct tally_cursor *c, struct err *e);
void tally_cursor_stop(struct tally_cursor *c); /* also of one that was not started */

/*
 * Each value of the dimension in the periods that add up to the window, none in minutes: these
 * have totals only.  0 or -1.
 */
int tally_each_value(struct tally_reader *r, const struct tally_window *w, enum tally_dim dim,
    tally_value_each each, void *arg, struct err *e);

/* Of tally_ends, k above 0: days by their numbers.  1; 0: there is none; -1. */
int tally_ends_shown(struct tally_reader *r, const char *stream, unsigned k, int64_t until_us,
    int64_t ends[static 2], struct err *e);

/* SQLite's sums fail where they do not fit, too. */
int tally_add(uint64_t *to, uint64_t n, struct err *e);

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
/* One more, whose key is theirs or lives as long.  0 or -1. */
int tally_rows_put(struct tally_rows *rows, const struct tally_cell *cell, struct err *e);
/* A key that is theirs. */
int tally_rows_copy(struct tally_rows *rows, struct span key, struct span *copy, struct err *e);
/* One more, whose key is copied, or what it counts is added to the one of its key. */
int tally_rows_add(struct tally_rows *rows, const struct tally_cell *cell, struct err *e);
/* Most requests first, then by key; "other" last. */
void tally_rows_sort(struct tally_rows *rows);

#endif
