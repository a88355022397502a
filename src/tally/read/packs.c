/* packs: rows that come by their periods, and the values in them. */
#include "base/err.h"
#include "tally/read/inside.h"

static int
transaction(struct tally_reader *r, enum tally_query q, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (r->held)
		return (0);
	st = tally_query(r, q, NULL, e);
	rc = st == NULL ? -1 : tally_db_step(r->db, st, e);
	if (st != NULL)
		(void)sqlite3_reset(st);
	return (rc);
}

int
tally_begin(struct tally_reader *r, struct err *e)
{
	return (transaction(r, TALLY_QUERY_BEGIN, e));
}

int
tally_end(struct tally_reader *r, int rc, struct err *e)
{
	return (transaction(r, TALLY_QUERY_END, rc == -1 ? NULL : e) == -1 ? -1 : rc);
}

int
tally_hold(struct tally_reader *r, struct err *e)
{
	int rc = tally_begin(r, e);

	r->held = rc == 0;
	return (rc);
}

void
tally_release(struct tally_reader *r)
{
	if (!r->held)
		return;
	r->held = false;
	(void)transaction(r, TALLY_QUERY_END, NULL);
}

/* ---- rows ---- */

int
tally_cursor_next(struct tally_cursor *c, struct err *e)
{
	int rc = tally_db_step(c->db, c->st, e);

	c->row = rc == 1;
	c->idx = c->row ? sqlite3_column_int64(c->st, 0) : 0;
	return (rc == -1 ? -1 : 0);
}

int
tally_cursor_start(struct tally_cursor *c, sqlite3 *db, sqlite3_stmt *st, struct err *e)
{
	*c = (struct tally_cursor){ .db = db, .st = st };
	return (st == NULL ? -1 : tally_cursor_next(c, e));
}

void
tally_cursor_stop(struct tally_cursor *c)
{
	if (c->st != NULL)
		(void)sqlite3_reset(c->st);
	c->row = false;
}

/* ---- values ---- */

int
tally_each_value(struct tally_reader *r, const struct tally_window *w, enum tally_dim dim,
    tally_value_each each, void *arg, struct err *e)
{
	struct tally_part parts[TALLY_PARTS_MAX];
	int count = w->period == TALLY_MINUTE ? 0 : tally_parts_of(w, parts), rc = 0;

	for (int i = 0; rc == 0 && i < count; i++) {
		struct tally_cursor c;

		rc = tally_cursor_start(&c, r->db,
		    tally_query_part(r, TALLY_QUERY_PACKS, w, &parts[i], (int)dim, e), e);
		while (rc == 0 && c.row)
			if ((rc = tally_unpack_each(tally_db_text(c.st, 1), each, arg, e)) == 0)
				rc = tally_cursor_next(&c, e);
		tally_cursor_stop(&c);
	}
	return (rc);
}
