/*
 * SQLite's n-th allocation, write or sync fails, for n = 1, 2 ... (of thousands, more and more are
 * left out) until nothing fails any more.  Each time that is an error, or nothing at all; nothing
 * leaks; and doing the same once more gives what it gives where nothing fails.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/fold.h"
#include "tally/freeze.h"
#include "tally/less/less.h"
#include "tally/query.h"
#include "unit/tally/old.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_US (1440 * MINUTE_US)
#define START_US INT64_C(1764115200000000) /* 2025-11-26 */
#define HALF 14 /* records */
#define SPARE 48 /* behind so many calls not each fails: what follows has been seen */

static char path[64];

/* ---- what fails ---- */

static struct {
	enum mode { NOTHING, ALLOCATION, WRITE, WRITES, SYNC } mode;
	unsigned long left; /* calls until then */
	bool done; /* it has */
} failing;

/* Has this call to fail? */
static bool
fails(enum mode mode)
{
	if (failing.mode != mode)
		return (false);
	if (failing.left > 0 && --failing.left > 0)
		return (false);
	failing.done = true;
	if (mode != WRITES)
		failing.mode = NOTHING;
	return (true);
}

static sqlite3_mem_methods memory;
/* Of files with locks, and of those without. */
static struct {
	sqlite3_io_methods mine;
	const sqlite3_io_methods *theirs;
} files[2];
static int (*true_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static void *
failing_malloc(int size)
{
	return (fails(ALLOCATION) ? NULL : memory.xMalloc(size));
}

static void *
failing_realloc(void *p, int size)
{
	return (fails(ALLOCATION) ? NULL : memory.xRealloc(p, size));
}

static const sqlite3_io_methods *
theirs(const sqlite3_file *f)
{
	return (f->pMethods == &files[0].mine ? files[0].theirs : files[1].theirs);
}

static int
failing_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	if (fails(WRITE))
		return (SQLITE_IOERR_WRITE);
	return (fails(WRITES) ? SQLITE_FULL : theirs(f)->xWrite(f, bytes, len, at));
}

static int
failing_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return (fails(WRITE) ? SQLITE_IOERR_TRUNCATE : theirs(f)->xTruncate(f, size));
}

static int
failing_sync(sqlite3_file *f, int flags)
{
	return (fails(SYNC) ? SQLITE_IOERR_FSYNC : theirs(f)->xSync(f, flags));
}

static int
failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc = true_open(vfs, name, f, flags, out), i = 0;

	if (rc != SQLITE_OK || f->pMethods == NULL)
		return (rc);
	if (files[0].theirs != NULL && files[0].theirs != f->pMethods)
		i = 1;
	assert_true(files[i].theirs == NULL || files[i].theirs == f->pMethods);
	files[i].theirs = f->pMethods;
	files[i].mine = *f->pMethods;
	files[i].mine.xWrite = failing_write;
	files[i].mine.xTruncate = failing_truncate;
	files[i].mine.xSync = failing_sync;
	f->pMethods = &files[i].mine;
	return (rc);
}

static int
set_up_all(void **state)
{
	static sqlite3_vfs vfs;
	sqlite3_mem_methods mine;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
	mine = memory;
	mine.xMalloc = failing_malloc;
	mine.xRealloc = failing_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine), SQLITE_OK);
	/* Each allocation is one of ours. */
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
	assert_int_equal(sqlite3_initialize(), SQLITE_OK);
	vfs = *sqlite3_vfs_find(NULL);
	true_open = vfs.xOpen;
	vfs.zName = "failing";
	vfs.xOpen = failing_open;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
	(void)snprintf(path, sizeof(path), "/dev/shm/cretula-failures.%d.db", (int)getpid());
	return (0);
}

static int
tear_down_all(void **state)
{
	return (tally_book_discard(path, NULL));
}

/* ---- what is counted ---- */

