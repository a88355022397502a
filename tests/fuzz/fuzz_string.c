/*
 * A format string on the first line, lines behind it: any bytes compile or
 * are refused with a text, and no span of an event lies outside of the line,
 * the scratch and the string; where the quick way answers, the careful one says
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "parse/event.h"
#include "parse/parse.h"
#include "parse/string/program.h"
#include "parse/string/string.h"
#include "../unit/parse/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_span(struct span s, struct span line, const char *scratch)
{
	check(s.len == 0 || (s.ptr >= line.ptr && s.ptr + s.len <= line.ptr + line.len) ||
	    (s.ptr >= scratch && s.ptr + s.len <= scratch + PARSE_SCRATCH_BYTES) ||
	    (s.len == 1 && s.ptr[0] == '?'));
}

static void
check_event(const struct event *ev, struct span line, const char *scratch)
{
	check(ev->has_text >> EVENT_TEXT_COUNT == 0);
	check(ev->has_number >> EVENT_NUMBER_COUNT == 0);
	check(ev->extra_count <= EVENT_EXTRA_MAX);
	for (unsigned f = 0; f < EVENT_TEXT_COUNT; f++)
		if (event_has(ev, (enum event_text)f))
			check_span(ev->text[f], line, scratch);
	for (unsigned i = 0; i < ev->extra_count; i++) {
		check_span(ev->extra[i].value, line, scratch);
		check(ev->extra[i].key.len > 0);
	}
}

/* But of a line that is too hostile to be looked through, and of one with a NUL. */
static void
check_quick(struct parse_state *state, struct span line)
{
	static char scratch[PARSE_SCRATCH_BYTES], more[PARSE_SCRATCH_BYTES];
	struct string_values values;
	enum parse_reason reason;
	enum parse_result result;
	struct event quick, careful;

	if (state->parser->string->count == 0 || line.len > PARSE_LINE_MAX ||
	    memchr(line.ptr, '\0', line.len) != NULL ||
	    !parse_string_quick(state->parser->string, line, &values))
		return;
	result = parse_string_careful(state, line, scratch, &careful, &reason);
	if (result == PARSE_UNPARSED && reason == PARSE_REASON_AMBIGUOUS)
		return;
	check(parse_string_fill(state, &values, more, &quick) == result);
	check(show_same(&quick, &careful));
}

static void
read_lines(const struct parser *parser, struct span text)
{
	static char scratch[PARSE_SCRATCH_BYTES];
	struct parse_state state;

	parse_begin(&state, parser, INT64_C(1763979072000000));
	while (text.len > 0) {
		struct span line = span_of(text.ptr, span_find(text, '\n'));
		enum parse_reason reason = PARSE_REASON_COUNT;
		struct event ev;
		struct parse_string_stop stop;
		enum parse_result result = parse_line(&state, line, scratch, &ev, &reason);

		(void)parse_string_stops(parser->string, line, &stop);
		if (result == PARSE_UNPARSED)
			check(reason < PARSE_REASON_COUNT);
		else if (result != PARSE_META)
			check_event(&ev, line, scratch);
		check_quick(&state, line);
		text = span_from(text, line.len + 1);
	}
}

static void
cut_pieces(const struct parser *parser, struct span text)
{
	parse_piece_function *pieces = parse_pieces(parser);

	while (pieces != NULL && text.len > 0) {
		struct parse_piece piece;

		pieces(parser, text, &piece);
		check(piece.len > 0 && piece.len <= text.len);
		text = span_from(text, piece.len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size);
	struct span format = span_of(text.ptr, span_find(text, '\n'));

	for (int d = 0; d < PARSE_STRING_DIALECT_COUNT; d++) {
		struct parse_string *string = NULL;
		struct err e = { ERR_NONE, "" };
		struct parser parser = { 0 };

		if (parse_string_compile(format, (enum parse_string_dialect)d, &string, &e) == -1) {
			check(string == NULL && e.code != ERR_NONE && e.text[0] != '\0');
			continue;
		}
		parser.string = string;
		parser.format = parse_string_format(string);
		read_lines(&parser, span_from(text, format.len + 1));
		cut_pieces(&parser, span_from(text, format.len + 1));
		parse_string_free(string);
	}
	return (0);
}
