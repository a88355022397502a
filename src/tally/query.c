/* query: what a window adds up to. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "stats/distinct.h"
#include "stats/latency.h"
#include "tally/read/inside.h"

_Static_assert(TALLY_SUBJECTS_MAX == STATS_SET_MAX && TALLY_SUBJECTS_MANY == STATS_SET_MANY,
    "a set says as much as a cell");

#define OF_STREAM "stream=(SELECT id FROM stream WHERE name=?1)"
#define WINDOW "stream=(SELECT id FROM stream WHERE name=?1) AND period=?2 AND idx>=?3 AND idx<?4"
/*
 * The window as periods of several lengths, which tally_parts_of makes of it; CROSS JOIN: each
 * of them is one search of an index.
 */
#define PARTS \
	"(SELECT column1 AS p,column2 AS a,column3 AS b FROM (VALUES (?6,?7,?8),(?9,?10,?11)," \
	"(?12,?13,?14),(?15,?16,?17),(?18,?19,?20),(?21,?22,?23),(?24,?25,?26)) WHERE " \
	"column2<column3)"
#define PARTS_FIRST 6
#define OF_PARTS(t) \
	PARTS " CROSS JOIN " t " AS t ON t.stream=(SELECT id FROM stream WHERE name=?1)" \
	      " AND t.period=p AND t.idx>=a AND t.idx<b"
#define TOTAL_COLUMNS \
	"sum(requests),sum(bytes),sum(request_bytes),sum(errors_4xx),sum(errors_5xx),sum(bots)"

/* Not of a day that is put aside; days are far from the one with number 0. */
#define NOT_FROZEN \
	" AND (CASE ?2 WHEN 1 THEN (idx+2400000000)/24-100000000 ELSE idx END) NOT IN" \
	" (SELECT idx FROM frozen WHERE stream=(SELECT id FROM stream WHERE name=?1))"

#define PACKS "SELECT idx,pack FROM cells WHERE "
/* Days before the one with number ?2. */
#define DAYS OF_STREAM " AND period=2 AND dim=0 AND idx<?2"
#define SHOWN DAYS " AND idx NOT IN (SELECT idx FROM frozen WHERE " OF_STREAM ") ORDER BY idx"

static const char *const queries[TALLY_QUERY_COUNT] = {
	[TALLY_QUERY_REACH] = "SELECT segment,records FROM stream WHERE name=?1",
	[TALLY_QUERY_SHOWN] = "SELECT hour,until,filling,moved FROM shown WHERE " OF_STREAM,
	/* One end a search: each is a look at the index. */
	[TALLY_QUERY_ENDS] =
	    "SELECT (SELECT min(idx) FROM total WHERE " OF_STREAM " AND period=?2),"
	    "(SELECT max(idx) FROM total WHERE " OF_STREAM " AND period=?2)",
	[TALLY_QUERY_ENDS_RELEASED] =
	    "SELECT min(idx),max(idx) FROM released WHERE " DAYS " AND subjects>=?3",
	[TALLY_QUERY_FIRST_DAYS] = PACKS SHOWN,
	[TALLY_QUERY_LAST_DAYS] = PACKS SHOWN " DESC",
	[TALLY_QUERY_TOTALS] =
	    "SELECT idx," TOTAL_COLUMNS " FROM total WHERE " WINDOW " GROUP BY idx ORDER BY idx",
	[TALLY_QUERY_SUM] = "SELECT 0," TOTAL_COLUMNS " FROM " OF_PARTS("total"),
	/* Of several keys the most is certain. */
	[TALLY_QUERY_UNIQUES] =
	    "SELECT idx,max(subjects) FROM uniq WHERE " WINDOW " GROUP BY idx ORDER BY idx",
	[TALLY_QUERY_RELEASED_UNIQUES] =
	    "SELECT idx,max(subjects) FROM uniq WHERE " WINDOW NOT_FROZEN " GROUP BY idx"
	    " UNION ALL SELECT idx,subjects FROM frozen WHERE ?2=2 AND"
	    " stream=(SELECT id FROM stream WHERE name=?1) AND idx>=?3 AND idx<?4 ORDER BY 1",
	[TALLY_QUERY_PACKS] = PACKS WINDOW " AND dim=?5 ORDER BY idx",
	[TALLY_QUERY_RELEASED_PACKS] = PACKS WINDOW NOT_FROZEN " AND dim=?5 ORDER BY idx",
	[TALLY_QUERY_RELEASED] =
	    "SELECT idx,key,requests,bytes,subjects FROM released WHERE " WINDOW
	    " AND dim=?5 ORDER BY idx,key",
	[TALLY_QUERY_FROZEN] = "SELECT idx FROM frozen WHERE " OF_STREAM " ORDER BY idx",
	[TALLY_QUERY_BEGIN] = "BEGIN",
	[TALLY_QUERY_END] = "COMMIT",
};

