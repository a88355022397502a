#include "detect/text.h"

#include <assert.h>

#include "detect/canon.h"
#include "detect/detect.h"
#include "detect/text/sieve.h"
#include "detect/verify.h"

#define CHUNK_MAX 1024 /* a longer run without a blank is judged as a whole */
#define PIECE_MIN 3 /* "::1" */
#define NAME_BYTES_MAX 64

struct find {
	struct span text;
	struct detect_hit *hits;
	size_t count, max;
	size_t done; /* everything before it is judged or passed by */
	size_t looked; /* end of the chunk that was judged last */
	size_t chunk, chunk_end; /* the run without a border that was met last */
	size_t number_end; /* of the number that was read last */
};

static void
push(struct find *f, size_t start, size_t end, enum record_class c)
{
	assert(start >= f->done && end > start && end <= f->text.len);
	if (f->count == f->max) {
		f->hits[f->max - 1].len = f->text.len - f->hits[f->max - 1].at;
		f->hits[f->max - 1].class_id = RECORD_CLASS_UNKNOWN;
		f->done = f->looked = f->text.len;
		return;
	}
	f->hits[f->count++] = (struct detect_hit){ start, end - start, c };
	f->done = end;
	if (f->looked < end)
		f->looked = end;
}

/* ---- chunks: what stands between blanks, quotes and brackets ---- */

static bool borders[256]; /* made before main */

__attribute__((constructor)) static void
start(void)
{
	for (const char *c = "\"'`<>()[]{}|,\x7f"; *c != '\0'; c++)
		borders[(unsigned char)*c] = true;
	memset(borders, true, ' ' + 1);
}

static inline bool
is_border(char c)
{
	return (borders[(unsigned char)c]);
}

/* What text is, as it is or decoded; *whole: its parts do not say so. */
static enum record_class
class_of(struct span text, bool *whole)
{
	char memory[2 * CHUNK_MAX];
	enum record_class raw = detect_class(text), meant = RECORD_CLASS_NONE;
	struct span out = text;

	*whole = text.len > CHUNK_MAX;
	switch (detect_canon(text, false, memory, *whole ? 0 : sizeof(memory), &out)) {
	case DETECT_CANON_SAME: return (raw);
	case DETECT_CANON_DECODED: meant = detect_class(out); break;
	case DETECT_CANON_UNSETTLED: meant = RECORD_CLASS_UNKNOWN; break;
	case DETECT_CANON_MALFORMED: /* "100%" is no fault of a text */
		meant = span_equal(text, out) ? RECORD_CLASS_NONE : RECORD_CLASS_UNKNOWN;
		break;
	}
	if (meant == RECORD_CLASS_NONE || meant == raw)
		return (raw);
	*whole = true;
	return (meant == RECORD_CLASS_UNKNOWN && raw != RECORD_CLASS_NONE ?
		raw :
		detect_verify_worse(meant, raw));
}

static bool
is_local(char c)
{
	return (detect_verify_is_alnum(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr(".!#$%*+-^_~", c) != NULL));
}

/* The address around the first '@' that has one; the whole piece if its ends are not plain. */
static struct span
around_at(struct span piece)
{
	for (size_t at = span_find(piece, '@'); at < piece.len;) {
		size_t start = at, end = at + 1;
		struct span found;

		while (start > 0 && is_local(piece.ptr[start - 1]))
			start--;
		while (end < piece.len &&
		    (detect_verify_is_alnum(piece.ptr[end]) ||
			(unsigned char)piece.ptr[end] >= 0x80 || piece.ptr[end] == '.' ||
			piece.ptr[end] == '-' || piece.ptr[end] == '_'))
			end++;
		while (end > at + 1 && piece.ptr[end - 1] == '.')
			end--;
		found = span_of(piece.ptr + start, end - start);
		if (start < at && detect_class(found) == RECORD_CLASS_EMAIL)
			return (found);
		at += 1 + span_find(span_from(piece, at + 1), '@');
	}
	return (piece);
}

/* The first part between separators that is of the class by itself. */
static struct span
part_of(struct span piece, const char *separators, enum record_class c)
{
	size_t start = 0;

	for (size_t i = 0; i <= piece.len; i++) {
		struct span part = span_of(piece.ptr + start, i - start);

		if (i < piece.len &&
		    (piece.ptr[i] == '\0' || strchr(separators, piece.ptr[i]) == NULL))
			continue;
		if (part.len > 0 && part.len < piece.len && detect_class(part) == c)
			return (part);
		start = i + 1;
	}
	return (piece);
}

