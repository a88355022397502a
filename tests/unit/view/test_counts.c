/* A stats.db of random days, and what roles are shown of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "tally/db.h"
#include "tally/fold.h"
#include "tally/freeze.h"
#include "tally/read/inside.h"
#include "unit/tally/old.h"
#include "view/counts/counts.h"

#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)
#define FIRST 20000 /* number of the first day */
#define DAYS 4
#define KEYS 6
#define PEOPLE 64

static char path[64];

/* who[key]: a bit for each subject of an hour; requests are ten a subject, and one. */
struct hour {
	uint64_t who[2][KEYS]; /* by path, by status */
};
static struct hour hours[DAYS * 24];
static const char *const paths[KEYS] = { "/", "/a", "/b", "/c", "/d", "/e" };
static const char *const statuses[KEYS] = { "200", "304", "404", "403", "500", "503" };

static uint64_t
draw(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed % below);
}

static unsigned
people(uint64_t who)
{
	return ((unsigned)__builtin_popcountll(who));
}

static unsigned
capped(uint64_t who)
{
	return (people(who) > 20 ? 21 : people(who));
}

static uint64_t
requests(uint64_t who)
{
	return (who == 0 ? 0 : 10 * people(who) + 1);
}

/* Everybody of an hour has a path and a status, some have a path twice. */
static void
make_hours(uint64_t *seed)
{
	memset(hours, 0, sizeof(hours));
	for (int h = 0; h < DAYS * 24; h++) {
		uint64_t most = h / 24 == 1 ? 2 :
		    h % 24 < 6              ? 6 :
					      120; /* a quiet day, quiet nights */

		for (uint64_t n = draw(seed, most); n > 0; n--) {
			uint64_t bit = UINT64_C(1) << draw(seed, h / 24 == 1 ? 8 : PEOPLE);

			hours[h].who[0][draw(seed, 1 + draw(seed, KEYS))] |= bit;
			hours[h].who[1][draw(seed, 1 + draw(seed, KEYS))] |= bit;
		}
	}
}

static uint64_t
sum_of(const struct hour *hour)
{
	uint64_t sum = 0;

	for (int k = 0; k < KEYS; k++)
		sum += requests(hour->who[0][k]) + requests(hour->who[1][k]);
	return (sum);
}

static void
add_row(
    struct buf *sql, int period, int dim, int64_t index, const char *key, uint64_t n, uint64_t who)
{
	if (n == 0)
		return;
	buf_fmt(sql, "INSERT INTO cell VALUES(1,%d,%d,%lld,0,0,'%s',%llu,0,%llu);", period, dim,
	    (long long)index, key, (unsigned long long)n, (unsigned long long)n * 7);
	buf_fmt(sql, "INSERT INTO seen VALUES(1,%d,%d,%lld,0,'%s',1,%u,NULL);", period, dim,
	    (long long)index, key, capped(who));
}

/* The sums of hours from..to as one period; everything has the requests of both dimensions. */
static void
add_period(struct buf *sql, int period, int64_t index, int from, int to)
{
	uint64_t all = 0, everybody = 0;

	for (int h = from; h < to; h++)
		all += sum_of(&hours[h]);
	for (int dim = 0; dim < 2; dim++)
		for (int k = 0; k < KEYS; k++) {
			uint64_t n = 0, who = 0;

			for (int h = from; h < to; h++) {
				n += requests(hours[h].who[dim][k]);
				who |= hours[h].who[dim][k];
			}
			everybody |= who;
			add_row(sql, period, dim == 0 ? 1 : 2, index,
			    dim == 0 ? paths[k] : statuses[k], n, who);
		}
	add_row(sql, period, 0, index, "", all, everybody);
	if (period == TALLY_DAY)
		buf_fmt(sql, "INSERT INTO uniq VALUES(1,2,%lld,1,%u,NULL);", (long long)index,
		    people(everybody));
}

