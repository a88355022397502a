/* parse: the texts of a CLF line. */
#include "parse/field.h"
#include "parse/unescape.h"

void
parse_field_clear(struct event *ev)
{
	ev->type = EVENT_HTTP;
	ev->time_us = 0;
	ev->sequence = 0;
	ev->time_ok = false;
	ev->zone_assumed = false;
	ev->garbage = false;
	ev->user_odd = false;
	ev->user_claimed = false;
	ev->duplicate_key = false;
	ev->bad_unicode = false;
	ev->has_text = 0;
	ev->has_number = 0;
	ev->bad_text = 0;
	ev->extra_count = 0;
	ev->extra_more = 0;
	ev->headers[0] = ev->headers[1] = 0;
}

bool
parse_field_user_odd(struct span user)
{
	for (size_t i = 0; i < user.len; i++) {
		char c = user.ptr[i];

		if (c == ' ' || c == '\t' || c == '"' || c == '[' || c == ']')
			return (true);
	}
	return (false);
}

struct span
parse_field_host(struct span vhost)
{
	size_t at = vhost.len;

	while (at > 0 && vhost.len - at < 6 && parse_field_is_digit(vhost.ptr[at - 1]))
		at--;
	if (at < vhost.len && at > 1 && vhost.ptr[at - 1] == ':')
		vhost.len = at - 1;
	return (vhost);
}

bool
parse_field_quoted(struct span text, struct span *value, size_t *len)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\') {
			i++;
		} else if (text.ptr[i] == '"' && (i + 1 == text.len || text.ptr[i + 1] == ' ')) {
			*value = span_of(text.ptr, i);
			*len = i + 1;
			return (true);
		}
	}
	*value = text;
	*len = text.len;
	return (false);
}

bool
parse_field_extra(struct event *ev, struct span rest, unsigned first, char **scratch)
{
	static const char names[][8] = { "field8", "field9", "field10", "field11", "field12",
		"field13", "field14", "field15", "field16", "field17", "field18", "field19",
		"field20", "field21", "field22", "field23", "field24", "field25", "field26",
		"field27", "field28", "field29", "field30", "field31", "field32", "field33",
		"field34", "field35", "field36", "field37", "field38", "field39", "field40",
		"field41", "field42" };
	struct span value;
	size_t at = 0, len;
	bool whole = true;

	for (unsigned n = first - 8; at < rest.len; n++) {
		while (at < rest.len && rest.ptr[at] == ' ')
			at++;
		if (at == rest.len)
			break;
		if (n >= sizeof(names) / sizeof(names[0]) || ev->extra_count == EVENT_EXTRA_MAX)
			return (false);
		if (rest.ptr[at] == '"') {
			at++;
			whole = parse_field_quoted(span_from(rest, at), &value, &len);
		} else {
			len = span_find(span_from(rest, at), ' ');
			value = span_of(rest.ptr + at, len);
		}
		at += len;
		if (value.len == 0 || (value.len == 1 && value.ptr[0] == '-'))
			continue;
		ev->extra[ev->extra_count++] =
		    (struct event_extra){ .key = span_str(names[n]),
			.value = parse_unescape(value, scratch) };
	}
	return (whole);
}
