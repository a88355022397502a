/* shelf: what a book adds up in memory until it is written. */
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "tally/shelf.h"

_Static_assert(TALLY_CELLS < TALLY_CELL_SLOTS && TALLY_GROUPS < TALLY_GROUP_SLOTS &&
	TALLY_TOTALS < TALLY_TOTAL_SLOTS,
    "a search ends");

void
tally_shelf_clear(struct tally_book *book)
{
	bool large = book->cell_count > TALLY_CELLS / 8;

	if (book->cell_count + book->group_count + book->total_count == 0)
		return;
	memset(book->slots, 0, TALLY_CELL_SLOTS * sizeof(*book->slots));
	memset(book->group_slots, 0, TALLY_GROUP_SLOTS * sizeof(*book->group_slots));
	memset(book->total_slots, 0, TALLY_TOTAL_SLOTS * sizeof(*book->total_slots));
	memset(book->recent, 0, sizeof(book->recent));
	book->cell_count = book->group_count = book->total_count = 0;
	book->text_len = 0;
	for (unsigned i = 0; i < TALLY_SKETCHES; i++)
		book->sketches[i].used = false;
	memset(book->epochs, 0, sizeof(book->epochs));
	if (large)
		arena_forget(&book->memory, book->totals);
}

int
tally_shelf_write(struct tally_book *book, struct err *e)
{
	if (tally_rows_begin(book, e) == -1)
		return (-1);
	for (uint32_t i = 0; i < book->total_count; i++)
		if (tally_rows_total(book, &book->totals[i], e) == -1)
			return (-1);
	for (uint32_t i = 0; i < book->cell_count; i++) {
		struct tally_kept *cell = &book->cells[i];

		if ((cell->requests > 0 && tally_rows_cell(book, cell, e) == -1) ||
		    tally_rows_seen(book, cell, e) == -1)
			return (-1);
	}
	for (unsigned i = 0; i < TALLY_SKETCHES; i++)
		if (book->sketches[i].used && tally_rows_sketch(book, &book->sketches[i], e) == -1)
			return (-1);
	tally_shelf_clear(book);
	return (0);
}

static uint32_t
slot_of(uint64_t hash, uint32_t slots)
{
	return ((uint32_t)(hash >> 32) & (slots - 1));
}

static uint64_t
hash_of(const struct tally_book *book, uint64_t a, uint64_t b)
{
	const uint64_t both[2] = { a, b };

	return (tally_hash(book->seed, 0, span_of((const char *)both, sizeof(both))));
}

/* ---- totals ---- */

static void
add_sums(struct tally_sums *into, const struct tally_sums *more)
{
	into->requests += more->requests;
	into->bytes += more->bytes;
	into->request_bytes += more->request_bytes;
	into->errors_4xx += more->errors_4xx;
	into->errors_5xx += more->errors_5xx;
	into->bots += more->bots;
}

int
tally_shelf_total(struct tally_book *book, const struct tally_minute *m, struct err *e)
{
	int64_t start_us = tally_start_us(TALLY_MINUTE, m->minute);

	if (book->total_count + TALLY_PERIOD_COUNT > TALLY_TOTALS &&
	    tally_shelf_write(book, e) == -1)
		return (-1);
	for (int period = 0; period < TALLY_PERIOD_COUNT; period++) {
		int64_t index = tally_index((enum tally_period)period, start_us);
		uint32_t at =
		    slot_of(hash_of(book, (uint64_t)index, (uint64_t)period * 2 + m->apart),
			TALLY_TOTAL_SLOTS);
		struct tally_total_row *t = NULL;

		for (; book->total_slots[at] != 0; at = (at + 1) & (TALLY_TOTAL_SLOTS - 1)) {
			t = &book->totals[book->total_slots[at] - 1];
			if (t->index == index && t->period == period && t->apart == m->apart)
				break;
		}
		if (book->total_slots[at] == 0) {
			t = &book->totals[book->total_count++];
			book->total_slots[at] = book->total_count;
			*t = (struct tally_total_row){ .index = index,
				.period = (uint8_t)period,
				.apart = (uint8_t)m->apart };
		}
		add_sums(&t->sums, &m->sums);
	}
	return (0);
}

/* ---- cells ---- */

/* A new cell in memory; there is room. */
static struct tally_kept *
put_cell(struct tally_book *book, uint32_t at, uint64_t hash, uint32_t group, struct span key)
{
	struct tally_kept *cell = &book->cells[book->cell_count++];

	book->slots[at] = book->cell_count;
	memcpy(book->texts + book->text_len, key.ptr, key.len);
	*cell = (struct tally_kept){ .hash = hash,
		.group = group,
		.text = (uint32_t)book->text_len,
		.len = (uint16_t)key.len };
	book->text_len += key.len;
	return (cell);
}

