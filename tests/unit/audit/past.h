/* past: a table of what is done to a store, and of what verify must say of it. */
#ifndef CRETULA_TEST_PAST_H
#define CRETULA_TEST_PAST_H

#include "build_past.h"

#define SHOP "streams/shop/"
#define RECORDS 30 /* of a segment */
#define SEGMENTS 3
#define LAST (SEGMENTS + 1) /* index of the entry behind the segments */
#define NONE AUDIT_NONE

/* Of the store at hand: its stream, the lines of segment 2 now, those of each as sealed. */
extern struct build_stream *past_shop;
extern struct buf past_lines, past_all;

void past_begin(struct build *b);
void past_end(struct build *b);
/* One more segment. */
void past_go_on(void);

struct past_row {
	const char *claim;
	void (*tamper)(struct build *b);
	size_t findings; /* in all, one of the code among them; 0: all is good */
	enum audit_code code;
	uint64_t entry, segment, record; /* of the first with the code; NONE: does not matter */
};

/* How many rows fail; each is shown. */
unsigned past_check(const struct past_row *rows, size_t count);

#endif