/* As little of a piece of class c as is of that class. */
static struct span
narrow(struct span piece, enum record_class c)
{
	struct span shorter;

	if (c == RECORD_CLASS_EMAIL)
		return (around_at(piece));
	piece = part_of(piece, "=&?#;", c);
	if (c != RECORD_CLASS_CREDENTIAL) {
		piece = part_of(piece, "/", c);
		piece = part_of(piece, ":", c);
	}
	shorter = piece;
	while (shorter.len > 1 && strchr(".:!?", shorter.ptr[shorter.len - 1]) != NULL)
		shorter.len--;
	return (shorter.len < piece.len && detect_class(shorter) == c ? shorter : piece);
}

/* Judge text[start..end): what is found in it is pushed, left to right. */
static void
look_chunk(struct find *f, size_t start, size_t end)
{
	while (start + PIECE_MIN <= end) {
		struct span piece = span_of(f->text.ptr + start, end - start);
		bool whole;
		enum record_class c = class_of(piece, &whole);
		size_t at;

		if (c == RECORD_CLASS_NONE)
			return;
		if (!whole)
			piece = narrow(piece, c);
		at = (size_t)(piece.ptr - f->text.ptr);
		/* What is less sensitive may stand in front. */
		if (at > start)
			look_chunk(f, start, at);
		if (f->done > at)
			return;
		push(f, at, at + piece.len, c);
		start = f->done;
	}
}

/* ---- what goes over blanks ---- */

/* Everything in front of a find that begins at start was looked at, or is now. */
static void
push_behind(struct find *f, size_t start, size_t end, enum record_class c)
{
	size_t from = f->chunk > f->done ? f->chunk : f->done;

	if (from < start && f->looked <= from)
		look_chunk(f, from, start);
	if (f->done <= start)
		push(f, start, end, c);
}

#define IBAN_HEAD_MAX 16 /* letters and blanks in front of its first long run of digits */

/* An IBAN in groups that has its first long run of digits at text[i], over the end of its chunk. */
static bool
look_iban(struct find *f, size_t i)
{
	size_t end;

	for (size_t back = 2; back <= IBAN_HEAD_MAX && back <= i - f->done; back++)
		if (detect_verify_iban_at(f->text, i - back, &end) && end > f->chunk_end) {
			push_behind(f, i - back, end, RECORD_CLASS_IBAN);
			return (true);
		}
	return (false);
}

/* A number or a place of several groups that begins at text[i]; NONE, or where it ends. */
static enum record_class
grouped_at(struct find *f, size_t i, size_t *end)
{
	enum record_class c;
	struct span number;

	if (detect_verify_geo_at(f->text, i, end) && *end > f->chunk_end)
		return (RECORD_CLASS_GEO);
	f->number_end = *end = detect_verify_number_at(f->text, i, &c);
	number = span_of(f->text.ptr + i, *end - i);
	if (*end <= f->chunk_end || memchr(number.ptr, '/', number.len) != NULL)
		return (RECORD_CLASS_NONE);
	return (
	    c != RECORD_CLASS_PAN && detect_verify_national(number) ? RECORD_CLASS_NATIONAL : c);
}

static bool
look_number(struct find *f, size_t i)
{
	struct span text = f->text;
	size_t start = i, end;
	enum record_class c;

	if (look_iban(f, i))
		return (true);
	if (i < f->number_end || (c = grouped_at(f, i, &end)) == RECORD_CLASS_NONE)
		return (false);
	while (start > f->done && i - start < 3 && strchr("+(-", text.ptr[start - 1]) != NULL)
		start--;
	push_behind(f, start, end, c);
	return (true);
}

/* Where a private key ends; the end of text if it does not. */
static size_t
pem_end(struct span text, size_t i)
{
	const char *end = memmem(text.ptr + i, text.len - i, "-----END", 8);
	const char *dashes;

	if (end == NULL)
		return (text.len);
	dashes = memmem(end + 8, (size_t)(text.ptr + text.len - end) - 8, "-----", 5);
	return (dashes == NULL ? text.len : (size_t)(dashes - text.ptr) + 5);
}

