/* parse: items that are too long to be seen at once. */
#include <string.h>

#include "base/scan.h"
#include "parse/piece.h"

#define FRAMES_MAX 8 /* before the first item of a container */

/* From the sign of an item to its value. */
static size_t
value_at(struct span item)
{
	size_t at = 0;

	while (at < item.len && memchr(" \t\r\n[,", item.ptr[at], 6) != NULL) {
		bool sign = item.ptr[at] == '[' || item.ptr[at] == ',';

		at++;
		if (sign)
			break;
	}
	while (at < item.len && memchr(" \t\r\n", item.ptr[at], 4) != NULL)
		at++;
	return (at);
}

bool
parse_beyond(struct parse_beyond *beyond, struct span bytes, size_t *len)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];
		bool begins = beyond->line_begins && c == '{';

		beyond->line_begins = c == '\n';
		if (begins) /* a record; it is not the item's */
			return (*len = i, true);
		if (c == '\n' && (beyond->string || beyond->broken))
			return (*len = i + 1, true);
		if (beyond->escaped) {
			beyond->escaped = false;
			continue;
		}
		beyond->escaped = beyond->string && c == '\\';
		beyond->string ^= c == '"';
		if (beyond->string || beyond->broken)
			continue;
		beyond->depth += c == '{' || c == '[';
		beyond->depth -= c == '}' || c == ']';
		if (beyond->depth == 0)
			return (*len = i + 1, true);
		beyond->broken = beyond->depth > PARSE_PIECE_DEPTH;
	}
	*len = bytes.len;
	return (false);
}

static bool
begins(const struct parser *parser, struct span bytes, size_t *start, size_t *value)
{
	parse_piece_function *next = parse_pieces(parser);
	struct parse_piece piece = { .kind = PARSE_PIECE_FRAME };
	size_t at = 0;

	for (unsigned i = 0; next != NULL && i < FRAMES_MAX && at < bytes.len; i++) {
		next(parser, span_from(bytes, at), &piece);
		if (piece.kind != PARSE_PIECE_FRAME || !piece.head)
			break;
		at += piece.len;
	}
	if (piece.kind != PARSE_PIECE_ITEM || !piece.open)
		return (false);
	*start = at;
	*value = at + value_at(span_from(bytes, at));
	return (*value < bytes.len && memchr("{[\"", bytes.ptr[*value], 3) != NULL);
}

bool
parse_beyond_begin(const struct parser *parser, struct span bytes, struct parse_beyond *beyond,
    size_t *start, size_t *value)
{
	struct parser any = *parser;
	bool found = false;

	*beyond = (struct parse_beyond){ .depth = 0 };
	if (parser->format != NULL)
		return (begins(parser, bytes, start, value));
	for (size_t i = 0; i < parse_format_count && !found; i++) {
		any.format = &parse_formats[i];
		found = any.format->items && begins(&any, bytes, start, value);
	}
	return (found);
}

void
parse_piece_cut(struct span rest, struct parse_piece *piece)
{
	size_t at = value_at(rest);

	parse_piece_record(rest, rest.len, true, piece);
	piece->kind = PARSE_PIECE_ITEM;
	piece->line_ends--;
	piece->text.ptr += at < piece->text.len ? at : piece->text.len;
	piece->text.len -= at < piece->text.len ? at : piece->text.len;
}
