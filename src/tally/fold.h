/*
 * tally: cells of few subjects, once the detail under them is gone.
 *
 * As long as records are kept, a cell of one person says no more than they do.
 * When they are pruned it must not be what is left of that person: such cells
 * go into "other" for good, so that sums stay what they were (ADR 30).
 */
#ifndef CRETULA_TALLY_FOLD_H
#define CRETULA_TALLY_FOLD_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * In STORE/stats.db (path), of the stream: of each hour, day, week and month that is over
 * at until_us, the cells of fewer than k subjects (or of a number that is not known) become part
 * of "other"; what named them, and who was seen in them, is overwritten in the file.  Everything
 * of a period (TALLY_ALL) and the steps of latency stay, for they name nothing.
 *
 * Doing it again does nothing.  folded: how many cells went.  A stream that was
 * never counted has none.  0, or -1 with e: ERR_INPUT: there is no such file; ERR_FINDING: it is
 * none; ERR_BUSY: others held it for more than 5 s: all is as it was, or (a reader) copies are
 * left that SQLite made.
 */
struct tally_folding {
	const char *stream;
	int64_t until_us;
	unsigned k; /* at most 20: more are not told apart; not of tally_expire */
	bool has_behind;
	int64_t behind_us; /* only what begins behind the period that it is in; fold only */
};
int tally_fold(const char *path, const struct tally_folding *how, uint64_t *folded, struct err *e);

/*
 * All that was counted of periods that are over at the beginning of the day that until_us is in
 * goes, small or not, and what was put aside of them (freeze.h).  rows: how many did.  Of these
 * days nothing is shown any more, whatever comes.  As tally_fold otherwise.
 */
int tally_expire(const char *path, const struct tally_folding *how, uint64_t *rows, struct err *e);

#endif
