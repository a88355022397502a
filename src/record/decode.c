#include <assert.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "record/escape.h"
#include "record/line.h"
#include "record/record.h"

/* The line from at on; what is bad is said once, by whoever saw it. */
struct cursor {
	const char *start, *at, *end;
	struct record_decoder *dec;
	struct err *e;
};

static int
bad(const struct cursor *c, const char *what)
{
	return (err_set(c->e, ERR_FINDING, "offset %zu: %s", (size_t)(c->at - c->start), what));
}

static struct span
rest(const struct cursor *c)
{
	return (span_of(c->at, (size_t)(c->end - c->at)));
}

/* Step over literal if it stands there. */
static bool
take(struct cursor *c, const char *literal, size_t len)
{
	if ((size_t)(c->end - c->at) < len || memcmp(c->at, literal, len) != 0)
		return (false);
	c->at += len;
	return (true);
}

static bool
take_char(struct cursor *c, char one)
{
	return (take(c, &one, 1));
}

static void
keep(struct record_decoder *dec, const char *bytes, size_t len)
{
	assert(len <= sizeof(dec->text) - dec->used);
	memcpy(dec->text + dec->used, bytes, len);
	dec->used += len;
}

/* The code point of \uXXXX or of a short escape, at the backslash.  0 or -1. */
static int
escape_code(struct span in, uint32_t *code)
{
	static const char shorts[] = "\"\\bfnrt", codes[] = "\"\\\b\f\n\r\t";
	const char *at;

	if (in.len < 2)
		return (-1);
	if (in.ptr[1] != 'u') {
		at = memchr(shorts, in.ptr[1], sizeof(shorts) - 1);
		if (at == NULL)
			return (-1);
		*code = (unsigned char)codes[at - shorts];
		return (0);
	}
	if (in.len < 6)
		return (-1);
	*code = 0;
	for (int i = 2; i < 6; i++) {
		char digit = in.ptr[i];

		if (digit >= '0' && digit <= '9')
			*code = *code << 4 | (uint32_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			*code = *code << 4 | (uint32_t)(digit - 'a' + 10);
		else
			return (-1);
	}
	return (0);
}

/* The one way to write an escape is record_escape_code's. */
static int
read_escape(struct cursor *c)
{
	char canonical[RECORD_ESCAPE_GROWTH], bytes[4];
	uint32_t code;

	if (escape_code(rest(c), &code) != 0 || !record_must_escape(code))
		return (bad(c, "no such escape"));
	if (!take(c, canonical, (size_t)(record_escape_code(canonical, code) - canonical)))
		return (bad(c, "an escape that is written otherwise"));
	keep(c->dec, bytes, text_utf8_put(bytes, code));
	return (0);
}

/* Step over plain ASCII; returns where it began. */
static inline const char *
skip_plain(struct cursor *c)
{
	const char *start = c->at;
	unsigned odd;

	while (c->end - c->at >= 16) {
		odd = record_block_first(record_block_odd(record_block_load(c->at)));
		c->at += odd;
		if (odd < 16)
			return (start);
	}
	for (; c->at < c->end; c->at++) {
		unsigned char one = (unsigned char)*c->at;

		if (one < 0x20 || one >= 0x7f || one == '"' || one == '\\')
			break;
	}
	return (start);
}

static void
read_plain(struct cursor *c)
{
	const char *start = skip_plain(c);

	keep(c->dec, start, (size_t)(c->at - start));
}

static int
within_bounds(const struct cursor *c, struct span text)
{
	if (text.len > RECORD_TEXT_MAX && record_text_weight(text) > RECORD_TEXT_MAX)
		return (bad(c, "the text is too long"));
	return (0);
}

/* A text that does not stand in the line as it is: what is plain of it up to here, and the rest. */
static int
read_written(struct cursor *c, const char *plain, struct span *text)
{
	size_t start = c->dec->used;

	keep(c->dec, plain, (size_t)(c->at - plain));
	for (; !take_char(c, '"'); read_plain(c)) {
		uint32_t code;
		size_t len = record_utf8_next(rest(c), &code);

		if (len == 0)
			return (bad(c, c->at == c->end ? "the text does not end" : "no UTF-8"));
		if (code == '\\') {
			if (read_escape(c) != 0)
				return (-1);
			continue;
		}
		if (record_must_escape(code))
			return (bad(c, "a character that must be escaped"));
		keep(c->dec, c->at, len);
		c->at += len;
	}
	*text = span_of(c->dec->text + start, c->dec->used - start);
	return (within_bounds(c, *text));
}

/* Behind the opening quote, to behind the closing one.  Most texts are read where they stand. */
static int
read_text(struct cursor *c, struct span *text)
{
	const char *start = skip_plain(c);

	if (c->at == c->end || *c->at != '"')
		return (read_written(c, start, text));
	*text = span_of(start, (size_t)(c->at++ - start));
	return (within_bounds(c, *text));
}

static int
read_int(struct cursor *c, int64_t *number)
{
	bool negative = take_char(c, '-');
	uint64_t most = negative ? UINT64_C(1) << 63 : INT64_MAX, n = 0;
	const char *first = c->at;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		uint64_t digit = (uint64_t)(*c->at - '0');

		if (n > (most - digit) / 10)
			return (bad(c, "the number is too large"));
		n = n * 10 + digit;
	}
	if (c->at == first)
		return (bad(c, "no number"));
	if (*first == '0' && (c->at - first > 1 || negative))
		return (bad(c, "the number is written otherwise"));
	*number = (int64_t)(negative ? 0 - n : n);
	return (0);
}

