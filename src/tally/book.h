/*
 * tally: STORE/stats.db, of one stream, for writing.
 *
 * Batches are added in the order of the stream.  What they add up to is kept
 * in fixed memory and written at commits, or before where it does not
 * fit; it counts with the commit, together with how far the stream is counted.
 * One thread at a time; calls SQLite, and so an allocator.
 */
#ifndef CRETULA_TALLY_BOOK_H
#define CRETULA_TALLY_BOOK_H

#include "tally/batch.h"

struct err;
struct tally_book;

/*
 * Open or make path.  origin: what tells keys of an import from others of the
 * same epochs (a commitment), NULL: live keys.  Errors as tally_db_open:
 * ERR_FINDING is mended by tally_book_discard.
 */
int tally_book_open(const char *path, const char *stream, const unsigned char *origin,
    struct tally_book **book, struct err *e);
void tally_book_close(struct tally_book *book); /* what is not committed is lost; NULL is legal */

/* Remove a stats.db that is none, with its log. */
int tally_book_discard(const char *path, struct err *e);

/* So far the stream is counted: all segments below segment, and records of that one. */
void tally_book_reach(const struct tally_book *book, uint64_t *segment, uint64_t *records);

/* Add what a batch holds: of a full one, its records up to where it was full. */
int tally_book_add(struct tally_book *book, struct tally_batch *b, struct err *e);

/*
 * Add the line, without LF, of the n-th (from 0) of those records that a full
 * batch, added before, does not hold.
 */
int tally_book_late(struct tally_book *book, const struct tally_batch *b, uint64_t n,
    struct span line, struct err *e);

/* Add a line, without LF, of what is counted again: who it was is not known. */
int tally_book_line(struct tally_book *book, struct span line, struct err *e);

/*
 * Write all, with how far it goes now.  ERR_BUSY: another process writes, or
 * has written this stream; what was added since the last commit is lost, and
 * the reach is what the file says.
 */
int tally_book_commit(struct tally_book *book, uint64_t segment, uint64_t records, struct err *e);

/* Give up what was added since the last commit. */
void tally_book_rollback(struct tally_book *book);

/*
 * Begin again: what comes from records is removed, as part of the next
 * commit.  What was kept apart stays, and who was seen; samples: whom no
 * record names is not known, so those of the public stay or go as a whole.  If they stay, the
 * day that is shown in part is hidden until tally_book_tidy; others are put aside before.
 */
int tally_book_restart(struct tally_book *book, bool samples, struct err *e);
/*
 * Before that: rows that nobody could read or add to go, with what was kept apart in them.
 * gone: how many, in addition.
 */
int tally_book_mend(struct tally_book *book, uint64_t *gone, struct err *e);
/* Is there a path, referer or host among what was kept apart? */
int tally_book_keeps(struct tally_book *book, bool *words, struct err *e);
/*
 * Commit, and say that what is counted is in doubt (segment 0), as long as records go; whoever
 * finds it so, and is not the one who said it, begins again.
 */
int tally_book_doubt(struct tally_book *book, struct err *e);
/*
 * Has something begun again, or become less, without a tidy or anew behind it?  Who died between
 * owes it: of values that only records had that are gone something stays until then.
 */
int tally_book_owes(struct tally_book *book, bool *owes, struct err *e);
/* The file is written anew: of what was there before no copy stays. */
int tally_book_anew(struct tally_book *book, struct err *e);
/*
 * After tally_book_restart, and all of it: the same, and what was counted only of records that
 * are gone goes.
 */
int tally_book_tidy(struct tally_book *book, struct err *e);

/* ---- what was shown ---- */

/*
 * From here on what comes into hours that roles below developers may have been shown does not
 * change what they are answered (docs/adr/0050).  Days of which nobody was shown anything
 * may be filled until the first tally_book_show; they are hidden until then.
 */
struct tally_guard {
	bool import; /* a record counts in the hour that it says, and its day is put aside */
	unsigned k; /* as of tally_freezing */
	int64_t still_hour; /* hours before this one are shown if nothing came for so long */
};
int tally_book_guard(struct tally_book *book, const struct tally_guard *guard, struct err *e);
bool tally_book_guarded(const struct tally_book *book);
/* Is any record of it counted in another hour than its own?  Of one that is guarded. */
bool tally_book_moved(const struct tally_book *book);
/* What is counted again does not come late. */
void tally_book_unguard(struct tally_book *book);
/*
 * With the next commit all hours before this one, and before those that were, are shown.  false:
 * they are.
 */
bool tally_book_show(struct tally_book *book, int64_t hour);
/* The newest hour of what was added since this was called; false: nothing was. */
bool tally_book_newest(struct tally_book *book, int64_t *hour);
/* So many requests came too late: only developers are told of them. */
uint64_t tally_book_kept_back(const struct tally_book *book);
/* The last hour before that one of what was committed.  1; 0: there is none; -1. */
int tally_book_last(struct tally_book *book, int64_t before, int64_t *hour, struct err *e);

/* ---- keys that are gone ---- */

/*
 * The keys of the epochs that keep says no to (index: key/epoch.h) are
 * destroyed: hashes and registers of subjects are overwritten, numbers stay.
 * With an origin: of that import, whatever their epochs.
 */
typedef bool (*tally_keep)(void *arg, enum key_period period, int64_t index);
int tally_book_forget(struct tally_book *book, tally_keep keep, void *arg, struct err *e);
int tally_book_forget_import(struct tally_book *book, const unsigned char *origin, struct err *e);

#endif
