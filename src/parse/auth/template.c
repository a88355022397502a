/* parse: reading a message by its template. */
#include "parse/auth/template.h"
#include "parse/field.h"

/* Text of the template up to its next field or end. */
static struct span
literal_of(const char *template)
{
	size_t len = 0;

	while (template[len] != '\0' && template[len] != '%')
		len++;
	return (span_of(template, len));
}

/* Where literal stands in text: the first time, or the last; text.len if nowhere. */
static size_t
find(struct span text, struct span literal, bool last)
{
	size_t found = text.len;

	for (size_t at = 0; at + literal.len <= text.len; at++) {
		if (memcmp(text.ptr + at, literal.ptr, literal.len) != 0)
			continue;
		found = at;
		if (!last)
			break;
	}
	return (found);
}

static void
add(struct event *ev, struct span key, struct span value, enum event_extra_kind kind)
{
	if (value.len == 0)
		return;
	if (ev->extra_count == EVENT_EXTRA_MAX) {
		ev->extra_more++;
		return;
	}
	ev->extra[ev->extra_count++] =
	    (struct event_extra){ .key = key, .value = value, .kind = kind, .known = true };
}

/* No blank, and not empty: what %a, %m and %o are. */
static bool
is_word(struct span text)
{
	return (text.len > 0 && span_find(text, ' ') == text.len);
}

static bool
take_pair(struct event *ev, struct span value)
{
	size_t at = value.len;

	while (at > 0 && value.ptr[at - 1] != ' ')
		at--;
	if (at == 0 || at == value.len)
		return (false);
	parse_field_text(ev, EVENT_USER, span_of(value.ptr, at - 1));
	parse_field_text(ev, EVENT_CLIENT, span_from(value, at));
	return (true);
}

/* The program is a path; what it was given may be anything. */
static void
take_command(struct event *ev, struct span value)
{
	size_t len = span_find(value, ' ');

	parse_field_text(ev, EVENT_OBJECT, span_of(value.ptr, len));
	if (len < value.len)
		parse_field_text(ev, EVENT_MESSAGE, span_from(value, len + 1));
}

/* "logname= uid=0 tty=ssh ruser= rhost=192.0.2.7  user=root" */
static void
take_members(struct event *ev, struct span rest)
{
	while (rest.len > 0) {
		size_t len = span_find(rest, ' '), sign;
		struct span word = span_of(rest.ptr, len), name, value;

		sign = span_find(word, '=');
		name = span_of(word.ptr, sign);
		value = span_from(word, sign < len ? sign + 1 : len);
		if (span_is(name, "user"))
			parse_field_text(ev, EVENT_USER, value);
		else if (span_is(name, "rhost"))
			parse_field_text(ev, EVENT_CLIENT, value);
		else if (span_is(name, "ruser"))
			add(ev, span_of("remote_user", 11), value, EVENT_EXTRA_USER);
		else if (span_is(name, "tty"))
			add(ev, span_of("tty", 3), value, EVENT_EXTRA_WORD);
		else if (!span_is(name, "uid") && !span_is(name, "euid"))
			add(ev, span_of("member", 6), value, EVENT_EXTRA_UNKNOWN);
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
}

static bool
take_port(struct event *ev, struct span value)
{
	int64_t number;

	if (!parse_field_digits(value, &number) || number > 65535)
		return (false);
	parse_field_set_number(ev, EVENT_PORT, number);
	return (true);
}

/* Is value what a field of this kind can be?  Then ev has it. */
static bool
take(char kind, struct span value, struct event *ev)
{
	int64_t number;

	switch (kind) {
	case 'u':
	case 'v': parse_field_text(ev, EVENT_USER, value); return (true);
	case 't':
	case 'w': add(ev, span_of("target_user", 11), value, EVENT_EXTRA_USER); return (true);
	case 'k': parse_field_text(ev, EVENT_TLS_ID, value); return (true);
	case 'r': parse_field_text(ev, EVENT_MESSAGE, value); return (true);
	case 's': parse_field_text(ev, EVENT_SESSION, value); return (is_word(value));
	case 'a': parse_field_text(ev, EVENT_CLIENT, value); return (is_word(value));
	case 'o': parse_field_text(ev, EVENT_OBJECT, value); return (is_word(value));
	case 'm': add(ev, span_of("method", 6), value, EVENT_EXTRA_WORD); return (is_word(value));
	case 'y': add(ev, span_of("tty", 3), value, EVENT_EXTRA_WORD); return (true);
	case 'd': add(ev, span_of("directory", 9), value, EVENT_EXTRA_UNKNOWN); return (true);
	case 'c': take_command(ev, value); return (value.len > 0);
	case 'f': take_members(ev, value); return (true);
	case 'x': return (take_pair(ev, value));
	case 'p': return (take_port(ev, value));
	default: return (kind == 'n' && parse_field_digits(value, &number));
	}
}

bool
parse_template(const char *template, struct span text, struct event *ev)
{
	struct span literal = literal_of(template);

	if (text.len < literal.len || memcmp(text.ptr, literal.ptr, literal.len) != 0)
		return (false);
	text = span_from(text, literal.len);
	template += literal.len;
	while (*template != '\0') {
		char kind = template[1];
		bool last = kind == 'u' || kind == 't' || kind == 'x';
		size_t end;

		template += 2;
		literal = literal_of(template);
		end = *template == '\0' ? text.len : find(text, literal, last);
		if (*template != '\0' && end == text.len)
			return (false);
		if (!take(kind, span_of(text.ptr, end), ev))
			return (false);
		template += literal.len;
		text = span_from(text, end + literal.len);
	}
	return (text.len == 0);
}
