/*
 * stamp: time stamps of RFC 3161, read strictly from DER; no CMS signature is
 * checked here.
 */
#ifndef CRETULA_AUDIT_ANCHORS_STAMP_H
#define CRETULA_AUDIT_ANCHORS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;

/* A TimeStampResp that was granted.  Spans borrow its bytes. */
struct audit_stamp {
	struct span token; /* the ContentInfo: CMS SignedData */
	struct span policy; /* OID, encoded */
	struct span digest; /* OID of the imprint's hash, encoded */
	struct span imprint; /* the hash */
	struct span serial;
	struct span authority; /* common name, printable ASCII; empty: not said */
	int64_t time_us; /* genTime */
};

/* -1 and ERR_FINDING: no DER, not granted, not the type it should be. */
int audit_stamp_read(struct span response, struct audit_stamp *stamp, struct err *e);

/* Is its imprint the SHA-256 of body? */
bool audit_stamp_is_of(const struct audit_stamp *stamp, struct span body);

/* A TimeStampReq over the SHA-256 of body, certificates asked for; added to out. */
void audit_stamp_request(struct span body, const unsigned char nonce[static 8], struct buf *out);

#endif
