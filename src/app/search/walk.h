/*
 * app: the records of one sealed segment, frame by frame, in order or the last one first; frames
 * are passed over that hold nothing of what is looked for.
 */
#ifndef CRETULA_APP_SEARCH_WALK_H
#define CRETULA_APP_SEARCH_WALK_H

#include "app/records.h"

/* One segment, in the revision that is at hand; the other records were had before. */
struct app_walk {
	const struct seal_segment *segment;
	app_record_each each;
	void *arg;
	bool back; /* the last one first */
	uint64_t from; /* not back: no records of lower numbers */
	uint64_t below; /* back: only these, and it moves with what was had */
	uint64_t revision;
};

/*
 * The next lines of it.  r->number is that of the first one; back: of the one behind the last.
 * 0; what each said; -1.
 */
int app_walk_lines(
    struct app_records *r, const struct app_walk *w, struct span lines, struct err *e);
int app_walk_lines_back(
    struct app_records *r, struct app_walk *w, struct span lines, struct err *e);

/*
 * All frames of the file that r->search does not pass over.  As above; 2: not possible, but
 * without them, and not back.
 */
int app_walk_frames(struct app_records *r, struct app_walk *w, const char *path, struct err *e);

#endif
