#include "mask/url/render.h"

#include "base/hash.h"
#include "base/scan.h"
#include "detect/detect.h"
#include "mask/inside.h"
#include "mask/url/segment.h"
#include "mask/words/inside.h"

#define WORD_BYTES_MAX 64
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

_Static_assert(MASK_TAIL_SLACK <= RECORD_PLAIN_SLACK, "texts and tails are read too far");

static const char token_holder[MASK_TOKEN_BYTES + 1] = "...................";

/* ---- the table ---- */

static inline void
apply(struct mask *m, const struct mask_render *r)
{
	if (m->learn_only)
		return;
	if (r->flags != 0) {
		m->record.flags |= r->flags;
		m->record.present |= UINT64_C(1) << RECORD_FIELD_FLAGS;
	}
	for (unsigned i = 0; i < r->count_count; i++)
		m->batch->counts.masked[r->counts[i].class_id] += r->counts[i].n;
	m->batch->words_seen += r->words_seen;
	m->batch->words_clear += r->words_clear;
	if (r->params_more > 0)
		mask_add_number(m, "params_more", r->params_more);
}

/* The tokens of this subject, into the text or a copy of it. */
static bool
fill_holes(struct mask *m, const struct mask_render *r, char *text)
{
	for (unsigned i = 0; i < r->hole_count; i++) {
		const struct mask_hole *hole = &r->holes[i];

		if (m->subject_known &&
		    mask_token_bound_later(m, (enum mask_slot)hole->slot,
			span_of(r->bytes + hole->tail_at, hole->tail_len), text + hole->at))
			continue;
		mask_pending_drop_text(m, span_of(text, r->len));
		return (false);
	}
	return (true);
}

static bool
is_shown(const struct mask *m, const struct mask_render *r)
{
	for (unsigned i = 0; i < m->shown.count; i++)
		if (m->shown.entries[i] == r)
			return (true);
	return (false);
}

/*
 * The text as the record will have it: where it is, unless the record points
 * there already and both want tokens of their own.  NULL if there is no room.
 */
static char *
show(struct mask *m, struct mask_render *r)
{
	char *copy = m->text + m->text_used;

	if (m->shown.count < MASK_SHOWN_MAX && !is_shown(m, r)) {
		m->shown.entries[m->shown.count++] = r;
		return (r->bytes);
	}
	if (MASK_TEXT_BYTES - m->text_used < r->len)
		return (NULL);
	memcpy(copy, r->bytes, r->len);
	m->text_used += r->len;
	return (copy);
}

/* Render from the table.  false: it has to be done again, from the raw text. */
static bool
replay(struct mask *m, struct mask_render *r, struct span *text)
{
	char *shown;

	if (m->learning)
		for (unsigned i = 0; i < r->learn_count; i++)
			if (!mask_candidates_again(m->learn, r->learn[i], m->learn_subject))
				return (false);
	if (m->learn_only)
		return (true);
	if ((shown = show(m, r)) == NULL || (r->hole_count > 0 && !fill_holes(m, r, shown)))
		return (false);
	apply(m, r);
	m->effects.plain = r->plain;
	/* Only of what is shown it is sure that it stays until the record is counted. */
	m->from = shown == r->bytes ? r : NULL;
	*text = span_of(shown, r->len);
	return (true);
}

static void
keep(const struct mask *m, struct mask_render *slot, struct span text)
{
	const struct mask_render *made = &m->effects;

	if (!made->cacheable || text.len + made->tails_len > MASK_RENDER_BYTES || is_shown(m, slot))
		return;
	memcpy(slot, made, offsetof(struct mask_render, holes));
	memcpy(slot->learn, made->learn, made->learn_count * sizeof(made->learn[0]));
	if (text.len > 0)
		memcpy(slot->bytes, text.ptr, text.len);
	memcpy(slot->bytes + text.len, made->bytes, made->tails_len);
	for (unsigned i = 0; i < made->hole_count; i++) {
		slot->holes[i] = made->holes[i];
		slot->holes[i].tail_at = (uint8_t)(made->holes[i].tail_at + text.len);
	}
	slot->len = (uint16_t)text.len;
}

