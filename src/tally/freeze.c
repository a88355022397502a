/* freeze: counts of days are put aside before they become fewer. */
#include "tally/freeze.h"

#include <sys/stat.h>

#include <assert.h>

#include "base/err.h"
#include "tally/db.h"
#include "tally/tally.h"

#define DAY_HOURS 24

enum statement { CELLS, SAMPLES, DAYS, HOURS, PUT, MARK, BEGUN, STATEMENT_COUNT };

#define STREAM "(SELECT id FROM stream WHERE name=?1)"
/* Of a row c of cell: the most subjects under any key. */
#define SUBJECTS \
	"ifnull((SELECT max(subjects) FROM seen s WHERE s.stream=c.stream AND s.period=c.period" \
	" AND s.dim=c.dim AND s.idx=c.idx AND s.other=c.other AND s.key=c.key),0)"
/* Days before ?2 that are not put aside, of ?3 subjects. */
#define DAYS_LEFT \
	"SELECT idx FROM cell c WHERE stream=" STREAM " AND period=2 AND dim=0 AND idx<?2" \
	" AND idx NOT IN (SELECT idx FROM frozen WHERE stream=c.stream) AND " SUBJECTS ">=?3"

static const char *const texts[STATEMENT_COUNT] = {
	[CELLS] =
	    "INSERT INTO released SELECT stream,2,dim,idx,key,sum(requests),sum(bytes)," SUBJECTS
	    " AS people FROM cell c WHERE stream=" STREAM
	    " AND period=2 AND other=0 AND dim<>?4 AND idx IN (" DAYS_LEFT
	    ") GROUP BY stream,dim,idx,key HAVING people>=?3",
	/* That a day is sampled is said without a number, where its sample is too small. */
	[SAMPLES] = "INSERT OR IGNORE INTO released SELECT stream,2,dim,idx,'" TALLY_SAMPLE_OUT
		    "',0,0,0 FROM cell WHERE stream=" STREAM
		    " AND period=2 AND dim=?4 AND idx IN (" DAYS_LEFT ") GROUP BY stream,dim,idx",
	[DAYS] = DAYS_LEFT " GROUP BY idx",
	[HOURS] =
	    "SELECT idx,sum(requests),sum(bytes)," SUBJECTS " FROM cell c WHERE stream=" STREAM
	    " AND period=1 AND dim=0 AND idx>=?2 AND idx<?3 GROUP BY idx ORDER BY idx",
	[PUT] = "INSERT INTO released VALUES (" STREAM ",?2,0,?3,'',?4,?5,?6)",
	/* How many subjects a day had is shown if they are k. */
	[MARK] = "INSERT INTO frozen SELECT " STREAM ",?2,ifnull((SELECT max(subjects) FROM uniq"
		 " WHERE stream=" STREAM " AND period=2 AND idx=?2 HAVING max(subjects)>=?3),0)",
	/* That of over_us, and the next: for the clock is ahead of it. */
	[BEGUN] = "INSERT INTO frozen SELECT stream,idx,0 FROM cell c WHERE stream=" STREAM
		  " AND period=2 AND dim=0 AND idx BETWEEN ?2 AND ?3 AND idx NOT IN"
		  " (SELECT idx FROM frozen WHERE stream=c.stream) GROUP BY idx",
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

struct sum {
	int64_t index;
	uint64_t requests, bytes;
	int subjects;
};

static int
put(struct freezing *f, enum tally_period period, const struct sum *sum, struct err *e)
{
	sqlite3_stmt *st = begin(f, PUT, (int)period, sum->index);

	(void)sqlite3_bind_int64(st, 4, (int64_t)sum->requests);
	(void)sqlite3_bind_int64(st, 5, (int64_t)sum->bytes);
	(void)sqlite3_bind_int(st, 6, sum->subjects);
	return (tally_db_step(f->db, st, e));
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
		struct sum hour = { sqlite3_column_int64(st, 0), tally_db_u64(st, 1),
			tally_db_u64(st, 2), sqlite3_column_int(st, 3) };

		join(rest, &hour);
		if ((unsigned)hour.subjects < f->how->k)
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
		if (put(f, TALLY_HOUR, &blocks[i], e) == -1)
			return (-1);
	return (0);
}

static int
mark(struct freezing *f, enum statement which, int64_t two, int64_t three, struct err *e)
{
	return (tally_db_step(f->db, begin(f, which, two, three), e));
}

/* One that is over, and has k; CELLS has put everything of it aside. */
static int
freeze_day(struct freezing *f, int64_t day, struct err *e)
{
	struct sum blocks[DAY_HOURS], rest;
	int count = read_blocks(f, day, (day + 1) * DAY_HOURS, blocks, &rest, e);

	if (count == -1)
		return (-1);
	if (count > 0)
		join(&blocks[count - 1], &rest);
	else { /* no hour has k: the day is one block */
		rest.subjects = (int)f->how->k;
		blocks[count++] = rest;
	}
	return (put_blocks(f, blocks, count, e) == -1 ? -1 : mark(f, MARK, day, f->how->k, e));
}

static int
freeze_days(struct freezing *f, int64_t today, struct err *e)
{
	sqlite3_stmt *cells = begin(f, CELLS, today, f->how->k), *days;
	sqlite3_stmt *samples = begin(f, SAMPLES, today, f->how->k);
	int rc;

	(void)sqlite3_bind_int(cells, 4, tally_dims[TALLY_LATENCY].code);
	(void)sqlite3_bind_int(samples, 4, tally_dims[TALLY_SAMPLE_ALL].code);
	if (tally_db_step(f->db, cells, e) == -1 || tally_db_step(f->db, samples, e) == -1)
		return (-1);
	days = begin(f, DAYS, today, f->how->k);
	while ((rc = tally_db_step(f->db, days, e)) == 1) {
		if (freeze_day(f, sqlite3_column_int64(days, 0), e) == -1)
			return (-1);
		/* One more is put aside: begin again, as what is read has changed. */
		days = begin(f, DAYS, today, f->how->k);
	}
	return (rc);
}

/* Hours that may have been shown; everything of the day has no subjects, and is not shown. */
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
	return (put_blocks(f, blocks, count, e) == -1 ? -1 : put(f, TALLY_DAY, &all, e));
}

