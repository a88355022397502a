/*
 * parse: a line becomes an event.
 *
 * A format is a row of one table (format.c); adding one is adding a row, a
 * corpus test and a fuzz seed.
 */
#ifndef CRETULA_PARSE_PARSE_H
#define CRETULA_PARSE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "parse/columns.h"
#include "parse/json/table.h"

struct err;
struct event;
struct parse_string;

enum parse_result {
	PARSE_EVENT,    /* whole */
	PARSE_PARTIAL,  /* an event of which some field is bad (bad_text) */
	PARSE_UNPARSED, /* no event; reason says why */
	PARSE_META      /* blank line, comment, container */
};

/* Why a line is unparsed: a closed list (parse/reasons.def), shown by stats. */
enum parse_reason {
#define REASON(id, name, help) PARSE_REASON_##id,
#include "parse/reasons.def"
#undef REASON
	PARSE_REASON_COUNT
};
extern const char *const parse_reason_names[PARSE_REASON_COUNT];

struct parse_outer;
struct parse_state;

/* Arguments as parse_line, which has removed a CR and sorted out blank lines. */
typedef enum parse_result parse_line_function(struct parse_state *state, struct span line,
    char *scratch, struct event *ev, enum parse_reason *reason);

enum parse_piece_kind {
	PARSE_PIECE_RECORD, /* a line, or several */
	PARSE_PIECE_ITEM,   /* an event of a container */
	PARSE_PIECE_FRAME   /* what stands around items */
};

struct parse_piece {
	enum parse_piece_kind kind;
	struct span text;   /* what to parse */
	size_t len;         /* bytes from the first to the next piece; never 0 */
	unsigned line_ends; /* among them */
	bool open;          /* more bytes might belong to it */
	bool head;          /* what it is shows in the piece behind it: not to be cut off */
	bool mixed;         /* several records, between each other's lines (parse_group_next) */
};

struct parser;

/* The first piece of rest, which is not empty and begins where a piece does. */
typedef void parse_piece_function(
    const struct parser *parser, struct span rest, struct parse_piece *piece);

/* How sure a line that fits makes of its format. */
enum parse_fit {
	PARSE_FIT_OWN,     /* hardly anything else looks so */
	PARSE_FIT_TYPED,   /* of type log much does; of another, nothing else */
	PARSE_FIT_GENERIC, /* much does: only where no other fits */
	PARSE_FIT_NAMED    /* everything does: guessed only in an envelope */
};

struct parse_format {
	const char *name;          /* "nginx-combined" */
	const char *aliases, *help; /* aliases: blank-separated, or "" */
	const char *sample;  /* a record, for help and tests; no real data */
	parse_line_function *line;
	parse_piece_function *piece; /* NULL: a line is a record */
	const char *context; /* lines that begin so say how to read the next; NULL: none do */
	enum parse_fit fit;
	bool members; /* named ones, which a map may say the meaning of */
	bool items; /* pieces may be those of a container: parse_piece_json */
};

/* Rows sorted by name; "auto" is none of them. */
extern const struct parse_format parse_formats[];
extern const size_t parse_format_count;

/* By name or alias; NULL if there is none. */
const struct parse_format *parse_format_find(struct span name);

#define PARSE_LINE_MAX 65536 /* default of limits.line */
#define PARSE_ITEM_MAX (4 * PARSE_LINE_MAX) /* of an event in a container */
#define PARSE_SCRATCH_BYTES (3 * PARSE_LINE_MAX) /* of envelopes; twice of what is in them */

/* What a line may be wrapped in. */
enum parse_envelope {
	PARSE_ENVELOPE_NONE,
	PARSE_ENVELOPE_CRI,
	PARSE_ENVELOPE_DOCKER, /* json-file */
	PARSE_ENVELOPE_JOURNAL,
	PARSE_ENVELOPE_SYSLOG,
	PARSE_ENVELOPE_COUNT
};
#define PARSE_ENVELOPES_MAX 3

/* "syslog" */
const char *parse_envelope_name(enum parse_envelope envelope);

/* A format put to use.  Filled in by the caller, shared by threads, never changed. */
struct parser {
	const struct parse_format *format;
	const struct parse_json_map *map; /* of JSON members; NULL: none */
	enum parse_envelope envelope[PARSE_ENVELOPES_MAX]; /* the outermost first */
	const struct parse_zone *zone; /* of times that name none; NULL: UTC, and it is said */
	bool whole; /* what comes was cut before: all of it is one record */
	const struct parse_string *string; /* of a format string; NULL: it is none */
};

/* What one thread reads lines of one stream with. */
struct parse_state {
	const struct parser *parser;
	parse_piece_function *pieces; /* parse_pieces(parser) */
	int64_t now_us; /* about when the lines were written: times may name no year */
	struct parse_json_table json;
	const struct parse_outer *outer; /* of the line at hand; NULL: it has no envelope */
	struct parse_columns columns[2]; /* an event borrows names of those before last */
	unsigned columns_at; /* which of them is in force */
};

/* Start, or start anew.  parser outlives state. */
void parse_begin(struct parse_state *state, const struct parser *parser, int64_t now_us);

/*
 * Parse one line (no LF; a trailing CR is removed here).  Lines come in their
 * order: some say how to read the next.  scratch has room for
 * PARSE_SCRATCH_BYTES (unescaped texts); ev borrows line and scratch.  Lines over
 * PARSE_LINE_MAX are unparsed with reason too_long.  Any bytes are legal.
 */
enum parse_result parse_line(struct parse_state *state, struct span line, char *scratch,
    struct event *ev, enum parse_reason *reason);

/* The same for an item of a container, which may be as long as PARSE_ITEM_MAX. */
parse_line_function parse_item;

/* How to cut a stream into what is read as one; NULL: at line ends. */
parse_piece_function *parse_pieces(const struct parser *parser);

#endif
