/*
 * parse: the W3C extended log file format, as IIS and CloudFront write it.
 *
 * A "#Fields:" line names the columns of those behind it; it may come again.
 */
#ifndef CRETULA_PARSE_W3C_H
#define CRETULA_PARSE_W3C_H

#include "parse/parse.h"

#define PARSE_W3C_CONTEXT "#Fields:"

parse_line_function parse_w3c, parse_w3c_cloudfront;

/* What a column is, by its name. */
enum parse_w3c_kind {
	PARSE_W3C_TEXT,     /* as it is: enum event_text */
	PARSE_W3C_WORDS,    /* blanks in it were replaced: enum event_text */
	PARSE_W3C_FALLBACK, /* text, unless another column was it; then extra */
	PARSE_W3C_NUMBER,   /* enum event_number */
	PARSE_W3C_STATUS,
	PARSE_W3C_TAKEN,    /* EVENT_DURATION_US, in the unit of the dialect */
	PARSE_W3C_TAKEN_MS,
	PARSE_W3C_PEER_PORT,
	PARSE_W3C_COUNT,    /* a number of extra */
	PARSE_W3C_SECONDS,  /* the same, kept in microseconds */
	PARSE_W3C_EXTRA,    /* enum event_extra_kind */
	PARSE_W3C_DATE, PARSE_W3C_TIME, /* UTC */
	PARSE_W3C_DATE_LOCAL, PARSE_W3C_TIME_LOCAL,
	PARSE_W3C_STEM, PARSE_W3C_QUERY
};

struct parse_w3c_column {
	const char *name; /* small letters */
	enum parse_w3c_kind kind;
	int to;
	const char *key; /* in extra */
};

/* Rows sorted by name. */
extern const struct parse_w3c_column parse_w3c_columns[];

/* Read the rest of a "#Fields:" line. */
void parse_w3c_fields(struct span names, struct parse_columns *columns);

#endif
