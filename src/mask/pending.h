/*
 * mask, inside: MACs that wait for each other.
 *
 * Sixteen MACs side by side cost little more than four alone, so those of a few
 * lines are collected: a token is first written as dots, its record is
 * encoded, and the dots in the encoded record are replaced later.
 */
#ifndef CRETULA_MASK_PENDING_H
#define CRETULA_MASK_PENDING_H

#include <stdbool.h>

#include "base/span.h"
#include "crypto/hmac.h"

#define MASK_PENDING_MAX 32
#define MASK_PENDING_BATCH 16 /* fill all lanes there are */

struct mask;

struct mask_pending {
	bool open;      /* else each is computed at once */
	unsigned count;
	unsigned line;  /* from this one on they are of the line at hand */
	char *out[MASK_PENDING_MAX]; /* where the 16 characters go */
	struct crypto_hmac_short in[MASK_PENDING_MAX];
};

/*
 * Compute a MAC some time, and write 16 characters of it to out.  The caller
 * fills the padded block, and says so.
 */
unsigned char *mask_pending_add(struct mask *m, const struct crypto_hmac_key *key, char *out);
void mask_pending_added(struct mask *m);

/* What was added last has a block before its own, whose padding counts it. */
void mask_pending_before(struct mask *m, const unsigned char first[static 64]);

/* Forget what was added behind the first count: its text is thrown away. */
void mask_pending_drop(struct mask *m, unsigned count);
/* The same of what goes into text: it was added last; others may have been computed since. */
void mask_pending_drop_text(struct mask *m, struct span text);

/*
 * The record at hand was encoded: its tokens now stand there.  False if
 * that cannot be said: then they stand in the record, which is to be encoded
 * again.
 */
bool mask_pending_move(struct mask *m);

/* Compute all. */
void mask_pending_finish(struct mask *m);

#endif
