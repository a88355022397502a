/*
 * parse: the ordinary CLF line.
 *
 * No backslash, no control byte, two blanks in front of the time, quotes
 * exactly where they belong, and no second place where the time could stand.
 * Anything else is the careful parser's.
 */
#include "parse/clf/clf_quick.h"
#include "parse/field.h"
#include "parse/marks.h"
#include "parse/request.h"
#include "parse/timestamp.h"

#define TIME_LEN 26

/* A number behind at least 8 bytes of the line. */
static bool
quick_number(struct event *ev, enum event_number n, struct span text)
{
	int64_t head = 0, tail;

	if (text.len == 1 && text.ptr[0] == '-')
		return (true);
	if (text.len == 0 || text.len > 18)
		return (false);
	if (text.len > 8) {
		if (!parse_field_digits(span_of(text.ptr, text.len - 8), &head))
			return (false);
		text = span_from(text, text.len - 8);
	}
	if ((tail = parse_field_eight(text.ptr + text.len - 8, text.len)) == -1)
		return (false);
	parse_field_set_number(ev, n, head * 100000000 + tail);
	return (true);
}

/* [vhost] client ident user: each without blanks, in the first 64 bytes. */
static bool
quick_prefix(
    const struct parse_clf *shape, struct span line, size_t len, uint64_t blanks, struct event *ev)
{
	struct span user, client;
	size_t at[4];
	unsigned want = shape->vhost ? 3 : 2, first = shape->vhost ? 1 : 0;

	if (len < 5 || len > 63)
		return (false);
	blanks &= (UINT64_C(1) << len) - 1;
	for (unsigned i = 0; i < want; i++, blanks &= blanks - 1) {
		if (blanks == 0)
			return (false);
		at[i] = (size_t)__builtin_ctzll(blanks);
	}
	if (blanks != 0)
		return (false);
	client = shape->vhost ? span_of(line.ptr + at[0] + 1, at[1] - at[0] - 1) :
				span_of(line.ptr, at[0]);
	user = span_of(line.ptr + at[want - 1] + 1, len - at[want - 1] - 1);
	if (at[0] == 0 || client.len == 0 || client.ptr[client.len - 1] == ',' || user.len == 0 ||
	    parse_field_user_odd(user) || parse_clf_is_wrapped(client) ||
	    (shape->vhost && parse_clf_is_wrapped(span_of(line.ptr, at[0]))))
		return (false);
	if (shape->vhost)
		parse_field_text(ev, EVENT_HOST, parse_field_host(span_of(line.ptr, at[0])));
	parse_field_text(ev, EVENT_CLIENT, client);
	parse_field_text(
	    ev, EVENT_IDENT, span_of(line.ptr + at[first] + 1, at[first + 1] - at[first] - 1));
	parse_field_text(ev, EVENT_USER, user);
	return (true);
}

/* A quote behind "] " could open another request: is there one? */
static bool
quick_ambiguous(struct span line, const struct parse_marks *m)
{
	for (unsigned i = 1; i < m->quote_count; i++)
		if (line.ptr[m->quote[i] - 1] == ' ' && line.ptr[m->quote[i] - 2] == ']')
			return (true);
	return (false);
}

/* ' status bytes', from byte at to end. */
static bool
quick_numbers(struct span line, size_t at, size_t end, struct event *ev)
{
	if (end < at + 6 || line.ptr[at] != ' ' || line.ptr[at + 4] != ' ' ||
	    line.ptr[at + 1] == '-')
		return (false);
	return (quick_number(ev, EVENT_STATUS, span_of(line.ptr + at + 1, 3)) &&
	    quick_number(ev, EVENT_BYTES, span_of(line.ptr + at + 5, end - at - 5)));
}

/* ' "referer" "agent"' and what may follow. */
static bool
quick_combined(
    const struct parse_clf *shape, struct span line, const uint32_t *quote, struct event *ev)
{
	char *scratch = NULL; /* there is no backslash */
	const char *p = line.ptr;
	size_t end = quote[5] + 1;

	if (p[quote[2] - 1] != ' ' || quote[4] != quote[3] + 2 || p[quote[3] + 1] != ' ')
		return (false);
	parse_field_text(ev, EVENT_REFERER, span_of(p + quote[2] + 1, quote[3] - quote[2] - 1));
	parse_field_text(ev, EVENT_AGENT, span_of(p + quote[4] + 1, quote[5] - quote[4] - 1));
	if (end == line.len)
		return (true);
	return (p[end] == ' ' &&
	    parse_field_extra(ev, span_from(line, end), parse_clf_first_extra(shape), &scratch));
}

bool
parse_clf_quick(const struct parse_clf *shape, struct span line, struct event *ev)
{
	struct parse_marks m;
	const char *p = line.ptr;
	char *scratch = NULL; /* there is no backslash */
	size_t open, end;

	if (!parse_marks(line, &m) || m.quote_count < (shape->combined ? 6u : 2u))
		return (false);
	if (!shape->combined && m.quote_count > 2)
		return (false);
	parse_field_clear(ev);
	open = m.quote[0];
	if (open < TIME_LEN + 4 || p[open - 1] != ' ' || p[open - 2] != ']')
		return (false);
	open -= TIME_LEN + 3; /* the bracket */
	if (p[open] != '[' || p[open - 1] != ' ' ||
	    parse_time_clf(span_of(p + open + 1, TIME_LEN), &ev->time_us) == -1)
		return (false);
	ev->time_ok = true;
	if (!quick_prefix(shape, line, open - 1, m.blanks, ev) || quick_ambiguous(line, &m))
		return (false);
	end = shape->combined ? m.quote[2] - 1 : line.len;
	if (!quick_numbers(line, m.quote[1] + 1, end, ev))
		return (false);
	parse_request(ev, span_of(p + m.quote[0] + 1, m.quote[1] - m.quote[0] - 1), &scratch);
	return (!shape->combined || quick_combined(shape, line, m.quote, ev));
}
