/* json, the reader.  The writer is json_write.c. */
#include "base/json.h"

#include "base/err.h"
#include "base/scan.h"
#include "base/text.h"

#define DEPTH_MAX 16
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

/* Where the reader stands; why says what it did not accept there. */
struct reader {
	struct span in;
	size_t at;
	const char *why;
};

static int
refuse(struct reader *r, const char *why)
{
	r->why = why;
	return (-1);
}

/* The next byte, or 0 at the end; a NUL is refused wherever it stands. */
static inline char
peek(const struct reader *r)
{
	return (r->at < r->in.len ? r->in.ptr[r->at] : '\0');
}

static inline void
skip_blanks(struct reader *r)
{
	for (;; r->at++) {
		char c = peek(r);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
	}
}

static int
accept(struct reader *r, char c, const char *why)
{
	if (peek(r) != c)
		return (refuse(r, why));
	r->at++;
	return (0);
}

/* Four hexadecimal digits at at, or -1. */
static int32_t
hex_unit(struct span text, size_t at)
{
	int32_t unit = 0;

	if (text.len < 4 || at > text.len - 4)
		return (-1);
	for (size_t i = at; i < at + 4; i++) {
		char c = text.ptr[i];

		if (c >= '0' && c <= '9')
			unit = unit << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			unit = unit << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			unit = unit << 4 | (c - 'A' + 10);
		else
			return (-1);
	}
	return (unit);
}

/* "\uXXXX" or a pair of them at the start of text; its length, 0 if bad. */
static size_t
unicode_escape(struct span text, uint32_t *point)
{
	int32_t high = hex_unit(text, 2), low;

	if (high == -1 || (high >= 0xdc00 && high <= 0xdfff))
		return (0);
	*point = (uint32_t)high;
	if (high < 0xd800 || high > 0xdfff)
		return (6);
	low = hex_unit(text, 8);
	if (low < 0xdc00 || low > 0xdfff || text.ptr[6] != '\\' || text.ptr[7] != 'u')
		return (0);
	*point = 0x10000 + (((uint32_t)high - 0xd800) << 10 | ((uint32_t)low - 0xdc00));
	return (12);
}

/* The escape at the start of text (a backslash); its length, 0 if bad. */
static size_t
escape(struct span text, uint32_t *point)
{
	static const char meanings[128] = {
		['"'] = '"',
		['/'] = '/',
		['\\'] = '\\',
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t',
	};
	unsigned char c;

	if (text.len < 2)
		return (0);
	c = (unsigned char)text.ptr[1];
	if (c == 'u')
		return (unicode_escape(text, point));
	if (c >= sizeof(meanings) || meanings[c] == 0)
		return (0);
	*point = (unsigned char)meanings[c];
	return (2);
}

/* From the opening quote to behind the closing one. */
static int
read_string(struct reader *r, struct span *text)
{
	size_t start, len;
	uint32_t point;

	if (accept(r, '"', "not a string") == -1)
		return (-1);
	start = r->at;
	for (;;) {
		unsigned char c;

		r->at += scan_json_plain(span_from(r->in, r->at));
		if (r->at >= r->in.len)
			return (refuse(r, "a string without end"));
		c = (unsigned char)r->in.ptr[r->at];
		if (c == '"')
			break;
		if (c < 0x20)
			return (refuse(r, "a control character in a string"));
		len = c == '\\' ? escape(span_from(r->in, r->at), &point) : 1;
		if (len == 0)
			return (refuse(r, "a bad escape"));
		r->at += len;
	}
	*text = span_of(r->in.ptr + start, r->at - start);
	if (!text_is_utf8(*text))
		return (refuse(r, "a string that is no UTF-8"));
	r->at++;
	return (0);
}

static int
read_integer(struct reader *r, int64_t *number)
{
	bool negative = peek(r) == '-';
	size_t start;
	int64_t value = 0;

	r->at += negative;
	start = r->at;
	for (char c = peek(r); c >= '0' && c <= '9'; c = peek(r)) {
		value = value * 10 + (c - '0');
		if (value > INTEGER_MAX)
			return (refuse(r, "a number of 2^53 or more"));
		if (r->at == start + 1 && r->in.ptr[start] == '0')
			return (refuse(r, "a number with a leading zero"));
		r->at++;
	}
	if (r->at == start)
		return (refuse(r, "not a value"));
	if (peek(r) == '.' || peek(r) == 'e' || peek(r) == 'E')
		return (refuse(r, "a number that is no integer"));
	*number = negative ? -value : value;
	return (0);
}

static int
read_word(struct reader *r, enum json_type *type)
{
	static const struct {
		struct span word;
		enum json_type type;
	} words[] = {
		{ SPAN("false"), JSON_FALSE },
		{ SPAN("null"), JSON_NULL },
		{ SPAN("true"), JSON_TRUE },
	};
	struct span rest = span_from(r->in, r->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_starts(rest, words[i].word))
			continue;
		r->at += words[i].word.len;
		*type = words[i].type;
		return (0);
	}
	return (refuse(r, "not a value"));
}

static int
read_scalar(struct reader *r, struct json_value *v)
{
	char c = peek(r);

	if (c == '"') {
		v->type = JSON_STRING;
		return (read_string(r, &v->text));
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		v->type = JSON_INT;
		return (read_integer(r, &v->number));
	}
	return (read_word(r, &v->type));
}

