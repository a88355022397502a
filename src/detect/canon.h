/*
 * detect: canonical decoding, so that one identifier has one form.
 *
 * Percent (also %uXXXX), '+' where asked, HTML entities, JSON escapes, to a
 * fixpoint of depth DETECT_CANON_DEPTH; what does not settle is masked whole.
 */
#ifndef CRETULA_DETECT_CANON_H
#define CRETULA_DETECT_CANON_H

#include <stdbool.h>

#include "base/span.h"

#define DETECT_CANON_DEPTH 4

enum detect_canon_result {
	DETECT_CANON_SAME,      /* nothing to decode: *out is in itself */
	DETECT_CANON_DECODED,   /* *out lies in memory */
	DETECT_CANON_UNSETTLED, /* still changing at depth 4, or it does not fit */
	/* Bad percent sequence, %00, or no UTF-8; *out is decoded as far as it goes. */
	DETECT_CANON_MALFORMED
};

/* memory has size bytes, at least 2 * in.len; decoding never grows. */
enum detect_canon_result detect_canon(struct span in, bool plus_is_blank, char *memory, size_t size,
    struct span *out);

/*
 * Fold for detection only: full-width forms and ideographic stops to ASCII
 * (the part of NFKC that hides addresses and e-mails), ASCII lower case.
 * Returns the length written, at most in.len.
 */
size_t detect_canon_fold(struct span in, char *out);

#endif
