/* book: one stream's rows of stats.db, for writing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "tally/own/own.h"
#include "tally/pack/repack.h"
#include "tally/shelf.h"

/* ---- opening ---- */

static int
take_memory(struct tally_book *book, struct err *e)
{
	size_t slots =
	    (TALLY_CELL_SLOTS + TALLY_GROUP_SLOTS + TALLY_TOTAL_SLOTS) * sizeof(uint32_t);
	struct arena *a = &book->memory;

	if (arena_open(a,
		slots + TALLY_CELLS * (sizeof(struct tally_kept) + sizeof(struct stats_set)) +
		    TALLY_GROUPS * (sizeof(struct tally_group) + sizeof(uint32_t)) +
		    TALLY_TOTALS * sizeof(struct tally_total_row) +
		    TALLY_SKETCHES * sizeof(struct tally_sketch) + TALLY_CELL_TEXTS + 16 * 11,
		ARENA_LAZY, e) == -1)
		return (-1);
	book->slots = arena_take(a, TALLY_CELL_SLOTS * sizeof(*book->slots));
	book->group_slots = arena_take(a, TALLY_GROUP_SLOTS * sizeof(*book->group_slots));
	book->total_slots = arena_take(a, TALLY_TOTAL_SLOTS * sizeof(*book->total_slots));
	book->sketches = arena_take(a, TALLY_SKETCHES * sizeof(*book->sketches));
	book->totals = arena_take(a, TALLY_TOTALS * sizeof(*book->totals));
	book->groups = arena_take(a, TALLY_GROUPS * sizeof(*book->groups));
	book->cells = arena_take(a, TALLY_CELLS * sizeof(*book->cells));
	book->sets = arena_take(a, TALLY_CELLS * sizeof(*book->sets));
	book->order = arena_take(a, TALLY_GROUPS * sizeof(*book->order));
	book->texts = arena_take(a, TALLY_CELL_TEXTS);
	return (tally_batch_open(&book->batch, e));
}

/* What the file says of the stream.  1: nothing. */
static int
read_reach(struct tally_book *book, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_STREAM, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_text(st, 1, book->name, -1, SQLITE_STATIC);
	if ((rc = tally_db_step(book->db, st, e)) == 1) {
		book->stream = sqlite3_column_int64(st, 0);
		book->segment = tally_db_u64(st, 1);
		book->records = tally_db_u64(st, 2);
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : rc == 0);
}

static int
find_stream(struct tally_book *book, struct err *e)
{
	int rc = read_reach(book, e);
	sqlite3_stmt *st;

	if (rc != 1)
		return (rc);
	if ((st = tally_rows_statement(book, TALLY_ST_STREAM_MAKE, e)) == NULL)
		return (-1);
	(void)sqlite3_bind_text(st, 1, book->name, -1, SQLITE_STATIC);
	rc = tally_db_step(book->db, st, e);
	(void)sqlite3_reset(st);
	if (rc == -1)
		return (-1);
	rc = read_reach(book, e);
	return (rc == 1 ? err_set(e, ERR_FINDING, "it has no row of the stream") : rc);
}

int
tally_book_open(const char *path, const char *stream, const unsigned char *origin,
    struct tally_book **book, struct err *e)
{
	struct tally_book *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	tally_late_clear(&made->late);
	if ((made->name = strdup(stream)) == NULL) {
		tally_book_close(made);
		return (err_memory(e));
	}
	if (tally_db_open(path, true, &made->db, e) == -1 || take_memory(made, e) == -1 ||
	    find_stream(made, e) == -1) {
		tally_book_close(made);
		return (-1);
	}
	crypto_random(made->seed, sizeof(made->seed));
	crypto_random(made->nonce, sizeof(made->nonce));
	if (origin != NULL) {
		memcpy(made->origin, origin, TALLY_ORIGIN_BYTES);
		made->origin_len = TALLY_ORIGIN_BYTES;
	}
	*book = made;
	return (0);
}

