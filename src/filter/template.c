/* filter: a condition without what it compares with: what may be kept of who asked for what. */
#include "filter/filter.h"

#define TOKEN_BYTES 16 /* behind the dot: 80 bits in base32 */

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\n');
}

/* xx.0123456789abcdef: nobody but who has the key knows whose it is. */
static bool
is_token(struct span s)
{
	if (s.len != 3 + TOKEN_BYTES || s.ptr[2] != '.')
		return (false);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (i != 2 && !(c >= 'a' && c <= 'z') && (i < 2 || c < '2' || c > '7'))
			return (false);
	}
	return (true);
}

/* Length of the operator that stands first; 0: none. */
static size_t
op_len(struct span s)
{
	if (s.len >= 2 && s.ptr[1] == '=' && strchr("=!<>^~", s.ptr[0]) != NULL)
		return (2);
	return (s.len >= 1 && (s.ptr[0] == '<' || s.ptr[0] == '>') ? 1 : 0);
}

/* Length of the literal that stands first, with its quotes; inside: without. */
static size_t
literal_len(struct span s, struct span *inside)
{
	size_t len = 0;

	if (s.len > 0 && s.ptr[0] == '"') {
		for (len = 1; len < s.len && s.ptr[len] != '"'; len++)
			len += s.ptr[len] == '\\';
		len = len < s.len ? len : s.len - 1;
		*inside = span_of(s.ptr + 1, len == 0 ? 0 : len - 1);
		return (len + 1);
	}
	while (len < s.len && !is_blank(s.ptr[len]) && strchr("\"&|()!<>=~^", s.ptr[len]) == NULL)
		len++;
	*inside = span_of(s.ptr, len);
	return (len);
}

void
filter_template(const char *text, struct buf *out)
{
	struct span s = span_str(text), inside;
	size_t len;

	while (s.len > 0) {
		if ((len = op_len(s)) == 0) {
			buf_char(out, is_blank(s.ptr[0]) ? ' ' : s.ptr[0]);
			s = span_from(s, 1);
			continue;
		}
		buf_add(out, s.ptr, len);
		s = span_from(s, len);
		for (; s.len > 0 && is_blank(s.ptr[0]); s = span_from(s, 1))
			buf_char(out, ' ');
		s = span_from(s, literal_len(s, &inside));
		if (is_token(inside))
			buf_span(out, inside);
		else
			buf_char(out, '?');
	}
}
