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
#include "key/epoch.h"
#include "record/table.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/fold.h"
#include "tally/freeze.h"
#include "tally/pack/cover.h"
#include "tally/pack/pack.h"
#include "unit/tally/old.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)
#define START_US INT64_C(1764115200000000) /* 2025-11-26, a Wednesday */
#define K 10

static struct err e;
static char path[64];

static int
set_up(void **state)
{
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-fold.%d.db", (int)getpid());
	assert_int_equal(tally_book_discard(path, &e), 0);
	return (0);
}

static int
tear_down(void **state)
{
	return (tally_book_discard(path, NULL));
}

static void
dump(const char *sql, struct buf *out)
{
	sqlite3 *db = old_open(path);
	sqlite3_stmt *st;

	buf_clear(out);
	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	while (tally_db_step(db, st, &e) == 1) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			buf_span(out, tally_db_text(st, i));
			buf_char(out, i + 1 < sqlite3_column_count(st) ? ' ' : '\n');
		}
	}
	(void)sqlite3_finalize(st);
	old_close(db);
}

/* people: so many, one request each, of a path; those of one day are the same ones. */
static void
visit(struct tally_book *book, int64_t time_us, const char *at, uint64_t people)
{
	struct tally_batch *b;
	struct record r;

	assert_int_equal(tally_batch_open(&b, &e), 0);
	for (uint64_t who = 1; who <= people; who++) {
		struct tally_subject subject = { .sampled = TALLY_NO_SAMPLE };
		struct tally_given given = { .who = -1 };

		record_clear(&r);
		r.time_us = time_us;
		record_set_text(&r, RECORD_FIELD_PATH, span_str(at));
		record_set_int(&r, RECORD_FIELD_BYTES, 10);
		record_set_int(&r, RECORD_FIELD_DURATION, 100);
		for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
			subject.epoch[p] = key_epoch_index((enum key_period)p, time_us);
			subject.hash[p] = who * UINT64_C(0x9e3779b97f4a7c15);
		}
		given.who = tally_batch_meet(b, who, time_us, &subject);
		tally_batch_add(b, &r, TALLY_RECORD, &given);
	}
	assert_int_equal(tally_book_add(book, b, &e), 0);
	tally_batch_close(b);
}

static struct tally_book *
open_book(const char *stream)
{
	struct tally_book *book;

	assert_int_equal(tally_book_open(path, stream, NULL, &book, &e), 0);
	return (book);
}

static uint64_t
fold(const char *stream, int64_t until_us)
{
	const struct tally_folding how = { stream, until_us, K, false, 0 };
	uint64_t folded = 99;

	assert_int_equal(tally_fold(path, &how, &folded, &e), 0);
	return (folded);
}

/* Two days of a stream, and one of another. */
static void
fill(void)
{
	struct tally_book *book = open_book("s");

	visit(book, START_US, "/home", 15);
	visit(book, START_US, "/few", 9);
	visit(book, START_US, "/one", 1);
	visit(book, START_US, "/ten", 10);
	visit(book, START_US + DAY_US, "/one", 1);
	visit(book, START_US + DAY_US, "/home", 15);
	assert_int_equal(tally_book_commit(book, 2, 0, &e), 0);
	tally_book_close(book);
	book = open_book("t");
	visit(book, START_US, "/other-stream", 1);
	assert_int_equal(tally_book_commit(book, 2, 0, &e), 0);
	tally_book_close(book);
}

#define PATHS(period) \
	"SELECT c.stream,c.idx,c.other,c.key,c.requests,c.bytes,s.subjects FROM cell c LEFT" \
	" JOIN seen s USING (stream,period,dim,idx,other,key) WHERE c.dim=1 AND c.period=" period \
	" ORDER BY 1,2,3,4"
#define SUMS \
	"SELECT stream,period,dim,idx,sum(requests),sum(bots),sum(bytes) FROM cell GROUP BY " \
	"1,2,3,4"
#define TOTALS "SELECT * FROM total"
#define UNIQUES "SELECT * FROM uniq"
#define KEPT "SELECT * FROM cell WHERE dim IN (0,11)"
#define WHOLE \
	"SELECT stream,period,dim,idx,max(subjects) FROM seen WHERE dim IN (0,11) GROUP BY " \
	"1,2,3,4"

