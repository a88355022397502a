/*
 * mask: a query becomes names in order, joined by '&'.
 *
 *   name=value      a value that is kept (value.c): page=2, lang=de, utm_source=news
 *   name={int}      a value that is hidden, by its shape; {empty} if there is none
 *   name=/api/sg.#  a URL, scrubbed as a referer is (referer.c)
 *   name=[pan]      something that is never tokened
 *   name=se.TOKEN   a session id; em. an e-mail address, dv. a device id
 *   name=           a value of a class that is dropped (gclid)
 *   name            no '=': a known name; else as a value: {int}, em.TOKEN, pn.TOKEN
 *   pn.TOKEN=...    a name outside of the vocabulary
 */
#include <assert.h>

#include "base/hash.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "mask/inside.h"
#include "mask/text/rules.h"
#include "mask/url/segment.h"
#include "mask/words/inside.h"

#define PARAMS_MAX 64
#define QUERY_BYTES_MAX 4096 /* what starts behind is only counted */
#define NAME_BYTES_MAX 40
#define LEARNED_BYTES_MAX 24
#define LEARNED_DIGITS_MAX 3
#define GROUPS_MAX 3
#define PIECE_BYTES_MAX 176 /* "&", a name, "=" and a kept value or a token */

static const struct span root_place = SPAN("?");

static bool
is_letter(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* Letters, digits and the given others only. */
static bool
is_made_of(struct span text, const char *others)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) &&
		    (text.ptr[i] == '\0' || strchr(others, text.ptr[i]) == NULL))
			return (false);
	return (true);
}

/* [A-Za-z_][A-Za-z0-9_.:-]{0,39}, up to three [word] groups, no long run of digits. */
static bool
is_name(struct span name)
{
	size_t len = span_find(name, '['), digits = 0;
	struct span rest = span_from(name, len);

	if (len == 0 || len > NAME_BYTES_MAX || name.len > MASK_PARAM_TEXT ||
	    (!is_letter(name.ptr[0]) && name.ptr[0] != '_') ||
	    !is_made_of(span_of(name.ptr, len), "_.:-"))
		return (false);
	for (int groups = 0; rest.len > 0; groups++) {
		size_t close = span_find(rest, ']');

		if (groups == GROUPS_MAX || rest.ptr[0] != '[' || close == rest.len ||
		    !is_made_of(span_of(rest.ptr + 1, close - 1), "_-"))
			return (false);
		rest = span_from(rest, close + 1);
	}
	for (size_t i = 0; i < name.len; i++) {
		digits = is_digit(name.ptr[i]) ? digits + 1 : 0;
		if (digits >= 5)
			return (false);
	}
	return (true);
}

/*
 * Only what looks like a name that a programmer gave may become known: short,
 * without a shape, with no digits for a year or a customer.
 */
static bool
is_learnable(struct span name)
{
	size_t digits = 0;

	for (size_t i = 0; i < name.len; i++)
		digits += is_digit(name.ptr[i]);
	return (digits <= LEARNED_DIGITS_MAX && name.len <= LEARNED_BYTES_MAX &&
	    is_made_of(name, "_-[]") && detect_shape(name) == DETECT_SHAPE_WORD);
}

/*
 * May the name be written?  Of "filter[status][]" each word by itself; a
 * number in brackets counts.
 */
static bool
is_clear_name(struct mask *m, struct span name)
{
	uint64_t root = mask_words_root(m->words, MASK_WORD_PARAM);
	struct span rest = name;
	size_t len;

	if (m->policy->words_mode == MASK_WORDS_KEEP ||
	    mask_word_clear(m, MASK_WORD_PARAM, root, name, false))
		return (true);
	if ((len = span_find(name, '[')) == name.len)
		return (false);
	while (rest.len > 0) {
		struct span word = span_of(rest.ptr, len);

		if (word.len > 0 && (word.len > LEARNED_DIGITS_MAX || !mask_all_digits(word)) &&
		    !mask_word_clear(m, MASK_WORD_PARAM, root, word, false))
			return (false);
		rest = span_from(rest, len + 1);
		if (rest.len > 0 && rest.ptr[0] == '[')
			rest = span_from(rest, 1);
		len = span_find(rest, ']');
	}
	return (true);
}

