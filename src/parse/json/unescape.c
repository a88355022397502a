/* unescape: what a JSON string means. */
#include <string.h>

#include "base/text.h"
#include "parse/json/json.h"

bool
parse_json_is_hex(const char *at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!((at[i] >= '0' && at[i] <= '9') ||
			((at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'f')))
			return (false);
	return (true);
}

/* Of digits, all of them. */
static unsigned
hex(const char *at, int count)
{
	unsigned n = 0;

	for (int i = 0; i < count; i++) {
		unsigned char c = (unsigned char)at[i];

		n = n << 4 | (c <= '9' ? (unsigned)(c - '0') : (c | 0x20u) - 'a' + 10u);
	}
	return (n);
}

/* The character of \uXXXX at i, with the second half of its pair; how many bytes that is. */
static size_t
unicode(struct span text, size_t i, unsigned *c, bool *whole)
{
	*c = hex(text.ptr + i + 2, 4);
	if (*c < 0xd800 || *c > 0xdfff)
		return (6);
	if (*c < 0xdc00 && text.len - i >= 12 && text.ptr[i + 6] == '\\' &&
	    text.ptr[i + 7] == 'u' && parse_json_is_hex(text.ptr + i + 8, 4)) {
		unsigned low = hex(text.ptr + i + 8, 4);

		if (low >= 0xdc00 && low <= 0xdfff) {
			*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
			return (12);
		}
	}
	*c = 0xfffd;
	*whole = false;
	return (6);
}

/* Bytes of the escape that text begins with; 0: it is none, in a line that no walk has read. */
static size_t
escape_len(struct span text)
{
	char c = text.len > 1 ? text.ptr[1] : '\0';
	size_t len = c == 'u' ? 6 : c == 'x' ? 4 : 2;

	return (text.len < len || (len > 2 && !parse_json_is_hex(text.ptr + 2, len - 2)) ? 0 : len);
}

struct span
parse_json_unescape(struct span text, char **scratch, bool *whole)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char *start = *scratch, *out = start;

	for (size_t i = 0; i < text.len;) {
		size_t plain = span_find(span_from(text, i), '\\');
		const char *at;
		unsigned c;

		memcpy(out, text.ptr + i, plain);
		out += plain;
		i += plain;
		if (i == text.len)
			break;
		if (escape_len(span_from(text, i)) == 0) {
			*out++ = text.ptr[i++];
			continue;
		}
		if (text.ptr[i + 1] == 'u') {
			i += unicode(text, i, &c, whole);
			out += text_utf8_put(out, c);
			continue;
		}
		if (text.ptr[i + 1] == 'x') { /* of a sloppy walk only */
			*out++ = (char)hex(text.ptr + i + 2, 2);
			i += 4;
			continue;
		}
		at = strchr(from, text.ptr[i + 1]);
		*out++ = at == NULL ? text.ptr[i + 1] : to[at - from];
		i += 2;
	}
	*scratch = out;
	return (span_of(start, (size_t)(out - start)));
}
