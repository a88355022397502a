/*
 * parse: records of several lines, and containers of several records.
 *
 * Whoever reads a stream cuts it between pieces (parse_whole) and takes the
 * pieces of what he has one by one.
 */
#ifndef CRETULA_PARSE_PIECE_H
#define CRETULA_PARSE_PIECE_H

#include "parse/parse.h"

#define PARSE_PIECE_DEPTH 64 /* of JSON; what is deeper ends with its line */

/* May there be items?  Without a format: yes. */
bool parse_has_items(const struct parser *parser);

/*
 * How many of these bytes, the beginning of a long line, are whole items of a
 * container, with what stands around them.  Without a format: of any.
 */
size_t parse_whole_items(const struct parser *parser, struct span bytes);

/*
 * Of a stream with pieces: how many of these bytes are whole pieces, at most
 * count records in them.  With last nothing follows, and so every piece is whole.
 */
size_t parse_whole(const struct parser *parser, struct span bytes, size_t count, bool last);

/* What of a line of a stream tells whether the next one of the same stream goes on with it. */
struct parse_part {
	struct span stream;
	bool part; /* it does */
};
/* False: line is no such line. */
typedef bool parse_part_function(struct span line, struct parse_part *part);

/*
 * Lines of which parts go on until no stream has one open; a piece that is
 * mixed has parts of two.
 */
void parse_piece_parts(parse_part_function *read, struct span rest, struct parse_piece *piece);

/* Records of a mixed piece, one by one, in the order in which they end. */
struct parse_group {
	parse_part_function *read;
	struct span bytes, name[2];
	size_t at, start[2];
	unsigned lines[2]; /* of the record that is open; 0: none is */
};
void parse_group_begin(const struct parser *parser, struct span bytes, struct parse_group *group);
/* text reaches from its first line to its last; line ends are its own.  False: no more. */
bool parse_group_next(struct parse_group *group, struct parse_piece *piece);

/* The record that the first len bytes of rest are, with its line end or without. */
void parse_piece_record(struct span rest, size_t len, bool open, struct parse_piece *piece);

/* A line, and those behind it of which continues is true (they come without LF). */
void parse_piece_lines(struct span rest, bool (*continues)(const void *arg, struct span line),
    const void *arg, struct parse_piece *piece);

/*
 * Line ends within double quotes are none (RFC 4180).  Who writes CSV escapes
 * quotes: one that stands where none can shows a record that was cut, which
 * ends at the next line that begins with a time, or with its first line.
 */
parse_piece_function parse_piece_quoted;

/*
 * JSON objects, each a record, on one line or on many; of {"NAME":[...]},
 * where NAME is one of names (ended by NULL), and of [...] each item is one.
 * All other lines are records as they are.
 */
void parse_piece_json(
    const char *const *names, struct span rest, struct parse_piece *piece);

/* An item of a container, of which not all is there: how far it was looked through. */
struct parse_beyond {
	unsigned depth;
	bool string, escaped; /* within one; behind a backslash */
	bool line_begins;     /* behind a line end */
	bool broken;          /* it ends with its line */
};

/*
 * Do these bytes, which begin where a piece does, begin with an item that ends
 * behind them?  *start: where; *value: where, behind its sign, parse_beyond
 * begins to look for its end.  Without a format: with one of any.
 */
bool parse_beyond_begin(const struct parser *parser, struct span bytes,
    struct parse_beyond *beyond, size_t *start, size_t *value);

/* The next bytes.  True: the item ends with *len of them (0 too). */
bool parse_beyond(struct parse_beyond *beyond, struct span bytes, size_t *len);

/* The beginning of such an item, and a line end that is not its own, as a piece. */
void parse_piece_cut(struct span rest, struct parse_piece *piece);

#endif
