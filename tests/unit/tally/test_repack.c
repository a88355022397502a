/* Rows of packs are changed where they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "tally/db.h"
#include "tally/pack/repack.h"
#include "unit/tally/old.h"

static struct err e;
static char path[64];

static int
tear_down(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[80];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	return (0);
}

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "pack.%d.db", (int)getpid());
	return (tear_down(state)); /* what a killed one of this number left */
}

/* Of two streams: a value "a" and one "b" of 5 and 6 requests in each row. */
static const char rows_of_two[] =
    "CREATE TEMP TABLE p AS SELECT column1 AS period,column2 AS dim,column3 AS idx FROM (VALUES"
    " (1,0,-5),(1,0,7),(1,0,8),(1,3,7),(2,0,7),(2,3,6),(2,3,7),(2,3,8),(2,18,7),(3,3,7));"
    "CREATE TEMP TABLE s AS SELECT column1 AS stream FROM (VALUES (1),(2));"
    "INSERT INTO cell SELECT stream,period,dim,idx,0,0,'a',5,0,0 FROM s,p;"
    "INSERT INTO cell SELECT stream,period,dim,idx,0,0,'b',6,0,0 FROM s,p;";

struct told {
	struct buf text;
	bool in_turn; /* row, look of all, edit of all */
	int looks, edits;
	bool leaves; /* row says that it stays */
	bool fails; /* look does */
	bool mends; /* rows have any number of values */
	int drops; /* so many of the two */
};

static bool
tell_row(void *arg, enum tally_period period, int dim, int64_t idx)
{
	struct told *t = arg;

	buf_fmt(&t->text, "%d/%d/%lld ", (int)period, dim, (long long)idx);
	t->in_turn = t->in_turn && t->looks == t->edits;
	t->looks = t->edits = 0;
	return (!t->leaves);
}

static int
tell_value(void *arg, const struct tally_packed *v, struct err *err)
{
	struct told *t = arg;

	t->in_turn = t->in_turn && t->edits == 0;
	t->looks++;
	return (t->fails ? err_set(err, ERR_INPUT, "not this one") : 0);
}

static void
drop_some(void *arg, struct tally_packed *v)
{
	struct told *t = arg;

	if (v->end)
		return;
	t->in_turn = t->in_turn && (t->looks == 2 || t->mends);
	v->gone = t->edits++ < t->drops;
}

static int
repack(const struct tally_repack_range *range, struct told *t, int *changes)
{
	sqlite3 *db;
	int rc;

	buf_clear(&t->text);
	t->in_turn = true;
	t->looks = t->edits = 0;
	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	assert_int_equal(tally_db_run(db, "BEGIN IMMEDIATE", &e), 0);
	*changes = sqlite3_total_changes(db);
	rc = tally_repack_rows(db, range, drop_some, t, &e);
	*changes = sqlite3_total_changes(db) - *changes;
	assert_int_equal(tally_db_run(db, rc == 0 ? "COMMIT" : "ROLLBACK", &e), 0);
	tally_db_close(db);
	assert_true(t->in_turn);
	return (rc);
}

static int64_t
number(const char *sql)
{
	sqlite3 *db = old_open(path);
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	assert_int_equal(tally_db_step(db, st, &e), 1);
	n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	old_close(db);
	return (n);
}

static void
rows_of_a_range_are_changed(void **state)
{
	static const struct {
		const char *claim;
		int64_t stream;
		enum tally_period first, last;
		int dim;
		int64_t from, to;
		const char *rows;
	} rows[] = {
		{ "all of a stream", 1, TALLY_MINUTE, TALLY_MONTH, -1, INT64_MIN, INT64_MAX,
		    "1/0/-5 1/0/7 1/0/8 1/3/7 2/0/7 2/3/6 2/3/7 2/3/8 2/18/7 3/3/7 " },
		{ "a period", 2, TALLY_DAY, TALLY_DAY, -1, INT64_MIN, INT64_MAX,
		    "2/0/7 2/3/6 2/3/7 2/3/8 2/18/7 " },
		{ "a dimension", 1, TALLY_HOUR, TALLY_DAY, 3, INT64_MIN, INT64_MAX,
		    "1/3/7 2/3/6 2/3/7 2/3/8 " },
		{ "numbers, half open", 1, TALLY_HOUR, TALLY_WEEK, 3, 6, 8,
		    "1/3/7 2/3/6 2/3/7 3/3/7 " },
		{ "one of them", 1, TALLY_HOUR, TALLY_WEEK, -1, 8, 9, "1/0/8 2/3/8 " },
		{ "no number", 1, TALLY_HOUR, TALLY_WEEK, -1, 8, 8, "" },
		{ "nobody", 3, TALLY_MINUTE, TALLY_MONTH, -1, INT64_MIN, INT64_MAX, "" },
	};
	struct told t = { .drops = 0 };
	int changes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally_repack_range range = { rows[i].stream, rows[i].first, rows[i].last,
			rows[i].dim, rows[i].from, rows[i].to, tell_row, tell_value, .fills = true };
		int count = 0;

		print_message("# %s\n", rows[i].claim);
		for (const char *c = rows[i].rows; *c != '\0'; c++)
			count += *c == ' ';
		old_run(path, "INSERT INTO stream VALUES (1,'s',1,1),(2,'t',1,1)");
		old_run(path, rows_of_two);
		t = (struct told){ .text = t.text, .leaves = true, .drops = 2 };
		assert_int_equal(repack(&range, &t, &changes), 0);
		assert_int_equal(changes, 0);
		t.leaves = false;
		t.drops = 0; /* none: as they were */
		assert_int_equal(repack(&range, &t, &changes), 0);
		assert_int_equal(changes, 0);
		t.drops = 1;
		assert_int_equal(repack(&range, &t, &changes), 0);
		assert_string_equal(t.text.len == 0 ? "" : t.text.data, rows[i].rows);
		assert_int_equal(changes, count);
		assert_int_equal(number("SELECT count(*) FROM cells"), 20);
		assert_int_equal(number("SELECT sum(requests) FROM cell"), 20 * 11 - 5 * count);
		tear_down(NULL);
		old_run(path, rows_of_two);
		t.drops = 2; /* all of it */
		assert_int_equal(repack(&range, &t, &changes), 0);
		assert_int_equal(changes, count);
		assert_int_equal(number("SELECT count(*) FROM cells"), 20 - count);
		tear_down(NULL);
	}
	buf_free(&t.text);
}