static void
cells_of_few_become_other_and_sums_stay(void **state)
{
	static const char *const same[] = { SUMS, TOTALS, KEPT, WHOLE, UNIQUES };
	struct buf before[5] = { { 0 } }, after = { 0 };

	fill();
	for (size_t i = 0; i < 5; i++)
		dump(same[i], &before[i]);
	/* An hour and a day are over, the week and the month are not. */
	assert_int_equal(fold("s", START_US + DAY_US), 4);
	for (size_t i = 0; i < 5; i++) {
		dump(same[i], &after);
		assert_string_equal(after.data, before[i].data);
		buf_free(&before[i]);
	}
	dump(PATHS("2"), &after);
	assert_string_equal(after.data,
	    "1 20418 0 /home 15 150 15\n"
	    "1 20418 0 /ten 10 100 10\n"
	    "1 20418 1  10 100 9\n"
	    "1 20419 0 /home 15 150 15\n"
	    "1 20419 0 /one 1 10 1\n"
	    "2 20418 0 /other-stream 1 10 1\n");
	dump("SELECT count(*) FROM cell WHERE period=3 AND key='/few'", &after);
	assert_string_equal(after.data, "1\n");
	buf_free(&after);
}

static void
what_is_not_over_stays(void **state)
{
	fill();
	assert_int_equal(fold("s", START_US), 0);
	assert_int_equal(fold("s", START_US + HOUR_US - 1), 0);
	assert_int_equal(fold("s", START_US + HOUR_US), 2); /* of the hour alone */
	assert_int_equal(fold("s", START_US + DAY_US - 1), 0);
	assert_int_equal(fold("s", START_US + DAY_US), 2);
	/* Of both days, when the week and the month are over. */
	assert_int_equal(fold("s", START_US + 40 * DAY_US), 2 + 4);
	assert_int_equal(fold("s", START_US + 40 * DAY_US), 0);
	assert_int_equal(fold("nobody", INT64_MAX), 0);
	assert_int_equal(fold("t", INT64_MAX), 4);
}

static void
what_is_of_before_stays(void **state)
{
	struct tally_folding how = { "s", START_US + 2 * DAY_US, K, true, START_US + DAY_US };
	uint64_t folded = 99;

	fill();
	assert_int_equal(tally_fold(path, &how, &folded, &e), 0);
	assert_int_equal(folded, 0); /* the period that it is in is of before */
	how.behind_us = START_US;
	assert_int_equal(tally_fold(path, &how, &folded, &e), 0);
	assert_int_equal(folded, 2); /* an hour and a day of the second */
	assert_int_equal(fold("s", START_US + 2 * DAY_US), 4);
}

static bool
file_holds(const char *ending, const char *text)
{
	char name[80];
	struct buf all = { 0 };
	bool holds;
	FILE *f;
	int c;

	(void)snprintf(name, sizeof(name), "%s%s", path, ending);
	if ((f = fopen(name, "r")) == NULL)
		return (false);
	while ((c = fgetc(f)) != EOF)
		buf_char(&all, (char)c);
	(void)fclose(f);
	holds = all.len > 0 && memmem(all.data, all.len, text, strlen(text)) != NULL;
	buf_free(&all);
	return (holds);
}

static void
what_named_them_is_in_no_byte(void **state)
{
	fill();
	assert_true(file_holds("", "/few") || file_holds("-wal", "/few"));
	(void)fold("s", START_US + 40 * DAY_US);
	assert_false(file_holds("", "/few") || file_holds("-wal", "/few"));
	assert_false(file_holds("", "/one") || file_holds("-wal", "/one"));
	assert_true(file_holds("", "/home"));
}

/* Hashes that stand in runs of the paths of the first day; each is one of somebody of fill. */
static unsigned
count_hashes(unsigned *holes)
{
	static const char sql[] =
	    "SELECT pack,(SELECT cover FROM epoch WHERE id=1) FROM cells WHERE"
	    " stream=1 AND period=2 AND dim=1 AND idx=20418";
	unsigned char key[CRYPTO_COVER_KEY];
	struct buf plain = { 0 };
	struct tally_unpack u;
	struct tally_packed v;
	unsigned count = 0;
	sqlite3_stmt *st;
	sqlite3 *db;

	*holes = 0;
	assert_int_equal(tally_db_open(path, false, &db, &e), 0);
	assert_int_equal(tally_db_prepare(db, sql, &st, &e), 0);
	assert_int_equal(tally_db_step(db, st, &e), 1);
	assert_int_equal(tally_unpack_open(&u, tally_db_text(st, 0), &e), 0);
	while (tally_unpack_next(&u, &v, &e) == 1)
		*holes += v.hole;
	assert_int_equal(u.epoch_count, 1);
	assert_int_equal(u.epoch[0], 1);
	assert_int_equal(sqlite3_column_bytes(st, 1), sizeof(key));
	memcpy(key, sqlite3_column_blob(st, 1), sizeof(key));
	tally_uncover(&plain, key, tally_unpack_run(&u, 0));
	assert_int_equal(plain.len, u.hashes[0] * TALLY_HASH_BYTES);
	for (size_t at = 0; at < plain.len; at += TALLY_HASH_BYTES) {
		uint64_t hash = 0, who = 1;

		for (size_t i = 0; i < TALLY_HASH_BYTES; i++)
			hash = hash << 8 | (unsigned char)plain.data[at + i];
		while (who <= 15 && who * UINT64_C(0x9e3779b97f4a7c15) >> 24 != hash)
			who++;
		assert_in_range(who, 1, 15);
		count++;
	}
	(void)sqlite3_finalize(st);
	tally_db_close(db);
	buf_free(&plain);
	return (count);
}

