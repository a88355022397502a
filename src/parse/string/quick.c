/*
 * string: the ordinary line.
 *
 * If a value cannot hold the first byte of the text behind it, that byte's
 * first occurrence is its end; that is so for nearly every field of every
 * line.  Blanks and quotes are found in one pass, and then only looked up.
 * Where this answers, the careful way of run.c says the same.
 */
#include "base/scan.h"
#include "parse/field.h"
#include "parse/marks.h"
#include "parse/string/date.h"
#include "parse/string/program.h"
#include "parse/timestamp.h"

#define CLF_LEN 26
#define WORD_LEN sizeof(uint64_t)
#define NOWHERE SIZE_MAX

/* ---- before lines come ---- */

static enum string_end
end_of(const struct string_field *f)
{
	char c = f->after.len > 0 ? f->after.ptr[0] : '\0';
	bool list = f->shape == STRING_LIST || f->shape == STRING_NUMBERS;

	if (f->after.len == 0)
		return (STRING_END_LINE);
	if (f->shape == STRING_CLF)
		return (STRING_END_CLF);
	if (f->shape == STRING_DATE && !f->pad)
		return (STRING_END_DATE);
	if (!f->closed)
		return (list && c == ' ' && !f->pad ? STRING_END_LIST : STRING_END_OPEN);
	if (f->shape == STRING_NUMBER)
		return (STRING_END_NUMBER);
	return (f->shape == STRING_TOKEN && !f->keep ? STRING_END_TOKEN : STRING_END_CLOSED);
}

static void
prepare(struct string_field *f)
{
	char c = f->after.len > 0 ? f->after.ptr[0] : '\0';
	bool header = f->as == STRING_AS_HEADER;
	uint8_t as = header ? parse_json_headers[f->to].as : 0;
	unsigned char mask[WORD_LEN] = { 0 };

	f->end = (uint8_t)end_of(f);
	f->bit = c == ' ' ? PARSE_BIT_BLANK : c == '"' ? PARSE_BIT_QUOTE : PARSE_BIT_COUNT;
	f->look = f->shape != STRING_FREE && f->end != STRING_END_TOKEN &&
	    f->end != STRING_END_NUMBER && f->end != STRING_END_CLF;
	f->word = f->mask = 0;
	if (f->after.len > 0 && f->after.len <= WORD_LEN) {
		memset(mask, 0xff, f->after.len);
		memcpy(&f->word, f->after.ptr, f->after.len);
		memcpy(&f->mask, mask, WORD_LEN);
	}
	header = header && as != PARSE_JSON_AS_REST && as != PARSE_JSON_AS_EXTRA;
	f->does = (uint8_t)(header ? STRING_AS_TEXT : f->as);
	f->does_to = header ? parse_json_headers[f->to].to : f->to;
}

void
parse_string_prepare(struct parse_string *string)
{
	for (unsigned i = 0; i < string->count; i++)
		prepare(&string->field[i]);
}

/* ---- a line ---- */

struct reader {
	struct span line;
	struct parse_bits bits;
};

/* Behind the bytes that the bits tell of. */
static size_t
find_beyond(const struct reader *r, enum parse_bit bit, size_t at)
{
	struct span rest = span_from(r->line, at);

	if (bit == PARSE_BIT_EITHER)
		return (at + scan_either(rest, ' ', '"'));
	return (at + span_find(rest, bit == PARSE_BIT_BLANK ? ' ' : '"'));
}

/* Where the next blank, quote or either stands, from at on; the line's length if nowhere. */
static inline size_t
find_bit(const struct reader *r, enum parse_bit bit, size_t at)
{
	const uint64_t *word = r->bits.word[bit];
	uint64_t left;

	if (at < r->bits.len) {
		left = word[at / 64] >> at % 64;
		if (left != 0)
			return (at + (size_t)__builtin_ctzll(left));
		for (at = (at / 64 + 1) * 64; at < r->bits.len; at += 64)
			if ((left = word[at / 64]) != 0)
				return (at + (size_t)__builtin_ctzll(left));
		at = r->bits.len;
	}
	return (at < r->line.len ? find_beyond(r, bit, at) : r->line.len);
}

/* Where the first byte of the text behind the value stands. */
static inline size_t
find_first(const struct reader *r, const struct string_field *f, size_t at)
{
	if (f->bit != PARSE_BIT_COUNT)
		return (find_bit(r, (enum parse_bit)f->bit, at));
	return (at + span_find(span_from(r->line, at), f->after.ptr[0]));
}

/* As span_starts: such texts are so short that a call costs more than their bytes. */
static inline bool
starts_with(struct span rest, struct span text)
{
	size_t same = 0;

	while (same < text.len && same < rest.len && rest.ptr[same] == text.ptr[same])
		same++;
	return (same == text.len);
}

/* Does the text behind the value stand at at? */
static inline bool
is_behind(const struct reader *r, const struct string_field *f, size_t at)
{
	uint64_t word;

	if (f->mask == 0 || at + WORD_LEN > r->line.len)
		return (starts_with(span_from(r->line, at), f->after));
	memcpy(&word, r->line.ptr + at, WORD_LEN);
	return ((word & f->mask) == f->word);
}

