/*
 * store: what was done for persons who asked: entries of cretula.store, so
 * that nothing is done twice by one request, or more often in a day than may
 * be, whatever becomes of files.
 */
#ifndef CRETULA_STORE_ERASE_ASKED_H
#define CRETULA_STORE_ERASE_ASKED_H

#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;
struct store;

struct store_asked {
	const unsigned char *hash; /* of the request, 32 bytes */
	int64_t made_us; /* nothing was done by it before then */
	unsigned most; /* within 24 hours */
	struct span by; /* plain text */
};

/* ERR_CONFIG: it was carried out already; ERR_BUSY: so many were, today. */
int store_asked_check(struct store *s, const struct store_asked *asked, struct err *e);
/* The same, and append the entry: a report of kind subject.  The request is used up. */
int store_asked_seal(struct store *s, const struct store_asked *asked, struct err *e);
/*
 * The same of what takes a while: before its first step, and behind its last.
 * Whatever ends the process between, the chain knows that it was begun; the
 * request serves until it came to its end, and each beginning counts.
 */
int store_asked_begin(struct store *s, const struct store_asked *asked, struct err *e);
int store_asked_end(struct store *s, const struct store_asked *asked, struct err *e);

/* Add a signature line (seal/note.h) of body by the log key of cretula.store. */
int store_sign(struct store *s, struct span body, struct buf *out, struct err *e);

#endif
