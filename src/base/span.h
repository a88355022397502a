/* span: a run of bytes that somebody else owns. */
#ifndef CRETULA_BASE_SPAN_H
#define CRETULA_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *ptr; /* may be NULL only if len is 0; not NUL-terminated */
	size_t len;
};

/* A span of a string literal; usable in static initialisers. */
#define SPAN(literal) { (literal), sizeof(literal) - 1 }

static inline struct span
span_of(const char *ptr, size_t len)
{
	return ((struct span){ ptr, len });
}

static inline struct span
span_str(const char *text)
{
	return ((struct span){ text, strlen(text) });
}

static inline bool
span_equal(struct span a, struct span b)
{
	return (a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Bytewise, the shorter one first: below, at or above 0. */
static inline int
span_order(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return (order != 0 ? order : (a.len > b.len) - (a.len < b.len));
}

static inline bool
span_is(struct span a, const char *text)
{
	return (span_equal(a, span_str(text)));
}

static inline bool
span_starts(struct span a, struct span prefix)
{
	return (a.len >= prefix.len && (prefix.len == 0 ||
	    memcmp(a.ptr, prefix.ptr, prefix.len) == 0));
}

/* The rest of a from byte at on; empty if at is past the end. */
static inline struct span
span_from(struct span a, size_t at)
{
	return (at >= a.len ? (struct span){ a.ptr, 0 } :
	    (struct span){ a.ptr + at, a.len - at });
}

/* Index of the first byte c, or a.len. */
static inline size_t
span_find(struct span a, char c)
{
	const char *p = a.len == 0 ? NULL : memchr(a.ptr, c, a.len);

	return (p == NULL ? a.len : (size_t)(p - a.ptr));
}

/* What stands in front of the next blank; both are taken off rest. */
static inline struct span
span_word(struct span *rest)
{
	size_t len = span_find(*rest, ' ');
	struct span word = { rest->ptr, len };

	*rest = span_from(*rest, len < rest->len ? len + 1 : len);
	return (word);
}

#endif
