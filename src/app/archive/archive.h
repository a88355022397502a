/*
 * app: the second pass: what is sealed in a stream becomes stricter records in
 * a store of its own, each segment of which an entry binds to its source.
 *
 * The source is read as an auditor reads it: without keys, and what is read
 * is what verified.  A run takes the segments that no run took before; after a
 * crash the next one completes what was begun.
 */
#ifndef CRETULA_APP_ARCHIVE_H
#define CRETULA_APP_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/archive.h"
#include "base/buf.h"

struct err;

struct app_archive {
	/* in */
	const char *store, *stream; /* the source */
	const char *to, *keys;      /* the archive; keys NULL: beside it */
	struct archive_policy policy;
	int64_t until_us;           /* only what is older: by its seal, or imported by its events */
	unsigned share;             /* of a processor, in percent */
	int level;                  /* of zstd */
	void (*progress)(void *arg, uint64_t done, uint64_t total); /* bytes; may be NULL */
	void *arg;
	/* out */
	uint64_t taken, made;       /* segments of the source, and of the archive */
	uint64_t records, erased;   /* that were there, and that were not any more */
	uint64_t source_bytes, bytes, file_bytes; /* lines read and written; compressed */
	struct archive_done done;
	bool completed;             /* what a crash kept from being said */
	bool unlocked;              /* the key's memory */
	struct buf anchor;          /* the auditor's line of the archive; the caller's to free */
};

#define APP_ARCHIVE_LEVEL 19

/*
 * 0, also if there was nothing to do; -1 with e: ERR_USAGE (the archive lies
 * in the source), ERR_FINDING (the source does not verify), ERR_CONFIG (there
 * is another store's archive, or none, or its keys are gone), ERR_INPUT,
 * ERR_IO, ERR_BUSY.  What was sealed before stays.
 */
int app_archive_run(struct app_archive *a, struct err *e);

#endif