static void
fill(uint64_t *seed)
{
	struct buf sql = { 0 };

	make_hours(seed);
	buf_str(&sql,
	    "BEGIN;DELETE FROM cell;DELETE FROM seen;DELETE FROM uniq;DELETE FROM stream;"
	    "DELETE FROM frozen;DELETE FROM released;DELETE FROM shown;"
	    "INSERT INTO stream VALUES(1,'s',1,1);INSERT INTO shown VALUES(1,480096,0,0,0);");
	_Static_assert((FIRST + DAYS) * 24 == 480096, "all may be shown");
	for (int h = 0; h < DAYS * 24; h++)
		add_period(&sql, TALLY_HOUR, FIRST * 24 + h, h, h + 1);
	for (int d = 0; d < DAYS; d++)
		add_period(&sql, TALLY_DAY, FIRST + d, d * 24, d * 24 + 24);
	buf_str(&sql, "COMMIT");
	assert_true(buf_ok(&sql));
	old_run(path, sql.data);
	buf_free(&sql);
}

static int
tear_down(void **state)
{
	char name[80];

	(void)unlink(path);
	(void)snprintf(name, sizeof(name), "%s-wal", path);
	(void)unlink(name);
	(void)snprintf(name, sizeof(name), "%s-shm", path);
	(void)unlink(name);
	return (0);
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-counts.%d.db", (int)getpid());
	return (tear_down(state)); /* what a killed one of this number left */
}

/* since and until in hours from the first day; now: likewise, settled. */
static void
ask(const struct view_grant *grant, int since, int until, int now, struct view_counts *c)
{
	struct view_question q = { "s", grant, FIRST * DAY + since * HOUR,
		FIRST * DAY + until * HOUR, FIRST * DAY + now * HOUR + VIEW_SETTLE_US,
		VIEW_DIMS_ALL };
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };

	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	if (view_counts_read(r, &q, c, &e) != 0)
		fail_msg("%s", e.text);
	tally_reader_close(r);
}

static uint64_t
total_of(const struct view_table *t)
{
	uint64_t total[VIEW_MEASURES];

	view_tier_total(t, total);
	return (total[VIEW_REQUESTS]);
}

static uint64_t
days_of(const struct view_counts *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->day_count; i++)
		sum += c->days[i].requests;
	return (sum);
}

static void
check(const struct view_grant *grant, const struct view_counts *c)
{
	uint64_t points = 0;

	for (size_t i = 0; i < c->point_count; i++) {
		assert_true(c->points[i].subjects >= grant->k);
		assert_true(c->points[i].begin_us >= c->since_us);
		assert_true(c->points[i].end_us <= c->until_us);
		points += c->points[i].count[VIEW_REQUESTS];
	}
	assert_int_equal(points, c->total[VIEW_REQUESTS]);
	if (c->shown[VIEW_STATUSES])
		assert_int_equal(total_of(&c->tables[VIEW_STATUSES]), days_of(c));
	assert_int_equal(total_of(&c->tables[VIEW_PATHS]), days_of(c));
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		assert_true(c->tables[d].rest[VIEW_REQUESTS] <= days_of(c));
	for (size_t i = 0; i < c->day_count; i++)
		if (c->days[i].hidden)
			assert_int_equal(c->days[i].requests + c->days[i].uniques, 0);
	for (int d = 0; d < VIEW_DIM_COUNT; d++)
		for (size_t i = 0; i < c->tables[d].cell_count; i++) {
			const struct view_cell *cell = &c->tables[d].cells[i];

			assert_true(!cell->hidden && cell->subjects >= grant->k);
			if (grant->tier == VIEW_PUBLIC) {
				assert_int_equal(cell->count[VIEW_REQUESTS] % 10, 0);
				assert_int_equal(cell->count[VIEW_BYTES], 0);
			}
		}
}

static void
parts_are_of_k_and_add_up(void **state)
{
	struct view_grant grants[] = { view_grant_of(VIEW_ANALYST), view_grant_of(VIEW_ANALYST),
		view_grant_of(VIEW_PUBLIC) };
	uint64_t seed = 5, shown = 0;

	grants[1].k = 15;
	for (int round = 0; round < 8; round++) {
		fill(&seed);
		for (size_t g = 0; g < sizeof(grants) / sizeof(grants[0]); g++) {
			static const int windows[][3] = { { 0, 96, 96 }, { 24, 48, 96 },
				{ 5, 77, 96 }, { 0, 96, 61 }, { 30, 31, 96 }, { 50, 50, 96 } };

			for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
				struct view_counts c;

				ask(&grants[g], windows[i][0], windows[i][1], windows[i][2], &c);
				check(&grants[g], &c);
				shown += c.tables[VIEW_PATHS].cell_count +
				    c.tables[VIEW_STATUSES].cell_count;
				view_counts_free(&c);
			}
		}
	}
	if (shown < 300)
		fail_msg("%ju cells are shown, for nothing", (uintmax_t)shown);
}

