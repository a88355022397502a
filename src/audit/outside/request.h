/*
 * outside: what somebody without any key may ask.  `cretula verify` and
 * `cretula-verify` are this; they differ in how they read options and print.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_REQUEST_H
#define CRETULA_AUDIT_OUTSIDE_REQUEST_H

#include "audit/verify.h"

struct audit_request {
	const char *store, *bundle, *proof; /* exactly one */
	const char *pin;     /* a file of pins: read, and replaced if all is good */
	const char *escrow;  /* a file of first keys of ratchets */
	const char *policy;  /* a file: logs and witnesses, and their quorum */
	const char *max_age; /* of the newest entry of a stream: "3h" */
	bool strict, json;
	struct audit_options options;
};

/*
 * Before the process gives up what request does not name: ERR_INPUT if the store is not
 * there, as one that is made from now on could not be opened.
 */
int audit_request_there(const struct audit_request *request, struct err *e);

/* The exit code and the report, added to out; or -1 with e, and nothing was checked. */
int audit_request_run(const struct audit_request *request, struct buf *out, struct err *e);

#endif
