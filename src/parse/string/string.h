/*
 * parse: format strings, as servers are configured with them.
 *
 * nginx's log_format, Apache's LogFormat and the PatternLayout of log4j and
 * logback; or the #Fields line of a W3C log.  Compiled once into a list of
 * fields with the text that stands behind each; lines are read by it without
 * a copy.
 */
#ifndef CRETULA_PARSE_STRING_H
#define CRETULA_PARSE_STRING_H

#include "base/span.h"

struct err;
struct parse_format;
struct parse_string;

enum parse_string_dialect {
	PARSE_STRING_AUTO, /* see parse_string_guess */
	PARSE_STRING_NGINX,
	PARSE_STRING_APACHE,
	PARSE_STRING_LOG4J,
	PARSE_STRING_DIALECT_COUNT
};

extern const char *const parse_string_dialects[PARSE_STRING_DIALECT_COUNT];

#define PARSE_STRING_BYTES 4096 /* the longest format string */

/* By name; false if there is none of that name. */
bool parse_string_dialect(struct span name, enum parse_string_dialect *dialect);

/*
 * A pasted log_format or LogFormat says it; else '$' is nginx, and of those
 * with '%' it is log4j if something of it is none of Apache's, as %msg or %d.
 */
enum parse_string_dialect parse_string_guess(struct span text);

/*
 * Compile text, which may be the whole directive out of the server's file.  0;
 * or -1, and e names what is wrong and its column, from 1.  *made is of the
 * caller to free.
 */
int parse_string_compile(struct span text, enum parse_string_dialect dialect,
    struct parse_string **made, struct err *e);
void parse_string_free(struct parse_string *string); /* NULL is legal */

/* Where the reading of a line stops, and why.  It says nothing of what is in the line. */
struct parse_string_stop {
	struct span directive;
	unsigned column; /* of the directive in the format string, from 1 */
	struct span behind; /* the text that must follow its value */
	size_t at;       /* byte of the line where its value begins */
	const char *why;
};

/* True, and where, if string does not read line. */
bool parse_string_stops(
    const struct parse_string *string, struct span line, struct parse_string_stop *stop);

/* The #Fields line that it is, to be read before all others; empty: it is none. */
struct span parse_string_columns(const struct parse_string *string);

/* What a parser has as its format, beside the string itself. */
const struct parse_format *parse_string_format(const struct parse_string *string);

#endif
