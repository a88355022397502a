/* parse: records of several lines. */
#include <string.h>

#include "base/scan.h"
#include "parse/envelope/envelope.h"
#include "parse/piece.h"

void
parse_piece_record(struct span rest, size_t len, bool open, struct parse_piece *piece)
{
	size_t text = len, stop;

	if (len > 0 && rest.ptr[len - 1] == '\n')
		text--;
	*piece = (struct parse_piece){ .kind = PARSE_PIECE_RECORD,
		.text = span_of(rest.ptr, text),
		.len = len,
		.line_ends = (unsigned)scan_count_lines(span_of(rest.ptr, len), len, &stop),
		.open = open };
}

/* Bytes of the line that starts at at, with its end. */
static size_t
line_len(struct span rest, size_t at)
{
	struct span from = span_from(rest, at);
	size_t len = span_find(from, '\n');

	return (len < from.len ? len + 1 : len);
}

void
parse_piece_lines(struct span rest, bool (*continues)(const void *arg, struct span line),
    const void *arg, struct parse_piece *piece)
{
	size_t len = line_len(rest, 0);

	while (len < rest.len) {
		size_t more = line_len(rest, len);
		struct span line = span_of(rest.ptr + len, more);

		if (line.ptr[more - 1] == '\n')
			line.len--;
		if (!continues(arg, line))
			break;
		len += more;
	}
	parse_piece_record(rest, len, len == rest.len, piece);
}

void
parse_piece_quoted(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	bool quoted = false;
	size_t len = 0;

	(void)parser;
	while (len < rest.len) {
		size_t more = line_len(rest, len);
		struct span line = span_of(rest.ptr + len, more);

		for (size_t at = 0; (at += span_find(span_from(line, at), '"')) < line.len; at++)
			quoted = !quoted;
		len += more;
		if (!quoted && line.ptr[more - 1] == '\n')
			break;
	}
	parse_piece_record(rest, len, quoted || rest.ptr[len - 1] != '\n', piece);
}

static void
piece_whole(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	(void)parser;
	parse_piece_record(rest, rest.len, false, piece);
}

parse_piece_function *
parse_pieces(const struct parser *parser)
{
	if (parser->whole)
		return (piece_whole);
	/* Lines that belong together are wrapped one by one. */
	if (parser->envelope[0] != PARSE_ENVELOPE_NONE)
		return (parse_envelope_piece(parser->envelope[0]));
	return (parser->format->piece);
}

size_t
parse_whole(const struct parser *parser, struct span bytes, size_t count, bool last)
{
	struct parse_piece piece;
	parse_piece_function *next = parse_pieces(parser);
	size_t at = 0, whole = 0;

	for (size_t i = 0; i < count && at < bytes.len; i++) {
		next(parser, span_from(bytes, at), &piece);
		if (piece.open && !last)
			break;
		at += piece.len;
		if (!piece.head)
			whole = at;
	}
	return (whole);
}
