/* rows: what a book reads of stats.db, and writes to it. */
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "tally/pack/cover.h"
#include "tally/shelf.h"

#define PLACE "stream=?1 AND period=?2 AND dim=?3 AND idx=?4"

static const char *const texts[TALLY_ST_COUNT] = {
	[TALLY_ST_STREAM] = "SELECT id,segment,records FROM stream WHERE name=?1",
	[TALLY_ST_STREAM_MAKE] =
	    "INSERT OR IGNORE INTO stream (name,segment,records) VALUES (?1,1,0)",
	[TALLY_ST_REACHED] = "SELECT 1 FROM stream WHERE id=?1 AND segment=?2 AND records=?3",
	[TALLY_ST_REACH] = "UPDATE stream SET segment=?2,records=?3"
			   " WHERE id=?1 AND segment=?4 AND records=?5",
	[TALLY_ST_SHOWN] = "SELECT hour,until,filling,moved FROM shown WHERE stream=?1",
	[TALLY_ST_SHOWN_PUT] = "INSERT INTO shown VALUES (?1,?2,?3,?4,?5) ON CONFLICT"
			       " DO UPDATE SET hour=max(hour,excluded.hour),until=excluded.until,"
			       "filling=excluded.filling,moved=excluded.moved",
	[TALLY_ST_LAST] = "SELECT idx FROM total WHERE stream=?1 AND period=1 AND idx<?2"
			  " ORDER BY idx DESC LIMIT 1",
	[TALLY_ST_TOTAL] =
	    "INSERT INTO total VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
	    " ON CONFLICT DO UPDATE SET requests=requests+excluded.requests,"
	    "bytes=bytes+excluded.bytes,request_bytes=request_bytes+excluded.request_bytes,"
	    "errors_4xx=errors_4xx+excluded.errors_4xx,"
	    "errors_5xx=errors_5xx+excluded.errors_5xx,bots=bots+excluded.bots",
	[TALLY_ST_PACK] = "SELECT pack FROM cells WHERE " PLACE,
	[TALLY_ST_PACK_PUT] = "INSERT OR REPLACE INTO cells VALUES (?1,?2,?3,?4,?5)",
	[TALLY_ST_PACK_GONE] = "DELETE FROM cells WHERE " PLACE,
	[TALLY_ST_EPOCH] = "SELECT id,cover FROM epoch WHERE period=?1 AND idx=?2 AND origin=?3",
	[TALLY_ST_EPOCH_MAKE] =
	    "INSERT INTO epoch (period,idx,origin,cover,gone) VALUES (?1,?2,?3,?4,0)",
	[TALLY_ST_EPOCH_LIVES] = "SELECT 1 FROM epoch WHERE id=?1 AND gone=0",
	[TALLY_ST_UNIQ] = "SELECT registers FROM uniq"
			  " WHERE stream=?1 AND period=?2 AND idx=?3 AND epoch=?4",
	[TALLY_ST_UNIQ_PUT] = "INSERT OR REPLACE INTO uniq VALUES (?1,?2,?3,?4,?5,?6)",
};

sqlite3_stmt *
tally_rows_statement(struct tally_book *book, enum tally_statement which, struct err *e)
{
	sqlite3_stmt **st = &book->st[which];

	if (*st == NULL && tally_db_prepare(book->db, texts[which], st, e) == -1)
		return (NULL);
	(void)sqlite3_reset(*st);
	return (*st);
}

/* It gives no row. */
static int
run(struct tally_book *book, sqlite3_stmt *st, struct err *e)
{
	int rc = tally_db_step(book->db, st, e);

	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

static void
bind_numbers(sqlite3_stmt *st, int first, const int64_t *numbers, int count)
{
	for (int i = 0; i < count; i++)
		(void)sqlite3_bind_int64(st, first + i, numbers[i]);
}

/* Nobody else has counted the stream since: what was read of it still holds. */
static int
check_reach(struct tally_book *book, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_REACHED, e);
	const int64_t reach[] = { book->stream, (int64_t)book->segment, (int64_t)book->records };
	int rc;

	if (st == NULL)
		return (-1);
	bind_numbers(st, 1, reach, 3);
	rc = tally_db_step(book->db, st, e);
	(void)sqlite3_reset(st);
	if (rc == 0)
		return (err_set(e, ERR_BUSY, "another process has counted the stream"));
	return (rc == -1 ? -1 : 0);
}

