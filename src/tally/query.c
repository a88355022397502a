/* query: what a window adds up to. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "stats/distinct.h"
#include "stats/latency.h"
#include "tally/db.h"
#include "tally/query.h"

_Static_assert(TALLY_SUBJECTS_MAX == STATS_SET_MAX && TALLY_SUBJECTS_MANY == STATS_SET_MANY,
    "a set says as much as a cell");

enum query {
	QUERY_REACH,
	QUERY_ENDS,
	QUERY_ENDS_SHOWN,
	QUERY_TOTALS,
	QUERY_SUM,
	QUERY_CELLS,
	QUERY_SERIES,
	QUERY_LATENCY,
	QUERY_UNIQUES,
	QUERY_RELEASED_SERIES,
	QUERY_RELEASED_UNIQUES,
	QUERY_COUNT
};

#define OF_STREAM "stream=(SELECT id FROM stream WHERE name=?1)"
#define WINDOW "stream=(SELECT id FROM stream WHERE name=?1) AND period=?2 AND idx>=?3 AND idx<?4"
/*
 * The window as periods of several lengths, which parts_of makes of it; CROSS JOIN: each
 * of them is one search of an index.
 */
#define PARTS \
	"(SELECT column1 AS p,column2 AS a,column3 AS b FROM (VALUES (?6,?7,?8),(?9,?10,?11)," \
	"(?12,?13,?14),(?15,?16,?17),(?18,?19,?20),(?21,?22,?23),(?24,?25,?26)) WHERE " \
	"column2<column3)"
#define PARTS_FIRST 6
#define PARTS_MAX 7
#define OF_PARTS(t) \
	PARTS " CROSS JOIN " t " AS t ON t.stream=(SELECT id FROM stream WHERE name=?1)" \
	      " AND t.period=p AND t.idx>=a AND t.idx<b"
#define CELLS_OF_PARTS OF_PARTS("cell") " AND t.dim=?5"
#define SEEN_OF_PARTS OF_PARTS("seen") " AND t.dim=?5"
#define TOTAL_COLUMNS \
	"sum(requests),sum(bytes),sum(request_bytes),sum(errors_4xx),sum(errors_5xx),sum(bots)"
#define CELL_COLUMNS "other,key,sum(requests),sum(bots),sum(bytes)"

/* Not of a day that is put aside; days are far from the one with number 0. */
#define NOT_FROZEN \
	" AND (CASE ?2 WHEN 1 THEN (idx+2400000000)/24-100000000 ELSE idx END) NOT IN" \
	" (SELECT idx FROM frozen WHERE stream=(SELECT id FROM stream WHERE name=?1))"