static inline struct mask_render *
entry(const struct mask *m, const uint64_t key[static 2])
{
	return (&m->renders[key[0] & (MASK_RENDERS - 1)]);
}

static void
name(const struct mask *m, enum mask_render_kind kind, struct span raw, uint64_t key[static 2])
{
	hash_wide(raw, m->seed, ((uint64_t)kind + 1) * GOLDEN, key);
}

static inline void
fetch(const struct mask *m, const struct mask_ahead *ahead)
{
	const char *at = (const char *)entry(m, ahead->key);

	for (size_t line = 0; line < 4; line++)
		__builtin_prefetch(at + 64 * line);
}

void
mask_render_ahead(struct mask *m, enum mask_render_kind kind, struct span raw)
{
	struct mask_ahead *ahead = &m->at->ahead[kind];

	ahead->raw = raw;
	name(m, kind, raw, ahead->key);
	fetch(m, ahead);
}

void
mask_render_path_ahead(struct mask *m, enum mask_render_kind kind, struct span raw, size_t path)
{
	struct mask_ahead *ahead = &m->at->ahead[kind];
	char out[MASK_FORM_BYTES], whole[2 * MASK_FORM_BYTES];
	struct span from = span_from(raw, path), form = mask_segment_form(from, out);

	if (form.ptr == from.ptr || path > MASK_FORM_BYTES) {
		mask_render_ahead(m, kind, raw);
		return;
	}
	/* A kind of its own: what is no path may hold a '?' as it is. */
	if (path > 0)
		memcpy(whole, raw.ptr, path);
	memcpy(whole + path, form.ptr, form.len);
	ahead->raw = raw;
	name(m, kind + MASK_RENDER_KINDS, span_of(whole, path + form.len), ahead->key);
	fetch(m, ahead);
}

/*
 * Has this name been here before?  Most texts come once; only the second
 * time is one worth an entry, and the table stays small enough to be near.
 */
static bool
came_before(struct mask *m, const uint64_t key[static 2])
{
	uint16_t *door = &m->doors[key[0] >> 32 & (MASK_DOORS - 1)];
	uint16_t mark = (uint16_t)key[1];
	bool before = *door == mark;

	*door = mark;
	return (before);
}

/* What the table does not have. */
__attribute__((noinline)) static struct span
render_anew(struct mask *m, mask_render_fn fn, struct span raw, struct mask_render *slot)
{
	struct mask_render *made = &m->effects;
	struct mask_out out = { .text = m->text + m->text_used,
		.size = MASK_TEXT_BYTES - m->text_used };
	struct span text;

	made->generation = m->generation;
	made->cacheable = came_before(m, made->key);
	made->words_seen = made->words_clear = 0;
	made->hole_count = made->learn_count = made->count_count = made->tails_len = 0;
	made->flags = made->params_more = 0;
	made->mark = 0;
	if (out.size > RECORD_TEXT_MAX)
		out.size = RECORD_TEXT_MAX;
	fn(m, raw, &out);
	text = span_of(out.text, out.len);
	m->text_used += out.len;
	made->plain = scan_json_plain(text) == text.len;
	apply(m, made);
	keep(m, slot, text);
	return (text);
}

struct span
mask_render(struct mask *m, enum mask_render_kind kind, mask_render_fn fn, struct span raw)
{
	struct mask_render *made = &m->effects, *slot;
	struct span text = { "", 0 };

	if (m->at->ahead[kind].raw.ptr == raw.ptr && m->at->ahead[kind].raw.len == raw.len)
		memcpy(made->key, m->at->ahead[kind].key, sizeof(made->key));
	else
		name(m, kind, raw, made->key);
	m->from = NULL;
	slot = entry(m, made->key);
	if (slot->key[0] == made->key[0] && slot->key[1] == made->key[1] &&
	    slot->generation == m->generation && replay(m, slot, &text))
		return (text);
	return (render_anew(m, fn, raw, slot));
}

/* ---- effects ---- */

