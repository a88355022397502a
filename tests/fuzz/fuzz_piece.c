/*
 * Fuzz target: streams cut into pieces.  No byte and no line end is lost.
 * Wherever what is whole is cut off, the pieces of both parts are those of
 * the whole; of broken JSON and of torn quotes, which what follows shows to be
 * torn, only their sum is (test_piece.c has the sound ones).
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/scan.h"
#include "parse/piece.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECES_MAX 4096

struct pieces {
	struct parse_piece piece[PIECES_MAX];
	size_t count;
};

static struct pieces all, parts;

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static bool
continues(const void *arg, struct span line)
{
	(void)arg;
	return (line.len > 0 && line.ptr[0] == '\t');
}

static void
tabs(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	parse_piece_lines(rest, continues, parser, piece);
}

static void
json(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	static const char *const names[] = { "Records", "items", NULL };

	(void)parser;
	parse_piece_json(names, rest, piece);
}

static void
take(const struct parser *parser, struct span bytes, struct pieces *p)
{
	while (bytes.len > 0 && p->count < PIECES_MAX) {
		struct parse_piece *piece = &p->piece[p->count++];
		size_t stop;

		parser->format->piece(parser, bytes, piece);
		demand(piece->len > 0 && piece->len <= bytes.len);
		demand(piece->text.ptr >= bytes.ptr &&
		    piece->text.ptr + piece->text.len <= bytes.ptr + piece->len);
		demand(piece->line_ends ==
		    scan_count_lines(span_of(bytes.ptr, piece->len), piece->len, &stop));
		bytes = span_from(bytes, piece->len);
	}
}

/* An item that ends behind the cut: found in one, or in two, it ends at the same byte. */
static void
beyond(const struct parser *parser, struct span bytes, size_t cut, size_t again)
{
	struct parse_beyond one, two;
	size_t start, at, len, first, second = 0;
	bool ended;

	if (!parse_beyond_begin(parser, span_of(bytes.ptr, cut), &one, &start, &at))
		return;
	demand(start < at && at < cut);
	two = one;
	ended = parse_beyond(&one, span_from(bytes, at), &len);
	demand(len <= bytes.len - at && (ended || len == bytes.len - at));
	again = again < bytes.len - at ? again : bytes.len - at;
	if (!parse_beyond(&two, span_of(bytes.ptr + at, again), &first))
		demand(parse_beyond(&two, span_from(bytes, at + again), &second) == ended);
	demand(first + second == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct parse_format formats[] = { { .name = "json", .piece = json },
		{ .name = "tabs", .piece = tabs },
		{ .name = "quoted", .piece = parse_piece_quoted } };
	struct parser parser;
	struct span bytes;
	size_t cut, whole;

	if (size < 3 || size > 4000)
		return (0);
	parser = (struct parser){ .format = &formats[data[0] % 3] };
	bytes = span_of((const char *)data + 2, size - 2);
	cut = data[1] % (bytes.len + 1);
	whole = parse_whole(&parser, span_of(bytes.ptr, cut), PIECES_MAX, false);
	demand(whole <= cut);
	beyond(&parser, bytes, cut, data[0]);
	all.count = parts.count = 0;
	take(&parser, bytes, &all);
	take(&parser, span_of(bytes.ptr, whole), &parts);
	take(&parser, span_from(bytes, whole), &parts);
	if (parser.format != &formats[1])
		return (0);
	demand(all.count == parts.count);
	for (size_t i = 0; i < all.count; i++) {
		demand(all.piece[i].kind == parts.piece[i].kind);
		demand(all.piece[i].len == parts.piece[i].len);
		demand(span_equal(all.piece[i].text, parts.piece[i].text));
	}
	return (0);
}
