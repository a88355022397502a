/*
 * string: what people paste.  The whole directive of a server's configuration
 * without its name, quotes and escapes; or the format string as it is.
 */
#include "base/err.h"
#include "parse/string/compile.h"

struct paste {
	struct span text;
	size_t at;
	struct string_source *source;
};

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

static void
skip_blanks(struct paste *p)
{
	while (p->at < p->text.len && is_blank(p->text.ptr[p->at]))
		p->at++;
}

static void
put(struct paste *p, char c, size_t column)
{
	struct string_source *s = p->source;

	s->text[s->len] = c;
	s->column[s->len++] = (uint16_t)column;
}

/* Small letters of a and b alike. */
static bool
starts(struct span text, const char *word)
{
	size_t len = strlen(word);

	if (text.len < len)
		return (false);
	for (size_t i = 0; i < len; i++)
		if ((text.ptr[i] | 0x20) != (word[i] | 0x20))
			return (false);
	return (true);
}

/* Is it the directive word? */
static bool
is_directive(struct span text, const char *word)
{
	size_t len = strlen(word);

	return (starts(text, word) && text.len > len && is_blank(text.ptr[len]));
}

/*
 * One word of a configuration; with keep it goes to the source.  In quotes a
 * backslash makes a quote or a backslash of the next byte plain.
 */
static void
read_word(struct paste *p, bool keep)
{
	char quote = p->text.ptr[p->at];
	bool quoted = quote == '"' || quote == '\'';

	p->at += quoted;
	for (; p->at < p->text.len; p->at++) {
		char c = p->text.ptr[p->at];

		if (quoted ? c == quote : is_blank(c) || c == ';')
			break;
		if (quoted && c == '\\' && p->at + 1 < p->text.len &&
		    strchr("\"'\\", p->text.ptr[p->at + 1]) != NULL)
			c = p->text.ptr[++p->at];
		if (keep)
			put(p, c, p->at);
	}
	p->at += quoted && p->at < p->text.len;
}

/* "escape=json" */
static bool
read_escape(struct paste *p)
{
	static const struct {
		const char *word;
		enum string_escape escape;
	} words[] = { { "escape=default", STRING_ESCAPE_HEX },
		{ "escape=json", STRING_ESCAPE_JSON }, { "escape=none", STRING_ESCAPE_NONE } };
	struct span rest = span_from(p->text, p->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_directive(rest, words[i].word)) {
			p->source->escape = words[i].escape;
			p->source->escape_named = true;
			p->at += strlen(words[i].word);
			skip_blanks(p);
			return (true);
		}
	return (false);
}

static void
paste_nginx(struct paste *p)
{
	bool directive = is_directive(p->text, "log_format");

	if (directive) {
		read_word(p, false);
		skip_blanks(p);
		if (p->at < p->text.len)
			read_word(p, false);
		skip_blanks(p);
	}
	(void)read_escape(p);
	if (!directive && (p->at == p->text.len || p->text.ptr[p->at] != '\'')) {
		for (; p->at < p->text.len; p->at++)
			put(p, p->text.ptr[p->at], p->at);
		return;
	}
	for (skip_blanks(p); p->at < p->text.len && p->text.ptr[p->at] != ';'; skip_blanks(p))
		read_word(p, true);
}

/* An inner quote may have its backslash still. */
static void
paste_apache(struct paste *p)
{
	bool custom = is_directive(p->text, "CustomLog");

	if (custom || is_directive(p->text, "LogFormat")) {
		for (int i = 0; i < 1 + custom; i++) {
			read_word(p, false);
			skip_blanks(p);
		}
		if (p->at < p->text.len)
			read_word(p, true);
		return;
	}
	for (; p->at < p->text.len; p->at++) {
		if (p->text.ptr[p->at] == '\\' && p->at + 1 < p->text.len &&
		    p->text.ptr[p->at + 1] == '"')
			p->at++;
		put(p, p->text.ptr[p->at], p->at);
	}
}

