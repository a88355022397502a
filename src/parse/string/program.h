/* string, inside: the compiled program, and what makes it. */
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

enum string_escape { STRING_ESCAPE_HEX, STRING_ESCAPE_JSON, STRING_ESCAPE_NONE };

struct string_field {
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

/* ---- compiling ---- */

/* A format string without quotes of the file it comes from. */
struct string_source {
	size_t len, at; /* at: the next byte to read */
	uint16_t column[PARSE_STRING_BYTES + 1];
	char text[PARSE_STRING_BYTES + 1]; /* and a NUL */
	bool escape_named;
	enum string_escape escape;
};

struct string_builder {
	struct string_source source;
	struct parse_string *string;
	struct err *e;
	size_t last_at; /* of the last field's directive */
	size_t last_len;
	size_t literal; /* bytes of text since the last field */
};

/* paste.c: text as the format string itself.  0 or -1. */
int parse_string_paste(struct span text, enum parse_string_dialect dialect,
    struct string_source *source, struct err *e);

/* The bytes of text, kept; its len is 0 if there is no room. */
struct span parse_string_keep(struct parse_string *string, struct span text);

/* Text between fields.  0 or -1. */
int parse_string_literal(struct string_builder *b, const char *bytes, size_t len);

/* A field whose directive is the source's [at, source.at).  0 or -1. */
int parse_string_add(struct string_builder *b, size_t at, struct string_field field);

/* An error at byte at of the source: "what '%z' at column 4: why".  -1. */
int parse_string_bad(struct string_builder *b, size_t at, size_t end, const char *why);

/* What a variable, header or cookie of that name is; table.c. */
struct string_field parse_string_variable(struct span name);
struct string_field parse_string_header(struct span name, bool response);
struct string_field parse_string_cookie(struct span name);
/* One that nobody knows, with a key made of prefix and name. */
int parse_string_name(struct string_builder *b, struct string_field *field, const char *prefix,
    struct span name);

/* fields.c: the columns of W3C logs. */
bool parse_string_is_fields(struct span text);
int parse_string_fields(struct parse_string *string, struct span text, struct err *e);

/* One each: the whole source.  0 or -1. */
int parse_string_nginx(struct string_builder *b);
int parse_string_apache(struct string_builder *b);
int parse_string_log4j(struct string_builder *b);

/* ---- running ---- */

parse_line_function parse_string_line;

/* fill.c: values into the event.  differs: bit per field that is not sure. */
enum parse_result parse_string_fill(const struct parse_state *state, const struct span *value,
    uint64_t differs, char *scratch, struct event *ev);

/* log4j: a record goes on until a line that begins one. */
parse_piece_function parse_string_piece;

/* Does the value look as its field must? */
bool parse_string_fits(const struct string_field *field, struct span value);

#endif
