/* tags: a .tags file, read piece by piece.  Private to audit/. */
#ifndef CRETULA_AUDIT_TAGS_H
#define CRETULA_AUDIT_TAGS_H

#include "audit/check.h"
#include "seal/ratchet.h"
#include "seal/tree.h"

#define AUDIT_TAGS_PIECE SEAL_TAG_BYTES_MAX /* any line fits */

struct audit_tags {
	int fd; /* -1: not open */
	struct seal_tags walk; /* the line at hand is in it */
	bool ended; /* the file has no more bytes */
	size_t start, len; /* of bytes that are not walked yet */
	char bytes[AUDIT_TAGS_PIECE];
};

/* Lines have states if open.  0; or -1 with *code and e: it is not there, or no regular file. */
int audit_tags_open(struct audit_tags *t, int dirfd, const char *path, bool open,
    enum audit_code *code, struct err *e);
void audit_tags_close(struct audit_tags *t);

/*
 * 1 and the next line is in t->walk; 0 at the end; -1 and "tags: line N: ...".
 * Of an open segment an end without LF is one: that flush is not committed.
 */
int audit_tags_next(struct audit_tags *t, struct err *e);

#endif
