#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "tally/db.h"
#include "tally/pack/pack.h"
#include "unit/tally/old.h"

#define CELL "stream,period,dim,idx,apart,other,key,requests,bots,bytes"
#define PLACE "stream=?1 AND period=?2 AND dim=?3 AND idx=?4"
#define VALUE PLACE " AND other=?5 AND key=?6"

static struct err e;

static void
run(sqlite3 *db, const char *sql)
{
	if (tally_db_run(db, sql, &e) != 0)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (tally_db_prepare(db, sql, &st, &e) != 0)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	return (st);
}

static void
step(sqlite3 *db, sqlite3_stmt *st)
{
	assert_int_equal(tally_db_step(db, st, &e), 0);
	(void)sqlite3_reset(st);
}

/* ---- from packs ---- */

struct reading {
	sqlite3 *db;
	sqlite3_stmt *packs, *cell, *seen;
};

/* Stream, period, dimension and number of the pack. */
static void
bind_place(sqlite3_stmt *to, sqlite3_stmt *pack)
{
	for (int i = 0; i < 4; i++)
		(void)sqlite3_bind_int64(to, i + 1, sqlite3_column_int64(pack, i));
}

static void
read_value(struct reading *r, const struct tally_unpack *u, const struct tally_packed *v)
{
	bind_place(r->cell, r->packs);
	bind_place(r->seen, r->packs);
	(void)sqlite3_bind_int(r->cell, 5, v->other);
	(void)sqlite3_bind_int(r->seen, 5, v->other);
	(void)sqlite3_bind_text(r->cell, 6, v->key.ptr, (int)v->key.len, SQLITE_STATIC);
	(void)sqlite3_bind_text(r->seen, 6, v->key.ptr, (int)v->key.len, SQLITE_STATIC);
	for (int apart = 0; apart < 2; apart++) {
		const struct tally_packed_count *count = &v->count[apart];

		if (count->requests == 0)
			continue;
		(void)sqlite3_bind_int(r->cell, 7, apart);
		(void)sqlite3_bind_int64(r->cell, 8, (int64_t)count->requests);
		(void)sqlite3_bind_int64(r->cell, 9, (int64_t)count->bots);
		(void)sqlite3_bind_int64(r->cell, 10, (int64_t)count->bytes);
		step(r->db, r->cell);
	}
	for (unsigned i = 0; i < v->seen_count; i++) {
		(void)sqlite3_bind_int64(r->seen, 7, u->epoch[v->seen[i].epoch]);
		(void)sqlite3_bind_int(r->seen, 8, v->seen[i].subjects);
		(void)sqlite3_bind_null(r->seen, 9);
		if (v->seen[i].hashes > 0)
			(void)sqlite3_bind_zeroblob(
			    r->seen, 9, v->seen[i].hashes * TALLY_HASH_BYTES);
		step(r->db, r->seen);
	}
}

static void
read_packs(sqlite3 *db)
{
	struct reading r = { db, prepare(db, "SELECT stream,period,dim,idx,pack FROM cells"),
		prepare(db, "INSERT INTO cell VALUES (?1,?2,?3,?4,?7,?5,?6,?8,?9,?10)"),
		prepare(db, "INSERT INTO seen VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)") };

	while (tally_db_step(db, r.packs, &e) == 1) {
		struct tally_packed v;
		struct tally_unpack u;
		int rc = tally_unpack_open(&u, tally_db_text(r.packs, 4), &e);

		assert_int_equal(rc, 0);
		while ((rc = tally_unpack_next(&u, &v, &e)) == 1)
			if (!v.hole)
				read_value(&r, &u, &v);
		assert_int_equal(rc, 0);
	}
	(void)sqlite3_finalize(r.packs);
	(void)sqlite3_finalize(r.cell);
	(void)sqlite3_finalize(r.seen);
}

sqlite3 *
old_open(const char *path)
{
	sqlite3_stmt *attach;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, TALLY_BUSY_MS);
	attach = prepare(db, "ATTACH ?1 AS file");
	(void)sqlite3_bind_text(attach, 1, path, -1, SQLITE_STATIC);
	step(db, attach);
	(void)sqlite3_finalize(attach);
	run(db, "PRAGMA file.synchronous=OFF;BEGIN;" OLD_TABLES);
	read_packs(db);
	run(db,
	    "CREATE TABLE cell_was AS SELECT * FROM cell;"
	    "CREATE TABLE seen_was AS SELECT * FROM seen;COMMIT");
	return (db);
}

void
old_close(sqlite3 *db)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- to packs ---- */

struct writing {
	sqlite3 *db;
	sqlite3_stmt *values, *cell, *seen, *put;
	int64_t epochs[TALLY_PACK_EPOCHS];
	unsigned epoch_count;
};