void
mask_effect_count(struct mask *m, enum record_class c)
{
	struct mask_render *r = &m->effects;

	for (unsigned i = 0; i < r->count_count; i++) {
		if (r->counts[i].class_id != (uint8_t)c)
			continue;
		if (r->counts[i].n == UINT8_MAX)
			break;
		r->counts[i].n++;
		return;
	}
	if (r->count_count == MASK_RENDER_COUNTS) {
		/* Too much for one entry: count it at once, and do not keep it. */
		r->cacheable = false;
		if (!m->learn_only)
			mask_count(m, c);
		return;
	}
	r->counts[r->count_count].class_id = (uint8_t)c;
	r->counts[r->count_count].n = 1;
	r->count_count++;
}

bool
mask_class_is_secret(enum record_class c)
{
	switch (c) {
	case RECORD_CLASS_CREDENTIAL:
	case RECORD_CLASS_PAN:
	case RECORD_CLASS_IBAN:
	case RECORD_CLASS_NATIONAL:
	case RECORD_CLASS_PHONE:
	case RECORD_CLASS_MAC:
	case RECORD_CLASS_GEO: return (true);
	default: return (false);
	}
}

void
mask_put_redacted(struct mask *m, struct mask_out *out, enum record_class c)
{
	mask_effect_count(m, c);
	if (c == RECORD_CLASS_CREDENTIAL || c == RECORD_CLASS_PAN)
		mask_effect_flag(&m->effects, RECORD_FLAG_SECRET_FOUND);
	mask_out_add(out, mask_redaction(c));
}

void
mask_put_shape(struct mask_out *out, const char *name)
{
	if (!mask_out_fits(out, strlen(name) + 2))
		return;
	mask_out_char(out, '{');
	mask_out_add(out, span_str(name));
	mask_out_char(out, '}');
}

/* Remember where the token of this subject stands, and what it is made of. */
static void
add_hole(struct mask *m, enum mask_slot slot, size_t at, struct span tail)
{
	struct mask_render *r = &m->effects;
	struct mask_hole *hole = &r->holes[r->hole_count];

	if (r->hole_count == MASK_RENDER_HOLES || at + tail.len + r->tails_len > MASK_RENDER_BYTES)
		r->cacheable = false;
	if (!r->cacheable)
		return;
	memcpy(r->bytes + r->tails_len, tail.ptr, tail.len);
	*hole = (struct mask_hole){ (uint8_t)at, r->tails_len, (uint8_t)tail.len, (uint8_t)slot };
	r->tails_len = (uint8_t)(r->tails_len + tail.len);
	r->hole_count++;
}

/* The token itself, with what the table needs to make it for another subject. */
static bool
put_bound(struct mask *m, enum mask_slot slot, struct span position, struct span value,
    struct mask_out *out)
{
	char *at = out->text + out->len, tail[MASK_RENDER_BYTES + MASK_TAIL_SLACK];
	size_t len = mask_token_tail(position, value, tail, MASK_RENDER_BYTES);

	if (len == 0) {
		m->effects.cacheable = false;
		if (!m->learn_only)
			return (mask_token_bound(m, slot, position, value, at));
	}
	if (m->learn_only)
		memcpy(at, token_holder, MASK_TOKEN_BYTES);
	else if (!mask_token_bound_later(m, slot, span_of(tail, len), at))
		return (false);
	add_hole(m, slot, out->len, span_of(tail, len));
	return (true);
}

/* No two boxes are equal: what holds one is not kept for the next line. */
static bool
put_sealed(struct mask *m, struct mask_out *out, enum record_class c, struct span value)
{
	size_t len;

	m->effects.cacheable = false;
	if ((len = mask_sealed(m, value, out->text + out->len, out->size - out->len)) == 0)
		return (false);
	mask_effect_count(m, c);
	out->len += len;
	return (true);
}

void
mask_put_bound(struct mask *m, struct mask_out *out, enum mask_slot slot, struct span position,
    struct span value)
{
	enum record_class c = mask_slot_class(slot);

