/*
 * Whole texts in another dress: base64, hex, UTF-16.  Where it begins is not
 * known, so a run is followed both ways as long as it decodes to text;
 * hashes, keys and signatures never do for long.
 */
#include <string.h>

#include "leak/inside.h"

#define TEXT_MIN 7 /* bytes that a decoded text has at least: 1.2.3.4 */
#define BACK_MAX BEHIND_BYTES
#define AGAIN 512 /* of a run that was cut, how much is looked at again; four divides it */

/* Of a character of either alphabet its value + 1; 0 for what is in neither. */
static unsigned char values[256];

__attribute__((constructor)) static void
fill_values(void)
{
	static const char characters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < sizeof(characters) - 1; i++)
		values[(unsigned char)characters[i]] = (unsigned char)(i + 1);
	values['-'] = values['+'];
	values['_'] = values['/'];
}

/* -1 for what is in neither alphabet. */
static int
value_of(unsigned char c)
{
	return ((int)values[c] - 1);
}

/* Up to four characters at p into bytes; how many bytes, -1 if one is no base64 before two are. */
static int
quad(const unsigned char *p, size_t len, unsigned char out[static 3])
{
	uint32_t bits = 0;
	int count = 0;

	for (; count < 4 && (size_t)count < len; count++) {
		int value = value_of(p[count]);

		if (value == -1)
			break;
		bits |= (uint32_t)value << (18 - 6 * count);
	}
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	return (count < 2 ? -1 : count - 1);
}

static bool
is_quad_text(const unsigned char *p, size_t len)
{
	unsigned char out[3];

	return (quad(p, len, out) == 3 && leak_is_text(out[0]) && leak_is_text(out[1]) &&
	    leak_is_text(out[2]));
}

/* Lines of encoded text: a line end between two whole quads is passed over. */
static size_t
line_end(const struct leak_view *view, size_t at)
{
	size_t n = 0;

	if (at < view->len && view->bytes[at] == '\r')
		n++;
	if (at + n < view->len && view->bytes[at + n] == '\n')
		return (n + 1);
	return (0);
}

static size_t
base64_start(const struct leak_view *view, size_t p, size_t done)
{
	size_t first = p > BACK_MAX ? p - BACK_MAX : 0;

	if (first < done)
		first = done;
	while (p >= first + 4 && is_quad_text(view->bytes + p - 4, 4))
		p -= 4;
	return (p);
}

/* The bytes of the quad before the text that belong to it: its last ones, if they are text. */
static void
add_head(const struct leak_view *view, struct leak_child *child, size_t at)
{
	unsigned char out[3];
	int from = 3;

	if (at < 4 || quad(view->bytes + at - 4, 4, out) != 3)
		return;
	while (from > 0 && leak_is_text(out[from - 1]))
		from--;
	for (; from < 3; from++)
		(void)leak_child_add(child, out[from], at - 4 + (size_t)from);
}

void
leak_decode_base64(struct leak_scanner *s, unsigned depth, size_t p)
{
	struct leak_view *view = &s->views[depth];
	uint32_t *done = &view->way_done[DONE_BASE64 + (p & 3)];
	struct leak_child child;
	unsigned char out[3];
	size_t at;
	int count;

	if (p < *done || view->len - p < 8 || !is_quad_text(view->bytes + p, 4) ||
	    !is_quad_text(view->bytes + p + 4, 4) || !leak_child_begin(s, depth, &child))
		return;
	at = base64_start(view, p, *done);
	add_head(view, &child, at);
	while (at < view->len && child.len + 3 < REGION_BYTES_MAX) {
		size_t skip = line_end(view, at);

		if (!is_quad_text(view->bytes + at + skip, view->len - at - skip))
			break;
		(void)quad(view->bytes + at + skip, view->len - at - skip, out);
		for (size_t i = 0; i < 3; i++)
			(void)leak_child_add(&child, out[i], at + skip + i);
		at += skip + 4;
	}
	/* A run that is too long for one piece is gone on with a little before the cut. */
	*done = (uint32_t)(child.len + 3 < REGION_BYTES_MAX ? at : at - AGAIN);
	count = at < view->len ? quad(view->bytes + at, view->len - at, out) : 0;
	for (int i = 0; i < count && leak_is_text(out[i]); i++)
		(void)leak_child_add(&child, out[i], at + (size_t)i);
	if (child.len >= TEXT_MIN)
		leak_child_look(&child, LEAK_WAY_BASE64, at < view->len ? at + 1 : at);
}

