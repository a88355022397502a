/* app: which segments of a source go into the archive, and which together.  Pure. */
#ifndef CRETULA_APP_ARCHIVE_PLAN_H
#define CRETULA_APP_ARCHIVE_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct app_archive_part {
	uint64_t seg, entry; /* entry: its index in the chain of the source */
	uint64_t records, bytes;
	int64_t day; /* of its first record; INT64_MIN without records */
};

/*
 * How many parts, from the first, make one segment of the archive: those of
 * one day that fit it.  At least one if there is one.
 */
size_t app_archive_together(const struct app_archive_part *parts, size_t count);

/*
 * So much of wall_ns may be work: how long to rest after cpu_ns of it, that it
 * is share percent.
 */
int64_t app_archive_rest_ns(int64_t cpu_ns, int64_t wall_ns, unsigned share);

#endif
