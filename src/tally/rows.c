/* rows: the memory of a book becomes rows of stats.db. */
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "tally/shelf.h"

/* What one statement writes several of. */
#define EIGHT(row) row "," row "," row "," row "," row "," row "," row "," row
#define TOGETHER(row) EIGHT(EIGHT(row))
_Static_assert(TALLY_TOGETHER == 64, "TOGETHER");
#define CELL_PUT "INSERT INTO cell VALUES "
#define CELL_ROW "(?,?,?,?,?,?,?,?,?,?)"
#define CELL_COLUMNS 10
#define CELL_ADD \
	" ON CONFLICT DO UPDATE SET requests=requests+excluded.requests," \
	"bots=bots+excluded.bots,bytes=bytes+excluded.bytes"
#define SEEN_PUT "INSERT OR REPLACE INTO seen VALUES "
#define SEEN_ROW "(?,?,?,?,?,?,?,?,?)"
#define SEEN_COLUMNS 9

static const char *const texts[TALLY_ST_COUNT] = {
	[TALLY_ST_STREAM] = "SELECT id,segment,records FROM stream WHERE name=?1",
	[TALLY_ST_STREAM_MAKE] =
	    "INSERT OR IGNORE INTO stream (name,segment,records) VALUES (?1,1,0)",
	[TALLY_ST_REACHED] = "SELECT 1 FROM stream WHERE id=?1 AND segment=?2 AND records=?3",
	[TALLY_ST_REACH] = "UPDATE stream SET segment=?2,records=?3"
			   " WHERE id=?1 AND segment=?4 AND records=?5",
	[TALLY_ST_TOTAL] =
	    "INSERT INTO total VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
	    " ON CONFLICT DO UPDATE SET requests=requests+excluded.requests,"
	    "bytes=bytes+excluded.bytes,request_bytes=request_bytes+excluded.request_bytes,"
	    "errors_4xx=errors_4xx+excluded.errors_4xx,"
	    "errors_5xx=errors_5xx+excluded.errors_5xx,bots=bots+excluded.bots",
	[TALLY_ST_CELLS] = "SELECT key FROM cell WHERE stream=?1 AND period=?2 AND dim=?3"
			   " AND idx=?4 AND apart=?5 AND other=0",
	[TALLY_ST_CELL] = CELL_PUT CELL_ROW CELL_ADD,
	[TALLY_ST_CELL_MORE] = CELL_PUT TOGETHER(CELL_ROW) CELL_ADD,
	[TALLY_ST_EPOCH] = "SELECT id,cover FROM epoch WHERE period=?1 AND idx=?2 AND origin=?3",
	[TALLY_ST_EPOCH_MAKE] =
	    "INSERT INTO epoch (period,idx,origin,cover,gone) VALUES (?1,?2,?3,?4,0)",
	[TALLY_ST_SEEN] =
	    "SELECT subjects,hashes FROM seen WHERE stream=?1 AND period=?2 AND dim=?3"
	    " AND idx=?4 AND other=?5 AND key=?6 AND epoch=?7",
	[TALLY_ST_SEEN_ANY] =
	    "SELECT 1 FROM seen WHERE stream=?1 AND period=?2 AND dim=?3 AND idx=?4 LIMIT 1",
	[TALLY_ST_SEEN_PUT] = SEEN_PUT SEEN_ROW,
	[TALLY_ST_SEEN_MORE] = SEEN_PUT TOGETHER(SEEN_ROW),
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

static void
bind_key(sqlite3_stmt *st, int at, const struct tally_book *book, const struct tally_kept *cell)
{
	(void)sqlite3_bind_text(st, at, book->texts + cell->text, cell->len, SQLITE_STATIC);
}

/* Others may have taken or made the row since the group was read: it is added to what is there. */
static void
bind_cell(const struct tally_book *book, sqlite3_stmt *st, int first, const struct tally_kept *cell)
{
	const struct tally_group *g = &book->groups[cell->group];
	const int64_t place[] = { book->stream, g->period, tally_dims[g->dim].code, g->index,
		g->apart, cell->other };
	const int64_t sums[] = { (int64_t)cell->requests, (int64_t)cell->bots,
		(int64_t)cell->bytes };

	bind_numbers(st, first, place, 6);
	bind_key(st, first + 6, book, cell);
	bind_numbers(st, first + 7, sums, 3);
}

/* All at once if they are as many as may wait, else one by one. */
static int
write_cells(struct tally_book *book, struct tally_waiting *w, struct err *e)
{
	unsigned at_once = w->cells == TALLY_TOGETHER ? TALLY_TOGETHER : 1;
	sqlite3_stmt *st;

	for (unsigned i = 0; i < w->cells; i += at_once) {
		st = tally_rows_statement(
		    book, at_once == 1 ? TALLY_ST_CELL : TALLY_ST_CELL_MORE, e);
		if (st == NULL)
			return (-1);
		for (unsigned k = 0; k < at_once; k++)
			bind_cell(book, st, 1 + (int)k * CELL_COLUMNS, w->cell[i + k]);
		if (run(book, st, e) == -1)
			return (-1);
	}
	w->cells = 0;
	return (0);
}

int
tally_rows_cell(
    struct tally_book *book, struct tally_waiting *w, const struct tally_kept *cell, struct err *e)
{
	w->cell[w->cells++] = cell;
	return (w->cells < TALLY_TOGETHER ? 0 : write_cells(book, w, e));
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
	epoch->used = epoch->made = true;
	return (0);
}

/* The key of a period; made if there is none.  NULL with e. */
static const struct tally_epoch *
find_epoch(struct tally_book *book, enum key_period period, int64_t index, struct err *e)
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

/* ---- what is covered ---- */

#define PLAIN_MAX (CRYPTO_COVER_NONCE + STATS_SKETCH_REGISTERS)

/*
 * Seven bits a byte, whose eighth is set: random bytes beside texts would look
 * like a mailbox now and then, to `cretula scan` and to whoever searches.
 */
static size_t
spread(const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | in[i]) & 0x7fff;
		for (held += 8; held >= 7; held -= 7)
			out[n++] = (unsigned char)(0x80 | (bits >> (held - 7) & 0x7f));
	}
	if (held > 0)
		out[n++] = (unsigned char)(0x80 | (bits << (7 - held) & 0x7f));
	return (n);
}

