/* shelf: what a book adds up in memory until it is written. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tally/cells.h"

_Static_assert(TALLY_CELLS < TALLY_CELL_SLOTS && TALLY_GROUPS < TALLY_GROUP_SLOTS &&
	TALLY_TOTALS < TALLY_TOTAL_SLOTS,
    "a search ends");

void
tally_shelf_clear(struct tally_book *book)
{
	if (book->cell_count + book->group_count + book->total_count == 0)
		return;
	book->large = book->large || book->cell_count > TALLY_CELLS / 8;
	memset(book->slots, 0, TALLY_CELL_SLOTS * sizeof(*book->slots));
	memset(book->group_slots, 0, TALLY_GROUP_SLOTS * sizeof(*book->group_slots));
	memset(book->total_slots, 0, TALLY_TOTAL_SLOTS * sizeof(*book->total_slots));
	memset(book->recent, 0, sizeof(book->recent));
	book->cell_count = book->group_count = book->total_count = 0;
	book->text_len = 0;
	for (unsigned i = 0; i < TALLY_SKETCHES; i++)
		book->sketches[i].used = false;
	memset(book->epochs, 0, sizeof(book->epochs));
}

void
tally_shelf_give_back(struct tally_book *book)
{
	if (book->large)
		arena_forget(&book->memory, book->totals);
	book->large = false;
}

/* As the primary key of stats.db says, so that neighbours are written one after the other. */
static int
by_row(const void *one, const void *two, void *arg)
{
	const struct tally_book *book = arg;
	const struct tally_group *g = &book->groups[*(const uint32_t *)one],
				 *h = &book->groups[*(const uint32_t *)two];

	if (g->period != h->period)
		return (g->period < h->period ? -1 : 1);
	if (g->dim != h->dim)
		return (tally_dims[g->dim].code < tally_dims[h->dim].code ? -1 : 1);
	if (g->index != h->index)
		return (g->index < h->index ? -1 : 1);
	return ((g->apart > h->apart) - (g->apart < h->apart));
}

static int
write_groups(struct tally_book *book, struct err *e)
{
	for (uint32_t i = 0; i < book->group_count; i++)
		book->order[i] = i;
	qsort_r(book->order, book->group_count, sizeof(*book->order), by_row, book);
	for (uint32_t i = 0; i < book->group_count; i++)
		if (tally_merge_last(book, book->order[i], e) == -1)
			return (-1);
	return (0);
}

int
tally_shelf_write(struct tally_book *book, struct err *e)
{
	if (tally_rows_begin(book, e) == -1)
		return (-1);
	for (uint32_t i = 0; i < book->total_count; i++)
		if (tally_rows_total(book, &book->totals[i], e) == -1)
			return (-1);
	if (write_groups(book, e) == -1)
		return (-1);
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
	int32_t hour = (int32_t)tally_index(TALLY_HOUR, start_us),
		counted = tally_late_hour(&book->late, hour);

	if (counted != hour)
		start_us = tally_start_us(TALLY_HOUR, counted);
	if (book->total_count + TALLY_PERIOD_COUNT > TALLY_TOTALS &&
	    tally_shelf_write(book, e) == -1)
		return (-1);
	for (int period = 0; period < TALLY_PERIOD_COUNT; period++) {
		int64_t index = tally_index((enum tally_period)period, start_us);
		uint32_t at =
		    slot_of(hash_of(book, (uint64_t)index, (uint64_t)period * 2 + m->apart),
			TALLY_TOTAL_SLOTS);
		const struct tally_total_row *t;

		for (; book->total_slots[at] != 0; at = (at + 1) & (TALLY_TOTAL_SLOTS - 1)) {
			t = &book->totals[book->total_slots[at] - 1];
			if (t->index == index && t->period == period && t->apart == m->apart)
				break;
		}
		if (book->total_slots[at] == 0) {
			book->totals[book->total_count] = (struct tally_total_row){ .index = index,
				.period = (uint8_t)period,
				.apart = (uint8_t)m->apart };
			book->total_slots[at] = ++book->total_count;
		}
		add_sums(&book->totals[book->total_slots[at] - 1].sums, &m->sums);
	}
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
