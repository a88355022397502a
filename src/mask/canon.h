/*
 * mask: canonical decoding, so that one identifier has one form.
 *
 * Percent (also %uXXXX), '+' where asked, HTML entities, JSON escapes, to a
 * fixpoint of depth MASK_CANON_DEPTH; what does not settle is masked whole.
 */
#ifndef CRETULA_MASK_CANON_H
#define CRETULA_MASK_CANON_H

#include <stdbool.h>

#include "base/span.h"

#define MASK_CANON_DEPTH 4

enum mask_canon_result {
	MASK_CANON_SAME,      /* nothing to decode: *out is in itself */
	MASK_CANON_DECODED,   /* *out lies in memory */
	MASK_CANON_UNSETTLED, /* still changing at depth 4, or it does not fit */
	/* Bad percent sequence, %00, or bytes that are no UTF-8; *out is decoded as far as it goes. */
	MASK_CANON_MALFORMED
};

/* memory has size bytes, at least 2 * in.len; decoding never grows. */
enum mask_canon_result mask_canon(struct span in, bool plus_is_blank, char *memory, size_t size,
    struct span *out);

/*
 * Fold for detection only: full-width forms and ideographic stops to ASCII
 * (the part of NFKC that hides addresses and e-mails), ASCII lower case.
 * Returns the length written, at most in.len.
 */
size_t mask_canon_fold(struct span in, char *out);

#endif
