/*
 * app: which frames of a segment a search need not read (store/skip.h), and
 * what is noted of those that it reads, for the next one.
 */
#ifndef CRETULA_APP_SEARCH_SEARCH_H
#define CRETULA_APP_SEARCH_SEARCH_H

#include "app/search/frames.h"
#include "store/skip/skip.h"

struct app_records;
struct store_seek;

struct app_search {
	const struct filter *filter; /* NULL: all records of the window */
	/* In place of filter, if not NULL: may one of the frame's records be meant? */
	/* first: number of the first one, of the segment's.  Asked in the order of frames. */
	bool (*may)(void *arg, const struct store_skip *skip, size_t frame, uint64_t first);
	void *may_arg;
	/* At the lines of a frame; all zero: each is handed out.  Needles: of lines as sealed. */
	struct app_look look, looking; /* looking: of the segment at hand */
	unsigned jobs; /* how many look; those of one read no frame ahead */
	struct app_frames *frames; /* made for the first segment */
	int64_t since_us, until_us;
	int stream_fd; /* borrowed */
	size_t chain_bytes; /* so long was the chain that the segments are known by */
	bool back; /* the segment at hand is walked from its end; may is not asked */
	bool doubts; /* set by the caller: what is noted is not believed, all frames are read */
	bool open;
	int read_fd, write_fd; /* of STORE/skip/NAME; -1: cannot be read, written */
	bool has_skip, making; /* of the segment at hand */
	struct store_skip skip;
	struct store_skip_maker maker;
	struct store_skip_of of;
};

/*
 * For the records that r, which is open, walks, and filter.  make: also note
 * what is not noted yet, if the store is the caller's.  Never fails: without its files a search
 * reads all.  s and filter live as long as r.  One job, until more are set.
 */
void app_search_open(struct app_search *s, struct app_records *r, const char *store,
    const char *stream, const struct filter *filter, bool make);
void app_search_close(struct app_search *s); /* all zero is legal */

/* ---- one segment, whose frames seek has, in order ---- */

/* of NULL: it is not as it was sealed, and nothing is noted of it.  0; -1: no memory. */
int app_search_begin(
    struct app_search *s, const struct store_skip_of *of, const struct store_seek *seek);
/*
 * false: none of its records is meant.  first: as above.  *count: how many they are; 0: nobody
 * knows, then first need not be right.
 */
bool app_search_may(struct app_search *s, size_t frame, uint64_t first, uint64_t *count);
/* It was handed out to its end, whether its records are meant or not. */
void app_search_frame(struct app_search *s, const struct app_frame *frame);
void app_search_end(struct app_search *s, bool whole); /* whole: all frames were */

#endif
