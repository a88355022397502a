/* config: the text of a file: is it fit to be read, and may it be shown? */
#include "config/source.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "config/fill.h"

#define SHOWN_MAX 100 /* characters of a line */
#define SHOWN_BEFORE 60

/* The first character of s; one byte if it is none. */
static struct span
character(struct span s)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t len = (size_t)1 + (c >= 0xc0) + (c >= 0xe0) + (c >= 0xf0);

	if (len > s.len || !text_is_utf8(span_of(s.ptr, len)))
		len = 1;
	return (span_of(s.ptr, len));
}

/* What is wrong with the character at the start of s, or NULL. */
static const char *
refuse(struct span s, struct span c)
{
	unsigned char first = (unsigned char)c.ptr[0];

	if (!text_is_utf8(c))
		return ("this is not UTF-8");
	if (first == '\r' && s.len > 1 && s.ptr[1] == '\n')
		return (NULL);
	if (first == '\r' || span_is(c, "\xc2\x85") || span_is(c, "\xe2\x80\xa8") ||
	    span_is(c, "\xe2\x80\xa9"))
		return ("a line break that is no line feed");
	if ((first < 0x20 && first != '\n' && first != '\t') || first == 0x7f ||
	    (first == 0xc2 && (unsigned char)c.ptr[1] < 0xa0))
		return ("a control character");
	if (span_is(c, "\xef\xbf\xbe") || span_is(c, "\xef\xbf\xbf"))
		return ("no character at all");
	if (span_is(c, "\xef\xbb\xbf"))
		return ("a byte order mark");
	return (NULL);
}

int
config_source_check(struct config_loader *l, unsigned file)
{
	struct span s = buf_view(&l->sources[file].text);
	struct config_mark at = { file, 1, 1 };
	unsigned before = l->problem_total;
	bool indent = true;

	while (s.len > 0) {
		struct span c = character(s);
		const char *what = refuse(s, c);

		if (what != NULL) {
			config_say(l, at, "%s", what);
			break;
		}
		if (indent && c.ptr[0] == '\t') {
			config_say(l, at, "a tab in the indentation");
			config_hint(l, "indent with spaces");
		}
		indent = c.ptr[0] == '\n' || (indent && c.ptr[0] == ' ');
		at.column++;
		if (c.ptr[0] == '\n') {
			at.line++;
			at.column = 1;
		}
		s = span_from(s, c.len);
	}
	if (l->problem_total == before)
		return (0);
	/* Nothing says where a secret starts and ends. */
	l->sources[file].hidden = config_has_secret(buf_view(&l->sources[file].text));
	return (-1);
}

bool
config_looks_secret(struct span name)
{
	static const char *const parts[] = { "accesskey", "apikey", "authorization", "bearer",
		"cookie", "credential", "hash", "passphrase", "passw", "privatekey", "pwd",
		"secret", "token" };
	char plain[64];
	size_t len = 0;

	if (span_is(name, "path_token"))
		return (false); /* our own */
	/* What is too long to be looked at might be anything. */
	for (size_t i = 0; i < name.len; i++) {
		if (len == sizeof(plain) - 1)
			return (true);
		if (strchr("_-. ", name.ptr[i]) == NULL)
			plain[len++] = (char)tolower((unsigned char)name.ptr[i]);
	}
	plain[len] = '\0';
	if (len >= 3 && strcmp(plain + len - 3, "key") == 0)
		return (true);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(plain, parts[i]) != NULL)
			return (true);
	return (false);
}

bool
config_has_secret(struct span text)
{
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && strchr(" \t\r\n:,{}[]\"'?#&*!|>%@`", text.ptr[i]) == NULL)
			continue;
		if (i > start && config_looks_secret(span_of(text.ptr + start, i - start)))
			return (true);
		start = i + 1;
	}
	return (false);
}

void
config_source_hide(struct config_source *s, struct config_mark from, struct config_mark to)
{
	if (s->secret_count == CONFIG_SECRETS_MAX) {
		s->hidden = true;
		return;
	}
	s->secret_from[s->secret_count] = from;
	s->secret_to[s->secret_count++] = to;
}

/* From the start of a line to the end of the text. */
static struct span
from_line(const struct config_source *s, unsigned line)
{
	struct span text = buf_view(&s->text);

	for (unsigned i = 1; i < line && text.len > 0; i++)
		text = span_from(text, span_find(text, '\n') + 1);
	return (text);
}

struct span
config_source_region(const struct config_source *s, struct config_mark from, unsigned line)
{
	struct span all = from_line(s, from.line), last = from_line(s, line);
	size_t end = (size_t)(last.ptr - all.ptr) + span_find(last, '\n');

	for (unsigned i = 1; i < from.column && all.len > 0 && end > 0; i++) {
		size_t len = character(all).len;

		all = span_from(all, len);
		end -= len < end ? len : end;
	}
	return (span_of(all.ptr, end < all.len ? end : all.len));
}

/* The first column of a line that may not be shown; 0: none of it may. */
static unsigned
first_hidden(const struct config_source *s, unsigned line)
{
	unsigned column = ~0u;

	if (s->hidden)
		return (0);
	for (unsigned i = 0; i < s->secret_count; i++) {
		if (s->secret_from[i].line > line || s->secret_to[i].line < line)
			continue;
		if (s->secret_from[i].line < line)
			return (0);
		if (s->secret_from[i].column < column)
			column = s->secret_from[i].column;
	}
	return (column);
}

void
config_source_show(const struct config_source *s, struct config_mark at, struct buf *out)
{
	struct span line = from_line(s, at.line);
	unsigned hidden = first_hidden(s, at.line), shown = 0;
	unsigned start = at.column > SHOWN_MAX - 20 ? at.column - SHOWN_BEFORE : 1;

	line.len = span_find(line, '\n');
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (hidden == 0 || line.len == 0)
		return;
	if (start >= hidden)
		start = 1;
	buf_str(out, start > 1 ? "  ..." : "  ");
	for (unsigned column = 1; line.len > 0; column++) {
		struct span c = character(line);
		unsigned char first = (unsigned char)c.ptr[0];

		if (column == hidden || shown == SHOWN_MAX) {
			buf_str(out, c.ptr[0] == ':' ? ": ..." : "...");
			break;
		}
		line = span_from(line, c.len);
		if (column < start)
			continue;
		shown++;
		if (first < 0x20 || first == 0x7f || !text_is_utf8(c))
			buf_char(out, first == '\t' ? ' ' : '?');
		else
			buf_span(out, c);
	}
	if (at.column < hidden)
		buf_fmt(out, "\n%*s", (int)(at.column - start + (start > 1 ? 5 : 2) + 1), "^");
	buf_char(out, '\n');
}
