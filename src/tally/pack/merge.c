/* merge: what a book has added up of a dimension and period, into what the file has of it. */
#include <string.h>

#include "base/err.h"
#include "tally/cells.h"
#include "tally/pack/cover.h"
#include "tally/pack/repack.h"

#define NONE TALLY_PACK_EPOCHS

struct merging {
	struct tally_book *book;
	struct tally_group *g;
	uint32_t group;
	struct tally_unpack u; /* of what the file has */
	const struct tally_epoch *epoch; /* of the sets of the group; NULL: nobody was seen */
	unsigned before, now; /* its number in what the file has, and in the next list; or NONE */
	int64_t epochs[TALLY_PACK_EPOCHS]; /* the next list */
	unsigned epoch_count;
	uint8_t to[TALLY_PACK_EPOCHS]; /* of each one of u its number there */
	bool dropped[TALLY_PACK_EPOCHS]; /* likewise: its run is left out */
	bool any, holes; /* a value stands in what is made; a hole may */
};

/* ---- epochs ---- */

/*
 * Too many: those that are gone, or all, become one without hashes, number 0.  Of it is known
 * only the most subjects that a value had under one of them.
 */
static void
join_epochs(struct merging *m, bool all)
{
	m->epochs[0] = 0;
	m->epoch_count = 1;
	for (unsigned i = 0; i < m->u.epoch_count; i++) {
		m->to[i] = 0;
		m->dropped[i] = m->dropped[i] || all;
		if (!m->dropped[i]) {
			if (m->epoch_count == TALLY_PACK_EPOCHS)
				return; /* still too many */
			m->to[i] = (uint8_t)m->epoch_count;
			m->epochs[m->epoch_count++] = m->u.epoch[i];
		}
	}
}

/* Runs that nobody can read any more, and with them holes: else these would become ever more. */
static int
drop_runs(struct merging *m, struct err *e)
{
	for (unsigned i = 0; i < m->u.epoch_count; i++) {
		int lives = tally_rows_epoch_lives(m->book, m->u.epoch[i], e);

		if (lives == -1)
			return (-1);
		m->dropped[i] = lives == 0;
	}
	return (0);
}

static int
list_epochs(struct merging *m, struct err *e)
{
	m->before = m->now = NONE;
	for (unsigned i = 0; i < m->u.epoch_count; i++) {
		m->to[i] = (uint8_t)i;
		m->epochs[i] = m->u.epoch[i];
		if (m->epoch != NULL && m->epoch->row == m->u.epoch[i])
			m->before = m->now = i;
	}
	m->epoch_count = m->u.epoch_count;
	if (m->epoch == NULL || m->now != NONE)
		return (0);
	if (drop_runs(m, e) == -1)
		return (-1);
	if (m->epoch_count == TALLY_PACK_EPOCHS)
		join_epochs(m, false);
	if (m->epoch_count == TALLY_PACK_EPOCHS)
		join_epochs(m, true);
	m->now = m->epoch_count++;
	m->epochs[m->now] = m->epoch->row;
	return (0);
}

/* ---- who was seen ---- */

/* What v has of each epoch, by the next list. */
static void
renumber(const struct merging *m, struct tally_packed *v)
{
	unsigned count = 0, at;

	for (unsigned i = 0; i < v->seen_count; i++) {
		struct tally_packed_seen one = v->seen[i];

		if (m->dropped[one.epoch])
			one.hashes = 0;
		one.epoch = m->to[one.epoch];
		for (at = 0; at < count && v->seen[at].epoch != one.epoch; at++)
			continue;
		if (at == count)
			v->seen[count++] = one;
		else if (one.subjects > v->seen[at].subjects)
			v->seen[at].subjects = one.subjects;
	}
	v->seen_count = count;
}

static uint64_t
read_hash(const unsigned char *at)
{
	uint64_t hash = 0;

	for (unsigned i = 0; i < TALLY_HASH_BYTES; i++)
		hash = hash << 8 | at[i];
	return (hash);
}

static void
write_hashes(struct buf *now, const struct stats_set *set)
{
	char *at;

	if (buf_reserve(now, set->count * TALLY_HASH_BYTES) == -1)
		return;
	at = now->data + now->len;
	for (unsigned i = 0; i < set->count; i++)
		for (unsigned k = TALLY_HASH_BYTES; k-- > 0;)
			*at++ = (char)(set->hash[i] >> 8 * k);
	now->len += set->count * TALLY_HASH_BYTES;
}

