/* config: the text of a scalar, with the environment in it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/fill.h"

#define VARIABLE_BYTES 64

static bool
is_name(struct span s)
{
	if (s.len == 0 || s.len >= VARIABLE_BYTES || (s.ptr[0] >= '0' && s.ptr[0] <= '9'))
		return (false);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_'))
			return (false);
	}
	return (true);
}

/* The value of the variable whose name in follows "${"; NULL if it is said what is wrong. */
static const char *
variable(struct config_loader *l, struct config_mark at, struct span in, size_t *used)
{
	size_t len = span_find(in, '}');
	char name[VARIABLE_BYTES];
	const char *value;

	if (len == in.len || !is_name(span_of(in.ptr, len))) {
		config_say(l, at, "\"${\" without the name of a variable and \"}\"");
		config_hint(l, "write $${ for ${ itself");
		return (NULL);
	}
	memcpy(name, in.ptr, len);
	name[len] = '\0';
	if ((value = getenv(name)) == NULL)
		config_say(l, at, "the environment has no %s", name);
	*used = len + 1;
	return (value);
}

/* Replace ${NAME}.  Returns the length, or size if it is too long; -1: said. */
static ssize_t
expand(struct config_loader *l, const struct config_node *node, char *out, size_t size)
{
	struct span in = node->text;
	size_t len = 0;

	while (in.len > 0) {
		struct span part = span_of(in.ptr, 1);
		size_t used = 1;

		if (span_starts(in, (struct span)SPAN("$${"))) {
			part = span_of(in.ptr + 1, 2);
			used = 3;
		} else if (span_starts(in, (struct span)SPAN("${"))) {
			const char *value = variable(l, node->mark, span_from(in, 2), &used);

			if (value == NULL)
				return (-1);
			part = span_str(value);
			used += 2;
		}
		if (part.len >= size - len)
			return ((ssize_t)size);
		memcpy(out + len, part.ptr, part.len);
		len += part.len;
		in = span_from(in, used);
	}
	out[len] = '\0';
	return ((ssize_t)len);
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return (true);
	return (false);
}

int
config_text_of(struct config_loader *l, const struct config_node *node, const char *name,
    char *out, size_t size)
{
	ssize_t len;

	if (node->kind != CONFIG_TEXT) {
		config_say(l, node->mark, "%s must be one value, not a %s", name,
		    node->kind == CONFIG_LIST ? "list" : "map");
		return (-1);
	}
	if ((len = expand(l, node, out, size)) == -1)
		return (-1);
	if (len == 0)
		config_say(l, node->mark, "%s has no value", name);
	else if ((size_t)len == size)
		config_say(l, node->mark, "%s is longer than %zu bytes", name, size - 1);
	else if (has_control(span_of(out, (size_t)len)))
		config_say(l, node->mark, "%s has a control character in it", name);
	else if (!text_is_utf8(span_of(out, (size_t)len)))
		config_say(l, node->mark, "%s is not UTF-8", name);
	else
		return (0);
	return (-1);
}

int
config_text(struct config_loader *l, const struct config_node *node, const char *name,
    char out[static CONFIG_TEXT_BYTES])
{
	return (config_text_of(l, node, name, out, CONFIG_TEXT_BYTES));
}
