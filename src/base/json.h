/*
 * json: a writer for our own lines, and a strict reader for reading them back.
 *
 * Writer: fixed key order is the caller's, no blanks.  Reader: a cursor over
 * one value; refuses duplicate keys only where the caller checks, refuses
 * NaN, floats (unless asked), control characters in strings, bad escapes,
 * trailing bytes and depth over 16.  Foreign log JSON has its own walker in
 * parse/.
 */
#ifndef CRETULA_BASE_JSON_H
#define CRETULA_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;

/*
 * Quote and escape: '"' and '\\' with a backslash, control characters and
 * 0x7f and everything outside ASCII as \uXXXX (surrogate pairs above
 * U+FFFF); short escapes \b \f \n \r \t are used.  Bytes that are no UTF-8
 * become \ufffd.  Same text, same bytes: entries are canonical.
 */
void json_quote(struct buf *b, struct span text);

/* "key":  with a comma in front unless it is the first of its object. */
void json_key(struct buf *b, const char *key);
/* "key":{ and "key":[ which the caller closes. */
void json_object(struct buf *b, const char *key);
void json_array(struct buf *b, const char *key);
/* { of an item of an array, with a comma in front unless it is the first. */
void json_item(struct buf *b);
void json_str(struct buf *b, const char *key, struct span value);
void json_u64(struct buf *b, const char *key, uint64_t value);
void json_bool(struct buf *b, const char *key, bool value);
/* An object of those that are not 0, by name. */
void json_counts(struct buf *b, const char *key, const char *const *names, const uint64_t *values,
    size_t count);

enum json_type {
	JSON_END, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_INT, JSON_TRUE,
	JSON_FALSE, JSON_NULL
};

/* One value: raw covers its bytes; text is a string's inside, still escaped. */
struct json_value {
	enum json_type type;
	struct span raw;
	struct span text;
	int64_t number; /* JSON_INT: |number| < 2^53 */
};

/* A cursor over the members of one object or the items of one array. */
struct json_cursor {
	struct span in;
	size_t at;
	bool first;
	char close;
};

/*
 * in must be exactly one JSON value, checked whole, without blanks around it.
 * 0, or -1 with e (ERR_INCOMPLETE and the offset).
 */
int json_parse(struct span in, struct json_value *v, struct err *e);

void json_open(struct json_cursor *c, const struct json_value *v);
/* Next member (key unescaped as far as it needs none) or item; false at end. */
bool json_next(struct json_cursor *c, struct span *key, struct json_value *v);

/* Member by name; false if absent. */
bool json_get(const struct json_value *object, const char *key, struct json_value *v);
bool json_get_str(const struct json_value *object, const char *key, struct span *text);
bool json_get_u64(const struct json_value *object, const char *key, uint64_t *n);

/* Unescape a string's inside to b (added).  0, or -1 on a bad escape. */
int json_unescape(struct span text, struct buf *b);

#endif
