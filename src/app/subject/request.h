/*
 * app: the request of a person, as text that two approvers sign; docs/format.md 25.
 *
 * It names what may be done, where, until when, and for which value only by a
 * MAC: under a key that goes with its epoch, so nobody without KEYS can test a
 * guess, and later nobody at all.
 */
#ifndef CRETULA_APP_SUBJECT_REQUEST_H
#define CRETULA_APP_SUBJECT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "mask/method/value.h"
#include "seal/note.h"

struct config;
struct err;
struct key_ring;

#define APP_REQUEST_BYTES_MAX 16384
#define APP_REQUEST_ID_BYTES 33 /* 32 hex digits and a NUL */
#define APP_REQUEST_REASON_BYTES 256
#define APP_REQUEST_DAYS_MAX 30

enum app_request_kind {
	APP_REQUEST_FIND,
	APP_REQUEST_EXPORT,
	APP_REQUEST_ERASE,
	APP_REQUEST_RESTRICT,
	APP_REQUEST_LIFT,
	APP_REQUEST_KINDS
};
extern const char *const app_request_kinds[APP_REQUEST_KINDS];

/* Texts are borrowed: from the maker, or from the bytes that were read. */
struct app_request {
	char id[APP_REQUEST_ID_BYTES];
	struct span store; /* the auditor's line: vkey sha256:HEX */
	struct span tenant;
	enum app_request_kind kind;
	struct span stream; /* "*": all */
	enum mask_value_kind value_kind;
	int64_t since_us, until_us; /* INT64_MIN, INT64_MAX: no limit */
	int64_t made_us, expires_us;
	struct span reason; /* one line of printable ASCII */
	struct span epoch; /* whose key the MAC is under */
	unsigned char mac[32];
};

/* The text without signatures, and the empty line behind it. */
void app_request_print(const struct app_request *r, struct buf *out);
/*
 * Strict: a text that prints otherwise is refused.  note has body and
 * signatures, unchecked.  ERR_INPUT: no request at all; ERR_FINDING: damaged.
 */
int app_request_read(
    struct span text, struct app_request *r, struct seal_note *note, struct err *e);

/* Fill in r->mac of all that is said of r before it, and value.  ERR_CONFIG: no such epoch. */
int app_request_seal(struct app_request *r, const struct key_ring *ring,
    const struct mask_value *value, struct err *e);
/* Is it of that value?  ERR_FINDING: not; ERR_CONFIG: its epoch is destroyed. */
int app_request_check_value(const struct app_request *r, const struct key_ring *ring,
    const struct mask_value *value, struct err *e);

/*
 * Signed by two approvers of c or more, and by nobody else, none twice?  ids:
 * added "HHHHHHHH HHHHHHHH", of their keys.  ERR_CONFIG, ERR_FINDING.
 */
int app_request_check_approvals(
    const struct seal_note *note, const struct config *c, struct buf *ids, struct err *e);
/* In its time, and of this store?  ERR_CONFIG. */
int app_request_check_place(
    const struct app_request *r, struct span store, int64_t now_us, struct err *e);

/* SHA-256 of its text: what the chain knows it by. */
void app_request_hash(const struct seal_note *note, unsigned char hash[static 32]);

#endif