static bool
is_frozen(struct freezing *f, int64_t day)
{
	sqlite3_stmt *st = NULL;
	bool is = false;

	if (tally_db_prepare(
		f->db, "SELECT 1 FROM frozen WHERE stream=" STREAM " AND idx=?2", &st, NULL) == 0) {
		(void)sqlite3_bind_text(st, 1, f->how->stream, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 2, day);
		is = tally_db_step(f->db, st, NULL) == 1;
	}
	(void)sqlite3_finalize(st);
	return (is);
}

static int
freeze(struct freezing *f, struct err *e)
{
	int64_t today = tally_index(TALLY_DAY, f->how->over_us);

	for (int i = 0; i < STATEMENT_COUNT; i++)
		if (tally_db_prepare(f->db, texts[i], &f->st[i], e) == -1)
			return (-1);
	if (freeze_days(f, today, e) == -1)
		return (-1);
	if (!f->how->running)
		return (0);
	if (!is_frozen(f, today) && freeze_today(f, today, e) == -1)
		return (-1);
	/* Also without an hour: who is erased stays among those who were seen, and counts for k. */
	return (mark(f, BEGUN, today, today + 1, e));
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
		rc = freeze(&f, e);
	for (int i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(f.st[i]);
	if (rc == 0)
		rc = tally_db_run(f.db, "COMMIT", e);
	if (rc == -1)
		(void)sqlite3_exec(f.db, "ROLLBACK", NULL, NULL, NULL);
	tally_db_close(f.db);
	return (rc == -1 ? err_in(e, "%s", path) : 0);
}
