/*
 * Escapes: percent, backslash, entities, and letters that stand for others.
 * All kinds in one pass: what one level hides, the next one shows.
 */
#include <string.h>

#include "leak/inside.h"

#define AROUND 128 /* bytes in clear around an escape that belong to what it hides */
#define ENTITY_BYTES_MAX 8 /* of the longest name, with its signs */
#define AGAIN 256 /* of a piece that was cut, how much is looked at again */

struct decoded {
	size_t took; /* bytes; 0: no escape */
	unsigned len; /* bytes it stands for, 0 to 4 */
	unsigned way;
	unsigned char bytes[4];
};

typedef void decoder(const unsigned char *in, size_t len, struct decoded *d);

static void
put_point(struct decoded *d, uint32_t c)
{
	if (c < 0x80) {
		d->bytes[d->len++] = (unsigned char)c;
	} else if (c < 0x800) {
		d->bytes[d->len++] = (unsigned char)(0xc0 | c >> 6);
		d->bytes[d->len++] = (unsigned char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		d->bytes[d->len++] = (unsigned char)(0xe0 | c >> 12);
		d->bytes[d->len++] = (unsigned char)(0x80 | (c >> 6 & 63));
		d->bytes[d->len++] = (unsigned char)(0x80 | (c & 63));
	} else {
		d->bytes[d->len++] = (unsigned char)(0xf0 | (c >> 18 & 7));
		d->bytes[d->len++] = (unsigned char)(0x80 | (c >> 12 & 63));
		d->bytes[d->len++] = (unsigned char)(0x80 | (c >> 6 & 63));
		d->bytes[d->len++] = (unsigned char)(0x80 | (c & 63));
	}
}

/* count hex digits at in; false if there are fewer. */
static bool
read_hex(const unsigned char *in, size_t len, unsigned count, uint32_t *n)
{
	*n = 0;
	if (len < count)
		return (false);
	for (unsigned i = 0; i < count; i++) {
		int value = leak_hex_value(in[i]);

		if (value == -1)
			return (false);
		*n = *n << 4 | (uint32_t)value;
	}
	return (true);
}

static void
decode_percent(const unsigned char *in, size_t len, struct decoded *d)
{
	uint32_t n;

	d->way = LEAK_WAY_PERCENT;
	if (len > 2 && (in[1] | 0x20) == 'u' && read_hex(in + 2, len - 2, 4, &n)) {
		d->took = 6;
		put_point(d, n);
	} else if (read_hex(in + 1, len - 1, 2, &n)) {
		d->took = 3;
		d->bytes[d->len++] = (unsigned char)n;
	}
}

/* Two halves of a pair make one character; braces hold up to six digits. */
static void
decode_u(const unsigned char *in, size_t len, struct decoded *d)
{
	uint32_t n, low;
	unsigned count = 0;

	if (len > 2 && in[2] == '{') {
		while (count < 6 && count + 3 < len && leak_hex_value(in[3 + count]) != -1)
			count++;
		if (count > 0 && count + 3 < len && in[3 + count] == '}' &&
		    read_hex(in + 3, len - 3, count, &n)) {
			d->took = count + 4;
			put_point(d, n & 0x1fffff);
		}
		return;
	}
	if (!read_hex(in + 2, len - 2, 4, &n))
		return;
	d->took = 6;
	if (n >= 0xd800 && n < 0xdc00 && len >= 12 && in[6] == '\\' && in[7] == 'u' &&
	    read_hex(in + 8, len - 8, 4, &low) && low >= 0xdc00 && low < 0xe000) {
		d->took = 12;
		n = 0x10000 + ((n & 0x3ff) << 10) + (low & 0x3ff);
	}
	put_point(d, n);
}

static void
decode_backslash(const unsigned char *in, size_t len, struct decoded *d)
{
	static const char from[] = "nrtbfv0\"'\\/", to[] = "\n\r\t\b\f\v\0\"'\\/";
	const char *plain;
	uint32_t n;

	d->way = LEAK_WAY_ESCAPE;
	if (len < 2)
		return;
	if (in[1] == 'u') {
		decode_u(in, len, d);
		return;
	}
	if (in[1] == 'x' && read_hex(in + 2, len - 2, 2, &n)) {
		d->took = 4;
		d->bytes[d->len++] = (unsigned char)n;
		return;
	}
	if (len > 3 && in[1] >= '0' && in[1] < '4' && (in[2] & 0xf8) == '0' &&
	    (in[3] & 0xf8) == '0') {
		d->took = 4;
		d->bytes[d->len++] =
		    (unsigned char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
		return;
	}
	if (in[1] != '\0' && (plain = strchr(from, in[1])) != NULL) {
		d->took = 2;
		d->bytes[d->len++] = (unsigned char)to[plain - from];
	}
}

static void
decode_numbered(const unsigned char *in, size_t len, struct decoded *d)
{
	bool hex = len > 2 && (in[2] | 0x20) == 'x';
	size_t i = hex ? 3 : 2, first = i;
	uint32_t n = 0;

	for (; i < len && i < first + 7; i++) {
		int value = leak_hex_value(in[i]);

		if (value == -1 || (!hex && value > 9))
			break;
		n = n * (hex ? 16 : 10) + (uint32_t)value;
	}
	if (i == first || n > 0x10ffff)
		return;
	d->took = i + (i < len && in[i] == ';');
	put_point(d, n);
}

static void
decode_entity(const unsigned char *in, size_t len, struct decoded *d)
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "amp;", '&' }, { "apos;", '\'' }, { "colon;", ':' }, { "comma;", ',' },
		{ "commat;", '@' }, { "dash;", '-' }, { "equals;", '=' }, { "gt;", '>' },
		{ "hyphen;", '-' }, { "lowbar;", '_' }, { "lt;", '<' }, { "nbsp;", ' ' },
		{ "num;", '#' }, { "percnt;", '%' }, { "period;", '.' }, { "plus;", '+' },
		{ "quot;", '"' }, { "semi;", ';' }, { "sol;", '/' }, { "Tab;", '\t' } };

	d->way = LEAK_WAY_ENTITY;
	if (len > 2 && in[1] == '#') {
		decode_numbered(in, len, d);
		return;
	}
	/* Most signs of this kind stand between parameters. */
	if (memchr(in, ';', len < ENTITY_BYTES_MAX ? len : ENTITY_BYTES_MAX) == NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);

		if (len > n && memcmp(in + 1, names[i].name, n) == 0) {
			d->took = n + 1;
			d->bytes[d->len++] = (unsigned char)names[i].c;
			return;
		}
	}
}