static uint64_t
cell_hash(const struct tally_book *book, uint32_t group, struct span key)
{
	return (tally_hash(book->seed, (uint64_t)group + 1, key));
}

/* Where the cell is (*cell), or would be (NULL). */
static uint32_t
find_cell(struct tally_book *book, uint64_t hash, uint32_t group, struct span key,
    struct tally_kept **cell)
{
	uint32_t at = slot_of(hash, TALLY_CELL_SLOTS);

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

/* The cell of what has no place; it is found by its group, not by its key. */
static struct tally_kept *
other_cell(struct tally_book *book, uint32_t group)
{
	struct tally_group *g = &book->groups[group];
	struct tally_kept *cell;

	if (g->other > 0)
		return (&book->cells[g->other - 1]);
	cell = &book->cells[book->cell_count++];
	*cell = (struct tally_kept){ .group = group, .other = true };
	g->other = book->cell_count;
	return (cell);
}

/* The keys that have rows: they keep their places. */
static int
load_group(struct tally_book *book, uint32_t group, struct err *e)
{
	struct tally_group *g = &book->groups[group];
	sqlite3_stmt *st = tally_rows_statement(book, TALLY_ST_CELLS, e);
	int rc;

	if (st == NULL)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, book->stream);
	(void)sqlite3_bind_int(st, 2, g->period);
	(void)sqlite3_bind_int(st, 3, tally_dims[g->dim].code);
	(void)sqlite3_bind_int64(st, 4, g->index);
	(void)sqlite3_bind_int(st, 5, g->apart);
	while ((rc = tally_db_step(book->db, st, e)) == 1) {
		struct span key = tally_db_text(st, 1);
		uint64_t hash = cell_hash(book, group, key);
		struct tally_kept *cell;
		uint32_t at;

		if (g->kept > tally_dims[g->dim].kept || key.len > TALLY_KEY_MAX) {
			rc = err_set(e, ERR_FINDING, "more cells than there can be");
			break;
		}
		if (sqlite3_column_int(st, 0) != 0) {
			other_cell(book, group)->stored = true;
			continue;
		}
		at = find_cell(book, hash, group, key, &cell);
		if (cell == NULL)
			cell = put_cell(book, at, hash, group, key);
		cell->stored = true;
		g->kept++;
	}
	(void)sqlite3_reset(st);
	return (rc);
}

/* Room for a whole group that is read, or what was added is written first. */
static int
make_room(struct tally_book *book, enum tally_dim dim, struct err *e)
{
	uint32_t kept = tally_dims[dim].kept + 2;
	size_t text = (size_t)kept * (tally_is_number(dim) ? 20 : TALLY_KEY_MAX);

	if (book->cell_count + kept <= TALLY_CELLS && book->group_count < TALLY_GROUPS &&
	    book->text_len + text <= TALLY_CELL_TEXTS)
		return (0);
	return (tally_shelf_write(book, e));
}

