/*
 * mask: what does a piece of text look like?  Literals and verifiers (Luhn
 * with issuer prefix, mod 97, JWT header, token prefixes, entropy), never a
 * backtracking expression.
 */
#ifndef CRETULA_MASK_DETECT_H
#define CRETULA_MASK_DETECT_H

#include <stdbool.h>

#include "base/span.h"
#include "record/record.h"

/*
 * The most sensitive class of anything found in text (already canonical),
 * RECORD_CLASS_NONE if it is clean: CREDENTIAL, PAN, IBAN, NATIONAL, EMAIL,
 * PHONE, MAC, GEO, DEVICE (advertising id), SESSION, IP_FWD (an address or
 * something address-like, any notation), in that order of precedence.
 * Fast when clean: one pass of byte classes decides that nothing can match.
 */
enum record_class mask_detect(struct span text);

/* The shape of a whole path segment or value. */
enum mask_shape {
	MASK_SHAPE_WORD,  /* nothing special */
	MASK_SHAPE_INT, MASK_SHAPE_UUID, MASK_SHAPE_ULID, MASK_SHAPE_HEX, MASK_SHAPE_BASE64,
	MASK_SHAPE_EMAIL, MASK_SHAPE_PHONE, MASK_SHAPE_ADDRESS, MASK_SHAPE_MAC, MASK_SHAPE_IBAN,
	MASK_SHAPE_PAN, MASK_SHAPE_NATIONAL, MASK_SHAPE_GEO, MASK_SHAPE_DATE, MASK_SHAPE_CREDENTIAL,
	MASK_SHAPE_TEXT,  /* blanks or non-ASCII letters */
	MASK_SHAPE_EMPTY, MASK_SHAPE_COUNT
};
extern const char *const mask_shape_names[MASK_SHAPE_COUNT]; /* "int", "uuid" ... "text", "word" */

/*
 * Shape of text (canonical).  Reserved words (me, self, new, edit, v1..v99),
 * years 1990..2099 and 1-2 digit numbers are WORD: they identify nobody.
 */
enum mask_shape mask_shape(struct span text);

/* Is the name of a query parameter, cookie or form field one of a secret? */
bool mask_name_is_secret(struct span name);   /* token, password, sig, code, X-Amz-* ... */
bool mask_name_is_session(struct span name);  /* PHPSESSID, sid, jsessionid ... */
bool mask_name_is_tracking(struct span name); /* gclid, fbclid, _ga ... */

#endif