/* The texts among the bytes of a hex run, from one of its two beginnings. */
static void
hex_texts(struct leak_scanner *s, unsigned depth, size_t from, size_t end)
{
	const unsigned char *bytes = s->views[depth].bytes;
	struct leak_child child;

	while (from + 2 * TEXT_MIN <= end) {
		if (!leak_child_begin(s, depth, &child))
			return;
		for (; from + 2 <= end; from += 2) {
			unsigned char c = (unsigned char)(leak_hex_value(bytes[from]) * 16 +
			    leak_hex_value(bytes[from + 1]));

			if (!leak_is_text(c) || !leak_child_add(&child, c, from))
				break;
		}
		if (child.len >= TEXT_MIN)
			leak_child_look(&child, LEAK_WAY_HEX, from);
		from += 2;
	}
}

void
leak_decode_hex(struct leak_scanner *s, unsigned depth, size_t p)
{
	struct leak_view *view = &s->views[depth];
	size_t from = p, end = p;

	if (p < view->way_done[DONE_HEX])
		return;
	while (from > 0 && p - from < BACK_MAX && leak_hex_value(view->bytes[from - 1]) != -1)
		from--;
	while (end < view->len && end - from < REGION_BYTES_MAX &&
	    leak_hex_value(view->bytes[end]) != -1)
		end++;
	view->way_done[DONE_HEX] = (uint32_t)end;
	hex_texts(s, depth, from, end);
	hex_texts(s, depth, from + 1, end);
}

/* NULs between the characters: one (UTF-16) or three (UTF-32); either byte order. */
static bool
is_wide(const struct leak_view *view, size_t at, size_t stride)
{
	if (at + stride > view->len || !leak_is_text(view->bytes[at]))
		return (false);
	for (size_t i = 1; i < stride; i++)
		if (view->bytes[at + i] != 0)
			return (false);
	return (true);
}

void
leak_decode_wide(struct leak_scanner *s, unsigned depth, size_t p)
{
	struct leak_view *view = &s->views[depth];
	size_t at = p - 1, stride = 2, first, begins;
	struct leak_child child;

	if (p == 0)
		return;
	if (!is_wide(view, at, 2) || (!is_wide(view, at + 2, 2) && !is_wide(view, at, 4)))
		return;
	if (is_wide(view, at, 4))
		stride = 4;
	first = at;
	while (first >= stride && at - first < BACK_MAX && is_wide(view, first - stride, stride))
		first -= stride;
	/*
	 * Only the first place of a run begins it; one that a window cuts begins
	 * where it can.  A place has a NUL two bytes before it (kinds_impl.h), so
	 * behind other bytes the first one is that of the second character.
	 */
	begins = first > 0 && view->bytes[first - 1] != 0 ? first + stride : first;
	if (at != begins && first >= view->begin)
		return;
	if (!leak_child_begin(s, depth, &child))
		return;
	for (at = first; is_wide(view, at, stride); at += stride)
		if (!leak_child_add(&child, view->bytes[at], at))
			break;
	/* Big-endian: the last character has no NUL behind it. */
	if (at < view->len && leak_is_text(view->bytes[at]))
		(void)leak_child_add(&child, view->bytes[at], at);
	if (child.len >= TEXT_MIN)
		leak_child_look(&child, LEAK_WAY_WIDE, at);
}
