/* db: STORE/stats.db is made, or found to be what it should. */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "tally/db.h"

/*
 * docs/format.md 23.  Without rowid: in the order of their keys, so that equal
 * contents are equal to whoever reads them all.
 */
static const char *const schema[] = {
	"CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" segment INTEGER NOT NULL, records INTEGER NOT NULL) STRICT",
	"CREATE TABLE total (stream INTEGER NOT NULL, period INTEGER NOT NULL, idx INTEGER NOT "
	"NULL,"
	" apart INTEGER NOT NULL, requests INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" request_bytes INTEGER NOT NULL, errors_4xx INTEGER NOT NULL, errors_5xx INTEGER NOT NULL,"
	" bots INTEGER NOT NULL, PRIMARY KEY (stream, period, idx, apart)) STRICT, WITHOUT ROWID",
	"CREATE TABLE epoch (id INTEGER PRIMARY KEY, period INTEGER NOT NULL, idx INTEGER NOT NULL,"
	" origin BLOB NOT NULL, cover BLOB NOT NULL, gone INTEGER NOT NULL, UNIQUE (period, idx, "
	"origin)) STRICT",
	"CREATE TABLE uniq (stream INTEGER NOT NULL, period INTEGER NOT NULL, idx INTEGER NOT NULL,"
	" epoch INTEGER NOT NULL, subjects INTEGER NOT NULL, registers BLOB,"
	" PRIMARY KEY (stream, period, idx, epoch)) STRICT, WITHOUT ROWID",
	"CREATE TABLE frozen (stream INTEGER NOT NULL, idx INTEGER NOT NULL, subjects INTEGER NOT "
	"NULL,"
	" PRIMARY KEY (stream, idx)) STRICT, WITHOUT ROWID",
	"CREATE TABLE released (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT "
	"NULL,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, requests INTEGER NOT NULL, bytes INTEGER NOT "
	"NULL,"
	" subjects INTEGER NOT NULL, PRIMARY KEY (stream, period, dim, idx, key)) STRICT, WITHOUT "
	"ROWID",
	TALLY_CELLS_TABLE,
	TALLY_SHOWN_TABLE,
};
#define OBJECTS ((int)(sizeof(schema) / sizeof(schema[0])))

int
tally_db_fail(sqlite3 *db, struct err *e)
{
	int code = db == NULL ? SQLITE_NOMEM : sqlite3_errcode(db);

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return (err_set(e, ERR_BUSY, "another process writes it"));
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT: return (err_set(e, ERR_FINDING, "%s", sqlite3_errstr(code)));
	case SQLITE_CONSTRAINT:
		return (err_set(e, ERR_FINDING, "it has other rows than it should"));
	case SQLITE_NOMEM: return (err_memory(e));
	default: return (err_set(e, ERR_IO, "%s", sqlite3_errstr(code)));
	}
}

int
tally_db_run(sqlite3 *db, const char *sql, struct err *e)
{
	return (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : tally_db_fail(db, e));
}

int
tally_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **st, struct err *e)
{
	return (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) == SQLITE_OK ?
		0 :
		tally_db_fail(db, e));
}

int
tally_db_step(sqlite3 *db, sqlite3_stmt *st, struct err *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW: return (1);
	case SQLITE_DONE: return (0);
	default: return (tally_db_fail(db, e));
	}
}

