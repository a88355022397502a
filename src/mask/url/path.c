/*
 * mask: a path becomes words, {type} templates and sg. tokens.
 *
 * The path is decoded as a whole, so that %2F separates like '/', and dot
 * segments are resolved as a server does (RFC 3986 5.2.4): what stands below
 * /users must not hide behind "/users/./" or "/users/x/../".  Runs of
 * slashes become one; a trailing slash stays.
 */
#include "base/hash.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "mask/inside.h"
#include "mask/text/rules.h"
#include "mask/url/segment.h"
#include "mask/words/inside.h"

#define SEGMENTS_MAX 64
#define PIECE_BYTES_MAX 96 /* no segment is written longer than that */
#define LITERAL_BYTES_MAX 256
#define PATH_BYTES_MAX 4096 /* what is behind is not looked at */

struct walk {
	struct mask *m;
	struct mask_out *out;
	struct mask_out place; /* template of the parents: what is bound to, and saved */
	uint64_t position; /* the same, in the vocabulary */
	uint64_t literal; /* position as if every word above were in clear */
	uint64_t hidden_parent; /* key of the nearest word above that is not, or 0 */
	struct mask_out literal_text; /* the parents as they are, once one is hidden */
	char literal_bytes[LITERAL_BYTES_MAX];
	bool identity; /* the parent bears identities */
	bool below; /* one above it does, and no word in clear since: nothing is learned */
};

/* What a segment was written as, for the position of the next. */
enum piece {
	PIECE_WORD, /* in clear */
	PIECE_TEMPLATE, /* {type}, a part of a file name, [class] */
	PIECE_TOKEN,
	PIECE_LEARNABLE /* a token that may become a word */
};

static enum record_class
class_of_shape(enum detect_shape shape)
{
	switch (shape) {
	case DETECT_SHAPE_EMAIL: return (RECORD_CLASS_EMAIL);
	case DETECT_SHAPE_PHONE: return (RECORD_CLASS_PHONE);
	case DETECT_SHAPE_ADDRESS: return (RECORD_CLASS_IP_FWD);
	case DETECT_SHAPE_MAC: return (RECORD_CLASS_MAC);
	case DETECT_SHAPE_IBAN: return (RECORD_CLASS_IBAN);
	case DETECT_SHAPE_PAN: return (RECORD_CLASS_PAN);
	case DETECT_SHAPE_NATIONAL: return (RECORD_CLASS_NATIONAL);
	case DETECT_SHAPE_GEO: return (RECORD_CLASS_GEO);
	case DETECT_SHAPE_CREDENTIAL: return (RECORD_CLASS_CREDENTIAL);
	default: return (RECORD_CLASS_PATH);
	}
}

static void
put_shape(struct walk *w, enum detect_shape shape)
{
	enum record_class c = class_of_shape(shape);

	mask_effect_count(w->m, c);
	if (c == RECORD_CLASS_CREDENTIAL || c == RECORD_CLASS_PAN)
		mask_effect_flag(&w->m->effects, RECORD_FLAG_SECRET_FOUND);
	mask_put_shape(w->out, detect_shape_names[shape]);
}

/* One part of a file name: a word in clear or the type of a build number. */
static bool
put_part(struct walk *w, struct span part)
{
	enum detect_shape shape = detect_shape(part);

	switch (shape) {
	case DETECT_SHAPE_WORD:
		if (part.len > PIECE_BYTES_MAX / 4 ||
		    !mask_word_clear(w->m, MASK_WORD_PATH, w->position, part, false))
			return (false);
		mask_out_add(w->out, part);
		return (true);
	case DETECT_SHAPE_HEX:
	case DETECT_SHAPE_INT:
	case DETECT_SHAPE_UUID:
	case DETECT_SHAPE_ULID:
	case DETECT_SHAPE_BASE64:
	case DETECT_SHAPE_DATE: mask_put_shape(w->out, detect_shape_names[shape]); return (true);
	default: return (false);
	}
}

/* "app.3f2a9c1b.js" -> "app.{hex}.js", if each of at most three parts allows it. */
static bool
put_parts(struct walk *w, struct span stem, struct span extension)
{
	size_t start = w->out->len, at = 0;

	for (int parts = 0; at <= stem.len; parts++) {
		struct span rest = span_from(stem, at);
		struct span part = span_of(rest.ptr, span_find(rest, '.'));

		if (parts > 0)
			mask_out_char(w->out, '.');
		if (parts == 3 || part.len == 0 || !put_part(w, part)) {
			w->out->len = start;
			return (false);
		}
		at += part.len + 1;
	}
	if (memchr(w->out->text + start, '{', w->out->len - start) != NULL)
		mask_effect_count(w->m, RECORD_CLASS_PATH);
	mask_out_char(w->out, '.');
	mask_out_add(w->out, extension);
	return (true);
}

