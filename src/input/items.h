/* input: what a live one has to know of documents in its lines. */
#ifndef CRETULA_INPUT_ITEMS_H
#define CRETULA_INPUT_ITEMS_H

#include <stdbool.h>

#include "base/span.h"

struct input_live;

/*
 * Documents, whose lines may have any length.  whole: how many of bytes, the
 * beginning of a line, are whole items of one, with what is around them.
 * begins and ends are as in struct input_items; state is of that item, all
 * zeros at first.
 */
#define INPUT_STATE_BYTES 16
struct input_live_items {
	size_t (*whole)(const void *arg, struct span bytes);
	bool (*begins)(
	    const void *arg, void *state, struct span bytes, size_t *start, size_t *look);
	bool (*ends)(const void *arg, void *state, struct span bytes, size_t *len);
	const void *arg;
	size_t max; /* bytes of an item, or a line; of a longer one line_max + 1 are kept */
};

/* From the next read on: items come as soon as they are whole, without a line end. */
void input_live_by_items(struct input_live *in, const struct input_live_items *items);
#define INPUT_ITEM_MAX ((size_t)264 << 10) /* of max */

#endif
