/*
 * parse: long lines that a runtime has cut into parts.
 *
 * Parts of a line of stdout may have lines of stderr between them, and the
 * other way round.  What is read as one goes on until neither has a line open;
 * the parts of each are put together.
 */
#include "parse/envelope/envelope.h"
#include "parse/piece.h"

#define GROUP_BYTES ((size_t)4 * PARSE_LINE_MAX) /* the other stream's lines wait for no more */
#define GROUP_LINES 4096 /* as many records there may be in it: half of a batch */

static struct span
line_at(struct span bytes, size_t at, size_t *len)
{
	struct span rest = span_from(bytes, at);
	size_t end = span_find(rest, '\n');

	*len = end < rest.len ? end + 1 : end;
	return (span_of(rest.ptr, end));
}

/* Which of both streams it is; -1: a third one. */
static int
find_stream(struct span name[static 2], struct span stream)
{
	for (int i = 0; i < 2; i++) {
		if (name[i].ptr == NULL)
			name[i] = stream;
		if (span_equal(name[i], stream))
			return (i);
	}
	return (-1);
}

void
parse_piece_parts(parse_part_function *read, struct span rest, struct parse_piece *piece)
{
	struct span name[2] = { { NULL, 0 }, { NULL, 0 } };
	bool open[2] = { false, false }, mixed = false;
	size_t at = 0, lines = 0, len;

	do {
		struct parse_part line;
		bool known = read(line_at(rest, at, &len), &line);
		int stream = known ? find_stream(name, line.stream) : -1;

		if (stream == -1) {
			if (at == 0)
				at = len;
			else if (at + len == rest.len && rest.ptr[rest.len - 1] != '\n')
				open[0] = open[1] = true; /* half a line: nobody knows */
			else
				open[0] = open[1] = false;
			len = 0;
			break;
		}
		at += len;
		open[stream] = line.part;
		mixed = mixed || stream == 1;
		/* With no line open, or else a part passes for a line. */
	} while ((open[0] || open[1]) && at < rest.len && ++lines < GROUP_LINES);
	parse_piece_record(rest, at, false, piece);
	piece->mixed = mixed;
	piece->open = (!mixed || at < GROUP_BYTES) && lines < GROUP_LINES &&
	    ((at == rest.len && (open[0] || open[1] || piece->text.len == at)) ||
		(len == 0 && open[0]));
}

void
parse_group_begin(const struct parser *parser, struct span bytes, struct parse_group *group)
{
	*group = (struct parse_group){ .read = parse_envelope_part(parser->envelope[0]),
		.bytes = bytes };
}

/* Does a line of the same stream follow? */
static bool
goes_on(struct parse_group *g, int stream)
{
	struct parse_part line;
	size_t at = g->at, len;

	while (at < g->bytes.len && g->read(line_at(g->bytes, at, &len), &line)) {
		if (find_stream(g->name, line.stream) == stream)
			return (true);
		at += len;
	}
	return (false);
}

bool
parse_group_next(struct parse_group *g, struct parse_piece *piece)
{
	while (g->at < g->bytes.len) {
		struct parse_part line;
		size_t from = g->at, len;
		bool known = g->read(line_at(g->bytes, from, &len), &line);
		int stream = known ? find_stream(g->name, line.stream) : -1;

		g->at += len;
		if (stream == -1) {
			parse_piece_record(span_from(g->bytes, from), len, false, piece);
			return (true);
		}
		if (g->lines[stream]++ == 0)
			g->start[stream] = from;
		if (line.part && goes_on(g, stream))
			continue;
		from = g->start[stream];
		parse_piece_record(span_from(g->bytes, from), g->at - from, false, piece);
		piece->line_ends = g->lines[stream] - (g->bytes.ptr[g->at - 1] != '\n');
		g->lines[stream] = 0;
		return (true);
	}
	return (false);
}
