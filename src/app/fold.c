/* app: lines that are broken where a terminal would break words. */
#include <sys/ioctl.h>

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "app/fold.h"
#include "base/buf.h"

#define COLUMNS_MIN 40
#define COPIED 8 /* blanks in front of a line that somebody copies */
#define NAME_MAX_COLUMN 32
#define FURTHER 4 /* what goes on of a line of fields */

unsigned
app_fold_columns(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1)
		return (0);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return (APP_FOLD_COLUMNS);
	return (size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col);
}

/* Characters, not bytes: the second byte of one and those behind it have no place. */
static size_t
width_of(struct span text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.len; i++)
		width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return (width);
}

static size_t
blanks_at(struct span line, size_t at)
{
	size_t count = 0;

	while (at + count < line.len && line.ptr[at + count] == ' ')
		count++;
	return (count);
}

/* Where the text of a line begins that has a name in front of it, two blanks apart; else 0. */
static size_t
name_column(struct span line, size_t indent)
{
	for (size_t at = indent; at < line.len && at < NAME_MAX_COLUMN; at++) {
		size_t blanks = blanks_at(line, at);

		if (blanks >= 2)
			return (at + blanks < NAME_MAX_COLUMN ? at + blanks : 0);
	}
	return (0);
}

static bool
has_place(struct span text, size_t room)
{
	while (text.len > 0)
		if (width_of(span_word(&text)) > room)
			return (false);
	return (true);
}

void
app_fold_words(struct span text, size_t column, size_t further, unsigned columns, struct buf *out)
{
	size_t width = column;

	for (bool first = true; text.len > 0; first = false) {
		struct span word = span_word(&text);

		if (!first && width + 1 + width_of(word) > columns) {
			buf_fmt(out, "\n%*s", (int)further, "");
			width = further;
		} else if (!first) {
			buf_char(out, ' ');
			width++;
		}
		buf_span(out, word);
		width += width_of(word);
	}
}

static void
fold_line(struct span line, unsigned columns, struct buf *out)
{
	size_t indent = blanks_at(line, 0), name = name_column(line, indent);
	size_t begin = name > 0 ? name : indent, further = name > 0 ? name : indent + 2;

	if (indent >= COPIED || width_of(line) <= columns ||
	    !has_place(span_from(line, begin), columns - further)) {
		buf_span(out, line);
		return;
	}
	buf_span(out, span_of(line.ptr, begin));
	app_fold_words(span_from(line, begin), begin, further, columns, out);
}

void
app_fold(struct span text, unsigned columns, struct buf *out)
{
	while (text.len > 0) {
		size_t len = span_find(text, '\n');

		fold_line(span_of(text.ptr, len), columns, out);
		if (len < text.len)
			buf_char(out, '\n');
		text = span_from(text, len < text.len ? len + 1 : len);
	}
}

/* ---- fields of a record ---- */

/* Up to the blank behind it, or to two that are not in quotes. */
static size_t
end_of_field(struct span text)
{
	bool quoted = false;
	size_t at = 0;

	for (; at < text.len && (quoted || blanks_at(text, at) < 2); at++) {
		if (text.ptr[at] == '\\' && at + 1 < text.len)
			at++;
		else if (text.ptr[at] == '"')
			quoted = !quoted;
	}
	return (at);
}

static void
next_row(size_t *width, struct buf *out)
{
	buf_fmt(out, "\n%*s", FURTHER, "");
	*width = FURTHER;
}

/* Each word behind the blanks it has, or in a row of its own. */
static void
add_field(struct span field, size_t *width, unsigned columns, struct buf *out)
{
	for (size_t blanks, len; field.len > 0; field = span_from(field, blanks + len)) {
		blanks = blanks_at(field, 0);
		len = span_find(span_from(field, blanks), ' ');
		if (*width > FURTHER &&
		    *width + blanks + width_of(span_of(field.ptr + blanks, len)) > columns)
			next_row(width, out);
		else {
			buf_span(out, span_of(field.ptr, blanks));
			*width += blanks;
		}
		buf_span(out, span_of(field.ptr + blanks, len));
		*width += width_of(span_of(field.ptr + blanks, len));
	}
}

void
app_fold_fields(struct buf *out, size_t from, size_t column, unsigned columns)
{
	struct span row = span_from(buf_view(out), from), rest;
	bool ends = row.len > 0 && row.ptr[row.len - 1] == '\n';
	struct buf line = { 0 };
	size_t width = column;

	row.len -= ends;
	if (!buf_ok(out) || column + width_of(row) <= columns)
		return;
	buf_span(&line, row);
	out->len = from;
	rest = buf_view(&line);
	for (size_t len; rest.len > 0; rest = span_from(rest, len)) {
		struct span field;

		len = end_of_field(rest);
		field = span_of(rest.ptr, len);
		len += blanks_at(rest, len);
		if (out->len > from && width + 2 + width_of(field) <= columns) {
			buf_str(out, "  ");
			width += 2;
		} else if (out->len > from)
			next_row(&width, out);
		add_field(field, &width, columns, out);
	}
	if (ends)
		buf_char(out, '\n');
	buf_free(&line);
}

bool
app_fold_ascii(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *locale = getenv(names[i]);

		if (locale != NULL && locale[0] != '\0')
			return (strcasestr(locale, "utf-8") == NULL &&
			    strcasestr(locale, "utf8") == NULL);
	}
	return (false); /* a terminal of today */
}

void
app_fold_bar(struct buf *out, uint64_t n, uint64_t most, unsigned width)
{
	bool ascii = app_fold_ascii();
	unsigned eighths = most == 0 ? 0 : (unsigned)((double)n / (double)most * width * 8 + 0.5);

	for (; eighths >= 8; eighths -= 8)
		buf_str(out, ascii ? "#" : "\xe2\x96\x88");
	if (eighths > 0 && !ascii) {
		const char part[4] = { '\xe2', '\x96', (char)(0x90 - eighths), '\0' };

		buf_str(out, part);
	}
}
