#include "detect/canon.h"

#include <assert.h>

#include "base/text.h"

#define SWAR_ONES UINT64_C(0x0101010101010101)
#define SWAR_HIGH UINT64_C(0x8080808080808080)

/* What one round of decoding did. */
struct round {
	bool plus; /* '+' is a blank: only where nobody has decoded yet */
	bool first; /* a lone '%' is a fault in what was sent, not in what it meant */
	bool changed;
	bool malformed;
};

/* High bit set (at least) in the lowest byte of word that equals c. */
static inline uint64_t
swar_equal(uint64_t word, unsigned char c)
{
	uint64_t x = word ^ (SWAR_ONES * c);

	return ((x - SWAR_ONES) & ~x);
}

static inline uint64_t
word_marks(uint64_t word)
{
	return ((swar_equal(word, '%') | swar_equal(word, '&') | swar_equal(word, '\\') |
		    swar_equal(word, '+')) &
	    SWAR_HIGH);
}

/* Is there a byte that decoding may look at?  '+' counts always: it is rare. */
static bool
has_marks(struct span in)
{
	uint64_t word;
	size_t i;

	if (in.len >= 8) {
		for (i = 0; i + 8 <= in.len; i += 8) {
			memcpy(&word, in.ptr + i, 8);
			if (word_marks(word) != 0)
				return (true);
		}
		memcpy(&word, in.ptr + in.len - 8, 8);
		return (word_marks(word) != 0);
	}
	for (i = 0; i < in.len; i++)
		if (in.ptr[i] == '%' || in.ptr[i] == '&' || in.ptr[i] == '\\' || in.ptr[i] == '+')
			return (true);
	return (false);
}

/* 0..15, or -1. */
static inline int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* The value of digits hex digits at in.ptr, or -1. */
static int32_t
hex_run(struct span in, size_t digits)
{
	int32_t value = 0;

	if (in.len < digits)
		return (-1);
	for (size_t i = 0; i < digits; i++) {
		int digit = hex_value(in.ptr[i]);

		if (digit == -1)
			return (-1);
		value = value * 16 + digit;
	}
	return (value);
}

/*
 * "%uXXXX" or "\uXXXX", perhaps a pair of them.  Returns the bytes eaten, 0
 * if it is none or a lone surrogate.
 */
static size_t
take_utf16(struct span in, char *out, size_t *written)
{
	int32_t high = hex_run(span_from(in, 2), 4), low;

	if (high == -1 || (high & 0xfc00) == 0xdc00)
		return (0);
	if ((high & 0xfc00) != 0xd800) {
		*written = text_utf8_put(out, (uint32_t)high);
		return (6);
	}
	if (in.len < 12 || in.ptr[6] != in.ptr[0] || (in.ptr[7] | 0x20) != 'u')
		return (0);
	low = hex_run(span_from(in, 8), 4);
	if (low == -1 || (low & 0xfc00) != 0xdc00)
		return (0);
	*written = text_utf8_put(out, (uint32_t)(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff)));
	return (12);
}

static size_t
take_percent(struct span in, char *out, size_t *written, struct round *round)
{
	int32_t value = hex_run(span_from(in, 1), 2);
	size_t eaten;

	if (value != -1) {
		*out = (char)value;
		*written = 1;
		if (value == 0) /* no text has one; it hides the rest from C programs */
			round->malformed = true;
		return (3);
	}
	if (in.len > 1 && (in.ptr[1] | 0x20) == 'u' && (eaten = take_utf16(in, out, written)) != 0)
		return (eaten);
	if (round->first)
		round->malformed = true;
	return (0);
}

static size_t
take_backslash(struct span in, char *out, size_t *written)
{
	int32_t value;

	if (in.len < 2)
		return (0);
	switch (in.ptr[1]) {
	case 'u': return (take_utf16(in, out, written));
	case 'x':
		if ((value = hex_run(span_from(in, 2), 2)) == -1)
			return (0);
		*out = (char)value;
		*written = 1;
		return (4);
	case '\\':
	case '/':
	case '"':
		*out = in.ptr[1];
		*written = 1;
		return (2);
	default: return (0);
	}
}

