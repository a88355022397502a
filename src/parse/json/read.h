/* parse: an object on a line becomes an event, as a table of names says. */
#ifndef CRETULA_PARSE_JSON_READ_H
#define CRETULA_PARSE_JSON_READ_H

#include "parse/event.h"
#include "parse/json/json.h"
#include "parse/json/table.h"
#include "parse/parse.h"

struct parse_json_line;

struct parse_json_format {
	const struct parse_json_name *names;
	unsigned count;
	bool web;              /* after them, all of parse_json_web */
	const char *own;       /* paths that tell it from others, blank-separated */
	unsigned own_min;      /* so many of them must be there */
	const char *requests;  /* what stands before names of headers, blank-separated; or "" */
	const char *responses;
	bool sloppy;           /* parse_json_walk_line */
	bool guess;            /* a number that is none was not meant to be one */
	/* What hands out the leaves of a line; NULL: it is an object of JSON. */
	enum parse_json_result (*walk)(struct span line, struct parse_json_door *door);
	/* What the table cannot say; may be NULL. */
	void (*finish)(struct parse_json_line *line);
};

#define PARSE_JSON_WORDS ((PARSE_JSON_ROWS_MAX + 63) / 64)

/* Names that no row knows of members that say nothing: more are not remembered. */
#define PARSE_JSON_EMPTIES 8

struct parse_json_value {
	struct span text; /* unescaped */
	bool number;      /* no string */
	const char *end;  /* of the last of its items in the line */
};

/* The line at hand.  Of values those of rows in seen are filled. */
struct parse_json_line {
	const struct parse_json_format *format;
	const struct parse_json_table *table;
	struct event *ev;
	struct span line;
	char *scratch, *scratch_end;     /* for values: no more than the line has */
	char *keys, *keys_end;           /* for names, behind it */
	bool partial;
	unsigned own;
	size_t tree_len;  /* of the path of the tree that is walked; 0: of none */
	unsigned tree;    /* its row */
	uint64_t seen[PARSE_JSON_WORDS], twice[PARSE_JSON_WORDS];
	uint64_t empty[PARSE_JSON_WORDS]; /* rows whose member was there and said nothing */
	unsigned empties;                 /* members in empty_name */
	struct span empty_name[PARSE_JSON_EMPTIES];
	struct span option[PARSE_JSON_OPTION_COUNT]; /* len 0: not there */
	struct parse_json_value values[PARSE_JSON_ROWS_MAX];
};

/* A parse_line_function of a format. */
enum parse_result parse_json_read(const struct parse_json_format *format,
    struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason);

/* map.c: row of map as a table has them. */
void parse_json_map_row(
    const struct parse_json_map *map, unsigned row, struct parse_json_name *name);

/* fill.c: the rows that were seen into the event; type and all. */
void parse_json_fill(struct parse_json_line *line);

/* Is there room for len more bytes in scratch? */
static inline bool
parse_json_room(const struct parse_json_line *line, size_t len)
{
	return ((size_t)(line->scratch_end - line->scratch) >= len);
}

/* One more member of extra; counted if there is no room. */
void parse_json_extra(struct parse_json_line *line, struct event_extra extra);

/*
 * number.c: a decimal number, which may have a fraction, an exponent, or (in a
 * string, as Go prints durations) a unit behind it, in microseconds or as it
 * is.  False if it is none or too large.
 */
bool parse_json_number(struct span text, enum parse_json_unit unit, int64_t *value);
/* A list of them as nginx writes of upstreams: "0.1, 0.2 : -".  Their sum. */
bool parse_json_numbers(struct span text, enum parse_json_unit unit, int64_t *value);

#endif