int
tally_rows_begin(struct tally_book *book, struct err *e)
{
	if (book->writing)
		return (0);
	if (tally_db_run(book->db, "BEGIN IMMEDIATE", e) == -1)
		return (-1);
	book->writing = true;
	return (check_reach(book, e));
}

int
tally_rows_total(struct tally_book *book, const struct tally_total_row *t, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_TOTAL, e);
	const int64_t numbers[] = { book->stream, t->period, t->index, t->apart,
		(int64_t)t->sums.requests, (int64_t)t->sums.bytes, (int64_t)t->sums.request_bytes,
		(int64_t)t->sums.errors_4xx, (int64_t)t->sums.errors_5xx, (int64_t)t->sums.bots };

	if (st == NULL)
		return (-1);
	bind_numbers(st, 1, numbers, 10);
	return (run(book, st, e));
}

/* ---- packs ---- */

static sqlite3_stmt *
pack_statement(
    struct tally_book *book, enum tally_statement which, const struct tally_group *g, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, which, e);
	const int64_t place[] = { book->stream, g->period, tally_dims[g->dim].code, g->index };

	if (st != NULL)
		bind_numbers(st, 1, place, 4);
	return (st);
}

int
tally_rows_pack(struct tally_book *book, const struct tally_group *g, struct err *e)
{
	sqlite3_stmt *st = pack_statement(book, TALLY_ST_PACK, g, e);
	struct buf *pack = &book->bytes.pack;
	int rc = st == NULL ? -1 : tally_db_step(book->db, st, e);

	buf_clear(pack);
	if (rc == 1)
		buf_span(pack, tally_db_text(st, 0));
	if (st != NULL)
		(void)sqlite3_reset(st);
	if (rc != -1 && !buf_ok(pack))
		return (err_memory(e));
	return (rc == -1 ? -1 : 0);
}

int
tally_rows_pack_put(
    struct tally_book *book, const struct tally_group *g, const struct buf *pack, struct err *e)
{
	bool gone = pack->len == 0;
	sqlite3_stmt *st =
	    pack_statement(book, gone ? TALLY_ST_PACK_GONE : TALLY_ST_PACK_PUT, g, e);

	if (st == NULL)
		return (-1);
	if (!gone && sqlite3_bind_blob64(st, 5, pack->data, pack->len, SQLITE_STATIC) != SQLITE_OK)
		return (tally_db_fail(book->db, e));
	return (run(book, st, e));
}

/* ---- keys of subjects ---- */

static sqlite3_stmt *
epoch_statement(struct tally_book *book, enum tally_statement which,
    const struct tally_epoch *epoch, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, which, e);

	if (st == NULL)
		return (NULL);
	(void)sqlite3_bind_int(st, 1, (int)TALLY_DAY + epoch->period);
	(void)sqlite3_bind_int64(st, 2, epoch->index);
	(void)sqlite3_bind_blob(st, 3, book->origin, book->origin_len, SQLITE_STATIC);
	return (st);
}

