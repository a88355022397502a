/*
 * string: the program at work.
 *
 * Where a value ends shows in the text behind it.  Every occurrence of that is
 * tried, and all ways in which the whole line fits are compared: what they do
 * not agree about, somebody wrote to deceive, and is taken for nobody's.
 * Nearly every line has one way that can be seen at once: quick.c.
 */
#include "parse/field.h"
#include "parse/piece.h"
#include "parse/string/date.h"
#include "parse/string/program.h"
#include "parse/timestamp.h"

#define WORK_MAX (1 << 20) /* bytes looked at, of a line that fits in many ways */

static bool
is_number(struct span text, bool list)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!parse_field_is_digit(c) && c != '.' && c != '-' &&
		    !(list && (c == ' ' || c == ',' || c == ':')))
			return (false);
	}
	return (text.len > 0);
}

/* Items with ", " or " : " between them. */
static bool
is_list(struct span text)
{
	bool item = true; /* one must come */

	while (text.len > 0) {
		size_t len = span_find(text, ' ');
		bool colon = len == 1 && text.ptr[0] == ':';

		if (len == 0 || colon == item || memchr(text.ptr, '"', len) != NULL)
			return (false);
		item = colon || text.ptr[len - 1] == ',';
		if (len < text.len && len + 1 == text.len)
			return (false);
		text = span_from(text, len + 1);
	}
	return (!item);
}

/* No blank, and quotes only as their server escapes them. */
static bool
is_token(struct span text)
{
	if (memchr(text.ptr, ' ', text.len) != NULL)
		return (false);
	for (size_t at = 0; (at += span_find(span_from(text, at), '"')) < text.len; at++)
		if (at == 0 || text.ptr[at - 1] != '\\')
			return (false);
	return (true);
}

bool
parse_string_fits(const struct string_field *field, struct span value)
{
	int64_t t_us;

	switch (field->shape) {
	case STRING_FREE: return (true);
	case STRING_TOKEN: return (value.len == 0 || is_token(value));
	case STRING_NUMBER: return (value.len == 0 || is_number(value, false));
	case STRING_NUMBERS:
		return (value.len == 0 || (is_number(value, true) && is_list(value)));
	case STRING_LIST: return (value.len == 0 || is_list(value));
	case STRING_CLF: return (parse_time_clf(value, &t_us) == 0);
	case STRING_DATE: return (parse_string_date_read(field->date, value, 0, &t_us) != -1);
	}
	return (false);
}

/* ---- any line ---- */

struct search {
	const struct parse_string *s;
	struct span line;
	struct span value[STRING_OPS_MAX];
	struct string_values found;
	unsigned ways;
	int64_t work;
	bool cut;
	unsigned stop; /* the last field that a value was looked for */
	size_t stop_at;
	const char *why; /* there was none; NULL: there was */
};

static const char *const no_shape[] = { [STRING_FREE] = "what stands there is not it",
	[STRING_TOKEN] = "a word without blanks should stand there",
	[STRING_NUMBER] = "a number should stand there",
	[STRING_NUMBERS] = "a number, or some with commas, should stand there",
	[STRING_LIST] = "a word, or some with commas, should stand there",
	[STRING_CLF] = "a time like 24/Nov/2025:10:11:12 +0000 should stand there",
	[STRING_DATE] = "a time should stand there as the directive says" };

static void
note_stop(struct search *search, unsigned i, struct span rest, const char *why)
{
	if (search->why != NULL && i <= search->stop)
		return;
	search->stop = i;
	search->stop_at = search->line.len - rest.len;
	search->why = why;
}

/* Bytes in which a value may end: up to a quote that the server did not write of it. */
static size_t
limit_of(const struct parse_string *s, const struct string_field *f, struct span rest)
{
	/* That is how Apache writes an empty user. */
	if (f->as == STRING_AS_TEXT && f->to == EVENT_USER && span_starts(rest, span_of("\"\"", 2)))
		return (2);
	if (s->escape == STRING_ESCAPE_NONE)
		return (rest.len);
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '\\')
			i++;
		else if (rest.ptr[i] == '"')
			return (i);
	}
	return (rest.len);
}

static void
note_way(struct search *search)
{
	for (unsigned i = 0; i < search->s->count; i++) {
		if (search->ways == 0)
			search->found.value[i] = search->value[i];
		else if (!span_equal(search->found.value[i], search->value[i]))
			search->found.differs |= UINT64_C(1) << i;
	}
	search->ways++;
}

static struct span
without_pad(struct span value)
{
	while (value.len > 0 && value.ptr[0] == ' ')
		value = span_from(value, 1);
	while (value.len > 0 && value.ptr[value.len - 1] == ' ')
		value.len--;
	return (value);
}

