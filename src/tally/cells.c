/* cells: what each value of a dimension came to, by hour, day, week and month. */
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "tally/cells.h"

/* ---- cells ---- */

uint64_t
tally_cells_hash(const struct tally_book *book, struct span key)
{
	return (tally_hash(book->seed, 1, key));
}

/* Where the search for a key of a group begins. */
static inline uint32_t
first_slot(uint64_t hash, uint32_t group)
{
	return (((uint32_t)(hash >> 32) + group * UINT32_C(0x9e3779b1)) & (TALLY_CELL_SLOTS - 1));
}

/* One more of the group; there is room. */
static struct tally_kept *
new_cell(struct tally_book *book, uint32_t group)
{
	struct tally_group *g = &book->groups[group];
	struct tally_kept *cell = &book->cells[book->cell_count];

	*cell = (struct tally_kept){ .group = group };
	book->sets[book->cell_count++].count = 0;
	if (g->last > 0)
		book->cells[g->last - 1].next = book->cell_count;
	else
		g->first = book->cell_count;
	g->last = book->cell_count;
	return (cell);
}

static struct tally_kept *
put_cell(struct tally_book *book, uint32_t at, uint64_t hash, uint32_t group, struct span key)
{
	struct tally_kept *cell = new_cell(book, group);

	book->slots[at] = book->cell_count;
	if (key.len > 0)
		memcpy(book->texts + book->text_len, key.ptr, key.len);
	cell->hash = hash;
	cell->text = (uint32_t)book->text_len;
	cell->len = (uint16_t)key.len;
	book->text_len += key.len;
	return (cell);
}

/* Where the cell is (*cell), or would be (NULL). */
static uint32_t
find_cell(struct tally_book *book, uint64_t hash, uint32_t group, struct span key,
    struct tally_kept **cell)
{
	uint32_t at = first_slot(hash, group);

	for (; book->slots[at] != 0; at = (at + 1) & (TALLY_CELL_SLOTS - 1)) {
		struct tally_kept *c = &book->cells[book->slots[at] - 1];

		if (c->hash == hash && c->group == group && !c->other && c->len == key.len &&
		    memcmp(book->texts + c->text, key.ptr, key.len) == 0) {
			*cell = c;
			return (at);
		}
	}
	*cell = NULL;
	return (at);
}

struct tally_kept *
tally_cells_find(struct tally_book *book, uint64_t hash, uint32_t group, struct span key)
{
	struct tally_kept *cell;

	(void)find_cell(book, hash, group, key, &cell);
	return (cell);
}

/* The cell of what has no place; it is found by its group, not by its key. */
static struct tally_kept *
other_cell(struct tally_book *book, uint32_t group)
{
	struct tally_group *g = &book->groups[group];
	struct tally_kept *cell;

	if (g->other > 0)
		return (&book->cells[g->other - 1]);
	cell = new_cell(book, group);
	cell->other = true;
	g->other = book->cell_count;
	return (cell);
}

/* The keys that have a place in the file keep it. */
static int
load_group(struct tally_book *book, uint32_t group, struct err *e)
{
	struct tally_group *g = &book->groups[group];
	struct tally_unpack u;
	struct tally_packed v;
	struct tally_kept *cell;
	int rc;

	if (tally_rows_pack(book, g, e) == -1)
		return (-1);
	if (book->bytes.pack.len == 0)
		return (0);
	if (tally_unpack_open(&u, buf_view(&book->bytes.pack), e) == -1)
		return (-1);
	while ((rc = tally_unpack_next(&u, &v, e)) == 1) {
		uint64_t hash = tally_cells_hash(book, v.key);
		uint32_t at;

		if (v.other || v.count[g->apart].requests == 0)
			continue;
		if (g->kept > tally_dims[g->dim].kept ||
		    v.key.len > tally_key_max((enum tally_dim)g->dim))
			return (err_set(e, ERR_FINDING, "more cells than there can be"));
		at = find_cell(book, hash, group, v.key, &cell);
		if (cell == NULL)
			(void)put_cell(book, at, hash, group, v.key);
		g->kept++;
	}
	return (rc);
}

/* Room for a whole group that is read, or what was added is written first. */
static int
make_room(struct tally_book *book, enum tally_dim dim, struct err *e)
{
	uint32_t kept = tally_dims[dim].kept + 2;
	size_t text = kept * tally_key_max(dim);

	if (book->cell_count + kept <= TALLY_CELLS && book->group_count < TALLY_GROUPS &&
	    book->text_len + text <= TALLY_CELL_TEXTS)
		return (0);
	return (tally_shelf_write(book, e));
}

