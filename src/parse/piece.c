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

#define STAMP_BYTES ((size_t)19)

/* "2025-11-24 10:11:12": so a record of a csvlog begins. */
static bool
is_stamped(struct span line)
{
	static const char form[STAMP_BYTES + 1] = "0000-00-00 00:00:00";

	if (line.len < STAMP_BYTES)
		return (false);
	for (size_t i = 0; i < STAMP_BYTES; i++) {
		char c = line.ptr[i];

		if (form[i] == '0' ? c < '0' || c > '9' : c != form[i])
			return (false);
	}
	return (true);
}

/*
 * Of a record whose quotes are wrong, as after a crash: up to the next stamp
 * before bad, else its first line.  *open: more bytes may tell otherwise.
 */
static size_t
broken_len(struct span rest, size_t bad, bool *open)
{
	size_t first = line_len(rest, 0), len = first;

	*open = rest.ptr[first - 1] != '\n';
	while (len <= bad && len < rest.len) {
		if (is_stamped(span_from(rest, len))) {
			*open = false;
			return (len);
		}
		*open = *open || rest.len - len < STAMP_BYTES;
		len += line_len(rest, len);
	}
	return (first);
}

/* *at: from the start of a field to the comma or line end behind it.  False: no field. */
static bool
skip_field(struct span rest, size_t *at)
{
	if (rest.ptr[*at] != '"') {
		while (*at < rest.len && memchr(",\"\n", rest.ptr[*at], 3) == NULL)
			++*at;
		return (*at == rest.len || rest.ptr[*at] != '"');
	}
	do { /* a quote behind a quote is one of the value */
		++*at;
		*at += span_find(span_from(rest, *at), '"');
		*at += *at < rest.len;
	} while (*at < rest.len && rest.ptr[*at] == '"');
	return (*at == rest.len || memchr(",\r\n", rest.ptr[*at], 3) != NULL);
}

void
parse_piece_quoted(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	size_t at = 0;
	bool open;

	(void)parser;
	while (at < rest.len && rest.ptr[at] != '\n') {
		if (!skip_field(rest, &at)) {
			at = broken_len(rest, at, &open);
			parse_piece_record(rest, at, open, piece);
			return;
		}
		while (at < rest.len && rest.ptr[at] == '\r')
			at++;
		if (at < rest.len && rest.ptr[at] == ',')
			at++;
	}
	parse_piece_record(rest, at < rest.len ? at + 1 : at, at == rest.len, piece);
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

	for (size_t records = 0; records < count && at < bytes.len;) {
		next(parser, span_from(bytes, at), &piece);
		records += piece.mixed ? piece.line_ends : 1;
		if ((piece.open && !last) || (records > count && at > 0))
			break;
		at += piece.len;
		if (!piece.head)
			whole = at;
	}
	return (whole);
}

bool
parse_has_items(const struct parser *parser)
{
	return (parser->format == NULL ||
	    (parser->format->items && parse_pieces(parser) == parser->format->piece));
}

/* Up to the first piece that is a record. */
static size_t
whole_items(const struct parser *parser, struct span bytes)
{
	parse_piece_function *next = parse_pieces(parser);
	struct parse_piece piece;
	size_t at = 0, whole = 0;

	while (next != NULL && at < bytes.len) {
		next(parser, span_from(bytes, at), &piece);
		if (piece.open || piece.kind == PARSE_PIECE_RECORD)
			break;
		at += piece.len;
		if (!piece.head)
			whole = at;
	}
	return (whole);
}

size_t
parse_whole_items(const struct parser *parser, struct span bytes)
{
	struct parser any = *parser;
	size_t whole = 0;

	if (parser->format != NULL)
		return (whole_items(parser, bytes));
	for (size_t i = 0; i < parse_format_count && whole == 0; i++) {
		any.format = &parse_formats[i];
		if (any.format->items)
			whole = whole_items(&any, bytes);
	}
	return (whole);
}
