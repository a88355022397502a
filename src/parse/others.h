/*
 * parse: what lines are that their own format does not read.
 *
 * A file may hold lines of several formats.  Those that are not read are shown
 * to all other formats, some of them, so that a message can name the one that
 * they are in.
 */
#ifndef CRETULA_PARSE_OTHERS_H
#define CRETULA_PARSE_OTHERS_H

#include "parse/detect.h"

struct parse_others {
	uint32_t tried; /* lines */
	uint32_t read[PARSE_DETECT_FITS_MAX];   /* of them by each row of parse_formats */
	uint32_t points[PARSE_DETECT_FITS_MAX]; /* how sure it is of them */
};

/* As parse_line and parse_begin take them. */
struct parse_line_at {
	struct span line;
	char *scratch;
	int64_t now_us;
};

/* One more line, which parser does not read. */
void parse_others_try(const struct parser *parser, const struct parse_line_at *at,
    struct parse_others *others);

void parse_others_add(struct parse_others *to, const struct parse_others *more);

/* The format that a quarter of the lines tried are in, or more; NULL if there is none. */
const struct parse_format *parse_others_best(const struct parse_others *others, uint32_t *read);

#endif
