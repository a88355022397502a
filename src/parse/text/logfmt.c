/* parse: logfmt, read by the names that JSON lines have. */
#include "parse/json/format/web.h"
#include "parse/text/text.h"

#define PAIRS_MIN 2

static bool
is_key(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '.' || c == '-' || c == '@' || c == '/' || c == ':');
}

static bool
is_number(struct span text)
{
	size_t i = text.len > 1 && text.ptr[0] == '-', dots = 0;

	for (; i < text.len; i++) {
		if (text.ptr[i] == '.')
			dots++;
		else if ((unsigned char)(text.ptr[i] - '0') > 9)
			return (false);
	}
	return (text.len > 0 && dots < 2 && text.ptr[text.len - 1] != '.' && text.ptr[0] != '.');
}

/* The value at the start of text; its bytes, 0 if it does not end. */
static size_t
take_value(struct span text, struct parse_json_leaf *leaf)
{
	size_t end = 1;

	leaf->escaped = false;
	if (text.len == 0 || text.ptr[0] != '"') {
		leaf->text = span_of(text.ptr, span_find(text, ' '));
		leaf->type = is_number(leaf->text) ? PARSE_JSON_NUMBER : PARSE_JSON_STRING;
		return (leaf->text.len + 1);
	}
	leaf->type = PARSE_JSON_STRING;
	for (; end < text.len && text.ptr[end] != '"'; end++)
		if (text.ptr[end] == '\\') {
			leaf->escaped = true;
			end++;
		}
	if (end >= text.len || (end + 1 < text.len && text.ptr[end + 1] != ' '))
		return (0);
	leaf->text = span_of(text.ptr + 1, end - 1);
	return (end + 2);
}

/* The walk over the pairs of a line; two passes, so that no half of a line is handed out. */
static enum parse_json_result
walk(struct span line, struct parse_json_door *door, bool hand_out)
{
	unsigned pairs = 0, bare = 0;

	while (line.len > 0) {
		struct parse_json_leaf leaf = { .type = PARSE_JSON_TRUE };
		size_t len = 0;

		while (len < line.len && is_key(line.ptr[len]))
			len++;
		leaf.path = leaf.text = span_of(line.ptr, len);
		if (len < line.len && line.ptr[len] != '=' && line.ptr[len] != ' ')
			return (PARSE_JSON_SYNTAX);
		if (len > 0 && len < line.len && line.ptr[len] == '=') {
			size_t more = take_value(span_from(line, len + 1), &leaf);

			if (more == 0) {
				door->cut = true;
				return (PARSE_JSON_SYNTAX);
			}
			pairs++;
			line = span_from(line, len + 1 + more);
		} else if (len == 0 && line.ptr[0] == '=') {
			return (PARSE_JSON_SYNTAX);
		} else {
			bare += len > 0;
			line = span_from(line, len + 1);
		}
		if (pairs == 0 && bare > 0)
			return (PARSE_JSON_SYNTAX);
		if (hand_out && leaf.path.len > 0 && !door->each(door->arg, &leaf))
			return (PARSE_JSON_STOPPED);
	}
	return (pairs >= PAIRS_MIN && bare <= pairs ? PARSE_JSON_OK : PARSE_JSON_SYNTAX);
}

enum parse_json_result
parse_text_walk_logfmt(struct span line, struct parse_json_door *door)
{
	enum parse_json_result result = walk(line, door, false);

	return (result == PARSE_JSON_OK ? walk(line, door, true) : result);
}
