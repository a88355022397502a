/* touched: records that a redact entry names.  Private to seal/. */
#ifndef CRETULA_SEAL_TOUCHED_H
#define CRETULA_SEAL_TOUCHED_H

#include "seal/history.h"

/* May the items be done?  0 and how many of them are touched first; or -1, why not. */
int seal_touched_judge(
    const struct seal_past *past, struct span items, size_t *fresh, struct err *why);

/* Do them.  0; or -1 without memory, and past is as before. */
int seal_touched_add(struct seal_past *past, struct span items, size_t fresh, struct err *e);

#endif
