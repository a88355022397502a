/* Fuzz target: what a stats.db of our tables holds, of any numbers, texts and packs. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tally/book.h"
#include "tally/db.h"
#include "tally/fold.h"
#include "tally/freeze.h"
#include "tally/pack/cover.h"
#include "tally/pack/pack.h"
#include "tally/usual.h"
#include "view/counts/counts.h"

#define BYTES_MAX 2048
#define DAY_US INT64_C(86400000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum row { TOTAL, CELL, SEEN, UNIQ, RELEASED, FROZEN, ROWS, PACK = ROWS, SHOWN, INSERTS };
#define SHOWN_AT 0xf7 /* a row's first byte: what was shown */
#define PACKS_FROM 0xf8 /* a row's first byte from here on: bytes of a pack */

/* Cells and seen are gathered: what is of one place becomes a pack. */
static const char *const inserts[INSERTS] = {
	[TOTAL] = "INSERT OR IGNORE INTO total VALUES (1,?1,?2,?3,?4,?5,0,?6,?7,0)",
	[CELL] = "SELECT 1",
	[SEEN] = "SELECT 1",
	[UNIQ] = "INSERT OR IGNORE INTO uniq VALUES (1,?1,?2,1,?4,?9)",
	[RELEASED] = "INSERT OR IGNORE INTO released VALUES (1,?1,?3,?2,?8,?4,?5,?6)",
	[FROZEN] = "INSERT OR IGNORE INTO frozen VALUES (1,?2,?4)",
	[SHOWN] = "INSERT OR REPLACE INTO shown VALUES (1,?2,?3,?1,?4)",
	[PACK] = "INSERT OR IGNORE INTO cells VALUES (1,?1,?3,?2,?9)",
};

#define VALUES 256
#define EPOCHS 3
static struct gathered {
	int64_t place[3]; /* period, number, dimension */
	bool packed;
	struct tally_packed v;
} gathered[VALUES];
static unsigned gathered_count;

static sqlite3 *db;
static struct tally_reader *reader;
static sqlite3_stmt *insert[INSERTS];
static char path[64];

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
clean_up(void)
{
	(void)tally_book_discard(path, NULL);
}

static void
open_once(void)
{
	struct err e = { 0 };

	if (db != NULL)
		return;
	(void)snprintf(path, sizeof(path), "/dev/shm/fuzz-counts.%d", (int)getpid());
	clean_up();
	demand(atexit(clean_up) == 0);
	demand(tally_db_open(path, true, &db, &e) == 0);
	demand(tally_db_run(db, "PRAGMA synchronous=OFF", &e) == 0);
	for (size_t i = 0; i < INSERTS; i++)
		demand(tally_db_prepare(db, inserts[i], &insert[i], &e) == 0);
	demand(tally_reader_open(path, &reader, &e) == 0);
}

/* A number: small ones, days of these years, and any. */
static int64_t
take_number(const uint8_t **at, const uint8_t *end)
{
	int64_t n = 0;

	if (end - *at < 2)
		return (0);
	n = *(*at)++;
	if (n < 200)
		return (n % 40);
	if (n < 230)
		return (20000 + *(*at)++ % 4);
	if (n < 250)
		return ((20000 + *(*at)++ % 4) * 24 + n % 20);
	for (int i = 0; i < 8 && *at < end; i++)
		n = (int64_t)((uint64_t)n << 8 | *(*at)++);
	return (n);
}

/* NULL: there are too many. */
static struct tally_packed *
value_of(const int64_t n[static 7], struct span key)
{
	bool other = n[5] % 2 != 0;

	key = other ? span_of("", 0) : key;
	for (unsigned i = 0; i < gathered_count; i++) {
		struct gathered *g = &gathered[i];

		if (memcmp(g->place, n, sizeof(g->place)) == 0 && g->v.other == other &&
		    span_equal(g->v.key, key))
			return (&g->v);
	}
	if (gathered_count == VALUES)
		return (NULL);
	gathered[gathered_count] = (struct gathered){ .v = { .other = other, .key = key } };
	memcpy(gathered[gathered_count].place, n, sizeof(gathered->place));
	return (&gathered[gathered_count++].v);
}

