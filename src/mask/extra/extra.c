/* extra: keys and values of EXTRA. */
#include <inttypes.h>
#include <stdio.h>

#include "detect/verify.h"
#include "mask/extra/extra.h"
#include "mask/gaps.h"

#define NAMES_MAX 16 /* of one list */

void
mask_extra_add(struct mask *m, struct span key, struct span text)
{
	struct record *r = &m->record;

	if (r->extra_count == RECORD_EXTRA_MAX || text.len == 0)
		return;
	r->extra[r->extra_count].key = key;
	r->extra[r->extra_count].text = text;
	r->extra[r->extra_count].is_number = false;
	r->extra_count++;
	r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
}

struct span
mask_extra_token(struct mask *m, enum mask_slot slot, const char *position, struct span text)
{
	enum record_class c = mask_slot_class(slot);
	struct span sealed;
	char *token;

	mask_count(m, c);
	if (m->policy->method[c] == MASK_DROP)
		return (span_of("", 0));
	if (m->policy->method[c] == MASK_SEAL && (sealed = mask_sealed_text(m, text)).len > 0)
		return (sealed);
	if (m->policy->method[c] != MASK_TOKEN || (token = mask_take(m, MASK_TOKEN_BYTES)) == NULL)
		return (mask_redaction(c));
	if (position == NULL ? mask_token(m, slot, text, token) :
			       mask_token_bound(m, slot, span_str(position), text, token))
		return (span_of(token, MASK_TOKEN_BYTES));
	return (mask_redaction(c));
}

struct span
mask_extra_token_later(struct mask *m, enum mask_slot slot, const char *position, struct span text)
{
	enum record_class c = mask_slot_class(slot);
	char tail[MASK_RENDER_BYTES + MASK_TAIL_SLACK], *token;
	size_t len = 0;
	bool made;

	/* A rule on details may ask what the token is. */
	if (m->policy->method[c] != MASK_TOKEN || m->detail != NULL)
		return (mask_extra_token(m, slot, position, text));
	mask_count(m, c);
	if ((token = mask_take(m, MASK_TOKEN_BYTES)) == NULL)
		return (mask_redaction(c));
	if (position != NULL)
		len = mask_token_tail(span_str(position), text, tail, MASK_RENDER_BYTES);
	if (position == NULL)
		made = mask_token_later(m, slot, text, token);
	else if (len == 0)
		made = mask_token_bound(m, slot, span_str(position), text, token);
	else
		made = mask_token_bound_later(m, slot, span_of(tail, len), token);
	return (made ? span_of(token, MASK_TOKEN_BYTES) : mask_redaction(c));
}

void
mask_extra_message(struct mask *m, struct span text)
{
	if (m->policy->method[RECORD_CLASS_TEXT] == MASK_DROP)
		mask_count(m, RECORD_CLASS_TEXT);
	else
		mask_extra_add(m, span_of("message", 7),
		    mask_render(m, MASK_RENDER_TEXT, mask_render_text, text));
}

/* ---- keys ---- */

/* "a.b[].c": a, b and c are words. */
static bool
is_clear_key(struct mask *m, struct span key)
{
	uint64_t root = mask_words_root(m->words, MASK_WORD_PARAM);

	if (key.len > MASK_PARAM_TEXT)
		return (false);
	while (key.len > 0) {
		size_t dot = span_find(key, '.');
		struct span part = span_of(key.ptr, dot);

		while (part.len > 2 && memcmp(part.ptr + part.len - 2, "[]", 2) == 0)
			part.len -= 2;
		if (!mask_word_clear(m, MASK_WORD_PARAM, root, part, false) || dot + 1 == key.len)
			return (false);
		key = span_from(key, dot + 1);
	}
	return (true);
}

/* Empty: it cannot be written. */
static struct span
key_of(struct mask *m, const struct event_extra *extra)
{
	struct span key = extra->key;
	char *copy;

	if (extra->known || key.len == 0)
		return (key);
	if (!is_clear_key(m, key))
		return (mask_extra_token(m, MASK_SLOT_PARAM, "?", key));
	if ((copy = mask_take(m, key.len)) == NULL)
		return (span_of("", 0));
	memcpy(copy, key.ptr, key.len);
	return (span_of(copy, key.len));
}

/* ---- values ---- */

static const struct span headers[] = {
#define HEADER(id, name, row) SPAN(name),
#include "parse/headers.def"
#undef HEADER
};

static struct span
redacted(struct mask *m, enum record_class c)
{
	mask_count(m, c);
	return (m->policy->method[c] == MASK_DROP ? span_of("", 0) : mask_redaction(c));
}