static void
make(unsigned i, struct record *r, char text[static 64])
{
	record_clear(r);
	r->time_us = START_US + (int64_t)i * 31 * MINUTE_US;
	(void)snprintf(text, 64, "/page/%u", i % 3);
	record_set_text(r, RECORD_FIELD_EVENT, span_str("http.request"));
	record_set_text(r, RECORD_FIELD_PATH, span_str(text));
	record_set_int(r, RECORD_FIELD_STATUS, 200 + (int64_t)(i % 2) * 300);
	record_set_int(r, RECORD_FIELD_BYTES, i);
	record_set_int(r, RECORD_FIELD_DURATION, 1000 * i);
}

/* Records from and behind, of eleven people; those of which no record is kept, too. */
static int
add(struct tally_book *book, unsigned from, unsigned to, bool known, struct err *e)
{
	struct tally_batch *b;
	struct record r;
	char text[64];
	int rc;

	assert_int_equal(tally_batch_open(&b, NULL), 0);
	for (unsigned i = from; i < to; i++) {
		struct tally_given given = { .who = -1 };
		struct tally_subject subject = { .sampled = TALLY_NO_SAMPLE };

		make(i, &r, text);
		for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
			subject.epoch[p] = key_epoch_index((enum key_period)p, r.time_us);
			subject.hash[p] =
			    (i % 11 + 1) * (UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)p);
		}
		if (known && (given.who = tally_batch_who(b, i % 11, r.time_us, 0)) == -1)
			given.who = tally_batch_meet(b, i % 11, r.time_us, &subject);
		tally_batch_add(b, &r, known && i % 5 == 0 ? TALLY_COUNTED : TALLY_RECORD, &given);
	}
	rc = tally_book_add(book, b, e);
	tally_batch_close(b);
	return (rc);
}

static int
add_and_commit(struct tally_book *book, unsigned from, unsigned to, struct err *e)
{
	return (add(book, from, to, true, e) == -1 ? -1 : tally_book_commit(book, 1, to, e));
}

/* ---- what is done ---- */

typedef int (*work)(struct err *e);

/* What is not counted yet. */
static int
count_rest(struct tally_book *book, struct err *e)
{
	uint64_t segment, records;

	tally_book_reach(book, &segment, &records);
	assert_true(records == 0 || records == HALF || records == 2 * HALF);
	if (records == 0 && add_and_commit(book, 0, HALF, e) == -1)
		return (-1);
	return (records == 2 * HALF ? 0 : add_and_commit(book, HALF, 2 * HALF, e));
}

static int
count(struct err *e)
{
	struct tally_book *book;
	int rc;

	if (tally_book_open(path, "s", NULL, &book, e) == -1)
		return (-1);
	rc = count_rest(book, e);
	tally_book_close(book);
	return (rc);
}

/* As who counts and does not open it again: a book that failed goes on. */
static int
count_on(struct err *e)
{
	struct tally_book *book;

	if (tally_book_open(path, "s", NULL, &book, e) == -1)
		return (-1);
	for (int tries = 0; count_rest(book, e) == -1; tries++) {
		assert_int_not_equal(e->code, ERR_NONE);
		assert_int_equal(tries, 0);
		e->code = ERR_NONE;
		if (failing.mode == WRITES)
			failing.mode = NOTHING;
		tally_book_rollback(book);
	}
	tally_book_close(book);
	return (0);
}

/* What could not be done stays owed: it is done the next time. */
static int
check_owed(struct tally_book *book, struct err *e)
{
	bool owes;

	if (tally_book_owes(book, &owes, e) == -1)
		return (-1);
	return (owes ? err_set(e, ERR_BUSY, "it is owed") : 0);
}

static int
count_again(struct err *e)
{
	struct tally_book *book;
	int rc;

	if (tally_book_open(path, "s", NULL, &book, e) == -1)
		return (-1);
	rc = tally_book_restart(book, false, e) == -1 || tally_book_commit(book, 1, 0, e) == -1 ||
		add(book, 5, 2 * HALF, false, e) == -1 || tally_book_commit(book, 2, 0, e) == -1 ||
		tally_book_tidy(book, e) == -1 || check_owed(book, e) == -1 ?
	    -1 :
	    0;
	tally_book_close(book);
	return (rc);
}

