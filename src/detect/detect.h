/*
 * detect: what does a piece of text look like?  Literals and verifiers (Luhn
 * with issuer prefix, mod 97, JWT header, token prefixes, entropy), never a
 * backtracking expression.
 */
#ifndef CRETULA_DETECT_DETECT_H
#define CRETULA_DETECT_DETECT_H

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
enum record_class detect_class(struct span text);

/* Sealed with each policy: 16 hex digits, others for other detectors. */
extern const char detect_version[];

/*
 * Is text a CREDENTIAL only because it looks random: no known prefix, no JWT,
 * nothing that it decodes to?  In a file name that is a build or a font.
 */
bool detect_is_random(struct span text);

/* The shape of a whole path segment or value. */
enum detect_shape {
	DETECT_SHAPE_WORD, /* nothing special */
	DETECT_SHAPE_INT,
	DETECT_SHAPE_UUID,
	DETECT_SHAPE_ULID,
	DETECT_SHAPE_HEX,
	DETECT_SHAPE_BASE64,
	DETECT_SHAPE_EMAIL,
	DETECT_SHAPE_PHONE,
	DETECT_SHAPE_ADDRESS,
	DETECT_SHAPE_MAC,
	DETECT_SHAPE_IBAN,
	DETECT_SHAPE_PAN,
	DETECT_SHAPE_NATIONAL,
	DETECT_SHAPE_GEO,
	DETECT_SHAPE_DATE,
	DETECT_SHAPE_CREDENTIAL,
	DETECT_SHAPE_TEXT, /* blanks or non-ASCII letters */
	DETECT_SHAPE_EMPTY,
	DETECT_SHAPE_COUNT
};
/* "int", "uuid" ... "text", "word" */
extern const char *const detect_shape_names[DETECT_SHAPE_COUNT];

/*
 * Shape of text (canonical).  Reserved words (me, self, new, edit, v1..v99),
 * years 1990..2099 and 1-2 digit numbers are WORD: they identify nobody.
 */
enum detect_shape detect_shape(struct span text);

/* Is the name of a query parameter, cookie or form field one of a secret? */
bool detect_name_is_secret(struct span name);   /* token, password, sig, code, X-Amz-* ... */
bool detect_name_is_session(struct span name);  /* PHPSESSID, sid, jsessionid ... */
bool detect_name_is_tracking(struct span name); /* gclid, fbclid, _ga ... */

enum detect_name {
	DETECT_NAME_SECRET = 1, /* of a parameter, cookie or form field */
	DETECT_NAME_PASSWORD = 2, /* in free text as well; is a secret, too */
	DETECT_NAME_SESSION = 4,
	DETECT_NAME_TRACKING = 8
};
/* All of these at once: cheaper than one question after the other. */
unsigned detect_name_kinds(struct span name);

#endif