static bool
take(struct search *search, unsigned i, struct span value)
{
	const struct string_field *f = &search->s->field[i];

	if (f->pad)
		value = without_pad(value);
	search->value[i] = value;
	return (parse_string_fits(f, value));
}

/* All ways in which rest is field i and those behind it; depth is the number of fields. */
static void
search_from(struct search *search, unsigned i, struct span rest)
{
	const struct string_field *f = &search->s->field[i];
	size_t limit = limit_of(search->s, f, rest), len = 0;

	search->work -= (int64_t)limit + 16;
	if (f->after.len == 0) {
		if (limit == rest.len && take(search, i, rest))
			note_way(search);
		else
			note_stop(search, i, rest, limit == rest.len ? no_shape[f->shape] :
			    "a quote stands in it that ends it before the line ends");
		return;
	}
	/* A host holds no slash: the first one ends it. */
	for (; search->work > 0 && !(search->ways > 0 && search->s->first_wins) &&
	     !(f->keep && len > 0);
	     len++) {
		struct span behind = span_from(rest, len);
		const char *at = memmem(behind.ptr, behind.len, f->after.ptr, f->after.len);

		search->work -= (at == NULL ? (int64_t)behind.len : at - behind.ptr) + 16;
		if (at == NULL) {
			note_stop(search, i, rest, "the text behind it does not come");
			search->cut = search->cut || (i > 0 && len == 0);
			return;
		}
		len = (size_t)(at - rest.ptr);
		if (len > limit) {
			note_stop(search, i, rest, "a quote ends it before the text behind it");
			return;
		}
		if (!take(search, i, span_of(rest.ptr, len))) {
			note_stop(search, i, rest, no_shape[f->shape]);
			continue;
		}
		behind = span_from(rest, len + (f->keep ? 0 : f->after.len));
		if (i + 1 < search->s->count)
			search_from(search, i + 1, behind);
		else if (behind.len == 0)
			note_way(search);
		else
			note_stop(search, i, behind, "the line goes on behind the text behind it");
	}
}

/* ---- the door ---- */

static void
begin(struct search *search, const struct parse_string *s, struct span line)
{
	search->s = s;
	search->line = line;
	search->ways = 0;
	search->found.numbers = 0;
	search->found.differs = 0;
	search->found.escapes = true;
	search->work = WORK_MAX;
	search->cut = false;
	search->stop = 0;
	search->stop_at = 0;
	search->why = NULL;
}

bool
parse_string_stops(
    const struct parse_string *string, struct span line, struct parse_string_stop *stop)
{
	struct search search;

	if (string->count == 0)
		return (false);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	begin(&search, string, line);
	if (span_starts(line, string->first))
		search_from(&search, 0, span_from(line, string->first.len));
	else
		search.why = "the text in front of it is not there";
	if (search.ways > 0 || search.why == NULL)
		return (false);
	*stop = (struct parse_string_stop){ .directive = string->field[search.stop].directive,
		.column = string->field[search.stop].column,
		.behind = string->field[search.stop].after,
		.at = search.stop_at,
		.why = search.why };
	return (true);
}

enum parse_result
parse_string_careful(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	const struct parse_string *s = state->parser->string;
	struct search search;

	begin(&search, s, line);
	*reason = PARSE_REASON_GRAMMAR;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		*reason = PARSE_REASON_BINARY;
	else if (span_starts(line, s->first)) {
		search_from(&search, 0, span_from(line, s->first.len));
		if (search.work <= 0)
			*reason = PARSE_REASON_AMBIGUOUS;
		else if (search.ways > 0)
			return (parse_string_fill(state, &search.found, scratch, ev));
		else if (search.cut)
			*reason = PARSE_REASON_CUT;
	}
	parse_field_clear(ev);
	return (PARSE_UNPARSED);
}

enum parse_result
parse_string_line(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	const struct parse_string *s = state->parser->string;
	struct string_values values;

	if (s->clf != NULL)
		return (s->clf(state, line, scratch, ev, reason));
	if (parse_string_quick(s, line, &values))
		return (parse_string_fill(state, &values, scratch, ev));
	return (parse_string_careful(state, line, scratch, ev, reason));
}

/* Only a line that is a record by itself, but for what may follow, begins one. */
static bool
continues(const void *arg, struct span line)
{
	struct search search;

	begin(&search, arg, line);
	if (!span_starts(line, search.s->first))
		return (true);
	search_from(&search, 0, span_from(line, search.s->first.len));
	return (search.ways == 0);
}

void
parse_string_piece(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	parse_piece_lines(rest, continues, parser->string, piece);
}
