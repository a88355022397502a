#include "base/text.h"

#include <stdint.h>

static const char base64_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
text_base64(char *out, const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	char *start = out;
	size_t i;

	for (i = 0; i + 3 <= len; i += 3, out += 4) {
		uint32_t n = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

		out[0] = base64_chars[n >> 18];
		out[1] = base64_chars[n >> 12 & 63];
		out[2] = base64_chars[n >> 6 & 63];
		out[3] = base64_chars[n & 63];
	}
	if (i < len) {
		bool two = i + 2 == len;
		uint32_t n = (uint32_t)in[i] << 16 | (two ? (uint32_t)in[i + 1] << 8 : 0);

		out[0] = base64_chars[n >> 18];
		out[1] = base64_chars[n >> 12 & 63];
		out[2] = two ? base64_chars[n >> 6 & 63] : '=';
		out[3] = '=';
		out += 4;
	}
	return ((size_t)(out - start));
}

#define NONE 0x80 /* the digit table's answer for what is no digit */

/* 0x80 set: no base64 digit.  Written as differences to stay readable. */
static inline uint32_t
base64_digit(char c)
{
	static const unsigned char digits[256] = {
#define ROW NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
		ROW, ROW, ROW, ROW, ROW, NONE, NONE, NONE, 62, NONE, NONE, NONE, 63, /* + / */
		52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NONE, NONE, NONE, NONE, NONE, NONE, NONE, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
		24, 25, NONE, NONE, NONE, NONE, NONE, NONE, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
		36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NONE, NONE, NONE,
		NONE, NONE, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW,
		ROW, ROW
#undef ROW
	};

	return (digits[(unsigned char)c]);
}

/* The last four characters, which alone may hold padding. */
static int
unbase64_tail(const char *in, unsigned char *out, size_t count)
{
	uint32_t a = base64_digit(in[0]), b = base64_digit(in[1]);
	uint32_t c = count >= 2 ? base64_digit(in[2]) : 0;
	uint32_t d = count == 3 ? base64_digit(in[3]) : 0;
	uint32_t n = a << 18 | b << 12 | c << 6 | d;

	if (((a | b | c | d) & NONE) != 0)
		return (-1);
	if ((count == 1 && (b & 15) != 0) || (count == 2 && (c & 3) != 0))
		return (-1);
	out[0] = (unsigned char)(n >> 16);
	if (count >= 2)
		out[1] = (unsigned char)(n >> 8);
	if (count == 3)
		out[2] = (unsigned char)n;
	return (0);
}

int
text_unbase64(struct span in, unsigned char *out, size_t size, size_t *len)
{
	size_t padding, total, i, at = 0;

	if (in.len % 4 != 0)
		return (-1);
	if (in.len == 0) {
		*len = 0;
		return (0);
	}
	padding = in.ptr[in.len - 1] != '=' ? 0 : in.ptr[in.len - 2] != '=' ? 1 : 2;
	total = in.len / 4 * 3 - padding;
	if (total > size)
		return (-1);
	for (i = 0; i + 4 < in.len; i += 4, at += 3) {
		uint32_t a = base64_digit(in.ptr[i]), b = base64_digit(in.ptr[i + 1]);
		uint32_t c = base64_digit(in.ptr[i + 2]), d = base64_digit(in.ptr[i + 3]);
		uint32_t n = a << 18 | b << 12 | c << 6 | d;

		if (((a | b | c | d) & NONE) != 0)
			return (-1);
		out[at] = (unsigned char)(n >> 16);
		out[at + 1] = (unsigned char)(n >> 8);
		out[at + 2] = (unsigned char)n;
	}
	if (unbase64_tail(in.ptr + i, out + at, 3 - padding) == -1)
		return (-1);
	*len = total;
	return (0);
}

size_t
text_hex(char *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	return (2 * len);
}

/* Lower case only: the same bytes have one spelling. */
static inline unsigned
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return ((unsigned)(c - '0'));
	if (c >= 'a' && c <= 'f')
		return ((unsigned)(c - 'a') + 10);
	return (NONE);
}

int
text_unhex(struct span in, unsigned char *out, size_t size, size_t *len)
{
	if (in.len % 2 != 0 || in.len / 2 > size)
		return (-1);
	for (size_t i = 0; i < in.len; i += 2) {
		unsigned high = hex_digit(in.ptr[i]), low = hex_digit(in.ptr[i + 1]);

		if (((high | low) & NONE) != 0)
			return (-1);
		out[i / 2] = (unsigned char)(high << 4 | low);
	}
	*len = in.len / 2;
	return (0);
}

size_t
text_base32(char *out, const void *bytes, size_t len)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	const unsigned char *in = bytes;
	uint32_t waiting = 0;
	unsigned bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		waiting = (waiting & 31) << 8 | in[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out[at++] = digits[waiting >> (bits - 5) & 31];
	}
	if (bits > 0)
		out[at++] = digits[waiting << (5 - bits) & 31];
	return (at);
}

/* The table of RFC 3629, section 4: only the second byte has limits of its own. */
size_t
text_utf8_len(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return (1);
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return (0);
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len > left)
		return (0);
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogate */
	else if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f; /* > U+10FFFF */
	if (p[1] < low || p[1] > high)
		return (0);
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return (0);
	return (len);
}

size_t
text_utf8_put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return (1);
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return (2);
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return (3);
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return (4);
}

/* Does one of the 8 bytes at p have its top bit set? */
static inline bool
has_high(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return ((word & UINT64_C(0x8080808080808080)) != 0);
}

bool
text_is_utf8(struct span in)
{
	const unsigned char *p = (const unsigned char *)in.ptr;
	size_t at = 0;

	while (at < in.len) {
		size_t len;

		if (in.len - at >= 8 && !has_high(p + at)) {
			at += 8;
			continue;
		}
		if ((len = text_utf8_len(p + at, in.len - at)) == 0)
			return (false);
		at += len;
	}
	return (true);
}

bool
text_is_ascii(struct span in)
{
	bool ok = true;

	/* No early exit: the compiler makes this loop wide. */
	for (size_t i = 0; i < in.len; i++)
		ok &= (unsigned char)(in.ptr[i] - 0x20) <= 0x7e - 0x20;
	return (ok);
}

bool
text_is_hidden(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0xad, 0xad },
		{ 0x34f, 0x34f },
		{ 0x61c, 0x61c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code <= hidden[i].last)
			return (code >= hidden[i].first);
	return (false);
}