static enum mask_param_kind
kind_of(struct span name)
{
	enum mask_param_kind kind = mask_value_kind(name);
	unsigned kinds;

	if (kind != MASK_PARAM_PLAIN)
		return (kind);
	kinds = detect_name_kinds(name);
	if ((kinds & DETECT_NAME_SESSION) != 0)
		return (MASK_PARAM_SESSION);
	if ((kinds & (DETECT_NAME_SECRET | DETECT_NAME_PASSWORD)) != 0)
		return (MASK_PARAM_SECRET);
	return ((kinds & DETECT_NAME_TRACKING) != 0 ? MASK_PARAM_TRACKING : MASK_PARAM_PLAIN);
}

/* ---- names ---- */

/*
 * What is known of a name: kind, and the name if it may be written.  Names
 * in clear are kept in a table; what may still be learned is not.
 */
static const struct mask_param *
param_of(struct mask *m, struct span raw, struct mask_param *made, struct span *name)
{
	uint64_t key[2];
	struct mask_param *slot;
	enum detect_canon_result canon;

	hash_wide(raw, m->seed, 0, key);
	slot = &m->params[key[0] & (MASK_PARAMS - 1)];
	if (slot->key[0] == key[0] && slot->key[1] == key[1] && slot->generation == m->generation)
		return (slot);
	*made = (struct mask_param){ .key = { key[0], key[1] }, .generation = m->generation };
	*name = raw;
	canon = detect_canon(raw, true, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, name);
	if (mask_effect_canon(m, canon, *name))
		return (made);
	(void)mask_effect_bytes(m, *name);
	made->kind = (uint8_t)kind_of(*name);
	if (!is_name(*name) || detect_class(*name) != RECORD_CLASS_NONE ||
	    mask_rules_class(m, *name) != RECORD_CLASS_NONE)
		return (made);
	if (!is_clear_name(m, *name)) {
		struct mask_sighting seen = { .class_id = MASK_WORD_PARAM,
			.position = mask_words_root(m->words, MASK_WORD_PARAM),
			.parent = root_place,
			.word = *name };

		if (is_learnable(*name))
			mask_word_learn(m, &seen);
		return (made);
	}
	made->len = (uint8_t)name->len;
	memcpy(made->text, name->ptr, name->len);
	*slot = *made;
	return (made);
}

/* ---- values ---- */

#define FORM_BYTES 512 /* of a spelling that is hashed */

/* What holds a UUID without braces, in lower case; text has at most FORM_BYTES. */
static struct span
uuid_form(struct span text, char out[static FORM_BYTES])
{
	size_t len = 0;

	assert(text.len <= FORM_BYTES);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '{' && text.ptr[i] != '}')
			out[len++] = is_letter(text.ptr[i]) ? text.ptr[i] | 0x20 : text.ptr[i];
	return (span_of(out, len));
}

/* A value nothing is known of: what it contains, else its shape. */
static void
put_hidden(struct mask *m, struct mask_out *out, struct span value)
{
	enum record_class found = detect_class(value);
	enum detect_shape shape = detect_shape(value);
	char form[FORM_BYTES];

	if (mask_class_is_secret(found)) {
		mask_put_redacted(m, out, found);
		return;
	}
	if (mask_render_nested(m, value, out))
		return;
	if (shape == DETECT_SHAPE_EMAIL) {
		mask_put_bound(m, out, MASK_SLOT_EMAIL, span_of("email", 5),
		    mask_email_form(m->hosts, value, form, sizeof(form)));
		return;
	}
	if (found == RECORD_CLASS_EMAIL) {
		mask_put_redacted(m, out, found);
		return;
	}
	if (found == RECORD_CLASS_DEVICE && shape == DETECT_SHAPE_UUID &&
	    value.len <= sizeof(form)) {
		mask_put_bound(m, out, MASK_SLOT_DEVICE, span_of("device", 6),
		    uuid_form(value, form));
		return;
	}
	/* "5" is a word of a path, but a number of a query. */
	if (shape == DETECT_SHAPE_WORD && mask_all_digits(value))
		shape = DETECT_SHAPE_INT;
	mask_effect_count(m, found == RECORD_CLASS_NONE ? RECORD_CLASS_QUERY : found);
	mask_put_shape(out, detect_shape_names[shape]);
}

