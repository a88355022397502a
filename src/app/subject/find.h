/*
 * app: the records of a person: those of a stream that have one of the forms
 * of a value, under every key that is there.
 */
#ifndef CRETULA_APP_SUBJECT_FIND_H
#define CRETULA_APP_SUBJECT_FIND_H

#include "app/records.h"
#include "app/search/search.h"

struct err;

/* An epoch whose key is gone: records that were masked with it are nobody's any more. */
struct app_gone {
	char epoch[24]; /* "2026-W48", or "import" */
	uint64_t segments, records; /* that name it; not all of them need to be of it */
	bool destroyed; /* the chain says so; else it is only not here */
};

struct app_day {
	int64_t day; /* since 1970-01-01 */
	uint64_t count;
};

#define APP_FOUND_BYTES ((size_t)16 << 20) /* of lines that are kept */

struct app_found {
	struct buf numbers; /* of records, ascending: how far behind the last, 7 bits a byte */
	uint64_t newest; /* the last of them */
	bool keeps; /* asked for: lines too; false again if these are too many */
	struct buf lines; /* then: of the same records, each with LF */
	struct buf days; /* struct app_day, ascending */
	struct buf gone; /* struct app_gone */
	uint64_t count; /* records of the person */
	uint64_t network; /* more, of which only the network can be told */
	uint64_t segments, records; /* looked at, or passed over by what is noted of them */
	uint64_t epochs; /* whose keys were tried, most of them in one segment */
	uint64_t missing; /* of gone: not destroyed, as far as the chain knows */
};
void app_found_free(struct app_found *found);

/* The number of a record of the person, above those that were added. */
void app_found_add(struct app_found *found, uint64_t number);
/* They are gone through, from all zero on.  false: there is no more. */
struct app_found_at {
	size_t at;
	uint64_t number;
};
bool app_found_next(const struct app_found *found, struct app_found_at *at);
/* Its numbers as runs: struct seal_range, added to ranges. */
int app_found_ranges(const struct app_found *found, struct buf *ranges, struct err *e);

struct app_forms;
struct app_find_where {
	const char *store, *stream; /* for what is noted of frames */
	unsigned jobs; /* threads */
	bool counts; /* no numbers are kept: memory does not depend on what is found */
	bool touches; /* what is found changes: which it is, only what is sealed says */
};

/* Search r, which is open; its window counts. */
int app_find(struct app_forms *forms, struct app_records *r, const struct app_find_where *where,
    struct app_found *found, struct err *e);

#endif