/* A word out of the vocabulary: a token, of a static file with its extension. */
static enum piece
put_token(struct walk *w, struct span segment, bool learnable)
{
	struct span extension = mask_segment_extension(segment);
	struct mask_sighting seen = { .class_id = MASK_WORD_PATH, .word = segment };

	if (extension.len > 0 && !w->identity &&
	    put_parts(w, span_of(segment.ptr, segment.len - extension.len - 1), extension))
		return (PIECE_TEMPLATE);
	if (learnable) {
		seen.position = w->position;
		seen.parent = span_of(w->place.text, w->place.len == 0 ? 1 : w->place.len);
		mask_word_learn(w->m, &seen);
		if (w->literal != w->position && w->literal_text.len > 0) {
			seen.position = w->literal;
			seen.parent = span_of(w->literal_text.text, w->literal_text.len);
			seen.parent_key = w->hidden_parent;
			mask_word_learn(w->m, &seen);
		}
	}
	mask_put_bound(w->m, w->out, MASK_SLOT_PATH,
	    span_of(w->place.text, w->place.len == 0 ? 1 : w->place.len), segment);
	if (extension.len > 0) {
		mask_out_char(w->out, '.');
		mask_out_add(w->out, extension);
	}
	return (learnable ? PIECE_LEARNABLE : PIECE_TOKEN);
}

/*
 * May a word at this place become known?  Not where names stand, nor below
 * one, nor "User:erika".
 */
static bool
is_public(const struct walk *w, struct span segment)
{
	return (!w->identity && !w->below && span_find(segment, ':') == segment.len);
}

/* A segment of shape WORD that is not reserved. */
static enum piece
put_word(struct walk *w, struct span segment)
{
	struct mask *m = w->m;
	bool clear = mask_word_clear(m, MASK_WORD_PATH, w->position, segment, w->identity);
	enum record_class found;

	m->effects.words_seen++;
	if (!clear && m->policy->words_mode == MASK_WORDS_KEEP && is_public(w, segment))
		clear = mask_word_plain(segment);
	if (clear) {
		m->effects.words_clear++;
		mask_out_add(w->out, segment);
		return (PIECE_WORD);
	}
	found = detect_class(segment);
	if (mask_class_is_secret(found)) {
		mask_put_redacted(m, w->out, found);
		return (PIECE_TEMPLATE);
	}
	return (put_token(w, segment,
	    is_public(w, segment) && found == RECORD_CLASS_NONE && mask_word_plain(segment)));
}

static enum piece
put_segment(struct walk *w, struct span segment)
{
	enum record_class own = mask_rules_class(w->m, segment);
	enum detect_shape shape;

	if (own != RECORD_CLASS_NONE) {
		mask_put_redacted(w->m, w->out, own);
		return (PIECE_TEMPLATE);
	}

	if (mask_effect_bytes(w->m, segment) || segment.ptr[0] == '~' || segment.ptr[0] == '@') {
		enum record_class found = detect_class(segment);

		if (mask_class_is_secret(found)) {
			mask_put_redacted(w->m, w->out, found);
			return (PIECE_TEMPLATE);
		}
		return (put_token(w, segment, false));
	}
	if (mask_segment_is_reserved(segment) || (!w->identity && mask_segment_is_small(segment))) {
		w->m->effects.words_seen++;
		w->m->effects.words_clear++;
		mask_out_add(w->out, segment);
		return (PIECE_WORD);
	}
	shape = detect_shape(segment);
	if (shape == DETECT_SHAPE_WORD && w->identity && mask_all_digits(segment))
		shape = DETECT_SHAPE_INT;
	if (shape == DETECT_SHAPE_WORD)
		return (put_word(w, segment));
	/* Fonts and builds are named by hashes: of the class path, unless it is a known secret. */
	if (shape == DETECT_SHAPE_CREDENTIAL && mask_segment_extension(segment).len > 0 &&
	    detect_is_random(segment))
		return (put_token(w, segment, false));
	put_shape(w, shape);
	return (PIECE_TEMPLATE);
}