/* All that happened in days of k is in the totals of the analysts, and no more. */
static void
analysts_lose_nothing_but_quiet_days(void **state)
{
	struct view_grant analyst = view_grant_of(VIEW_ANALYST);
	uint64_t seed = 9, want = 0;
	struct view_counts c;
	bool quiet = false;

	fill(&seed);
	ask(&analyst, 0, DAYS * 24, DAYS * 24, &c);
	assert_int_equal(c.day_count, DAYS);
	for (int h = 0; h < DAYS * 24; h++)
		want += c.days[h / 24].hidden ? 0 : sum_of(&hours[h]);
	assert_int_equal(c.total[VIEW_REQUESTS], want);
	assert_int_equal(c.total[VIEW_BYTES], want * 7);
	assert_int_equal(days_of(&c), want);
	for (size_t i = 0; i < c.day_count; i++)
		quiet = quiet || c.days[i].hidden;
	assert_true(quiet);
	assert_true(c.days[0].errors_4xx > 0);
	assert_int_equal(c.tables[VIEW_EVENTS].cell_count, 0);
	assert_int_equal(total_of(&c.tables[VIEW_EVENTS]), want);
	view_counts_free(&c);
}

/* By their members: what lies between them is anything. */
static void
same_points(const struct view_window *a, const struct view_window *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a[i].begin_us, b[i].begin_us);
		assert_int_equal(a[i].end_us, b[i].end_us);
		assert_int_equal(a[i].subjects, b[i].subjects);
		assert_memory_equal(a[i].count, b[i].count, sizeof(a[i].count));
	}
}

static void
same_days(const struct view_day *a, const struct view_day *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a[i].begin_us, b[i].begin_us);
		assert_int_equal(a[i].requests, b[i].requests);
		assert_int_equal(a[i].bytes, b[i].bytes);
		assert_int_equal(a[i].errors_4xx, b[i].errors_4xx);
		assert_int_equal(a[i].errors_5xx, b[i].errors_5xx);
		assert_int_equal(a[i].uniques, b[i].uniques);
		assert_true(a[i].has_other == b[i].has_other && a[i].hidden == b[i].hidden);
	}
}

/* What was shown of an hour that is over stays as it was, whatever comes. */
static void
answers_stay(void **state)
{
	struct view_grant grants[] = { view_grant_of(VIEW_ANALYST), view_grant_of(VIEW_PUBLIC) };
	uint64_t seed = 21;

	fill(&seed);
	for (size_t g = 0; g < 2; g++) {
		struct view_counts last;

		ask(&grants[g], 0, DAYS * 24, DAYS * 24, &last);
		for (int now = 0; now < DAYS * 24; now++) {
			struct view_counts c;

			ask(&grants[g], 0, DAYS * 24, now, &c);
			assert_true(c.point_count <= last.point_count);
			for (size_t i = 0; i < c.point_count; i++) {
				assert_true(c.points[i].end_us <= FIRST * DAY + now * HOUR);
				same_points(&c.points[i], &last.points[i], 1);
			}
			for (size_t i = 0; i < c.day_count; i++)
				same_days(&c.days[i], &last.days[i], 1);
			view_counts_free(&c);
		}
		view_counts_free(&last);
	}
}

static void
expect_same(const struct view_counts *a, const struct view_counts *b)
{
	assert_int_equal(a->point_count, b->point_count);
	same_points(a->points, b->points, a->point_count);
	assert_int_equal(a->day_count, b->day_count);
	same_days(a->days, b->days, a->day_count);
	for (int d = 0; d < VIEW_DIM_COUNT; d++) {
		const struct view_table *t = &a->tables[d], *u = &b->tables[d];

		assert_memory_equal(t->rest, u->rest, sizeof(t->rest));
		assert_int_equal(t->cell_count, u->cell_count);
		for (size_t i = 0; i < t->cell_count; i++) {
			assert_true(span_equal(t->cells[i].key, u->cells[i].key));
			assert_memory_equal(
			    t->cells[i].count, u->cells[i].count, sizeof(t->cells[i].count));
		}
	}
}