static int
read_epoch(struct tally_book *book, struct tally_epoch *epoch, struct err *e)
{
	sqlite3_stmt *st = epoch_statement(book, TALLY_ST_EPOCH, epoch, e);
	int rc;

	if (st == NULL)
		return (-1);
	if ((rc = tally_db_step(book->db, st, e)) == 1) {
		struct span cover = tally_db_text(st, 1);

		epoch->row = sqlite3_column_int64(st, 0);
		epoch->used = cover.len == sizeof(epoch->cover);
		if (epoch->used)
			memcpy(epoch->cover, cover.ptr, sizeof(epoch->cover));
		else
			rc = err_set(e, ERR_FINDING, "a key of another size");
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

static int
make_epoch(struct tally_book *book, struct tally_epoch *epoch, struct err *e)
{
	sqlite3_stmt *st = epoch_statement(book, TALLY_ST_EPOCH_MAKE, epoch, e);

	if (st == NULL)
		return (-1);
	crypto_random(epoch->cover, sizeof(epoch->cover));
	(void)sqlite3_bind_blob(st, 4, epoch->cover, sizeof(epoch->cover), SQLITE_STATIC);
	if (run(book, st, e) == -1)
		return (-1);
	epoch->row = sqlite3_last_insert_rowid(book->db);
	epoch->used = true;
	return (0);
}

const struct tally_epoch *
tally_rows_epoch(struct tally_book *book, enum key_period period, int64_t index, struct err *e)
{
	struct tally_epoch *epoch =
	    &book->epochs[((uint64_t)index * KEY_PERIOD_COUNT + period) % TALLY_EPOCHS];

	if (epoch->used && epoch->period == period && epoch->index == index)
		return (epoch);
	*epoch = (struct tally_epoch){ .period = (uint8_t)period, .index = index };
	if (read_epoch(book, epoch, e) == -1 || (!epoch->used && make_epoch(book, epoch, e) == -1))
		return (NULL);
	return (epoch);
}

int
tally_rows_epoch_lives(struct tally_book *book, int64_t row, struct err *e)
{
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_EPOCH_LIVES, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, row);
	rc = tally_db_step(book->db, st, e);
	(void)sqlite3_reset(st);
	return (rc);
}

/* ---- uniques ---- */

/* What is there already, taken into the sketch. */
static int
merge_sketch(struct tally_book *book, sqlite3_stmt *st, const struct tally_epoch *epoch,
    struct stats_sketch *sketch, struct err *e)
{
	struct buf *plain = &book->bytes.before;
	struct stats_sketch before;
	int rc = tally_db_step(book->db, st, e);

	if (rc != 1)
		return (rc);
	tally_uncover(plain, epoch->cover, tally_db_text(st, 0));
	if (!buf_ok(plain))
		return (err_memory(e));
	if (stats_sketch_unpack(plain->data, plain->len, &before) == 0)
		stats_sketch_merge(sketch, &before);
	return (0);
}

int
tally_rows_sketch(struct tally_book *book, struct tally_sketch *s, struct err *e)
{
	unsigned char packed[STATS_SKETCH_REGISTERS];
	const struct tally_epoch *epoch =
	    tally_rows_epoch(book, tally_key_of(s->period), s->epoch_index, e);
	const int64_t place[] = { book->stream, s->period, s->index,
		epoch == NULL ? 0 : epoch->row };
	struct buf *covered = &book->bytes.runs;
	sqlite3_stmt *st;
	int rc;

	if (epoch == NULL || (st = tally_rows_statement(book, TALLY_ST_UNIQ, e)) == NULL)
		return (-1);
	bind_numbers(st, 1, place, 4);
	rc = merge_sketch(book, st, epoch, &s->sketch, e);
	(void)sqlite3_reset(st);
	if (rc == -1 || (st = tally_rows_statement(book, TALLY_ST_UNIQ_PUT, e)) == NULL)
		return (-1);
	buf_clear(covered);
	tally_cover(covered, book->nonce, epoch->cover,
	    span_of((const char *)packed, stats_sketch_pack(&s->sketch, packed)));
	if (!buf_ok(covered))
		return (err_memory(e));
	bind_numbers(st, 1, place, 4);
	(void)sqlite3_bind_int64(st, 5, (int64_t)stats_sketch_estimate(&s->sketch));
	(void)sqlite3_bind_blob64(st, 6, covered->data, covered->len, SQLITE_STATIC);
	return (run(book, st, e));
}
