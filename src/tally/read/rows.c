/* rows: cells in memory, by their keys. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "tally/read/inside.h"

#define TEXTS_BYTES ((size_t)256 << 10)
#define ROWS_FIRST 1024u /* a power of two */

struct tally_texts {
	struct tally_texts *next;
	size_t used, size;
	char bytes[];
};

void
tally_rows_free(struct tally_rows *rows)
{
	struct tally_texts *next;

	for (struct tally_texts *at = rows->texts; at != NULL; at = next) {
		next = at->next;
		free(at);
	}
	free(rows->list);
	free(rows->index);
	memset(rows, 0, sizeof(*rows));
}

void
tally_rows_clear(struct tally_rows *rows)
{
	struct tally_texts *next;

	rows->count = 0;
	if (rows->index != NULL)
		memset(rows->index, 0, rows->index_size * sizeof(*rows->index));
	if (rows->texts == NULL)
		return;
	for (struct tally_texts *at = rows->texts->next; at != NULL; at = next) {
		next = at->next;
		free(at);
	}
	rows->texts->next = NULL;
	rows->texts->used = 0;
}

int
tally_rows_copy(struct tally_rows *rows, struct span text, struct span *copy, struct err *e)
{
	struct tally_texts *at = rows->texts;

	if (at == NULL || at->size - at->used < text.len) {
		size_t size = text.len > TEXTS_BYTES ? text.len : TEXTS_BYTES;

		if ((at = malloc(sizeof(*at) + size)) == NULL)
			return (err_memory(e));
		*at = (struct tally_texts){ .next = rows->texts, .size = size };
		rows->texts = at;
	}
	*copy = span_of(at->bytes + at->used, text.len);
	if (text.len > 0)
		memcpy(at->bytes + at->used, text.ptr, text.len);
	at->used += text.len;
	return (0);
}

int
tally_rows_put(struct tally_rows *rows, const struct tally_cell *cell, struct err *e)
{
	struct tally_cell *list = rows->list;

	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? ROWS_FIRST : 2 * rows->room;

		if (room >= UINT32_MAX || (list = realloc(list, room * sizeof(*list))) == NULL)
			return (err_memory(e));
		rows->list = list;
		rows->room = room;
	}
	list[rows->count++] = *cell;
	return (0);
}

/* ---- by key ---- */

/* Where it stands in the index, or would. */
static uint32_t *
place_of(const struct tally_rows *rows, bool other, struct span key)
{
	size_t mask = rows->index_size - 1;
	size_t at = (size_t)hash_span(key, rows->seed + other) & mask;

	for (; rows->index[at] != 0; at = (at + 1) & mask) {
		const struct tally_cell *cell = &rows->list[rows->index[at] - 1];

		if (cell->other == other && span_equal(cell->key, key))
			break;
	}
	return (&rows->index[at]);
}

/* At most half of the index is taken. */
static int
index_more(struct tally_rows *rows, struct err *e)
{
	size_t size = rows->index_size == 0 ? 2 * (size_t)ROWS_FIRST : 2 * rows->index_size;
	uint32_t *index;

	if (2 * (rows->count + 1) <= rows->index_size)
		return (0);
	if ((index = calloc(size, sizeof(*index))) == NULL)
		return (err_memory(e));
	if (rows->index == NULL)
		crypto_random(&rows->seed, sizeof(rows->seed));
	free(rows->index);
	rows->index = index;
	rows->index_size = size;
	for (size_t i = 0; i < rows->count; i++)
		*place_of(rows, rows->list[i].other, rows->list[i].key) = (uint32_t)i + 1;
	return (0);
}

int
tally_add(uint64_t *to, uint64_t n, struct err *e)
{
	if (n > INT64_MAX || *to > INT64_MAX - n)
		return (err_set(e, ERR_FINDING, "a sum of it is too large"));
	*to += n;
	return (0);
}

static int
add(struct tally_cell *to, const struct tally_cell *cell, struct err *e)
{
	if (cell->subjects > to->subjects)
		to->subjects = cell->subjects;
	if (tally_add(&to->requests, cell->requests, e) == -1 ||
	    tally_add(&to->bots, cell->bots, e) == -1)
		return (-1);
	return (tally_add(&to->bytes, cell->bytes, e));
}

int
tally_rows_add(struct tally_rows *rows, const struct tally_cell *cell, struct err *e)
{
	struct tally_cell made = *cell;
	uint32_t *at;

	if (index_more(rows, e) == -1)
		return (-1);
	at = place_of(rows, cell->other, cell->key);
	if (*at != 0)
		return (add(&rows->list[*at - 1], cell, e));
	if (tally_rows_copy(rows, cell->key, &made.key, e) == -1 ||
	    tally_rows_put(rows, &made, e) == -1)
		return (-1);
	*at = (uint32_t)rows->count;
	return (0);
}

/* ---- in order ---- */

static int
by_requests(const void *a, const void *b)
{
	const struct tally_cell *one = a, *two = b;

	if (one->other != two->other)
		return (one->other ? 1 : -1);
	if (one->requests != two->requests)
		return (one->requests < two->requests ? 1 : -1);
	return (span_order(one->key, two->key));
}

void
tally_rows_sort(struct tally_rows *rows)
{
	if (rows->count > 0)
		qsort(rows->list, rows->count, sizeof(*rows->list), by_requests);
}