/* "&#64;" "&#x40" ...: browsers do without the semicolon, so do we. */
static size_t
take_numeric(struct span in, char *out, size_t *written)
{
	bool hex = in.len > 2 && (in.ptr[2] | 0x20) == 'x';
	size_t start = hex ? 3 : 2, i;
	uint32_t value = 0;

	for (i = start; i < in.len && i < start + 8; i++) {
		int digit = hex_value(in.ptr[i]);

		if (digit == -1 || (!hex && digit > 9))
			break;
		value = value * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (i == start || value == 0 || value > 0x10ffff || (value & 0xfffff800) == 0xd800)
		return (0);
	*written = text_utf8_put(out, value);
	return (i < in.len && in.ptr[i] == ';' ? i + 1 : i);
}

/* The names that can spell an address, an e-mail or one more entity. */
static size_t
take_entity(struct span in, char *out, size_t *written)
{
	static const struct {
		struct span name;
		char c;
	} names[] = {
		{ SPAN("&amp;"), '&' },
		{ SPAN("&apos;"), '\'' },
		{ SPAN("&bsol;"), '\\' },
		{ SPAN("&colon;"), ':' },
		{ SPAN("&comma;"), ',' },
		{ SPAN("&commat;"), '@' },
		{ SPAN("&equals;"), '=' },
		{ SPAN("&gt;"), '>' },
		{ SPAN("&hyphen;"), '-' },
		{ SPAN("&lowbar;"), '_' },
		{ SPAN("&lt;"), '<' },
		{ SPAN("&num;"), '#' },
		{ SPAN("&percnt;"), '%' },
		{ SPAN("&period;"), '.' },
		{ SPAN("&plus;"), '+' },
		{ SPAN("&quot;"), '"' },
		{ SPAN("&semi;"), ';' },
		{ SPAN("&sol;"), '/' },
	};

	if (in.len > 2 && in.ptr[1] == '#')
		return (take_numeric(in, out, written));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_starts(in, names[i].name)) {
			*out = names[i].c;
			*written = 1;
			return (names[i].name.len);
		}
	return (0);
}

/* in may be what out points to: every form is longer than what it means. */
static size_t
decode_once(struct span in, char *out, struct round *round)
{
	size_t at = 0, i = 0;

	while (i < in.len) {
		char c = in.ptr[i], made[4];
		struct span rest = span_from(in, i);
		size_t eaten = 0, written = 0;

		if (c == '%')
			eaten = take_percent(rest, made, &written, round);
		else if (c == '&')
			eaten = take_entity(rest, made, &written);
		else if (c == '\\')
			eaten = take_backslash(rest, made, &written);
		else if (c == '+' && round->plus) {
			made[0] = ' ';
			eaten = written = 1;
		}
		if (eaten == 0) {
			out[at++] = c;
			i++;
			continue;
		}
		assert(written <= eaten);
		memcpy(out + at, made, written);
		at += written;
		i += eaten;
		round->changed = true;
	}
	return (at);
}

enum detect_canon_result
detect_canon(struct span in, bool plus_is_blank, char *memory, size_t size, struct span *out)
{
	struct round round = { .plus = plus_is_blank, .first = true };
	bool decoded = false;
	int depth;

	*out = in;
	if (!has_marks(in))
		return (DETECT_CANON_SAME);
	if (size < in.len)
		return (DETECT_CANON_UNSETTLED);
	for (depth = 0; depth <= DETECT_CANON_DEPTH; depth++) {
		round.changed = false;
		*out = span_of(memory, decode_once(*out, memory, &round));
		if (!round.changed)
			break;
		round.plus = round.first = false;
		decoded = true;
	}
	if (depth > DETECT_CANON_DEPTH)
		return (DETECT_CANON_UNSETTLED);
	if (round.malformed || (decoded && !text_is_utf8(*out)))
		return (DETECT_CANON_MALFORMED);
	if (decoded)
		return (DETECT_CANON_DECODED);
	*out = in;
	return (DETECT_CANON_SAME);
}

static inline char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
}

size_t
detect_canon_fold(struct span in, char *out)
{
	const unsigned char *p = (const unsigned char *)in.ptr;
	size_t at = 0, i = 0;

	while (i < in.len) {
		/* U+FF01..FF5E are '!'..'~' made wide: EF BC 81 .. EF BD 9E. */
		if (p[i] == 0xef && i + 2 < in.len && (p[i + 1] == 0xbc || p[i + 1] == 0xbd) &&
		    (p[i + 2] & 0xc0) == 0x80) {
			unsigned code = (p[i + 1] - 0xbcu) * 64 + (p[i + 2] & 63u);

			/* U+FF61, the half-width ideographic full stop, is code 97. */
			if ((code >= 1 && code <= 94) || code == 97) {
				out[at++] = code == 97 ? '.' : lower((char)(code + 0x20));
				i += 3;
				continue;
			}
		}
		/* U+3000 blank, U+3002 full stop, small forms U+FE52 '.' U+FE6B '@'. */
		if (i + 2 < in.len &&
		    ((p[i] == 0xe3 && p[i + 1] == 0x80 && (p[i + 2] == 0x80 || p[i + 2] == 0x82)) ||
			(p[i] == 0xef && p[i + 1] == 0xb9 &&
			    (p[i + 2] == 0x92 || p[i + 2] == 0xab)))) {
			out[at++] = p[i + 2] == 0x80 ? ' ' : p[i + 2] == 0xab ? '@' : '.';
			i += 3;
			continue;
		}
		out[at++] = lower((char)p[i++]);
	}
	return (at);
}
