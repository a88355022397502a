/*
 * parse: names of JSON members and what they mean, one table a format.
 *
 * A line is read into the rows that its names fit, then the rows fill the
 * event in the order of the table: of two that mean the same field the first
 * wins, the other becomes a member of extra.  A name that no row knows
 * becomes one as well, without its value.
 */
#ifndef CRETULA_PARSE_JSON_TABLE_H
#define CRETULA_PARSE_JSON_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "parse/json/map.h"

enum parse_json_as {
	PARSE_JSON_AS_TEXT,    /* to: enum event_text */
	PARSE_JSON_AS_LIST,    /* the same, of all items, with commas between */
	PARSE_JSON_AS_NUMBER,  /* to: enum event_number */
	PARSE_JSON_AS_TIME,
	PARSE_JSON_AS_EXTRA,   /* to: enum event_extra_kind */
	PARSE_JSON_AS_TREE,    /* the same, one for all that stands in it */
	PARSE_JSON_AS_OPTION,  /* to: enum parse_json_option */
	PARSE_JSON_AS_KNOWN,   /* if it is key, it says nothing; else as unknown */
	PARSE_JSON_AS_REST     /* part of another row: nothing by itself */
};

/* Of what a number is: powers of ten of it in a microsecond. */
enum parse_json_unit {
	PARSE_JSON_ONE, PARSE_JSON_NS, PARSE_JSON_US, PARSE_JSON_MS, PARSE_JSON_S,
	PARSE_JSON_FRACTION, /* seconds if it has a fraction, else nobody knows */
	PARSE_JSON_ALL       /* no number: an option of all items; a tree that rows are part of */
};

/* What several members make together, or one makes several of. */
enum parse_json_option {
	PARSE_JSON_REQUEST, /* a request line */
	PARSE_JSON_PATH,    /* of the target, without a query */
	PARSE_JSON_QUERY,
	PARSE_JSON_VERSION, /* of HTTP, "1.1" */
	PARSE_JSON_URL,     /* scheme, host and all */
	PARSE_JSON_FIRST,   /* first one that is the format's own */
	PARSE_JSON_OPTION_COUNT = PARSE_JSON_FIRST + 16
};

struct parse_json_name {
	struct span path;
	uint8_t as, to, unit;
	const char *key; /* of extra, if it is not path */
};

#define PARSE_JSON_TEXT(path, field) { SPAN(path), PARSE_JSON_AS_TEXT, EVENT_##field, 0, NULL }
#define PARSE_JSON_LIST(path, field) { SPAN(path), PARSE_JSON_AS_LIST, EVENT_##field, 0, NULL }
#define PARSE_JSON_NUMBER(path, field, unit) \
	{ SPAN(path), PARSE_JSON_AS_NUMBER, EVENT_##field, PARSE_JSON_##unit, NULL }
#define PARSE_JSON_TIME(path) { SPAN(path), PARSE_JSON_AS_TIME, 0, 0, NULL }
#define PARSE_JSON_EXTRA(path, kind, key) \
	{ SPAN(path), PARSE_JSON_AS_EXTRA, EVENT_EXTRA_##kind, 0, key }
#define PARSE_JSON_COUNT(path, unit, key) \
	{ SPAN(path), PARSE_JSON_AS_EXTRA, EVENT_EXTRA_NUMBER, PARSE_JSON_##unit, key }
#define PARSE_JSON_TREE(path, kind) \
	{ SPAN(path), PARSE_JSON_AS_TREE, EVENT_EXTRA_##kind, 0, NULL }
#define PARSE_JSON_OPTION(path, option) \
	{ SPAN(path), PARSE_JSON_AS_OPTION, PARSE_JSON_##option, 0, NULL }
#define PARSE_JSON_KNOWN(path, value) { SPAN(path), PARSE_JSON_AS_KNOWN, 0, 0, value }
#define PARSE_JSON_REST(path) { SPAN(path), PARSE_JSON_AS_REST, 0, 0, NULL }

#define PARSE_JSON_ROWS_MAX 576
#define PARSE_JSON_SLOTS 2048 /* a power of two, more than twice the rows */

struct parse_json_format;

/* The rows of one format, with the user's before them, to be found by name; built once. */
struct parse_json_table {
	const struct parse_json_format *format; /* NULL: not built */
	unsigned count;   /* of rows found by path; those of headers follow */
	bool trees;       /* some row is a tree */
	const struct parse_json_name *row[PARSE_JSON_ROWS_MAX];
	struct parse_json_name mapped[PARSE_JSON_MAP_MAX];
	uint16_t slot[PARSE_JSON_SLOTS]; /* row + 1 */
	bool own[PARSE_JSON_ROWS_MAX];
};

void parse_json_table_build(struct parse_json_table *table,
    const struct parse_json_format *format, const struct parse_json_map *map);

/* The row of path; or of the header of that name, in small letters.  -1: none. */
int parse_json_table_find(const struct parse_json_table *table, struct span path);
int parse_json_table_header(const struct parse_json_table *table, struct span name);

/* Names of headers, behind all other rows in their order; path is the name in small letters. */
extern const struct parse_json_name parse_json_headers[];
extern const unsigned parse_json_header_count;

#endif