/* Full-width forms, other full stops and at-signs, what has no width, overlong forms. */
static void
decode_unicode(const unsigned char *in, size_t len, struct decoded *d)
{
	uint32_t three = len < 3 ? 0 : (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

	d->way = LEAK_WAY_UNICODE;
	d->took = 3;
	if (three >= 0xefbc81 && three <= 0xefbcbf) {
		d->bytes[d->len++] = (unsigned char)(three - 0xefbc81 + 0x21);
	} else if (three >= 0xefbd80 && three <= 0xefbd9e) {
		d->bytes[d->len++] = (unsigned char)(three - 0xefbd80 + 0x60);
	} else if (three == 0xe38082 || three == 0xefbda1 || three == 0xe280a4 ||
	    three == 0xefb992) {
		d->bytes[d->len++] = '.';
	} else if (three == 0xefb9ab) {
		d->bytes[d->len++] = '@';
	} else if (three == 0xe28090 || three == 0xe28091 || three == 0xe28092 ||
	    three == 0xe28093) {
		d->bytes[d->len++] = '-';
	} else if ((three >= 0xe2808b && three <= 0xe2808f) || three == 0xe281a0 ||
	    three == 0xefbbbf) {
		d->len = 0;
	} else if (len >= 2 && (in[0] == 0xc0 || in[0] == 0xc1) && (in[1] & 0xc0) == 0x80) {
		d->took = 2;
		d->bytes[d->len++] = (unsigned char)((in[0] & 1) << 6 | (in[1] & 63));
	} else if (len >= 2 && in[0] == 0xc2 && (in[1] == 0xad || in[1] == 0xa0)) {
		d->took = 2;
		if (in[1] == 0xa0)
			d->bytes[d->len++] = ' ';
	} else {
		d->took = 0;
	}
}

static void
decode_any(const unsigned char *in, size_t len, struct decoded *d)
{
	if (in[0] == '%')
		decode_percent(in, len, d);
	else if (in[0] == '\\')
		decode_backslash(in, len, d);
	else if (in[0] == '&')
		decode_entity(in, len, d);
	else if (in[0] >= 0xc0)
		decode_unicode(in, len, d);
}

/* RFC 2045: =XX, and a line end that is none. */
static void
decode_quoted(const unsigned char *in, size_t len, struct decoded *d)
{
	uint32_t n;

	if (in[0] != '=')
		return;
	d->way = LEAK_WAY_QUOTED;
	if (read_hex(in + 1, len - 1, 2, &n)) {
		d->took = 3;
		d->bytes[d->len++] = (unsigned char)n;
	} else if (len > 1 && in[1] == '\n') {
		d->took = 2;
	} else if (len > 2 && in[1] == '\r' && in[2] == '\n') {
		d->took = 3;
	}
}

/* HAProxy writes bytes as #XX, in upper case. */
static void
decode_sharp(const unsigned char *in, size_t len, struct decoded *d)
{
	uint32_t n;

	if (in[0] != '#' || len < 3 || in[1] > 'F' || in[2] > 'F' ||
	    !read_hex(in + 1, len - 1, 2, &n))
		return;
	d->way = LEAK_WAY_SHARP;
	d->took = 3;
	d->bytes[d->len++] = (unsigned char)n;
}

/*
 * "page=40" is no mail: there must be a sign of quoted-printable near, an
 * escaped '=', a line that goes on, or a character of UTF-8.
 */
static bool
is_mail(const struct leak_view *view, size_t p)
{
	size_t from = p > 2 * AROUND ? p - 2 * AROUND : 0;
	const unsigned char *end =
	    view->bytes + (view->len - p > 4 * AROUND ? p + 4 * AROUND : view->len);

	for (const unsigned char *at = view->bytes + from; at + 6 < end; at++) {
		if ((at = memchr(at, '=', (size_t)(end - 6 - at))) == NULL)
			break;
		if ((at[1] == '3' && at[2] == 'D') || at[1] == '\n' ||
		    (at[1] == '\r' && at[2] == '\n'))
			return (true);
		if (at[1] >= 'C' && at[1] <= 'F' && at[3] == '=' &&
		    (at[4] == '8' || at[4] == '9' || at[4] == 'A' || at[4] == 'B'))
			return (true);
	}
	return (false);
}

/* Decode from a little before p until long after the last escape. */
static void
decode_piece(struct leak_scanner *s, unsigned depth, decoder *decode, unsigned slot, size_t p)
{
	struct leak_view *view = &s->views[depth];
	struct leak_child child;
	size_t i = p > AROUND ? p - AROUND : 0, last = p;
	unsigned kinds = 0;
	bool full = false;

	if (!leak_child_begin(s, depth, &child))
		return;
	while (i < view->len && i < last + AROUND && !full) {
		struct decoded d = { 0 };

		decode(view->bytes + i, view->len - i, &d);
		if (d.took == 0) {
			full = !leak_child_add(&child, view->bytes[i], i);
			i += !full;
			continue;
		}
		for (unsigned k = 0; k < d.len && !full; k++)
			full = !leak_child_add(&child, d.bytes[k], i);
		kinds |= d.way;
		i += d.took;
		last = i;
	}
	/* What was cut, by its size or by the window, is gone on with a little before the cut. */
	if ((full || i == view->len) && i > p + AGAIN + 1)
		view->way_done[slot] = (uint32_t)(i - AGAIN);
	else
		view->way_done[slot] = (uint32_t)i;
	leak_child_look(&child, kinds, i);
}

void
leak_decode_escapes(struct leak_scanner *s, unsigned depth, enum leak_kind kind, size_t p)
{
	static const struct {
		decoder *decode;
		unsigned slot;
	} of[] = { { decode_any, DONE_ESCAPE }, { decode_quoted, DONE_QUOTED },
		{ decode_sharp, DONE_SHARP } };
	struct leak_view *view = &s->views[depth];
	unsigned which = (unsigned)(kind - LEAK_KIND_ESCAPE);
	struct decoded d = { 0 };

	if (p < view->way_done[of[which].slot])
		return;
	of[which].decode(view->bytes + p, view->len - p, &d);
	if (d.took == 0 || (kind == LEAK_KIND_QUOTED && !is_mail(view, p)))
		return;
	decode_piece(s, depth, of[which].decode, of[which].slot, p);
}
