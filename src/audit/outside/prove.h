/*
 * prove: proofs of single records, made from a store and checked without it;
 * docs/format.md 17.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_PROVE_H
#define CRETULA_AUDIT_OUTSIDE_PROVE_H

#include "audit/proof/parts.h"
#include "audit/verify.h"
#include "seal/proof.h"

#define AUDIT_PROOF_MAGIC "cretula record proof v1\n"
#define AUDIT_PROOF_BYTES_MAX (AUDIT_PARTS_BYTES_MAX + SEAL_PROOF_BYTES_MAX)

/* ---- making ---- */

/*
 * Add the proof of a record (counted from 0) of a stream to out.  It is
 * checked before it is given.  Of a replaced record it proves the line that is
 * there now.  -1: ERR_INPUT (no such stream or record; or it was erased or
 * pruned, and by which entry), ERR_FINDING (the store does not verify there), ERR_IO.
 */
int audit_prove(const char *store, const char *stream, uint64_t record,
    const struct seal_names *names, struct buf *out, struct err *e);

/* One record within its segment. */
struct audit_record_proof {
	uint64_t index;    /* in the segment */
	uint64_t revision; /* of the segment's files, after erasures; 0: as sealed */
	unsigned replaced; /* how often it was; 0: never */
	const unsigned char *now; /* what commits to the line that replaced it */
	/* made: */
	struct buf extra;  /* salt | line */
	struct seal_proof proof;
};
/* dirfd: the stream's.  made begins with what is asked for. */
int audit_prove_in_segment(int dirfd, const struct seal_segment *facts,
    struct audit_record_proof *made, struct err *e);

/* ---- checking ---- */

struct audit_proof {
	char why[200];           /* "" if it is good: what is wrong otherwise */
	bool anchored;
	char stream[40], origin[SEAL_NAME_BYTES_MAX + 1];
	uint64_t record, segment; /* record: of the stream */
	uint64_t entry, size;     /* the segment's entry, and entries that the note covers */
	int64_t sealed_us;
	bool replaced;            /* is line not what was sealed, but what replaced it? */
	uint64_t replaced_entry;  /* by this entry */
	int64_t replaced_us;
	struct buf line;          /* the record, without LF */
	struct buf auditor;       /* the line that an auditor of this store holds, with LF */
	struct buf logs;          /* all log keys of the store and the stream, each with LF */
};

/* anchor: the auditor's line, or NULL.  0 and *proof, good or bad; -1: ERR_USAGE, ERR_IO. */
int audit_proof_check(struct span text, const char *anchor, const struct seal_names *names,
    struct audit_proof *proof, struct err *e);
/* name: of its file, as it was given. */
void audit_proof_print_text(const char *name, const struct audit_proof *proof, struct buf *out);
void audit_proof_print_json(const char *name, const struct audit_proof *proof, struct buf *out);
void audit_proof_free(struct audit_proof *proof);

#endif
