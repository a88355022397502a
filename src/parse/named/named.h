/*
 * parse: what formats share whose fields have names or places of their own.
 */
#ifndef CRETULA_PARSE_NAMED_H
#define CRETULA_PARSE_NAMED_H

#include "parse/field.h"

/* A member of extra under a key of ours (a literal), unless value is empty or "-". */
void parse_named_extra(
    struct event *ev, const char *key, enum event_extra_kind kind, struct span value);

/* A number in extra.  What is no number becomes unknown. */
void parse_named_number(struct event *ev, const char *key, struct span value);
void parse_named_set(struct event *ev, const char *key, int64_t number);

/*
 * A decimal number, "0.623", times scale, cut, not rounded: seconds with a
 * scale of 1000000 are microseconds.  False if it is none, or negative.
 */
bool parse_named_scaled(struct span text, int64_t scale, int64_t *value);

/* Digits to number n; "-" and nothing are absent.  False if it is something else. */
bool parse_named_digits(struct event *ev, enum event_number n, struct span text);

/* As parse_named_digits, of a decimal number; "-1" and the like are absent, too. */
bool parse_named_time(struct event *ev, enum event_number n, struct span text, int64_t scale);

/* A status: three digits.  Absent and false as above. */
bool parse_named_status(struct event *ev, enum event_number n, struct span text);

/*
 * "192.0.2.7:51234", "[2001:db8::1]:51234": the address as text f, and the
 * port if it is the client's.
 */
void parse_named_peer(struct event *ev, enum event_text f, struct span text);

#endif
