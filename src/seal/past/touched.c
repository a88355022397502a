#include "seal/past/touched.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "seal/leaf.h"
#include "seal/lists.h"

/* The place of the first touched record from record on. */
static size_t
place_of(const struct seal_past *past, uint64_t record)
{
	size_t low = 0, high = past->touched_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (past->touched[middle].record < record)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

int
seal_touched_judge(const struct seal_past *past, struct span items, size_t *fresh, struct err *why)
{
	struct seal_item item;
	struct json_cursor c;

	*fresh = 0;
	for (seal_items_open(items, &c); seal_items_next(&c, &item);) {
		const struct seal_touched *before;

		if (item.record >= past->n)
			return (err_set(why, ERR_FINDING, "it names a record that is not there"));
		if ((before = seal_past_record(past, (uint32_t)item.record)) == NULL) {
			(*fresh)++;
			continue;
		}
		if (before->erased)
			return (
			    err_set(why, ERR_FINDING, "it names a record that was erased before"));
		if (memcmp(before->leaf, item.leaf, sizeof(item.leaf)) != 0)
			return (
			    err_set(why, ERR_FINDING, "the leaf is not that of the entry before"));
		if (item.has_new && before->replaced == SEAL_REPLACED_MAX)
			return (err_set(why, ERR_FINDING, "a record was replaced too often"));
	}
	return (0);
}

static int
reserve(struct seal_past *past, size_t count)
{
	size_t size = count + past->touched_size / 2;
	struct seal_touched *touched;

	if (count <= past->touched_size)
		return (0);
	if ((touched = reallocarray(past->touched, size, sizeof(*touched))) == NULL)
		return (-1);
	past->touched = touched;
	past->touched_size = size;
	return (0);
}

/* Put fresh records among those touched before, from behind, so that each moves once. */
static int
make_room(struct seal_past *past, struct span items, size_t fresh, struct err *e)
{
	size_t from = past->touched_count, to = from + fresh, count = 0;
	uint32_t *records = calloc(fresh + 1, sizeof(*records));
	struct seal_item item;
	struct json_cursor c;

	if (records == NULL || reserve(past, to) == -1) {
		free(records);
		return (err_set(e, ERR_IO, "out of memory"));
	}
	for (seal_items_open(items, &c); count < fresh && seal_items_next(&c, &item);)
		if (seal_past_record(past, (uint32_t)item.record) == NULL)
			records[count++] = (uint32_t)item.record;
	past->touched_count = to;
	while (count > 0)
		if (from > 0 && past->touched[from - 1].record > records[count - 1])
			past->touched[--to] = past->touched[--from];
		else
			past->touched[--to] = (struct seal_touched){ .record = records[--count] };
	free(records);
	return (0);
}

static void
touch(struct seal_past *past, struct span items)
{
	struct seal_item item;
	struct json_cursor c;

	for (seal_items_open(items, &c); seal_items_next(&c, &item);) {
		struct seal_touched *t = &past->touched[place_of(past, item.record)];

		memcpy(t->leaf, item.leaf, sizeof(t->leaf));
		t->erased = !item.has_new;
		past->erased_count += t->erased;
		t->replaced = (uint16_t)(t->replaced + item.has_new);
		if (item.has_new)
			memcpy(t->now, item.new_leaf, sizeof(t->now));
	}
}

int
seal_touched_add(struct seal_past *past, struct span items, size_t fresh, struct err *e)
{
	if (make_room(past, items, fresh, e) == -1)
		return (-1);
	touch(past, items);
	return (0);
}

const struct seal_touched *
seal_past_record(const struct seal_past *past, uint32_t record)
{
	size_t place = place_of(past, record);

	if (place == past->touched_count || past->touched[place].record != record)
		return (NULL);
	return (&past->touched[place]);
}
