/*
 * The rows that version 2 of stats.db had, one a value, made of the packs of a file and written
 * back as packs: tests fill and ask them by SQL.
 */
#ifndef CRETULA_TESTS_TALLY_OLD_H
#define CRETULA_TESTS_TALLY_OLD_H

#include <sqlite3.h>

#define OLD_TABLES \
	"CREATE TABLE cell (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL," \
	" idx INTEGER NOT NULL, apart INTEGER NOT NULL, other INTEGER NOT NULL, key TEXT NOT NULL," \
	" requests INTEGER NOT NULL, bots INTEGER NOT NULL, bytes INTEGER NOT NULL," \
	" PRIMARY KEY (stream, period, dim, idx, apart, other, key)) STRICT, WITHOUT ROWID;" \
	"CREATE TABLE seen (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL," \
	" idx INTEGER NOT NULL, other INTEGER NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL," \
	" subjects INTEGER NOT NULL, hashes BLOB," \
	" PRIMARY KEY (stream, period, dim, idx, other, key, epoch)) STRICT, WITHOUT ROWID;"

/*
 * These tables in memory, hashes as NULL or as many zeros as they are long; the tables of path
 * stand beside them under their names.
 */
sqlite3 *old_open(const char *path);
/* Packs of which cell or seen have other rows now are written anew, without hashes. */
void old_write(sqlite3 *db);
void old_close(sqlite3 *db);

/* The file is made if there is none. */
void old_run(const char *path, const char *sql);

#endif
