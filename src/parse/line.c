/* parse: the door; what holds for a line of any format. */
#include "parse/event.h"
#include "parse/parse.h"

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

void
parse_begin(struct parse_state *state, const struct parser *parser, int64_t now_us)
{
	*state = (struct parse_state){ .parser = parser, .now_us = now_us };
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
	if (line_is_blank(line))
		return (PARSE_META);
	return (state->parser->format->line(state, line, scratch, ev, reason));
}
