/* anchored: what the files of anchors/ share.  Private to audit/. */
#ifndef CRETULA_AUDIT_ANCHORS_ANCHORED_H
#define CRETULA_AUDIT_ANCHORS_ANCHORED_H

#include "audit/outside/anchors.h"

#define AUDIT_ANCHOR_NAME_MAX 40
#define AUDIT_ANCHOR_BYTES_MAX 65536 /* of a file */

/* An anchor that the chain names: its file, and which witnesses of the policy cosigned. */
struct audit_anchored {
	char name[AUDIT_ANCHOR_NAME_MAX + 1]; /* anchor/... */
	uint64_t size, cosigned;
};

struct audit_anchor_input {
	const struct audit_options *options; /* may be NULL */
	const struct seal_anchor *anchor;
	struct audit_coverage *coverage;
	struct span file, body; /* body of the note, as it was signed */
	int64_t sealed_us; /* t of the last entry under the note */
};

/*
 * One kind of anchor.  check: does the file say that of the note?  0; or -1
 * with e, and *code where it is not E_ANCHOR.
 */
struct audit_anchor_kind {
	const char *name, *extension;
	int (*check)(const struct audit_anchor_input *in, uint64_t *cosigned, enum audit_code *code,
	    struct err *e);
};

/* NULL: a kind that this version does not know. */
const struct audit_anchor_kind *audit_anchor_kind(struct span name);

#endif
