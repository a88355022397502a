/* fold: cells of few subjects become "other" for good. */
#include "tally/fold.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>

#include "base/err.h"
#include "tally/read/inside.h"
#include "tally/pack/repack.h"

struct folding {
	const struct tally_folding *how;
	uint64_t *count; /* cells that went */
	/* of one pack */
	bool few; /* there is a value of few subjects */
	bool placed; /* what they add up to stands in "other" */
	struct tally_packed_count sum[2]; /* of them, and of "other" */
	unsigned subjects[TALLY_PACK_EPOCHS]; /* the most that one of them had */
};

/* Everything of a period and the steps of latency name nothing. */
static bool
begin_pack(void *arg, enum tally_period period, int dim, int64_t idx)
{
	struct folding *f = arg;

	(void)period;
	(void)idx;
	f->few = f->placed = false;
	memset(f->sum, 0, sizeof(f->sum));
	memset(f->subjects, 0, sizeof(f->subjects));
	return (dim != tally_dims[TALLY_ALL].code && dim != tally_dims[TALLY_LATENCY].code &&
	    dim != tally_dims[TALLY_SAMPLE_ALL].code);
}

/* Under no key it has k subjects. */
static bool
is_few(const struct folding *f, const struct tally_packed *v)
{
	return (!v->other && tally_packed_subjects(v) < f->how->k);
}

static int
look(void *arg, const struct tally_packed *v, struct err *e)
{
	struct folding *f = arg;
	bool few = is_few(f, v);

	if (!few && !v->other)
		return (0);
	for (int i = 0; i < 2; i++) {
		struct tally_packed_count *sum = &f->sum[i];

		if (tally_add(&sum->requests, v->count[i].requests, e) == -1 ||
		    tally_add(&sum->bots, v->count[i].bots, e) == -1 ||
		    tally_add(&sum->bytes, v->count[i].bytes, e) == -1)
			return (-1);
		*f->count += few && v->count[i].requests > 0;
	}
	for (unsigned i = 0; few && i < v->seen_count; i++)
		if (v->seen[i].subjects > f->subjects[v->seen[i].epoch])
			f->subjects[v->seen[i].epoch] = v->seen[i].subjects;
	f->few = f->few || few;
	return (0);
}

/*
 * Of the subjects of "other" the most that is certain is kept, as where it is read (tally_cells);
 * hashes of those who went there would tell them apart again.
 */
static void
place(struct folding *f, struct tally_packed *other)
{
	memcpy(other->count, f->sum, sizeof(f->sum));
	for (unsigned i = 0; i < other->seen_count; i++) {
		struct tally_packed_seen *seen = &other->seen[i];

		if (f->subjects[seen->epoch] > seen->subjects)
			seen->subjects = (uint8_t)f->subjects[seen->epoch];
		f->subjects[seen->epoch] = 0;
	}
	for (unsigned epoch = 0; epoch < TALLY_PACK_EPOCHS; epoch++)
		if (f->subjects[epoch] > 0)
			other->seen[other->seen_count++] =
			    (struct tally_packed_seen){ .epoch = (uint8_t)epoch,
				    .subjects = (uint8_t)f->subjects[epoch] };
	f->placed = true;
}

static bool
has_sum(const struct folding *f)
{
	if (f->sum[0].requests + f->sum[1].requests > 0)
		return (true);
	for (unsigned i = 0; i < TALLY_PACK_EPOCHS; i++)
		if (f->subjects[i] > 0)
			return (true);
	return (false);
}

static void
edit(void *arg, struct tally_packed *v)
{
	struct folding *f = arg;

	if (v->end && f->few && !f->placed && has_sum(f)) {
		v->gone = false;
		v->other = true;
		v->key = span_of("", 0);
		place(f, v);
	} else if (v->end || !f->few)
		return;
	else if (v->other && !f->placed)
		place(f, v);
	else if (v->other || is_few(f, v)) /* its sums are in the first one */
		v->gone = true;
}

/* 1; 0: nothing was ever counted of it; -1. */
static int
find_stream(sqlite3 *db, const char *name, int64_t *id, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(db, "SELECT id FROM stream WHERE name=?1", &st, e);

	if (rc == 0) {
		(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
		if ((rc = tally_db_step(db, st, e)) == 1)
			*id = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
fold_packs(sqlite3 *db, const struct tally_folding *how, uint64_t *count, struct err *e)
{
	struct folding f = { .how = how, .count = count };
	struct tally_repack_range range = {
		.dim = -1, .row = begin_pack, .look = look, .fills = true
	};
	int rc = find_stream(db, how->stream, &range.stream, e);

	if (rc != 1)
		return (rc);
	rc = 0;
	for (int i = TALLY_HOUR; rc == 0 && i < TALLY_PERIOD_COUNT; i++) {
		enum tally_period period = (enum tally_period)i;

		range.first = range.last = period;
		range.from = how->has_behind ? tally_index(period, how->behind_us) + 1 : INT64_MIN;
		/* The period that until_us is in is not over. */
		range.to = tally_index(period, how->until_us);
		rc = tally_repack_rows(db, &range, edit, &f, e);
	}
	return (rc);
}

/* ---- counts that are over themselves ---- */

#define OVER "stream=(SELECT id FROM stream WHERE name=?1) AND idx<?3"
#define FROM(table) "DELETE FROM " table " WHERE period=?2 AND " OVER

/*
 * What was put aside, too.  Who kept what a day was has what comes into it, if it is shown again:
 * that it was one stays, without a number.
 */
static const char *const steps[] = {
	"INSERT INTO frozen SELECT stream,idx,0 FROM cells WHERE ?2=2 AND period=2 AND dim=0 "
	"AND " OVER " AND idx NOT IN (SELECT idx FROM frozen WHERE " OVER ")",
	"UPDATE frozen SET subjects=0 WHERE ?2=2 AND subjects<>0 AND " OVER,
	FROM("total"),
	FROM("cells"),
	FROM("uniq"),
	FROM("released"),
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static int
do_step(sqlite3 *db, const char *sql, const struct tally_folding *how, enum tally_period period,
    struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(db, sql, &st, e);

	if (rc == 0) {
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
		for (size_t i = 0; i < STEPS; i++) {
			if (do_step(db, steps[i], how, (enum tally_period)period, e) == -1)
				return (-1);
			*count += i < 2 ? 0 : (uint64_t)sqlite3_changes(db);
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
	else if (sqlite3_total_changes(db) > 0) /* SQLite leaves copies of rows that it moves */
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
	return (change(path, how, fold_packs, folded, e));
}

int
tally_expire(const char *path, const struct tally_folding *how, uint64_t *rows, struct err *e)
{
	struct tally_folding whole = *how;

	/* Blocks of hours are shown (ADR 30): some of them less would tell what those had. */
	whole.until_us = tally_start_us(TALLY_DAY, tally_index(TALLY_DAY, how->until_us));
	return (change(path, &whole, empty_tables, rows, e));
}