/* Nor of its subjects; those of what stays are told apart as before. */
static void
who_was_seen_of_what_went_is_in_no_run(void **state)
{
	struct tally_book *book;
	struct buf after = { 0 };
	unsigned holes;

	fill();
	assert_int_equal(count_hashes(&holes), 15 + 9 + 1 + 10);
	(void)fold("s", START_US + DAY_US);
	assert_int_equal(count_hashes(&holes), 15 + 10);
	assert_int_equal(holes, 0);
	book = open_book("s");
	visit(book, START_US, "/home", 15);
	visit(book, START_US, "/ten", 11);
	assert_int_equal(tally_book_commit(book, 3, 0, &e), 0);
	tally_book_close(book);
	dump(PATHS("2"), &after);
	assert_non_null(strstr(after.data, "1 20418 0 /home 30 300 15\n"));
	assert_non_null(strstr(after.data, "1 20418 0 /ten 21 210 11\n"));
	assert_int_equal(count_hashes(&holes), 15 + 11);
	/* Once the key is gone nothing of them stays. */
	old_run(path, "UPDATE epoch SET cover=zeroblob(32),gone=1");
	assert_true(fold("s", START_US + 40 * DAY_US) > 0);
	dump("SELECT other,key,subjects,hashes IS NULL FROM seen WHERE stream=1 AND period=4 AND "
	     "dim=1"
	     " ORDER BY 1,2,3",
	    &after);
	assert_string_equal(after.data, "0 /home 15 1\n0 /ten 11 1\n1  9 1\n");
	buf_free(&after);
}

/* What is counted late of a day that is folded: the same sums, and nothing fails. */
static void
whoever_counts_meanwhile_loses_nothing(void **state)
{
	struct tally_book *book;
	struct buf before = { 0 }, after = { 0 };

	fill();
	book = open_book("s");
	visit(book, START_US, "/one", 1); /* it knows of a row, which goes */
	visit(book, START_US, "/new", 1);
	assert_true(fold("s", START_US + DAY_US) > 0);
	visit(book, START_US, "/few", 1);
	assert_int_equal(tally_book_commit(book, 3, 0, &e), 0);
	tally_book_close(book);
	dump("SELECT other,key,requests FROM cell WHERE stream=1 AND period=2 AND dim=1"
	     " AND idx=20418 ORDER BY 1,2",
	    &after);
	assert_string_equal(
	    after.data, "0 /few 1\n0 /home 15\n0 /new 1\n0 /one 1\n0 /ten 10\n1  10\n");
	/* The next fold takes them, too. */
	dump(SUMS, &before);
	assert_int_equal(fold("s", START_US + DAY_US), 6);
	dump(SUMS, &after);
	assert_string_equal(after.data, before.data);
	dump(PATHS("2"), &after);
	assert_non_null(strstr(after.data, "1 20418 1  13 130 9\n"));
	buf_free(&before);
	buf_free(&after);
}

/* Of many and of few under two keys: the most is what counts. */
static void
the_most_under_any_key_counts(void **state)
{
	struct buf after = { 0 };

	fill();
	old_run(path,
	    "INSERT INTO epoch VALUES (77,2,1,x'01',zeroblob(32),1);"
	    "INSERT INTO seen SELECT stream,period,dim,idx,other,key,77,10,NULL"
	    " FROM seen WHERE key='/few' AND period=2;"
	    "INSERT INTO cell SELECT stream,period,dim,idx,1,other,key,5,0,0"
	    " FROM cell WHERE key='/one' AND period=2 AND idx=20418");
	(void)fold("s", START_US + DAY_US);
	dump("SELECT apart,other,key,requests FROM cell WHERE stream=1 AND period=2 AND dim=1"
	     " AND idx=20418 ORDER BY 1,2,3",
	    &after);
	assert_string_equal(after.data, "0 0 /few 9\n0 0 /home 15\n0 0 /ten 10\n0 1  1\n1 1  5\n");
	buf_free(&after);
}

