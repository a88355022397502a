/* upgrade: what had a row a value becomes packs. */
#include "base/clock.h"
#include "base/err.h"
#include "tally/db.h"
#include "tally/pack/pack.h"

/* As version 2 made them; of other ones nothing is run. */
static const char *const tables[] = {
	"CREATE TABLE cell (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL,"
	" idx INTEGER NOT NULL, apart INTEGER NOT NULL, other INTEGER NOT NULL, key TEXT NOT NULL,"
	" requests INTEGER NOT NULL, bots INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" PRIMARY KEY (stream, period, dim, idx, apart, other, key)) STRICT, WITHOUT ROWID",
	"CREATE TABLE seen (stream INTEGER NOT NULL, period INTEGER NOT NULL, dim INTEGER NOT NULL,"
	" idx INTEGER NOT NULL, other INTEGER NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL,"
	" subjects INTEGER NOT NULL, hashes BLOB,"
	" PRIMARY KEY (stream, period, dim, idx, other, key, epoch)) STRICT, WITHOUT ROWID",
};

/* Both in one order. */
#define CELLS \
	"SELECT stream,period,dim,idx,other,key,sum(requests*(apart=0)),sum(bots*(apart=0))," \
	"sum(bytes*(apart=0)),sum(requests*apart),sum(bots*apart),sum(bytes*apart) FROM cell" \
	" WHERE requests>0 AND bots>=0 AND bytes>=0 AND apart IN (0,1) AND other IN (0,1)" \
	" AND length(CAST(key AS BLOB))<=512 GROUP BY 1,2,3,4,5,6 ORDER BY 1,2,3,4,5,6"
#define SEEN \
	"SELECT stream,period,dim,idx,other,key,epoch,subjects FROM seen" \
	" WHERE epoch>0 AND subjects BETWEEN 0 AND 21 ORDER BY 1,2,3,4,5,6"
#define PUT "INSERT INTO cells VALUES (?1,?2,?3,?4,?5)"
enum { PLACE_COLUMNS = 4, OTHER = 4, KEY, NUMBERS };

/* A table that is gone through. */
struct rows {
	sqlite3_stmt *st;
	bool row; /* it stands on one */
};

struct upgrading {
	sqlite3 *db;
	struct rows cells, seen;
	sqlite3_stmt *put;
	int64_t place[PLACE_COLUMNS]; /* of the pack that is made */
	int64_t epochs[TALLY_PACK_EPOCHS];
	unsigned epoch_count;
	struct buf values, pack;
};

static int
next(sqlite3 *db, struct rows *rows, struct err *e)
{
	int rc = tally_db_step(db, rows->st, e);

	rows->row = rc == 1;
	return (rc == -1 ? -1 : 0);
}

/* Its number in the list; those that find no place there are gone, whichever they are. */
static uint8_t
number_of(struct upgrading *u, int64_t epoch)
{
	unsigned i = 0;

	while (i < u->epoch_count && u->epochs[i] != epoch && u->epochs[i] != 0)
		i++;
	if (i == u->epoch_count) {
		u->epochs[i] = i == TALLY_PACK_EPOCHS - 1 ? 0 : epoch;
		u->epoch_count++;
	}
	return ((uint8_t)i);
}

static void
add_seen(struct upgrading *u, struct tally_packed *v, int64_t epoch, uint8_t subjects)
{
	uint8_t number = number_of(u, epoch);
	unsigned at = 0;

	while (at < v->seen_count && v->seen[at].epoch != number)
		at++;
	if (at == v->seen_count)
		v->seen[v->seen_count++] =
		    (struct tally_packed_seen){ .epoch = number, .subjects = subjects };
	else if (subjects > v->seen[at].subjects)
		v->seen[at].subjects = subjects;
}

/* Where the row of seen stands to that of cells: below, at or above 0. */
static int
order_rows(const struct upgrading *u)
{
	for (int i = 0; i <= OTHER; i++) {
		int64_t seen = sqlite3_column_int64(u->seen.st, i),
			cell = sqlite3_column_int64(u->cells.st, i);

		if (seen != cell)
			return (seen < cell ? -1 : 1);
	}
	return (span_order(tally_db_text(u->seen.st, KEY), tally_db_text(u->cells.st, KEY)));
}

static int
take_seen(struct upgrading *u, struct tally_packed *v, struct err *e)
{
	int order;

	while (u->seen.row && (order = order_rows(u)) <= 0) {
		if (order == 0)
			add_seen(u, v, sqlite3_column_int64(u->seen.st, NUMBERS),
			    (uint8_t)sqlite3_column_int(u->seen.st, NUMBERS + 1));
		if (next(u->db, &u->seen, e) == -1)
			return (-1);
	}
	return (0);
}