	if (m->policy->method[c] == MASK_SEAL && put_sealed(m, out, c, value))
		return;
	if (m->policy->method[c] != MASK_TOKEN) {
		mask_put_redacted(m, out, c);
		return;
	}
	if (!mask_out_fits(out, MASK_TOKEN_BYTES))
		return;
	if (!put_bound(m, slot, position, value, out)) {
		m->effects.cacheable = false;
		mask_put_redacted(m, out, c);
		return;
	}
	mask_effect_count(m, c);
	out->len += MASK_TOKEN_BYTES;
}

void
mask_put_global(struct mask *m, struct mask_out *out, enum mask_slot slot, struct span value)
{
	enum record_class c = mask_slot_class(slot);

	m->effects.cacheable = false;
	if (m->learn_only || !mask_out_fits(out, MASK_TOKEN_BYTES))
		return;
	if (m->policy->method[c] != MASK_TOKEN ||
	    !mask_token_later(m, slot, value, out->text + out->len)) {
		mask_put_redacted(m, out, c);
		return;
	}
	mask_effect_count(m, c);
	out->len += MASK_TOKEN_BYTES;
}

/* ---- words ---- */

/* Two letters, a dot and 16 characters of base32: what our own tokens look like. */
static bool
looks_like_token(struct span word)
{
	if (word.len != MASK_TOKEN_BYTES || word.ptr[2] != '.')
		return (false);
	for (size_t i = 3; i < word.len; i++) {
		char c = word.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
			return (false);
	}
	return (true);
}

/* Letters and hyphens only, and short: no detector knows such a thing. */
static bool
is_harmless(struct span word)
{
	if (word.len > 24)
		return (false);
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
			return (false);
	}
	return (true);
}

static bool
is_word_byte(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_' || c == '.' || c == '+' || c == ',' || c == ':' || c == '[' ||
	    c == ']');
}

/* Bytes that are safe to write in clear: they cannot imitate {type}, [class] or a token. */
static bool
is_writable(struct span word)
{
	if (word.len == 0 || word.len > DETECT_HOST_BYTES || word.ptr[0] == '[')
		return (false);
	for (size_t i = 0; i < word.len; i++)
		if (!is_word_byte(word.ptr[i]))
			return (false);
	return (!looks_like_token(word) &&
	    !span_starts(word, span_of(MASK_SEALED_HEAD, MASK_SEALED_HEAD_BYTES)));
}

bool
mask_word_plain(struct span word)
{
	size_t digits = 0;

	if (word.len > WORD_BYTES_MAX || !is_writable(word))
		return (false);
	if (is_harmless(word))
		return (true);
	for (size_t i = 0; i < word.len; i++) {
		digits = word.ptr[i] >= '0' && word.ptr[i] <= '9' ? digits + 1 : 0;
		if (digits >= 5)
			return (false);
	}
	return (detect_class(word) == RECORD_CLASS_NONE);
}

bool
mask_word_clear(
    struct mask *m, enum mask_word_class c, uint64_t position, struct span word, bool positional)
{
	uint64_t batch = m->batch->number;

	/* Most are not in the vocabulary: nothing more is asked of them. */
	if (word.len == 0 || word.len > DETECT_HOST_BYTES)
		return (false);
	if (positional ? !mask_words_clear_at(m->words, c, position, word, batch) :
			 !mask_words_clear(m->words, c, position, word, batch))
		return (false);
	return (is_writable(word) &&
	    (is_harmless(word) || detect_class(word) == RECORD_CLASS_NONE));
}

void
mask_word_learn(struct mask *m, struct mask_sighting *seen)
{
	struct mask_render *r = &m->effects;

	if (m->policy->words_mode != MASK_WORDS_LEARN || m->learn == NULL || m->no_learning)
		return;
	seen->key = mask_words_key(m->words, seen->class_id, seen->position, seen->word);
	if (r->learn_count < MASK_RENDER_LEARN)
		r->learn[r->learn_count++] = seen->key;
	else
		r->cacheable = false;
	if (m->learning)
		mask_candidates_see(m->learn, seen, m->learn_subject);
}
