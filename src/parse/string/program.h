/* string, inside: the compiled program, and what runs it. */
#ifndef CRETULA_PARSE_STRING_PROGRAM_H
#define CRETULA_PARSE_STRING_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "parse/event.h"
#include "parse/parse.h"
#include "parse/string/string.h"

#define STRING_OPS_MAX 64
#define STRING_KEY_MAX 40

/* How a value may look: it decides where it ends. */
enum string_shape {
	STRING_FREE,    /* anything that the server's escaping lets through */
	STRING_TOKEN,   /* without blanks and bare quotes */
	STRING_NUMBER,  /* one, which may have a fraction, or "-" */
	STRING_NUMBERS, /* with ", " or " : " between them */
	STRING_LIST,    /* the same of tokens */
	STRING_CLF,     /* 24/Nov/2025:10:11:12 +0000 */
	STRING_DATE     /* as date of the field says */
};

enum string_as {
	STRING_AS_TEXT,   /* to: enum event_text */
	STRING_AS_NUMBER, /* to: enum event_number; unit */
	STRING_AS_TIME,
	STRING_AS_EXTRA,  /* to: enum event_extra_kind; unit of numbers */
	STRING_AS_HEADER, /* to: row of headers.def, of the request */
	STRING_AS_ANSWER, /* the same, of the response */
	STRING_AS_REQUEST,
	STRING_AS_PATH,
	STRING_AS_QUERY
};

/* How the end of a value is found in an ordinary line; quick.c. */
enum string_end {
	STRING_END_LINE,   /* with the line */
	STRING_END_TOKEN,  /* at the next blank or quote */
	STRING_END_NUMBER, /* behind its last digit */
	STRING_END_CLF,
	STRING_END_DATE,
	STRING_END_CLOSED, /* at the next byte that is the first of the text behind */
	STRING_END_OPEN,   /* at the text behind, if that stands nowhere else */
	STRING_END_LIST    /* so, or at the next blank if no list goes on behind it */
};

enum string_escape { STRING_ESCAPE_HEX, STRING_ESCAPE_JSON, STRING_ESCAPE_NONE };

struct string_field {
	/* ---- what quick.c and fill.c go by, made of the rest ---- */
	uint64_t word, mask; /* after, as eight bytes are read; mask 0: it is none so short */
	uint8_t end;         /* enum string_end */
	uint8_t bit;         /* enum parse_bit of after's first byte; COUNT: it is another */
	bool look;           /* not all of it was looked at when its end was found */
	uint8_t does, does_to; /* as and to; but a header that is a text is a text */

	/* ---- what the format string says ---- */
	enum string_as as;
	enum string_shape shape;
	uint8_t to, unit;
	uint16_t rank;     /* of two that mean the same the lower one counts */
	bool pad;          /* blanks around it are none of it */
	bool closed;       /* the text behind cannot begin within the value */
	bool utc;          /* a time without a zone is UTC, the layout says */
	bool keep;         /* the text behind is where the next value begins */
	struct span key;   /* of extra */
	struct span date;  /* date.h */
	struct span after; /* the text behind; empty in the last one only */
	struct span directive;
	unsigned column;   /* of it in the format string, from 1 */
};

struct parse_string {
	const struct parse_format *format;
	parse_line_function *clf; /* it is a preset, written out; else NULL */
	struct span columns; /* it is a #Fields line; else empty */
	enum string_escape escape;
	bool first_wins; /* of several ways to read a line the first counts */
	struct span first; /* the text in front of all fields */
	unsigned count;
	struct string_field field[STRING_OPS_MAX];
	uint8_t order[STRING_OPS_MAX]; /* by rank */
	size_t used;
	char bytes[4 * PARSE_STRING_BYTES]; /* what the spans above are of */
};

/* quick.c: what of the fields it goes by.  They are whole. */
void parse_string_prepare(struct parse_string *string);

/* Of a line, one a field. */
struct string_values {
	struct span value[STRING_OPS_MAX];
	int64_t number[STRING_OPS_MAX]; /* what it is, or the time in us, where numbers says */
	uint64_t numbers; /* bit per field that has one */
	uint64_t differs; /* bit per field that is not sure */
	bool escapes;     /* a backslash may be in one */
};

/* Quick where it can be, careful elsewhere. */
parse_line_function parse_string_line;

/* quick.c: the ordinary line.  False: ask the careful one; values hold nothing. */
bool parse_string_quick(
    const struct parse_string *string, struct span line, struct string_values *values);

parse_line_function parse_string_careful;

/* fill.c: values into the event. */
enum parse_result parse_string_fill(const struct parse_state *state,
    const struct string_values *values, char *scratch, struct event *ev);

/* log4j: a record goes on until a line that begins one. */
parse_piece_function parse_string_piece;

/* Does the value look as its field must? */
bool parse_string_fits(const struct string_field *field, struct span value);

#endif