/* Whom the file has of a value, and those of set; in set. */
static void
join_sets(const struct buf *before, const struct tally_packed_seen *seen, struct stats_set *set)
{
	struct stats_set joined = { .count = 0 };

	for (unsigned i = 0; i < seen->hashes; i++) {
		size_t at = ((size_t)seen->at + i) * TALLY_HASH_BYTES;

		if (at + TALLY_HASH_BYTES <= before->len)
			(void)stats_set_add(
			    &joined, read_hash((const unsigned char *)before->data + at));
	}
	for (unsigned i = 0; i < set->count && i < STATS_SET_MAX; i++)
		(void)stats_set_add(&joined, set->hash[i]);
	if (set->count == STATS_SET_MANY || seen->subjects == TALLY_SUBJECTS_MANY)
		joined.count = STATS_SET_MANY;
	*set = joined;
}

/* The run of the epoch is made anew, value by value: who is in it, and who was seen since. */
static void
merge_seen(struct merging *m, struct tally_packed *v, const struct tally_kept *cell)
{
	struct stats_set none, *set = &none;
	unsigned at = 0;

	none.count = 0;
	if (cell != NULL)
		set = &m->book->sets[cell - m->book->cells];

	while (at < v->seen_count && v->seen[at].epoch != m->now)
		at++;
	if (v->hole) { /* nobody has to know them any more */
		if (at < v->seen_count)
			v->seen[at].hashes = 0;
		return;
	}
	if (at == v->seen_count) {
		if (set->count == 0)
			return;
		v->seen[v->seen_count++] = (struct tally_packed_seen){ .epoch = (uint8_t)m->now };
	} else
		join_sets(&m->book->bytes.before, &v->seen[at], set);
	if (set->count > v->seen[at].subjects)
		v->seen[at].subjects = (uint8_t)set->count;
	v->seen[at].hashes = 0;
	/* Of many nobody asks any more who they were. */
	if (set->count < STATS_SET_MANY) {
		v->seen[at].hashes = (uint8_t)set->count;
		write_hashes(&m->book->bytes.now, set);
	}
}

/* Runs in the order of the next list: that of the epoch anew, the others as they are. */
static void
write_runs(struct merging *m)
{
	struct tally_bytes *bytes = &m->book->bytes;

	buf_clear(&bytes->runs);
	for (unsigned i = 0; i < m->u.epoch_count; i++)
		if (i != m->before && !m->dropped[i])
			buf_span(&bytes->runs, tally_unpack_run(&m->u, i));
		else if (i == m->before && bytes->now.len > 0)
			tally_cover(
			    &bytes->runs, m->book->nonce, m->epoch->cover, buf_view(&bytes->now));
	if (m->before == NONE && bytes->now.len > 0)
		tally_cover(&bytes->runs, m->book->nonce, m->epoch->cover, buf_view(&bytes->now));
	bytes->runs.broken = bytes->runs.broken || !buf_ok(&bytes->now);
}

/* ---- values ---- */

/* false: less is counted than goes. */
static bool
add_count(struct tally_packed_count *count, const struct tally_kept *cell)
{
	count->requests += cell->requests;
	count->bots += cell->bots;
	count->bytes += cell->bytes;
	return ((int64_t)count->requests >= 0 && (int64_t)count->bots >= 0 &&
	    (int64_t)count->bytes >= 0 && (count->requests > 0 || count->bots + count->bytes == 0));
}

/* v, and what the cell changes of it (NULL: nothing). */
static int
write_value(struct merging *m, struct tally_packed *v, const struct tally_kept *cell, struct err *e)
{
	if (cell != NULL && !add_count(&v->count[m->g->apart], cell))
		return (err_set(e, ERR_FINDING, "less is counted than goes"));
	if (m->epoch != NULL)
		merge_seen(m, v, cell);
	/* A value with what was seen of it stays while all is counted again; else it went. */
	v->gone = cell != NULL && !tally_packed_counts(v) && (!v->other || v->seen_count == 0);
	m->any = tally_pack_value(&m->book->bytes.values, v) || m->any;
	m->holes = m->holes || v->gone || v->hole;
	return (0);
}

