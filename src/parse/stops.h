/* parse: where the lines stop that a format string does not read. */
#ifndef CRETULA_PARSE_STOPS_H
#define CRETULA_PARSE_STOPS_H

#include "parse/parse.h"
#include "parse/string/string.h"

struct parse_stops {
	unsigned lines; /* that are not read, of the first ones */
	unsigned here;  /* of them at the directive where most do; 0: all are read */
	unsigned line;  /* the first of those, from 1 */
	struct parse_string_stop stop; /* of it */
};

/* The parser has a format string.  scratch as of parse_line. */
void parse_stops_find(
    const struct parser *parser, struct span head, char *scratch, struct parse_stops *stops);

#endif
