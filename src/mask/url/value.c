/*
 * mask: the parameters whose values may be kept, each with a grammar of its
 * own.  A charset is not enough: it lets names and document numbers through.
 */
#include "detect/detect.h"
#include "mask/inside.h"
#include "mask/url/segment.h"
#include "mask/words/inside.h"

#define NUMBER_DIGITS_MAX 6
#define VERSION_BYTES_MAX 12
#define VERSION_PARTS_MAX 4
#define WORD_BYTES_MAX 32
#define CAMPAIGN_BYTES_MAX 64
#define KEYS_MAX 4
#define NAME_BYTES_MAX 16 /* of the names below */

static const struct {
	struct span name;
	enum mask_param_kind kind;
} allowed[] = {
	{ SPAN("dir"), MASK_PARAM_ORDER },
	{ SPAN("format"), MASK_PARAM_WORD },
	{ SPAN("lang"), MASK_PARAM_LANGUAGE },
	{ SPAN("limit"), MASK_PARAM_NUMBER },
	{ SPAN("locale"), MASK_PARAM_LANGUAGE },
	{ SPAN("offset"), MASK_PARAM_NUMBER },
	{ SPAN("order"), MASK_PARAM_ORDER },
	{ SPAN("page"), MASK_PARAM_NUMBER },
	{ SPAN("per_page"), MASK_PARAM_NUMBER },
	{ SPAN("sort"), MASK_PARAM_KEYS },
	{ SPAN("tab"), MASK_PARAM_WORD },
	{ SPAN("utm_campaign"), MASK_PARAM_CAMPAIGN },
	{ SPAN("utm_medium"), MASK_PARAM_CAMPAIGN },
	{ SPAN("utm_source"), MASK_PARAM_CAMPAIGN },
	{ SPAN("v"), MASK_PARAM_VERSION },
	{ SPAN("ver"), MASK_PARAM_VERSION },
	{ SPAN("view"), MASK_PARAM_WORD },
};

enum mask_param_kind
mask_value_kind(struct span name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (name.len == allowed[i].name.len && name.ptr[0] == allowed[i].name.ptr[0] &&
		    span_equal(name, allowed[i].name))
			return (allowed[i].kind);
	return (MASK_PARAM_PLAIN);
}

static bool
is_letter(char c)
{
	return ((unsigned char)((c | 0x20) - 'a') < 26);
}

static size_t
letters(struct span text)
{
	size_t len = 0;

	while (len < text.len && is_letter(text.ptr[len]))
		len++;
	return (len);
}

static bool
is_listed(struct span text, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(text, list[i]))
			return (true);
	return (false);
}

/*
 * "de", "de-AT", "zh_Hant".  Three letters and scripts from a list: "eva" and
 * "de-Anna" are no languages.
 */
static bool
is_language(struct span value)
{
	static const char *const codes[] = { "ara", "ces", "chi", "cze", "dan", "deu", "dut", "ell",
		"eng", "fin", "fra", "fre", "ger", "heb", "hun", "ita", "jpn", "kor", "nld", "nor",
		"pol", "por", "ron", "rus", "spa", "swe", "tur", "ukr", "zho" };
	static const char *const scripts[] = { "Arab", "Cyrl", "Hans", "Hant", "Latn" };
	size_t len = letters(value);
	struct span first = span_of(value.ptr, len), rest = span_from(value, len + 1);

	if (len != 2 && !is_listed(first, codes, sizeof(codes) / sizeof(codes[0])))
		return (false);
	if (len == value.len)
		return (true);
	if (value.ptr[len] != '-' && value.ptr[len] != '_')
		return (false);
	return ((rest.len == 2 && letters(rest) == 2) ||
	    is_listed(rest, scripts, sizeof(scripts) / sizeof(scripts[0])));
}

/*
 * "3", "1.2.3", "v2.0".  Parts of at most three digits without a leading
 * zero, six digits in all: no birthday, no telephone, and no address.
 */
