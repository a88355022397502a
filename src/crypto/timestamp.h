/*
 * crypto: the signature of a time stamp (RFC 3161), by OpenSSL.
 *
 * In a unit of its own: cretula-verify is without OpenSSL.
 */
#ifndef CRETULA_CRYPTO_TIMESTAMP_H
#define CRETULA_CRYPTO_TIMESTAMP_H

#include <stdint.h>

#include "base/span.h"

struct err;
struct crypto_timestamp; /* certificates of authorities */

/*
 * trusted: certificates in PEM, at least one; untrusted: more of them, for
 * chains in between, may be empty.  ERR_CONFIG if they are none.
 */
int crypto_timestamp_open(
    struct span trusted, struct span untrusted, struct crypto_timestamp **ts, struct err *e);
void crypto_timestamp_close(struct crypto_timestamp *ts); /* NULL is legal */

/*
 * Is token (DER of the ContentInfo) good: signed by an authority whose chain
 * was valid at time_us, over the hash of data?  0; or -1 and ERR_FINDING.
 */
int crypto_timestamp_check(const struct crypto_timestamp *ts, struct span token, struct span data,
    int64_t time_us, struct err *e);

#endif
