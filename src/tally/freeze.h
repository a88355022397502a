/*
 * tally: what may have been shown of days that are over stays what is shown.
 *
 * Who takes an answer of after an erasure from one of before it has the numbers
 * of whoever was erased.  So before counts become fewer, those that roles
 * below developers are answered from are put aside, once for each day; from then on
 * their answers are made of these (tally_window.released).
 */
#ifndef CRETULA_TALLY_FREEZE_H
#define CRETULA_TALLY_FREEZE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

struct err;

/*
 * In STORE/stats.db (path), of each day of the stream that is over at over_us, has k
 * subjects and is not put aside: everything of the day, its cells of k subjects, and
 * its hours, those of fewer than k joined to others as they are shown (ADR 30).  No number
 * of fewer than k subjects is put aside.
 *
 * running: also the hours of the day that over_us is in.  Of that day, and of later ones, nothing
 * else is shown any more, as what comes would have to be taken from what was erased; unless
 * nothing is counted of them yet.
 * 0, or -1 with e and nothing done: as tally_fold.
 */
struct tally_freezing {
	const char *stream;
	int64_t over_us;
	bool running;
	unsigned k;
};
int tally_freeze(const char *path, const struct tally_freezing *how, struct err *e);

/*
 * Within a transaction of db, one day: what may have been shown of it, if it is that of over_us
 * its hours before that.  1: it is put aside, now or before; 0: nothing of it was shown; -1.
 */
int tally_freeze_day(sqlite3 *db, const struct tally_freezing *how, int64_t day, struct err *e);
/* Likewise: nothing of it is shown. */
int tally_freeze_hide(sqlite3 *db, const struct tally_freezing *how, int64_t day, struct err *e);

#endif