static void
free_bytes(struct tally_bytes *bytes)
{
	buf_free(&bytes->pack);
	buf_free(&bytes->next);
	buf_free(&bytes->values);
	buf_free(&bytes->runs);
	buf_free(&bytes->before);
	buf_free(&bytes->now);
}

void
tally_book_close(struct tally_book *book)
{
	if (book == NULL)
		return;
	for (int i = 0; i < TALLY_ST_COUNT; i++)
		(void)sqlite3_finalize(book->st[i]);
	tally_db_close(book->db);
	free_bytes(&book->bytes);
	tally_batch_close(book->batch);
	arena_close(&book->memory);
	free(book->name);
	free(book);
}

int
tally_book_discard(const char *path, struct err *e)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && rc == 0; i++) {
		buf_clear(&name);
		buf_str(&name, path);
		buf_str(&name, endings[i]);
		if (!buf_ok(&name))
			rc = err_memory(e);
		else
			rc = io_unlink(AT_FDCWD, name.data, e);
	}
	buf_free(&name);
	return (rc);
}

void
tally_book_reach(const struct tally_book *book, uint64_t *segment, uint64_t *records)
{
	*segment = book->segment;
	*records = book->records;
}

/* ---- committing ---- */

void
tally_book_rollback(struct tally_book *book)
{
	if (book->writing)
		(void)sqlite3_exec(book->db, "ROLLBACK", NULL, NULL, NULL);
	book->writing = false;
	tally_batch_clear(book->batch);
	tally_shelf_clear(book);
	tally_shelf_give_back(book);
	tally_late_rollback(book);
	(void)read_reach(book, NULL);
}

/* -1: the file says another reach than the one that this book began at. */
static int
move_reach(struct tally_book *book, uint64_t segment, uint64_t records, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_REACH, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, book->stream);
	(void)sqlite3_bind_int64(st, 2, (int64_t)segment);
	(void)sqlite3_bind_int64(st, 3, (int64_t)records);
	(void)sqlite3_bind_int64(st, 4, (int64_t)book->segment);
	(void)sqlite3_bind_int64(st, 5, (int64_t)book->records);
	rc = tally_db_step(book->db, st, e);
	(void)sqlite3_reset(st);
	if (rc == 0 && sqlite3_changes(book->db) != 1)
		return (err_set(e, ERR_BUSY, "another process has counted the stream"));
	return (rc);
}

int
tally_book_commit(struct tally_book *book, uint64_t segment, uint64_t records, struct err *e)
{
	if (tally_own_add(book, e) == -1 || tally_shelf_write(book, e) == -1 ||
	    tally_late_write(book, e) == -1 || move_reach(book, segment, records, e) == -1 ||
	    tally_db_run(book->db, "COMMIT", e) == -1) {
		tally_book_rollback(book);
		return (-1);
	}
	tally_shelf_give_back(book);
	book->writing = false;
	book->segment = segment;
	book->records = records;
	return (0);
}

