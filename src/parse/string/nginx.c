/* string: log_format of nginx. */
#include "parse/string/compile.h"

static bool
is_name_byte(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_');
}

/* The name behind a '$', in braces or not; its len is 0 if there is none. */
static struct span
read_name(struct string_source *s)
{
	bool braces = s->text[s->at] == '{';
	size_t start = s->at + braces, end = start;

	while (end < s->len && is_name_byte(s->text[end]))
		end++;
	if (braces && (end == s->len || s->text[end] != '}'))
		return (span_of("", 0));
	s->at = end + braces;
	return (span_of(s->text + start, end - start));
}

static int
add_variable(struct string_builder *b, size_t at, struct span name)
{
	struct parse_string *s = b->string;
	struct string_field field = parse_string_variable(name);
	struct string_field *last = s->count == 0 ? NULL : &s->field[s->count - 1];

	/* "$uri$is_args$args": the mark is part of what stands around it. */
	if (span_is(name, "is_args") && last != NULL && last->after.len == 0 &&
	    (last->as == STRING_AS_PATH || last->to == EVENT_TARGET))
		return (0);
	if (field.key.len == 0 && parse_string_name(b, &field, "", name) == -1)
		return (-1);
	return (parse_string_add(b, at, field));
}

int
parse_string_nginx(struct string_builder *b)
{
	struct string_source *s = &b->source;

	while (s->at < s->len) {
		size_t at = s->at++;
		struct span name;

		if (s->text[at] != '$') {
			if (parse_string_literal(b, s->text + at, 1) == -1)
				return (-1);
			continue;
		}
		name = read_name(s);
		if (name.len == 0)
			return (parse_string_bad(b, at, at + 1, "no name of a variable behind it"));
		if (add_variable(b, at, name) == -1)
			return (-1);
	}
	return (0);
}
