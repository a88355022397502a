/*
 * Planted values.  Each becomes a dozen needles; a filter of hashes of four
 * bytes, folded, tells for almost every place that none begins there.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "leak/inside.h"

#define FILTER_BITS 20
#define BUCKET_BITS 16
#define WHOLE_BELOW 8 /* shorter values are found as whole words only */

static uint32_t
hash_of(const unsigned char *p)
{
	uint32_t four;

	memcpy(&four, p, sizeof(four));
	return ((four | 0x20202020u) * 0x9e3779b1u);
}

static int
add_needle(struct leak_values *v, const struct leak_needle *like, const void *bytes, size_t len,
    struct err *e)
{
	struct leak_needle *made;
	uint32_t hash;

	if (len < 4)
		return (0);
	if (v->count == v->size) {
		size_t size = v->size == 0 ? 64 : v->size * 2;

		if ((made = reallocarray(v->needles, size, sizeof(*made))) == NULL)
			return (err_set(e, ERR_IO, "out of memory"));
		v->needles = made;
		v->size = size;
	}
	made = &v->needles[v->count];
	*made = *like;
	if ((made->bytes = malloc(len)) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	memcpy(made->bytes, bytes, len);
	made->len = (uint32_t)len;
	hash = hash_of(made->bytes);
	made->next = v->buckets[hash >> (32 - BUCKET_BITS)];
	v->buckets[hash >> (32 - BUCKET_BITS)] = (uint32_t)++v->count;
	hash >>= 32 - FILTER_BITS;
	v->filter[hash / 64] |= UINT64_C(1) << hash % 64;
	return (0);
}

/* At each of three alignments what does not depend on neighbours; both alphabets. */
static int
add_base64(struct leak_values *v, struct leak_needle *like, struct span value, struct err *e)
{
	unsigned char bytes[LEAK_VALUE_BYTES_MAX + 2] = { 0 };
	char text[LEAK_VALUE_BYTES_MAX * 2];
	static const unsigned char skip[] = { 0, 2, 3 };

	like->form = "base64";
	for (size_t shift = 0; shift < 3; shift++) {
		size_t whole = (value.len + shift) * 4 / 3; /* characters of known bits only */
		bool url = false;

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + shift, value.ptr, value.len);
		(void)text_base64(text, bytes, value.len + shift);
		if (whole <= skip[shift] ||
		    add_needle(v, like, text + skip[shift], whole - skip[shift], e) == -1)
			return (whole <= skip[shift] ? 0 : -1);
		for (size_t i = 0; i < whole; i++) {
			url |= text[i] == '+' || text[i] == '/';
			text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
		}
		if (url && add_needle(v, like, text + skip[shift], whole - skip[shift], e) == -1)
			return (-1);
	}
	return (0);
}

/* As base64, at five alignments; letters of either case. */
static int
add_base32(struct leak_values *v, struct leak_needle *like, struct span value, struct err *e)
{
	unsigned char bytes[LEAK_VALUE_BYTES_MAX + 4];
	char text[LEAK_VALUE_BYTES_MAX * 2 + 16];

	like->form = "base32";
	like->folded = true;
	for (size_t shift = 0; shift < 5; shift++) {
		size_t first = (shift * 8 + 4) / 5, last = (value.len + shift) * 8 / 5;

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + shift, value.ptr, value.len);
		(void)text_base32(text, bytes, value.len + shift);
		if (last > first && add_needle(v, like, text + first, last - first, e) == -1)
			return (-1);
	}
	return (0);
}

static int
add_hex(struct leak_values *v, struct leak_needle *like, struct span value, struct err *e)
{
	char text[LEAK_VALUE_BYTES_MAX * 2 + 1] = "";
	unsigned char hash[32];
	size_t len = text_hex(text, value.ptr, value.len);

	like->form = "hex";
	like->folded = true;
	if (add_needle(v, like, text, len, e) == -1)
		return (-1);
	crypto_sha256(value.ptr, value.len, hash);
	like->form = "sha256";
	len = text_hex(text, hash, sizeof(hash));
	return (add_needle(v, like, text, len, e));
}

/* Backwards, and with a NUL behind each byte (which is also NUL before each, but the first). */
static int
add_turned(struct leak_values *v, struct leak_needle *like, struct span value, struct err *e)
{
	unsigned char text[LEAK_VALUE_BYTES_MAX * 2] = { 0 };
	int rc;

	like->form = "reversed";
	like->folded = true;
	for (size_t i = 0; i < value.len; i++)
		text[i] = (unsigned char)value.ptr[value.len - 1 - i];
	rc = add_needle(v, like, text, value.len, e);
	like->form = "utf-16";
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < value.len; i++)
		text[2 * i] = (unsigned char)value.ptr[i];
	if (rc == 0)
		rc = add_needle(v, like, text, 2 * value.len - 1, e);
	return (rc);
}