/* Text of the position below, once a word above is hidden. */
static void
descend_literally(struct walk *w, enum piece piece, struct span segment, struct span literal)
{
	struct mask *m = w->m;

	if (w->literal_text.size == 0) {
		if (piece != PIECE_LEARNABLE)
			return;
		w->literal_text = (struct mask_out){ w->literal_bytes, 0, LITERAL_BYTES_MAX };
		mask_out_add(&w->literal_text, span_of(w->place.text, w->place.len));
		if (w->literal_text.len != w->place.len)
			w->literal_text.size = 1; /* too long to be learned below */
	}
	if (piece == PIECE_LEARNABLE)
		w->hidden_parent = mask_words_key(m->words, MASK_WORD_PATH, w->literal, segment);
	if (!mask_out_fits(&w->literal_text, literal.len + 1)) {
		w->literal_text.len = 0;
		w->literal_text.size = 1;
		return;
	}
	mask_out_char(&w->literal_text, '/');
	mask_out_add(&w->literal_text, literal);
}

/* The position below what was just written. */
static void
descend(struct walk *w, enum piece piece, struct span segment, struct span written)
{
	const struct mask *m = w->m;
	struct span star = span_of("*", 1), gated = written, literal = segment;
	bool same = w->literal == w->position;

	if (piece == PIECE_TOKEN || piece == PIECE_LEARNABLE)
		gated = star;
	else if (piece == PIECE_TEMPLATE &&
	    (written.ptr[0] != '{' || span_find(written, '}') + 1 != written.len))
		gated = star;
	if (piece != PIECE_WORD && piece != PIECE_LEARNABLE)
		literal = gated;
	if (m->learn != NULL)
		descend_literally(w, piece, segment, literal);
	mask_out_char(&w->place, '/');
	mask_out_add(&w->place, gated);
	w->position = mask_words_child(m->words, w->position, gated);
	if (same && piece != PIECE_LEARNABLE)
		w->literal = w->position;
	else if (m->learn != NULL)
		w->literal = mask_words_child(m->words, w->literal, literal);
	w->below = w->identity || (w->below && piece != PIECE_WORD) ||
	    span_find(segment, ':') < segment.len;
	w->identity = mask_segment_bears_identity(segment);
}

/*
 * Most segments are words that were written in clear at this position just
 * before: their table answers with one look.
 */
static struct mask_segment *
known_segment(struct walk *w, struct span segment, uint64_t key[static 2], bool *known)
{
	const struct mask *m = w->m;
	struct mask_segment *slot;

	hash_wide(segment, m->seed, w->position + w->identity + 2 * (uint64_t)w->below, key);
	slot = &m->segments[key[0] & (MASK_SEGMENTS - 1)];
	*known =
	    slot->key[0] == key[0] && slot->key[1] == key[1] && slot->generation == m->generation;
	return (slot);
}

/* A word in clear: written, noted, and the position below it. */
static void
put_known(struct walk *w, const struct mask_segment *known, struct span segment)
{
	struct mask *m = w->m;

	m->effects.words_seen++;
	m->effects.words_clear++;
	mask_out_add(w->out, segment);
	if (w->literal_text.size != 0)
		descend_literally(w, PIECE_WORD, segment, segment);
	mask_out_char(&w->place, '/');
	mask_out_add(&w->place, segment);
	if (w->literal == w->position)
		w->literal = known->child;
	else if (m->learn != NULL)
		w->literal = mask_words_child(m->words, w->literal, segment);
	w->position = known->child;
	w->identity = known->identity;
	w->below = known->below;
}

static void
keep_segment(const struct walk *w, struct mask_segment *slot, const uint64_t key[static 2])
{
	slot->key[0] = key[0];
	slot->key[1] = key[1];
	slot->generation = w->m->generation;
	slot->child = w->position;
	slot->identity = w->identity;
	slot->below = w->below;
}

/* ---- segments ---- */

struct segments {
	struct span list[SEGMENTS_MAX];
	size_t count;
	bool params, capped, slash; /* a trailing slash */
};

/* Add a segment, without its parameters; dots go up.  false: there are too many. */
static bool
add_segment(struct segments *s, struct span segment)
{
	if (segment.len == 0)
		return (true);
	if (segment.ptr[0] == '.' && segment.len <= 2 && segment.ptr[segment.len - 1] == '.') {
		s->count -= segment.len == 2 && s->count > 0;
		s->slash = true;
		return (true);
	}
	if (s->count == SEGMENTS_MAX) {
		s->capped = true;
		s->slash = false;
		return (false);
	}
	s->list[s->count++] = segment;
	return (true);
}

