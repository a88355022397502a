/* mask, inside: what a path segment is by its name alone. */
#ifndef CRETULA_MASK_URL_SEGMENT_H
#define CRETULA_MASK_URL_SEGMENT_H

#include <stdbool.h>

#include "base/span.h"

bool mask_all_digits(struct span text); /* and at least one */

/* What stands below "users", "tickets", "reset..." names a person or is a secret. */
bool mask_segment_bears_identity(struct span segment);

/* Words that identify nobody, even below /users: me, self, new, edit, v1..v99. */
bool mask_segment_is_reserved(struct span segment);

/* Page numbers, months, years: in clear, but not below an identity-bearing parent. */
bool mask_segment_is_small(struct span segment);

/* Digits too few for a card, a telephone or a day, and no year: an id like most. */
bool mask_segment_is_number(struct span segment);

/*
 * A path as what it is rendered as depends on: '?', which no path holds, in
 * place of each segment that is a number.  Returns path itself if there is
 * none, or if it has more than MASK_FORM_BYTES.
 */
#define MASK_FORM_BYTES 192
struct span mask_segment_form(struct span path, char out[static MASK_FORM_BYTES]);

/* The extension of a static file, from a closed list; empty if it has none. */
struct span mask_segment_extension(struct span segment);

#endif
