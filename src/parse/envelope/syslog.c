/*
 * parse: syslog, as RFC 3164 saw it and RFC 5424 wants it.
 *
 *	<38>Nov 24 10:11:12 host sshd[991]: message
 *	<38>1 2025-11-24T10:11:12.003Z host sshd 991 - - message
 *	2025-11-24T10:11:12.003+01:00 host sshd[991]: message
 *
 * Files lack the number in front; rsyslog writes the third.
 */
#include "parse/envelope/envelope.h"
#include "parse/field.h"
#include "parse/piece.h"
#include "parse/timestamp.h"

#define PRIORITY_MAX 191

/* "<N>"; true if it is none, and then the level stays. */
static bool
take_priority(struct span *text, struct span *level)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice",
		"info", "debug" };
	size_t end = span_find(*text, '>');
	int64_t priority;

	if (text->len == 0 || text->ptr[0] != '<')
		return (true);
	if (end < 2 || end > 4 || end == text->len ||
	    !parse_field_digits(span_of(text->ptr + 1, end - 1), &priority) ||
	    priority > PRIORITY_MAX)
		return (false);
	*level = span_str(levels[priority % 8]);
	*text = span_from(*text, end + 1);
	return (true);
}

/* "program[pid]:" and what may stand before the colon; without one there is no program. */
static void
take_tag(struct span *text, struct span *program)
{
	size_t name = 0, end;

	while (name < text->len && name < 64 && text->ptr[name] != '[' && text->ptr[name] != ':' &&
	    text->ptr[name] != ' ')
		name++;
	end = name;
	if (end < text->len && text->ptr[end] == '[')
		end += span_find(span_from(*text, end), ']') + 1;
	if (end + 1 < text->len && text->ptr[end] == ' ' && text->ptr[end + 1] == '(')
		end += span_find(span_from(*text, end), ')') + 1;
	if (name == 0 || end >= text->len || text->ptr[end] != ':')
		return;
	*program = span_of(text->ptr, name);
	*text = span_from(*text, end + 1);
	if (text->len > 0 && text->ptr[0] == ' ')
		*text = span_from(*text, 1);
}

/* Is the word in front a tag, so that no machine is named? */
static bool
is_tag(struct span text)
{
	struct span word = span_of(text.ptr, span_find(text, ' '));

	return (word.len > 1 && word.ptr[word.len - 1] == ':' &&
	    (word.ptr[word.len - 2] == ']' || span_find(word, ':') == word.len - 1));
}

/* Behind "<N>": a time, maybe a machine, a tag. */
static bool
peel_bsd(struct span text, struct parse_peel *p, struct parse_outer *outer)
{
	size_t len = parse_time_bsd(text, p->now_us, &outer->time_us);

	if (len == 0) {
		len = span_find(text, ' ');
		if (len < 19 || parse_time_iso(span_of(text.ptr, len), &outer->time_us) == -1)
			return (false);
	}
	if (len >= text.len || text.ptr[len] != ' ')
		return (false);
	outer->has_time = true;
	text = span_from(text, len + 1);
	if (!is_tag(text))
		outer->host = span_word(&text);
	take_tag(&text, &outer->program);
	p->text = text;
	return (true);
}

/* "[id name="value"]..." or "-". */
static bool
take_data(struct span *text, struct span *data)
{
	size_t at = 0;
	bool quoted = false;

	if (text->len == 0 || text->ptr[0] != '[')
		return (span_is(span_word(text), "-"));
	while (at < text->len &&
	    (quoted || text->ptr[at] != ']' || (at + 1 < text->len && text->ptr[at + 1] == '['))) {
		if (quoted && text->ptr[at] == '\\')
			at++;
		else if (text->ptr[at] == '"')
			quoted = !quoted;
		at++;
	}
	if (at >= text->len)
		return (false);
	*data = span_of(text->ptr, at + 1);
	*text = span_from(*text, at + 1);
	if (text->len > 0 && text->ptr[0] == ' ')
		*text = span_from(*text, 1);
	return (true);
}

/* Behind "<N>1 ". */
static bool
peel_5424(struct span text, struct parse_peel *p, struct parse_outer *outer)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct span stamp = span_word(&text);

	outer->has_time = parse_time_iso(stamp, &outer->time_us) == 0;
	if (!outer->has_time && !span_is(stamp, "-"))
		return (false);
	outer->host = span_word(&text);
	outer->program = span_word(&text);
	(void)span_word(&text); /* process */
	(void)span_word(&text); /* message id */
	if (!take_data(&text, &outer->data))
		return (false);
	if (text.len >= 3 && memcmp(text.ptr, mark, 3) == 0)
		text = span_from(text, 3);
	/* rsyslog counts the blank behind the tag of RFC 3164 as one of the message. */
	if (text.len > 0 && text.ptr[0] == ' ')
		text = span_from(text, 1);
	p->text = text;
	return (true);
}

/* "83 <34>1 ...", RFC 6587: how many bytes follow, and where; 0 if text is none. */
static size_t
octets(struct span text, size_t *at)
{
	size_t count = 0;

	*at = 0;
	while (*at < text.len && *at < 6 && parse_field_is_digit(text.ptr[*at]))
		count = count * 10 + (size_t)(text.ptr[(*at)++] - '0');
	if (*at == 0 || *at + 1 >= text.len || text.ptr[*at] != ' ' || text.ptr[*at + 1] != '<')
		return (0);
	++*at;
	return (count);
}

bool
parse_peel_syslog(struct parse_peel *p)
{
	struct parse_outer outer = { .has_time = false };
	struct span text = p->text;
	bool peeled;
	size_t at;

	if (octets(text, &at) > 0)
		text = span_from(text, at);
	if (!take_priority(&text, &outer.level))
		return (false);
	if (outer.level.len > 0 && text.len > 2 && memcmp(text.ptr, "1 ", 2) == 0)
		peeled = peel_5424(span_from(text, 2), p, &outer);
	else
		peeled = peel_bsd(text, p, &outer);
	if (peeled)
		p->outer = outer;
	return (peeled);
}

/* Of a message with line ends in it, what follows begins with a blank. */
static bool
continues(const void *arg, struct span line)
{
	(void)arg;
	return (line.len > 0 && (line.ptr[0] == '\t' || line.ptr[0] == ' '));
}

void
parse_piece_syslog(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	size_t at, count = octets(rest, &at);

	(void)parser;
	if (count == 0) {
		parse_piece_lines(rest, continues, NULL, piece);
		return;
	}
	count = count < rest.len - at ? count : rest.len - at;
	at += count;
	if (at < rest.len && rest.ptr[at] == '\n')
		at++;
	parse_piece_record(rest, at, at == rest.len && rest.ptr[at - 1] != '\n', piece);
}
