/*
 * mask: a record that was masked once is looked at again, with what the
 * detectors find today.
 *
 * What stands there is text without identifiers, or should be: words, {shapes},
 * [classes] and tokens.  Whatever the detectors find in it becomes [class];
 * nothing else changes, and no token is read twice.  Whole fields can be
 * dropped, and lines that skeletons hold (method/seal.h).  No keys are needed.
 */
#ifndef CRETULA_MASK_AGAIN_H
#define CRETULA_MASK_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct err;

#define MASK_AGAIN_BYTES (2 * (size_t)RECORD_BYTES_MAX)

struct mask_again {
	uint64_t fields; /* to look at: bit per enum record_field */
	uint64_t drop;   /* to leave out, the same */
	bool lines;      /* of what could not be read, leave out the sealed line */
	/* the texts that changed, until the next record */
	size_t used;
	char text[MASK_AGAIN_BYTES], canon[MASK_AGAIN_BYTES];
};

/* All texts but server and upstream, which are in clear by configuration only. */
uint64_t mask_again_fields(void);

/*
 * "path,query": a bit for each.  ERR_USAGE: no such field, or one that every
 * record keeps (time, state, flags).
 */
int mask_again_read(const char *names, uint64_t *fields, struct err *e);

/* Returns the fields that changed; texts of r may lie in a from then on. */
uint64_t mask_again(struct mask_again *a, struct record *r);

#endif