/* Where the pattern begins behind what names it, and what ends it; 0 if it is bare. */
static size_t
named_pattern(struct span text, char *end)
{
	static const char *const names[] = { "pattern=\"", "<pattern>", "pattern=", "pattern =" };
	static const char ends[] = { '"', '<', '\0', '\0' };

	for (size_t i = 0; i < sizeof(ends); i++)
		for (size_t at = 0; at < text.len && text.ptr[at] != '%'; at++)
			if (starts(span_from(text, at), names[i])) {
				*end = ends[i];
				return (at + strlen(names[i]));
			}
	return (0);
}

static void
paste_log4j(struct paste *p)
{
	char end = '\0';

	p->at = named_pattern(p->text, &end);
	if (end == '\0')
		skip_blanks(p);
	for (; p->at < p->text.len && (end == '\0' || p->text.ptr[p->at] != end); p->at++)
		put(p, p->text.ptr[p->at], p->at);
}

int
parse_string_paste(struct span text, enum parse_string_dialect dialect,
    struct string_source *source, struct err *e)
{
	struct paste p = { .source = source };
	size_t skipped = 0;

	while (skipped < text.len && is_blank(text.ptr[skipped]))
		skipped++;
	while (text.len > skipped && is_blank(text.ptr[text.len - 1]))
		text.len--;
	if (text.len > PARSE_STRING_BYTES)
		return (err_set(e, ERR_USAGE, "format string: longer than %d bytes",
		    PARSE_STRING_BYTES));
	if (memchr(text.ptr, '\0', text.len) != NULL)
		return (err_set(e, ERR_USAGE, "format string: a NUL byte"));
	p.text = span_from(text, skipped);
	if (dialect == PARSE_STRING_NGINX)
		paste_nginx(&p);
	else if (dialect == PARSE_STRING_APACHE)
		paste_apache(&p);
	else
		paste_log4j(&p);
	for (size_t i = 0; i < source->len; i++)
		source->column[i] = (uint16_t)(source->column[i] + skipped);
	source->column[source->len] =
	    (uint16_t)(source->len > 0 ? source->column[source->len - 1] + 1u : skipped);
	return (0);
}

/* ---- whose is it? ---- */

/* What stands behind a '%' is none of Apache's. */
static bool
is_log4j(struct span text)
{
	static const char *const words[] = { "msg", "message", "level", "logger", "thread", "date",
		"mdc", "class", "method", "file", "line", "relative", "caller" };

	if (text.len == 0)
		return (false);
	if (text.ptr[0] == '-' || text.ptr[0] == '.' || strchr("dcnxCME", text.ptr[0]) != NULL)
		return (true);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (starts(text, words[i]))
			return (true);
	return (text.len > 1 && text.ptr[0] >= '1' && text.ptr[0] <= '9' && text.ptr[1] != ',' &&
	    !(text.ptr[1] >= '0' && text.ptr[1] <= '9'));
}

enum parse_string_dialect
parse_string_guess(struct span text)
{
	while (text.len > 0 && is_blank(text.ptr[0]))
		text = span_from(text, 1);
	if (is_directive(text, "log_format") || starts(text, "escape="))
		return (PARSE_STRING_NGINX);
	if (is_directive(text, "LogFormat") || is_directive(text, "CustomLog"))
		return (PARSE_STRING_APACHE);
	for (size_t i = 0; i + 1 < text.len; i++) {
		char next = text.ptr[i + 1];

		if (text.ptr[i] == '$' &&
		    (next == '{' || ((next | 0x20) >= 'a' && (next | 0x20) <= 'z')))
			return (PARSE_STRING_NGINX);
		if (text.ptr[i] == '%' && next == '{') /* what a strftime means is no directive */
			i += span_find(span_from(text, i), '}');
		else if (text.ptr[i] == '%' && is_log4j(span_from(text, i + 1)))
			return (PARSE_STRING_LOG4J);
	}
	return (PARSE_STRING_APACHE);
}