static bool
is_kept(void *arg, enum key_period period, int64_t index)
{
	return (period != KEY_DAY);
}

static int
forget(struct err *e)
{
	struct tally_book *book;
	int rc;

	if (tally_book_open(path, "s", NULL, &book, e) == -1)
		return (-1);
	rc = tally_book_forget(book, is_kept, NULL, e);
	tally_book_close(book);
	return (rc);
}

static int
fold(struct err *e)
{
	const struct tally_folding how = { .stream = "s", .until_us = START_US + DAY_US, .k = 10 };
	uint64_t folded;

	return (tally_fold(path, &how, &folded, e));
}

static int
expire(struct err *e)
{
	const struct tally_folding how = { .stream = "s", .until_us = START_US + DAY_US };
	uint64_t rows;

	return (tally_expire(path, &how, &rows, e));
}

static int
freeze(struct err *e)
{
	const struct tally_freezing how = { "s", START_US + DAY_US, true, 10 };

	return (tally_freeze(path, &how, e));
}

static int
take_back(struct tally_book *book, struct err *e)
{
	struct record_encoder enc = { 0 };
	struct tally_less *less;
	char text[64], line[RECORD_BYTES_MAX];
	struct record r;
	int rc = 0;

	if (tally_less_open(book, &less, e) == -1)
		return (-1);
	for (unsigned i = HALF; rc == 0 && i < HALF + 10; i++) {
		make(i, &r, text);
		if (i % 5 > 0)
			rc = tally_less_take(
			    less, span_of(line, record_encode(&enc, &r, line) - 1), e);
	}
	if (rc == 0 &&
	    (tally_less_taken(less, e) == -1 || tally_less_looked(less, e) == -1 ||
		tally_less_counted(less, e) == -1 ||
		tally_book_commit(book, 1, 2 * HALF + 1, e) == -1))
		rc = -1;
	tally_less_close(less);
	return (rc);
}

static int
erase(struct err *e)
{
	struct tally_book *book;
	uint64_t segment, records;
	bool owes = false;
	int rc;

	if (tally_book_open(path, "s", NULL, &book, e) == -1)
		return (-1);
	tally_book_reach(book, &segment, &records);
	rc = records > 2 * HALF ? 0 : take_back(book, e);
	if (rc == 0 && (rc = tally_book_owes(book, &owes, e)) == 0 && owes)
		rc = tally_book_anew(book, e) == -1 ? -1 : check_owed(book, e);
	tally_book_close(book);
	return (rc);
}

/* ---- what is read ---- */

static struct buf told;

static int
tell_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	buf_span(&told, cell->key);
	buf_fmt(&told, " %d %ju %ju %u\n", cell->other, (uintmax_t)cell->requests,
	    (uintmax_t)cell->bytes, cell->subjects);
	return (0);
}

static int
tell_series(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	buf_fmt(&told, "%jd ", (intmax_t)start_us);
	return (tell_cell(arg, cell, e));
}

static int
tell_total(void *arg, const struct tally_total *total, struct err *e)
{
	buf_fmt(&told, "%jd %ju\n", (intmax_t)total->start_us, (uintmax_t)total->sums.requests);
	return (0);
}

static int
tell_unique(void *arg, const struct tally_unique *unique, struct err *e)
{
	buf_fmt(&told, "%jd %ju\n", (intmax_t)unique->start_us, (uintmax_t)unique->subjects);
	return (0);
}

