/* parse: values of JSON that was found good, without a walk over all that is in them. */
#include <string.h>

#include "parse/body/inside.h"

static struct span
skip_blanks(struct span s)
{
	size_t at = 0;

	while (at < s.len && strchr(" \t\r\n", s.ptr[at]) != NULL && s.ptr[at] != '\0')
		at++;
	return (span_from(s, at));
}

/* From a quote to behind the one that ends it. */
static size_t
string_len(struct span s)
{
	size_t at = 1;

	while (at < s.len && s.ptr[at] != '"')
		at += s.ptr[at] == '\\' ? 2 : 1;
	return (at < s.len ? at + 1 : s.len);
}

static size_t
value_len(struct span s)
{
	size_t at = 0, depth = 0;

	while (at < s.len) {
		char c = s.ptr[at];

		if (c == '"') {
			at += string_len(span_from(s, at));
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return (at);
			depth--;
			at++;
		} else if (depth == 0 && (c == ',' || c == ':')) {
			return (at);
		} else {
			at++;
			continue;
		}
		if (depth == 0)
			return (at);
	}
	return (at);
}

static struct span
take_value(struct span *rest)
{
	struct span value = skip_blanks(*rest);
	size_t len = value_len(value);

	*rest = skip_blanks(span_from(value, len));
	value.len = len;
	while (value.len > 0 && strchr(" \t\r\n", value.ptr[value.len - 1]) != NULL)
		value.len--;
	return (value);
}

struct parse_body_list
parse_body_list(struct span value, char type)
{
	value = skip_blanks(value);
	if (value.len < 2 || value.ptr[0] != type)
		return ((struct parse_body_list){ span_of("", 0) });
	return ((struct parse_body_list){ skip_blanks(span_from(value, 1)) });
}

static bool
is_over(struct span *rest)
{
	if (rest->len > 0 && rest->ptr[0] == ',')
		*rest = skip_blanks(span_from(*rest, 1));
	return (rest->len == 0 || rest->ptr[0] == '}' || rest->ptr[0] == ']');
}

bool
parse_body_item(struct parse_body_list *list, struct span *value)
{
	if (is_over(&list->rest))
		return (false);
	*value = take_value(&list->rest);
	return (value->len > 0);
}

bool
parse_body_member(struct parse_body_list *list, struct span *name, struct span *value)
{
	if (is_over(&list->rest) || list->rest.ptr[0] != '"')
		return (false);
	*name = take_value(&list->rest);
	if (name->len < 2 || list->rest.len == 0 || list->rest.ptr[0] != ':')
		return (false);
	*name = span_of(name->ptr + 1, name->len - 2);
	list->rest = span_from(list->rest, 1);
	*value = take_value(&list->rest);
	return (value->len > 0);
}

struct span
parse_body_find(struct span object, const char *name)
{
	struct parse_body_list list = parse_body_list(object, '{');
	struct span key, value;

	while (parse_body_member(&list, &key, &value))
		if (span_is(key, name))
			return (value);
	return (span_of("", 0));
}

void
parse_body_put(struct parse_body_out *out, struct span bytes)
{
	size_t room = out->room - out->len, n = bytes.len < room ? bytes.len : room;
	char *to = out->at + out->len;

	if (n > 0)
		memcpy(to, bytes.ptr, n);
	for (char *end;
	     n > 0 && (end = memchr(to, '\n', (size_t)(out->at + out->len + n - to))) != NULL;
	     to = end)
		*end = ' ';
	out->len += n;
	out->dropped += bytes.len - n;
}