static uint8_t
epoch_of(struct writing *w, int64_t epoch)
{
	unsigned i = 0;

	while (i < w->epoch_count && w->epochs[i] != epoch)
		i++;
	assert_true(i < TALLY_PACK_EPOCHS);
	if (i == w->epoch_count)
		w->epochs[w->epoch_count++] = epoch;
	return ((uint8_t)i);
}

/* key: lives until the next step of values. */
static void
write_value(struct writing *w, sqlite3_stmt *place, struct buf *values)
{
	struct tally_packed v = { .other = sqlite3_column_int(w->values, 0) != 0,
		.key = tally_db_text(w->values, 1) };
	sqlite3_stmt *of[] = { w->cell, w->seen };

	for (int i = 0; i < 2; i++) {
		bind_place(of[i], place);
		(void)sqlite3_bind_int(of[i], 5, v.other);
		(void)sqlite3_bind_text(of[i], 6, v.key.ptr, (int)v.key.len, SQLITE_STATIC);
	}
	while (tally_db_step(w->db, w->cell, &e) == 1) {
		struct tally_packed_count *count = &v.count[sqlite3_column_int(w->cell, 0) != 0];

		*count = (struct tally_packed_count){ tally_db_u64(w->cell, 1),
			tally_db_u64(w->cell, 2), tally_db_u64(w->cell, 3) };
		assert_true(count->requests > 0); /* nobody writes others */
	}
	(void)sqlite3_reset(w->cell);
	while (tally_db_step(w->db, w->seen, &e) == 1) {
		assert_in_range(sqlite3_column_int64(w->seen, 1), 0, TALLY_SUBJECTS_MANY);
		v.seen[v.seen_count++] =
		    (struct tally_packed_seen){ epoch_of(w, sqlite3_column_int64(w->seen, 0)),
			    (uint8_t)sqlite3_column_int(w->seen, 1), 0, 0 };
	}
	(void)sqlite3_reset(w->seen);
	tally_pack_value(values, &v);
}

static void
write_pack(struct writing *w, sqlite3_stmt *place, struct buf *pack)
{
	struct buf values = { 0 };

	w->epoch_count = 0;
	bind_place(w->values, place);
	while (tally_db_step(w->db, w->values, &e) == 1)
		write_value(w, place, &values);
	(void)sqlite3_reset(w->values);
	buf_clear(pack);
	if (values.len > 0)
		tally_pack_end(
		    pack, w->epochs, w->epoch_count, &values, &(const struct buf){ 0 });
	assert_true(buf_ok(&values) && buf_ok(pack));
	buf_free(&values);
}

void
old_write(sqlite3 *db)
{
	struct writing w = { .db = db,
		.values = prepare(db,
		    "SELECT other,key FROM (SELECT other,key FROM cell WHERE " PLACE
		    " UNION SELECT other,key FROM seen WHERE " PLACE ") ORDER BY 1,2"),
		.cell = prepare(db, "SELECT apart,requests,bots,bytes FROM cell WHERE " VALUE),
		.seen = prepare(db, "SELECT epoch,subjects FROM seen WHERE " VALUE),
		.put = prepare(db, "INSERT INTO cells VALUES (?1,?2,?3,?4,?5)") };
	sqlite3_stmt *places, *drop = prepare(db, "DELETE FROM cells WHERE " PLACE);
	struct buf pack = { 0 };

	run(db,
	    "BEGIN;CREATE TEMP TABLE changed AS SELECT DISTINCT stream,period,dim,idx FROM"
	    " (SELECT * FROM (SELECT " CELL " FROM cell EXCEPT SELECT " CELL " FROM cell_was)"
	    "  UNION ALL SELECT * FROM (SELECT " CELL " FROM cell_was EXCEPT SELECT " CELL
	    "  FROM cell)"
	    "  UNION ALL SELECT *,0 FROM (SELECT * FROM seen EXCEPT SELECT * FROM seen_was)"
	    "  UNION ALL SELECT *,0 FROM (SELECT * FROM seen_was EXCEPT SELECT * FROM seen))");
	places = prepare(db, "SELECT * FROM changed");
	while (tally_db_step(db, places, &e) == 1) {
		bind_place(drop, places);
		step(db, drop);
		write_pack(&w, places, &pack);
		if (pack.len == 0)
			continue;
		bind_place(w.put, places);
		(void)sqlite3_bind_blob64(w.put, 5, pack.data, pack.len, SQLITE_STATIC);
		step(db, w.put);
	}
	buf_free(&pack);
	for (size_t i = 0; i < 6; i++)
		(void)sqlite3_finalize(
		    (sqlite3_stmt *[]){ w.values, w.cell, w.seen, w.put, places, drop }[i]);
	run(db,
	    "DROP TABLE changed;DELETE FROM cell_was;DELETE FROM seen_was;"
	    "INSERT INTO cell_was SELECT * FROM cell;INSERT INTO seen_was SELECT * FROM seen;"
	    "COMMIT");
}

void
old_run(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	tally_db_close(db);
	db = old_open(path);
	run(db, sql);
	old_write(db);
	old_close(db);
}