int
tally_reader_open(const char *path, struct tally_reader **r, struct err *e)
{
	struct tally_reader *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	if (tally_db_open(path, false, &made->db, e) == -1) {
		free(made);
		return (-1);
	}
	*r = made;
	return (0);
}

void
tally_reader_close(struct tally_reader *r)
{
	if (r == NULL)
		return;
	for (int i = 0; i < TALLY_QUERY_COUNT; i++)
		(void)sqlite3_finalize(r->st[i]);
	tally_db_close(r->db);
	free(r);
}

sqlite3_stmt *
tally_query(struct tally_reader *r, enum tally_query q, const char *stream, struct err *e)
{
	if (r->st[q] == NULL && tally_db_prepare(r->db, queries[q], &r->st[q], e) == -1)
		return (NULL);
	(void)sqlite3_reset(r->st[q]);
	if (stream != NULL &&
	    sqlite3_bind_text(r->st[q], 1, stream, -1, SQLITE_TRANSIENT) != SQLITE_OK) {
		(void)tally_db_fail(r->db, e);
		return (NULL);
	}
	return (r->st[q]);
}

sqlite3_stmt *
tally_query_part(struct tally_reader *r, enum tally_query q, const struct tally_window *w,
    const struct tally_part *part, int dim, struct err *e)
{
	sqlite3_stmt *st = tally_query(r, q, w->stream, e);

	if (st == NULL)
		return (NULL);
	(void)sqlite3_bind_int(st, 2, (int)part->period);
	(void)sqlite3_bind_int64(st, 3, part->from);
	(void)sqlite3_bind_int64(st, 4, part->to);
	if (dim != -1)
		(void)sqlite3_bind_int(st, 5, tally_dims[dim].code);
	return (st);
}

static sqlite3_stmt *
begin(struct tally_reader *r, enum tally_query q, const struct tally_window *w, struct err *e)
{
	const struct tally_part part = tally_part_of(w);

	return (tally_query_part(r, q, w, &part, -1, e));
}

static sqlite3_stmt *
begin_parts(struct tally_reader *r, enum tally_query q, const struct tally_window *w, struct err *e)
{
	struct tally_part parts[TALLY_PARTS_MAX];
	sqlite3_stmt *st = begin(r, q, w, e);
	int count = tally_parts_of(w, parts);

	for (int i = 0; st != NULL && i < TALLY_PARTS_MAX; i++) {
		const struct tally_part *part =
		    i < count ? &parts[i] : &(const struct tally_part){ 0 };

		(void)sqlite3_bind_int(st, PARTS_FIRST + 3 * i, (int)part->period);
		(void)sqlite3_bind_int64(st, PARTS_FIRST + 3 * i + 1, part->from);
		(void)sqlite3_bind_int64(st, PARTS_FIRST + 3 * i + 2, part->to);
	}
	return (st);
}

/* rc as a step or a callback left it: no read stays open. */
static int
end(sqlite3_stmt *st, int rc)
{
	(void)sqlite3_reset(st);
	return (rc);
}

int
tally_reach(struct tally_reader *r, const char *stream, struct tally_reach *reach, struct err *e)
{
	sqlite3_stmt *st = tally_query(r, TALLY_QUERY_REACH, stream, e);
	int rc;

	if (st == NULL || (rc = tally_db_step(r->db, st, e)) == -1)
		return (-1);
	memset(reach, 0, sizeof(*reach));
	if (rc == 1) {
		reach->known = true;
		reach->segment = tally_db_u64(st, 0);
		reach->records = tally_db_u64(st, 1);
	}
	return (end(st, 0));
}

int
tally_shown(struct tally_reader *r, const char *stream, struct tally_shown *shown, struct err *e)
{
	sqlite3_stmt *st = tally_query(r, TALLY_QUERY_SHOWN, stream, e);
	int rc;

	if (st == NULL || (rc = tally_db_step(r->db, st, e)) == -1)
		return (-1);
	*shown = (struct tally_shown){ .hour = INT32_MIN, .moved = INT32_MIN };
	if (rc == 1)
		*shown = (struct tally_shown){ sqlite3_column_int(st, 0), sqlite3_column_int(st, 1),
			sqlite3_column_int(st, 2) != 0, sqlite3_column_int(st, 3) };
	return (end(st, 0));
}

