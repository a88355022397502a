/* freeze: counts of days are put aside before they become fewer. */
#include "tally/freeze.h"

#include <sys/stat.h>

#include <assert.h>

#include "base/err.h"
#include "tally/read/inside.h"

#define DAY_HOURS 24

enum statement { DAY, PACK, HOURS, PUT, PUT_FEW, MARK, FROZEN, PUT_FROZEN, STATEMENT_COUNT };

#define STREAM "(SELECT id FROM stream WHERE name=?1)"

static const char *const texts[STATEMENT_COUNT] = {
	/* From day ?2 on, before ?3. */
	[DAY] = "SELECT idx,pack FROM cells WHERE stream=" STREAM
		" AND period=2 AND dim=0 AND idx>=?2 AND idx<?3 AND idx NOT IN"
		" (SELECT idx FROM frozen WHERE stream=" STREAM ") ORDER BY idx LIMIT 1",
	[PACK] =
	    "SELECT pack FROM cells WHERE stream=" STREAM " AND period=2 AND dim=?2 AND idx=?3",
	[HOURS] = "SELECT idx,pack FROM cells WHERE stream=" STREAM
		  " AND period=1 AND dim=0 AND idx>=?2 AND idx<?3 ORDER BY idx",
	[PUT] = "INSERT INTO released VALUES (" STREAM ",?2,?4,?3,?5,?6,?7,?8)",
	/* That a day has values of a dimension is said without a number, if all are small. */
	[PUT_FEW] = "INSERT OR IGNORE INTO released VALUES (" STREAM ",2,?2,?3,?4,0,0,0)",
	/* How many subjects a day had is shown if they are k. */
	[MARK] = "INSERT INTO frozen SELECT " STREAM ",?2,ifnull((SELECT max(subjects) FROM uniq"
		 " WHERE stream=" STREAM " AND period=2 AND idx=?2 HAVING max(subjects)>=?3),0)",
	[FROZEN] = "SELECT 1 FROM frozen WHERE stream=" STREAM " AND idx=?2",
	[PUT_FROZEN] = "INSERT INTO frozen VALUES (" STREAM ",?2,0)",
};

struct freezing {
	sqlite3 *db;
	const struct tally_freezing *how;
	sqlite3_stmt *st[STATEMENT_COUNT];
};

/* With its first numbers bound, behind the stream. */
static sqlite3_stmt *
begin(struct freezing *f, enum statement which, int64_t two, int64_t three)
{
	sqlite3_stmt *st = f->st[which];

	(void)sqlite3_reset(st);
	(void)sqlite3_bind_text(st, 1, f->how->stream, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, two);
	(void)sqlite3_bind_int64(st, 3, three);
	return (st);
}

/* What has no rows.  0 or -1. */
static int
run(struct freezing *f, enum statement which, int64_t two, int64_t three, struct err *e)
{
	return (tally_db_step(f->db, begin(f, which, two, three), e));
}

struct sum {
	int64_t index;
	uint64_t requests, bytes;
	unsigned subjects;
	bool any; /* something is counted */
};

/* Of a value that is counted; what was kept apart counts with it. */
static int
add_value(void *arg, const struct tally_packed *v, struct err *e)
{
	struct sum *sum = arg;

	if (!tally_packed_counts(v))
		return (0);
	sum->any = true;
	if (tally_packed_subjects(v) > sum->subjects)
		sum->subjects = tally_packed_subjects(v);
	for (int i = 0; i < 2; i++)
		if (tally_add(&sum->requests, v->count[i].requests, e) == -1 ||
		    tally_add(&sum->bytes, v->count[i].bytes, e) == -1)
			return (-1);
	return (0);
}

static int
put(struct freezing *f, enum tally_period period, int dim, struct span key, const struct sum *sum,
    struct err *e)
{
	sqlite3_stmt *st = begin(f, PUT, (int)period, sum->index);

	(void)sqlite3_bind_int(st, 4, dim);
	(void)sqlite3_bind_text(st, 5, key.ptr, (int)key.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 6, (int64_t)sum->requests);
	(void)sqlite3_bind_int64(st, 7, (int64_t)sum->bytes);
	(void)sqlite3_bind_int64(st, 8, sum->subjects);
	return (tally_db_step(f->db, st, e));
}

static int
put_all(struct freezing *f, enum tally_period period, const struct sum *sum, struct err *e)
{
	return (put(f, period, tally_dims[TALLY_ALL].code, span_of("", 0), sum, e));
}

static void
join(struct sum *to, const struct sum *from)
{
	to->requests += from->requests;
	to->bytes += from->bytes;
}

/*
 * The hours of a day, as blocks: each stands at its last hour of k subjects.  What is behind
 * the last one joins it once the day is over.  blocks: at most 24.  How many, or -1;
 * all: their sum.
 */
