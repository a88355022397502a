#include "seal/entry/take.h"

#include "base/clock.h"
#include "base/text.h"

void
seal_refuse(struct seal_taker *r, const char *key, const char *why)
{
	if (r->why != NULL)
		return;
	r->at = key;
	r->why = why;
}

void
seal_take_open(struct seal_taker *r, const struct json_value *object)
{
	*r = (struct seal_taker){ .why = NULL };
	json_open(&r->cursor, object);
	r->have = json_next(&r->cursor, &r->key, &r->value);
}

bool
seal_take_is(const struct seal_taker *r, const char *key)
{
	return (r->why == NULL && r->have && span_is(r->key, key));
}

struct json_value
seal_take(struct seal_taker *r, const char *key, enum json_type type)
{
	struct json_value v = { .type = JSON_END };

	if (!seal_take_is(r, key)) {
		seal_refuse(r, key, "missing or out of order");
		return (v);
	}
	if (r->value.type != type) {
		seal_refuse(r, key, "of another type");
		return (v);
	}
	v = r->value;
	r->have = json_next(&r->cursor, &r->key, &r->value);
	return (v);
}

uint64_t
seal_take_u64(struct seal_taker *r, const char *key)
{
	struct json_value v = seal_take(r, key, JSON_INT);

	return (r->why == NULL ? (uint64_t)v.number : 0);
}

/* Borrowed texts mean what their bytes say: printable ASCII, no escapes. */
struct span
seal_take_text(struct seal_taker *r, const char *key)
{
	struct span text = seal_take(r, key, JSON_STRING).text;

	if (r->why == NULL && (!text_is_ascii(text) || span_find(text, '\\') < text.len))
		seal_refuse(r, key, "not plain");
	return (r->why == NULL ? text : span_of("", 0));
}

bool
seal_take_bool(struct seal_taker *r, const char *key)
{
	if (seal_take_is(r, key) && r->value.type == JSON_TRUE)
		return (seal_take(r, key, JSON_TRUE).type == JSON_TRUE);
	(void)seal_take(r, key, JSON_FALSE);
	return (false);
}

void
seal_take_hex(struct seal_taker *r, const char *key, unsigned char *out, size_t size)
{
	struct span text = seal_take_text(r, key);
	size_t len;

	if (r->why == NULL && (text.len != 2 * size || text_unhex(text, out, size, &len) == -1))
		seal_refuse(r, key, "not hex of its length");
}

void
seal_take_base64(struct seal_taker *r, const char *key, unsigned char *out, size_t size)
{
	struct span text = seal_take_text(r, key);
	size_t len;

	if (r->why == NULL && (text_unbase64(text, out, size, &len) == -1 || len != size))
		seal_refuse(r, key, "not base64 of its length");
}

int64_t
seal_take_time(struct seal_taker *r, const char *key, int64_t unit_us)
{
	struct span text = seal_take_text(r, key);
	char again[CLOCK_RFC3339_BYTES];
	int64_t t_us = 0;

	if (r->why != NULL)
		return (0);
	if (clock_parse_rfc3339(text.ptr, text.len, &t_us) == -1 || t_us % unit_us != 0 ||
	    !span_equal(text, span_of(again, clock_rfc3339(again, t_us))))
		seal_refuse(r, key, "not a time as this program writes it");
	return (t_us);
}

struct span
seal_take_policy(struct seal_taker *r)
{
	static const struct span prefix = SPAN("sha256:");
	struct span text = seal_take_text(r, "policy"), hex = span_from(text, prefix.len);
	unsigned char digest[32];
	size_t len;

	if (r->why == NULL &&
	    (!span_starts(text, prefix) || hex.len != 64 ||
		text_unhex(hex, digest, sizeof(digest), &len) == -1))
		seal_refuse(r, "policy", "not sha256:HEX");
	return (hex);
}

/* An object inside; close_inner brings back what is wrong in it. */
void
seal_take_inner(struct seal_taker *r, const char *key, struct seal_taker *inner)
{
	struct json_value v = seal_take(r, key, JSON_OBJECT);

	seal_take_open(inner, &v);
	inner->at = r->at;
	inner->why = r->why;
}

void
seal_take_close(struct seal_taker *r)
{
	if (r->have)
		seal_refuse(r, "the last of them", "followed by an unknown key");
}

void
seal_take_outer(struct seal_taker *r, struct seal_taker *inner)
{
	seal_take_close(inner);
	r->at = inner->at;
	r->why = inner->why;
}