/* The group, read from the file if it is new here.  -1 with e. */
static int
find_group(struct tally_book *book, const struct tally_group *want, uint32_t *group, struct err *e)
{
	uint64_t hash = hash_of(book, (uint64_t)want->index,
	    (uint64_t)want->period << 16 | (uint64_t)want->dim << 8 | want->apart);
	uint32_t at = slot_of(hash, TALLY_GROUP_SLOTS);

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
take_cell(struct tally_book *book, uint32_t group, struct span key)
{
	struct tally_group *g = &book->groups[group];
	uint64_t hash = cell_hash(book, group, key);
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

static int
see(struct tally_book *book, struct tally_kept *cell, const struct tally_who *who,
    enum key_period key, struct err *e)
{
	int64_t index = who->epoch[key];

	if (cell->set.count > 0 && cell->epoch_index != index &&
	    (tally_rows_begin(book, e) == -1 || tally_rows_seen(book, cell, e) == -1))
		return (-1);
	cell->epoch_index = index;
	(void)stats_set_add(&cell->set, who->hash[key]);
	return (0);
}

static int
see_all(struct tally_book *book, struct tally_kept *cell, const struct tally_batch *b,
    const struct tally_entry *entry, struct err *e)
{
	enum key_period key = tally_key_of(book->groups[cell->group].period);

	for (unsigned i = 0; i < entry->who_count && i < TALLY_SUBJECTS_MAX; i++)
		if (see(book, cell, &b->who[tally_entry_who(b, entry, i)], key, e) == -1)
			return (-1);
	/* Within one hour those of different days are those of different weeks, too. */
	if (entry->who_count == TALLY_SUBJECTS_MANY)
		cell->set.count = STATS_SET_MANY;
	return (0);
}

/* ---- one entry of a batch ---- */

static struct span
key_of_entry(const struct tally_batch *b, const struct tally_entry *entry, char number[static 20])
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
	struct tally_group want = {
		.period = (uint8_t)period, .dim = entry->dim, .apart = entry->apart
	};

	if (make_room(book, (enum tally_dim)entry->dim, e) == -1)
		return (-1);
	/* Making room may have forgotten them. */
	if (!recent->used || recent->hour != entry->hour)
		*recent = (struct tally_recent){ .used = true, .hour = entry->hour };
	*group = recent->group[period];
	if (*group > 0) {
		--*group;
		return (0);
	}
	want.index =
	    tally_index((enum tally_period)period, tally_start_us(TALLY_HOUR, entry->hour));
	if (find_group(book, &want, group, e) == -1)
		return (-1);
	recent->group[period] = *group + 1;
	return (0);
}

static int
add_entry(struct tally_book *book, const struct tally_batch *b, const struct tally_entry *entry,
    int period, struct err *e)
{
	struct tally_kept *cell;
	char number[20];
	uint32_t group;

	if (group_of_entry(book, entry, period, &group, e) == -1)
		return (-1);
	cell = take_cell(book, group, key_of_entry(b, entry, number));
	cell->requests += entry->requests;
	cell->bots += entry->bots;
	cell->bytes += entry->bytes;
	return (see_all(book, cell, b, entry, e));
}

int
tally_shelf_entry(struct tally_book *book, const struct tally_batch *b,
    const struct tally_entry *entry, struct err *e)
{
	for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++)
		if (add_entry(book, b, entry, period, e) == -1)
			return (-1);
	return (0);
}

/* ---- uniques ---- */

/* A sketch that is not in use, or the one whose last use is the longest ago, written. */
static struct tally_sketch *
free_sketch(struct tally_book *book, struct err *e)
{
	struct tally_sketch *oldest = &book->sketches[0];

	for (unsigned i = 0; i < TALLY_SKETCHES; i++) {
		if (!book->sketches[i].used)
			return (&book->sketches[i]);
		if (book->sketches[i].last < oldest->last)
			oldest = &book->sketches[i];
	}
	if (tally_rows_begin(book, e) == -1 || tally_rows_sketch(book, oldest, e) == -1)
		return (NULL);
	return (oldest);
}

static inline bool
is_sketch(const struct tally_sketch *s, int period, int64_t index, int64_t epoch_index)
{
	return (
	    s->used && s->index == index && s->epoch_index == epoch_index && s->period == period);
}

static struct tally_sketch *
find_sketch(struct tally_book *book, int period, int64_t index, int64_t epoch_index, struct err *e)
{
	struct tally_sketch *s = &book->sketches[book->last_sketch[period]];

	if (is_sketch(s, period, index, epoch_index))
		return (s);
	for (unsigned i = 0; i < TALLY_SKETCHES; i++) {
		s = &book->sketches[i];
		if (is_sketch(s, period, index, epoch_index)) {
			book->last_sketch[period] = i;
			return (s);
		}
	}
	if ((s = free_sketch(book, e)) == NULL)
		return (NULL);
	*s = (struct tally_sketch){
		.used = true, .period = (uint8_t)period, .index = index, .epoch_index = epoch_index
	};
	return (s);
}

/* The periods of an hour, which many have in common. */
static void
find_periods(struct tally_book *book, int32_t hour)
{
	int64_t start_us = tally_start_us(TALLY_HOUR, hour);

	for (int period = TALLY_DAY; period <= TALLY_MONTH; period++)
		book->index_of[period] = tally_index((enum tally_period)period, start_us);
	book->indexed = true;
	book->indexed_hour = hour;
}

int
tally_shelf_who(struct tally_book *book, const struct tally_who *who, struct err *e)
{
	if (!book->indexed || book->indexed_hour != who->hour)
		find_periods(book, who->hour);
	for (int period = TALLY_DAY; period <= TALLY_MONTH; period++) {
		enum key_period key = tally_key_of(period);
		struct tally_sketch *s;

		if ((s = find_sketch(book, period, book->index_of[period], who->epoch[key], e)) ==
		    NULL)
			return (-1);
		s->last = ++book->clock;
		(void)stats_sketch_add(&s->sketch, who->hash[key]);
	}
	return (0);
}
