/*
 * retain: what makes room where a store takes more than its disk budget, and
 * when it will.  Pure, over the plans of all its streams.
 *
 * The oldest goes first, whichever stream has it: that is a time, until which
 * each stream gives what it may (retain_ask).  Nothing that is held goes, and
 * nothing that is younger than its stream's least.
 */
#ifndef CRETULA_RETAIN_ROOM_H
#define CRETULA_RETAIN_ROOM_H

#include "retain/retain.h"

/*
 * No record that is younger makes room: as is said, or the least of the preset;
 * 0: none.  The months of a preset are of the records, whatever term an archive
 * has: it may not have taken them.
 */
int64_t retain_least(const struct retain_policy *policy);

/* A stream whose plan is made, without room. */
struct retain_stream {
	const struct retain_segment *segments;
	const struct retain_plan *plan;
	int64_t term_us, least_us;
	bool gives; /* else what is not over stays */
};

struct retain_store {
	const struct retain_stream *streams;
	size_t count;
	uint64_t used, limit; /* bytes: of all its files, and what they may take */
	int64_t now_us;
};

struct retain_room {
	bool needed; /* what is over its term is not enough */
	int64_t until_us; /* what counts from until then goes */
	uint64_t bytes; /* that go for it */
	uint64_t due; /* that go anyway, their term is over */
	uint64_t over; /* that are missing if all went that may: then nothing does */
	uint64_t gone; /* of segments that were pruned and have files yet: they are not used */
};

/* -1: ERR_IO, no memory. */
int retain_room_find(const struct retain_store *store, struct retain_room *room, struct err *e);

/* What counts from until then is before that: a time in milliseconds, as entries have them. */
int64_t retain_room_cutoff(int64_t until_us);

#define RETAIN_ROOM_DAYS 3650 /* nobody looks further */
/*
 * After how many days the limit is reached, at the pace of the last week and
 * while each segment goes at the end of its term; -1: not within so many, or
 * the pace is not known.
 */
int retain_room_days(const struct retain_store *store);

#endif
