/* parse: reading a message by its template. */
#include <strings.h>

#include "parse/message/template.h"
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

void
parse_template_extra(
    struct event *ev, const char *key, struct span value, enum event_extra_kind kind)
{
	if (value.len == 0)
		return;
	if (ev->extra_count == EVENT_EXTRA_MAX) {
		ev->extra_more++;
		return;
	}
	ev->extra[ev->extra_count++] = (struct event_extra){
		.key = span_str(key), .value = value, .kind = kind, .known = true
	};
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

enum member { MEMBER_USER, MEMBER_RHOST, MEMBER_RUSER, MEMBER_TTY, MEMBER_ID, MEMBER_OTHER };

static enum member
member_of(struct span name)
{
	static const struct {
		const char *name;
		enum member member;
	} members[] = { { "user", MEMBER_USER }, { "rhost", MEMBER_RHOST },
		{ "ruser", MEMBER_RUSER }, { "tty", MEMBER_TTY }, { "uid", MEMBER_ID },
		{ "euid", MEMBER_ID } };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (span_is(name, members[i].name))
			return (members[i].member);
	return (MEMBER_OTHER);
}

/* Who sends a name with blanks writes members, too: of two of one name neither counts. */
static void
refuse_member(struct event *ev, enum member member)
{
	ev->duplicate_key = true;
	if (member == MEMBER_USER || member == MEMBER_RHOST)
		ev->bad_text |= UINT32_C(1)
		    << (member == MEMBER_USER ? EVENT_USER : EVENT_CLIENT);
	for (unsigned i = 0; i < ev->extra_count; i++)
		if ((member == MEMBER_TTY && span_is(ev->extra[i].key, "tty")) ||
		    (member == MEMBER_RUSER && span_is(ev->extra[i].key, "remote_user")))
			ev->extra[i].kind = EVENT_EXTRA_UNKNOWN;
}

/* "logname= uid=0 tty=ssh ruser= rhost=192.0.2.7  user=root" */
static void
take_members(struct event *ev, struct span rest)
{
	unsigned seen = 0;

	while (rest.len > 0) {
		size_t len = span_find(rest, ' '), sign;
		struct span word = span_of(rest.ptr, len), value;
		enum member member;

		sign = span_find(word, '=');
		member = member_of(span_of(word.ptr, sign));
		value = span_from(word, sign < len ? sign + 1 : len);
		rest = span_from(rest, len < rest.len ? len + 1 : len);
		if ((seen >> member & 1) != 0 && member < MEMBER_ID) {
			refuse_member(ev, member);
			continue;
		}
		seen |= 1u << member;
		switch (member) {
		case MEMBER_USER: parse_field_text(ev, EVENT_USER, value); break;
		case MEMBER_RHOST: parse_field_text(ev, EVENT_CLIENT, value); break;
		case MEMBER_RUSER:
			parse_template_extra(ev, "remote_user", value, EVENT_EXTRA_USER);
			break;
		case MEMBER_TTY: parse_template_extra(ev, "tty", value, EVENT_EXTRA_WORD); break;
		case MEMBER_ID: break;
		default: parse_template_extra(ev, "member", value, EVENT_EXTRA_UNKNOWN); break;
		}
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

void
parse_template_sql(struct span text, struct event *ev)
{
	static const char *const actions[] = { "select", "insert", "update", "delete" };

	parse_field_text(ev, EVENT_MESSAGE, text);
	while (text.len > 0 && memchr(" \t\n(", text.ptr[0], 4) != NULL)
		text = span_from(text, 1);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (text.len > 6 && strncasecmp(text.ptr, actions[i], 6) == 0 &&
		    memchr(" \t\n(*", text.ptr[6], 5) != NULL)
			parse_field_text(ev, EVENT_ACTION, span_str(actions[i]));
}

/* "12.345", in milliseconds. */
static bool
take_ms(struct event *ev, struct span value)
{
	size_t dot = span_find(value, '.');
	struct span part = span_from(value, dot < value.len ? dot + 1 : dot);
	int64_t ms, us = 0;

	if (part.len > 3 || !parse_field_digits(span_of(value.ptr, dot), &ms) || dot == 0 ||
	    dot > 15 || (part.len > 0 && !parse_field_digits(part, &us)))
		return (false);
	for (size_t i = part.len; i < 3; i++)
		us *= 10;
	parse_field_set_number(ev, EVENT_DURATION_US, ms * 1000 + us);
	return (true);
}

/* "h:mm:ss.mmm" */
static bool
take_clock(struct event *ev, struct span value)
{
	static const int64_t units_us[] = { INT64_C(3600000000), 60000000, 1000000 };
	int64_t sum_us = 0, number;

	for (size_t i = 0; i < 3; i++) {
		size_t len = span_find(value, i < 2 ? ':' : '.');

		if (len == 0 || len > 6 || !parse_field_digits(span_of(value.ptr, len), &number))
			return (false);
		sum_us += number * units_us[i];
		value = span_from(value, len < value.len ? len + 1 : len);
	}
	if (value.len == 3 && parse_field_digits(value, &number))
		sum_us += number * 1000;
	parse_field_set_number(ev, EVENT_DURATION_US, sum_us);
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
	case 'w': parse_template_extra(ev, "target_user", value, EVENT_EXTRA_USER); return (true);
	case 'k': parse_field_text(ev, EVENT_TLS_ID, value); return (true);
	case 'l':
	case 'r': parse_field_text(ev, EVENT_MESSAGE, value); return (true);
	case 's': parse_field_text(ev, EVENT_SESSION, value); return (is_word(value));
	case 'a':
		if (!span_is(value, "[local]")) /* PostgreSQL's word for a unix socket */
			parse_field_text(ev, EVENT_CLIENT, value);
		return (is_word(value));
	case 'o': parse_field_text(ev, EVENT_OBJECT, value); return (is_word(value));
	case 'm':
		parse_template_extra(ev, "method", value, EVENT_EXTRA_WORD);
		return (is_word(value));
	case 'y': parse_template_extra(ev, "tty", value, EVENT_EXTRA_WORD); return (true);
	case 'd': parse_template_extra(ev, "directory", value, EVENT_EXTRA_UNKNOWN); return (true);
	case 'c': take_command(ev, value); return (value.len > 0);
	case 'f': take_members(ev, value); return (true);
	case 'b': parse_template_extra(ev, "database", value, EVENT_EXTRA_NAME); return (true);
	case 'g': parse_template_extra(ev, "application", value, EVENT_EXTRA_NAME); return (true);
	case 'h': parse_template_extra(ev, "statement", value, EVENT_EXTRA_NAME); return (true);
	case 'q': parse_template_sql(value, ev); return (true);
	case 'e': return (take_ms(ev, value));
	case 'z': return (take_clock(ev, value));
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
		bool last = kind == 'u' || kind == 't' || kind == 'x' || kind == 'l';
		size_t end;

		template += 2;
		literal = literal_of(template);
		end = *template == '\0' ? text.len : find(text, literal, last);
		/* Free text behind it can imitate it: then nobody knows. */
		if (kind == 'x' && strstr(template, "%r") != NULL &&
		    end != find(text, literal, false))
			return (false);
		if (*template != '\0' && end == text.len)
			return (false);
		if (!take(kind, span_of(text.ptr, end), ev))
			return (false);
		template += literal.len;
		text = span_from(text, end + literal.len);
	}
	return (text.len == 0);
}
