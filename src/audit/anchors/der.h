/* der: X.690 distinguished encoding, read from the front of a span. */
#ifndef CRETULA_AUDIT_ANCHORS_DER_H
#define CRETULA_AUDIT_ANCHORS_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define DER_DEPTH_MAX 64 /* a time stamp has some fifteen */

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_TIME = 0x18, /* GeneralizedTime */
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0xa0 /* | number, constructed */
};

/*
 * If rest begins with a value of this tag, take it: rest is what follows, and
 * content (may be NULL) what is in it.  Lengths are definite and shortest.
 * Otherwise false, and rest stays.
 */
bool audit_der_take(struct span *rest, unsigned tag, struct span *content);
/* A value of any tag. */
bool audit_der_skip(struct span *rest);
/* As audit_der_take with the whole value, its head included. */
bool audit_der_whole(struct span *rest, unsigned tag, struct span *whole);

/* Is it values and nothing else, also what is in them, down to that depth? */
bool audit_der_is(struct span text);

/* An INTEGER of 0 to 2^31 - 1. */
bool audit_der_small(struct span *rest, uint32_t *n);
/* GeneralizedTime as RFC 3161 has it: UTC with seconds, a fraction without trailing zeros. */
bool audit_der_time(struct span *rest, int64_t *t_us);

#endif