/* "a, b": words as they are, others as tokens. */
static struct span
names_of(struct mask *m, struct span list)
{
	char *start = m->text + m->text_used, *out;

	for (unsigned i = 0; list.len > 0 && i < NAMES_MAX; i++) {
		size_t len = span_find(list, ',');
		struct span name = span_of(list.ptr, len), text = mask_extra_word(name);
		char token[MASK_TOKEN_BYTES];

		list = span_from(list, len + 2);
		if (text.len == 0) {
			mask_count(m, RECORD_CLASS_TEXT);
			if (!mask_token_bound(m, MASK_SLOT_TEXT, span_of("name", 4), name, token))
				continue;
			text = span_of(token, sizeof(token));
		}
		if ((out = mask_take(m, text.len + 1)) == NULL)
			break;
		memcpy(out, text.ptr, text.len);
		out[text.len] = ',';
	}
	out = m->text + m->text_used;
	return (span_of(start, out > start ? (size_t)(out - start) - 1 : 0));
}

/* One that the site has configured as its own is no secret. */
static struct span
name_of(struct mask *m, struct span text)
{
	for (unsigned i = 0; i < m->policy->server_count; i++)
		if (span_is(text, m->policy->servers[i]))
			return (span_str(m->policy->servers[i]));
	return (mask_extra_token_later(m, MASK_SLOT_TEXT, "name", text));
}

static struct span
value_of(struct mask *m, const struct event_extra *extra)
{
	struct span text = extra->value;

	switch (extra->kind) {
	case EVENT_EXTRA_WORD:
		if ((text = mask_extra_word(text)).len > 0)
			return (text);
		break;
	case EVENT_EXTRA_ADDRESS: return (mask_hop(m, text));
	case EVENT_EXTRA_USER: return (mask_user_text(m, text));
	case EVENT_EXTRA_SESSION: return (mask_extra_token(m, MASK_SLOT_SESSION, NULL, text));
	case EVENT_EXTRA_SECRET: return (redacted(m, RECORD_CLASS_CREDENTIAL));
	case EVENT_EXTRA_JOIN: return (mask_extra_token_later(m, MASK_SLOT_JOIN, NULL, text));
	case EVENT_EXTRA_NAMES:
		if (m->policy->method[RECORD_CLASS_TEXT] == MASK_TOKEN)
			return (names_of(m, text));
		return (redacted(m, RECORD_CLASS_TEXT));
	case EVENT_EXTRA_NAME: return (name_of(m, text));
	default: break;
	}
	return (redacted(m, RECORD_CLASS_UNKNOWN));
}

__attribute__((cold)) bool
mask_extra_card(struct mask *m, int64_t number)
{
	char text[24];
	const char *digits = text;

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	digits += *digits == '-';
	if (!detect_verify_card(digits, strlen(digits)))
		return (false);
	mask_count(m, RECORD_CLASS_PAN);
	record_set_flag(&m->record, RECORD_FLAG_SECRET_FOUND);
	return (true);
}

static void
add_number(struct mask *m, struct span key, int64_t number)
{
	struct record *r = &m->record;

	if (r->extra_count == RECORD_EXTRA_MAX)
		return;
	r->extra[r->extra_count++] =
	    (struct record_extra){ .key = key, .number = number, .is_number = true };
	r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
}

/* "accept,cookie": that a request had them says what sent it. */
static void
add_headers(struct mask *m, struct span key, uint64_t bits)
{
	char *start, *out;
	size_t size = 0;

	for (uint64_t left = bits; left != 0; left &= left - 1)
		size += headers[__builtin_ctzll(left)].len + 1;
	if (size == 0 || (start = out = mask_take(m, size)) == NULL)
		return;
	for (uint64_t left = bits; left != 0; left &= left - 1) {
		const struct span *name = &headers[__builtin_ctzll(left)];

		memcpy(out, name->ptr, name->len);
		out += name->len;
		*out++ = ',';
	}
	mask_extra_add(m, key, span_of(start, size - 1));
}

void
mask_extra(struct mask *m, const struct event *ev)
{
	add_headers(m, span_of("headers", 7), ev->headers[0]);
	add_headers(m, span_of("response_headers", 16), ev->headers[1]);
	for (unsigned i = 0; i < ev->extra_count; i++) {
		const struct event_extra *extra = &ev->extra[i];
		struct span key, value;

		if (m->policy->gaps && mask_gaps_is_number(extra))
			continue;
		key = key_of(m, extra);
		if (extra->kind == EVENT_EXTRA_NUMBER) {
			if (key.len > 0 && !mask_extra_is_card(m, extra->number))
				add_number(m, key, extra->number);
			continue;
		}
		value = value_of(m, extra);
		if (key.len > 0)
			mask_extra_add(m, key, value);
	}
	if (ev->extra_more > 0) {
		if (m->record.extra_count == RECORD_EXTRA_MAX)
			m->record.extra_count--;
		add_number(m, span_of("fields_more", 11), (int64_t)ev->extra_more);
	}
}
