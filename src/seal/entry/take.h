/*
 * seal, inside: the members of an object, taken in the order of the format.
 *
 * The first thing that is wrong is kept, and every take after it does
 * nothing and answers zero, so that a type is read by a straight list.
 */
#ifndef CRETULA_SEAL_TAKE_H
#define CRETULA_SEAL_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/span.h"

struct seal_taker {
	struct json_cursor cursor;
	bool have; /* a member is at hand: key and value */
	struct span key;
	struct json_value value;
	const char *at, *why; /* why is NULL while all is well */
};

void seal_take_open(struct seal_taker *r, const struct json_value *object);
void seal_take_close(struct seal_taker *r); /* no member may be left */

void seal_refuse(struct seal_taker *r, const char *key, const char *why);
bool seal_take_is(const struct seal_taker *r, const char *key); /* is it at hand? */

struct json_value seal_take(struct seal_taker *r, const char *key, enum json_type type);
uint64_t seal_take_u64(struct seal_taker *r, const char *key);
/* Printable ASCII without escapes: the bytes between the quotes are the text. */
struct span seal_take_text(struct seal_taker *r, const char *key);
bool seal_take_bool(struct seal_taker *r, const char *key);
void seal_take_hex(struct seal_taker *r, const char *key, unsigned char *out, size_t size);
void seal_take_base64(struct seal_taker *r, const char *key, unsigned char *out, size_t size);
int64_t seal_take_time(struct seal_taker *r, const char *key, int64_t unit_us);
struct span seal_take_policy(struct seal_taker *r); /* the hex digits */

/* An object inside: inner is open; outer closes it and brings back what is wrong. */
void seal_take_inner(struct seal_taker *r, const char *key, struct seal_taker *inner);
void seal_take_outer(struct seal_taker *r, struct seal_taker *inner);

#endif
