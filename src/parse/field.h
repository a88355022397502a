/*
 * parse: what a CLF line is made of: the texts, numbers and quotes that the
 * quick and the careful parser and the request line read alike.
 */
#ifndef CRETULA_PARSE_FIELD_H
#define CRETULA_PARSE_FIELD_H

#include <endian.h>

#include "parse/event.h"

void parse_field_clear(struct event *ev);

/* Set text f unless it is empty or "-", which mean absent. */
static inline void
parse_field_text(struct event *ev, enum event_text f, struct span text)
{
	if (text.len == 0 || (text.len == 1 && text.ptr[0] == '-'))
		return;
	ev->text[f] = text;
	ev->has_text |= UINT32_C(1) << f;
}

static inline void
parse_field_set_number(struct event *ev, enum event_number n, int64_t value)
{
	ev->number[n] = value;
	ev->has_number |= UINT32_C(1) << n;
}

static inline bool
parse_field_is_digit(char c)
{
	return ((unsigned char)(c - '0') <= 9);
}

/* Digits and nothing else, at most 18 of them.  False if text is something else. */
static inline bool
parse_field_digits(struct span text, int64_t *value)
{
	int64_t sum = 0;

	if (text.len > 18)
		return (false);
	for (size_t i = 0; i < text.len; i++) {
		if (!parse_field_is_digit(text.ptr[i]))
			return (false);
		sum = sum * 10 + (text.ptr[i] - '0');
	}
	*value = sum;
	return (true);
}

/*
 * Up to eight digits at the end of p[0..7], with what stands in front of them
 * taken as zeros; -1 if they are no digits.
 */
static inline int64_t
parse_field_eight(const char *p, size_t len)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	x = le64toh(x) ^ UINT64_C(0x3030303030303030);
	x &= ~UINT64_C(0) << ((64 - 8 * len) & 63);
	if ((((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080)) != 0)
		return (-1);
	x = x * 10 + (x >> 8); /* pairs in every other byte */
	x = (x & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32)) +
	    (x >> 16 & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32));
	return ((int64_t)(x >> 32));
}

/* Blanks, quotes or brackets in a user name? */
bool parse_field_user_odd(struct span user);

/* "name:port" without the port. */
struct span parse_field_host(struct span vhost);

/*
 * Read a quoted field; text starts behind its opening quote.  Only an
 * unescaped quote before a blank or the end ends it.  True with *value and
 * *len, the bytes read with the closing quote; false if it does not end:
 * then *value is all that is left.
 */
bool parse_field_quoted(struct span text, struct span *value, size_t *len);

/*
 * The fields behind the format's own, as extra "field<first>" and up.  False
 * if one is unterminated or they do not fit.
 */
bool parse_field_extra(struct event *ev, struct span rest, unsigned first, char **scratch);

#endif
