/* open: the records and flushes of one open segment.  Private to audit/live/. */
#ifndef CRETULA_AUDIT_OPEN_H
#define CRETULA_AUDIT_OPEN_H

#include "audit/live/live.h"

struct audit_open_reading {
	struct audit_chain *chain;
	struct audit_ratchet ratchet; /* goes on from segment to segment */
	bool newest; /* of the segments; only behind its last flush there may be more */
	bool flushed;
	uint64_t g, records; /* the last flush; records of all segments */
};

/* Is there no flush: no file at path, or an empty one? */
bool audit_open_empty(int dirfd, const char *path);

/*
 * Read segment number, which has all of its files and, unless it is the newest,
 * a flush.  0; or -1 with a finding in the chain's list.
 */
int audit_open_read(struct audit_open_reading *reading, uint64_t number);

#endif