/* All of the text behind the value, in front of limit. */
static inline size_t
find_text(const struct reader *r, const struct string_field *f, size_t at, size_t limit)
{
	for (;; at++) {
		at = find_first(r, f, at);
		if (at + f->after.len > limit)
			return (NOWHERE);
		if (is_behind(r, f, at))
			return (at);
	}
}

/* Does the open value end at end, and nowhere else?  Its server lets no quote into it. */
static bool
is_only(const struct parse_string *s, const struct reader *r, const struct string_field *f,
    size_t at, size_t end)
{
	bool token = f->shape == STRING_TOKEN;
	size_t quote = find_bit(r, PARSE_BIT_QUOTE, at), limit;

	if ((s->escape == STRING_ESCAPE_NONE && !token) || quote < end)
		return (false);
	limit = quote;
	if (token || quote == end)
		limit = find_bit(r, token ? PARSE_BIT_BLANK : PARSE_BIT_QUOTE, end + 1);
	limit += f->after.len;
	if (limit > r->line.len)
		limit = r->line.len;
	return (find_text(r, f, end + 1, limit) == NOWHERE);
}

/*
 * Items with blanks behind commas and around colons: does it end at the blank
 * at end?  If none of these stands there, no list goes on over it.  But in a
 * line with a NUL nothing is that sure.
 */
static bool
is_list_end(const struct reader *r, size_t at, size_t end)
{
	const char *p = r->line.ptr;

	if (end == at || p[end - 1] == ',')
		return (false);
	return ((end + 1 >= r->line.len || p[end + 1] != ':') &&
	    memchr(p, '\0', r->line.len) == NULL);
}

/* Digits and points, or "-". */
static inline size_t
number_end(struct span line, size_t at)
{
	size_t end = at;

	while (end < line.len && (parse_field_is_digit(line.ptr[end]) || line.ptr[end] == '.'))
		end++;
	if (end == at && at < line.len && line.ptr[at] == '-')
		end++;
	return (end);
}

/* Where number i ends; if it is a short one without a point, what it is, too. */
static inline size_t
read_number(const struct reader *r, size_t at, unsigned i, struct string_values *values)
{
	size_t end = find_bit(r, PARSE_BIT_EITHER, at), len = end - at;
	int64_t number;

	if (len - 1 < WORD_LEN && end >= WORD_LEN &&
	    (number = parse_field_eight(r->line.ptr + end - WORD_LEN, len)) != -1) {
		values->number[i] = number;
		values->numbers |= UINT64_C(1) << i;
		return (end);
	}
	return (number_end(r->line, at));
}

/* Where value i ends, which begins at at; NOWHERE: the line is not ordinary. */
static inline size_t
read_end(const struct parse_string *s, const struct reader *r, unsigned i, size_t at,
    struct string_values *values)
{
	const struct string_field *f = &s->field[i];
	const char *p = r->line.ptr;
	size_t end = NOWHERE;

	switch ((enum string_end)f->end) {
	case STRING_END_LINE:
		end = r->line.len;
		if (f->shape == STRING_FREE && find_bit(r, PARSE_BIT_QUOTE, at) < end)
			return (NOWHERE);
		return (end);
	case STRING_END_TOKEN:
		end = find_bit(r, PARSE_BIT_EITHER, at);
		if (end > at && end < r->line.len && p[end] == '"' && p[end - 1] == '\\')
			return (NOWHERE);
		break;
	case STRING_END_NUMBER: end = read_number(r, at, i, values); break;
	case STRING_END_CLF:
		end = at + CLF_LEN;
		if (end > r->line.len ||
		    parse_time_clf(span_of(p + at, CLF_LEN), &values->number[i]) == -1)
			return (NOWHERE);
		values->numbers |= UINT64_C(1) << i;
		break;
	case STRING_END_DATE:
		end = parse_string_date_len(f->date, span_from(r->line, at));
		if (end == 0)
			return (NOWHERE);
		end += at;
		break;
	case STRING_END_CLOSED:
		end = find_first(r, f, at);
		if (f->bit == PARSE_BIT_QUOTE && end > at && p[end - 1] == '\\')
			return (NOWHERE);
		break;
	case STRING_END_LIST:
	case STRING_END_OPEN:
		end = f->pad ? NOWHERE : find_text(r, f, at, r->line.len);
		if (end == NOWHERE || is_only(s, r, f, at, end))
			return (end);
		if (f->end == STRING_END_OPEN)
			return (NOWHERE);
		end = find_bit(r, PARSE_BIT_BLANK, at);
		if (!is_list_end(r, at, end))
			return (NOWHERE);
		break;
	}
	return (is_behind(r, f, end) ? end : NOWHERE);
}

bool
parse_string_quick(
    const struct parse_string *string, struct span line, struct string_values *values)
{
	struct reader r;
	size_t at = string->first.len;

	if (!span_starts(line, string->first))
		return (false);
	r.line = line;
	parse_bits(line, &r.bits);
	values->numbers = 0;
	for (unsigned i = 0; i < string->count; i++) {
		const struct string_field *f = &string->field[i];
		size_t end = read_end(string, &r, i, at, values);

		if (end == NOWHERE)
			return (false);
		values->value[i] = span_of(line.ptr + at, end - at);
		if (f->look && !parse_string_fits(f, values->value[i]))
			return (false);
		at = f->keep ? end : end + f->after.len;
	}
	values->differs = 0;
	values->escapes = r.bits.slash || r.bits.len < line.len;
	return (at == line.len);
}
