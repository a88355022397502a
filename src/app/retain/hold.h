/* app: what a hold names: segments by time and filter, and the keys of their tokens. */
#ifndef CRETULA_APP_RETAIN_HOLD_H
#define CRETULA_APP_RETAIN_HOLD_H

#include "app/args.h"
#include "app/records.h"
#include "store/erase/erase.h"

struct err;
struct filter;

struct app_hold_choice {
	bool busy; /* in: somebody writes the stream, and has records that are not sealed */
	struct seal_range ranges[STORE_HOLD_RANGES_MAX];
	size_t count;
	bool has_onward;
	uint64_t onward;
	struct buf epochs; /* raw JSON of the hold entry; free it */
	uint64_t segments, records;
};

/*
 * The segments of the window of r, which is open, that are not pruned; with a
 * filter those in which a record is of the window and matches; and if the
 * window is open into the future all that come.  More runs than an entry
 * takes become longer ones: rather too much is held.  ERR_INPUT: that is
 * nothing.  ERR_BUSY: the window ends among records that are not sealed yet.
 */
int app_hold_choose(struct app_records *r, const struct filter *filter, int64_t now_us,
    struct app_hold_choice *choice, struct err *e);

/* Does the text of any entry look as if it named somebody?  ERR_USAGE; option names it. */
int app_hold_text(const char *option, struct span text, struct err *e);

/* cretula hold list: of one stream, or of all of them. */
int app_hold_list(const struct app_args *args);

#endif
