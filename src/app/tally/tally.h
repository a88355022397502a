/* app: what records add up to: STORE/stats.db is kept up with the segments. */
#ifndef CRETULA_APP_TALLY_TALLY_H
#define CRETULA_APP_TALLY_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "tally/book.h"

struct err;

/* STORE/stats.db; out is for the caller to free.  -1: no memory. */
int app_tally_path(const char *store, struct buf *out, struct err *e);

/*
 * Count the sealed segments of the stream that the book does not know yet,
 * and commit each.  Who their subjects were is not known.  counted: how many
 * records; *stop ends it behind a segment; both may be NULL.
 */
struct app_tally_source {
	const char *store, *stream;
	const atomic_bool *stop;
	uint64_t before; /* segments of this number and later are somebody else's; 0: none is */
};
int app_tally_catch_up(struct tally_book *book, const struct app_tally_source *source,
    uint64_t *counted, struct err *e);

/* What comes late is told from what does not (docs/adr/0050), from now on.  0 or -1. */
int app_tally_guard(struct tally_book *book, bool import, struct err *e);
/* Not where all is counted again: then nothing comes late. */
bool app_tally_counts_again(struct tally_book *book);

/*
 * Before counts of the stream become fewer.  there: is there a stats.db at all?  ERR_INCOMPLETE:
 * as of app_tally_rebuild.
 */
int app_tally_ready(const char *store, const char *stream, bool *there, struct err *e);
/* Put aside what roles were answered (tally/freeze.h), the hours of this day too. */
int app_tally_freeze(const char *store, const char *stream, struct err *e);

/*
 * Before records change: nothing of the stream is counted any more.  Behind
 * it app_tally_rebuild counts what is left; if the process dies between, the next
 * one that writes the stream does.  Also app_tally_ready and app_tally_freeze.  apart: are
 * there words of paths that were counted of what has no record?
 * ERR_INCOMPLETE: as of app_tally_rebuild.
 */
int app_tally_forget(
    const char *store, const char *stream, bool *there, bool *apart, struct err *e);

/*
 * Behind the pruning of detail: cells under the analysts' k of periods that lie between two
 * times become part of "other" for good (tally/fold.h); events between them have no record any
 * more.  behind_us INT64_MIN: all before.  No stats.db: nothing to do.  folded: how many went,
 * in addition.
 */
int app_tally_fold(const char *store, const char *stream, int64_t behind_us, int64_t until_us,
    uint64_t *folded, struct err *e);

/* What was counted of periods that are over at until_us goes; rows: how many did.  As above. */
int app_tally_expire(
    const char *store, const char *stream, int64_t until_us, uint64_t *rows, struct err *e);

/*
 * Count all segments of a stream again; of all streams, if it is NULL.
 * ERR_INCOMPLETE: some were pruned, what is known of them would be lost;
 * forget: so be it.  What is no stats.db is replaced.
 */
struct app_tally_rebuilt {
	uint64_t counted; /* records */
	uint64_t unreadable; /* rows that were taken away, with what had no record */
};
int app_tally_rebuild(const char *store, const char *stream, bool forget,
    struct app_tally_rebuilt *done, struct err *e);

#endif
