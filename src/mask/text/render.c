/*
 * mask: free text becomes words, {type} templates, [class] and tokens.
 *
 * What the detectors find is replaced in place.  Of the rest, words that
 * programs write (common.def) and words of the vocabulary stay; any other is
 * an xx. token, bound to the subject: who can make a program write a message
 * can try names.  Punctuation stays as far as it can neither imitate what we
 * write nor be decoded into something else; no control byte and no byte that
 * is not ASCII comes out.
 */
#include <stdlib.h>

#include "detect/detect.h"
#include "detect/text.h"
#include "mask/inside.h"
#include "mask/text/rules.h"
#include "mask/url/segment.h"
#include "mask/words/inside.h"

#define HITS_MAX 64
#define WORD_BYTES_MAX 64
#define PIECE_BYTES_MAX 32 /* no word but a sealed one is written longer than that */

static const struct span place = { "text", 4 };

static const char *const common[] = {
#define WORD(text) text,
#include "mask/text/common.def"
#undef WORD
};

struct talk {
	struct mask *m;
	struct mask_out *out;
	bool number; /* the word before was one: two in a row may be halves of a longer one */
	bool full;
};

static int
compare(const void *text, const void *row)
{
	return (strcmp(text, *(const char *const *)row));
}

static bool
is_upper(char c)
{
	return (c >= 'A' && c <= 'Z');
}

/* Lower case or with a first capital; "NULL" and "GET" as well. */
static bool
is_common(struct span word)
{
	char folded[WORD_BYTES_MAX];

	if (word.len >= sizeof(folded))
		return (false);
	for (size_t i = 0; i < word.len; i++)
		folded[i] = is_upper(word.ptr[i]) ? (char)(word.ptr[i] + ('a' - 'A')) : word.ptr[i];
	folded[word.len] = '\0';
	return (bsearch(folded, common, sizeof(common) / sizeof(common[0]), sizeof(common[0]),
		    compare) != NULL);
}

static bool
is_known(struct mask *m, struct span word)
{
	if (word.len == 0 || word.len > PIECE_BYTES_MAX)
		return (false);
	return (is_common(word) ||
	    mask_word_clear(
		m, MASK_WORD_PATH, mask_words_root(m->words, MASK_WORD_PATH), word, false));
}

/* "read-only", "upstream_status": every part of it. */
static bool
are_known(struct mask *m, struct span word)
{
	size_t start = 0, parts = 0;

	for (size_t i = 0; i <= word.len; i++) {
		if (i < word.len && strchr("-_.'", word.ptr[i]) == NULL)
			continue;
		if (!is_known(m, span_of(word.ptr + start, i - start)))
			return (false);
		start = i + 1;
		parts++;
	}
	return (parts > 1 && word.len <= PIECE_BYTES_MAX);
}

static void
put_shape(struct talk *t, enum record_class c, const char *shape)
{
	mask_effect_count(t->m, c);
	mask_put_shape(t->out, shape);
}

/* A token of a word in lower case: a capital at the front is no other name. */
static void
put_token(struct talk *t, struct span word)
{
	char folded[WORD_BYTES_MAX];

	if (word.len <= sizeof(folded)) {
		for (size_t i = 0; i < word.len; i++)
			folded[i] =
			    is_upper(word.ptr[i]) ? (char)(word.ptr[i] + ('a' - 'A')) : word.ptr[i];
		word = span_of(folded, word.len);
	}
	mask_put_bound(t->m, t->out, MASK_SLOT_TEXT, place, word);
}

static void
put_number(struct talk *t, struct span word)
{
	if (!t->number && mask_segment_is_small(word))
		mask_out_add(t->out, word);
	else
		put_shape(t, RECORD_CLASS_TEXT, detect_shape_names[DETECT_SHAPE_INT]);
	t->number = true;
}

static void
put_word(struct talk *t, struct span word)
{
	enum detect_shape shape;

	if (mask_all_digits(word)) {
		put_number(t, word);
		return;
	}
	t->number = false;
	if (is_known(t->m, word) || are_known(t->m, word) ||
	    (t->m->policy->words_mode == MASK_WORDS_KEEP && word.len <= PIECE_BYTES_MAX &&
		mask_word_plain(word))) {
		mask_out_add(t->out, word);
		return;
	}
	switch (shape = detect_shape(word)) {
	case DETECT_SHAPE_UUID:
	case DETECT_SHAPE_ULID:
	case DETECT_SHAPE_HEX:
	case DETECT_SHAPE_BASE64:
	case DETECT_SHAPE_DATE:
		put_shape(t, RECORD_CLASS_TEXT, detect_shape_names[shape]);
		t->number = true;
		break;
	default: put_token(t, word); break;
	}
}

/* ---- between the words ---- */

