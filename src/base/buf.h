/*
 * buf: a growing byte buffer for the cold side (entries, notes, reports).
 *
 * Hot paths write into fixed memory instead.  After a failed allocation the
 * buffer is "broken": further adds do nothing and buf_ok says false, so a
 * caller may add many times and check once.
 */
#ifndef CRETULA_BASE_BUF_H
#define CRETULA_BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
	char *data; /* len bytes, always NUL-terminated behind them if size > 0 */
	size_t len;
	size_t size;
	bool broken;
};

/* All zero is the empty buffer. */
void buf_free(struct buf *b);  /* frees, then is empty again; NULL is legal */
void buf_wipe(struct buf *b);  /* as buf_free, wiping the bytes first */
void buf_clear(struct buf *b); /* keeps the memory, forgets bytes and broken */

bool buf_ok(const struct buf *b);

/* Make room for more further bytes.  Return 0, or -1 and b is broken. */
int buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_span(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_u64(struct buf *b, uint64_t n);
void buf_base64(struct buf *b, const void *bytes, size_t len); /* RFC 4648, padded */
void buf_hex(struct buf *b, const void *bytes, size_t len);    /* lower case */

struct span buf_view(const struct buf *b); /* valid until the next add */

/* The largest len an add accepts; beyond it the buffer breaks. */
#define BUF_BYTES_MAX ((size_t)1 << 32)

#endif
