/* store, inside: what a crash left in open/, while it is looked at and settled. */
#ifndef CRETULA_STORE_LIVE_FOUND_H
#define CRETULA_STORE_LIVE_FOUND_H

#include "base/err.h"
#include "store/live/ratchet.h"

#define OPEN_MAX 2 /* segments: one taking flushes, one being sealed */

/* One open segment, as it was found. */
struct look {
	struct live_open *o;
	struct buf tags;
	struct seal_tag tag;  /* of the last committed line */
	struct span state;    /* its state */
	bool torn;            /* bytes behind the last LF */
	uint64_t data_bytes;
};

struct recovering {
	struct store_live *l;
	struct look looks[OPEN_MAX];
	size_t count;
	uint64_t g;       /* the flush that should come next */
	bool uncommitted; /* a line behind the sector was met */
	bool look_only;   /* touch nothing */
	const char *alarm; /* a word */
	char cause[ERR_TEXT_BYTES]; /* "FILE: what is wrong with it", or "" */
	struct store_live_found *found;
};

/*
 * The tail of the newest segment behind its last commit: torn and uncommitted
 * lines go; what is kept of it gets a flush of its own.
 */
int store_open_tail(struct recovering *r, struct look *k, struct err *e);

#endif