/* What a class that is dropped leaves: nothing, or its name. */
static void
put_dropped(struct mask *m, struct mask_out *out, enum record_class c)
{
	if (m->policy->method[c] == MASK_DROP)
		mask_effect_count(m, c);
	else
		mask_put_redacted(m, out, c);
}

/* Up to six digits: too few for anything but a number. */
static bool
put_number(struct mask *m, struct mask_out *out, enum mask_param_kind kind, struct span raw)
{
	if (raw.len > 6 || !mask_all_digits(raw))
		return (false);
	if (kind == MASK_PARAM_NUMBER)
		mask_out_add(out, raw);
	else if (kind == MASK_PARAM_PLAIN) {
		mask_effect_count(m, RECORD_CLASS_QUERY);
		mask_put_shape(out, detect_shape_names[DETECT_SHAPE_INT]);
	} else
		return (false);
	return (true);
}

static void
put_text(struct mask *m, struct mask_out *out)
{
	mask_effect_count(m, RECORD_CLASS_QUERY);
	mask_put_shape(out, "text");
}

static void
put_value(struct mask *m, struct mask_out *out, const struct mask_param *param, struct span raw)
{
	enum mask_param_kind kind = (enum mask_param_kind)param->kind;
	struct span value = raw;
	enum detect_canon_result canon;
	enum record_class own;

	if (raw.len == 0) {
		mask_put_shape(out, "empty");
		return;
	}
	if (m->rules == NULL && put_number(m, out, kind, raw))
		return;
	if (kind == MASK_PARAM_SECRET) {
		mask_effect_count(m, RECORD_CLASS_CREDENTIAL);
		if (m->policy->method[RECORD_CLASS_CREDENTIAL] != MASK_DROP)
			mask_out_add(out, mask_redaction(RECORD_CLASS_CREDENTIAL));
		return;
	}
	if (kind == MASK_PARAM_TRACKING) {
		put_dropped(m, out, RECORD_CLASS_TRACKING);
		return;
	}
	canon = detect_canon(raw, true, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, &value);
	if (mask_effect_canon(m, canon, value)) {
		put_text(m, out);
		return;
	}
	if ((own = mask_rules_class(m, value)) != RECORD_CLASS_NONE) {
		mask_put_redacted(m, out, own);
		return;
	}
	if (put_number(m, out, kind, raw))
		return;
	if (kind == MASK_PARAM_SESSION) {
		mask_put_global(m, out, MASK_SLOT_SESSION, value);
		return;
	}
	if (mask_effect_bytes(m, value)) {
		put_text(m, out);
		return;
	}
	if (mask_value_kept(m, param, value))
		mask_out_add(out, value);
	else
		put_hidden(m, out, value);
}

/* ---- parameters ---- */

static void
put_name(struct mask *m, struct mask_out *out, const struct mask_param *param, struct span name)
{
	enum record_class found, own;

	if (param->len > 0) {
		mask_out_add(out, span_of(param->text, param->len));
		return;
	}
	found = detect_class(name);
	own = mask_rules_class(m, name);
	if (own != RECORD_CLASS_NONE || mask_class_is_secret(found))
		mask_put_redacted(m, out, own != RECORD_CLASS_NONE ? own : found);
	else
		mask_put_bound(m, out, MASK_SLOT_PARAM, root_place, name);
}

