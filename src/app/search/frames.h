/*
 * app: frames of a segment, read and looked at by several threads, and handed out in order.
 *
 * A thread takes a frame out of its file and says which of its lines may be meant: whoever
 * is handed the frame decides, and what cannot be told is one of them.  The caller is one of
 * the threads; with one job nothing is read before it is asked for.  All memory is
 * taken at the beginning, however many frames come: some 2 MiB a job.
 */
#ifndef CRETULA_APP_SEARCH_FRAMES_H
#define CRETULA_APP_SEARCH_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "app/search/needles.h"
#include "filter/summary.h"

struct err;
struct store_seek;

#define APP_FRAMES_JOBS_MAX 16

/* What is looked for.  Asked by several threads at once, which call no allocator. */
struct app_look {
	/* Lines with none of these are not meant, and not looked at; NULL: all are. */
	const struct app_needles *needles;
	/* from: the line from one of them on.  May it be meant?  NULL: yes. */
	bool (*stands)(const void *arg, struct span from);
	bool (*meant)(const void *arg, const struct record *r); /* NULL: each is */
	const void *arg;
	bool summarize; /* all records of the frame; needles are not asked */
};

struct app_line {
	uint32_t at, number; /* where it begins; how many lines of the frame are in front of it */
};

struct app_frame {
	size_t frame;
	uint64_t first; /* as it was added */
	struct span lines; /* all of them, each with LF */
	uint64_t count; /* how many; not if full */
	const struct app_line *kept; /* those that may be meant */
	size_t kept_count;
	bool full; /* all from the last of kept on are, for they were not looked at */
	const struct filter_summary *summary;
	uint64_t summarized; /* records */
};

struct app_frames;

/* jobs: at most APP_FRAMES_JOBS_MAX; threads that cannot be made are done without. */
int app_frames_open(struct app_frames **f, unsigned jobs, struct err *e);
void app_frames_close(struct app_frames *f); /* NULL is legal */

/* seek and look outlive the end. */
void app_frames_begin(
    struct app_frames *f, const struct store_seek *seek, const struct app_look *look);
void app_frames_end(struct app_frames *f); /* no thread looks at them any more */

/* Is there room for one more?  With one job: as soon as the last one was dropped. */
bool app_frames_room(const struct app_frames *f);
/* count: of its lines, if that is known; else 0. */
void app_frames_add(struct app_frames *f, size_t frame, uint64_t first, uint64_t count);
/* The next one that was added, until it is dropped.  0; 1: there is none; -1 with e. */
int app_frames_next(struct app_frames *f, const struct app_frame **frame, struct err *e);
void app_frames_drop(struct app_frames *f);

#endif
