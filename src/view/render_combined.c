/*
 * Apache's combined format, for tools that read nothing else: the client's
 * and the user's place hold tokens, the agent is family/major.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "view/render.h"

/* Escaped as Apache does it; a blank only where it may stand. */
static void
add_text(struct buf *out, struct span text, bool quoted)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '"' || c == '\\') {
			buf_char(out, '\\');
			buf_char(out, (char)c);
		} else if (c < 0x20 || c > 0x7e || (c == ' ' && !quoted)) {
			buf_fmt(out, "\\x%02x", c);
		} else {
			buf_char(out, (char)c);
		}
	}
}

static bool
has_text(const struct record *r, enum record_field f)
{
	return (record_has(r, f) && r->text[f].len > 0);
}

/* Who asked: the first [ of a line is that of the time (goaccess looks for it). */
static void
add_who(struct buf *out, const struct record *r, enum record_field f)
{
	struct span text = r->text[f];

	if (!has_text(r, f)) {
		buf_char(out, '-');
		return;
	}
	for (size_t len; (len = span_find(text, '[')) < text.len; text = span_from(text, len + 1)) {
		add_text(out, span_of(text.ptr, len), false);
		buf_str(out, "\\x5b");
	}
	add_text(out, text, false);
}

/* A word without blanks, or a dash. */
static void
add_word(struct buf *out, const struct record *r, enum record_field f)
{
	if (has_text(r, f))
		add_text(out, r->text[f], false);
	else
		buf_char(out, '-');
}

static void
add_time(struct buf *out, int64_t t_us)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	struct clock_civil c;

	clock_to_civil(t_us, &c);
	buf_fmt(out, "[%02d/%s/%04d:%02d:%02d:%02d +0000]", c.day, months[c.month - 1], c.year,
	    c.hour, c.minute, c.second);
}

/* "GET /path?query HTTP/1.1", or "-" if the event was no request. */
static void
add_request(struct buf *out, const struct record *r)
{
	if (!has_text(r, RECORD_FIELD_METHOD)) {
		buf_str(out, "\"-\"");
		return;
	}
	buf_char(out, '"');
	add_word(out, r, RECORD_FIELD_METHOD);
	buf_char(out, ' ');
	add_word(out, r, RECORD_FIELD_PATH);
	if (record_has(r, RECORD_FIELD_QUERY)) {
		buf_char(out, '?');
		add_text(out, r->text[RECORD_FIELD_QUERY], false);
	}
	if (has_text(r, RECORD_FIELD_PROTOCOL)) {
		buf_char(out, ' ');
		add_word(out, r, RECORD_FIELD_PROTOCOL);
	}
	buf_char(out, '"');
}

/* digits: at least so many; servers log a status of three, 000 for none. */
static void
add_number(struct buf *out, const struct record *r, enum record_field f, int digits)
{
	if (record_has(r, f) && r->number[f] >= 0)
		buf_fmt(out, " %0*" PRId64, digits, r->number[f]);
	else
		buf_str(out, " -");
}

static void
add_quoted(struct buf *out, const struct record *r, enum record_field f)
{
	if (has_text(r, f))
		add_text(out, r->text[f], true);
	else
		buf_char(out, '-');
}

void
view_render_combined(struct buf *out, const struct record *r, struct span line)
{
	(void)line;
	add_who(out, r, RECORD_FIELD_CLIENT);
	buf_str(out, " - ");
	add_who(out, r, RECORD_FIELD_USER);
	buf_char(out, ' ');
	add_time(out, r->time_us);
	buf_char(out, ' ');
	add_request(out, r);
	add_number(out, r, RECORD_FIELD_STATUS, 3);
	add_number(out, r, RECORD_FIELD_BYTES, 1);
	buf_str(out, " \"");
	add_quoted(out, r, RECORD_FIELD_REFERER);
	buf_str(out, "\" \"");
	add_quoted(out, r, RECORD_FIELD_AGENT);
	if (has_text(r, RECORD_FIELD_AGENT) && record_has(r, RECORD_FIELD_AGENT_MAJOR))
		buf_fmt(out, "/%" PRId64, r->number[RECORD_FIELD_AGENT_MAJOR]);
	buf_str(out, "\"\n");
}
