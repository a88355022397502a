/* repack: rows of the table cells are changed. */
#include "tally/pack/repack.h"

#include "base/err.h"
#include "tally/cells.h"
#include "tally/db.h"

enum statement { NEXT_DIM, NEXT_ROW, CHANGE, DROP, STATEMENT_COUNT };

#define ROW "stream=?1 AND period=?2 AND dim=?3"

/* By the key, a look at the index each: nothing is read while rows change. */
static const char *const texts[STATEMENT_COUNT] = {
	[NEXT_DIM] = "SELECT dim FROM cells WHERE stream=?1 AND period=?2 AND dim>=?3"
		     " AND dim<2147483647 ORDER BY dim LIMIT 1",
	[NEXT_ROW] = "SELECT idx,pack FROM cells WHERE " ROW " AND idx>=?4 AND idx<?5"
		     " ORDER BY idx LIMIT 1",
	[CHANGE] = "UPDATE cells SET pack=?5 WHERE " ROW " AND idx=?4",
	[DROP] = "DELETE FROM cells WHERE " ROW " AND idx=?4",
};

struct repacking {
	sqlite3 *db;
	const struct tally_repack_range *range;
	tally_edit edit;
	void *arg;
	sqlite3_stmt *st[STATEMENT_COUNT];
	struct buf out;
};

static sqlite3_stmt *
begin(struct repacking *r, enum statement which, int period, int dim, int64_t idx)
{
	sqlite3_stmt *st = r->st[which];

	(void)sqlite3_bind_int64(st, 1, r->range->stream);
	(void)sqlite3_bind_int(st, 2, period);
	(void)sqlite3_bind_int(st, 3, dim);
	if (which != NEXT_DIM)
		(void)sqlite3_bind_int64(st, 4, idx);
	return (st);
}

/* Nothing stands on a row any more. */
static int
end(sqlite3_stmt *st, int rc)
{
	(void)sqlite3_reset(st);
	return (rc);
}

/* What has been met of a pack: its values, as they take places, and what they come to. */
struct bounds {
	unsigned kept, met[2];
	size_t key_max;
	uint64_t requests, bots, bytes;
};

static inline bool
fits(uint64_t *sum, uint64_t n)
{
	*sum += n; /* both are positive as numbers with a sign */
	return (*sum <= INT64_MAX);
}

static int
check_value(void *arg, const struct tally_packed *v, struct err *e)
{
	struct bounds *b = arg;

	(void)e;
	for (int i = 0; i < 2; i++) {
		const struct tally_packed_count *count = &v->count[i];

		b->met[i] += !v->other && count->requests > 0;
		if (!fits(&b->requests, count->requests) || !fits(&b->bots, count->bots) ||
		    !fits(&b->bytes, count->bytes) || b->met[i] > b->kept)
			return (-1);
	}
	return (v->key.len > b->key_max ? -1 : 0);
}

/* false: nobody can read it, or add to it. */
static bool
is_sound(struct span pack, int code)
{
	struct bounds b = { .kept = TALLY_PACK_VALUES, .key_max = TALLY_KEY_MAX };

	for (int dim = 0; dim < TALLY_DIM_COUNT; dim++)
		if (tally_dims[dim].code == code) {
			b.kept = tally_dims[dim].kept;
			b.key_max = tally_key_max((enum tally_dim)dim);
		}
	return (tally_unpack_each(pack, check_value, &b, NULL) == 0);
}

/* 1: out is what shall stand there instead; 0: it stays; -1. */
static int
edit_pack(struct repacking *r, int dim, struct span pack, struct err *e)
{
	if (r->range->mended != NULL && !is_sound(pack, dim)) {
		++*r->range->mended;
		buf_clear(&r->out);
		return (1);
	}
	if (r->range->look != NULL && tally_unpack_each(pack, r->range->look, r->arg, e) == -1)
		return (-1);
	if (tally_repack(pack, r->edit, r->arg, &r->out, e) == -1)
		return (-1);
	if (r->range->fills && r->out.len > 0 && tally_fill_holes(r->db, &r->out, e) == -1)
		return (-1);
	return (!span_equal(pack, buf_view(&r->out)));
}

/* The first row from idx on, which becomes its number.  1; 0: there is none; -1. */
static int
change_next(struct repacking *r, enum tally_period period, int dim, int64_t *idx, struct err *e)
{
	sqlite3_stmt *st = begin(r, NEXT_ROW, (int)period, dim, *idx);
	int rc, changed = 0;

	(void)sqlite3_bind_int64(st, 5, r->range->to);
	if ((rc = tally_db_step(r->db, st, e)) == 1) {
		*idx = sqlite3_column_int64(st, 0);
		if (r->range->row == NULL || r->range->row(r->arg, period, dim, *idx))
			changed = edit_pack(r, dim, tally_db_text(st, 1), e);
	}
	(void)end(st, 0);
	if (rc != 1 || changed == 0)
		return (rc);
	if (changed == -1)
		return (-1);
	st = begin(r, r->out.len == 0 ? DROP : CHANGE, (int)period, dim, *idx);
	if (r->out.len > 0 &&
	    sqlite3_bind_blob64(st, 5, r->out.data, r->out.len, SQLITE_STATIC) != SQLITE_OK)
		return (tally_db_fail(r->db, e));
	return (end(st, tally_db_step(r->db, st, e)) == -1 ? -1 : 1);
}

static int
change_dim(struct repacking *r, enum tally_period period, int dim, struct err *e)
{
	int64_t idx = r->range->from;
	int rc = 0;

	while (idx < r->range->to && (rc = change_next(r, period, dim, &idx, e)) == 1)
		idx++; /* it is below to */
	return (rc == -1 ? -1 : 0);
}

static int
change_period(struct repacking *r, enum tally_period period, struct err *e)
{
	int rc = 1;

	if (r->range->dim != -1)
		return (change_dim(r, period, r->range->dim, e));
	for (int dim = 0; rc == 1; dim++) {
		sqlite3_stmt *st = begin(r, NEXT_DIM, (int)period, dim, 0);

		if ((rc = tally_db_step(r->db, st, e)) == 1)
			dim = sqlite3_column_int(st, 0);
		(void)end(st, 0);
		if (rc == 1 && change_dim(r, period, dim, e) == -1)
			rc = -1;
	}
	return (rc);
}

int
tally_repack_rows(
    sqlite3 *db, const struct tally_repack_range *range, tally_edit edit, void *arg, struct err *e)
{
	struct repacking r = { .db = db, .range = range, .edit = edit, .arg = arg };
	int rc = 0;

	for (int i = 0; rc == 0 && i < STATEMENT_COUNT; i++)
		rc = tally_db_prepare(db, texts[i], &r.st[i], e);
	for (int p = (int)range->first; rc == 0 && p <= (int)range->last; p++)
		rc = change_period(&r, (enum tally_period)p, e);
	for (int i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(r.st[i]);
	buf_free(&r.out);
	return (rc);
}

/* ---- edits ---- */

void
tally_take_records(void *arg, struct tally_packed *v)
{
	(void)arg;
	memset(&v->count[0], 0, sizeof(v->count[0]));
}

void
tally_take_empty(void *arg, struct tally_packed *v)
{
	(void)arg;
	v->gone = v->end || (!tally_packed_counts(v) && (!v->other || v->seen_count == 0));
}