/* "key": and the blanks around. */
static int
read_key(struct reader *r, struct span *key)
{
	skip_blanks(r);
	if (read_string(r, key) == -1)
		return (-1);
	skip_blanks(r);
	return (accept(r, ':', "no colon behind a key"));
}

static int read_value(struct reader *r, unsigned depth, struct json_value *v);

/* All of an object or array; depth counts those around it. */
static int
read_container(struct reader *r, unsigned depth, struct json_value *v)
{
	bool object = peek(r) == '{';
	char close = object ? '}' : ']';
	struct json_value item;
	struct span key;

	if (depth == DEPTH_MAX)
		return (refuse(r, "too deep"));
	v->type = object ? JSON_OBJECT : JSON_ARRAY;
	r->at++;
	skip_blanks(r);
	if (peek(r) == close) {
		r->at++;
		return (0);
	}
	for (;;) {
		if (object && read_key(r, &key) == -1)
			return (-1);
		skip_blanks(r);
		if (read_value(r, depth + 1, &item) == -1)
			return (-1);
		skip_blanks(r);
		if (peek(r) != ',')
			return (accept(r, close, "neither a comma nor an end"));
		r->at++;
	}
}

/* Recursion is bounded by DEPTH_MAX. */
static int
read_value(struct reader *r, unsigned depth, struct json_value *v)
{
	size_t start = r->at;
	char c = peek(r);
	int rc;

	*v = (struct json_value){ .type = JSON_END };
	if (c == '{' || c == '[')
		rc = read_container(r, depth, v);
	else
		rc = read_scalar(r, v);
	if (rc == 0)
		v->raw = span_of(r->in.ptr + start, r->at - start);
	return (rc);
}

int
json_parse(struct span in, struct json_value *v, struct err *e)
{
	struct reader r = { .in = in };
	struct json_value made;

	if (read_value(&r, 0, &made) == 0 && r.at != in.len)
		(void)refuse(&r, "bytes behind the value");
	if (r.why != NULL)
		return (err_set(e, ERR_INCOMPLETE, "json: byte %zu: %s", r.at, r.why));
	*v = made;
	return (0);
}

void
json_open(struct json_cursor *c, const struct json_value *v)
{
	bool object = v->type == JSON_OBJECT;

	*c = (struct json_cursor){ .in = v->raw, .at = 1, .first = true };
	if (object || v->type == JSON_ARRAY)
		c->close = object ? '}' : ']';
}

/* json_parse has checked all this; checking again costs less than trust. */
bool
json_next(struct json_cursor *c, struct span *key, struct json_value *v)
{
	struct reader r = { .in = c->in, .at = c->at };
	struct span name = { NULL, 0 };

	v->type = JSON_END;
	if (c->close == '\0')
		return (false);
	skip_blanks(&r);
	if (peek(&r) == c->close)
		goto end;
	if (!c->first && accept(&r, ',', "") == -1)
		goto end;
	if (c->close == '}' && read_key(&r, &name) == -1)
		goto end;
	skip_blanks(&r);
	if (read_value(&r, 0, v) == -1) {
		v->type = JSON_END;
		goto end;
	}
	if (key != NULL)
		*key = name;
	c->first = false;
	c->at = r.at;
	return (true);
end:
	c->close = '\0';
	return (false);
}

/* A key may be written with escapes that it does not need. */
static bool
is_key(struct span key, const char *name)
{
	struct buf plain = { 0 };
	bool same;

	if (span_find(key, '\\') == key.len)
		return (span_is(key, name));
	same = json_unescape(key, &plain) == 0 && span_is(buf_view(&plain), name);
	buf_free(&plain);
	return (same);
}

bool
json_get(const struct json_value *object, const char *key, struct json_value *v)
{
	struct json_cursor c;
	struct json_value member;
	struct span name;

	if (object->type != JSON_OBJECT)
		return (false);
	json_open(&c, object);
	while (json_next(&c, &name, &member)) {
		if (is_key(name, key)) {
			*v = member;
			return (true);
		}
	}
	return (false);
}

bool
json_get_str(const struct json_value *object, const char *key, struct span *text)
{
	struct json_value v;

	if (!json_get(object, key, &v) || v.type != JSON_STRING)
		return (false);
	*text = v.text;
	return (true);
}

bool
json_get_u64(const struct json_value *object, const char *key, uint64_t *n)
{
	struct json_value v;

	if (!json_get(object, key, &v) || v.type != JSON_INT || v.number < 0)
		return (false);
	*n = (uint64_t)v.number;
	return (true);
}

/* Add a code point as UTF-8. */
static void
add_point(struct buf *b, uint32_t point)
{
	unsigned char bytes[4];
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char leads[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--) {
		bytes[i] = (unsigned char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	bytes[0] = (unsigned char)(leads[len] | point);
	buf_add(b, bytes, len);
}

int
json_unescape(struct span text, struct buf *b)
{
	size_t before = b->len, at = 0;

	for (;;) {
		struct span rest = span_from(text, at);
		size_t plain = span_find(rest, '\\'), len;
		uint32_t point;

		buf_add(b, rest.ptr, plain);
		at += plain;
		if (at == text.len)
			break;
		if ((len = escape(span_from(text, at), &point)) == 0) {
			b->len = before;
			if (b->size > 0)
				b->data[before] = '\0';
			return (-1);
		}
		add_point(b, point);
		at += len;
	}
	return (buf_ok(b) ? 0 : -1);
}
