/* fold: cells of few subjects become one rest. */
#include <string.h>

#include "view/tier/tier.h"

#define ROUND 10

static void
hide(struct view_table *t, struct view_cell *cell)
{
	for (size_t m = 0; m < VIEW_MEASURES; m++) {
		t->rest[m] += cell->count[m];
		cell->count[m] = 0;
	}
	if (cell->subjects > t->rest_subjects)
		t->rest_subjects = cell->subjects;
	cell->subjects = 0;
	cell->hidden = true;
}

static void
empty(struct view_table *t)
{
	for (size_t i = 0; i < t->cell_count; i++)
		hide(t, &t->cells[i]);
	memset(t->rest, 0, sizeof(t->rest));
	t->subjects = 0;
	t->hidden = true;
}

/* Which of two goes first into the rest; keys make it the same every time. */
static bool
is_smaller(const struct view_cell *a, const struct view_cell *b)
{
	size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
	int order;

	if (a->count[0] != b->count[0])
		return (a->count[0] < b->count[0]);
	order = len == 0 ? 0 : memcmp(a->key.ptr, b->key.ptr, len);
	return (order != 0 ? order < 0 : a->key.len < b->key.len);
}

void
view_tier_fold(struct view_table *t, unsigned k)
{
	struct view_cell *least = NULL;

	if (t->hidden || t->subjects < k) {
		empty(t);
		return;
	}
	for (size_t i = 0; i < t->cell_count; i++) {
		struct view_cell *cell = &t->cells[i];

		if (cell->subjects < k)
			hide(t, cell);
		else if (least == NULL || is_smaller(cell, least))
			least = cell;
	}
	if (t->rest[0] > 0 && t->rest_subjects < k && least != NULL)
		hide(t, least);
}

void
view_tier_total(const struct view_table *t, uint64_t total[static VIEW_MEASURES])
{
	memcpy(total, t->rest, sizeof(t->rest));
	for (size_t i = 0; i < t->cell_count; i++)
		for (size_t m = 0; m < VIEW_MEASURES; m++)
			total[m] += t->cells[i].count[m];
}

/*
 * Each number is cut to tens; what is missing to the rounded total is given in
 * tens to those that lost most, so that parts and total agree and no part is
 * off by ten.
 */
void
view_tier_round(struct view_table *t)
{
	uint64_t total[VIEW_MEASURES], missing;

	view_tier_total(t, total);
	missing = (total[0] + ROUND / 2) / ROUND - t->rest[0] / ROUND;
	for (size_t i = 0; i < t->cell_count; i++)
		missing -= t->cells[i].count[0] / ROUND;
	for (unsigned lost = ROUND - 1; lost > 0; lost--) {
		for (size_t i = 0; i <= t->cell_count; i++) {
			uint64_t *n = i == 0 ? t->rest : t->cells[i - 1].count;

			if (*n % ROUND == lost) {
				*n += missing > 0 ? ROUND - lost : 0;
				*n -= *n % ROUND;
				missing -= missing > 0;
			}
		}
	}
	memset(t->rest + 1, 0, sizeof(t->rest) - sizeof(t->rest[0]));
	for (size_t i = 0; i < t->cell_count; i++)
		memset(t->cells[i].count + 1, 0, sizeof(t->rest) - sizeof(t->rest[0]));
}
