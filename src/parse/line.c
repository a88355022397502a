/* parse: the door; what holds for a line of any format. */
#include "parse/context.h"
#include "parse/envelope/envelope.h"
#include "parse/parse.h"
#include "parse/string/string.h"

const char *const parse_reason_names[PARSE_REASON_COUNT] = {
#define REASON(id, name, help) [PARSE_REASON_##id] = (name),
#include "parse/reasons.def"
#undef REASON
};

static bool
line_is_blank(struct span line)
{
	size_t i = 0;

	while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
		i++;
	return (i == line.len);
}

/* Windows writes a byte order mark before the first line of a file, also of UTF-8. */
static struct span
without_mark(struct span line)
{
	return (span_starts(line, span_of("\xef\xbb\xbf", 3)) ? span_from(line, 3) : line);
}

/* Read a line that says how to read those behind it, if context is one. */
static void
take_context(struct parse_state *state, struct span context)
{
	struct event ev; /* such a line is none, and needs no scratch */
	enum parse_reason reason;

	context = without_mark(context);
	if (context.len > 0 && context.ptr[context.len - 1] == '\r')
		context.len--;
	if (context.len > 0 && parse_is_context(state->parser->format, context))
		(void)state->parser->format->line(state, context, NULL, &ev, &reason);
}

void
parse_begin(struct parse_state *state, const struct parser *parser, int64_t now_us)
{
	*state = (struct parse_state){ .parser = parser,
		.pieces = parse_pieces(parser), .now_us = now_us };
	take_context(state, parse_string_columns(parser->string));
}

/* A line that lacks its envelope is read as it is. */
static enum parse_result
line_in_envelope(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct parse_peel p = { .text = line, .now_us = state->now_us, .scratch = scratch,
		.room = PARSE_LINE_MAX };
	enum parse_result result;

	(void)parse_envelope_peel(state->parser, &p);
	if (line_is_blank(p.text))
		return (PARSE_META);
	state->outer = &p.outer;
	result = state->parser->format->line(state, p.text, p.scratch, ev, reason);
	state->outer = NULL;
	if (result == PARSE_EVENT || result == PARSE_PARTIAL)
		parse_envelope_fill(&p.outer, ev);
	return (result);
}

void
parse_resume(struct parse_state *state, struct span context)
{
	parse_begin(state, state->parser, state->now_us);
	take_context(state, context);
}

bool
parse_is_context(const struct parse_format *format, struct span line)
{
	return (format->context != NULL &&
	    span_starts(without_mark(line), span_str(format->context)));
}

static enum parse_result
read_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	line = without_mark(line);
	if (line_is_blank(line))
		return (PARSE_META);
	if (state->parser->envelope[0] == PARSE_ENVELOPE_NONE)
		return (state->parser->format->line(state, line, scratch, ev, reason));
	return (line_in_envelope(state, line, scratch, ev, reason));
}

enum parse_result
parse_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len > PARSE_LINE_MAX) {
		*reason = PARSE_REASON_TOO_LONG;
		return (PARSE_UNPARSED);
	}
	return (read_line(state, line, scratch, ev, reason));
}

enum parse_result
parse_item(struct parse_state *state, struct span item, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	if (item.len > PARSE_ITEM_MAX) {
		*reason = PARSE_REASON_TOO_LONG;
		return (PARSE_UNPARSED);
	}
	return (read_line(state, item, scratch, ev, reason));
}
