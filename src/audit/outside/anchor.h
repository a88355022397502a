/* anchor: the auditor's line, "VKEY sha256:HEX"; docs/format.md 7. */
#ifndef CRETULA_AUDIT_OUTSIDE_ANCHOR_H
#define CRETULA_AUDIT_OUTSIDE_ANCHOR_H

#include "base/span.h"

struct err;

#define AUDIT_LINE_BYTES 512

struct audit_anchor {
	struct span vkey; /* borrows the line */
	unsigned char genesis[32];
};

/* A last LF may be there.  0, or -1 and ERR_USAGE. */
int audit_anchor_read(const char *line, struct audit_anchor *anchor, struct err *e);

/* The line of a store whose own chain begins so; "" if that is too long to be one. */
void audit_anchor_print(
    struct span vkey, const unsigned char genesis[static 32], char line[static AUDIT_LINE_BYTES]);

#endif
