/* app: does an archive hold what its entries say of the source?  Of both chains only. */
#ifndef CRETULA_APP_ARCHIVE_CHECK_H
#define CRETULA_APP_ARCHIVE_CHECK_H

#include <stdint.h>

#include "app/archive/archive.h"

struct app_archive_checked {
	uint64_t bound;    /* segments of the archive whose source is as they say */
	uint64_t taken;    /* segments of the source that are in it */
	uint64_t waiting;  /* that are there, and are not in it */
	uint64_t lost;     /* that were pruned, and are not in it */
	uint64_t records, erased; /* sealed in what was taken; of these not archived */
};

/*
 * Entries stay when segments are pruned: so this can be asked as long as the
 * chain of the source is there.  a->store, stream and to are read.  0 and *c;
 * -1: ERR_FINDING (a chain does not verify, or they contradict each other),
 * ERR_CONFIG, ERR_INPUT as app_archive_run.
 */
int app_archive_check(const struct app_archive *a, struct app_archive_checked *c, struct err *e);

#endif
