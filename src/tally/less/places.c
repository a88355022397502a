/* places: which keys of a full period come first, once records are gone. */
#include "tally/less/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tally/alike.h"
#include "tally/pack/repack.h"

/* ---- groups ---- */

static int
compare_places(const void *left, const void *right)
{
	const struct tally_less_place *a = left, *b = right;

	if (a->period != b->period)
		return (a->period < b->period ? -1 : 1);
	if (a->index != b->index)
		return (a->index < b->index ? -1 : 1);
	return (a->dim == b->dim ? 0 : a->dim < b->dim ? -1 : 1);
}

static int
compare_cells(const void *left, const void *right)
{
	const struct tally_less_cell *a = left, *b = right;
	int places = compare_places(&a->place, &b->place);

	if (places != 0)
		return (places);
	return (a->hash == b->hash ? 0 : a->hash < b->hash ? -1 : 1);
}

/* Where the key stands, or would. */
static uint64_t *
find_key(struct tally_less_group *g, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 32) & (g->slots - 1);

	while (g->keys[at] != 0 && (g->keys[at] | 1) != (hash | 1))
		at = (at + 1) & (g->slots - 1);
	return (&g->keys[at]);
}

/* Not zero, whose lowest bit is free. */
uint64_t
tally_less_hash(const struct tally_less *less, struct span key)
{
	uint64_t hash = tally_hash(less->book->seed, 1, key) & ~UINT64_C(1);

	return (hash == 0 ? 2 : hash);
}

/* The keys that have a place.  1: and there is "other"; 0: there is none; -1. */
static int
read_pack(struct tally_less *less, struct tally_less_group *g, unsigned *count, struct err *e)
{
	const struct tally_group group = {
		.index = g->place.index, .period = g->place.period, .dim = g->place.dim
	};
	const struct buf *pack = &less->book->bytes.pack;
	struct tally_unpack u;
	struct tally_packed v;
	bool other = false;
	int rc;

	if (tally_rows_pack(less->book, &group, e) == -1)
		return (-1);
	if (pack->len == 0)
		return (0);
	if (tally_unpack_open(&u, buf_view(pack), e) == -1)
		return (-1);
	while ((rc = tally_unpack_next(&u, &v, e)) == 1) {
		uint64_t hash = tally_less_hash(less, v.key);

		if (v.count[0].requests == 0)
			continue;
		other = other || v.other;
		if (v.other)
			continue;
		if (++*count > tally_dims[g->place.dim].kept)
			return (err_set(e, ERR_FINDING, "more cells than there can be"));
		*find_key(g, hash) = hash;
	}
	return (rc == -1 ? -1 : other);
}

/* If there are not as many as are kept, others come first now.  As read_pack. */
static int
read_keys(struct tally_less *less, struct tally_less_group *g, struct err *e)
{
	unsigned kept = tally_dims[g->place.dim].kept, count = 0;
	int rc;

	for (g->slots = 4; g->slots < 2 * kept;)
		g->slots *= 2;
	if ((g->keys = calloc(g->slots, sizeof(g->keys[0]))) == NULL)
		return (err_memory(e));
	rc = read_pack(less, g, &count, e);
	g->again = count < kept;
	return (rc);
}

/* With its count cells; it is left out if it has no "other". */
static int
add_group(struct tally_less *less, const struct tally_less_cell *cells, size_t count, struct err *e)
{
	const struct tally_less_place *place = &cells[0].place;
	struct tally_less_group *g = &less->groups[less->count], one;
	enum tally_period period = (enum tally_period)place->period;
	int rc;

	one = (struct tally_less_group){ .place = *place,
		.from_us = tally_start_us(period, place->index),
		.to_us = tally_start_us(period, place->index + 1) };
	rc = read_keys(less, &one, e);
	if (rc == 1 && less->count == TALLY_LESS_GROUPS)
		rc = err_set(e, ERR_INCOMPLETE, "too many periods");
	if (rc != 1) {
		free(one.keys);
		return (rc);
	}
	*g = one;
	less->count++;
	for (size_t i = 0; i < count && !g->again; i++) {
		uint64_t *key = find_key(g, cells[i].hash);

		g->again = *key == 0; /* nothing is counted of it any more */
		*key |= 1;
		g->left++;
	}
	if (g->again)
		g->left = 0;
	return (0);
}

