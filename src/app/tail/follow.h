/*
 * app: the records of a stream up to the newest flush, sealed or not, and on
 * as they come.
 */
#ifndef CRETULA_APP_TAIL_FOLLOW_H
#define CRETULA_APP_TAIL_FOLLOW_H

#include "app/records.h"

struct app_follow {
	struct app_records *records; /* open; its from is where a step begins */
	app_record_each each;
	void *arg;
	uint64_t open_number, open_next, open_at; /* how far the newest open one was read */
};

/*
 * Hand out all records from records->from on, and set it behind the last one.
 * 0, 1 if each said so, -1; ERR_FINDING too if a flush tells of records that
 * are not there.
 */
int app_follow_step(struct app_follow *f, struct err *e);

/*
 * Hand out all records below records->below, the newest one first; records->search is open.  The
 * same is returned, and below is that of the last one that was not sealed.
 */
int app_follow_back(struct app_follow *f, struct err *e);

/* How many records there are now, sealed and committed.  0 or -1. */
int app_follow_count(struct app_follow *f, uint64_t *count, struct err *e);

#endif
