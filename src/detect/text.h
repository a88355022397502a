/*
 * detect: what stands where in free text.
 *
 * A sieve of byte classes and literals (1 GB/s and more where nothing is to
 * be found) says where the verifiers have to look; those see the text as it
 * is and decoded.  What cannot be mapped to a place is found as a whole.
 */
#ifndef CRETULA_DETECT_TEXT_H
#define CRETULA_DETECT_TEXT_H

#include "base/span.h"
#include "record/record.h"

struct detect_hit {
	size_t at, len;
	enum record_class class_id; /* UNKNOWN: it does not settle, or there is too much */
};

/*
 * The places of identifiers in text, in order, none over another; returns
 * how many, at most max (1 or more).  The last one of max covers the rest of
 * the text if there would be more.
 */
size_t detect_text(struct span text, struct detect_hit *hits, size_t max);

#endif
