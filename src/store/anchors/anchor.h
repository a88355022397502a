/*
 * anchors: what others said of a note, kept beside the chain and named by an
 * entry; docs/format.md 20.  The caller has checked it.
 */
#ifndef CRETULA_STORE_ANCHORS_ANCHOR_H
#define CRETULA_STORE_ANCHORS_ANCHOR_H

#include "store/store.h"

#define STORE_ANCHOR_PATH_BYTES 48

struct store_anchor_facts {
	const char *kind, *extension; /* "tsr" and "tsr" */
	uint64_t size; /* of the note */
	struct span bytes; /* of the file */
	struct span by; /* who says so; may be empty */
	int64_t time_us; /* when; cut to milliseconds */
};

struct store_anchored {
	char path[STORE_ANCHOR_PATH_BYTES]; /* of its file */
	bool added; /* else the chain names these bytes already */
};

/*
 * Write anchor/SIZE.EXTENSION of a stream (or of cretula.store), then append
 * its entry.  A file that a crash left without an entry is taken up again.
 * ERR_INPUT: no such stream.
 */
int store_anchor_add(struct store *s, const char *stream, const struct seal_names *names,
    const struct store_anchor_facts *what, struct store_anchored *done, struct err *e);

#endif