/* Of another stream, and of what is not over, nothing goes; then it is in no byte. */
static void
what_is_over_its_own_term_goes(void **state)
{
	const struct tally_folding how = { .stream = "s", .until_us = START_US + DAY_US };
	struct buf after = { 0 };
	uint64_t rows = 0;

	fill();
	assert_int_equal(tally_expire(path, &how, &rows, &e), 0);
	assert_true(rows > 0);
	dump("SELECT stream,period,idx,requests FROM total WHERE period IN (1,2) ORDER BY 1,2,3",
	    &after);
	assert_string_equal(after.data, "1 1 490056 16\n1 2 20419 16\n2 1 490032 1\n2 2 20418 1\n");
	dump("SELECT DISTINCT stream,period,idx FROM cell WHERE period=2 ORDER BY 1", &after);
	assert_string_equal(after.data, "1 2 20419\n2 2 20418\n");
	dump("SELECT DISTINCT stream,period,idx FROM seen WHERE period=2 ORDER BY 1", &after);
	assert_string_equal(after.data, "1 2 20419\n2 2 20418\n");
	dump("SELECT count(*) FROM cell WHERE period=3 AND key='/few'", &after);
	assert_string_equal(after.data, "1\n"); /* the week is not over */
	assert_int_equal(tally_expire(path, &how, &rows, &e), 0);
	assert_int_equal(rows, 0);
	buf_free(&after);
}

/*
 * A day goes whole: hours that were shown as one block would tell of those that went, by what
 * is left of them.
 */
static void
no_day_loses_some_of_its_hours(void **state)
{
	const struct tally_folding how = { .stream = "s", .until_us = START_US + 10 * HOUR_US };
	struct tally_book *book = open_book("s");
	struct buf after = { 0 };
	uint64_t rows = 0;

	visit(book, START_US - 20 * HOUR_US, "/", 12);
	visit(book, START_US + 3 * HOUR_US, "/", 2);
	visit(book, START_US + 12 * HOUR_US, "/", 12);
	assert_int_equal(tally_book_commit(book, 2, 0, &e), 0);
	tally_book_close(book);
	assert_int_equal(tally_expire(path, &how, &rows, &e), 0);
	assert_true(rows > 0);
	dump("SELECT period,idx,requests FROM total WHERE period IN (1,2) ORDER BY 1,2", &after);
	assert_string_equal(after.data, "1 490035 2\n1 490044 12\n2 20418 14\n");
	dump("SELECT idx,requests FROM cell WHERE period=1 AND dim=0 ORDER BY 1", &after);
	assert_string_equal(after.data, "490035 2\n490044 12\n");
	buf_free(&after);
}

/* What was put aside before an erasure has the same term; that there was such a day has none. */
static void
what_was_put_aside_goes_with_it(void **state)
{
	const struct tally_freezing aside = { "s", START_US + 2 * DAY_US, false, K };
	struct tally_folding how = { .stream = "s", .until_us = START_US + DAY_US };
	struct buf after = { 0 };
	uint64_t rows = 0;

	fill();
	assert_int_equal(tally_freeze(path, &aside, &e), 0);
	dump("SELECT stream,idx FROM frozen ORDER BY 1,2", &after);
	assert_string_equal(after.data, "1 20418\n1 20419\n");
	old_run(path, "UPDATE frozen SET subjects=12");
	assert_int_equal(tally_expire(path, &how, &rows, &e), 0);
	dump("SELECT stream,idx,subjects FROM frozen ORDER BY 1,2", &after);
	assert_string_equal(after.data, "1 20418 0\n1 20419 12\n");
	dump("SELECT DISTINCT period,idx FROM released ORDER BY 1,2", &after);
	assert_string_equal(after.data, "1 490056\n2 20419\n");
	how.until_us = START_US + 2 * DAY_US;
	assert_int_equal(tally_expire(path, &how, &rows, &e), 0);
	dump("SELECT count(*) FROM released", &after);
	assert_string_equal(after.data, "0\n");
	buf_free(&after);
}

static void
what_is_no_stats_db_is_not_made(void **state)
{
	const struct tally_folding how = { "s", START_US, K, false, 0 };
	uint64_t folded;
	FILE *f;

	assert_int_equal(tally_fold(path, &how, &folded, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(access(path, F_OK), -1);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("not a database, and long enough to be looked at.............................."
		    "........................................................",
	    f);
	(void)fclose(f);
	assert_int_equal(tally_fold(path, &how, &folded, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    cells_of_few_become_other_and_sums_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_over_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_of_before_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_named_them_is_in_no_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    who_was_seen_of_what_went_is_in_no_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    whoever_counts_meanwhile_loses_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_most_under_any_key_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_over_its_own_term_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_day_loses_some_of_its_hours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_put_aside_goes_with_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_stats_db_is_not_made, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