/* What was kept apart counts with the rest; of several keys of one cell the most is certain. */
static const char *const queries[QUERY_COUNT] = {
	[QUERY_REACH] = "SELECT segment,records FROM stream WHERE name=?1",
	/* One end a search: each is a look at the index. */
	[QUERY_ENDS] = "SELECT (SELECT min(idx) FROM total WHERE " OF_STREAM " AND period=?2),"
		       "(SELECT max(idx) FROM total WHERE " OF_STREAM " AND period=?2)",
	[QUERY_ENDS_SHOWN] =
	    "SELECT min(idx),max(idx) FROM"
	    " (SELECT idx FROM seen WHERE " OF_STREAM " AND period=?2 AND dim=0 AND idx<?3"
	    "  AND subjects>=?4 AND idx NOT IN (SELECT idx FROM frozen WHERE " OF_STREAM ")"
	    "  UNION ALL SELECT idx FROM released WHERE " OF_STREAM
	    "  AND period=?2 AND dim=0 AND idx<?3 AND subjects>=?4)",
	[QUERY_TOTALS] =
	    "SELECT idx," TOTAL_COLUMNS " FROM total WHERE " WINDOW " GROUP BY idx ORDER BY idx",
	[QUERY_SUM] = "SELECT 0," TOTAL_COLUMNS " FROM " OF_PARTS("total"),
	[QUERY_CELLS] =
	    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0) FROM"
	    " (SELECT other,key,sum(requests) AS requests,sum(bots) AS bots,sum(bytes) AS bytes"
	    "  FROM " CELLS_OF_PARTS " GROUP BY other,key) AS c LEFT JOIN"
	    " (SELECT other,key,max(subjects) AS subjects"
	    "  FROM " SEEN_OF_PARTS " GROUP BY other,key) AS s"
	    " ON s.other=c.other AND s.key=c.key ORDER BY c.other,c.requests DESC,c.key",
	[QUERY_SERIES] =
	    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0),c.idx FROM"
	    " (SELECT idx,other,key,sum(requests) AS requests,sum(bots) AS bots,sum(bytes) AS bytes"
	    "  FROM cell WHERE " WINDOW " AND dim=?5 GROUP BY idx,other,key) AS c LEFT JOIN"
	    " (SELECT idx,other,key,max(subjects) AS subjects"
	    "  FROM seen WHERE " WINDOW " AND dim=?5 GROUP BY idx,other,key) AS s"
	    " ON s.idx=c.idx AND s.other=c.other AND s.key=c.key"
	    " ORDER BY c.idx,c.other,c.requests DESC,c.key",
	[QUERY_LATENCY] = "SELECT key,sum(requests) FROM " CELLS_OF_PARTS " GROUP BY key",
	[QUERY_UNIQUES] = "SELECT idx,max(subjects),max(exact) FROM"
			  " (SELECT idx,subjects,0 AS exact FROM uniq WHERE " WINDOW
			  "  UNION ALL SELECT idx,subjects,1 FROM seen WHERE " WINDOW
			  "  AND dim=?5 AND subjects<=20) GROUP BY idx ORDER BY idx",
	[QUERY_RELEASED_SERIES] =
	    "SELECT c.other,c.key,c.requests,c.bots,c.bytes,ifnull(s.subjects,0),c.idx AS at FROM"
	    " (SELECT idx,other,key,sum(requests) AS requests,sum(bots) AS bots,sum(bytes) AS bytes"
	    "  FROM cell WHERE " WINDOW " AND dim=?5" NOT_FROZEN
	    " GROUP BY idx,other,key) AS c LEFT JOIN"
	    " (SELECT idx,other,key,max(subjects) AS subjects"
	    "  FROM seen WHERE " WINDOW " AND dim=?5 GROUP BY idx,other,key) AS s"
	    " ON s.idx=c.idx AND s.other=c.other AND s.key=c.key"
	    " UNION ALL SELECT 0,key,requests,0,bytes,subjects,idx FROM released WHERE " WINDOW
	    " AND dim=?5 ORDER BY 7,1,3 DESC,2",
	[QUERY_RELEASED_UNIQUES] =
	    "SELECT idx,max(subjects),max(exact) FROM"
	    " (SELECT idx,subjects,0 AS exact FROM uniq WHERE " WINDOW NOT_FROZEN
	    "  UNION ALL SELECT idx,subjects,1 FROM seen WHERE " WINDOW NOT_FROZEN
	    "  AND dim=?5 AND subjects<=20) GROUP BY idx"
	    " UNION ALL SELECT idx,subjects,0 FROM frozen WHERE ?2=2 AND"
	    " stream=(SELECT id FROM stream WHERE name=?1) AND idx>=?3 AND idx<?4 ORDER BY 1",
};

struct tally_reader {
	sqlite3 *db;
	sqlite3_stmt *st[QUERY_COUNT];
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
	for (int i = 0; i < QUERY_COUNT; i++)
		(void)sqlite3_finalize(r->st[i]);
	tally_db_close(r->db);
	free(r);
}

static sqlite3_stmt *
statement(struct tally_reader *r, enum query q, const char *stream, struct err *e)
{
	if (r->st[q] == NULL && tally_db_prepare(r->db, queries[q], &r->st[q], e) == -1)
		return (NULL);
	(void)sqlite3_reset(r->st[q]);
	(void)sqlite3_bind_text(r->st[q], 1, stream, -1, SQLITE_TRANSIENT);
	return (r->st[q]);
}

/* The first period that starts at t_us or later. */
static int64_t
first_from(enum tally_period period, int64_t t_us)
{
	int64_t index;

	if (t_us <= INT64_MIN / 2)
		return (INT64_MIN);
	if (t_us >= INT64_MAX / 2)
		return (INT64_MAX);
	index = tally_index(period, t_us);
	return (tally_start_us(period, index) < t_us ? index + 1 : index);
}

