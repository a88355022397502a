/* parse: a body, and the next of its lines. */
#include <string.h>

#include "parse/body/inside.h"
#include "parse/json/json.h"

static bool
any(void *arg, const struct parse_json_leaf *leaf)
{
	(void)arg;
	(void)leaf;
	return (true);
}

/* An array, or nothing at all: null. */
static bool
begin_array(struct parse_body_list *list, struct span value)
{
	*list = parse_body_list(value, '[');
	return (value.len > 0 && (value.ptr[0] == '[' || span_is(value, "null")));
}

bool
parse_body_begin(struct parse_body *b, enum parse_body_kind kind, struct span bytes)
{
	memset(b, 0, sizeof(*b));
	b->kind = kind;
	b->host = span_of("", 0);
	if (kind == PARSE_BODY_LINES) {
		b->levels[0].rest = bytes;
		return (true);
	}
	if (parse_json_walk(bytes, any, NULL) != PARSE_JSON_OK)
		return (false);
	if (bytes.len > 3 && memcmp(bytes.ptr, "\xef\xbb\xbf", 3) == 0)
		bytes = span_from(bytes, 3);
	if (kind == PARSE_BODY_AUDIT)
		return (span_is(parse_body_find(bytes, "kind"), "\"EventList\"") &&
		    begin_array(&b->levels[0], parse_body_find(bytes, "items")));
	return (begin_array(&b->levels[0], parse_body_find(bytes, "resourceLogs")));
}

static bool
next_line(struct parse_body *b, struct parse_body_out *out)
{
	struct span *rest = &b->levels[0].rest;
	size_t len = span_find(*rest, '\n');

	if (rest->len == 0)
		return (false);
	parse_body_put(out, span_of(rest->ptr, len));
	*rest = span_from(*rest, len + 1);
	return (true);
}

/* The text of a string; empty if it is none, or has an escape. */
static struct span
plain_text(struct span value)
{
	if (value.len < 2 || value.ptr[0] != '"' || span_find(value, '\\') < value.len)
		return (span_of("", 0));
	return (span_of(value.ptr + 1, value.len - 2));
}

static bool
next_event(struct parse_body *b, struct parse_body_out *out, struct parse_body_line *line)
{
	struct parse_body_list members;
	struct span item, name, value;

	if (!parse_body_item(&b->levels[0], &item))
		return (false);
	parse_body_put(out, item);
	members = parse_body_list(item, '{');
	while (line->id.len == 0 && parse_body_member(&members, &name, &value))
		if (span_is(name, "auditID"))
			line->id = plain_text(value);
	return (true);
}

/* Down to the next record: of a resource, of a scope. */
static bool
next_record(struct parse_body *b, struct parse_body_out *out)
{
	static const char *const below[] = { "scopeLogs", "logRecords" };
	struct span item;

	for (;;) {
		if (!parse_body_item(&b->levels[b->level], &item)) {
			if (b->level == 0)
				return (false);
			b->level--;
			continue;
		}
		if (b->level == 2) {
			parse_body_record(item, b->host, out);
			return (true);
		}
		if (b->level == 0)
			b->host = parse_body_host(parse_body_find(item, "resource"));
		(void)begin_array(&b->levels[b->level + 1], parse_body_find(item, below[b->level]));
		b->level++;
	}
}

bool
parse_body_next(struct parse_body *b, char *out, size_t room, struct parse_body_line *line)
{
	struct parse_body_out to = { .at = out, .room = room };
	bool more;

	line->id = span_of("", 0);
	switch (b->kind) {
	case PARSE_BODY_LINES: more = next_line(b, &to); break;
	case PARSE_BODY_AUDIT: more = next_event(b, &to, line); break;
	default: more = next_record(b, &to);
	}
	line->len = to.len;
	line->dropped = to.dropped;
	return (more);
}
