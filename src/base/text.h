/* text: base64, hex, base32 and UTF-8, strict in what they accept. */
#ifndef CRETULA_BASE_TEXT_H
#define CRETULA_BASE_TEXT_H

#include <stdbool.h>

#include "base/span.h"

/* RFC 4648 section 4, padded.  Returns the characters written: 4*ceil(n/3). */
size_t text_base64(char *out, const void *bytes, size_t len);

/*
 * Strict decode of standard padded base64 (no blanks, no line ends, zero
 * trailing bits) to at most size bytes.  Return 0 and *len, or -1.
 */
int text_unbase64(struct span in, unsigned char *out, size_t size, size_t *len);

size_t text_hex(char *out, const void *bytes, size_t len); /* lower case */
int text_unhex(struct span in, unsigned char *out, size_t size, size_t *len);

/* RFC 4648 base32, lower case a-z2-7, no padding; 10 bytes give 16 chars. */
size_t text_base32(char *out, const void *bytes, size_t len);

/* Is in well-formed UTF-8 (RFC 3629: no overlong, surrogate, > U+10FFFF)? */
bool text_is_utf8(struct span in);
/* Length of the well-formed sequence at p, of which left bytes (1 or more) are there; 0: none. */
size_t text_utf8_len(const unsigned char *p, size_t left);
/* The sequence of a code point up to U+10FFFF that is no surrogate; returns 1 to 4. */
size_t text_utf8_put(char *out, uint32_t code);

/*
 * Does a reader not see the character, or see what stands around it in another order?
 * Unicode's Default_Ignorable_Code_Point and Bidi_Control, separators of lines and
 * paragraphs, marks of annotations.  Controls are others.
 */
bool text_is_hidden(uint32_t code);

/* All bytes 0x20..0x7e? */
bool text_is_ascii(struct span in);

#endif