static sqlite3_stmt *
begin(struct tally_reader *r, enum query q, const struct tally_window *w, int dim, struct err *e)
{
	sqlite3_stmt *st = statement(r, q, w->stream, e);

	if (st == NULL)
		return (NULL);
	(void)sqlite3_bind_int(st, 2, (int)w->period);
	(void)sqlite3_bind_int64(st, 3, first_from(w->period, w->since_us));
	(void)sqlite3_bind_int64(st, 4, first_from(w->period, w->until_us));
	if (dim != -1)
		(void)sqlite3_bind_int(st, 5, tally_dims[dim].code);
	return (st);
}

/* ---- a window as periods of several lengths ---- */

struct part {
	enum tally_period period;
	int64_t from, to; /* their numbers */
};

/* The next longer one that whole ones of it add up to. */
static bool
longer_of(enum tally_period period, enum tally_period *longer)
{
	static const enum tally_period of[TALLY_PERIOD_COUNT] = { [TALLY_MINUTE] = TALLY_HOUR,
		[TALLY_HOUR] = TALLY_DAY,
		[TALLY_DAY] = TALLY_MONTH,
		[TALLY_WEEK] = TALLY_WEEK,
		[TALLY_MONTH] = TALLY_MONTH };

	*longer = of[period];
	return (*longer != period);
}

/* Those of a longer period that lie in whole, whose number is wide; false: there is none. */
static bool
widen(const struct part *whole, enum tally_period longer, struct part *wide)
{
	*wide = (struct part){ longer, INT64_MIN, INT64_MAX };
	if (whole->from != INT64_MIN)
		wide->from = first_from(longer, tally_start_us(whole->period, whole->from));
	if (whole->to != INT64_MAX)
		wide->to = tally_index(longer, tally_start_us(whole->period, whole->to));
	return (wide->from < wide->to);
}

/*
 * Of minutes to months, as long as they may be: what is at the ends of the window in short ones,
 * the rest in longer ones, so that a year is not read hour by hour.  Returns how many.
 */
static int
parts_of(const struct tally_window *w, struct part parts[static PARTS_MAX])
{
	struct part whole = { w->period, first_from(w->period, w->since_us),
		first_from(w->period, w->until_us) };
	struct part wide;
	enum tally_period longer;
	int count = 0;

	while (longer_of(whole.period, &longer) && widen(&whole, longer, &wide)) {
		if (wide.from != INT64_MIN)
			parts[count++] = (struct part){ whole.period, whole.from,
				tally_index(whole.period, tally_start_us(longer, wide.from)) };
		if (wide.to != INT64_MAX)
			parts[count++] = (struct part){ whole.period,
				tally_index(whole.period, tally_start_us(longer, wide.to)),
				whole.to };
		whole = wide;
	}
	parts[count++] = whole;
	return (count);
}

/* Minutes have totals only: cells are of whole windows of longer ones, or there are none. */
static sqlite3_stmt *
begin_parts(
    struct tally_reader *r, enum query q, const struct tally_window *w, int dim, struct err *e)
{
	struct part parts[PARTS_MAX];
	sqlite3_stmt *st = begin(r, q, w, dim, e);
	int count = dim != -1 && w->period == TALLY_MINUTE ? 0 : parts_of(w, parts);

