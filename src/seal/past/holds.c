#include "seal/past/holds.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void
free_hold(struct seal_hold_past *hold)
{
	free(hold->text);
	free(hold->ranges);
}

void
seal_holds_free(struct seal_holds *holds)
{
	for (size_t i = 0; i < holds->count; i++)
		free_hold(&holds->items[i]);
	free(holds->items);
	*holds = (struct seal_holds){ 0 };
}

static int
reserve(struct seal_holds *holds)
{
	size_t size = holds->size == 0 ? 8 : holds->size * 2;
	struct seal_hold_past *items;

	if (holds->count < holds->size)
		return (0);
	if ((items = reallocarray(holds->items, size, sizeof(*items))) == NULL)
		return (-1);
	holds->items = items;
	holds->size = size;
	return (0);
}

static int
copy_hold(const struct seal_hold *from, uint64_t entry, struct seal_hold_past *to)
{
	struct seal_range range;
	struct json_cursor c;

	*to = (struct seal_hold_past){ .entry = entry,
		.has_onward = from->has_onward,
		.has_until = from->has_until,
		.onward = from->onward,
		.until_us = from->until_us };
	for (seal_ranges_open(from->segs, &c); seal_ranges_next(&c, &range);)
		to->range_count++;
	to->text = malloc(from->hold.len + from->mask_epochs.len + 1);
	to->ranges = calloc(to->range_count + 1, sizeof(to->ranges[0]));
	if (to->text == NULL || to->ranges == NULL) {
		free_hold(to);
		return (-1);
	}
	to->range_count = 0;
	for (seal_ranges_open(from->segs, &c); seal_ranges_next(&c, &range);)
		to->ranges[to->range_count++] = range;
	memcpy(to->text, from->hold.ptr, from->hold.len);
	to->id = span_of(to->text, from->hold.len);
	if (from->mask_epochs.len > 0)
		memcpy(to->text + to->id.len, from->mask_epochs.ptr, from->mask_epochs.len);
	to->epochs = span_of(to->text + to->id.len, from->mask_epochs.len);
	return (0);
}

int
seal_holds_add(
    struct seal_holds *holds, const struct seal_hold *hold, uint64_t entry, struct err *e)
{
	if (reserve(holds) == -1 || copy_hold(hold, entry, &holds->items[holds->count]) == -1)
		return (err_set(e, ERR_IO, "out of memory"));
	holds->count++;
	return (0);
}

void
seal_holds_drop(struct seal_holds *holds, struct span id)
{
	size_t kept = 0;

	for (size_t i = 0; i < holds->count; i++) {
		if (span_equal(holds->items[i].id, id))
			free_hold(&holds->items[i]);
		else
			holds->items[kept++] = holds->items[i];
	}
	holds->count = kept;
}

/* ---- searching ---- */

bool
seal_hold_in_force(const struct seal_hold_past *hold, int64_t t_us)
{
	/* As the entry will say that is written now: it has whole milliseconds. */
	return (!hold->has_until || hold->until_us >= t_us - t_us % 1000);
}

static bool
spend(uint64_t *steps, uint64_t count)
{
	bool enough = *steps >= count;

	*steps = enough ? *steps - count : 0;
	return (enough);
}

enum seal_held
seal_holds_id(const struct seal_holds *holds, struct span id, int64_t t_us, uint64_t *steps)
{
	if (!spend(steps, holds->count))
		return (SEAL_HELD_OPEN);
	for (size_t i = 0; i < holds->count; i++)
		if (span_equal(holds->items[i].id, id) &&
		    seal_hold_in_force(&holds->items[i], t_us))
			return (SEAL_HELD_YES);
	return (SEAL_HELD_NO);
}

static bool
names_segments(const struct seal_hold_past *hold, const struct seal_range *segments)
{
	return ((hold->has_onward && hold->onward <= segments->last) ||
	    seal_ranges_meet(hold->ranges, hold->range_count, segments->first, segments->last));
}

enum seal_held
seal_holds_segments(const struct seal_holds *holds, const struct seal_range *segments, int64_t t_us,
    uint64_t *steps, struct span *id)
{
	if (!spend(steps, holds->count))
		return (SEAL_HELD_OPEN);
	for (size_t i = 0; i < holds->count; i++) {
		if (!seal_hold_in_force(&holds->items[i], t_us) ||
		    !names_segments(&holds->items[i], segments))
			continue;
		if (id != NULL)
			*id = holds->items[i].id;
		return (SEAL_HELD_YES);
	}
	return (SEAL_HELD_NO);
}

/*
 * text is a name or FIRST..LAST; names of a kind are of one length, and sort as
 * their times.  A text without a number (2026-W48, not 2026-W48.2) stands for
 * all keys of its time.
 */
static bool
has_epoch(struct span text, struct span epoch)
{
	size_t len = span_find(epoch, '.');

	if (span_equal(text, epoch))
		return (true);
	epoch.len = len;
	if (text.len == len)
		return (span_equal(text, epoch));
	return (text.len == 2 * len + 2 && memcmp(text.ptr + len, "..", 2) == 0 &&
	    memcmp(text.ptr, epoch.ptr, len) <= 0 &&
	    memcmp(text.ptr + len + 2, epoch.ptr, len) >= 0);
}

static bool
names_epoch(const struct seal_hold_past *hold, struct span epoch)
{
	struct json_value map, list, item;
	struct json_cursor lists, items;
	struct span key;

	if (json_parse(hold->epochs, &map, NULL) == -1 || map.type != JSON_OBJECT)
		return (false);
	for (json_open(&lists, &map); json_next(&lists, &key, &list);) {
		if (list.type != JSON_ARRAY)
			continue;
		for (json_open(&items, &list); json_next(&items, NULL, &item);)
			if (item.type == JSON_STRING && has_epoch(item.text, epoch))
				return (true);
	}
	return (false);
}

enum seal_held
seal_holds_epoch(const struct seal_holds *holds, struct span epoch, int64_t t_us, uint64_t *steps,
    struct span *id)
{
	for (size_t i = 0; i < holds->count; i++) {
		if (!spend(steps, 1 + holds->items[i].epochs.len))
			return (SEAL_HELD_OPEN);
		if (!seal_hold_in_force(&holds->items[i], t_us) ||
		    !names_epoch(&holds->items[i], epoch))
			continue;
		if (id != NULL)
			*id = holds->items[i].id;
		return (SEAL_HELD_YES);
	}
	return (SEAL_HELD_NO);
}

size_t
seal_holds_count(const struct seal_holds *holds, int64_t t_us)
{
	size_t count = 0;

	for (size_t i = 0; i < holds->count; i++)
		count += seal_hold_in_force(&holds->items[i], t_us);
	return (count);
}