/* Cells of few go into "other" for good when their detail does: nobody sees a difference. */
static void
folding_changes_no_answer(void **state)
{
	struct view_grant grants[] = { view_grant_of(VIEW_ANALYST), view_grant_of(VIEW_ANALYST),
		view_grant_of(VIEW_PUBLIC) };
	const struct tally_folding how = { "s", (FIRST + DAYS) * DAY, VIEW_K_ANALYST, false, 0 };
	struct view_counts before[3], after;
	struct err e = { ERR_NONE, "" };
	uint64_t seed = 33, folded;

	grants[1].k = 15;
	fill(&seed);
	for (size_t g = 0; g < 3; g++)
		ask(&grants[g], 0, DAYS * 24, DAYS * 24, &before[g]);
	assert_int_equal(tally_fold(path, &how, &folded, &e), 0);
	assert_true(folded > 20);
	for (size_t g = 0; g < 3; g++) {
		ask(&grants[g], 0, DAYS * 24, DAYS * 24, &after);
		expect_same(&before[g], &after);
		view_counts_free(&after);
		view_counts_free(&before[g]);
	}
}

static void
run_sql(const char *sql)
{
	old_run(path, sql);
}

static uint64_t
number(const char *sql)
{
	struct err e = { ERR_NONE, "" };
	sqlite3 *db = old_open(path);
	sqlite3_stmt *st;
	uint64_t n;

	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	assert_int_equal(tally_db_step(db, st, &e), 1);
	n = tally_db_u64(st, 0);
	(void)sqlite3_finalize(st);
	old_close(db);
	return (n);
}

/* Counts that become fewer, or more, change nothing of what was put aside. */
static void
answers_outlive_an_erasure(void **state)
{
	struct view_grant grants[] = { view_grant_of(VIEW_ANALYST), view_grant_of(VIEW_ANALYST),
		view_grant_of(VIEW_PUBLIC) };
	const struct tally_freezing how = { "s", (FIRST + DAYS) * DAY, false, VIEW_K_ANALYST };
	struct view_counts before[3], after;
	struct err e = { ERR_NONE, "" };
	uint64_t seed = 41;

	grants[1].k = 15;
	fill(&seed);
	for (size_t g = 0; g < 3; g++)
		ask(&grants[g], 0, DAYS * 24, DAYS * 24, &before[g]);
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM frozen"), DAYS - 1); /* not the quiet day */
	assert_int_equal(number("SELECT count(*) FROM released WHERE subjects<10"), 0);
	run_sql("UPDATE cell SET requests=requests-1,bytes=bytes-7 WHERE idx%2=0;"
		"DELETE FROM cell WHERE idx%3=0 AND dim>0;UPDATE uniq SET subjects=1;"
		"UPDATE seen SET subjects=subjects-1 WHERE subjects>5 AND idx%2=1;"
		"INSERT OR IGNORE INTO cell SELECT 1,2,1,idx,0,0,'/new',500,0,0 FROM frozen;"
		"INSERT OR IGNORE INTO seen SELECT 1,2,1,idx,0,'/new',1,21,NULL FROM frozen");
	/* What is put aside once is not put aside again. */
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	run_sql("DELETE FROM cell WHERE idx=20001 OR idx/24=20001"); /* the quiet day is gone */
	for (size_t g = 0; g < 3; g++) {
		ask(&grants[g], 0, 24, DAYS * 24, &after);
		assert_true(after.point_count > 0 && after.day_count == 1);
		same_days(&after.days[0], &before[g].days[0], 1);
		for (size_t i = 0; i < after.point_count; i++)
			same_points(&after.points[i], &before[g].points[i], 1);
		view_counts_free(&after);
		ask(&grants[g], 0, DAYS * 24, DAYS * 24, &after);
		for (int d = 0; d < VIEW_DIM_COUNT; d++)
			assert_int_equal(
			    total_of(&after.tables[d]), total_of(&before[g].tables[d]));
		check(&grants[g], &after);
		assert_int_equal(
		    after.tables[VIEW_PATHS].cell_count, before[g].tables[VIEW_PATHS].cell_count);
		for (size_t i = 0; i < after.tables[VIEW_PATHS].cell_count; i++)
			assert_int_equal(after.tables[VIEW_PATHS].cells[i].count[0],
			    before[g].tables[VIEW_PATHS].cells[i].count[0]);
		view_counts_free(&after);
		view_counts_free(&before[g]);
	}
}