/* One statement with the stream's number. */
static int
of_stream(struct tally_book *book, const char *sql, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(book->db, sql, &st, e);

	if (rc == 0) {
		(void)sqlite3_bind_int64(st, 1, book->stream);
		rc = tally_db_step(book->db, st, e);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

/* A row of a period that there is not: what is deleted is still to be tidied away. */
#define OWED "stream=?1 AND period=-1"

static int
owe(struct tally_book *book, struct err *e)
{
	return (of_stream(book, "INSERT OR IGNORE INTO total VALUES (?1,-1,0,0,0,0,0,0,0,0)", e));
}

int
tally_book_owes(struct tally_book *book, bool *owes, struct err *e)
{
	int rc = of_stream(book, "SELECT 1 FROM total WHERE " OWED, e);

	*owes = rc == 1;
	return (rc == -1 ? -1 : 0);
}

/* ---- all packs of the stream ---- */

static struct tally_repack_range
all_rows(const struct tally_book *book)
{
	return ((struct tally_repack_range){ .stream = book->stream,
	    .first = TALLY_HOUR,
	    .last = TALLY_MONTH,
	    .dim = -1,
	    .from = INT64_MIN,
	    .to = INT64_MAX });
}

static void
take_nothing(void *arg, struct tally_packed *v)
{
	(void)arg;
	(void)v;
}

int
tally_book_mend(struct tally_book *book, uint64_t *gone, struct err *e)
{
	struct tally_repack_range range = all_rows(book);
	uint64_t mended = 0;

	range.mended = &mended;
	if (tally_rows_begin(book, e) == -1 ||
	    tally_repack_rows(book->db, &range, take_nothing, NULL, e) == -1 ||
	    tally_db_run(book->db, "COMMIT", e) == -1) {
		tally_book_rollback(book);
		return (-1);
	}
	book->writing = false;
	*gone += mended;
	return (0);
}

/* Another count would not give what is of a sample. */
static bool
is_of_records(void *arg, enum tally_period period, int dim, int64_t idx)
{
	(void)arg;
	(void)period;
	(void)idx;
	return (dim < tally_dims[TALLY_SAMPLE_FIRST].code);
}

int
tally_book_restart(struct tally_book *book, bool samples, struct err *e)
{
	struct tally_repack_range range = all_rows(book);

	range.row = is_of_records;
	tally_book_rollback(book);
	tally_late_clear(&book->late); /* it came long ago */
	if (tally_rows_begin(book, e) == -1 || (!samples && tally_late_again(book, e) == -1) ||
	    of_stream(book, "DELETE FROM total WHERE stream=?1 AND apart=0", e) == -1 ||
	    (samples &&
		of_stream(book, "DELETE FROM cells WHERE stream=?1 AND dim>=12", e) == -1) ||
	    tally_repack_rows(book->db, &range, tally_take_records, NULL, e) == -1 ||
	    owe(book, e) == -1) {
		tally_book_rollback(book);
		return (-1);
	}
	return (0);
}

/* 1: it has a value that was kept apart; 0; -1. */
static int
keeps_words(struct span pack, struct err *e)
{
	struct tally_unpack u;
	struct tally_packed v;
	int rc;

	if (tally_unpack_open(&u, pack, e) == -1)
		return (-1);
	while ((rc = tally_unpack_next(&u, &v, e)) == 1)
		if (!v.other && v.count[1].requests > 0)
			return (1);
	return (rc);
}

int
tally_book_keeps(struct tally_book *book, bool *words, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(
		book->db, "SELECT pack FROM cells WHERE stream=?1 AND dim IN (?2,?3,?4)", &st, e),
	    found = 0;

	if (rc == 0) {
		(void)sqlite3_bind_int64(st, 1, book->stream);
		(void)sqlite3_bind_int(st, 2, tally_dims[TALLY_PATH].code);
		(void)sqlite3_bind_int(st, 3, tally_dims[TALLY_REFERER].code);
		(void)sqlite3_bind_int(st, 4, tally_dims[TALLY_HOST].code);
		while (found == 0 && (rc = tally_db_step(book->db, st, e)) == 1)
			found = keeps_words(tally_db_text(st, 0), e);
		*words = found == 1;
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 || found == -1 ? -1 : 0);
}

/*
 * A value that nothing is counted of any more must not stay for those whom it
 * was counted with; nor in the copies that SQLite leaves when it moves rows.  If another
 * process has begun again meanwhile, values that it has not counted yet are not gone.
 */
int
tally_book_tidy(struct tally_book *book, struct err *e)
{
	struct tally_repack_range range = all_rows(book);

	range.fills = true;
	if (tally_rows_begin(book, e) == -1 ||
	    tally_repack_rows(book->db, &range, tally_take_empty, NULL, e) == -1 ||
	    tally_late_counted(book, e) == -1 || tally_db_run(book->db, "COMMIT", e) == -1) {
		tally_book_rollback(book);
		return (-1);
	}
	book->writing = false;
	return (tally_book_anew(book, e));
}

/* The number tells this one from who did the same meanwhile. */
int
tally_book_doubt(struct tally_book *book, struct err *e)
{
	uint64_t number;

	if (owe(book, e) == -1)
		return (-1);
	crypto_random(&number, sizeof(number));
	return (tally_book_commit(book, 0, number >> 1, e));
}

int
tally_book_anew(struct tally_book *book, struct err *e)
{
	if (tally_db_run(book->db, "VACUUM", e) == -1)
		return (-1);
	/* The log has pages of before as long as somebody reads them: then it stays owed. */
	if (sqlite3_wal_checkpoint_v2(book->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
	    SQLITE_OK)
		return (0);
	/* Not for another process that began again: then the next one does it once more. */
	if (tally_rows_begin(book, NULL) == -1 ||
	    of_stream(book, "DELETE FROM total WHERE " OWED, NULL) == -1 ||
	    tally_db_run(book->db, "COMMIT", NULL) == -1)
		tally_book_rollback(book);
	book->writing = false;
	return (0);
}

/* ---- keys that are gone ---- */

/* What covers who was seen is overwritten in the file, and the log does not keep it. */
static int
forget_row(struct tally_book *book, int64_t row, struct err *e)
{
	static const char *const statements[] = {
		/* As many bytes as before: overwritten where they are. */
		"UPDATE epoch SET cover=zeroblob(32),gone=1 WHERE id=?1",
		"UPDATE uniq SET registers=NULL WHERE epoch=?1",
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && rc == 0; i++) {
		sqlite3_stmt *st = NULL;

		if ((rc = tally_db_prepare(book->db, statements[i], &st, e)) == 0) {
			(void)sqlite3_bind_int64(st, 1, row);
			rc = tally_db_step(book->db, st, e);
		}
		(void)sqlite3_finalize(st);
	}
	return (rc);
}

/* Rows of keys that are not gone, of the origin, and those of them that keep is not asked for. */
static int
forget_some(struct tally_book *book, struct span origin, tally_keep keep, void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = tally_db_prepare(
	    book->db, "SELECT id,period,idx FROM epoch WHERE gone=0 AND origin=?1", &st, e);
	int count = 0;

	if (rc == -1)
		return (-1);
	(void)sqlite3_bind_blob(st, 1, origin.ptr, (int)origin.len, SQLITE_STATIC);
	while ((rc = tally_db_step(book->db, st, e)) == 1) {
		if (keep != NULL &&
		    keep(arg, (enum key_period)(sqlite3_column_int(st, 1) - TALLY_DAY),
			sqlite3_column_int64(st, 2)))
			continue;
		if ((rc = forget_row(book, sqlite3_column_int64(st, 0), e)) == -1)
			break;
		count++;
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : count);
}

/* Nothing that was added may be waiting: it is of keys that may be gone. */
static int
forget(struct tally_book *book, struct span origin, tally_keep keep, void *arg, struct err *e)
{
	int count;

	memset(book->epochs, 0, sizeof(book->epochs));
	if (tally_rows_begin(book, e) == -1 ||
	    (count = forget_some(book, origin, keep, arg, e)) == -1 ||
	    tally_db_run(book->db, "COMMIT", e) == -1) {
		tally_book_rollback(book);
		return (-1);
	}
	book->writing = false;
	/* A reader may be in the way: then the next one does it. */
	if (count > 0)
		(void)sqlite3_wal_checkpoint_v2(
		    book->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return (0);
}

int
tally_book_forget(struct tally_book *book, tally_keep keep, void *arg, struct err *e)
{
	return (forget(book, span_of("", 0), keep, arg, e));
}

int
tally_book_forget_import(struct tally_book *book, const unsigned char *origin, struct err *e)
{
	return (forget(book, span_of((const char *)origin, TALLY_ORIGIN_BYTES), NULL, NULL, e));
}
