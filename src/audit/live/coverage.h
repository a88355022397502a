/* coverage: what a check did not look at, in words.  Private to audit/. */
#ifndef CRETULA_AUDIT_COVERAGE_H
#define CRETULA_AUDIT_COVERAGE_H

#include "audit/verify.h"

/* Fill not_checked once all else is known.  streams: how many there are. */
void audit_name_unchecked(
    const struct audit_options *options, size_t streams, struct audit_coverage *coverage);

/*
 * An older copy of one stream verifies: which stream ends first, and when.
 * newest_us is that of name alone; becomes the newest of it and the others.
 */
void audit_note_end(struct audit_coverage *coverage, const char *name, int64_t others_us);

#endif