/* Of the day that ran its hours stay, and it ends with them. */
static void
a_day_that_runs_ends_with_what_was_shown(void **state)
{
	struct view_grant analyst = view_grant_of(VIEW_ANALYST);
	const int now = 3 * 24 + 15;
	const struct tally_freezing how = { "s", FIRST * DAY + now * HOUR + HOUR / 2, true,
		VIEW_K_ANALYST };
	struct view_counts before, after;
	struct err e = { ERR_NONE, "" };
	uint64_t seed = 43;

	fill(&seed);
	ask(&analyst, 72, 96, now, &before);
	assert_true(before.point_count > 2);
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	run_sql("UPDATE cell SET requests=requests-1 WHERE idx>=20003");
	for (int later = now; later <= 96; later += 96 - now) {
		ask(&analyst, 72, 96, later, &after);
		assert_true(after.point_count + 1 >= before.point_count);
		assert_true(after.point_count <= before.point_count + 1);
		for (size_t i = 0; i + 1 < after.point_count; i++)
			same_points(&after.points[i], &before.points[i], 1);
		for (int d = 0; d < VIEW_DIM_COUNT; d++)
			assert_int_equal(total_of(&after.tables[d]), 0);
		view_counts_free(&after);
	}
	view_counts_free(&before);
}

/*
 * No hour of it had been shown: nothing is, for who was erased is still among those who were
 * seen, and counts towards k.  A day of which nothing is counted yet goes on.
 */
