/*
 * filter: which records a condition means.
 *
 * FIELD OP LITERAL, joined by && and ||, with ! and parentheses (design.md
 * 8): what `view --where`, `subject rescrub` and the detail rules of a stream
 * say.
 */
#ifndef CRETULA_FILTER_FILTER_H
#define CRETULA_FILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/record.h"

struct err;
struct filter; /* immutable once compiled */

/*
 * == != < <= > >= on any field (numbers by value, time as RFC 3339), ^= and
 * ~= (prefix, contains) on texts; && binds tighter than ||, ! tighter than
 * both.  Literals: "text", number, bare word.  At most 32 terms, 16 deep.
 * Lists, flags and extra match if any element does; != and ! are the contrary,
 * so that a record without the field matches them and nothing else.  A record
 * without a state is "parsed".  Errors: ERR_USAGE, "column N: what", without
 * the literal.
 */
int filter_compile(const char *text, struct filter **filter, struct err *e);
void filter_free(struct filter *filter); /* NULL is legal */
bool filter_match(const struct filter *filter, const struct record *r);

/* The fields that it asks for: bit per enum record_field. */
uint64_t filter_fields(const struct filter *filter);

/* Add two lines to out: text, and a caret under the column that e names. */
void filter_caret(const char *text, const struct err *e, struct buf *out);

/*
 * Add text, which compiles, with a ? for each literal that is no token: what
 * an access record keeps of it.
 */
void filter_template(const char *text, struct buf *out);

#endif