/* The group, read from the file if it is new here.  -1 with e. */
static int
find_group(struct tally_book *book, const struct tally_group *want, uint32_t *group, struct err *e)
{
	const uint64_t both[2] = { (uint64_t)want->index,
		(uint64_t)want->period << 16 | (uint64_t)want->dim << 8 | want->apart };
	uint64_t hash = tally_hash(book->seed, 0, span_of((const char *)both, sizeof(both)));
	uint32_t at = (uint32_t)(hash >> 32) & (TALLY_GROUP_SLOTS - 1);

	for (; book->group_slots[at] != 0; at = (at + 1) & (TALLY_GROUP_SLOTS - 1)) {
		struct tally_group *g = &book->groups[book->group_slots[at] - 1];

		if (g->index == want->index && g->period == want->period && g->dim == want->dim &&
		    g->apart == want->apart) {
			*group = book->group_slots[at] - 1;
			return (0);
		}
	}
	*group = book->group_count;
	book->groups[book->group_count++] = *want;
	book->group_slots[at] = book->group_count;
	return (load_group(book, *group, e));
}

/* The cell of a key in a group: its own, or "other". */
static struct tally_kept *
take_cell(struct tally_book *book, uint32_t group, struct span key, uint64_t hash)
{
	struct tally_group *g = &book->groups[group];
	struct tally_kept *cell;
	uint32_t at = find_cell(book, hash, group, key, &cell);

	if (cell != NULL)
		return (cell);
	if (g->kept >= tally_dims[g->dim].kept)
		return (other_cell(book, group));
	g->kept++;
	return (put_cell(book, at, hash, group, key));
}

/* ---- who ---- */

/*
 * Sets of a group are of one key at a time: what was seen under another one is written. 40 bits
 * of a hash are kept (TALLY_HASH_BYTES).
 */
static int
see(struct tally_book *book, struct tally_kept *cell, const struct tally_who *who,
    enum key_period key, struct err *e)
{
	struct stats_set *set = &book->sets[cell - book->cells];
	struct tally_group *g = &book->groups[cell->group];
	int32_t index = who->epoch[key];

	if (g->seen && g->epoch_index != index &&
	    (tally_rows_begin(book, e) == -1 || tally_merge(book, cell->group, e) == -1))
		return (-1);
	g->changed = g->seen = true;
	g->epoch_index = index;
	if (!cell->many)
		(void)stats_set_add(set, who->hash[key] >> (64 - 8 * TALLY_HASH_BYTES));
	cell->many = set->count == STATS_SET_MANY;
	return (0);
}

static int
see_all(struct tally_book *book, struct tally_kept *cell, const struct tally_batch *b,
    const struct tally_entry *entry, struct err *e)
{
	enum key_period key = tally_key_of(book->groups[cell->group].period);

	/* Mostly there is nothing more to be said: nobody needs to be looked at. */
	if (cell->many && !b->mixed && b->who_count > 0 &&
	    book->groups[cell->group].epoch_index == b->who[0].epoch[key])
		return (0);
	for (unsigned i = 0; i < entry->who_count && i < TALLY_SUBJECTS_MAX; i++)
		if (see(book, cell, &b->who[tally_entry_who(b, entry, i)], key, e) == -1)
			return (-1);
	/* Within one hour those of different days are those of different weeks, too. */
	if (entry->who_count == TALLY_SUBJECTS_MANY) {
		book->sets[cell - book->cells].count = STATS_SET_MANY;
		cell->many = true;
	}
	return (0);
}

/* ---- one entry of a batch ---- */

struct span
tally_entry_key(const struct tally_batch *b, const struct tally_entry *entry,
    char number[static TALLY_NUMBER_BYTES])
{
	if (entry->dim == TALLY_ALL)
		return (span_of("", 0));
	if (tally_is_number((enum tally_dim)entry->dim))
		return (span_of(number, num_print(number, entry->key)));
	return (span_of(b->texts + entry->key, entry->len));
}