static void
a_day_that_has_just_begun_ends_too(void **state)
{
	struct view_grant grants[] = { view_grant_of(VIEW_ANALYST), view_grant_of(VIEW_PUBLIC) };
	struct tally_freezing how = { "s", (FIRST + 3) * DAY + HOUR / 2, true, VIEW_K_ANALYST };
	struct err e = { ERR_NONE, "" };
	struct view_counts c;
	uint64_t seed = 61;

	fill(&seed);
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	for (size_t g = 0; g < 2; g++) {
		ask(&grants[g], 72, 96, 96, &c);
		assert_int_equal(c.point_count + c.day_count, 0);
		assert_int_equal(total_of(&c.tables[VIEW_PATHS]), 0);
		view_counts_free(&c);
	}
	fill(&seed);
	how.over_us = (FIRST + 2) * DAY + DAY - HOUR / 6; /* by the clock it has begun */
	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(tally_freeze(path, &how, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM frozen WHERE idx=20003"), 1);
	fill(&seed);
	how.over_us = (FIRST + 4) * DAY + HOUR / 2;
	assert_int_equal(tally_freeze(path, &how, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM frozen WHERE idx>=20004"), 0);
}

/* The public sees of a sampled day what the sample has; the others see all of it. */
static void
the_public_sees_the_sample(void **state)
{
	struct view_grant analyst = view_grant_of(VIEW_ANALYST),
			  public = view_grant_of(VIEW_PUBLIC);
	struct view_counts before, after, all;
	uint64_t seed = 47;

	fill(&seed);
	ask(&analyst, 0, 96, 96, &before);
	ask(&public, 0, 96, 96, &all);
	run_sql(
	    "INSERT INTO cell VALUES(1,2,12,20000,0,0,'in',514,0,9),(1,2,12,20000,0,0,'out',9,0,9),"
	    "(1,2,13,20000,0,0,'/a',303,0,9),(1,2,13,20000,0,0,'/b',200,0,9),"
	    "(1,2,13,20000,0,0,'/few',11,0,9),(1,2,12,20002,0,0,'out',800,0,9);"
	    "INSERT INTO seen "
	    "VALUES(1,2,12,20000,0,'in',1,21,NULL),(1,2,13,20000,0,'/a',1,21,NULL),"
	    "(1,2,13,20000,0,'/b',1,20,NULL),(1,2,13,20000,0,'/few',1,19,NULL)");
	ask(&analyst, 0, 96, 96, &after);
	expect_same(&before, &after);
	view_counts_free(&after);
	ask(&public, 0, 24, 96, &after);
	assert_int_equal(after.day_count, 1);
	assert_int_equal(after.days[0].requests, 510);
	assert_int_equal(after.days[0].uniques, 0);
	assert_int_equal(after.tables[VIEW_PATHS].cell_count, 1); /* /b goes with the rest */
	assert_true(span_is(after.tables[VIEW_PATHS].cells[0].key, "/a"));
	assert_int_equal(after.tables[VIEW_PATHS].cells[0].count[0], 300);
	assert_int_equal(after.tables[VIEW_STATUSES].cell_count, 0);
	view_counts_free(&after);
	ask(&public, 48, 72, 96, &after); /* nobody is in */
	assert_true(after.day_count == 1 && after.days[0].hidden);
	view_counts_free(&after);
	ask(&public, 72, 96, 96, &after); /* that day is not sampled */
	assert_int_equal(after.days[0].requests, all.days[3].requests);
	assert_true(after.tables[VIEW_PATHS].cell_count > 1);
	view_counts_free(&after);
	view_counts_free(&before);
	view_counts_free(&all);
}

static void
a_narrower_role_sees_fewer_tables(void **state)
{
	struct view_grant grant = view_grant_of(VIEW_ANALYST);
	uint64_t seed = 5;
	struct view_counts c;

	fill(&seed);
	grant.fields = UINT64_C(1) << RECORD_FIELD_PATH;
	ask(&grant, 0, 96, 96, &c);
	assert_true(c.shown[VIEW_PATHS] && !c.shown[VIEW_STATUSES]);
	assert_int_equal(c.days[0].errors_4xx + c.days[0].errors_5xx, 0);
	assert_int_equal(total_of(&c.tables[VIEW_STATUSES]), 0);
	assert_true(c.tables[VIEW_PATHS].cell_count > 0);
	view_counts_free(&c);
	grant.fields = 0;
	ask(&grant, 0, 96, 96, &c);
	assert_int_equal(total_of(&c.tables[VIEW_PATHS]), 0);
	view_counts_free(&c);
}

/* A table that was asked for alone is the one that comes with the others. */
static void
one_table_is_as_it_is_among_all(void **state)
{
	struct view_grant grant = view_grant_of(VIEW_ANALYST);
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };
	struct view_counts all, one;
	uint64_t seed = 11;

	fill(&seed);
	ask(&grant, 0, DAYS * 24, DAYS * 24, &all);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	for (int d = 0; d < VIEW_DIM_COUNT; d++) {
		struct view_question q = { "s", &grant, FIRST * DAY, FIRST * DAY + DAYS * 24 * HOUR,
			FIRST * DAY + DAYS * 24 * HOUR + VIEW_SETTLE_US, 1u << d };

		assert_int_equal(view_counts_read(r, &q, &one, &e), 0);
		assert_true(one.shown[d]);
		assert_int_equal(one.point_count, all.point_count);
		assert_int_equal(one.tables[d].cell_count, all.tables[d].cell_count);
		for (size_t i = 0; i < one.tables[d].cell_count; i++)
			assert_int_equal(one.tables[d].cells[i].count[VIEW_REQUESTS],
			    all.tables[d].cells[i].count[VIEW_REQUESTS]);
		for (int other = 0; other < VIEW_DIM_COUNT; other++)
			if (other != d) {
				assert_false(one.shown[other]);
				assert_int_equal(one.tables[other].cell_count, 0);
			}
		view_counts_free(&one);
	}
	tally_reader_close(r);
	view_counts_free(&all);
}

static void
nothing_is_nothing(void **state)
{
	struct view_grant grant = view_grant_of(VIEW_PUBLIC);
	struct view_question q = { "nobody", &grant, INT64_MIN, INT64_MAX, FIRST * DAY,
		VIEW_DIMS_ALL };
	struct tally_reader *r = NULL;
	struct err e = { ERR_NONE, "" };
	struct view_counts c;
	uint64_t seed = 5;

	fill(&seed);
	assert_int_equal(tally_reader_open(path, &r, &e), 0);
	assert_int_equal(view_counts_read(r, &q, &c, &e), 0);
	assert_int_equal(c.point_count + c.day_count, 0);
	view_counts_free(&c);
	tally_reader_close(r);
}

/* Nobody knows how many there were, which is not the same as few. */
static void
what_is_not_known_is_told_from_few(void **state)
{
	const struct view_grant analyst = view_grant_of(VIEW_ANALYST),
				public = view_grant_of(VIEW_PUBLIC);
	static const struct {
		const char *claim;
		int since, until;
		size_t unknown;
	} rows[] = {
		{ "all of them", 0, 96, 1 },
		{ "its day", 0, 24, 1 },
		{ "an hour of it", 3, 4, 1 },
		{ "a day of few", 24, 48, 0 },
	};
	struct view_counts c;
	uint64_t seed = 48;

	fill(&seed);
	run_sql("DELETE FROM seen WHERE idx=20000 OR (idx BETWEEN 480000 AND 480023);"
		"DELETE FROM uniq WHERE idx=20000;"
		"UPDATE seen SET subjects=3 WHERE period=2 AND idx=20001");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].claim);
		ask(&analyst, rows[i].since, rows[i].until, 96, &c);
		assert_int_equal(c.unknown_days, rows[i].unknown);
		check(&analyst, &c);
		view_counts_free(&c);
	}
	for (int i = 0; i < 2; i++) {
		ask(i == 0 ? &analyst : &public, 0, 96, 96, &c);
		assert_true(c.days[0].hidden && c.days[0].unknown);
		assert_true(c.days[1].hidden && !c.days[1].unknown);
		assert_false(c.days[2].hidden || c.days[2].unknown);
		view_counts_free(&c);
	}
}

