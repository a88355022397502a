/* seal: the lists inside of entries, raw JSON: runs of segments, erased records. */
#ifndef CRETULA_SEAL_LISTS_H
#define CRETULA_SEAL_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/span.h"

/* ---- [[first,last],...]: ascending, parted by at least one that is not in ---- */

struct seal_range {
	uint64_t first, last;
};

/* Add a number above all that are in: *count of at most max.  false: there is no room. */
bool seal_ranges_add(struct seal_range *ranges, size_t *count, size_t max, uint64_t number);

void seal_ranges_print(const struct seal_range *ranges, size_t count, struct buf *out);

/* Walk a list of an entry that was read, or any: what is no list is empty. */
void seal_ranges_open(struct span raw, struct json_cursor *c);
bool seal_ranges_next(struct json_cursor *c, struct seal_range *range);
bool seal_ranges_have(struct span raw, uint64_t number);

/* Make any ranges such a list: in order, and what touches is one.  ranges: of struct seal_range. */
void seal_ranges_merge(struct buf *ranges);

/*
 * In such a list: the first range that ends at number or behind it, which need not have
 * begun there; NULL: all end before it.
 */
const struct seal_range *seal_ranges_find(
    const struct seal_range *ranges, size_t count, uint64_t number);
/* Is one of first to last in it? */
bool seal_ranges_meet(const struct seal_range *ranges, size_t count, uint64_t first, uint64_t last);

/* Is it such a list? */
bool seal_ranges_ok(const struct json_value *list);

/* ---- [{"r":..,"leaf":"..","new":".."},...]: ascending by r ---- */

struct seal_item {
	uint64_t record; /* in its segment, from 0 */
	unsigned char leaf[32]; /* in the tree, for good */
	bool has_new; /* replaced, else erased */
	unsigned char new_leaf[32];
};

/* At most this many fit one entry, whatever else it says; and if all are erased. */
#define SEAL_ITEMS_MAX 384
#define SEAL_ERASED_MAX 800

void seal_items_print(const struct seal_item *items, size_t count, struct buf *out);
void seal_items_open(struct span raw, struct json_cursor *c);
bool seal_items_next(struct json_cursor *c, struct seal_item *item);
bool seal_items_ok(const struct json_value *list); /* at least one */

#endif
