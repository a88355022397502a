/* tally, inside: what goes to the file, all within a transaction. */
#ifndef CRETULA_TALLY_ROWS_H
#define CRETULA_TALLY_ROWS_H

#include <sqlite3.h>

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
	TALLY_ST_CELL_ADD,
	TALLY_ST_EPOCH,
	TALLY_ST_EPOCH_MAKE,
	TALLY_ST_SEEN,
	TALLY_ST_SEEN_PUT,
	TALLY_ST_UNIQ,
	TALLY_ST_UNIQ_PUT,
	TALLY_ST_COUNT
};

int tally_rows_begin(struct tally_book *book, struct err *e);
sqlite3_stmt *tally_rows_statement(
    struct tally_book *book, enum tally_statement which, struct err *e);
int tally_rows_total(struct tally_book *book, const struct tally_total_row *t, struct err *e);
int tally_rows_cell(struct tally_book *book, struct tally_kept *cell, struct err *e);
/* Only who was seen in it; its set is empty then. */
int tally_rows_seen(struct tally_book *book, struct tally_kept *cell, struct err *e);
int tally_rows_sketch(struct tally_book *book, struct tally_sketch *s, struct err *e);

#endif
