/* json, the writer.  The reader is json.c. */
#include "base/json.h"

#include "base/scan.h"
#include "base/text.h"

#define REPLACEMENT 0xfffdu

/* Code point of the well-formed sequence at the start of in; its length or 0. */
static size_t
decode(struct span in, uint32_t *point)
{
	unsigned char lead = (unsigned char)in.ptr[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t value = len == 1 ? lead : lead & (0x7fu >> len);

	if (len > in.len || !text_is_utf8(span_of(in.ptr, len)))
		return (0);
	for (size_t i = 1; i < len; i++)
		value = value << 6 | ((unsigned char)in.ptr[i] & 0x3f);
	*point = value;
	return (len);
}

static void
add_unit(struct buf *b, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15],
		digits[unit >> 4 & 15], digits[unit & 15] };

	buf_add(b, text, sizeof(text));
}

static void
add_escape(struct buf *b, uint32_t point)
{
	static const char short_escapes[128] = {
		['"'] = '"',
		['\\'] = '\\',
		['\b'] = 'b',
		['\f'] = 'f',
		['\n'] = 'n',
		['\r'] = 'r',
		['\t'] = 't',
	};

	if (point < 0x80 && short_escapes[point] != 0) {
		char text[2] = { '\\', short_escapes[point] };

		buf_add(b, text, sizeof(text));
	} else if (point < 0x10000) {
		add_unit(b, point);
	} else {
		add_unit(b, 0xd800 + ((point - 0x10000) >> 10));
		add_unit(b, 0xdc00 + ((point - 0x10000) & 0x3ff));
	}
}

void
json_quote(struct buf *b, struct span text)
{
	size_t at = 0;

	buf_char(b, '"');
	for (;;) {
		struct span rest = span_from(text, at);
		size_t plain = scan_json_plain(rest), len;
		uint32_t point;

		buf_add(b, rest.ptr, plain);
		at += plain;
		if (at == text.len)
			break;
		if ((len = decode(span_from(text, at), &point)) == 0) {
			point = REPLACEMENT;
			len = 1; /* each byte that is no UTF-8 becomes one */
		}
		add_escape(b, point);
		at += len;
	}
	buf_char(b, '"');
}

void
json_key(struct buf *b, const char *key)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		buf_char(b, ',');
	json_quote(b, span_str(key));
	buf_char(b, ':');
}

void
json_object(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_char(b, '{');
}

void
json_array(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_char(b, '[');
}

void
json_item(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] != '[')
		buf_char(b, ',');
	buf_char(b, '{');
}

void
json_str(struct buf *b, const char *key, struct span value)
{
	json_key(b, key);
	json_quote(b, value);
}

void
json_u64(struct buf *b, const char *key, uint64_t value)
{
	json_key(b, key);
	buf_u64(b, value);
}

void
json_bool(struct buf *b, const char *key, bool value)
{
	json_key(b, key);
	buf_str(b, value ? "true" : "false");
}

void
json_counts(struct buf *b, const char *key, const char *const *names, const uint64_t *values,
    size_t count)
{
	json_object(b, key);
	for (size_t i = 0; i < count; i++)
		if (values[i] > 0)
			json_u64(b, names[i], values[i]);
	buf_char(b, '}');
}