void
tally_less_sort(struct tally_less *less)
{
	struct tally_less_cell *list = (struct tally_less_cell *)(void *)less->cells.data;
	size_t count = less->cells.len / sizeof(*list), left = 0;

	if (count > 0)
		qsort(list, count, sizeof(*list), compare_cells);
	for (size_t i = 0; i < count; i++)
		if (left == 0 || compare_cells(&list[left - 1], &list[i]) != 0)
			list[left++] = list[i];
	less->cells.len = left * sizeof(*list);
	if (less->cells.len > less->sort_at / 2)
		less->sort_at *= 2;
}

int
tally_less_find_groups(struct tally_less *less, struct err *e)
{
	const struct tally_less_cell *list;
	size_t count, next;

	less->groups = calloc(TALLY_LESS_GROUPS, sizeof(*less->groups));
	if (!buf_ok(&less->cells) || less->groups == NULL)
		return (err_memory(e));
	tally_less_sort(less);
	list = (const struct tally_less_cell *)(const void *)less->cells.data;
	count = less->cells.len / sizeof(*list);
	for (size_t i = 0; i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (compare_places(&list[i].place, &list[next].place) != 0)
				break;
		if (add_group(less, &list[i], next - i, e) == -1)
			return (-1);
	}
	return (0);
}

static int
compare_group(const void *place, const void *group)
{
	return (compare_places(place, &((const struct tally_less_group *)group)->place));
}

static struct tally_less_group *
find_group(const struct tally_less *less, const struct tally_less_place *place)
{
	return (bsearch(place, less->groups, less->count, sizeof(*less->groups), compare_group));
}

/* ---- looking ---- */

/*
 * The next key of the period, in the order in which they come.  Those of cells that became
 * less come later now; as long as none that has no place comes before, all is as it was.
 */
static void
see(struct tally_less_group *g, uint64_t hash)
{
	uint64_t *key = find_key(g, hash);

	if (*key == 0) {
		g->left = 0;
		g->again = true;
	} else if (*key != hash) {
		*key = hash;
		g->left--;
	}
}

static void
look(struct tally_less *less, const struct tally_entry *entry)
{
	int64_t start_us = tally_start_us(TALLY_HOUR, entry->hour);
	char number[TALLY_NUMBER_BYTES];
	uint64_t hash = 0;

	for (int period = TALLY_HOUR; period < TALLY_PERIOD_COUNT; period++) {
		struct tally_less_place place = { .period = (uint8_t)period, .dim = entry->dim };
		struct tally_less_group *g;

		place.index = tally_index((enum tally_period)period, start_us);
		if ((g = find_group(less, &place)) == NULL || g->left == 0)
			continue;
		if (hash == 0)
			hash = tally_less_hash(
			    less, tally_entry_key(less->book->batch, entry, number));
		see(g, hash);
	}
}

/* ---- counting ---- */

static bool
is_again(const void *arg, int period, int dim, int64_t index)
{
	const struct tally_less_place place = { index, (uint8_t)period, (uint8_t)dim };
	const struct tally_less_group *g = find_group(arg, &place);

	return (g != NULL && g->again);
}

int
tally_less_add(struct tally_less *less, struct err *e)
{
	struct tally_batch *b = less->book->batch;
	int rc = 0;

	tally_alike_settle(b);
	if (less->counts)
		rc = tally_cells_add_some(less->book, b, is_again, less, e);
	else
		for (uint32_t i = 0; i < b->entry_count; i++)
			look(less, &b->entries[i]);
	tally_batch_clear(b);
	less->hour_known = false;
	return (rc);
}

static int
edit_group(
    struct tally_less *less, const struct tally_less_group *g, tally_edit edit, struct err *e)
{
	const struct tally_repack_range range = { .stream = less->book->stream,
		.first = (enum tally_period)g->place.period,
		.last = (enum tally_period)g->place.period,
		.dim = tally_dims[g->place.dim].code,
		.from = g->place.index,
		.to = g->place.index + 1,
		.fills = true };

	return (tally_repack_rows(less->book->db, &range, edit, NULL, e));
}

int
tally_less_empty(struct tally_less *less, struct err *e)
{
	for (size_t i = 0; i < less->count; i++) {
		struct tally_less_group *g = &less->groups[i];

		g->again = g->again || g->left > 0;
		if (g->again && edit_group(less, g, tally_take_records, e) == -1)
			return (-1);
	}
	return (0);
}

int
tally_less_tidy(struct tally_less *less, struct err *e)
{
	for (size_t i = 0; i < less->count; i++)
		if (less->groups[i].again &&
		    edit_group(less, &less->groups[i], tally_take_empty, e) == -1)
			return (-1);
	return (0);
}
