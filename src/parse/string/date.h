/*
 * string: times in a pattern: strftime's letters behind a '%', %N for a
 * fraction of any length, %f for three or six digits of it.
 */
#ifndef CRETULA_PARSE_STRING_DATE_H
#define CRETULA_PARSE_STRING_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Is every letter known?  *bad: offset of the first that is not. */
bool parse_string_date_check(struct span pattern, size_t *bad);

/*
 * text as pattern says, all of it; without a date the last such time before
 * now_us and half a day.  1; 0 if it names no zone, then it is as if UTC; -1.
 */
int parse_string_date_read(struct span pattern, struct span text, int64_t now_us, int64_t *t_us);

/* As far as text is as pattern says; 0 if it does not begin so. */
size_t parse_string_date_len(struct span pattern, struct span text);

#endif
