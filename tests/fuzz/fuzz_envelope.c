/* Fuzz target: what lines are wrapped in, of any depth and order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse/envelope/envelope.h"
#include "parse/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char scratch[PARSE_SCRATCH_BYTES];

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static enum parse_result
line_of(struct parse_state *state, struct span line, char *room, struct event *ev,
    enum parse_reason *reason)
{
	(void)state;
	(void)reason;
	demand(room >= scratch && room + 2 * PARSE_LINE_MAX <= scratch + sizeof(scratch));
	parse_field_clear(ev);
	parse_field_text(ev, EVENT_MESSAGE, line);
	return (PARSE_EVENT);
}

/* Every byte is of the line, or was written to scratch, or is a word of ours. */
static void
check_span(struct span text, struct span line)
{
	bool inside = text.ptr >= line.ptr && text.ptr + text.len <= line.ptr + line.len;
	bool written = text.ptr >= scratch && text.ptr + text.len <= scratch + sizeof(scratch);

	demand(inside || written || text.len <= 16);
	if (text.len > 0) {
		volatile char last = text.ptr[text.len - 1];

		(void)last;
	}
}

/* Each line end of a mixed piece is of one of its records. */
static void
check_group(const struct parser *parser, struct span bytes, unsigned line_ends)
{
	struct parse_group group;
	struct parse_piece piece;
	unsigned sum = 0;

	parse_group_begin(parser, bytes, &group);
	while (parse_group_next(&group, &piece)) {
		demand(piece.text.ptr >= bytes.ptr &&
		    piece.text.ptr + piece.text.len <= bytes.ptr + bytes.len);
		sum += piece.line_ends;
	}
	demand(sum == line_ends);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct parse_format plain = { .name = "plain", .line = line_of };
	struct parser parser = { .format = &plain };
	struct parse_state state;
	struct span rest;
	size_t sum = 0;

	if (size < 2)
		return (0);
	for (unsigned i = 0; i < PARSE_ENVELOPES_MAX; i++)
		parser.envelope[i] = (enum parse_envelope)((data[0] >> 2 * i & 3) + 1);
	rest = span_of((const char *)data + 1, size - 1);
	parse_begin(&state, &parser, INT64_C(1764000000000000));
	while (rest.len > 0) {
		struct parse_piece piece;
		enum parse_reason reason;
		struct event ev;

		state.pieces(&parser, rest, &piece);
		demand(piece.len > 0 && piece.len <= rest.len);
		sum += piece.len;
		if (piece.mixed)
			check_group(&parser, span_of(rest.ptr, piece.len), piece.line_ends);
		if (parse_line(&state, piece.text, scratch, &ev, &reason) == PARSE_EVENT) {
			for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
				if (event_has(&ev, (enum event_text)f))
					check_span(ev.text[f], piece.text);
			for (unsigned i = 0; i < ev.extra_count; i++)
				check_span(ev.extra[i].value, piece.text);
		}
		rest = span_from(rest, piece.len);
	}
	demand(sum == size - 1);
	return (0);
}
