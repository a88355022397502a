#include "base/clock.h"
#include "record/escape.h"
#include "view/render.h"

void
view_escape(struct buf *out, struct span text)
{
	while (text.len > 0) {
		char escaped[RECORD_ESCAPE_GROWTH];
		uint32_t code;
		size_t len = record_utf8_next(text, &code);
		struct span one = span_of(text.ptr, len == 0 ? 1 : len);

		buf_add(out, escaped, (size_t)(record_escape(escaped, one) - escaped));
		text = span_from(text, one.len);
	}
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