	for (int i = 0; st != NULL && i < PARTS_MAX; i++) {
		const struct part *part = i < count ? &parts[i] : &(const struct part){ 0 };

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
	sqlite3_stmt *st = statement(r, QUERY_REACH, stream, e);
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
tally_ends(struct tally_reader *r, const char *stream, unsigned k, int64_t until_us,
    int64_t ends_us[static 2], struct err *e)
{
	enum tally_period period = k == 0 ? TALLY_MINUTE : TALLY_DAY;
	sqlite3_stmt *st = statement(r, k == 0 ? QUERY_ENDS : QUERY_ENDS_SHOWN, stream, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int(st, 2, (int)period);
	if (k > 0) {
		(void)sqlite3_bind_int64(st, 3, tally_index(TALLY_DAY, until_us));
		(void)sqlite3_bind_int(st, 4, (int)k);
	}
	if ((rc = tally_db_step(r->db, st, e)) == 1 && sqlite3_column_type(st, 0) == SQLITE_NULL)
		rc = 0;
	for (int i = 0; rc == 1 && i < 2; i++)
		ends_us[i] = tally_start_us(period, sqlite3_column_int64(st, i));
	return (end(st, rc));
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
	sqlite3_stmt *st = begin(r, QUERY_TOTALS, w, -1, e);
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
	sqlite3_stmt *st = begin_parts(r, QUERY_SUM, w, -1, e);
	int rc;

	memset(sums, 0, sizeof(*sums));
	if (st == NULL || (rc = tally_db_step(r->db, st, e)) == -1)
		return (-1);
	if (rc == 1)
		*sums = sums_of(st);
	return (end(st, 0));
}

/* ---- cells ---- */

static struct tally_cell
cell_of(sqlite3_stmt *st)
{
	return ((struct tally_cell){ .other = sqlite3_column_int(st, 0) != 0,
	    .key = tally_db_text(st, 1),
	    .requests = tally_db_u64(st, 2),
	    .bots = tally_db_u64(st, 3),
	    .bytes = tally_db_u64(st, 4),
	    .subjects = (unsigned)sqlite3_column_int(st, 5) });
}

static void
fold(struct tally_cell *other, const struct tally_cell *cell)
{
	other->other = true;
	other->requests += cell->requests;
	other->bots += cell->bots;
	other->bytes += cell->bytes;
	if (cell->subjects > other->subjects)
		other->subjects = cell->subjects;
}

int
tally_cells(struct tally_reader *r, const struct tally_window *w, tally_cell_each each, void *arg,
    struct err *e)
{
	sqlite3_stmt *st = begin_parts(r, QUERY_CELLS, w, (int)w->dim, e);
	struct tally_cell other = { .key = span_of("", 0) };
	unsigned given = 0;
	int rc, said = 0;

	if (st == NULL)
		return (-1);
	while (said == 0 && (rc = tally_db_step(r->db, st, e)) == 1) {
		struct tally_cell cell = cell_of(st);

		if (cell.other || (w->limit > 0 && given == w->limit))
			fold(&other, &cell);
		else {
			said = each(arg, &cell, e);
			given++;
		}
	}
	if (said == 0 && rc == 0 && other.other)
		said = each(arg, &other, e);
	return (end(st, said != 0 ? said : rc));
}

int
tally_series(struct tally_reader *r, const struct tally_window *w, tally_series_each each,
    void *arg, struct err *e)
{
	sqlite3_stmt *st =
	    begin(r, w->released ? QUERY_RELEASED_SERIES : QUERY_SERIES, w, (int)w->dim, e);
	int rc, said = 0;

	if (st == NULL)
		return (-1);
	while (said == 0 && (rc = tally_db_step(r->db, st, e)) == 1) {
		struct tally_cell cell = cell_of(st);

		said = each(arg, tally_start_us(w->period, sqlite3_column_int64(st, 6)), &cell, e);
	}
	return (end(st, said != 0 ? said : rc));
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

int
tally_latency(struct tally_reader *r, const struct tally_window *w, struct tally_latency *latency,
    struct err *e)
{
	sqlite3_stmt *st = begin_parts(r, QUERY_LATENCY, w, TALLY_LATENCY, e);
	struct stats_latency l = { { 0 } };
	int rc;

	if (st == NULL)
		return (-1);
	while ((rc = tally_db_step(r->db, st, e)) == 1)
		l.count[stats_latency_step(low_of(tally_db_text(st, 0)))] += tally_db_u64(st, 1);
	if (rc == 0)
		*latency = (struct tally_latency){ stats_latency_count(&l),
			stats_latency_at(&l, 500), stats_latency_at(&l, 750),
			stats_latency_at(&l, 900), stats_latency_at(&l, 950),
			stats_latency_at(&l, 990), stats_latency_at(&l, 999) };
	return (end(st, rc));
}

/* ---- uniques ---- */

int
tally_uniques(struct tally_reader *r, const struct tally_window *w, tally_unique_each each,
    void *arg, struct err *e)
{
	sqlite3_stmt *st =
	    begin(r, w->released ? QUERY_RELEASED_UNIQUES : QUERY_UNIQUES, w, TALLY_ALL, e);
	int rc, said = 0;

	if (st == NULL)
		return (-1);
	while (said == 0 && (rc = tally_db_step(r->db, st, e)) == 1) {
		struct tally_unique u = {
			tally_start_us(w->period, sqlite3_column_int64(st, 0)), tally_db_u64(st, 1),
			sqlite3_column_int(st, 2) != 0 && tally_db_u64(st, 1) <= TALLY_SUBJECTS_MAX
		};

		said = each(arg, &u, e);
	}
	return (end(st, said != 0 ? said : rc));
}