static bool
is_word_byte(char c)
{
	return ((c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9') || c == '_' ||
	    (unsigned char)c >= 0x80);
}

/* Where the word that begins at text[i] ends: "mod_proxy.c", "can't", "read-only". */
static size_t
word_end(struct span text, size_t i)
{
	while (i < text.len &&
	    (is_word_byte(text.ptr[i]) ||
		((text.ptr[i] == '-' || text.ptr[i] == '.' || text.ptr[i] == '\'') &&
		    i + 1 < text.len && is_word_byte(text.ptr[i + 1]))))
		i++;
	return (i);
}

/* What a byte between words is written as; no '@', which makes a mailbox of any two. */
static char
sign_of(char c)
{
	static const struct span signs = SPAN(".,:;!?()=/-\"'+*|<>~$^");

	if (c == '[' || c == '{')
		return ('(');
	if (c == ']' || c == '}')
		return (')');
	return (memchr(signs.ptr, c, signs.len) != NULL ? c : ' ');
}

static void
put_gap(struct talk *t, struct span gap)
{
	for (size_t i = 0; i < gap.len && !t->full;) {
		t->full = !mask_out_fits(t->out, PIECE_BYTES_MAX);
		if (is_word_byte(gap.ptr[i])) {
			size_t end = word_end(gap, i);

			if (!t->full)
				put_word(t, span_of(gap.ptr + i, end - i));
			i = end;
			continue;
		}
		mask_out_char(t->out, sign_of(gap.ptr[i++]));
	}
}

/* ---- what was found ---- */

static void
put_email(struct talk *t, struct span found)
{
	struct mask *m = t->m;
	struct span meant = found;
	char form[512];
	enum detect_canon_result canon =
	    detect_canon(found, false, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, &meant);

	if ((canon == DETECT_CANON_SAME || canon == DETECT_CANON_DECODED) &&
	    detect_shape(meant) == DETECT_SHAPE_EMAIL)
		mask_put_bound(m, t->out, MASK_SLOT_EMAIL, span_of("email", 5),
		    mask_email_form(m->hosts, meant, form, sizeof(form)));
	else
		mask_put_redacted(m, t->out, RECORD_CLASS_EMAIL);
}

static void
put_found(struct talk *t, struct span found, enum record_class c)
{
	switch (c) {
	case RECORD_CLASS_EMAIL: put_email(t, found); break;
	case RECORD_CLASS_IP_FWD:
		mask_put_bound(t->m, t->out, MASK_SLOT_FWD_LIKE, place, found);
		break;
	case RECORD_CLASS_DEVICE:
		mask_put_bound(t->m, t->out, MASK_SLOT_DEVICE, span_of("device", 6), found);
		break;
	default: mask_put_redacted(t->m, t->out, c); break;
	}
	t->number = false;
}

/* What no rule of the user says anything about. */
static void
put_part(struct talk *t, struct span text)
{
	struct detect_hit hits[HITS_MAX];
	size_t count = detect_text(text, hits, HITS_MAX), at = 0;

	for (size_t i = 0; i < count && !t->full; i++) {
		put_gap(t, span_of(text.ptr + at, hits[i].at - at));
		t->full = t->full || !mask_out_fits(t->out, PIECE_BYTES_MAX);
		if (!t->full)
			put_found(t, span_of(text.ptr + hits[i].at, hits[i].len), hits[i].class_id);
		at = hits[i].at + hits[i].len;
	}
	put_gap(t, span_from(text, at));
}

/* Finds of the user's rules and what stands between them. */
static void
put_by_rules(struct talk *t, struct span text)
{
	enum detect_rules_answer answer;
	struct detect_hit hit;
	size_t at = 0;

	while (!t->full &&
	    (answer = detect_rules_find(t->m->rules, text, at, &hit)) != DETECT_RULES_NONE) {
		if (answer == DETECT_RULES_LIMIT) {
			mask_effect_flag(&t->m->effects, RECORD_FLAG_UNSETTLED);
			hit = (struct detect_hit){ at, text.len - at, hit.class_id };
		}
		put_part(t, span_of(text.ptr + at, hit.at - at));
		t->full = t->full || !mask_out_fits(t->out, PIECE_BYTES_MAX);
		if (!t->full)
			mask_put_redacted(t->m, t->out, hit.class_id);
		at = hit.at + hit.len;
	}
	put_part(t, span_from(text, at));
}

/* Does a rule find something only in what the text means? */
static enum record_class
hidden_by_rules(struct mask *m, struct span raw)
{
	struct span meant = raw;

	if (m->rules == NULL ||
	    detect_canon(raw, false, m->canon_value, 2 * (size_t)PARSE_LINE_MAX, &meant) !=
		DETECT_CANON_DECODED ||
	    mask_rules_class(m, raw) != RECORD_CLASS_NONE)
		return (RECORD_CLASS_NONE);
	return (mask_rules_class(m, meant));
}

void
mask_render_text(struct mask *m, struct span raw, struct mask_out *out)
{
	struct talk t = { .m = m, .out = out };
	enum record_class hidden;

	if (mask_effect_bytes(m, raw) || span_find(raw, '\0') < raw.len ||
	    (m->policy->method[RECORD_CLASS_TEXT] != MASK_TOKEN &&
		m->policy->method[RECORD_CLASS_TEXT] != MASK_SEAL)) {
		mask_put_redacted(m, out, RECORD_CLASS_TEXT);
		return;
	}
	if ((hidden = hidden_by_rules(m, raw)) != RECORD_CLASS_NONE) {
		mask_put_redacted(m, out, hidden);
		return;
	}
	if (m->rules == NULL)
		put_part(&t, raw);
	else
		put_by_rules(&t, raw);
	if (t.full)
		mask_effect_flag(&m->effects, RECORD_FLAG_TEXT_CAPPED);
}