static int
read_blocks(struct freezing *f, int64_t day, int64_t until_hour, struct sum *blocks,
    struct sum *rest, struct err *e)
{
	sqlite3_stmt *st = begin(f, HOURS, day * DAY_HOURS, until_hour);
	int rc, count = 0;

	*rest = (struct sum){ .index = day * DAY_HOURS + DAY_HOURS - 1 };
	while ((rc = tally_db_step(f->db, st, e)) == 1 && count < DAY_HOURS) {
		struct sum hour = { .index = sqlite3_column_int64(st, 0) };

		if ((rc = tally_unpack_each(tally_db_text(st, 1), add_value, &hour, e)) == -1)
			break;
		join(rest, &hour);
		if (hour.subjects < f->how->k)
			continue;
		hour.requests = rest->requests;
		hour.bytes = rest->bytes;
		blocks[count++] = hour;
		rest->requests = rest->bytes = 0;
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : count);
}

static int
put_blocks(struct freezing *f, const struct sum *blocks, int count, struct err *e)
{
	for (int i = 0; i < count; i++)
		if (put_all(f, TALLY_HOUR, &blocks[i], e) == -1)
			return (-1);
	return (0);
}

/* The hours of one that is over, and has k. */
static int
freeze_hours(struct freezing *f, int64_t day, struct err *e)
{
	struct sum blocks[DAY_HOURS], rest;
	int count = read_blocks(f, day, (day + 1) * DAY_HOURS, blocks, &rest, e);

	if (count == -1)
		return (-1);
	if (count > 0)
		join(&blocks[count - 1], &rest);
	else { /* no hour has k: the day is one block */
		rest.subjects = f->how->k;
		blocks[count++] = rest;
	}
	return (put_blocks(f, blocks, count, e));
}

struct cells {
	struct freezing *f;
	int64_t day;
	int dim;
	bool any, put; /* of them: counted; put aside */
};

static int
put_cell(void *arg, const struct tally_packed *v, struct err *e)
{
	struct cells *cells = arg;
	struct sum sum = { .index = cells->day };

	if (add_value(&sum, v, e) == -1)
		return (-1);
	cells->any = cells->any || sum.any;
	if (v->other || sum.subjects < cells->f->how->k)
		return (0);
	cells->put = true;
	return (put(cells->f, TALLY_DAY, cells->dim, v->key, &sum, e));
}

static int
put_few(struct freezing *f, const struct cells *cells, const char *key, struct err *e)
{
	sqlite3_stmt *st = begin(f, PUT_FEW, cells->dim, cells->day);

	(void)sqlite3_bind_text(st, 4, key, -1, SQLITE_STATIC);
	return (tally_db_step(f->db, st, e));
}

static int
freeze_cells(struct freezing *f, int64_t day, enum tally_dim dim, struct err *e)
{
	struct cells cells = { .f = f, .day = day, .dim = tally_dims[dim].code };
	sqlite3_stmt *st = begin(f, PACK, cells.dim, day);
	int rc = tally_db_step(f->db, st, e);

	if (rc == 1)
		rc = tally_unpack_each(tally_db_text(st, 0), put_cell, &cells, e);
	(void)sqlite3_reset(st);
	if (rc == 0 && dim == TALLY_SAMPLE_ALL && cells.any)
		rc = put_few(f, &cells, TALLY_SAMPLE_OUT, e);
	else if (rc == 0 && cells.any && !cells.put)
		rc = put_few(f, &cells, "", e);
	return (rc);
}

static int
freeze_day(struct freezing *f, int64_t day, struct err *e)
{
	for (int dim = 0; dim < TALLY_DIM_COUNT; dim++)
		if (dim != TALLY_LATENCY && freeze_cells(f, day, (enum tally_dim)dim, e) == -1)
			return (-1);
	return (freeze_hours(f, day, e) == -1 ? -1 : run(f, MARK, day, f->how->k, e));
}

/* The first day from *day on, before end, that is not put aside, and all of it.  1; 0: none; -1. */
static int
find_day(struct freezing *f, int64_t *day, int64_t end, struct sum *all, struct err *e)
{
	sqlite3_stmt *st = begin(f, DAY, *day, end);
	int rc = tally_db_step(f->db, st, e);

	*all = (struct sum){ 0 };
	if (rc == 1) {
		*day = sqlite3_column_int64(st, 0);
		if (tally_unpack_each(tally_db_text(st, 1), add_value, all, e) == -1)
			rc = -1;
	}
	(void)sqlite3_reset(st);
	return (rc);
}

static int
freeze_days(struct freezing *f, int64_t today, struct err *e)
{
	int64_t day = tally_index(TALLY_DAY, INT64_MIN); /* before it are no times */
	struct sum all;
	int rc;

	for (; (rc = find_day(f, &day, today, &all, e)) == 1; day++)
		if (all.subjects >= f->how->k && freeze_day(f, day, e) == -1)
			return (-1);
	return (rc);
}