static struct tally_kept *
cell_of(const struct merging *m, const struct tally_packed *v)
{
	if (v->other)
		return (m->g->other == 0 ? NULL : &m->book->cells[m->g->other - 1]);
	return (v->hole ?
		NULL :
		tally_cells_find(m->book, tally_cells_hash(m->book, v->key), m->group, v->key));
}

static int
write_old(struct merging *m, struct err *e)
{
	struct tally_packed v;
	int rc;

	while ((rc = tally_unpack_next(&m->u, &v, e)) == 1) {
		struct tally_kept *cell = cell_of(m, &v);

		if (cell != NULL && cell->met) /* a key twice: in no pack of ours */
			cell = NULL;
		if (cell != NULL)
			cell->met = true;
		renumber(m, &v);
		if (write_value(m, &v, cell, e) == -1)
			return (-1);
	}
	return (rc);
}

static int
write_new(struct merging *m, struct err *e)
{
	struct tally_packed v = { .seen_count = 0 };
	struct tally_book *book = m->book;
	struct tally_kept *cell;

	for (uint32_t i = m->g->first; i > 0; i = cell->next) {
		cell = &book->cells[i - 1];
		if (cell->next > 0) {
			__builtin_prefetch(&book->sets[cell->next - 1]);
			__builtin_prefetch(book->texts + book->cells[cell->next - 1].text);
		}
		if (cell->met || cell->requests == 0)
			continue;
		memset(v.count, 0, sizeof(v.count));
		v.key = span_of(book->texts + cell->text, cell->len);
		v.other = cell->other;
		v.seen_count = 0;
		if (write_value(m, &v, cell, e) == -1)
			return (-1);
	}
	return (0);
}

/* Whom the run of the epoch has, in clear; it stands behind all values: these are gone through. */
static int
read_run(struct merging *m, struct err *e)
{
	struct tally_unpack u = m->u;
	struct tally_packed v;
	int rc;

	buf_clear(&m->book->bytes.before);
	if (m->before == NONE)
		return (0);
	while ((rc = tally_unpack_next(&u, &v, e)) == 1)
		continue;
	if (rc == 0)
		tally_uncover(
		    &m->book->bytes.before, m->epoch->cover, tally_unpack_run(&u, m->before));
	if (rc == 0 && !buf_ok(&m->book->bytes.before))
		rc = err_memory(e);
	return (rc);
}

static int
make_pack(struct merging *m, struct err *e)
{
	struct tally_bytes *bytes = &m->book->bytes;
	bool old = bytes->pack.len > 0;

	buf_clear(&bytes->values);
	buf_clear(&bytes->now);
	if ((old && tally_unpack_open(&m->u, buf_view(&bytes->pack), e) == -1) ||
	    list_epochs(m, e) == -1 || read_run(m, e) == -1 || (old && write_old(m, e) == -1) ||
	    write_new(m, e) == -1)
		return (-1);
	write_runs(m);
	tally_pack_end(&bytes->next, m->epochs, m->epoch_count, &bytes->values, &bytes->runs);
	if (!buf_ok(&bytes->next))
		return (err_memory(e));
	if (!m->any)
		buf_clear(&bytes->next);
	return (m->any && m->holes ? tally_fill_holes(m->book->db, &bytes->next, e) : 0);
}

static void
forget_changes(struct tally_book *book, struct tally_group *g)
{
	struct tally_kept *cell;

	for (uint32_t i = g->first; i > 0; i = cell->next) {
		cell = &book->cells[i - 1];
		cell->requests = cell->bots = cell->bytes = 0;
		cell->many = cell->met = false;
		book->sets[i - 1].count = 0;
	}
	g->changed = g->seen = false;
}

int
tally_merge_last(struct tally_book *book, uint32_t group, struct err *e)
{
	struct merging m = { .book = book, .g = &book->groups[group], .group = group };

	if (!m.g->changed)
		return (0);
	if (m.g->seen &&
	    (m.epoch = tally_rows_epoch(book, tally_key_of(m.g->period), m.g->epoch_index, e)) ==
		NULL)
		return (-1);
	if (tally_rows_pack(book, m.g, e) == -1 || make_pack(&m, e) == -1 ||
	    tally_rows_pack_put(book, m.g, &book->bytes.next, e) == -1)
		return (-1);
	return (0);
}

int
tally_merge(struct tally_book *book, uint32_t group, struct err *e)
{
	if (tally_merge_last(book, group, e) == -1)
		return (-1);
	forget_changes(book, &book->groups[group]);
	return (0);
}
