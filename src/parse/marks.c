/* parse: the plain marks, and the choice between plain and AVX2. */
#include "parse/marks.h"

static bool (*marks_chosen)(struct span, struct parse_marks *) = parse_marks_plain;
static void (*bits_chosen)(struct span, struct parse_bits *) = parse_bits_plain;

__attribute__((constructor)) static void
marks_choose(void)
{
	if (parse_marks_have_avx2()) {
		marks_chosen = parse_marks_avx2;
		bits_chosen = parse_bits_avx2;
	}
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

void
parse_bits(struct span line, struct parse_bits *bits)
{
	bits_chosen(line, bits);
}

void
parse_bits_plain(struct span line, struct parse_bits *bits)
{
	bits->len = line.len < PARSE_BITS_LEN ? line.len : PARSE_BITS_LEN;
	bits->slash = false;
	for (size_t at = 0; at < bits->len; at += 64) {
		uint64_t blanks = 0, quotes = 0;

		for (size_t i = at; i < bits->len && i < at + 64; i++) {
			char c = line.ptr[i];

			blanks |= (uint64_t)(c == ' ') << (i - at);
			quotes |= (uint64_t)(c == '"') << (i - at);
			bits->slash = bits->slash || c == '\\';
		}
		bits->word[PARSE_BIT_BLANK][at / 64] = blanks;
		bits->word[PARSE_BIT_QUOTE][at / 64] = quotes;
		bits->word[PARSE_BIT_EITHER][at / 64] = blanks | quotes;
	}
}
