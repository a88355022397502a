/* coverage: what a check did not look at, in words.  Private to audit/. */
#ifndef CRETULA_AUDIT_COVERAGE_H
#define CRETULA_AUDIT_COVERAGE_H

#include "audit/verify.h"

/* Fill not_checked once all else is known.  streams: how many there are. */
void audit_name_unchecked(
    const struct audit_options *options, size_t streams, struct audit_coverage *coverage);

#endif
