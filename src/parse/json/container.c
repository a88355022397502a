/*
 * parse: events that stand in an array.
 *
 * The array is cut into pieces, each of which begins with the sign that says
 * where it stands: an item with [ or a comma, the end with ].  So no memory
 * of what came before is needed, and a batch may begin with any of them.
 */
#include <string.h>

#include "parse/piece.h"

#define BLANKS_MAX 4096 /* looked over for the sign of a container */
#define HEAD_BYTES 512 /* what may stand before the array of a container */

/* How a value ends. */
enum ending {
	WHOLE,
	OPEN, /* the text ends before */
	BROKEN /* here stands what no value has */
};

static inline bool
is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static size_t
skip_blanks(struct span text, size_t at)
{
	while (at < text.len && is_blank(text.ptr[at]))
		at++;
	return (at);
}

/* *at: from a quote to behind the one that ends it. */
static enum ending
skip_string(struct span text, size_t *at)
{
	for (size_t i = *at + 1; i < text.len; i++) {
		if (text.ptr[i] == '"')
			return (*at = i + 1, WHOLE);
		if (text.ptr[i] == '\n')
			return (*at = i, BROKEN);
		/* A line may be cut behind a backslash: it escapes no line end. */
		i += text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] != '\n';
	}
	*at = text.len;
	return (OPEN);
}

/* *at: from { or [ to behind its end.  A line that begins with { begins a record. */
static enum ending
skip_nested(struct span text, size_t *at)
{
	enum ending ending = WHOLE;
	unsigned depth = 0;
	size_t i = *at;

	do {
		char c = text.ptr[i];

		if (c == '"') {
			ending = skip_string(text, &i);
			continue;
		}
		if (c == '\n' && i + 1 < text.len && text.ptr[i + 1] == '{')
			return (*at = i, BROKEN);
		depth += c == '{' || c == '[';
		if (depth > PARSE_PIECE_DEPTH)
			return (*at = i, BROKEN);
		depth -= c == '}' || c == ']';
		i++;
	} while (ending == WHOLE && depth > 0 && i < text.len);
	*at = i;
	return (ending != WHOLE ? ending : depth > 0 ? OPEN : WHOLE);
}

static enum ending
skip_value(struct span text, size_t *at)
{
	if (*at == text.len)
		return (OPEN);
	if (text.ptr[*at] == '"')
		return (skip_string(text, at));
	if (text.ptr[*at] == '{' || text.ptr[*at] == '[')
		return (skip_nested(text, at));
	while (*at < text.len && memchr(",]} \t\r\n", text.ptr[*at], 7) == NULL)
		++*at;
	return (*at == text.len ? OPEN : WHOLE);
}

/* The blanks behind a piece, up to and with the line end. */
static size_t
line_end(struct span text, size_t at)
{
	while (at < text.len && memchr(" \t\r", text.ptr[at], 3) != NULL)
		at++;
	return (at < text.len && text.ptr[at] == '\n' ? at + 1 : at);
}

static bool
is_among(const char *const *names, struct span name)
{
	for (; *names != NULL; names++)
		if (span_is(name, *names))
			return (true);
	return (false);
}

/* Without the blanks at its end, and the byte before them, if that is c. */
static bool
take_back(struct span *text, char c)
{
	while (text->len > 0 && is_blank(text->ptr[text->len - 1]))
		text->len--;
	if (text->len == 0 || text->ptr[text->len - 1] != c)
		return (false);
	text->len--;
	return (true);
}

/* Does a bracket follow one of names?  Of most records none does, which is soon seen. */
static bool
may_have_array(const char *const *names, struct span text)
{
	for (size_t at = 0; (at += span_find(span_from(text, at), '[')) < text.len; at++) {
		struct span head = span_of(text.ptr, at);

		if (!take_back(&head, ':') || !take_back(&head, '"'))
			continue;
		for (const char *const *name = names; *name != NULL; name++) {
			size_t len = strlen(*name);

			if (head.len > len && head.ptr[head.len - len - 1] == '"' &&
			    memcmp(head.ptr + head.len - len, *name, len) == 0)
				return (true);
		}
	}
	return (false);
}

/* Where the array of one of names begins in the object at at; 0 if it does not soon. */
static size_t
find_array(const char *const *names, struct span text, size_t at)
{
	text.len = text.len < at + HEAD_BYTES ? text.len : at + HEAD_BYTES;
	if (!may_have_array(names, text))
		return (0);
	for (at++;; at++) {
		size_t name = at = skip_blanks(text, at);
		bool named;

		if (at == text.len || text.ptr[at] != '"' || skip_string(text, &at) != WHOLE)
			return (0);
		named = is_among(names, span_of(text.ptr + name + 1, at - name - 2));
		at = skip_blanks(text, at);
		if (at == text.len || text.ptr[at] != ':')
			return (0);
		at = skip_blanks(text, at + 1);
		if (named && at < text.len && text.ptr[at] == '[')
			return (at);
		if (skip_value(text, &at) != WHOLE)
			return (0);
		at = skip_blanks(text, at);
		if (at == text.len || text.ptr[at] != ',')
			return (0);
	}
}