static int
pragma(sqlite3 *db, const char *sql, int *value, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(db, sql, &st, e);

	if (rc == 0 && (rc = tally_db_step(db, st, e)) == 1)
		*value = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static int
make(sqlite3 *db, struct err *e)
{
	struct buf sql = { 0 };
	int rc = -1;

	buf_str(&sql, "BEGIN IMMEDIATE;");
	for (int i = 0; i < OBJECTS; i++) {
		buf_str(&sql, schema[i]);
		buf_char(&sql, ';');
	}
	buf_fmt(&sql, "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT", TALLY_APPLICATION,
	    TALLY_VERSION);
	if (!buf_ok(&sql))
		(void)err_memory(e);
	else
		rc = tally_db_run(db, sql.data, e);
	buf_free(&sql);
	return (rc);
}

/* No table, index, view or trigger that is not ours: nothing of a foreign file is run. */
static int
compare(sqlite3 *db, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc, found = 0;

	if (tally_db_prepare(db,
		"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", &st, e) == -1)
		return (-1);
	while ((rc = tally_db_step(db, st, e)) == 1) {
		if (found == OBJECTS || !span_is(tally_db_text(st, 0), schema[found]))
			break;
		found++;
	}
	(void)sqlite3_finalize(st);
	if (rc == -1)
		return (-1);
	return (rc == 0 && found == OBJECTS ?
		0 :
		err_set(e, ERR_FINDING, "it has tables that cretula did not make"));
}

/* An empty file becomes one of ours; two processes may try at once. */
static int
recognise(sqlite3 *db, bool to_write, struct err *e)
{
	int application = 0, version = 0, pages = 0;

	if (pragma(db, "PRAGMA page_count", &pages, e) == -1 ||
	    pragma(db, "PRAGMA application_id", &application, e) == -1)
		return (-1);
	if (pages == 0 && !to_write)
		return (err_set(e, ERR_INPUT, "it is empty"));
	if (pages == 0 && make(db, NULL) == -1) {
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		if (pragma(db, "PRAGMA application_id", &application, e) == -1)
			return (-1);
		if (application != TALLY_APPLICATION)
			return (make(db, e)); /* says why not */
	}
	if (pragma(db, "PRAGMA application_id", &application, e) == -1 ||
	    pragma(db, "PRAGMA user_version", &version, e) == -1)
		return (-1);
	if (application != TALLY_APPLICATION)
		return (err_set(e, ERR_FINDING, "it is no stats.db of cretula"));
	if (version == TALLY_VERSION_ROWS && !to_write)
		return (err_set(e, ERR_FINDING,
		    "it is of version 2: the next that writes the stream brings it up"));
	if (version == TALLY_VERSION_ROWS &&
	    (tally_upgrade(db, e) == -1 || pragma(db, "PRAGMA user_version", &version, e) == -1))
		return (-1);
	if (version != TALLY_VERSION)
		return (
		    err_set(e, ERR_FINDING, "it is of version %d, not %d", version, TALLY_VERSION));
	return (compare(db, e));
}

/* Deleted bytes are overwritten; the log stays for readers who may not make one. */
static int
prepare(sqlite3 *db, bool to_write, struct err *e)
{
	int keep = 1;

	(void)sqlite3_extended_result_codes(db, 0);
	(void)sqlite3_busy_timeout(db, TALLY_BUSY_MS);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if (tally_db_run(db, "PRAGMA cell_size_check=ON;PRAGMA temp_store=MEMORY", e) == -1)
		return (-1);
	if (!to_write)
		return (tally_db_run(db, "PRAGMA query_only=ON;PRAGMA cache_size=-8192", e));
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	return (tally_db_run(db,
	    "PRAGMA secure_delete=ON;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-4096;"
	    "PRAGMA journal_size_limit=0",
	    e));
}

static int
check_file(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return (err_sys(e, ERR_INPUT, "opening it"));
	return (S_ISREG(st.st_mode) ? 0 : err_set(e, ERR_FINDING, "it is no regular file"));
}

/*
 * Readable as the store is.  Not by open(2): the close would take the locks of
 * all who have it open in this process, and others then write at once with them.
 */
static int
make_file(const char *path, struct err *e)
{
	if (mknod(path, S_IFREG | 0640, 0) == -1 && errno != EEXIST)
		return (err_sys(e, ERR_IO, "opening it"));
	return (check_file(path, e));
}

/*
 * Who may not write beside it reads it as it stands, if no log is there that
 * would have to be read with it.
 */
static int
open_alone(const char *path, sqlite3 **db, struct err *e)
{
	struct buf uri = { 0 };
	int rc = -1;

	buf_str(&uri, "file:");
	for (const char *c = path; *c != '\0'; c++)
		if (strchr("%?#", *c) != NULL)
			buf_fmt(&uri, "%%%02x", (unsigned)(unsigned char)*c);
		else
			buf_char(&uri, *c);
	buf_str(&uri, "?immutable=1");
	if (!buf_ok(&uri))
		(void)err_memory(e);
	else if (sqlite3_open_v2(uri.data, db,
		     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		     NULL) != SQLITE_OK)
		(void)tally_db_fail(*db, e);
	else if (prepare(*db, false, e) == 0)
		rc = recognise(*db, false, e);
	buf_free(&uri);
	return (rc);
}

static bool
has_log(const char *path)
{
	struct buf log = { 0 };
	struct stat st;
	bool has;

	buf_str(&log, path);
	buf_str(&log, "-wal");
	has = !buf_ok(&log) || (stat(log.data, &st) == 0 && st.st_size > 0);
	buf_free(&log);
	return (has);
}

static int
open_shared(const char *path, bool to_write, sqlite3 **db, struct err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX | (to_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

	if (sqlite3_open_v2(path, db, flags, NULL) != SQLITE_OK)
		return (tally_db_fail(*db, e));
	if (prepare(*db, to_write, e) == -1 || recognise(*db, to_write, e) == -1)
		return (-1);
	/* Only now: it writes into a file that may have been another one's. */
	return (to_write ? tally_db_run(*db, "PRAGMA journal_mode=WAL", e) : 0);
}

int
tally_db_open(const char *path, bool to_write, sqlite3 **db, struct err *e)
{
	sqlite3 *made = NULL;
	int rc = to_write ? make_file(path, e) : check_file(path, e), code;

	if (rc == 0 && (rc = open_shared(path, to_write, &made, e)) == -1 && !to_write &&
	    made != NULL) {
		code = sqlite3_errcode(made);
		if ((code == SQLITE_CANTOPEN || code == SQLITE_READONLY) && !has_log(path)) {
			(void)sqlite3_close(made);
			made = NULL;
			rc = open_alone(path, &made, e);
		}
	}
	if (rc == -1) {
		(void)sqlite3_close(made);
		return (err_in(e, "%s", path));
	}
	*db = made;
	return (0);
}

void
tally_db_close(sqlite3 *db)
{
	(void)sqlite3_close(db);
}