static int
read_all(struct tally_reader *r, struct err *e)
{
	const struct tally_window days = { .stream = "s",
		.period = TALLY_DAY,
		.since_us = INT64_MIN,
		.until_us = INT64_MAX,
		.dim = TALLY_PATH };
	struct tally_window hours = days;
	struct tally_reach reach;
	struct tally_latency latency;
	struct tally_sums sums;
	int64_t ends[2];

	hours.period = TALLY_HOUR;
	hours.released = true;
	if (tally_reach(r, "s", &reach, e) == -1 ||
	    tally_ends(r, "s", 0, INT64_MAX, ends, e) == -1 ||
	    tally_totals(r, &hours, tell_total, NULL, e) == -1 ||
	    tally_sum(r, &days, &sums, e) == -1 ||
	    tally_cells(r, &days, tell_cell, NULL, e) == -1 ||
	    tally_series(r, &hours, tell_series, NULL, e) == -1 ||
	    tally_latency(r, &days, &latency, e) == -1 ||
	    tally_uniques(r, &days, tell_unique, NULL, e) == -1)
		return (-1);
	buf_fmt(&told, "%d %ju %jd %jd %ju %ju\n", reach.known, (uintmax_t)reach.records,
	    (intmax_t)ends[0], (intmax_t)ends[1], (uintmax_t)sums.bytes, (uintmax_t)latency.p50_us);
	return (0);
}

/* One that fails says nothing wrong: what it says the next time is compared. */
static int
look(struct err *e)
{
	struct tally_reader *r;
	int rc;

	buf_clear(&told);
	if (tally_reader_open(path, &r, e) == -1)
		return (-1);
	rc = read_all(r, e);
	tally_reader_close(r);
	return (rc);
}

/* ---- each of them, again and again ---- */

/* All that is not random. */
static void
dump(struct buf *out)
{
	static const char *const tables[] = { "SELECT name,segment,records FROM stream",
		"SELECT * FROM total ORDER BY 1,2,3,4", "SELECT * FROM cell ORDER BY 1,2,3,4,5,6,7",
		"SELECT period,idx,gone,cover=zeroblob(32) FROM epoch ORDER BY 1,2",
		"SELECT s.period,dim,s.idx,other,key,e.idx,subjects,length(hashes) FROM seen s"
		" JOIN epoch e ON e.id=epoch ORDER BY 1,2,3,4,5,6",
		"SELECT u.period,u.idx,e.idx,subjects,length(registers) FROM uniq u"
		" JOIN epoch e ON e.id=epoch ORDER BY 1,2,3",
		"SELECT * FROM frozen ORDER BY 1,2", "SELECT * FROM shown ORDER BY 1",
		"SELECT * FROM released ORDER BY 1,2,3,4,5" };
	sqlite3_stmt *st;
	sqlite3 *db;

	buf_clear(out);
	db = old_open(path);
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		assert_int_equal(tally_db_prepare(db, tables[t], &st, NULL), 0);
		while (tally_db_step(db, st, NULL) == 1)
			for (int i = 0; i < sqlite3_column_count(st); i++) {
				buf_span(out, tally_db_text(st, i));
				buf_char(out, i + 1 < sqlite3_column_count(st) ? ' ' : '\n');
			}
		(void)sqlite3_finalize(st);
	}
	buf_span(out, span_of(told.data, told.len));
	old_close(db);
}

/* What is there before: nothing, a half of it, all of it, or that as of version 2. */
enum before { EMPTY, A_HALF, ALL, VERSION_2 };

/* Rows instead of packs. */
static void
make_old(void)
{
	sqlite3 *rows = old_open(path), *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    tally_db_run(
		db, "DROP TABLE cells;DROP TABLE shown;PRAGMA user_version=2;" OLD_TABLES, NULL),
	    0);
	tally_db_close(db);
	/* The file is beside them. */
	assert_int_equal(tally_db_run(rows,
			     "INSERT INTO file.cell SELECT * FROM main.cell;"
			     "INSERT INTO file.seen SELECT * FROM main.seen",
			     NULL),
	    0);
	old_close(rows);
}

