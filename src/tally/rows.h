/* tally, inside: what goes to the file, all within a transaction. */
#ifndef CRETULA_TALLY_ROWS_H
#define CRETULA_TALLY_ROWS_H

#include <stdint.h>

#include <sqlite3.h>

#include "crypto/stream/cover.h"
#include "stats/distinct.h"

struct err;
struct tally_book;
struct tally_kept;
struct tally_sketch;
struct tally_total_row;

enum tally_statement {
	TALLY_ST_STREAM,
	TALLY_ST_STREAM_MAKE,
	TALLY_ST_REACHED,
	TALLY_ST_REACH,
	TALLY_ST_TOTAL,
	TALLY_ST_CELLS,
	TALLY_ST_CELL,
	TALLY_ST_CELL_MORE,
	TALLY_ST_EPOCH,
	TALLY_ST_EPOCH_MAKE,
	TALLY_ST_SEEN,
	TALLY_ST_SEEN_ANY,
	TALLY_ST_SEEN_PUT,
	TALLY_ST_SEEN_MORE,
	TALLY_ST_UNIQ,
	TALLY_ST_UNIQ_PUT,
	TALLY_ST_COUNT
};

/* Bytes of seven bits that len bytes of eight take. */
#define TALLY_SPREAD(len) (((len)*8 + 6) / 7)

/*
 * Rows that wait for others: several are written by one statement, in less than half
 * the time if they are neighbours on disk.  Of each page that it changes SQLite keeps a copy
 * until it ends: many rows are better than some.  None: cells and seen are 0.
 */
#define TALLY_TOGETHER 64
struct tally_waiting {
	unsigned cells, seen;
	const struct tally_kept *cell[TALLY_TOGETHER];
	struct tally_seen_row {
		const struct tally_kept *cell;
		int64_t epoch; /* its row */
		uint32_t subjects;
		int len; /* of covered; 0: nothing is said of who they were */
		unsigned char
		    covered[TALLY_SPREAD(CRYPTO_COVER_NONCE + STATS_SET_MAX * sizeof(uint64_t))];
	} row[TALLY_TOGETHER];
};

int tally_rows_begin(struct tally_book *book, struct err *e);
sqlite3_stmt *tally_rows_statement(
    struct tally_book *book, enum tally_statement which, struct err *e);
int tally_rows_total(struct tally_book *book, const struct tally_total_row *t, struct err *e);
/* Both may wait; the cells stay as they are until tally_rows_written. */
int tally_rows_cell(
    struct tally_book *book, struct tally_waiting *w, const struct tally_kept *cell, struct err *e);
/* Only who was seen in it; its set is empty then. */
int tally_rows_seen(
    struct tally_book *book, struct tally_waiting *w, struct tally_kept *cell, struct err *e);
/* Nothing waits any more. */
int tally_rows_written(struct tally_book *book, struct tally_waiting *w, struct err *e);
int tally_rows_sketch(struct tally_book *book, struct tally_sketch *s, struct err *e);

#endif
