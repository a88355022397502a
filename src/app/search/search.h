/*
 * app: which frames of a segment a search need not read (store/skip.h), and
 * what is noted of those that it reads, for the next one.
 */
#ifndef CRETULA_APP_SEARCH_SEARCH_H
#define CRETULA_APP_SEARCH_SEARCH_H

#include "app/search/needles.h"
#include "store/skip/skip.h"

struct app_records;

struct app_search {
	const struct filter *filter; /* NULL: all records of the window */
	/* In place of filter, if not NULL: may one of the frame's records be meant? */
	bool (*may)(void *arg, const struct store_skip *skip, size_t frame);
	void *may_arg;
	/* Lines with none of these are not meant, and not looked at; NULL: all are. */
	const struct app_needles *needles;
	int64_t since_us, until_us;
	int stream_fd; /* borrowed */
	size_t chain_bytes; /* so long was the chain that the segments are known by */
	bool open;
	int read_fd, write_fd; /* of STORE/skip/NAME; -1: cannot be read, written */
	bool has_skip, making; /* of the segment at hand */
	struct store_skip skip;
	struct store_skip_maker maker;
	struct store_skip_of of;
	uint64_t read, passed; /* frames */
};

/*
 * For the records that r, which is open, walks, and filter.  make: also note
 * what is not noted yet, if the store is the caller's.  Never fails: without its files a search
 * reads all.  s and filter live as long as r.
 */
void app_search_open(struct app_search *s, struct app_records *r, const char *store,
    const char *stream, const struct filter *filter, bool make);
void app_search_close(struct app_search *s); /* all zero is legal */

/* ---- one segment of frames frames, in order ---- */

void app_search_begin(struct app_search *s, const struct store_skip_of *of, size_t frames);
/* false: none of its records is meant.  *count: how many they are; 0: nobody knows. */
bool app_search_may(struct app_search *s, size_t frame, uint64_t *count);
/*
 * lines, of the frame at hand, from the first one on that may be meant; empty: none is.
 * *count: how many are in front of it.
 */
struct span app_search_next(const struct app_search *s, struct span lines, uint64_t *count);
/* A record of the frame at hand, whether it is meant or not. */
void app_search_saw(struct app_search *s, const struct record *r);
void app_search_frame(struct app_search *s); /* it was read to its end */
void app_search_end(struct app_search *s, bool whole); /* whole: all frames were */

#endif
