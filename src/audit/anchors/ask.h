/* ask: what is sent to a witness: C2SP tlog-witness, the body of add-checkpoint. */
#ifndef CRETULA_AUDIT_ANCHORS_ASK_H
#define CRETULA_AUDIT_ANCHORS_ASK_H

#include "audit/anchors/source.h"

/*
 * "old SIZE", the consistency proof from there, an empty line, the note of
 * size (0: the newest).  old 0: the witness has not seen the log yet.
 */
int audit_ask_witness(
    const struct audit_source *source, uint64_t old, uint64_t size, struct buf *out, struct err *e);

#endif