/*
 * Hours that may have been shown; everything of the day has no subjects, and is not shown.
 * How many blocks they make, or -1.
 */
static int
freeze_today(struct freezing *f, int64_t today, struct err *e)
{
	struct sum blocks[DAY_HOURS], rest, all = { .index = today };
	int count =
	    read_blocks(f, today, tally_index(TALLY_HOUR, f->how->over_us), blocks, &rest, e);

	if (count <= 0)
		return (count);
	for (int i = 0; i < count; i++)
		join(&all, &blocks[i]);
	if (put_blocks(f, blocks, count, e) == -1 || put_all(f, TALLY_DAY, &all, e) == -1)
		return (-1);
	return (count);
}

static int
is_frozen(struct freezing *f, int64_t day, struct err *e)
{
	sqlite3_stmt *st = begin(f, FROZEN, day, 0);
	int rc = tally_db_step(f->db, st, e);

	(void)sqlite3_reset(st);
	return (rc);
}

/* From this day on: of days of which something is counted nothing else is shown. */
static int
freeze_begun(struct freezing *f, int64_t day, struct err *e)
{
	struct sum all;
	int rc;

	for (; (rc = find_day(f, &day, INT64_MAX, &all, e)) == 1; day++)
		if (all.any && run(f, PUT_FROZEN, day, 0, e) == -1)
			return (-1);
	return (rc);
}

static int
prepare(struct freezing *f, struct err *e)
{
	for (int i = 0; i < STATEMENT_COUNT; i++)
		if (tally_db_prepare(f->db, texts[i], &f->st[i], e) == -1)
			return (-1);
	return (0);
}

/* rc. */
static int
finish(struct freezing *f, int rc)
{
	for (int i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(f->st[i]);
	return (rc);
}

static int
freeze(struct freezing *f, struct err *e)
{
	int64_t today = tally_index(TALLY_DAY, f->how->over_us);
	int rc;

	if (prepare(f, e) == -1)
		return (-1);
	if (freeze_days(f, today, e) == -1)
		return (-1);
	if (!f->how->running)
		return (0);
	if ((rc = is_frozen(f, today, e)) == -1 || (rc == 0 && freeze_today(f, today, e) == -1))
		return (-1);
	/* Also without an hour: who is erased stays among those who were seen, and counts for k. */
	return (freeze_begun(f, today, e));
}

int
tally_freeze(const char *path, const struct tally_freezing *how, struct err *e)
{
	struct freezing f = { .how = how };
	struct stat st;
	int rc;

	assert(how->k > 0 && how->k <= TALLY_SUBJECTS_MAX);
	if (lstat(path, &st) == -1) /* to write would make one */
		return (err_sys(e, ERR_INPUT, "%s", path));
	if (tally_db_open(path, true, &f.db, e) == -1)
		return (-1);
	rc = tally_db_run(f.db, "BEGIN IMMEDIATE", e);
	if (rc == 0)
		rc = finish(&f, freeze(&f, e));
	if (rc == 0)
		rc = tally_db_run(f.db, "COMMIT", e);
	if (rc == -1)
		(void)sqlite3_exec(f.db, "ROLLBACK", NULL, NULL, NULL);
	tally_db_close(f.db);
	return (rc == -1 ? err_in(e, "%s", path) : 0);
}

/* ---- one of them ---- */

static int
freeze_one(struct freezing *f, int64_t day, struct err *e)
{
	bool over = day < tally_index(TALLY_DAY, f->how->over_us);
	int64_t found = day;
	struct sum all;
	int rc = is_frozen(f, day, e);

	if (rc != 0)
		return (rc);
	if ((rc = find_day(f, &found, day + 1, &all, e)) != 1)
		return (rc);
	if (over && all.subjects < f->how->k)
		return (0);
	if (over)
		return (freeze_day(f, day, e) == -1 ? -1 : 1);
	if ((rc = freeze_today(f, day, e)) <= 0)
		return (rc);
	return (run(f, PUT_FROZEN, day, 0, e) == -1 ? -1 : 1);
}

int
tally_freeze_day(sqlite3 *db, const struct tally_freezing *how, int64_t day, struct err *e)
{
	struct freezing f = { .db = db, .how = how };

	return (finish(&f, prepare(&f, e) == -1 ? -1 : freeze_one(&f, day, e)));
}

int
tally_freeze_hide(sqlite3 *db, const struct tally_freezing *how, int64_t day, struct err *e)
{
	struct freezing f = { .db = db, .how = how };

	return (finish(&f, prepare(&f, e) == -1 ? -1 : run(&f, PUT_FROZEN, day, 0, e)));
}