/* The group of an entry in a period, and room for what it may bring. */
static int
group_of_entry(struct tally_book *book, const struct tally_entry *entry, int period,
    uint32_t *group, struct err *e)
{
	struct tally_recent *recent = &book->recent[entry->dim][entry->apart];
	int32_t hour = tally_late_hour(&book->late, entry->hour);
	struct tally_group want = {
		.period = (uint8_t)period, .dim = entry->dim, .apart = entry->apart
	};

	if (make_room(book, (enum tally_dim)entry->dim, e) == -1)
		return (-1);
	/* Making room may have forgotten them. */
	if (!recent->used || recent->hour != hour)
		*recent = (struct tally_recent){ .used = true, .hour = hour };
	*group = recent->group[period];
	if (*group > 0) {
		--*group;
		return (0);
	}
	want.index = tally_index((enum tally_period)period, tally_start_us(TALLY_HOUR, hour));
	if (find_group(book, &want, group, e) == -1)
		return (-1);
	recent->group[period] = *group + 1;
	return (0);
}

static int
add_to(struct tally_book *book, struct tally_kept *cell, const struct tally_batch *b,
    const struct tally_entry *entry, struct err *e)
{
	book->groups[cell->group].changed = true;
	cell->requests += entry->requests;
	cell->bots += entry->bots;
	cell->bytes += entry->bytes;
	return (see_all(book, cell, b, entry, e));
}

/* Are all of its groups in memory, and is there room for four cells and four of "other"? */
static bool
is_at_hand(const struct tally_book *book, const struct tally_entry *entry)
{
	const struct tally_recent *recent = &book->recent[entry->dim][entry->apart];

	return (recent->used && recent->hour == tally_late_hour(&book->late, entry->hour) &&
	    recent->group[TALLY_HOUR] > 0 && recent->group[TALLY_DAY] > 0 &&
	    recent->group[TALLY_WEEK] > 0 && recent->group[TALLY_MONTH] > 0 &&
	    book->cell_count + 8 <= TALLY_CELLS &&
	    book->text_len + (size_t)4 * TALLY_KEY_MAX <= TALLY_CELL_TEXTS);
}

/* Where cell keeps which one its key has by a longer period; NULL: "other" has many keys. */
static uint32_t *
up_of(struct tally_kept *cell, int period)
{
	return (cell->other ? NULL : &cell->up[period - TALLY_DAY]);
}

/*
 * The cell of a longer period: that of the hour knows, or that of the day, of which each hour
 * asks.
 */
static struct tally_kept *
cell_above(struct tally_book *book, struct tally_kept *hour, int period, uint32_t group,
    struct span key)
{
	uint32_t *up = up_of(hour, period), *up_day = NULL;
	struct tally_kept *cell;

	if (up != NULL && *up > 0)
		return (&book->cells[*up - 1]);
	if (up != NULL && period > TALLY_DAY)
		up_day = up_of(&book->cells[hour->up[0] - 1], period);
	if (up_day != NULL && *up_day > 0)
		cell = &book->cells[*up_day - 1];
	else
		cell = take_cell(
		    book, group, key, hour->other ? tally_cells_hash(book, key) : hour->hash);
	if (up != NULL)
		*up = (uint32_t)(cell - book->cells) + 1;
	if (up_day != NULL)
		*up_day = (uint32_t)(cell - book->cells) + 1;
	return (cell);
}

static int
add_at_hand(struct tally_book *book, const struct tally_batch *b, const struct tally_entry *entry,
    uint64_t hash, struct err *e)
{
	const struct tally_recent *recent = &book->recent[entry->dim][entry->apart];
	char number[TALLY_NUMBER_BYTES];
	struct span key = tally_entry_key(b, entry, number);
	struct tally_kept *hour = take_cell(book, recent->group[TALLY_HOUR] - 1, key, hash);

	if (add_to(book, hour, b, entry, e) == -1)
		return (-1);
	for (int period = TALLY_DAY; period < TALLY_PERIOD_COUNT; period++)
		if (add_to(book,
			cell_above(book, hour, period, recent->group[period] - 1, key), b, entry,
			e) == -1)
			return (-1);
	return (0);
}

static int
add_entry(struct tally_book *book, const struct tally_batch *b, const struct tally_entry *entry,
    uint64_t hash, struct err *e)
{
	char number[TALLY_NUMBER_BYTES];
	struct span key = tally_entry_key(b, entry, number);
	uint32_t group;

	if (is_at_hand(book, entry))
		return (add_at_hand(book, b, entry, hash, e));
	for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++)
		if (group_of_entry(book, entry, period, &group, e) == -1 ||
		    add_to(book, take_cell(book, group, key, hash), b, entry, e) == -1)
			return (-1);
	return (0);
}

