#include "seal/lists.h"

#include <stdlib.h>

#include "seal/entry/take.h"
#include "seal/leaf.h"

/* A raw list, or none. */
static void
open_list(struct span raw, struct json_cursor *c)
{
	static const struct span none = SPAN("[]");
	struct json_value v;

	if (json_parse(raw, &v, NULL) == -1 || v.type != JSON_ARRAY)
		(void)json_parse(none, &v, NULL);
	json_open(c, &v);
}

/* ---- runs of segments ---- */

bool
seal_ranges_add(struct seal_range *ranges, size_t *count, size_t max, uint64_t number)
{
	if (*count > 0 && ranges[*count - 1].last + 1 == number)
		ranges[*count - 1].last = number;
	else if (*count == max)
		return (false);
	else
		ranges[(*count)++] = (struct seal_range){ number, number };
	return (true);
}

void
seal_ranges_print(const struct seal_range *ranges, size_t count, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_str(out, i == 0 ? "[" : ",[");
		buf_u64(out, ranges[i].first);
		buf_char(out, ',');
		buf_u64(out, ranges[i].last);
		buf_char(out, ']');
	}
	buf_char(out, ']');
}

static int
compare_ranges(const void *left, const void *right)
{
	const struct seal_range *a = left, *b = right;

	return ((a->first > b->first) - (a->first < b->first));
}

void
seal_ranges_merge(struct buf *ranges)
{
	struct seal_range *list = (struct seal_range *)(void *)ranges->data;
	size_t count = ranges->len / sizeof(*list), kept = 0;

	if (count == 0)
		return;
	qsort(list, count, sizeof(*list), compare_ranges);
	for (size_t i = 1; i < count; i++) {
		if (list[i].first > list[kept].last + 1)
			list[++kept] = list[i];
		else if (list[i].last > list[kept].last)
			list[kept].last = list[i].last;
	}
	ranges->len = (kept + 1) * sizeof(*list);
}

const struct seal_range *
seal_ranges_find(const struct seal_range *ranges, size_t count, uint64_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return (low < count ? &ranges[low] : NULL);
}

bool
seal_ranges_meet(const struct seal_range *ranges, size_t count, uint64_t first, uint64_t last)
{
	const struct seal_range *range = seal_ranges_find(ranges, count, first);

	return (range != NULL && range->first <= last);
}

void
seal_ranges_open(struct span raw, struct json_cursor *c)
{
	open_list(raw, c);
}

static bool
read_range(const struct json_value *pair, struct seal_range *range)
{
	struct json_value first, last, more;
	struct json_cursor c;

	if (pair->type != JSON_ARRAY)
		return (false);
	json_open(&c, pair);
	if (!json_next(&c, NULL, &first) || !json_next(&c, NULL, &last) ||
	    json_next(&c, NULL, &more))
		return (false);
	if (first.type != JSON_INT || last.type != JSON_INT || first.number < 0 ||
	    first.number > last.number)
		return (false);
	range->first = (uint64_t)first.number;
	range->last = (uint64_t)last.number;
	return (true);
}

bool
seal_ranges_next(struct json_cursor *c, struct seal_range *range)
{
	struct json_value pair;

	return (json_next(c, NULL, &pair) && read_range(&pair, range));
}

bool
seal_ranges_have(struct span raw, uint64_t number)
{
	struct seal_range range;
	struct json_cursor c;

	seal_ranges_open(raw, &c);
	while (seal_ranges_next(&c, &range))
		if (range.first <= number && number <= range.last)
			return (true);
	return (false);
}

bool
seal_ranges_ok(const struct json_value *list)
{
	struct seal_range range;
	struct json_value pair;
	struct json_cursor c;
	uint64_t next = 0;

	if (list->type != JSON_ARRAY)
		return (false);
	json_open(&c, list);
	while (json_next(&c, NULL, &pair)) {
		if (!read_range(&pair, &range) || range.first < next)
			return (false);
		next = range.last + 2;
	}
	return (true);
}

/* ---- erased and replaced records ---- */

static void
add_base64(struct buf *out, const char *key, const unsigned char bytes[static 32])
{
	json_key(out, key);
	buf_char(out, '"');
	buf_base64(out, bytes, 32);
	buf_char(out, '"');
}

void
seal_items_print(const struct seal_item *items, size_t count, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_u64(out, "r", items[i].record);
		add_base64(out, "leaf", items[i].leaf);
		if (items[i].has_new)
			add_base64(out, "new", items[i].new_leaf);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

void
seal_items_open(struct span raw, struct json_cursor *c)
{
	open_list(raw, c);
}

static bool
read_item(const struct json_value *object, struct seal_item *item)
{
	struct seal_taker r;

	if (object->type != JSON_OBJECT)
		return (false);
	seal_take_open(&r, object);
	item->record = seal_take_u64(&r, "r");
	seal_take_base64(&r, "leaf", item->leaf, sizeof(item->leaf));
	item->has_new = seal_take_is(&r, "new");
	if (item->has_new)
		seal_take_base64(&r, "new", item->new_leaf, sizeof(item->new_leaf));
	seal_take_close(&r);
	return (r.why == NULL && item->record < SEAL_RECORDS_MAX);
}

bool
seal_items_next(struct json_cursor *c, struct seal_item *item)
{
	struct json_value object;

	return (json_next(c, NULL, &object) && read_item(&object, item));
}

bool
seal_items_ok(const struct json_value *list)
{
	struct seal_item item;
	struct json_value object;
	struct json_cursor c;
	uint64_t next = 0;

	if (list->type != JSON_ARRAY)
		return (false);
	json_open(&c, list);
	while (json_next(&c, NULL, &object)) {
		if (!read_item(&object, &item) || item.record < next)
			return (false);
		next = item.record + 1;
	}
	return (next > 0);
}