static int
take_value(struct upgrading *u, struct err *e)
{
	sqlite3_stmt *st = u->cells.st;
	struct tally_packed v = { .other = sqlite3_column_int(st, OTHER) != 0 };

	if (!v.other)
		v.key = tally_db_text(st, KEY);
	for (int apart = 0; apart < 2; apart++)
		v.count[apart] = (struct tally_packed_count){ tally_db_u64(st, NUMBERS + 3 * apart),
			tally_db_u64(st, NUMBERS + 3 * apart + 1),
			tally_db_u64(st, NUMBERS + 3 * apart + 2) };
	if (take_seen(u, &v, e) == -1)
		return (-1);
	(void)tally_pack_value(&u->values, &v);
	return (next(u->db, &u->cells, e));
}

static bool
is_of_place(const struct upgrading *u)
{
	for (int i = 0; i < PLACE_COLUMNS; i++)
		if (sqlite3_column_int64(u->cells.st, i) != u->place[i])
			return (false);
	return (true);
}

static int
make_pack(struct upgrading *u, struct err *e)
{
	const struct buf none = { 0 };

	u->epoch_count = 0;
	buf_clear(&u->values);
	for (int i = 0; i < PLACE_COLUMNS; i++)
		u->place[i] = sqlite3_column_int64(u->cells.st, i);
	while (u->cells.row && is_of_place(u))
		if (take_value(u, e) == -1)
			return (-1);
	tally_pack_end(&u->pack, u->epochs, u->epoch_count, &u->values, &none);
	if (!buf_ok(&u->pack))
		return (err_memory(e));
	(void)sqlite3_reset(u->put);
	for (int i = 0; i < PLACE_COLUMNS; i++)
		(void)sqlite3_bind_int64(u->put, 1 + i, u->place[i]);
	(void)sqlite3_bind_blob64(u->put, 5, u->pack.data, u->pack.len, SQLITE_STATIC);
	return (tally_db_step(u->db, u->put, e));
}

static int
convert(struct upgrading *u, struct err *e)
{
	if (tally_db_prepare(u->db, CELLS, &u->cells.st, e) == -1 ||
	    tally_db_prepare(u->db, SEEN, &u->seen.st, e) == -1 ||
	    tally_db_prepare(u->db, "INSERT INTO cells VALUES (?1,?2,?3,?4,?5)", &u->put, e) ==
		-1 ||
	    next(u->db, &u->cells, e) == -1 || next(u->db, &u->seen, e) == -1)
		return (-1);
	while (u->cells.row)
		if (make_pack(u, e) == -1)
			return (-1);
	return (0);
}

/* 1: tables are as version 2 made them; 0: it is not of version 2 any more; -1. */
static int
is_old(sqlite3 *db, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(db,
	    "SELECT (SELECT count(*) FROM sqlite_schema WHERE sql IN (?1,?2)),user_version"
	    " FROM pragma_user_version",
	    &st, e);
	int found = 0, version = 0;

	if (rc == 0) {
		for (int i = 0; i < 2; i++)
			(void)sqlite3_bind_text(st, 1 + i, tables[i], -1, SQLITE_STATIC);
		if ((rc = tally_db_step(db, st, e)) == 1) {
			found = sqlite3_column_int(st, 0);
			version = sqlite3_column_int(st, 1);
		}
	}
	(void)sqlite3_finalize(st);
	if (rc == -1)
		return (-1);
	if (version != TALLY_VERSION_ROWS)
		return (0);
	return (
	    found == 2 ? 1 : err_set(e, ERR_FINDING, "it has tables that cretula did not make"));
}

/* By version 2 whatever was over by the clock was shown. */
static int
convert_shown(sqlite3 *db, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_run(db, TALLY_SHOWN_TABLE, e);

	if (rc == 0)
		rc = tally_db_prepare(
		    db, "INSERT INTO shown SELECT id,?1,?1,0,?2 FROM stream", &st, e);
	if (rc == 0) {
		(void)sqlite3_bind_int64(st, 1, tally_index(TALLY_HOUR, clock_now_us()));
		(void)sqlite3_bind_int(st, 2, INT32_MIN);
		rc = tally_db_step(db, st, e);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
upgrade(sqlite3 *db, struct err *e)
{
	struct upgrading u = { .db = db };
	int rc = is_old(db, e);

	if (rc != 1)
		return (rc);
	rc = tally_db_run(db, TALLY_CELLS_TABLE, e);
	if (rc == 0)
		rc = convert_shown(db, e);
	if (rc == 0)
		rc = convert(&u, e);
	(void)sqlite3_finalize(u.cells.st);
	(void)sqlite3_finalize(u.seen.st);
	(void)sqlite3_finalize(u.put);
	buf_free(&u.values);
	buf_free(&u.pack);
	return (rc == -1 ?
		-1 :
		tally_db_run(db, "DROP TABLE cell;DROP TABLE seen;PRAGMA user_version=3", e));
}

int
tally_upgrade(sqlite3 *db, struct err *e)
{
	if (tally_db_run(db, "BEGIN IMMEDIATE", e) == -1)
		return (-1);
	if (upgrade(db, e) == 0 && tally_db_run(db, "COMMIT", e) == 0) {
		/* Packs take a third of the room. */
		(void)tally_db_run(db, "VACUUM;PRAGMA wal_checkpoint(TRUNCATE)", NULL);
		return (0);
	}
	(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return (-1);
}
