/*
 * tally: what was counted of records that go is taken back, so that what is left is what a count
 * of all that is left would come to.
 *
 * Sums become smaller.  Only where a period had more values of a dimension than are kept can
 * others come first now; those that stay are looked at, from the beginning of the period,
 * until it is known, and where it is so the dimension is counted again.
 *
 *	open; take each line that goes; taken
 *	while asks: stays each line that stays, in the order of the stream; looked
 *	while asks: the same once more; counted
 *	tally_book_commit
 *
 * All is in one transaction of the book, which nothing else may be added to meanwhile.  -1
 * with e: for tally_book_rollback, and then only a count of all segments helps; ERR_FINDING also
 * if less is counted than goes.
 */
#ifndef CRETULA_TALLY_LESS_LESS_H
#define CRETULA_TALLY_LESS_LESS_H

#include <stdbool.h>

#include "tally/book.h"

struct tally_less;

int tally_less_open(struct tally_book *book, struct tally_less **less, struct err *e);
void tally_less_close(struct tally_less *less); /* NULL is legal */

/* A line, without LF, of a record that was counted, and goes. */
int tally_less_take(struct tally_less *less, struct span line, struct err *e);
/* These were all.  Samples of the public go as a whole, as of tally_book_restart. */
int tally_less_taken(struct tally_less *less, struct err *e);

/* Must records between these times, both included, be given to stays? */
bool tally_less_asks(const struct tally_less *less, int64_t first_us, int64_t last_us);
/* One that stays; of another time it does nothing. */
int tally_less_stays(struct tally_less *less, struct span line, struct err *e);
int tally_less_looked(struct tally_less *less, struct err *e);
/* Behind the commit tally_book_anew is owed. */
int tally_less_counted(struct tally_less *less, struct err *e);

#endif
