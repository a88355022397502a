/*
 * tally, inside: what comes into hours that roles may have been shown (docs/adr/0050).
 *
 * Who takes an answer of after such a record from one of before it has what came between, be it
 * of a single subject.  So a record of an hour that was shown is counted in the first
 * hour of its day that was not; where the day is over, or it comes from an
 * import, the day is put aside first (freeze.h): its answers stay.
 */
#ifndef CRETULA_TALLY_OWN_LATE_H
#define CRETULA_TALLY_OWN_LATE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct tally_batch;
struct tally_book;

#define TALLY_FILLED 4096 /* days, one by one: eleven years of an import */

struct tally_late {
	bool on;
	bool fills; /* days that were not counted may still be: they are hidden meanwhile */
	bool import; /* its records have the hour that they say */
	unsigned k;
	int32_t shown; /* hours before this one may have been shown; none: INT32_MIN */
	int32_t shift_day; /* the day of shown, if records move within it; else none: INT32_MIN */
	int32_t until, moved; /* as the row says, or will (docs/format.md 23) */
	bool filling, changed; /* likewise; it is to be written */
	bool again; /* filling is of this book, which counts again */
	int32_t newest; /* hour of what came since it was asked for; none: INT32_MIN */
	int32_t day; /* the last one of which it was decided; none: INT32_MIN */
	bool put_aside; /* that one is, or is hidden */
	uint64_t kept_back; /* requests of such days */
	int32_t filled[TALLY_FILLED]; /* days that were empty, ascending */
	unsigned filled_count;
};

static inline int32_t
tally_late_day(int64_t hour)
{
	return ((int32_t)(hour >= 0 ? hour / 24 : -((23 - hour) / 24)));
}

/* Where what is of an hour is counted. */
static inline int32_t
tally_late_hour(const struct tally_late *late, int32_t hour)
{
	return (
	    hour >= late->shown || tally_late_day(hour) != late->shift_day ? hour : late->shown);
}

/* Off, as a book begins. */
void tally_late_clear(struct tally_late *late);
/* Before a batch is added: days that its records come late to are put aside, or hidden. */
int tally_late_meet(struct tally_book *book, const struct tally_batch *b, struct err *e);
/* The row, as part of a commit. */
int tally_late_write(struct tally_book *book, struct err *e);
/* What is counted again is hidden until tally_late_counted, which is part of a commit, too. */
int tally_late_again(struct tally_book *book, struct err *e);
int tally_late_counted(struct tally_book *book, struct err *e);
/* What was decided since the last commit is not. */
void tally_late_rollback(struct tally_book *book);

#endif
