/*
 * parse: what a line was wrapped in on its way, and what the wrapping says.
 *
 * An envelope has a time, a machine and a program of its own.  Where the
 * format has none of these, they are the event's.
 */
#ifndef CRETULA_PARSE_ENVELOPE_ENVELOPE_H
#define CRETULA_PARSE_ENVELOPE_ENVELOPE_H

#include "parse/event.h"
#include "parse/parse.h"
#include "parse/piece.h"

/* Empty where it says nothing.  Borrows from the line, or from scratch. */
struct parse_outer {
	bool has_time;
	int64_t time_us;
	struct span host, program, level, stream;
	unsigned more;    /* lines besides the one that is read */
	struct span data; /* of RFC 5424: "[id name="value" ...]..." */
};

struct parse_peel {
	struct span text; /* the line; then what was in it */
	int64_t now_us;   /* of times without a year */
	char *scratch;    /* moves behind what is written there */
	size_t room;
	struct parse_outer outer;
};

/* True: p is what is inside.  False: text is no such envelope, and p as it was. */
typedef bool parse_peel_function(struct parse_peel *p);

parse_peel_function parse_peel_cri, parse_peel_docker, parse_peel_journal, parse_peel_syslog;
parse_piece_function parse_piece_cri, parse_piece_docker, parse_piece_journal, parse_piece_syslog;

/* The pieces of the outermost envelope; NULL: lines. */
parse_piece_function *parse_envelope_piece(enum parse_envelope envelope);

/* Of an envelope that cuts lines into parts; NULL: it does not. */
parse_part_function parse_part_cri, parse_part_docker;
parse_part_function *parse_envelope_part(enum parse_envelope envelope);

/* Peel all that the parser knows of.  How many were there. */
unsigned parse_envelope_peel(const struct parser *parser, struct parse_peel *p);

/* Tell ev what only the envelopes say. */
void parse_envelope_fill(const struct parse_outer *outer, struct event *ev);

#endif