/* An address is also a number. */
static int
add_address(struct leak_values *v, struct leak_needle *like, struct span value, struct err *e)
{
	unsigned char packed[16];
	char text[64];
	int family;
	size_t len;

	if (value.len >= sizeof(text))
		return (0);
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	family = inet_pton(AF_INET, text, packed) == 1 ? AF_INET :
	    inet_pton(AF_INET6, text, packed) == 1     ? AF_INET6 :
							 0;
	if (family == 0)
		return (0);
	like->form = "packed";
	like->folded = like->whole = true;
	len = text_hex(text, packed, family == AF_INET ? 4 : 16);
	if (add_needle(v, like, text, len, e) == -1)
		return (-1);
	if (family == AF_INET6)
		return (inet_ntop(AF_INET6, packed, text, sizeof(text)) == NULL ?
			0 :
			add_needle(v, like, text, strlen(text), e));
	len = (size_t)snprintf(text, sizeof(text), "%u",
	    (unsigned)packed[0] << 24 | (unsigned)packed[1] << 16 | (unsigned)packed[2] << 8 |
		packed[3]);
	return (add_needle(v, like, text, len, e));
}

static int
plant_one(struct leak_values *v, struct span value, uint32_t number, struct err *e)
{
	struct leak_needle like = { .value = number, .folded = true, .form = "" };

	like.whole = value.len < WHOLE_BELOW;
	if (add_needle(v, &like, value.ptr, value.len, e) == -1)
		return (-1);
	like.whole = false;
	like.folded = false;
	if (add_base64(v, &like, value, e) == -1 || add_base32(v, &like, value, e) == -1 ||
	    add_hex(v, &like, value, e) == -1 || add_turned(v, &like, value, e) == -1)
		return (-1);
	return (add_address(v, &like, value, e));
}

int
leak_rules_plant(struct leak_rules *rules, struct span text, struct err *e)
{
	struct leak_values *v = &rules->values;
	uint32_t number = 1;

	if (v->filter == NULL) {
		v->filter = calloc((size_t)1 << FILTER_BITS >> 6, sizeof(*v->filter));
		v->buckets = calloc((size_t)1 << BUCKET_BITS, sizeof(*v->buckets));
	}
	if (v->filter == NULL || v->buckets == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (; text.len > 0; number++) {
		size_t end = span_find(text, '\n');
		struct span line = span_of(text.ptr, end);

		text = span_from(text, end + 1);
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			continue;
		if (line.len < LEAK_VALUE_BYTES_MIN || line.len > LEAK_VALUE_BYTES_MAX)
			return (err_set(e, ERR_CONFIG, "value %u has %zu bytes, not %d to %d",
			    number, line.len, LEAK_VALUE_BYTES_MIN, LEAK_VALUE_BYTES_MAX));
		if (number > LEAK_VALUES_MAX)
			return (err_set(e, ERR_CONFIG, "more than %d values", LEAK_VALUES_MAX));
		if (plant_one(v, line, number, e) == -1)
			return (-1);
	}
	return (0);
}

void
leak_values_free(struct leak_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		explicit_bzero(values->needles[i].bytes, values->needles[i].len);
		free(values->needles[i].bytes);
	}
	free(values->needles);
	free(values->filter);
	free(values->buckets);
	memset(values, 0, sizeof(*values));
}

static unsigned char
fold(unsigned char c)
{
	return (c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c);
}

static bool
is_there(const struct leak_needle *needle, const struct leak_view *view, size_t at)
{
	const unsigned char *p = view->bytes + at;

	if (view->len - at < needle->len)
		return (false);
	for (size_t i = 0; i < needle->len; i++)
		if (p[i] != needle->bytes[i] &&
		    (!needle->folded || fold(p[i]) != fold(needle->bytes[i])))
			return (false);
	if (!needle->whole)
		return (true);
	return ((at == 0 || !leak_is_alnum(p[-1])) &&
	    (view->len - at == needle->len || !leak_is_alnum(p[needle->len])));
}

static void
look_up(struct leak_scanner *s, const struct leak_view *view, size_t at, uint32_t hash)
{
	const struct leak_values *v = &s->rules->values;

	for (uint32_t i = v->buckets[hash >> (32 - BUCKET_BITS)]; i != 0;) {
		const struct leak_needle *needle = &v->needles[i - 1];

		if (is_there(needle, view, at))
			leak_report(s, view, s->rules->value_rule, needle->value, needle->form, at);
		i = needle->next;
	}
}

void
leak_values_find(struct leak_scanner *s, const struct leak_view *view)
{
	const struct leak_values *v = &s->rules->values;

	if (v->count == 0)
		return;
	for (size_t at = view->begin; at < view->limit && at + 4 <= view->len; at++) {
		uint32_t hash = hash_of(view->bytes + at), bit = hash >> (32 - FILTER_BITS);

		if (__builtin_expect((v->filter[bit / 64] >> bit % 64 & 1) != 0, 0))
			look_up(s, view, at, hash);
	}
}