static void
piece_of(
    enum parse_piece_kind kind, struct span rest, size_t len, bool open, struct parse_piece *piece)
{
	parse_piece_record(rest, len, open, piece);
	piece->kind = kind;
}

/* [ or a comma, and the item behind it. */
static void
take_item(struct span rest, size_t at, struct parse_piece *piece)
{
	size_t start = skip_blanks(rest, at + 1), end = start;
	enum ending ending;

	if (start < rest.len && rest.ptr[start] == ']') {
		piece_of(PARSE_PIECE_FRAME, rest, start, false, piece);
		piece->head = true;
		return;
	}
	ending = skip_value(rest, &end);
	if (ending == WHOLE && end > start) {
		piece_of(PARSE_PIECE_ITEM, rest, end, false, piece);
		piece->text = span_of(rest.ptr + start, end - start);
		piece->head = memchr("{[\"", rest.ptr[start], 3) == NULL;
		return;
	}
	/* A word that ends nothing, or a line that begins a record: all of the line. */
	end = start + span_find(span_from(rest, start), '\n');
	piece_of(PARSE_PIECE_ITEM, rest, end < rest.len ? end + 1 : end,
	    ending == OPEN || end == rest.len, piece);
}

/* *at: from the comma before a member to the sign behind it. */
static enum ending
skip_member(struct span text, size_t *at)
{
	enum ending ending;

	*at = skip_blanks(text, *at + 1);
	if ((ending = skip_value(text, at)) != WHOLE)
		return (ending);
	*at = skip_blanks(text, *at);
	if (*at == text.len)
		return (OPEN);
	if (text.ptr[*at] != ':')
		return (BROKEN);
	*at = skip_blanks(text, *at + 1);
	ending = skip_value(text, at);
	*at = skip_blanks(text, *at);
	return (ending);
}

/* From the first byte to the end of the line that at is in. */
static void
take_line(struct span rest, size_t at, struct parse_piece *piece)
{
	at += span_find(span_from(rest, at), '\n');
	piece_of(PARSE_PIECE_RECORD, rest, at < rest.len ? at + 1 : at, at == rest.len, piece);
}

/* ] and what its container has behind it. */
static void
take_end(struct span rest, size_t at, struct parse_piece *piece)
{
	size_t end = skip_blanks(rest, at + 1);
	enum ending ending = WHOLE;

	while (ending == WHOLE && end < rest.len && rest.ptr[end] == ',')
		ending = skip_member(rest, &end);
	if (ending == OPEN || end == rest.len) {
		piece_of(PARSE_PIECE_FRAME, rest, rest.len, true, piece);
		return;
	}
	/* A bare array has nothing behind it, and nor has a broken one. */
	end = line_end(rest, ending == WHOLE && rest.ptr[end] == '}' ? end + 1 : at + 1);
	/* More ends on the line end nothing: no container looks so. */
	if (end < rest.len && rest.ptr[end - 1] != '\n' && memchr("]}", rest.ptr[end], 2) != NULL)
		take_line(rest, end, piece);
	else
		piece_of(PARSE_PIECE_FRAME, rest, end,
		    end == rest.len && rest.ptr[end - 1] != '\n', piece);
}

/* An object that is a record, whether its line holds it whole or not. */
static void
take_object(struct span rest, size_t at, struct parse_piece *piece)
{
	size_t line = span_find(rest, '\n'), last = line;

	while (last > at && is_blank(rest.ptr[last - 1]))
		last--;
	/* Nearly always: the line ends as an object does, and another one begins. */
	if (line + 1 < rest.len && rest.ptr[last - 1] == '}' && rest.ptr[line + 1] == '{')
		at = line;
	else if (skip_nested(rest, &at) == OPEN)
		at = rest.len;
	take_line(rest, at, piece);
}

void
parse_piece_json(const char *const *names, struct span rest, struct parse_piece *piece)
{
	size_t seen = rest.len < BLANKS_MAX ? rest.len : BLANKS_MAX, array;
	size_t at = skip_blanks(span_of(rest.ptr, seen), 0);
	size_t line = span_find(span_of(rest.ptr, at), '\n');

	if (rest.len > 3 && memcmp(rest.ptr, "\xef\xbb\xbf", 3) == 0) {
		piece_of(PARSE_PIECE_FRAME, rest, 3, false, piece); /* a byte order mark */
		piece->head = true;
	} else if (line < at && (at == seen || memchr(",]", rest.ptr[at], 2) == NULL)) {
		piece_of(PARSE_PIECE_RECORD, rest, line + 1, at == rest.len, piece); /* blank */
	} else if (at == seen && at < rest.len) {
		take_line(rest, at, piece);
	} else if (at == rest.len) {
		piece_of(PARSE_PIECE_RECORD, rest, rest.len, true, piece);
	} else if (rest.ptr[at] == '[' || rest.ptr[at] == ',') {
		take_item(rest, at, piece);
	} else if (rest.ptr[at] == ']') {
		take_end(rest, at, piece);
	} else if (rest.ptr[at] != '{') {
		take_line(rest, 0, piece);
	} else if ((array = find_array(names, rest, at)) != 0) {
		piece_of(PARSE_PIECE_FRAME, rest, array, false, piece);
		piece->head = true;
	} else {
		take_object(rest, at, piece);
	}
}