static void
prepare(enum before before, struct buf *file)
{
	struct tally_book *book;
	char bytes[65536];
	ssize_t n;
	int fd;

	assert_int_equal(tally_book_discard(path, NULL), 0);
	buf_clear(file);
	buf_clear(&told);
	if (before == EMPTY)
		return;
	assert_int_equal(tally_book_open(path, "s", NULL, &book, NULL), 0);
	assert_int_equal(add_and_commit(book, 0, HALF, NULL), 0);
	if (before == ALL)
		assert_int_equal(add_and_commit(book, HALF, 2 * HALF, NULL), 0);
	tally_book_close(book);
	if (before == VERSION_2)
		make_old();
	assert_int_not_equal(fd = open(path, O_RDONLY), -1);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_span(file, span_of(bytes, (size_t)n));
	(void)close(fd);
}

static void
put_back(const struct buf *file)
{
	int fd;

	assert_int_equal(tally_book_discard(path, NULL), 0);
	if (file->len == 0)
		return;
	assert_int_not_equal(fd = open(path, O_WRONLY | O_CREAT, 0640), -1);
	assert_int_equal(write(fd, file->data, file->len), (ssize_t)file->len);
	(void)close(fd);
}

static const struct row {
	const char *claim;
	enum before before;
	work work;
} rows[] = {
	{ "a book is begun", EMPTY, count },
	{ "a batch is added", A_HALF, count },
	{ "a book that failed goes on", A_HALF, count_on },
	{ "version 2 is brought up", VERSION_2, count },
	{ "all is counted again", ALL, count_again },
	{ "keys are destroyed", ALL, forget },
	{ "records go", ALL, erase },
	{ "cells of few are folded", ALL, fold },
	{ "counts are put aside", ALL, freeze },
	{ "counts are over", ALL, expire },
	{ "it is read", ALL, look },
};

/* false: nothing failed. */
static bool
try(const struct row *row, unsigned long n, const struct buf *file, const struct buf *want)
{
	struct err e = { ERR_NONE, "" };
	sqlite3_int64 used = sqlite3_memory_used();
	struct buf got = { 0 };
	int rc;

	put_back(file);
	rc = row->work(&e);
	failing.mode = NOTHING;
	assert_int_equal(sqlite3_memory_used(), used);
	if ((rc == -1) != (e.code != ERR_NONE))
		fail_msg("%s, %lu: %d '%s'", row->claim, n, rc, e.text);
	if (rc == -1 && row->work(&e) == -1)
		fail_msg("%s, once more: %s", row->claim, e.text);
	dump(&got);
	assert_int_equal(got.len, want->len);
	assert_memory_equal(got.data, want->data, got.len);
	buf_free(&got);
	return (failing.done);
}

static void
fail_each(enum mode mode)
{
	struct buf file = { 0 }, want = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned long n = 0, tries = 0;

		prepare(rows[i].before, &file);
		put_back(&file);
		assert_int_equal(rows[i].work(NULL), 0);
		dump(&want);
		do {
			failing.mode = mode;
			failing.left = n += 1 + n / SPARE;
			tries++;
			failing.done = false;
		} while (try(&rows[i], n, &file, &want));
		assert_true(mode != ALLOCATION || tries > SPARE);
	}
	buf_free(&file);
	buf_free(&want);
	buf_free(&told);
}

static void
each_allocation_may_fail(void **state)
{
	fail_each(ALLOCATION);
}

static void
each_write_may_fail(void **state)
{
	fail_each(WRITE);
}

static void
the_disk_may_be_full_from_each_write_on(void **state)
{
	fail_each(WRITES);
}

static void
each_sync_may_fail(void **state)
{
	fail_each(SYNC);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(each_write_may_fail),
		cmocka_unit_test(the_disk_may_be_full_from_each_write_on),
		cmocka_unit_test(each_sync_may_fail),
	};

	return (cmocka_run_group_tests(tests, set_up_all, tear_down_all));
}