/* Into out, which has size bytes; 0: it has too few. */
static size_t
gather(struct span in, unsigned char *out, size_t size)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	if (in.len > TALLY_SPREAD(size))
		return (0);
	for (size_t i = 0; i < in.len; i++) {
		bits = (bits << 7 | ((unsigned char)in.ptr[i] & 0x7f)) & 0x7fff;
		if ((held += 7) >= 8)
			out[n++] = (unsigned char)(bits >> (held -= 8));
	}
	return (n);
}

/* Covered, behind the nonce that it was covered with; out has SPREAD of both. */
static size_t
cover(struct tally_book *book, const struct tally_epoch *epoch, const void *bytes, size_t len,
    unsigned char *out)
{
	unsigned char whole[PLAIN_MAX];
	uint64_t count;

	memcpy(&count, book->nonce + CRYPTO_COVER_NONCE - 8, 8);
	count++;
	memcpy(book->nonce + CRYPTO_COVER_NONCE - 8, &count, 8);
	memcpy(whole, book->nonce, CRYPTO_COVER_NONCE);
	memcpy(whole + CRYPTO_COVER_NONCE, bytes, len);
	crypto_cover(epoch->cover, whole, whole + CRYPTO_COVER_NONCE, len);
	return (spread(whole, CRYPTO_COVER_NONCE + len, out));
}

/* Into out, which has size bytes.  How many; 0: nothing that could be uncovered. */
static size_t
uncover(const struct tally_epoch *epoch, struct span covered, void *out, size_t size)
{
	unsigned char whole[PLAIN_MAX];
	size_t len = gather(covered, whole, sizeof(whole));

	if (len <= CRYPTO_COVER_NONCE || len - CRYPTO_COVER_NONCE > size)
		return (0);
	len -= CRYPTO_COVER_NONCE;
	memcpy(out, whole + CRYPTO_COVER_NONCE, len);
	crypto_cover(epoch->cover, whole, out, len);
	return (len);
}

/* ---- who was seen ---- */

/* What is there already, taken into the set.  1: nothing new can be said. */
static int
merge_seen(struct tally_book *book, sqlite3_stmt *st, const struct tally_epoch *epoch,
    struct stats_set *set, struct err *e)
{
	int rc = tally_db_step(book->db, st, e);
	struct stats_set merged = { .count = 0 };
	uint64_t hashes[STATS_SET_MAX];
	size_t count;

	if (rc != 1)
		return (rc);
	if (sqlite3_column_int(st, 0) >= TALLY_SUBJECTS_MANY)
		return (1);
	count = uncover(epoch, tally_db_text(st, 1), hashes, sizeof(hashes)) / sizeof(hashes[0]);
	for (size_t i = 0; i < count; i++)
		(void)stats_set_add(&merged, hashes[i]);
	for (uint32_t i = 0; i < set->count && i < STATS_SET_MAX; i++)
		(void)stats_set_add(&merged, set->hash[i]);
	if (set->count == STATS_SET_MANY)
		merged.count = STATS_SET_MANY;
	*set = merged;
	return (0);
}

static void
bind_seen(const struct tally_book *book, sqlite3_stmt *st, int first, const struct tally_kept *cell,
    int64_t epoch)
{
	const struct tally_group *g = &book->groups[cell->group];
	const int64_t place[] = { book->stream, g->period, tally_dims[g->dim].code, g->index,
		cell->other };

	bind_numbers(st, first, place, 5);
	bind_key(st, first + 5, book, cell);
	(void)sqlite3_bind_int64(st, first + 6, epoch);
}

