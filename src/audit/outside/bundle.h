/*
 * bundle: part of a store, given to somebody who has nothing else;
 * docs/format.md 18.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_BUNDLE_H
#define CRETULA_AUDIT_OUTSIDE_BUNDLE_H

#include "audit/check.h"

/* Which part of a store is there: one stream or all, records of [since, until). */
struct audit_range {
	char stream[40]; /* "": all */
	int64_t since_us, until_us;
	bool is_proofs;    /* of records alone; else of segments */
	uint64_t *records; /* these */
	size_t record_count;
};

#define AUDIT_BUNDLE_RECORDS_MAX 100000

/*
 * bundle.json and MANIFEST.sha256 in dir, and every file against them;
 * findings go to list.  -1: there is no bundle.  range is to be freed.
 */
int audit_bundle_check(
    const char *dir, struct audit_range *range, struct audit_list *list, struct err *e);

void audit_range_free(struct audit_range *range);

/*
 * Check the proofs of range->records in dir, behind what options->found has
 * already; the report is as that of audit_verify.
 */
int audit_bundle_proofs(const char *dir, const struct audit_range *range,
    const struct audit_options *options, struct audit_result *result, struct err *e);

/* Does range take in a segment?  Without bounds also one without records. */
bool audit_range_holds(const struct audit_range *range, const struct seal_segment *facts);

/*
 * Take the segments out of chain that are not in range; their files are not
 * to be there.  Is its newest segment still in it?
 */
bool audit_range_apply(const struct audit_range *range, struct audit_chain *chain);

/* Say that the stream of range is not there; true. */
bool audit_range_missing(const struct audit_range *range, struct audit_list *list);

#endif
