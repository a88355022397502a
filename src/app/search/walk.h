/*
 * app: the records of one sealed segment, frame by frame; those are passed over that hold
 * nothing of what is looked for.
 */
#ifndef CRETULA_APP_SEARCH_WALK_H
#define CRETULA_APP_SEARCH_WALK_H

#include "app/records.h"

/* One segment, in the revision that is at hand; records below from were had before. */
struct app_walk {
	const struct seal_segment *segment;
	app_record_each each;
	void *arg;
	uint64_t from, revision;
};

/* The next lines of it.  0; what each said; -1. */
int app_walk_lines(
    struct app_records *r, const struct app_walk *w, struct span lines, struct err *e);

/* All frames of the file that r->search does not pass over.  As above; 2: not possible. */
int app_walk_frames(
    struct app_records *r, const struct app_walk *w, const char *path, struct err *e);

#endif
