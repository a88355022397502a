/* kept: lines in the place of records that were erased or replaced.  Private to audit/. */
#ifndef CRETULA_AUDIT_KEPT_H
#define CRETULA_AUDIT_KEPT_H

#include "audit/history/salts.h"
#include "seal/placeholder.h"

/* past may be NULL: nothing was done to the segment. */
const struct seal_touched *audit_touched(const struct seal_past *past, uint64_t record);

/*
 * Is line what must stand in the place of the record?  AUDIT_CODE_COUNT if so.
 * The commitment of a new line is not looked at if its salt is missing.
 */
enum audit_code audit_kept_check(const struct seal_past *past, const struct audit_salts *salts,
    uint64_t record, struct span line);

/* For people. */
const char *audit_kept_text(enum audit_code code);

#endif
