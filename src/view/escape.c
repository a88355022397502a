#include "base/clock.h"
#include "base/text.h"
#include "record/escape.h"
#include "view/render.h"

/* One character that is hidden, as JSON has it: two escapes past U+FFFF. */
static void
escape_hidden(struct buf *out, uint32_t code)
{
	if (code >= 0x10000) {
		buf_fmt(out, "\\u%04x", 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + ((code - 0x10000) & 0x3ff);
	}
	buf_fmt(out, "\\u%04x", code);
}

size_t
view_escape_next(struct buf *out, struct span text)
{
	char escaped[RECORD_ESCAPE_GROWTH];
	uint32_t code;
	size_t len = record_utf8_next(text, &code);
	struct span one = span_of(text.ptr, len == 0 ? 1 : len);

	if (len > 0 && text_is_hidden(code))
		escape_hidden(out, code);
	else
		buf_add(out, escaped, (size_t)(record_escape(escaped, one) - escaped));
	return (one.len);
}

void
view_escape(struct buf *out, struct span text)
{
	while (text.len > 0)
		text = span_from(text, view_escape_next(out, text));
}

void
view_quote(struct buf *out, struct span text)
{
	buf_char(out, '"');
	view_escape(out, text);
	buf_char(out, '"');
}

struct span
view_version(struct span text)
{
	static const struct span names[] = { SPAN("HTTP/"), SPAN("TLSv"), SPAN("SSLv"),
		SPAN("tls") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_starts(text, names[i]))
			return (span_from(text, names[i].len));
	return (text);
}

void
view_add_time(struct buf *out, int64_t time_us)
{
	char time[CLOCK_RFC3339_BYTES];

	buf_add(out, time, clock_rfc3339(time, time_us));
}
