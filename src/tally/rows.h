/* tally, inside: what goes to the file, all within a transaction. */
#ifndef CRETULA_TALLY_ROWS_H
#define CRETULA_TALLY_ROWS_H

#include <stdint.h>

#include <sqlite3.h>

#include "key/epoch.h"

struct buf;
struct err;
struct tally_book;
struct tally_epoch;
struct tally_group;
struct tally_sketch;
struct tally_total_row;

enum tally_statement {
	TALLY_ST_STREAM,
	TALLY_ST_STREAM_MAKE,
	TALLY_ST_REACHED,
	TALLY_ST_REACH,
	TALLY_ST_SHOWN,
	TALLY_ST_SHOWN_PUT,
	TALLY_ST_LAST,
	TALLY_ST_TOTAL,
	TALLY_ST_PACK,
	TALLY_ST_PACK_PUT,
	TALLY_ST_PACK_GONE,
	TALLY_ST_EPOCH,
	TALLY_ST_EPOCH_MAKE,
	TALLY_ST_EPOCH_LIVES,
	TALLY_ST_UNIQ,
	TALLY_ST_UNIQ_PUT,
	TALLY_ST_COUNT
};

int tally_rows_begin(struct tally_book *book, struct err *e);
sqlite3_stmt *tally_rows_statement(
    struct tally_book *book, enum tally_statement which, struct err *e);
int tally_rows_total(struct tally_book *book, const struct tally_total_row *t, struct err *e);
int tally_rows_sketch(struct tally_book *book, struct tally_sketch *s, struct err *e);

/* The row of a group, into book->bytes.pack; empty: there is none. */
int tally_rows_pack(struct tally_book *book, const struct tally_group *g, struct err *e);
/* pack in its place; empty: no row. */
int tally_rows_pack_put(
    struct tally_book *book, const struct tally_group *g, const struct buf *pack, struct err *e);
/* The key of a period; made if there is none.  NULL with e. */
const struct tally_epoch *tally_rows_epoch(
    struct tally_book *book, enum key_period period, int64_t index, struct err *e);
/* 1: the key of that row is there; 0: it was destroyed; -1 with e. */
int tally_rows_epoch_lives(struct tally_book *book, int64_t row, struct err *e);

#endif