static void
gather(enum row row, const int64_t n[static 7], struct span key)
{
	struct tally_packed *v = value_of(n, key);
	unsigned epoch = (unsigned)((uint64_t)n[6] % EPOCHS), i = 0;

	if (v == NULL || n[3] < 0 || n[4] < 0)
		return;
	if (row == CELL) {
		v->count[n[6] % 2 != 0] = n[3] == 0 ?
		    (struct tally_packed_count){ 0 } :
		    (struct tally_packed_count){ (uint64_t)n[3], 1, (uint64_t)n[4] };
		return;
	}
	while (i < v->seen_count && v->seen[i].epoch != epoch)
		i++;
	v->seen_count += i == v->seen_count;
	v->seen[i] =
	    (struct tally_packed_seen){ (uint8_t)epoch, (uint8_t)(n[3] % (TALLY_SUBJECTS_MANY + 1)),
		    (uint8_t)(n[4] % (TALLY_SUBJECTS_MAX + 1)), 0 };
}

static void
put_row(enum row row, const int64_t n[static 7], struct span text)
{
	sqlite3_stmt *st = insert[row];

	for (int i = 0; i < 7; i++)
		(void)sqlite3_bind_int64(st, i + 1, n[i]);
	(void)sqlite3_bind_text(st, 8, text.ptr, (int)text.len, SQLITE_STATIC);
	(void)sqlite3_bind_blob(st, 9, text.ptr, (int)text.len, SQLITE_STATIC);
	(void)tally_db_step(db, st, NULL);
	(void)sqlite3_reset(st);
}

/* All that is of the place of the first one. */
static void
put_pack(const struct gathered *first)
{
	static const int64_t epochs[EPOCHS] = { 1, 0, 7 };
	struct buf values = { 0 }, runs = { 0 }, pack = { 0 };
	int64_t n[7] = { first->place[0], first->place[1], first->place[2] };
	size_t hashes[EPOCHS] = { 0 };

	for (unsigned i = 0; i < gathered_count; i++) {
		struct gathered *g = &gathered[i];

		if (memcmp(g->place, first->place, sizeof(g->place)) != 0)
			continue;
		(void)tally_pack_value(&values, &g->v);
		for (unsigned s = 0; s < g->v.seen_count; s++)
			hashes[g->v.seen[s].epoch] += g->v.seen[s].hashes;
		g->packed = true;
	}
	for (unsigned i = 0; i < EPOCHS; i++)
		for (size_t at = 0;
		     hashes[i] > 0 && at < TALLY_COVERED(hashes[i] * TALLY_HASH_BYTES); at++)
			buf_char(&runs, (char)0x95);
	tally_pack_end(&pack, epochs, EPOCHS, &values, &runs);
	demand(buf_ok(&pack));
	put_row(PACK, n, buf_view(&pack));
	buf_free(&values);
	buf_free(&runs);
	buf_free(&pack);
}

static void
take_row(const uint8_t **at, const uint8_t *end)
{
	enum row row = **at == SHOWN_AT ? SHOWN :
	    **at < PACKS_FROM           ? (enum row)(**at % ROWS) :
					  PACK;
	struct span text;
	int64_t n[7];
	int len;

	++*at;
	for (int i = 0; i < 7; i++)
		n[i] = take_number(at, end);
	len = *at < end ? *(*at)++ : 0;
	len = row == PACK ? len : len % 16;
	len = len > end - *at ? (int)(end - *at) : len;
	text = span_of((const char *)*at, (size_t)len);
	if (row == PACK)
		*at += len; /* what names a row may be the next one */
	if (row == CELL || row == SEEN)
		gather(row, n, text);
	else
		put_row(row, n, text);
}

static void
fill(const uint8_t *at, const uint8_t *end)
{
	struct err e = { 0 };

	demand(tally_db_run(db,
		   "BEGIN;DELETE FROM total;DELETE FROM cells;DELETE FROM uniq;"
		   "DELETE FROM released;DELETE FROM frozen;DELETE FROM stream;"
		   "DELETE FROM shown;INSERT INTO stream VALUES (1,'s',1,0);"
		   "INSERT INTO shown VALUES (1,2147483647,0,0,0);" /* all of it */
		   "INSERT OR IGNORE INTO epoch VALUES (1,0,0,x'00',zeroblob(32),0)",
		   &e) == 0);
	gathered_count = 0;
	while (end - at > 2)
		take_row(&at, end);
	for (unsigned i = 0; i < gathered_count; i++)
		if (!gathered[i].packed)
			put_pack(&gathered[i]);
	demand(tally_db_run(db, "COMMIT", &e) == 0);
}

