/* parse: which format a text is in, and what its lines are wrapped in. */
#ifndef CRETULA_PARSE_DETECT_H
#define CRETULA_PARSE_DETECT_H

#include "parse/parse.h"

#define PARSE_DETECT_LINES 200
#define PARSE_DETECT_FITS_MAX 64

struct parse_evidence {
	const struct parse_format *format; /* the choice; NULL if none or a tie */
	enum parse_envelope envelope[PARSE_ENVELOPES_MAX]; /* that its lines are in */
	struct {
		const struct parse_format *format;
		unsigned parsed, partial; /* of records */
		unsigned records; /* lines, or what the format takes for one */
	} fits[PARSE_DETECT_FITS_MAX];
	unsigned fit_count;            /* best first */
	unsigned lines;                /* non-meta lines looked at */
	int64_t first_time_us;         /* of the first event in the chosen format */
	bool has_time;
};

/*
 * Decide on the first PARSE_DETECT_LINES lines of head.  A more specific
 * format wins over one whose lines it extends (combined over common); two
 * that fit equally and say different things are a tie.  scratch as above.
 */
void parse_detect(struct span head, char *scratch, struct parse_evidence *evidence);

/* How the named format fits; format is NULL if half of it does not. */
void parse_detect_named(struct span head, char *scratch, const struct parser *parser,
    struct parse_evidence *evidence);

/*
 * The format is named: fill in parser's envelopes by what head is wrapped in.
 * false: it reads nothing of head, so that this tells nothing.
 */
bool parse_detect_envelope(struct span head, char *scratch, struct parser *parser);

/* How much it says for format that it reads a line so. */
unsigned parse_detect_points(
    const struct parse_format *format, enum parse_result result, const struct event *ev);

/* "UTF-16LE", as iconv calls it, if that is what head begins; NULL: it is bytes. */
const char *parse_detect_wide(struct span head);

#endif