/* Where the value that begins at text[i] ends; quote: what stands in front, if it is one. */
static size_t
value_end(struct span text, size_t i, char quote)
{
	size_t scheme = detect_secret_scheme(span_from(text, i));

	if (scheme > 0)
		return (i + scheme);
	for (i++; i < text.len; i++)
		if (quote != '\0' ?
			text.ptr[i] == quote && text.ptr[i - 1] != '\\' :
			(unsigned char)text.ptr[i] <= ' ' || strchr(",;&}\"'", text.ptr[i]) != NULL)
			break;
	return (i);
}

static bool
is_name(char c)
{
	return (detect_verify_is_alnum(c) || c == '_' || c == '-' || c == '.');
}

static bool
is_filler(char c)
{
	return (c == ' ' || c == '"' || c == '\'');
}

/* "password: x", at a byte of the name. */
static bool
look_assigned(struct find *f, size_t i)
{
	struct span text = f->text;
	size_t sign = i, value;
	enum record_class c;
	char quote;

	while (sign < text.len && sign - i < NAME_BYTES_MAX && is_name(text.ptr[sign]))
		sign++;
	while (sign < text.len && is_filler(text.ptr[sign]))
		sign++;
	if (sign == text.len || (text.ptr[sign] != '=' && text.ptr[sign] != ':') ||
	    (c = detect_secret_assigned(text, sign)) == RECORD_CLASS_NONE)
		return (false);
	for (value = sign + 1; value < text.len && is_filler(text.ptr[value]);)
		value++;
	quote =
	    text.ptr[value - 1] == '"' || text.ptr[value - 1] == '\'' ? text.ptr[value - 1] : '\0';
	push_behind(f, value, value_end(text, value, quote), c);
	return (true);
}

/* A literal begins at text[i]. */
static bool
look_literal(struct find *f, size_t i)
{
	struct span rest = span_from(f->text, i);
	size_t len;

	if (span_starts(rest, span_of("-----BEGIN ", 11))) {
		push_behind(f, i, pem_end(f->text, i), RECORD_CLASS_CREDENTIAL);
		return (true);
	}
	len = detect_secret_scheme(rest);
	if (len > 0 && (i == 0 || !detect_verify_is_alnum(f->text.ptr[i - 1]))) {
		push_behind(f, i, i + len, RECORD_CLASS_CREDENTIAL);
		return (true);
	}
	return (look_assigned(f, i));
}

/* ---- the pass ---- */

/* Half of the numbers in a log are dates. */
static inline bool
is_date(const struct find *f)
{
	return (f->chunk >= f->done && detect_verify_is_digit(f->text.ptr[f->chunk]) &&
	    detect_verify_date_value(span_of(f->text.ptr + f->chunk, f->chunk_end - f->chunk)));
}

static void
look(struct find *f, size_t i)
{
	if (i >= f->chunk_end) {
		f->chunk = f->chunk_end = i;
		while (f->chunk > f->done && !is_border(f->text.ptr[f->chunk - 1]))
			f->chunk--;
		while (f->chunk_end < f->text.len && !is_border(f->text.ptr[f->chunk_end]))
			f->chunk_end++;
	}
	if (detect_verify_is_digit(f->text.ptr[i]) ? look_number(f, i) : look_literal(f, i))
		return;
	if (f->looked > i)
		return;
	if (!is_date(f))
		look_chunk(f, f->chunk > f->done ? f->chunk : f->done, f->chunk_end);
	if (f->looked < f->chunk_end)
		f->looked = f->chunk_end;
}

size_t
detect_text(struct span text, struct detect_hit *hits, size_t max)
{
	struct find f = { .text = text, .hits = hits, .max = max };
	uint64_t marks[SIEVE_BLOCKS];

	assert(max > 0);
	for (size_t at = 0; at < text.len; at += SIEVE_PIECE) {
		size_t blocks = detect_sieve(text, at, marks);

		for (size_t b = 0; b < blocks; b++)
			for (uint64_t left = marks[b]; left != 0; left &= left - 1) {
				size_t i = at + b * SIEVE_BLOCK + (size_t)__builtin_ctzll(left);

				if (i >= f.done)
					look(&f, i);
			}
	}
	return (f.count);
}