static int
write_seen(struct tally_book *book, struct tally_waiting *w, struct err *e)
{
	unsigned at_once = w->seen == TALLY_TOGETHER ? TALLY_TOGETHER : 1;
	sqlite3_stmt *st;

	for (unsigned i = 0; i < w->seen; i += at_once) {
		st = tally_rows_statement(
		    book, at_once == 1 ? TALLY_ST_SEEN_PUT : TALLY_ST_SEEN_MORE, e);
		if (st == NULL)
			return (-1);
		for (unsigned k = 0; k < at_once; k++) {
			const struct tally_seen_row *row = &w->row[i + k];
			int first = 1 + (int)k * SEEN_COLUMNS;

			bind_seen(book, st, first, row->cell, row->epoch);
			(void)sqlite3_bind_int64(st, first + 7, row->subjects);
			(void)sqlite3_bind_blob(st, first + 8, row->len == 0 ? NULL : row->covered,
			    row->len, SQLITE_STATIC);
		}
		if (run(book, st, e) == -1)
			return (-1);
	}
	w->seen = 0;
	return (0);
}

/* What the file says of it already, unless there can be nothing.  1: nothing new can be said. */
static int
read_seen(struct tally_book *book, struct tally_waiting *w, const struct tally_kept *cell,
    const struct tally_epoch *epoch, struct stats_set *set, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	/* Then there can be no row but one of this cell, or of what is apart. */
	if ((epoch->made || book->groups[cell->group].unseen) && !cell->seen_stored && !book->apart)
		return (0);
	/* What is apart has the same row, and that may wait. */
	if ((book->apart && write_seen(book, w, e) == -1) ||
	    (st = tally_rows_statement(book, TALLY_ST_SEEN, e)) == NULL)
		return (-1);
	bind_seen(book, st, 1, cell, epoch->row);
	rc = merge_seen(book, st, epoch, set, e);
	(void)sqlite3_reset(st);
	return (rc);
}

int
tally_rows_seen(
    struct tally_book *book, struct tally_waiting *w, struct tally_kept *cell, struct err *e)
{
	struct stats_set *seen = &book->sets[cell - book->cells], set;
	const struct tally_epoch *epoch;
	struct tally_seen_row *row;
	int rc;

	if (seen->count == 0)
		return (0);
	set = *seen;
	seen->count = 0;
	cell->many = false;
	if ((epoch = find_epoch(book, tally_key_of(book->groups[cell->group].period),
		 cell->epoch_index, e)) == NULL)
		return (-1);
	if ((rc = read_seen(book, w, cell, epoch, &set, e)) != 0)
		return (rc == -1 ? -1 : 0);
	cell->seen_stored = true;
	row = &w->row[w->seen++];
	row->cell = cell;
	row->epoch = epoch->row;
	row->subjects = set.count;
	/* Of many nobody asks any more who they were. */
	row->len = set.count == STATS_SET_MANY ?
	    0 :
	    (int)cover(book, epoch, set.hash, set.count * sizeof(set.hash[0]), row->covered);
	return (w->seen < TALLY_TOGETHER ? 0 : write_seen(book, w, e));
}

int
tally_rows_written(struct tally_book *book, struct tally_waiting *w, struct err *e)
{
	return (write_cells(book, w, e) == -1 ? -1 : write_seen(book, w, e));
}

int
tally_rows_sketch(struct tally_book *book, struct tally_sketch *s, struct err *e)
{
	unsigned char packed[STATS_SKETCH_REGISTERS], covered[TALLY_SPREAD(PLAIN_MAX)];
	const struct tally_epoch *epoch =
	    find_epoch(book, tally_key_of(s->period), s->epoch_index, e);
	const int64_t place[] = { book->stream, s->period, s->index,
		epoch == NULL ? 0 : epoch->row };
	struct stats_sketch before;
	sqlite3_stmt *st;
	size_t len;
	int rc;

	if (epoch == NULL || (st = tally_rows_statement(book, TALLY_ST_UNIQ, e)) == NULL)
		return (-1);
	bind_numbers(st, 1, place, 4);
	if ((rc = tally_db_step(book->db, st, e)) == 1) {
		len = uncover(epoch, tally_db_text(st, 0), packed, sizeof(packed));
		if (stats_sketch_unpack(packed, len, &before) == 0)
			stats_sketch_merge(&s->sketch, &before);
	}
	(void)sqlite3_reset(st);
	if (rc == -1 || (st = tally_rows_statement(book, TALLY_ST_UNIQ_PUT, e)) == NULL)
		return (-1);
	bind_numbers(st, 1, place, 4);
	(void)sqlite3_bind_int64(st, 5, (int64_t)stats_sketch_estimate(&s->sketch));
	len = stats_sketch_pack(&s->sketch, packed);
	(void)sqlite3_bind_blob(
	    st, 6, covered, (int)cover(book, epoch, packed, len, covered), SQLITE_STATIC);
	return (run(book, st, e));
}
