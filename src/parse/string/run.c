/*
 * string: the program at work.
 *
 * Where a value ends shows in the text behind it.  If the value cannot hold
 * the first byte of that text, its first occurrence is the end; that is so
 * for nearly every field of every line.  Else every occurrence is tried, and
 * all ways in which the whole line fits are compared: what they do not agree
 * about, somebody wrote to deceive, and is taken for nobody's.
 */
#include "parse/field.h"
#include "parse/piece.h"
#include "parse/string/date.h"
#include "parse/string/program.h"
#include "parse/timestamp.h"

#define CLF_LEN 26
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

/* ---- the ordinary line ---- */

/* As span_starts: the texts behind values are so short that a call costs more than their bytes. */
static inline bool
starts_with(struct span rest, struct span text)
{
	size_t same = 0;

	while (same < text.len && same < rest.len && rest.ptr[same] == text.ptr[same])
		same++;
	return (same == text.len);
}

static inline bool
is_behind(const struct string_field *f, struct span rest, size_t len)
{
	return (len <= rest.len && starts_with(span_from(rest, len), f->after));
}

/* As memmem, of such a text; its first byte is mostly there once. */
static const char *
find_text(struct span in, struct span text)
{
	for (; in.len >= text.len; in = span_from(in, 1)) {
		in = span_from(in, span_find(in, text.ptr[0]));
		if (in.len > 0 && starts_with(in, text))
			return (in.ptr);
	}
	return (NULL);
}

/* Does the open value end at len, and nowhere else?  Its server lets no quote into it. */
static bool
is_only(const struct parse_string *s, const struct string_field *f, struct span rest, size_t len)
{
	struct span more = span_from(rest, len + 1);
	bool token = f->shape == STRING_TOKEN;

	if ((s->escape == STRING_ESCAPE_NONE && !token) || memchr(rest.ptr, '"', len) != NULL)
		return (false);
	more.len = span_find(more, token ? ' ' : '"') + f->after.len;
	if (more.len > rest.len - len - 1)
		more.len = rest.len - len - 1;
	return (find_text(more, f->after) == NULL);
}

/* Short values, byte by byte: where the first byte stands that they cannot hold. */
static inline size_t
token_len(struct span rest)
{
	size_t len = 0;

	while (len < rest.len && rest.ptr[len] != ' ' && rest.ptr[len] != '"')
		len++;
	return (len);
}

static inline size_t
number_len(struct span rest)
{
	size_t len = 0;

	while (len < rest.len && (parse_field_is_digit(rest.ptr[len]) || rest.ptr[len] == '.'))
		len++;
	if (len == 0 && rest.len > 0 && rest.ptr[0] == '-')
		len++;
	return (len);
}

static bool
quick_end(const struct parse_string *s, const struct string_field *f, struct span rest, size_t *len)
{
	const char *found;

	if (f->shape == STRING_CLF) {
		*len = CLF_LEN;
		return (is_behind(f, rest, CLF_LEN));
	}
	if (f->shape == STRING_DATE && !f->pad) {
		*len = parse_string_date_len(f->date, rest);
		return (*len > 0 && is_behind(f, rest, *len));
	}
	if (!f->closed) {
		if (f->pad || (found = find_text(rest, f->after)) == NULL)
			return (false);
		*len = (size_t)(found - rest.ptr);
		return (is_only(s, f, rest, *len));
	}
	if (f->shape == STRING_NUMBER) {
		*len = number_len(rest);
		return (is_behind(f, rest, *len));
	}
	if (f->shape == STRING_TOKEN && !f->keep) {
		*len = token_len(rest);
		return (is_behind(f, rest, *len) &&
		    (*len == 0 || rest.ptr[*len] == ' ' || rest.ptr[*len - 1] != '\\'));
	}
	*len = span_find(rest, f->after.ptr[0]);
	if (f->after.ptr[0] == '"' && *len > 0 && rest.ptr[*len - 1] == '\\')
		return (false);
	return (is_behind(f, rest, *len));
}

/* Was it not looked at when its end was found? */
static inline bool
needs_look(const struct string_field *f)
{
	bool closed = f->closed && !f->keep;

	return (f->shape != STRING_FREE &&
	    !(closed && (f->shape == STRING_TOKEN || f->shape == STRING_NUMBER)));
}

static bool
quick(const struct parse_string *s, struct span line, struct span *value)
{
	struct span rest = span_from(line, s->first.len);

	if (!span_starts(line, s->first))
		return (false);
	for (unsigned i = 0; i < s->count; i++) {
		const struct string_field *f = &s->field[i];
		size_t len = rest.len;

		if (f->after.len > 0) {
			if (!quick_end(s, f, rest, &len))
				return (false);
		} else if (f->shape == STRING_FREE && memchr(rest.ptr, '"', rest.len) != NULL)
			return (false);
		value[i] = span_of(rest.ptr, len);
		if (needs_look(f) && !parse_string_fits(f, value[i]))
			return (false);
		rest = span_from(rest, len + (f->keep ? 0 : f->after.len));
	}
	return (rest.len == 0);
}

/* ---- any line ---- */

struct search {
	const struct parse_string *s;
	struct span line;
	struct span value[STRING_OPS_MAX], found[STRING_OPS_MAX];
	unsigned ways;
	uint64_t differs;
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
			search->found[i] = search->value[i];
		else if (!span_equal(search->found[i], search->value[i]))
			search->differs |= UINT64_C(1) << i;
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
	search->differs = 0;
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

static enum parse_result
search_line(const struct parse_state *state, struct search *search, char *scratch,
    struct event *ev, enum parse_reason *reason)
{
	struct span line = search->line;

	*reason = PARSE_REASON_GRAMMAR;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		*reason = PARSE_REASON_BINARY;
	else if (span_starts(line, search->s->first)) {
		search_from(search, 0, span_from(line, search->s->first.len));
		if (search->work <= 0)
			*reason = PARSE_REASON_AMBIGUOUS;
		else if (search->ways > 0)
			return (
			    parse_string_fill(state, search->found, search->differs, scratch, ev));
		else if (search->cut)
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
	struct span value[STRING_OPS_MAX];
	struct search search;

	if (s->clf != NULL)
		return (s->clf(state, line, scratch, ev, reason));
	if (quick(s, line, value))
		return (parse_string_fill(state, value, 0, scratch, ev));
	begin(&search, s, line);
	return (search_line(state, &search, scratch, ev, reason));
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