static int
see_cell(void *arg, const struct tally_cell *cell, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += cell->key.len;
	return (0);
}

static int
see_series(void *arg, int64_t start_us, const struct tally_cell *cell, struct err *e)
{
	demand(start_us % 60000000 == 0 || start_us > INT64_MAX / 8 || start_us < -INT64_MAX / 8);
	return (see_cell(arg, cell, e));
}

static int
see_unique(void *arg, const struct tally_unique *unique, struct err *e)
{
	(void)e;
	demand(!unique->exact || unique->subjects <= TALLY_SUBJECTS_MAX);
	++*(uint64_t *)arg;
	return (0);
}

static void
ask_tally(struct tally_reader *r)
{
	struct tally_window w = { .stream = "s",
		.period = TALLY_DAY,
		.since_us = INT64_MIN,
		.until_us = INT64_MAX,
		.dim = TALLY_PATH,
		.limit = 3 };
	struct tally_latency latency;
	struct stats_usual usual;
	struct tally_bursts bursts;
	struct tally_sums sums;
	uint64_t seen = 0;
	int64_t ends[2];

	(void)tally_ends(r, "s", 0, INT64_MAX, ends, NULL);
	(void)tally_ends(r, "s", 10, 20003 * DAY_US, ends, NULL);
	(void)tally_sum(r, &w, &sums, NULL);
	(void)tally_cells(r, &w, see_cell, &seen, NULL);
	(void)tally_latency(r, &w, &latency, NULL);
	for (w.period = TALLY_HOUR; w.period < TALLY_PERIOD_COUNT; w.period++) {
		w.released = w.period <= TALLY_DAY && !w.released;
		(void)tally_series(r, &w, see_series, &seen, NULL);
		(void)tally_uniques(r, &w, see_unique, &seen, NULL);
	}
	(void)tally_usual_minute(r, "s", 20001 * DAY_US, &usual, NULL);
	(void)tally_bursts(r, &w, &bursts, NULL);
	free(bursts.list);
}

/* Whatever it holds: nobody below k is shown. */
static void
ask_view(struct tally_reader *r)
{
	static const enum view_role roles[] = { VIEW_ANALYST, VIEW_PUBLIC };

	for (size_t i = 0; i < 2; i++) {
		struct view_grant grant = view_grant_of(roles[i]);
		struct view_question q = { "s", &grant, INT64_MIN, INT64_MAX, 20003 * DAY_US,
			VIEW_DIMS_ALL };
		struct view_counts c;

		if (view_counts_read(r, &q, &c, NULL) == -1)
			continue;
		for (size_t p = 0; p < c.point_count; p++)
			demand(c.points[p].subjects >= grant.k);
		for (int d = 0; d < VIEW_DIM_COUNT; d++)
			for (size_t n = 0; n < c.tables[d].cell_count; n++)
				demand(c.tables[d].cells[n].subjects >= grant.k);
		view_counts_free(&c);
	}
}

static int
add_requests(void *arg, const struct tally_cell *cell, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += cell->requests;
	return (0);
}

/* Who folds loses nothing, and has nothing left to fold. */
static void
fold_all(void)
{
	const struct tally_folding folding = { "s", 20002 * DAY_US, 10, false, 0 };
	const struct tally_window days = { "s", TALLY_DAY, 20000 * DAY_US, 20004 * DAY_US,
		TALLY_PATH, 0, false };
	uint64_t folded, before = 0, after = 0;
	int known = tally_cells(reader, &days, add_requests, &before, NULL);

	if (tally_fold(path, &folding, &folded, NULL) == -1)
		return;
	demand(tally_cells(reader, &days, add_requests, &after, NULL) == known);
	demand(known == -1 || after == before);
	demand(tally_fold(path, &folding, &folded, NULL) == 0 && folded == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tally_freezing freezing = { "s", 20002 * DAY_US + DAY_US / 2, true, 10 };

	open_once();
	fill(data, data + (size > BYTES_MAX ? BYTES_MAX : size));
	ask_tally(reader);
	ask_view(reader);
	if (size > 0 && data[0] % 8 == 7) {
		fold_all();
		(void)tally_freeze(path, &freezing, NULL);
		ask_view(reader);
	}
	return (0);
}
