/* seal, inside: is an entry's line the one that our writer would print? */
#ifndef CRETULA_SEAL_CANONICAL_H
#define CRETULA_SEAL_CANONICAL_H

#include "base/json.h"
#include "base/span.h"

struct err;

/*
 * v is line, parsed.  No blanks, one spelling of each string and number, no
 * negative number, no key twice.  0, or -1: ERR_FINDING, or ERR_IO without
 * memory.
 */
int seal_canonical(struct span line, const struct json_value *v, struct err *e);

#endif