static int
read_list(struct cursor *c, struct record *r)
{
	do {
		if (r->forwarded_count == RECORD_FORWARDED_MAX)
			return (bad(c, "the list is too long"));
		if (!take_char(c, '"'))
			return (bad(c, "no text"));
		if (read_text(c, &r->forwarded[r->forwarded_count]) != 0)
			return (-1);
		r->forwarded_count++;
	} while (take_char(c, ','));
	return (take_char(c, ']') ? 0 : bad(c, "the list does not end"));
}

/* The first flag from flag on whose name stands at c; RECORD_FLAG_COUNT if none. */
static int
read_flag(struct cursor *c, int flag)
{
	for (; flag < RECORD_FLAG_COUNT; flag++) {
		struct span name = span_str(record_flags[flag].name);

		if (span_starts(rest(c), name) &&
		    span_starts(span_from(rest(c), name.len), (struct span)SPAN("\""))) {
			c->at += name.len + 1;
			break;
		}
	}
	return (flag);
}

static int
read_flags(struct cursor *c, struct record *r)
{
	int flag = 0;

	do {
		if (!take_char(c, '"'))
			return (bad(c, "no text"));
		if ((flag = read_flag(c, flag)) == RECORD_FLAG_COUNT)
			return (bad(c, "no such flag, or out of order"));
		r->flags |= UINT64_C(1) << flag++;
	} while (take_char(c, ','));
	return (take_char(c, ']') ? 0 : bad(c, "the flags do not end"));
}

/* One member; *written is its key as it stands in the line. */
static int
read_member(struct cursor *c, struct record_extra *x, struct span *written)
{
	if (!take_char(c, '"'))
		return (bad(c, "no key"));
	written->ptr = c->at;
	if (read_text(c, &x->key) != 0)
		return (-1);
	written->len = (size_t)(c->at - written->ptr);
	if (!take_char(c, ':'))
		return (bad(c, "no colon"));
	x->is_number = !take_char(c, '"');
	if (x->is_number)
		return (read_int(c, &x->number));
	return (read_text(c, &x->text));
}

static int
read_extra(struct cursor *c, struct record *r)
{
	struct span keys[RECORD_EXTRA_MAX];

	r->extra_count = 0;
	do {
		size_t count = r->extra_count;

		if (count == RECORD_EXTRA_MAX)
			return (bad(c, "too many members"));
		if (read_member(c, &r->extra[count], &keys[count]) != 0)
			return (-1);
		if (record_key_known(keys, count, keys[count]))
			return (bad(c, "a key twice"));
		r->extra_count++;
	} while (take_char(c, ','));
	return (take_char(c, '}') ? 0 : bad(c, "the object does not end"));
}

/* Does key stand at c?  Its first 4 bytes do. */
static inline bool
key_stands(const struct cursor *c, const struct record_key *key)
{
	const char *bytes = (const char *)key; /* all 32, of which len are looked at */
	unsigned same;

	if (c->end - c->at < (ptrdiff_t)sizeof(*key))
		return (c->end - c->at >= key->len && memcmp(c->at, bytes, key->len) == 0);
	same = record_block_first(record_block_load(c->at) != record_block_load(bytes));
	if (same == 16)
		same += record_block_first(
		    record_block_load(c->at + 16) != record_block_load(bytes + 16));
	return (same >= key->len);
}

/* The first field from f on whose key stands at c; COUNT if none. */
static int
read_key(struct cursor *c, int f)
{
	if (c->end - c->at < 4)
		return (RECORD_FIELD_COUNT);
	for (; f < RECORD_FIELD_COUNT; f++) {
		const struct record_key *key = &record_keys[f];

		if (memcmp(c->at, key->bytes, 4) == 0 && key_stands(c, key)) {
			c->at += key->len;
			break;
		}
	}
	return (f);
}

static int
read_value(struct cursor *c, int f, struct record *r)
{
	switch (record_keys[f].type) {
	case RECORD_TEXT: return (read_text(c, &r->text[f]));
	case RECORD_INT: return (read_int(c, &r->number[f]));
	case RECORD_LIST: return (read_list(c, r));
	case RECORD_EXTRA: return (read_extra(c, r));
	case RECORD_FLAGS: return (read_flags(c, r));
	default: return (bad(c, "the time twice"));
	}
}

int
record_decode(struct record_decoder *dec, struct span line, struct record *r, struct err *e)
{
	struct cursor c = { line.ptr, line.ptr, line.ptr + line.len, dec, e };
	size_t len;
	int f = RECORD_FIELD_TIME + 1;

	record_clear(r);
	dec->used = 0;
	if (line.len >= RECORD_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "a record of %zu bytes", line.len));
	if (!take(&c, RECORD_START, RECORD_START_BYTES))
		return (bad(&c, "no record starts like this"));
	if ((len = record_time_read(rest(&c), &r->time_us)) == 0)
		return (bad(&c, "no time"));
	c.at += len;
	if (!take_char(&c, '"'))
		return (bad(&c, "the time does not end"));
	while (!take_char(&c, '}')) {
		if ((f = read_key(&c, f)) == RECORD_FIELD_COUNT)
			return (bad(&c, "no such field, or out of order"));
		if (read_value(&c, f, r) != 0)
			return (-1);
		r->present |= UINT64_C(1) << f++;
	}
	return (c.at == c.end ? 0 : bad(&c, "bytes behind the record"));
}