/* Without '=' it may as well be a value: "?erika@example.org". */
static void
put_lone(struct mask *m, struct mask_out *out, const struct mask_param *param, struct span name)
{
	enum detect_shape shape;

	if (param->len > 0) {
		mask_out_add(out, span_of(param->text, param->len));
		return;
	}
	shape = detect_shape(name);
	if (shape == DETECT_SHAPE_WORD && detect_class(name) != RECORD_CLASS_EMAIL)
		put_name(m, out, param, name);
	else
		put_hidden(m, out, name);
}

static void
put_param(struct mask *m, struct mask_out *out, struct span raw)
{
	size_t equals = span_find(raw, '=');
	struct span name = span_of(raw.ptr, equals);
	struct mask_param made;
	const struct mask_param *param = param_of(m, name, &made, &name);

	if (equals == raw.len) {
		put_lone(m, out, param, name);
		return;
	}
	put_name(m, out, param, name);
	mask_out_char(out, '=');
	put_value(m, out, param, span_from(raw, equals + 1));
}

/* A value that begins before QUERY_BYTES_MAX and ends behind is text, whatever it holds. */
static void
put_param_cut(struct mask *m, struct mask_out *out, struct span raw)
{
	struct span name = span_of(raw.ptr, span_find(raw, '='));
	struct mask_param made;

	if (name.len == raw.len || name.len > MASK_PARAM_TEXT) {
		put_text(m, out);
		return;
	}
	put_name(m, out, param_of(m, name, &made, &name), name);
	mask_out_char(out, '=');
	put_text(m, out);
}

/* Index of the next '&' or ';'. */
static size_t
find_separator(struct span text)
{
	size_t i = 0;

	while (i < text.len && text.ptr[i] != '&' && text.ptr[i] != ';')
		i++;
	return (i);
}

/* The parameters of rest are not written: how many there are is said in EXTRA. */
static void
count_more(struct mask *m, struct span rest)
{
	unsigned more = 0;

	while (rest.len > 0 && more < UINT16_MAX) {
		size_t len = find_separator(rest);

		more += len > 0;
		rest = span_from(rest, len + 1);
	}
	m->effects.params_more = (uint16_t)more;
	mask_effect_flag(&m->effects, RECORD_FLAG_PARAMS_CAPPED);
}

void
mask_render_query(struct mask *m, struct span raw, struct mask_out *out)
{
	struct span rest = raw;

	for (unsigned count = 0; rest.len > 0;) {
		size_t len = find_separator(rest), start = raw.len - rest.len;
		struct span param = span_of(rest.ptr, len);

		if (len > 0 &&
		    (count == PARAMS_MAX || start >= QUERY_BYTES_MAX ||
			!mask_out_fits(out, PIECE_BYTES_MAX))) {
			count_more(m, rest);
			return;
		}
		rest = span_from(rest, len + 1);
		if (len == 0)
			continue;
		if (count++ > 0)
			mask_out_char(out, '&');
		if (start + len > QUERY_BYTES_MAX)
			put_param_cut(m, out, param);
		else
			put_param(m, out, param);
	}
}

/* The name, and the value if it is one of those that are words. */
static void
learn_param(struct mask *m, struct span raw)
{
	size_t equals = span_find(raw, '=');
	struct span name = span_of(raw.ptr, equals), value = span_from(raw, equals + 1);
	struct mask_param made;
	const struct mask_param *param = param_of(m, name, &made, &name);
	enum detect_canon_result canon;

	if (param->kind < MASK_PARAM_WORD || value.len == 0)
		return;
	canon = detect_canon(value, true, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, &value);
	if (!mask_effect_canon(m, canon, value) && !mask_effect_bytes(m, value) &&
	    mask_rules_class(m, value) == RECORD_CLASS_NONE)
		(void)mask_value_kept(m, param, value);
}

void
mask_learn_query(struct mask *m, struct span raw)
{
	struct span rest = raw;

	for (unsigned count = 0; rest.len > 0 && count < PARAMS_MAX;) {
		size_t len = find_separator(rest);
		struct span param = span_of(rest.ptr, len);

		rest = span_from(rest, len + 1);
		if (len == 0)
			continue;
		m->effects.learn_count = 0;
		learn_param(m, param);
		count++;
	}
}
