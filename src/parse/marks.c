/* parse: the plain marks, and the choice between plain and AVX2. */
#include "parse/marks.h"

static bool (*marks_chosen)(struct span, struct parse_marks *) = parse_marks_plain;

__attribute__((constructor)) static void
marks_choose(void)
{
	if (parse_marks_have_avx2())
		marks_chosen = parse_marks_avx2;
}

bool
parse_marks(struct span line, struct parse_marks *marks)
{
	return (marks_chosen(line, marks));
}

bool
parse_marks_plain(struct span line, struct parse_marks *marks)
{
	if (line.len < PARSE_MARKS_LEN_MIN)
		return (false);
	marks->blanks = 0;
	marks->quote_count = 0;
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if (c < 0x20 || c == '\\')
			return (false);
		if (c == ' ' && i < 64)
			marks->blanks |= UINT64_C(1) << i;
		if (c == '"') {
			if (marks->quote_count == PARSE_MARKS_QUOTES)
				return (false);
			marks->quote[marks->quote_count++] = (uint32_t)i;
		}
	}
	return (true);
}
