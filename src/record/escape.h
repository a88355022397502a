/*
 * escape: which characters a record's text may carry as they are.
 *
 * Written \uXXXX or shorter: quote, backslash, control characters (C0, DEL,
 * C1), bidi controls, and U+FFFD, for which a byte that is no UTF-8 stands.
 * Whatever shows a text to a person escapes these and what text_is_hidden, too
 * (view_escape), so that no log line can move a cursor, turn the writing
 * direction or hide a part of itself.
 */
#ifndef CRETULA_RECORD_ESCAPE_H
#define CRETULA_RECORD_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* The most bytes that one byte of text grows to. */
#define RECORD_ESCAPE_GROWTH 6

/* Write text escaped to out; returns the end.  At most GROWTH * text.len bytes. */
char *record_escape(char *out, struct span text);

/* Must this code point be escaped? */
bool record_must_escape(uint32_t code);

/*
 * The character at the front of in: its bytes and code point.  0 if these
 * are no well-formed UTF-8 (RFC 3629) or in is empty.
 */
size_t record_utf8_next(struct span in, uint32_t *code);

/* Write the escape of code, one of record_must_escape; returns the end. */
char *record_escape_code(char *out, uint32_t code);

#endif