/* Of minutes, by their numbers.  As tally_ends. */
static int
ends_of_all(struct tally_reader *r, const char *stream, int64_t ends[static 2], struct err *e)
{
	sqlite3_stmt *st = tally_query(r, TALLY_QUERY_ENDS, stream, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int(st, 2, TALLY_MINUTE);
	if ((rc = tally_db_step(r->db, st, e)) == 1 && sqlite3_column_type(st, 0) == SQLITE_NULL)
		rc = 0;
	for (int i = 0; rc == 1 && i < 2; i++)
		ends[i] = sqlite3_column_int64(st, i);
	return (end(st, rc));
}

int
tally_ends(struct tally_reader *r, const char *stream, unsigned k, int64_t until_us,
    int64_t ends_us[static 2], struct err *e)
{
	enum tally_period period = k == 0 ? TALLY_MINUTE : TALLY_DAY;
	int64_t ends[2];
	int rc = k == 0 ? ends_of_all(r, stream, ends, e) :
			  tally_ends_shown(r, stream, k, until_us, ends, e);

	for (int i = 0; rc == 1 && i < 2; i++)
		ends_us[i] = tally_start_us(period, ends[i]);
	return (rc);
}

/* ---- totals ---- */

static struct tally_sums
sums_of(sqlite3_stmt *st)
{
	return ((struct tally_sums){ tally_db_u64(st, 1), tally_db_u64(st, 2), tally_db_u64(st, 3),
	    tally_db_u64(st, 4), tally_db_u64(st, 5), tally_db_u64(st, 6) });
}

int
tally_totals(struct tally_reader *r, const struct tally_window *w, tally_total_each each, void *arg,
    struct err *e)
{
	sqlite3_stmt *st = begin(r, TALLY_QUERY_TOTALS, w, e);
	int rc, said = 0;

	if (st == NULL)
		return (-1);
	while (said == 0 && (rc = tally_db_step(r->db, st, e)) == 1) {
		struct tally_total t = { tally_start_us(w->period, sqlite3_column_int64(st, 0)),
			sums_of(st) };

		said = each(arg, &t, e);
	}
	return (end(st, said != 0 ? said : rc));
}

int
tally_sum(
    struct tally_reader *r, const struct tally_window *w, struct tally_sums *sums, struct err *e)
{
	sqlite3_stmt *st = begin_parts(r, TALLY_QUERY_SUM, w, e);
	int rc;

	memset(sums, 0, sizeof(*sums));
	if (st == NULL || (rc = tally_db_step(r->db, st, e)) == -1)
		return (-1);
	if (rc == 1)
		*sums = sums_of(st);
	return (end(st, 0));
}

/* ---- latency ---- */

/* The key is the least value of its step. */
static uint64_t
low_of(struct span key)
{
	uint64_t low = 0;

	for (size_t i = 0; i < key.len && i < 19 && key.ptr[i] >= '0' && key.ptr[i] <= '9'; i++)
		low = low * 10 + (uint64_t)(key.ptr[i] - '0');
	return (low);
}

struct times {
	struct stats_latency l;
	uint64_t count;
};

static int
add_time(void *arg, const struct tally_packed *v, struct err *e)
{
	struct times *t = arg;

	for (int i = 0; i < 2; i++) {
		if (tally_add(&t->count, v->count[i].requests, e) == -1)
			return (-1);
		stats_latency_add(&t->l, low_of(v->key), v->count[i].requests);
	}
	return (0);
}

int
tally_latency(struct tally_reader *r, const struct tally_window *w, struct tally_latency *latency,
    struct err *e)
{
	struct times t = { 0 };
	const struct stats_latency *l = &t.l;
	int rc;

	if (tally_begin(r, e) == -1)
		return (-1);
	rc = tally_each_value(r, w, TALLY_LATENCY, add_time, &t, e);
	if ((rc = tally_end(r, rc, e)) == 0)
		*latency = (struct tally_latency){ t.count, stats_latency_at(l, 500),
			stats_latency_at(l, 750), stats_latency_at(l, 900),
			stats_latency_at(l, 950), stats_latency_at(l, 990),
			stats_latency_at(l, 999) };
	return (rc);
}
