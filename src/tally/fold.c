/* fold: cells of few subjects become "other" for good. */
#include "tally/fold.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "tally/db.h"
#include "tally/tally.h"

/* Values of the stream and period, of periods that are over. */
#define OVER \
	"stream=(SELECT id FROM stream WHERE name=?1) AND period=?2 AND idx<?3" \
	" AND idx>?8 AND other=0 AND dim NOT IN (?5,?6,?7)"

/* Of a row x of cell or seen: under no key the value has k subjects. */
#define FEW(x) \
	" AND NOT EXISTS (SELECT 1 FROM seen m WHERE m.stream=" x ".stream AND m.period=" x \
	".period AND m.dim=" x ".dim AND m.idx=" x ".idx AND m.other=0 AND m.key=" x \
	".key AND m.subjects>=?4)"

/*
 * In this order: the last one finds what has no cell any more.  Of the subjects of "other"
 * the most that is certain is kept, as where it is read (tally_cells); hashes
 * of those who went there would tell them apart again.
 */
static const char *const steps[] = {
	"INSERT INTO cell SELECT stream,period,dim,idx,apart,1,'',sum(requests),sum(bots),"
	"sum(bytes) FROM cell c WHERE " OVER FEW(
	    "c") " GROUP BY stream,period,dim,idx,apart"
		 " ON CONFLICT DO UPDATE SET requests=requests+excluded.requests,"
		 "bots=bots+excluded.bots,bytes=bytes+excluded.bytes",
	"INSERT INTO seen SELECT stream,period,dim,idx,1,'',epoch,max(subjects),NULL"
	" FROM seen s WHERE " OVER FEW(
	    "s") " GROUP BY stream,period,dim,idx,epoch"
		 " ON CONFLICT DO UPDATE SET subjects=max(subjects,excluded.subjects)",
	"DELETE FROM cell AS c WHERE " OVER FEW("c"),
	"DELETE FROM seen AS s WHERE " OVER FEW("s"),
};
#define STEPS ((int)(sizeof(steps) / sizeof(steps[0])))
#define STEP_DELETE 2 /* changes as many rows as there are cells that go */

static int
run_step(
    sqlite3 *db, int step, const struct tally_folding *how, enum tally_period period, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(db, steps[step], &st, e);

	if (rc == 0) {
		(void)sqlite3_bind_text(st, 1, how->stream, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int(st, 2, (int)period);
		/* The period that until_us is in is not over. */
		(void)sqlite3_bind_int64(st, 3, tally_index(period, how->until_us));
		(void)sqlite3_bind_int64(st, 4, how->k);
		(void)sqlite3_bind_int(st, 5, tally_dims[TALLY_ALL].code);
		(void)sqlite3_bind_int(st, 6, tally_dims[TALLY_LATENCY].code);
		(void)sqlite3_bind_int(st, 7, tally_dims[TALLY_SAMPLE_ALL].code);
		(void)sqlite3_bind_int64(st, 8,
		    how->has_behind ? tally_index(period, how->behind_us) : INT64_MIN);
		rc = tally_db_step(db, st, e);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
run_steps(sqlite3 *db, const struct tally_folding *how, uint64_t *count, struct err *e)
{
	for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++)
		for (int step = 0; step < STEPS; step++) {
			if (run_step(db, step, how, (enum tally_period)period, e) == -1)
				return (-1);
			if (step == STEP_DELETE)
				*count += (uint64_t)sqlite3_changes(db);
		}
	return (0);
}

/* ---- counts that are over themselves ---- */

/* What was put aside, too; days that are have no period. */
static const char *const tables[] = { "total WHERE period=?2", "cell WHERE period=?2",
	"seen WHERE period=?2", "uniq WHERE period=?2", "released WHERE period=?2",
	"frozen WHERE ?2=2" };
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static int
empty_table(sqlite3 *db, const char *table, const struct tally_folding *how,
    enum tally_period period, struct err *e)
{
	sqlite3_stmt *st = NULL;
	char sql[128];
	int rc;

	(void)snprintf(sql, sizeof(sql),
	    "DELETE FROM %s AND stream=(SELECT id FROM stream WHERE name=?1) AND idx<?3", table);
	if ((rc = tally_db_prepare(db, sql, &st, e)) == 0) {
		(void)sqlite3_bind_text(st, 1, how->stream, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int(st, 2, (int)period);
		(void)sqlite3_bind_int64(st, 3, tally_index(period, how->until_us));
		rc = tally_db_step(db, st, e);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
empty_tables(sqlite3 *db, const struct tally_folding *how, uint64_t *count, struct err *e)
{
	for (int period = 0; period < TALLY_PERIOD_COUNT; period++)
		for (size_t i = 0; i < TABLES; i++) {
			if (empty_table(db, tables[i], how, (enum tally_period)period, e) == -1)
				return (-1);
			*count += (uint64_t)sqlite3_changes(db);
		}
	return (0);
}

/* ---- the file ---- */

typedef int (*change_rows)(
    sqlite3 *db, const struct tally_folding *how, uint64_t *count, struct err *e);

static int
change(const char *path, const struct tally_folding *how, change_rows rows, uint64_t *changed,
    struct err *e)
{
	sqlite3 *db = NULL;
	uint64_t count = 0;
	struct stat st;
	int rc;

	if (lstat(path, &st) == -1) /* to write would make one */
		return (err_sys(e, ERR_INPUT, "%s", path));
	if (tally_db_open(path, true, &db, e) == -1)
		return (-1);
	rc = tally_db_run(db, "BEGIN IMMEDIATE", e);
	if (rc == 0 && (rc = rows(db, how, &count, e)) == 0)
		rc = tally_db_run(db, "COMMIT", e);
	if (rc == -1)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	else if (count > 0) /* for the copies that SQLite leaves of rows that it moves */
		rc = tally_db_run(db, "VACUUM;PRAGMA wal_checkpoint(TRUNCATE)", e);
	tally_db_close(db);
	if (rc == -1)
		return (err_in(e, "%s", path));
	*changed = count;
	return (0);
}

int
tally_fold(const char *path, const struct tally_folding *how, uint64_t *folded, struct err *e)
{
	assert(how->k <= TALLY_SUBJECTS_MAX);
	return (change(path, how, run_steps, folded, e));
}

int
tally_expire(const char *path, const struct tally_folding *how, uint64_t *rows, struct err *e)
{
	struct tally_folding whole = *how;

	/* Blocks of hours are shown (ADR 30): some of them less would tell what those had. */
	whole.until_us = tally_start_us(TALLY_DAY, tally_index(TALLY_DAY, how->until_us));
	return (change(path, &whole, empty_tables, rows, e));
}