/*
 * What ends a word: a slash, also as many servers and every browser take it,
 * parameters, and what was "%3F": whoever encodes too much means a query.
 */
static const bool word_ends[256] = {
	['/'] = true, ['\\'] = true, [';'] = true, ['?'] = true, ['#'] = true
};

/* Byte by byte: segments are too short for anything faster. */
static inline size_t
word_end(struct span path, size_t at)
{
	while (at < path.len && !word_ends[(unsigned char)path.ptr[at]])
		at++;
	return (at);
}

static bool
is_slash(char c)
{
	return (c == '/' || c == '\\');
}

static inline void
split(struct span path, struct segments *s)
{
	s->count = 0;
	s->params = s->slash = false;
	for (size_t at = 0; at < path.len; at++) {
		size_t start = at, end = word_end(path, at);

		for (at = end; at < path.len && path.ptr[at] == ';'; s->params = true)
			at = word_end(path, at + 1);
		if (at < path.len && !is_slash(path.ptr[at])) {
			path.len = at;
			s->params = true;
		}
		s->slash = at < path.len;
		if (!add_segment(s, span_of(path.ptr + start, end - start)))
			return;
	}
}

static void
walk_segment(struct walk *w, struct span segment)
{
	size_t start = w->out->len;
	uint64_t key[2];
	bool known;
	struct mask_segment *slot;
	enum piece piece;

	/* Numbers would only push words out of the table. */
	if (mask_segment_is_number(segment)) {
		mask_effect_count(w->m, RECORD_CLASS_PATH);
		mask_put_shape(w->out, detect_shape_names[DETECT_SHAPE_INT]);
		descend(w, PIECE_TEMPLATE, segment, span_of(w->out->text + start, 5));
		return;
	}
	slot = known_segment(w, segment, key, &known);
	if (known) {
		put_known(w, slot, segment);
		return;
	}
	piece = put_segment(w, segment);
	descend(w, piece, segment, span_of(w->out->text + start, w->out->len - start));
	if (piece == PIECE_WORD)
		keep_segment(w, slot, key);
}

static void
walk_segments(struct walk *w, const struct segments *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!mask_out_fits(w->out, PIECE_BYTES_MAX + 2)) {
			mask_effect_flag(&w->m->effects, RECORD_FLAG_PATH_CAPPED);
			return;
		}
		mask_out_char(w->out, '/');
		walk_segment(w, s->list[i]);
	}
	if (s->slash || s->count == 0)
		mask_out_char(w->out, '/');
}

/* How many bytes stand behind the last slash: a part of a segment is not known for what it is. */
static size_t
cut_segment(struct span path)
{
	size_t len = path.len;

	while (len > 0 && path.ptr[len - 1] != '/')
		len--;
	return (path.len - len);
}

void
mask_render_path(struct mask *m, struct span raw, struct mask_out *out)
{
	struct segments s;
	struct span path;
	struct walk w;
	enum detect_canon_result canon =
	    detect_canon(raw, false, m->canon, 2 * (size_t)PARSE_LINE_MAX, &path);

	if (mask_effect_canon(m, canon, path)) {
		mask_put_redacted(m, out, RECORD_CLASS_PATH);
		return;
	}
	s.capped = path.len > PATH_BYTES_MAX;
	if (s.capped)
		path.len = PATH_BYTES_MAX - cut_segment(span_of(path.ptr, PATH_BYTES_MAX));
	split(path, &s);
	if (s.params)
		mask_effect_flag(&m->effects, RECORD_FLAG_PATH_PARAM);
	if (s.capped)
		mask_effect_flag(&m->effects, RECORD_FLAG_PATH_CAPPED);
	if (s.params)
		mask_effect_count(m, RECORD_CLASS_QUERY);
	w.m = m;
	w.out = out;
	w.hidden_parent = 0;
	w.identity = w.below = false;
	w.place = (struct mask_out){ m->place, 0, sizeof(m->place) };
	w.place.text[0] = '/';
	w.literal_text = (struct mask_out){ w.literal_bytes, 0, 0 };
	w.position = w.literal = mask_words_root(m->words, MASK_WORD_PATH);
	walk_segments(&w, &s);
}
