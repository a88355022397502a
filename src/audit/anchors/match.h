/* match: which note of a chain an answer is of, and whether it is good; docs/format.md 20. */
#ifndef CRETULA_AUDIT_ANCHORS_MATCH_H
#define CRETULA_AUDIT_ANCHORS_MATCH_H

#include "audit/anchors/policy.h"
#include "audit/anchors/source.h"
#include "audit/verify.h"

#define AUDIT_ANSWER_BYTES_MAX 65536

/* What somebody answered, and what to judge it by. */
struct audit_answer {
	struct span bytes; /* lines of cosignatures, a note with them, or a TimeStampResp */
	uint64_t size; /* of the note, if it is known; 0: to be found, the newest first */
	const struct audit_policy *policy; /* NULL: no witness is known */
	audit_stamp_check stamp; /* NULL: the authority's signature is not checked */
	void *stamp_arg;
};

/* What goes to anchor/. */
struct audit_match {
	const char *kind, *extension;
	uint64_t size;
	struct buf bytes;
	char by[SEAL_NAME_BYTES_MAX + 1]; /* "": nothing that an entry can hold */
	int64_t time_us;
};

/*
 * ERR_FINDING: it does not verify, or is of no note of this chain;
 * ERR_USAGE: cosignatures, and no witness is known.  bytes is to be freed.
 */
int audit_match(const struct audit_source *source, const struct audit_answer *answer,
    struct audit_match *match, struct err *e);

#endif
