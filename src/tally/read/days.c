/* days: how many subjects days had, and which are the first and the last of k. */
#include "base/err.h"
#include "tally/read/inside.h"

/* ---- uniques ---- */

struct count {
	bool known;
	bool exact; /* there is one that is; of several keys none is */
	unsigned keys; /* so many */
	int64_t subjects; /* the most of several keys is certain */
};

static void
add_count(struct count *count, int64_t subjects)
{
	if (!count->known || subjects > count->subjects)
		count->subjects = subjects;
	count->known = true;
}

/* What a set had no room for is estimated elsewhere. */
static int
add_exact(void *arg, const struct tally_packed *v, struct err *e)
{
	struct count *count = arg;

	(void)e;
	count->keys += v->seen_count;
	for (unsigned i = 0; i < v->seen_count; i++)
		if (v->seen[i].subjects <= TALLY_SUBJECTS_MAX) {
			add_count(count, v->seen[i].subjects);
			count->exact = true;
		}
	return (0);
}

struct uniques {
	const struct tally_window *w;
	struct tally_cursor estimates, packs;
};

static int
take_count(struct uniques *u, int64_t idx, struct count *count, struct err *e)
{
	*count = (struct count){ 0 };
	if (u->packs.row && u->packs.idx == idx &&
	    (tally_unpack_each(tally_db_text(u->packs.st, 1), add_exact, count, e) == -1 ||
		tally_cursor_next(&u->packs, e) == -1))
		return (-1);
	if (u->estimates.row && u->estimates.idx == idx) {
		add_count(count, sqlite3_column_int64(u->estimates.st, 1));
		return (tally_cursor_next(&u->estimates, e));
	}
	return (0);
}

static int
say_uniques(struct uniques *u, tally_unique_each each, void *arg, struct err *e)
{
	struct count count;
	int said = 0;

	while (said == 0 && (u->packs.row || u->estimates.row)) {
		int64_t idx = u->packs.row ? u->packs.idx : u->estimates.idx;
		struct tally_unique unique;

		if (u->estimates.row && u->estimates.idx < idx)
			idx = u->estimates.idx;
		if (take_count(u, idx, &count, e) == -1)
			return (-1);
		if (!count.known)
			continue;
		unique = (struct tally_unique){ tally_start_us(u->w->period, idx),
			(uint64_t)count.subjects,
			count.exact && count.keys == 1 && count.subjects <= TALLY_SUBJECTS_MAX };
		said = each(arg, &unique, e);
	}
	return (said);
}

int
tally_uniques(struct tally_reader *r, const struct tally_window *w, tally_unique_each each,
    void *arg, struct err *e)
{
	const struct tally_part part = tally_part_of(w);
	struct uniques u = { .w = w };
	int rc;

	if (tally_begin(r, e) == -1)
		return (-1);
	rc = tally_cursor_start(&u.estimates, r->db,
	    tally_query_part(r, w->released ? TALLY_QUERY_RELEASED_UNIQUES : TALLY_QUERY_UNIQUES, w,
		&part, -1, e),
	    e);
	if (rc == 0)
		rc = tally_cursor_start(&u.packs, r->db,
		    tally_query_part(r,
			w->released ? TALLY_QUERY_RELEASED_PACKS : TALLY_QUERY_PACKS, w, &part,
			TALLY_ALL, e),
		    e);
	if (rc == 0)
		rc = say_uniques(&u, each, arg, e);
	tally_cursor_stop(&u.estimates);
	tally_cursor_stop(&u.packs);
	return (tally_end(r, rc, e));
}

/* ---- ends ---- */

static int
add_most(void *arg, const struct tally_packed *v, struct err *e)
{
	unsigned *most = arg, subjects = tally_packed_subjects(v);

	(void)e;
	if (subjects > *most)
		*most = subjects;
	return (0);
}

struct ends {
	bool any;
	int64_t first, last;
};

static void
add_end(struct ends *ends, int64_t idx)
{
	if (!ends->any || idx < ends->first)
		ends->first = idx;
	if (!ends->any || idx > ends->last)
		ends->last = idx;
	ends->any = true;
}

static sqlite3_stmt *
of_days(
    struct tally_reader *r, enum tally_query q, const char *stream, int64_t until_us, struct err *e)
{
	sqlite3_stmt *st = tally_query(r, q, stream, e);

	if (st != NULL)
		(void)sqlite3_bind_int64(st, 2, tally_index(TALLY_DAY, until_us));
	return (st);
}

/* The first one of k in the order of st. */
static int
find_end(struct tally_reader *r, sqlite3_stmt *st, unsigned k, struct ends *ends, struct err *e)
{
	struct tally_cursor c;
	bool found = false;
	int rc = tally_cursor_start(&c, r->db, st, e);

	while (rc == 0 && !found && c.row) {
		unsigned most = 0;

		rc = tally_unpack_each(tally_db_text(st, 1), add_most, &most, e);
		found = rc == 0 && most >= k;
		if (found)
			add_end(ends, c.idx);
		else if (rc == 0)
			rc = tally_cursor_next(&c, e);
	}
	tally_cursor_stop(&c);
	return (rc);
}

static int
find_released(
    struct tally_reader *r, sqlite3_stmt *st, unsigned k, struct ends *ends, struct err *e)
{
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 3, k);
	if ((rc = tally_db_step(r->db, st, e)) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		add_end(ends, sqlite3_column_int64(st, 0));
		add_end(ends, sqlite3_column_int64(st, 1));
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

int
tally_ends_shown(struct tally_reader *r, const char *stream, unsigned k, int64_t until_us,
    int64_t ends[static 2], struct err *e)
{
	struct ends found = { 0 };
	int rc;

	if (tally_begin(r, e) == -1)
		return (-1);
	rc = find_end(r, of_days(r, TALLY_QUERY_FIRST_DAYS, stream, until_us, e), k, &found, e);
	if (rc == 0 && found.any)
		rc = find_end(
		    r, of_days(r, TALLY_QUERY_LAST_DAYS, stream, until_us, e), k, &found, e);
	if (rc == 0)
		rc = find_released(
		    r, of_days(r, TALLY_QUERY_ENDS_RELEASED, stream, until_us, e), k, &found, e);
	if ((rc = tally_end(r, rc, e)) == -1)
		return (-1);
	ends[0] = found.first;
	ends[1] = found.last;
	return (found.any);
}
