/*
 * beside: what lies beside the store, or the proofs, of a bundle, and says
 * again what these say: the auditor's line, the log keys, the sums;
 * docs/format.md 18.  Private to audit/, but for the sums.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_BESIDE_H
#define CRETULA_AUDIT_OUTSIDE_BESIDE_H

#include "audit/outside/bundle.h"
#include "stats/counts.h"

/* ---- counts.json ---- */

/* Of one stream, in the range: what the entries of its segments say. */
struct audit_sums {
	uint64_t segments, records, erased, pruned;
	struct stats_counts counts;
};

/* A segment that audit_range_holds; past: what became of it, NULL for nothing. */
void audit_sums_add(
    struct audit_sums *sums, const struct seal_segment *facts, const struct seal_past *past);
/* A row of counts.json, with what stands between it and the one before. */
void audit_sums_print(const struct audit_sums *sums, struct span stream, struct buf *out);
void audit_sums_end(struct buf *out);

/* ---- the check ---- */

struct audit_beside {
	struct buf line; /* the auditor's, with LF */
	struct buf logs; /* vkeys in order, each with LF */
	struct buf sums; /* counts.json; empty: there is none */
};
void audit_beside_free(struct audit_beside *beside);

/* The files of dir against what they must say; E_BUNDLE goes to list. */
void audit_beside_check(
    const char *dir, const struct audit_beside *beside, struct audit_list *list);

/* The same for a bundle whose store is good; errors are added to result.  -1: ERR_IO. */
int audit_beside_store(const char *dir, const struct audit_range *range,
    const struct seal_names *names, struct audit_result *result, struct err *e);

#endif
