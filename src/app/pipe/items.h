/* app: events of containers in what comes live. */
#ifndef CRETULA_APP_PIPE_ITEMS_H
#define CRETULA_APP_PIPE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct input_live;
struct input_more;
struct parser;

/*
 * Events of containers come from in as parser, which outlives it, finds them,
 * if there may be any.  To be called again once parser has a format.
 */
void app_pipe_items(struct input_live *in, const struct parser *parser);
/* Whole lines, and items that came before the format was known. */
struct app_pipe_raw {
	struct span bytes;
	const struct input_more *more; /* of the last read; cut and item_at are places in bytes */
	bool last;   /* nothing follows, or not at once */
	bool silent; /* or nothing has for long: records are as whole as they ever will be */
	bool full;   /* no more can come before these go */
};

/* Bytes of whole records that make one batch; 0 if there is none. */
size_t app_pipe_batch(const struct parser *parser, const struct app_pipe_raw *raw);

#endif
