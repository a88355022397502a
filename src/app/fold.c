/* app: lines that are broken where a terminal would break words. */
#include <sys/ioctl.h>

#include <unistd.h>

#include "app/fold.h"
#include "base/buf.h"

#define COLUMNS_MIN 40
#define COPIED 8 /* blanks in front of a line that somebody copies */
#define NAME_MAX_COLUMN 32

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