static bool
is_version(struct span value)
{
	struct span rest = value;
	size_t digits = 0;

	if (value.len > VERSION_BYTES_MAX)
		return (false);
	if (mask_all_digits(value))
		return (value.len <= 4);
	if (rest.ptr[0] == 'v')
		rest = span_from(rest, 1);
	for (unsigned parts = 1;; parts++) {
		size_t len = span_find(rest, '.');

		digits += len;
		if (parts > VERSION_PARTS_MAX || len > 3 || digits > NUMBER_DIGITS_MAX ||
		    !mask_all_digits(span_of(rest.ptr, len)) || (len > 1 && rest.ptr[0] == '0'))
			return (false);
		if (len == rest.len)
			break;
		rest = span_from(rest, len + 1);
	}
	return (detect_class(value) == RECORD_CLASS_NONE);
}

/* ---- words ---- */

/* A letter, then letters, digits and "_.-", and no shape of anything else. */
static bool
is_candidate(struct span word)
{
	if (!is_letter(word.ptr[0]))
		return (false);
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		if (!is_letter(c) && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-')
			return (false);
	}
	return (detect_shape(word) == DETECT_SHAPE_WORD && mask_word_plain(word));
}

static bool
is_clear(struct mask *m, struct span name, struct span word, size_t max)
{
	uint64_t position =
	    mask_words_child(m->words, mask_words_root(m->words, MASK_WORD_PARAM), name);
	struct mask_sighting seen = {
		.class_id = MASK_WORD_PARAM, .position = position, .word = word
	};
	char place[1 + NAME_BYTES_MAX] = "?";

	if (word.len == 0 || word.len > max || name.len > NAME_BYTES_MAX)
		return (false);
	if (mask_word_clear(m, MASK_WORD_PARAM, position, word, false))
		return (true);
	if (!is_candidate(word))
		return (false);
	if (m->policy->words_mode == MASK_WORDS_KEEP)
		return (true);
	memcpy(place + 1, name.ptr, name.len);
	seen.parent = span_of(place, 1 + name.len);
	mask_word_learn(m, &seen);
	return (false);
}

/* "price", "-price", "price,-name": every one of them is looked at, to be learned. */
static bool
are_keys(struct mask *m, struct span name, struct span value)
{
	struct span rest = value;
	bool clear = true;

	for (unsigned count = 0;; count++) {
		size_t len = span_find(rest, ',');
		struct span key = span_of(rest.ptr, len);

		if (count == KEYS_MAX)
			return (false);
		if (len > 0 && key.ptr[0] == '-')
			key = span_from(key, 1);
		clear = is_clear(m, name, key, WORD_BYTES_MAX) && clear;
		if (len == rest.len)
			return (clear);
		rest = span_from(rest, len + 1);
	}
}

bool
mask_value_kept(struct mask *m, const struct mask_param *param, struct span value)
{
	struct span name = span_of(param->text, param->len);

	if (name.len == 0)
		return (false);
	switch ((enum mask_param_kind)param->kind) {
	case MASK_PARAM_NUMBER: return (value.len <= NUMBER_DIGITS_MAX && mask_all_digits(value));
	case MASK_PARAM_LANGUAGE: return (is_language(value));
	case MASK_PARAM_ORDER:
		return (span_is(value, "asc") || span_is(value, "desc") || span_is(value, "ASC") ||
		    span_is(value, "DESC"));
	case MASK_PARAM_VERSION: return (is_version(value));
	case MASK_PARAM_WORD: return (is_clear(m, name, value, WORD_BYTES_MAX));
	case MASK_PARAM_KEYS: return (are_keys(m, name, value));
	case MASK_PARAM_CAMPAIGN:
		return (m->policy->method[RECORD_CLASS_CAMPAIGN] == MASK_KEEP &&
		    is_clear(m, name, value, CAMPAIGN_BYTES_MAX));
	default: return (false);
	}
}
