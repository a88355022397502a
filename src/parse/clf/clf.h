/*
 * parse: the common log format and what grew from it.
 *
 *	[vhost] client ident user [time] "request" status bytes ["referer" "agent"] ...
 *
 * One careful parser decides what a line says.  A quick one handles the
 * ordinary line; where it answers, it says the same (tests, fuzz_line.c).
 */
#ifndef CRETULA_PARSE_CLF_H
#define CRETULA_PARSE_CLF_H

#include "parse/clf/clf_quick.h"
#include "parse/parse.h"

/* The formats of the table. */
parse_line_function parse_clf_common, parse_clf_combined, parse_clf_vhost;

/* Quick where it can be, careful elsewhere.  Arguments as parse_line. */
enum parse_result parse_clf(const struct parse_clf *shape, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason);

enum parse_result parse_clf_careful(const struct parse_clf *shape, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason);

#endif
