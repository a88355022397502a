/*
 * parse: a walk over one JSON value of a log line (RFC 8259).
 *
 * One pass, no tree, no allocation: every leaf is handed out with the names
 * of all that it stands in, joined by dots, so that {"a":{"b":1}} and
 * {"a.b":1} are the same to whoever asks for a.b.  Items of arrays have the
 * name of the array and "[]".  Strict: what jansson refuses is refused, but
 * for numbers of any size, which stay text.
 */
#ifndef CRETULA_PARSE_JSON_JSON_H
#define CRETULA_PARSE_JSON_JSON_H

#include <stdbool.h>

#include "base/span.h"

#define PARSE_JSON_DEPTH_MAX 32
#define PARSE_JSON_PATH_BYTES 512

enum parse_json_type {
	PARSE_JSON_STRING, PARSE_JSON_NUMBER, PARSE_JSON_TRUE, PARSE_JSON_FALSE, PARSE_JSON_NULL,
	PARSE_JSON_EMPTY /* {} or [] */
};

struct parse_json_leaf {
	enum parse_json_type type;
	struct span path; /* until the next leaf; at most PARSE_JSON_PATH_BYTES, then cut */
	bool path_cut;    /* it was longer: no name that anybody can know */
	struct span text; /* of the value as it stands there, a string's without its quotes */
	bool escaped;     /* a string with a backslash in it */
};

/* Called for every leaf in order; false ends the walk. */
typedef bool (*parse_json_each)(void *arg, const struct parse_json_leaf *leaf);

enum parse_json_result {
	PARSE_JSON_OK,
	PARSE_JSON_STOPPED, /* each said so */
	PARSE_JSON_SYNTAX,  /* no JSON, or more than one value */
	PARSE_JSON_UTF8,    /* a string is no UTF-8 */
	PARSE_JSON_DEEP     /* more than PARSE_JSON_DEPTH_MAX levels */
};

/*
 * Walk text: exactly one value, blanks around it, a byte order mark before
 * it.  Leaves before a mistake were handed out.
 */
enum parse_json_result parse_json_walk(struct span text, parse_json_each each, void *arg);

/*
 * The same for lines of servers, which are not always JSON to the letter.
 * Strings may hold any bytes from 0x80 on.  A sloppy walk also takes \xHH,
 * and nothing or a lone '-' for a value: nginx writes that for an empty
 * variable.  enter may be NULL; if it says no, nothing in the container of
 * that name is handed out.
 */
struct parse_json_door {
	parse_json_each each;
	bool (*enter)(void *arg, struct span path);
	void *arg;
	bool sloppy;
	bool cut; /* out: the text ends where it must go on */
};
enum parse_json_result parse_json_walk_line(struct span text, struct parse_json_door *door);

/*
 * The bytes that a string of a leaf means, at *scratch, which is moved behind
 * them; there is room for as many bytes as text has.  *whole becomes false if
 * half of a surrogate pair stands alone (U+FFFD is written).  The backslash of
 * what is no escape, which only text has that no walk has read, stays.
 */
struct span parse_json_unescape(struct span text, char **scratch, bool *whole);

/* Are all count bytes digits of base 16? */
bool parse_json_is_hex(const char *at, size_t count);

#endif
