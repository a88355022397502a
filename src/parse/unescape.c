/* parse: escapes of Apache and nginx back to bytes. */
#include "parse/unescape.h"

static int
unescape_hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)(c | 0x20);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* The byte that \c stands for; -1 if it is no escape of one letter. */
static int
unescape_letter(char c)
{
	static const char from[] = "\"\\ntrbfva", to[] = "\"\\\n\t\r\b\f\v\a";
	const char *at = c == '\0' ? NULL : strchr(from, c);

	return (at == NULL ? -1 : (unsigned char)to[at - from]);
}

struct span
parse_unescape(struct span raw, char **scratch)
{
	size_t i;
	char *start = *scratch, *out = start;
	int high, low, letter;

	if (start == NULL || (i = span_find(raw, '\\')) == raw.len)
		return (raw);
	memcpy(out, raw.ptr, i);
	out += i;
	while (i < raw.len) {
		size_t left = raw.len - i;

		if (raw.ptr[i] != '\\' || left < 2) {
			*out++ = raw.ptr[i++];
		} else if (raw.ptr[i + 1] == 'x' && left >= 4 &&
		    (high = unescape_hex(raw.ptr[i + 2])) >= 0 &&
		    (low = unescape_hex(raw.ptr[i + 3])) >= 0) {
			*out++ = (char)(high << 4 | low);
			i += 4;
		} else if ((letter = unescape_letter(raw.ptr[i + 1])) >= 0) {
			*out++ = (char)letter;
			i += 2;
		} else {
			*out++ = raw.ptr[i++];
		}
	}
	*scratch = out;
	return (span_of(start, (size_t)(out - start)));
}