static void
spoil(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(tally_db_open(path, true, &db, &e), 0);
	assert_int_equal(tally_db_run(db, sql, &e), 0);
	tally_db_close(db);
}

static void
who_fails_changes_nothing(void **state)
{
	const struct tally_repack_range range = { 1, TALLY_MINUTE, TALLY_MONTH, -1, INT64_MIN,
		INT64_MAX, tell_row, tell_value, .fills = false };
	struct told t = { .fails = true, .drops = 2 };
	int changes;

	old_run(path, rows_of_two);
	assert_int_equal(repack(&range, &t, &changes), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(changes, 0);
	spoil("UPDATE cells SET pack=x'8081' WHERE stream=1 AND period=2 AND idx=6");
	t.fails = false;
	assert_int_equal(repack(&range, &t, &changes), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_true(changes > 0); /* and were rolled back */
	spoil("DELETE FROM cells WHERE pack=x'8081'");
	assert_int_equal(number("SELECT sum(requests) FROM cell"), 19 * 11);
	buf_free(&t.text);
}

/* Each more than what is written of a dimension; beside it as much as may be. */
static void
what_nothing_can_be_added_to_goes(void **state)
{
	static const char *const rows[] = {
		"VALUES (1,2,0,6,0,0,'',1,0,0),(1,2,0,6,1,0,'a',1,0,0),(1,2,0,6,0,0,'b',1,0,0)",
		"VALUES (1,2,2,6,0,0,'200000000000000000000',1,0,0)", /* 21 digits */
		"VALUES (1,2,2,7,0,0,'20000000000000000000',1,0,0)",
		"VALUES (1,1,3,6,0,0,'/a',9223372036854775807,0,0),(1,1,3,6,0,1,'',1,0,0)",
		"VALUES (1,1,3,7,0,0,'/a',9223372036854775806,0,0),(1,1,3,7,0,1,'',1,0,0)",
		"VALUES (1,1,4,6,0,0,'/a',1,0,9223372036854775807),(1,1,4,6,1,0,'/a',1,0,1)",
		"WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i+1 FROM n WHERE i<20)"
		" SELECT 1,3,10,6,1,0,'d'||i,1,0,0 FROM n", /* 20 are kept */
		"WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i+1 FROM n WHERE i<19)"
		" SELECT 1,3,10,7,j.apart,0,'d'||j.apart||i,1,0,0 FROM n,"
		" (SELECT 0 AS apart UNION SELECT 1) AS j",
	};
	uint64_t mended = 0;
	const struct tally_repack_range range = { 1, TALLY_HOUR, TALLY_MONTH, -1, INT64_MIN,
		INT64_MAX, .mended = &mended };
	struct told t = { .mends = true };
	char sql[512];
	int changes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO cell %s", rows[i]);
		old_run(path, sql);
	}
	assert_int_equal(number("SELECT count(*) FROM cells WHERE idx=6"), 5);
	assert_int_equal(repack(&range, &t, &changes), 0);
	assert_int_equal(changes, 5);
	assert_int_equal(mended, 5);
	assert_int_equal(number("SELECT count(*) FROM cells WHERE idx=6"), 0);
	assert_int_equal(number("SELECT count(*) FROM cells"), 3);
	buf_free(&t.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_of_a_range_are_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_fails_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_nothing_can_be_added_to_goes, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