static int
count_more(unsigned what, void *left, void *statement, void *text)
{
	unsigned *statements = left;

	if (*statements > 0 && --*statements == 0)
		run_sql("UPDATE cell SET requests=requests+100000 WHERE period=2 AND idx=20000"
			" AND (dim=0 OR key IN ('/','200'))");
	return (0);
}

/* Somebody counts more of a day between any two queries: its tables are of the same sum. */
static void
an_answer_is_of_one_state(void **state)
{
	struct view_grant grant = view_grant_of(VIEW_ANALYST);
	struct view_question q = { "s", &grant, FIRST * DAY, (FIRST + DAYS) * DAY,
		(FIRST + DAYS) * DAY + VIEW_SETTLE_US, VIEW_DIMS_ALL };
	struct err e = { ERR_NONE, "" };
	unsigned left = 0;

	for (unsigned at = 1; left == 0; at++) {
		struct tally_reader *r = NULL;
		struct view_counts c;
		uint64_t seed = 59;

		fill(&seed);
		left = at;
		assert_int_equal(tally_reader_open(path, &r, &e), 0);
		(void)sqlite3_trace_v2(r->db, SQLITE_TRACE_STMT, count_more, &left);
		assert_int_equal(view_counts_read(r, &q, &c, &e), 0);
		assert_true(left == 0 || at > 20); /* it asks so often at least */
		check(&grant, &c);
		view_counts_free(&c);
		tally_reader_close(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_of_k_and_add_up),
		cmocka_unit_test(analysts_lose_nothing_but_quiet_days),
		cmocka_unit_test(answers_stay),
		cmocka_unit_test(folding_changes_no_answer),
		cmocka_unit_test(answers_outlive_an_erasure),
		cmocka_unit_test(a_day_that_runs_ends_with_what_was_shown),
		cmocka_unit_test(a_day_that_has_just_begun_ends_too),
		cmocka_unit_test(the_public_sees_the_sample),
		cmocka_unit_test(a_narrower_role_sees_fewer_tables),
		cmocka_unit_test(one_table_is_as_it_is_among_all),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(an_answer_is_of_one_state),
		cmocka_unit_test_setup_teardown(
		    what_is_not_known_is_told_from_few, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
