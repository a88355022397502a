#include "record/escape.h"

#include <string.h>

bool
record_must_escape(uint32_t code)
{
	if (code < 0x80)
		return (code < 0x20 || code == '"' || code == '\\' || code == 0x7f);
	if (code < 0xa0)
		return (true);
	if (code < 0x200e)
		return (false);
	return (code <= 0x200f || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0xfffd);
}

static bool
is_tail(char c)
{
	return (((unsigned char)c & 0xc0) == 0x80);
}

/* Bytes that a first byte asks for, and the smallest code they may give. */
static size_t
utf8_want(unsigned char first, uint32_t *least)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*least = 0x80;
		return (2);
	}
	if (first >= 0xe0 && first <= 0xef) {
		*least = 0x800;
		return (3);
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*least = 0x10000;
		return (4);
	}
	return (0);
}

size_t
record_utf8_next(struct span in, uint32_t *code)
{
	uint32_t least = 0, c;
	size_t want;

	if (in.len == 0)
		return (0);
	c = (unsigned char)in.ptr[0];
	if (c < 0x80) {
		*code = c;
		return (1);
	}
	want = utf8_want((unsigned char)c, &least);
	if (want == 0 || want > in.len)
		return (0);
	c &= 0x7fU >> want;
	for (size_t i = 1; i < want; i++) {
		if (!is_tail(in.ptr[i]))
			return (0);
		c = c << 6 | ((unsigned char)in.ptr[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return (0);
	*code = c;
	return (want);
}

static char
short_escape(uint32_t code)
{
	switch (code) {
	case '"': return ('"');
	case '\\': return ('\\');
	case '\b': return ('b');
	case '\f': return ('f');
	case '\n': return ('n');
	case '\r': return ('r');
	case '\t': return ('t');
	default: return ('\0');
	}
}

char *
record_escape_code(char *out, uint32_t code)
{
	static const char digits[] = "0123456789abcdef";
	char c = short_escape(code);

	*out++ = '\\';
	if (c != '\0') {
		*out++ = c;
		return (out);
	}
	*out++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*out++ = digits[code >> shift & 0xf];
	return (out);
}

char *
record_escape(char *out, struct span text)
{
	while (text.len > 0) {
		uint32_t code = 0xfffd;
		size_t len = record_utf8_next(text, &code);

		if (len == 0 || record_must_escape(code)) {
			out = record_escape_code(out, code);
		} else {
			memcpy(out, text.ptr, len);
			out += len;
		}
		text = span_from(text, len == 0 ? 1 : len);
	}
	return (out);
}
