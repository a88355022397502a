/* sum: what was shown of some windows, added up. */
#include <stdlib.h>
#include <string.h>

#include "view/tier/tier.h"

static void
add(uint64_t to[static VIEW_MEASURES], const uint64_t from[static VIEW_MEASURES])
{
	for (size_t m = 0; m < VIEW_MEASURES; m++)
		to[m] += from[m];
}

int
view_tier_add(struct view_table *sum, const struct view_table *t)
{
	struct view_cell *more;
	size_t shown = 0;

	for (size_t i = 0; i < t->cell_count; i++)
		shown += !t->cells[i].hidden;
	if (shown > 0) {
		more = realloc(sum->cells, (sum->cell_count + shown) * sizeof(*more));
		if (more == NULL)
			return (-1);
		sum->cells = more;
	}
	for (size_t i = 0; i < t->cell_count; i++)
		if (!t->cells[i].hidden)
			sum->cells[sum->cell_count++] = t->cells[i];
	add(sum->rest, t->rest);
	if (t->subjects > sum->subjects)
		sum->subjects = t->subjects;
	return (0);
}

static int
by_key(const void *a, const void *b)
{
	struct span one = ((const struct view_cell *)a)->key;
	struct span other = ((const struct view_cell *)b)->key;
	size_t len = one.len < other.len ? one.len : other.len;
	int order = len == 0 ? 0 : memcmp(one.ptr, other.ptr, len);

	return (order != 0 ? order : (one.len > other.len) - (one.len < other.len));
}

static int
by_events(const void *a, const void *b)
{
	uint64_t one = ((const struct view_cell *)a)->count[0];
	uint64_t other = ((const struct view_cell *)b)->count[0];

	return (one != other ? (one < other) - (one > other) : by_key(a, b));
}

void
view_tier_merge(struct view_table *sum)
{
	size_t kept = 0;

	if (sum->cell_count == 0)
		return;
	qsort(sum->cells, sum->cell_count, sizeof(sum->cells[0]), by_key);
	for (size_t i = 1; i < sum->cell_count; i++) {
		struct view_cell *cell = &sum->cells[i], *last = &sum->cells[kept];

		if (!span_equal(cell->key, last->key)) {
			sum->cells[++kept] = *cell;
			continue;
		}
		add(last->count, cell->count);
		if (cell->subjects > last->subjects)
			last->subjects = cell->subjects;
	}
	sum->cell_count = kept + 1;
	qsort(sum->cells, sum->cell_count, sizeof(sum->cells[0]), by_events);
}

void
view_tier_free(struct view_table *sum)
{
	free(sum->cells);
	memset(sum, 0, sizeof(*sum));
}
