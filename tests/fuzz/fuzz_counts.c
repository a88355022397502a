/* Fuzz target: what a stats.db of our tables holds, of any numbers and texts. */
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
#include "tally/usual.h"
#include "view/counts/counts.h"

#define BYTES_MAX 2048
#define DAY_US INT64_C(86400000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const inserts[] = {
	"INSERT OR IGNORE INTO total VALUES (1,?1,?2,?3,?4,?5,0,?6,?7,0)",
	"INSERT OR IGNORE INTO cell VALUES (1,?1,?3,?2,0,?6,?8,?4,0,?5)",
	"INSERT OR IGNORE INTO seen VALUES (1,?1,?3,?2,?6,?8,1,?4,?9)",
	"INSERT OR IGNORE INTO uniq VALUES (1,?1,?2,1,?4,?9)",
	"INSERT OR IGNORE INTO released VALUES (1,?1,?3,?2,?8,?4,?5,?6)",
	"INSERT OR IGNORE INTO frozen VALUES (1,?2,?4)",
};
#define TABLES (sizeof(inserts) / sizeof(inserts[0]))

static sqlite3 *db;
static struct tally_reader *reader;
static sqlite3_stmt *insert[TABLES];
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
	for (size_t i = 0; i < TABLES; i++)
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

static void
fill(const uint8_t *at, const uint8_t *end)
{
	struct err e = { 0 };

	demand(tally_db_run(db,
		   "BEGIN;DELETE FROM total;DELETE FROM cell;DELETE FROM seen;DELETE FROM uniq;"
		   "DELETE FROM released;DELETE FROM frozen;DELETE FROM stream;"
		   "INSERT INTO stream VALUES (1,'s',1,0)",
		   &e) == 0);
	while (end - at > 2) {
		sqlite3_stmt *st = insert[*at++ % TABLES];
		int len;

		for (int i = 1; i <= 7; i++)
			(void)sqlite3_bind_int64(st, i, take_number(&at, end));
		len = at < end ? *at++ % 16 : 0;
		len = len > end - at ? (int)(end - at) : len;
		(void)sqlite3_bind_text(st, 8, (const char *)at, len, SQLITE_STATIC);
		(void)sqlite3_bind_blob(st, 9, at, len, SQLITE_STATIC);
		(void)tally_db_step(db, st, NULL);
		(void)sqlite3_reset(st);
	}
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

	(void)tally_sum(r, &w, &sums, NULL);
	(void)tally_cells(r, &w, see_cell, &seen, NULL);
	(void)tally_latency(r, &w, &latency, NULL);
	for (w.period = TALLY_HOUR; w.period < TALLY_PERIOD_COUNT; w.period++)
		(void)tally_series(r, &w, see_series, &seen, NULL);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tally_folding folding = { "s", 20002 * DAY_US, 10, false, 0 };
	const struct tally_freezing freezing = { "s", 20002 * DAY_US + DAY_US / 2, true, 10 };
	uint64_t folded;

	open_once();
	fill(data, data + (size > BYTES_MAX ? BYTES_MAX : size));
	ask_tally(reader);
	ask_view(reader);
	if (size > 0 && data[0] % 8 == 7) {
		(void)tally_fold(path, &folding, &folded, NULL);
		(void)tally_freeze(path, &freezing, NULL);
		ask_view(reader);
	}
	return (0);
}
