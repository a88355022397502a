/* tally, inside: the file itself. */
#ifndef CRETULA_TALLY_DB_H
#define CRETULA_TALLY_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;

#define TALLY_APPLICATION 0x63727473 /* "crts", in the header of the file */
#define TALLY_VERSION 3
#define TALLY_VERSION_ROWS 2 /* a row a value */
#define TALLY_CELLS_TABLE \
	"CREATE TABLE cells (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT " \
	"NULL, idx INTEGER NOT NULL, pack BLOB NOT NULL, PRIMARY KEY (stream, period, dim, idx)) " \
	"STRICT, WITHOUT ROWID"
#define TALLY_SHOWN_TABLE \
	"CREATE TABLE shown (stream INTEGER PRIMARY KEY, hour INTEGER NOT NULL, until INTEGER " \
	"NOT NULL, filling INTEGER NOT NULL, moved INTEGER NOT NULL) STRICT"
#define TALLY_BUSY_MS 5000

/*
 * Open path; to write, it is made if there is none.  ERR_INPUT: there is none;
 * ERR_FINDING: it is another one's, of another version, or damaged; ERR_BUSY.
 */
int tally_db_open(const char *path, bool to_write, sqlite3 **db, struct err *e);
void tally_db_close(sqlite3 *db);

/* upgrade.c: of version 2 one of this version, unless another process was faster. */
int tally_upgrade(sqlite3 *db, struct err *e);

/* What the last call on db failed with, as e, without a byte of what is in it.  -1. */
int tally_db_fail(sqlite3 *db, struct err *e);
int tally_db_run(sqlite3 *db, const char *sql, struct err *e); /* no rows */
int tally_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **st, struct err *e);
/* 1: a row; 0: no more; -1 with e. */
int tally_db_step(sqlite3 *db, sqlite3_stmt *st, struct err *e);

/* Column i, which lives until the next step. */
static inline struct span
tally_db_text(sqlite3_stmt *st, int i)
{
	const void *text = sqlite3_column_blob(st, i);

	return (span_of(text == NULL ? "" : text, (size_t)sqlite3_column_bytes(st, i)));
}

static inline uint64_t
tally_db_u64(sqlite3_stmt *st, int i)
{
	return ((uint64_t)sqlite3_column_int64(st, i));
}

#endif
