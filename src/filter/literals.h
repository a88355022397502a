/*
 * filter: texts of which the line of a record has one, if a condition means the record.
 *
 * A record is written in one way only (record.h), so that what is asked for by ==, and by parts of
 * texts, stands in the line as it is.  Whoever looks for few records among many looks for these,
 * and reads what has one.
 */
#ifndef CRETULA_FILTER_LITERALS_H
#define CRETULA_FILTER_LITERALS_H

#include <stdbool.h>

#include "filter/filter.h"

#define FILTER_LITERALS_MAX 32
#define FILTER_LITERAL_BYTES 256 /* of a longer one the front is enough */
#define FILTER_LITERAL_LEAST 4 /* a shorter one is nearly everywhere */

struct filter_term;

struct filter_literal {
	size_t len;
	char bytes[FILTER_LITERAL_BYTES];
	const struct filter_term *number; /* one follows, for which this holds; NULL */
};

struct filter_literals {
	size_t count;
	struct span text[FILTER_LITERALS_MAX]; /* of list */
	struct filter_literal list[FILTER_LITERALS_MAX];
};

/* false: lines without any may be meant, too.  l is not copied, and filter outlives it. */
bool filter_literals_make(struct filter_literals *l, const struct filter *filter);

/*
 * from: a line from one of its literals on.  May it be meant, as far as this place tells?  Some
 * other may say so where this one does not.
 */
bool filter_literals_stand(const struct filter_literals *l, struct span from);

#endif
