/* sum: what was shown of some windows, added up. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "crypto/random.h"
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
by_key(struct span one, struct span other)
{
	size_t len = one.len < other.len ? one.len : other.len;
	int order = len == 0 ? 0 : memcmp(one.ptr, other.ptr, len);

	return (order != 0 ? order : (one.len > other.len) - (one.len < other.len));
}

static int
by_events(const void *a, const void *b)
{
	uint64_t one = ((const struct view_cell *)a)->count[0];
	uint64_t other = ((const struct view_cell *)b)->count[0];

	return (one != other ?
		(one < other) - (one > other) :
		by_key(((const struct view_cell *)a)->key, ((const struct view_cell *)b)->key));
}

/* Cells by their keys, one more than their number; 0: none. */
struct index {
	uint32_t *at;
	size_t mask;
	uint64_t seed; /* keys are what clients asked for */
};

static uint32_t *
place_of(const struct index *index, const struct view_cell *cells, struct span key)
{
	size_t i = (size_t)hash_span(key, index->seed) & index->mask;

	while (index->at[i] != 0 && !span_equal(cells[index->at[i] - 1].key, key))
		i = (i + 1) & index->mask;
	return (&index->at[i]);
}

/* Days have much the same keys: looking for them is less than sorting all. */
static void
join(struct view_table *sum, const struct index *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < sum->cell_count; i++) {
		const struct view_cell *cell = &sum->cells[i];
		uint32_t *at = place_of(index, sum->cells, cell->key);

		if (*at == 0) {
			sum->cells[kept++] = *cell;
			*at = (uint32_t)kept;
			continue;
		}
		add(sum->cells[*at - 1].count, cell->count);
		if (cell->subjects > sum->cells[*at - 1].subjects)
			sum->cells[*at - 1].subjects = cell->subjects;
	}
	sum->cell_count = kept;
}

int
view_tier_merge(struct view_table *sum)
{
	struct index index = { .mask = 15 };

	if (sum->cell_count == 0)
		return (0);
	while (index.mask < 2 * sum->cell_count)
		index.mask = 2 * index.mask + 1;
	if (sum->cell_count >= UINT32_MAX ||
	    (index.at = calloc(index.mask + 1, sizeof(*index.at))) == NULL)
		return (-1);
	crypto_random(&index.seed, sizeof(index.seed));
	join(sum, &index);
	free(index.at);
	qsort(sum->cells, sum->cell_count, sizeof(sum->cells[0]), by_events);
	return (0);
}

void
view_tier_free(struct view_table *sum)
{
	free(sum->cells);
	memset(sum, 0, sizeof(*sum));
}