/* ---- all of them ---- */

#define AHEAD 8 /* entries that are looked for before the one at hand; a power of two */

/* What will be needed of an entry is fetched step by step, each when the one before is there. */
struct walk {
	struct tally_book *book;
	const struct tally_batch *b;
	uint64_t hash[2 * AHEAD];
	uint32_t slot[2 * AHEAD];
};

static void
fetch_slot(struct walk *w, uint32_t i)
{
	const struct tally_entry *entry = &w->b->entries[i];
	const struct tally_recent *recent = &w->book->recent[entry->dim][entry->apart];
	unsigned at = i % (2 * AHEAD);
	char number[TALLY_NUMBER_BYTES];

	w->hash[at] = tally_cells_hash(w->book, tally_entry_key(w->b, entry, number));
	w->slot[at] = first_slot(w->hash[at], recent->group[TALLY_HOUR] - 1);
	__builtin_prefetch(&w->book->slots[w->slot[at]]);
}

static void
fetch_cell(const struct walk *w, uint32_t i)
{
	uint32_t number = w->book->slots[w->slot[i % (2 * AHEAD)]];

	if (number > 0)
		__builtin_prefetch(&w->book->cells[number - 1], 1);
}

static void
fetch_above(const struct walk *w, uint32_t i)
{
	uint32_t number = w->book->slots[w->slot[i % (2 * AHEAD)]];
	const struct tally_kept *hour = &w->book->cells[number - 1];

	if (number == 0)
		return;
	__builtin_prefetch(w->book->texts + hour->text);
	for (unsigned p = 0; p < sizeof(hour->up) / sizeof(hour->up[0]); p++)
		if (hour->up[p] > 0)
			__builtin_prefetch(&w->book->cells[hour->up[p] - 1], 1);
}

int
tally_cells_add(struct tally_book *book, const struct tally_batch *b, struct err *e)
{
	struct walk w = { .book = book, .b = b };

	for (uint32_t i = 0; i < AHEAD && i < b->entry_count; i++)
		fetch_slot(&w, i);
	for (uint32_t i = 0; i < b->entry_count; i++) {
		if (i + AHEAD < b->entry_count)
			fetch_slot(&w, i + AHEAD);
		if (i + AHEAD / 2 < b->entry_count)
			fetch_cell(&w, i + AHEAD / 2);
		if (i + AHEAD / 4 < b->entry_count)
			fetch_above(&w, i + AHEAD / 4);
		if (add_entry(book, b, &b->entries[i], w.hash[i % (2 * AHEAD)], e) == -1)
			return (-1);
	}
	return (0);
}

int
tally_cells_add_some(struct tally_book *book, const struct tally_batch *b, tally_wanted wanted,
    const void *arg, struct err *e)
{
	for (uint32_t i = 0; i < b->entry_count; i++) {
		const struct tally_entry *entry = &b->entries[i];
		int64_t start_us = tally_start_us(TALLY_HOUR, entry->hour);
		char number[TALLY_NUMBER_BYTES];
		struct span key = tally_entry_key(b, entry, number);
		uint64_t hash = tally_cells_hash(book, key);
		uint32_t group;

		for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++)
			if (wanted(arg, period, entry->dim,
				tally_index((enum tally_period)period, start_us)) &&
			    (group_of_entry(book, entry, period, &group, e) == -1 ||
				add_to(book, take_cell(book, group, key, hash), b, entry, e) == -1))
				return (-1);
	}
	return (0);
}

int
tally_cells_less(
    struct tally_book *book, const struct tally_batch *b, tally_own own, void *arg, struct err *e)
{
	for (uint32_t i = 0; i < b->entry_count; i++) {
		const struct tally_entry *entry = &b->entries[i];
		char number[TALLY_NUMBER_BYTES];
		struct span key = tally_entry_key(b, entry, number);
		uint64_t hash = tally_cells_hash(book, key);
		uint32_t group;

		for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++) {
			struct tally_kept *cell;

			if (group_of_entry(book, entry, period, &group, e) == -1)
				return (-1);
			cell = tally_cells_find(book, hash, group, key);
			if (cell != NULL)
				own(arg, &book->groups[group], key);
			else
				cell = other_cell(book, group);
			book->groups[group].changed = true;
			cell->requests -= entry->requests;
			cell->bots -= entry->bots;
			cell->bytes -= entry->bytes;
		}
	}
	return (0);
}
