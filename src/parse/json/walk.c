/* walk: one pass over a JSON value. */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/scan.h"
#include "base/text.h"
#include "parse/json/json.h"

struct level {
	bool array;
	uint16_t path_len; /* of the names outside of this level */
};

struct walk {
	const char *at, *end;
	parse_json_each each;
	bool (*enter)(void *arg, struct span path);
	void *arg;
	bool any_bytes, sloppy;
	unsigned skipped; /* the depth whose container nobody wants, with all in it; 0: none */
	struct span top;  /* the name at hand, while it stands in the outermost object */
	struct parse_json_leaf leaf;
	unsigned depth;
	size_t path_len; /* of the names of what is walked; more than was kept if it was cut */
	struct level levels[PARSE_JSON_DEPTH_MAX];
	char path[PARSE_JSON_PATH_BYTES];
};
_Static_assert(PARSE_JSON_DEPTH_MAX * 65536ULL < UINT32_MAX, "path lengths");

static void
skip_blanks(struct walk *w)
{
	while (w->at < w->end &&
	    (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
		w->at++;
}

/* ---- strings ---- */

/*
 * How many bytes at the start of PLAIN_STEP mean themselves: no quote,
 * backslash or control, nor, unless any may stand there, one from 0x80 on.
 * Most strings end there; the rest of others is left to scan.
 */
#ifdef __SSE2__
#define PLAIN_STEP 16

static inline unsigned
plain_bytes(const char *at, bool any)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i special = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	unsigned mask;

	special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
	mask = (unsigned)_mm_movemask_epi8(any ? special : _mm_or_si128(special, v));
	return (mask == 0 ? PLAIN_STEP : (unsigned)__builtin_ctz(mask));
}
#else
#define PLAIN_STEP 8
#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* A high bit where a byte of v is zero; bytes behind the first such one may err. */
static inline uint64_t
zeros(uint64_t v)
{
	return ((v - ONES) & ~v & HIGHS);
}

static inline unsigned
plain_bytes(const char *at, bool any)
{
	uint64_t v, special;

	memcpy(&v, at, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	special = zeros(v ^ ONES * '"') | zeros(v ^ ONES * '\\') |
	    ((v - ONES * 0x20) & ~v & HIGHS) | (any ? 0 : v & HIGHS);
	return (special == 0 ? PLAIN_STEP : (unsigned)__builtin_ctzll(special) / 8);
}
#endif

/* The length of the escape at the backslash; 0 if there is none. */
static unsigned
escape(const struct walk *w)
{
	const char *at = w->at;
	int len;

	if (w->end - at < 2)
		return (0);
	if (at[1] != 'u' && (at[1] != 'x' || !w->sloppy))
		return (at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0);
	len = at[1] == 'u' ? 6 : 4;
	if (w->end - at < len || !parse_json_is_hex(at + 2, (size_t)len - 2))
		return (0);
	return ((unsigned)len);
}

/* At the byte behind a quote; moves behind the other. */
static enum parse_json_result
walk_string(struct walk *w, struct span *text, bool *escaped)
{
	const char *start = w->at;

	*escaped = false;
	for (;;) {
		size_t len;

		if (w->end - w->at >= PLAIN_STEP) {
			len = plain_bytes(w->at, w->any_bytes);
			w->at += len;
			if (len == PLAIN_STEP)
				w->at += scan_json_string(
				    span_of(w->at, (size_t)(w->end - w->at)), w->any_bytes);
		}
		if (w->at == w->end)
			return (PARSE_JSON_SYNTAX);
		if (*w->at == '"')
			break;
		if (*w->at == '\\') {
			len = escape(w);
			*escaped = true;
		} else if ((unsigned char)*w->at >= 0x80 && !w->any_bytes) {
			len = text_utf8_len((const unsigned char *)w->at, (size_t)(w->end - w->at));
			if (len == 0)
				return (PARSE_JSON_UTF8);
		} else
			len = (unsigned char)*w->at < 0x20 ? 0 : 1;
		if (len == 0)
			return (PARSE_JSON_SYNTAX);
		w->at += len;
	}
	*text = span_of(start, (size_t)(w->at - start));
	w->at++;
	return (PARSE_JSON_OK);
}

/* ---- numbers and words ---- */

static bool
digits(struct walk *w)
{
	const char *start = w->at;

	while (w->at < w->end && *w->at >= '0' && *w->at <= '9')
		w->at++;
	return (w->at > start);
}

static bool
walk_number(struct walk *w)
{
	const char *start = w->at;
	bool good;

	if (*w->at == '-')
		w->at++;
	good = w->at < w->end && (*w->at == '0' ? (w->at++, true) : digits(w));
	if (good && w->at < w->end && *w->at == '.') {
		w->at++;
		good = digits(w);
	}
	if (good && w->at < w->end && (*w->at | 0x20) == 'e') {
		w->at++;
		if (w->at < w->end && (*w->at == '+' || *w->at == '-'))
			w->at++;
		good = digits(w);
	}
	w->leaf.type = PARSE_JSON_NUMBER;
	w->leaf.text = span_of(start, (size_t)(w->at - start));
	return (good);
}

static bool
walk_word(struct walk *w)
{
	static const struct {
		struct span text;
		enum parse_json_type type;
	} words[] = { { SPAN("true"), PARSE_JSON_TRUE }, { SPAN("false"), PARSE_JSON_FALSE },
		{ SPAN("null"), PARSE_JSON_NULL } };
	struct span rest = span_of(w->at, (size_t)(w->end - w->at));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_starts(rest, words[i].text)) {
			w->leaf.type = words[i].type;
			w->leaf.text = span_of(w->at, words[i].text.len);
			w->at += words[i].text.len;
			return (true);
		}
	return (false);
}

/* ---- names ---- */

/* Behind the names so far; what finds no room is only counted. */
static void
add_name(struct walk *w, struct span name)
{
	size_t room = w->path_len < sizeof(w->path) ? sizeof(w->path) - w->path_len : 0;

	if (name.len > 0 && room > 0)
		memcpy(w->path + w->path_len, name.ptr, name.len < room ? name.len : room);
	w->path_len += name.len;
}

static void
append_name(struct walk *w, struct span name, bool escaped)
{
	char meant[PARSE_JSON_PATH_BYTES], *at = meant;
	bool whole = true;

	if (w->path_len > 0)
		add_name(w, span_of(".", 1));
	if (!escaped)
		add_name(w, name);
	else if (name.len <= sizeof(meant))
		add_name(w, parse_json_unescape(name, &at, &whole));
	else
		w->path_len += name.len;
}

/* The name of a member: behind that of its object, with a dot. */
static enum parse_json_result
walk_name(struct walk *w)
{
	enum parse_json_result result;
	bool escaped;
	struct span name;

	skip_blanks(w);
	if (w->at == w->end || *w->at++ != '"')
		return (PARSE_JSON_SYNTAX);
	if ((result = walk_string(w, &name, &escaped)) != PARSE_JSON_OK)
		return (result);
	w->path_len = w->levels[w->depth - 1].path_len;
	w->top.len = 0;
	if (w->skipped != 0)
		;
	else if (w->path_len == 0 && !escaped && name.len <= sizeof(w->path)) {
		/* It is copied only if something stands in it. */
		w->top = name;
		w->path_len = name.len;
	} else
		append_name(w, name, escaped);
	skip_blanks(w);
	return (w->at < w->end && *w->at++ == ':' ? PARSE_JSON_OK : PARSE_JSON_SYNTAX);
}

/* ---- values ---- */

static enum parse_json_result
tell(struct walk *w)
{
	if (w->skipped != 0)
		return (PARSE_JSON_OK);
	w->leaf.path_cut = w->path_len > sizeof(w->path);
	w->leaf.path = w->top.len > 0 ? w->top :
	    span_of(w->path, w->leaf.path_cut ? sizeof(w->path) : w->path_len);
	return (w->each(w->arg, &w->leaf) ? PARSE_JSON_OK : PARSE_JSON_STOPPED);
}

static enum parse_json_result
tell_nothing(struct walk *w, enum parse_json_type type)
{
	w->leaf.type = type;
	w->leaf.text = span_of(w->at, 0);
	w->leaf.escaped = false;
	return (tell(w));
}

/* Nothing at all, or a '-' that no digit follows. */
static bool
is_absent(const struct walk *w)
{
	const char *at = w->at;

	if (*at == '-')
		at++;
	return (at < w->end && (*at == ',' || *at == '}'));
}

/* A value that is no container. */
static enum parse_json_result
walk_leaf(struct walk *w)
{
	enum parse_json_result result;

	w->leaf.escaped = false;
	if (*w->at == '"') {
		w->at++;
		w->leaf.type = PARSE_JSON_STRING;
		if ((result = walk_string(w, &w->leaf.text, &w->leaf.escaped)) != PARSE_JSON_OK)
			return (result);
	} else if (w->sloppy && is_absent(w)) {
		w->at += *w->at == '-';
		return (tell_nothing(w, PARSE_JSON_NULL));
	} else if (*w->at == '-' || (*w->at >= '0' && *w->at <= '9')) {
		if (!walk_number(w))
			return (PARSE_JSON_SYNTAX);
	} else if (!walk_word(w))
		return (PARSE_JSON_SYNTAX);
	return (tell(w));
}

/* Into a container that is not empty: its name is that of all in it. */
static void
open_names(struct walk *w)
{
	size_t len = w->path_len;

	if (w->top.len > 0) {
		w->path_len = 0;
		add_name(w, w->top);
		w->top.len = 0;
	}
	if (w->enter != NULL && w->skipped == 0 &&
	    !w->enter(w->arg, span_of(w->path, len < sizeof(w->path) ? len : sizeof(w->path))))
		w->skipped = w->depth + 1;
}

/* At the bracket of a container; *empty if it was closed at once, and told. */
static enum parse_json_result
open_level(struct walk *w, bool *empty)
{
	bool array = *w->at == '[';
	struct level *level;

	if (w->depth == PARSE_JSON_DEPTH_MAX)
		return (PARSE_JSON_DEEP);
	w->at++;
	skip_blanks(w);
	*empty = w->at < w->end && *w->at == (array ? ']' : '}');
	if (*empty) {
		w->at++;
		return (tell_nothing(w, PARSE_JSON_EMPTY));
	}
	open_names(w);
	if (array)
		add_name(w, span_of("[]", 2));
	/* Names longer than this are cut long since: how long does not matter. */
	if (w->path_len > UINT16_MAX)
		w->path_len = UINT16_MAX;
	level = &w->levels[w->depth++];
	level->array = array;
	level->path_len = (uint16_t)w->path_len;
	return (array ? PARSE_JSON_OK : walk_name(w));
}

/* Behind a value: to the next one, closing what ends; *done at the end of all. */
static enum parse_json_result
next_value(struct walk *w, bool *done)
{
	while (w->depth > 0) {
		struct level *level = &w->levels[w->depth - 1];

		skip_blanks(w);
		if (w->at == w->end)
			return (PARSE_JSON_SYNTAX);
		if (*w->at == ',') {
			w->at++;
			if (!level->array)
				return (walk_name(w));
			w->path_len = level->path_len;
			return (PARSE_JSON_OK);
		}
		if (*w->at != (level->array ? ']' : '}'))
			return (PARSE_JSON_SYNTAX);
		w->at++;
		if (w->skipped == w->depth--)
			w->skipped = 0;
	}
	skip_blanks(w);
	*done = true;
	return (w->at == w->end ? PARSE_JSON_OK : PARSE_JSON_SYNTAX);
}

static enum parse_json_result
walk(struct walk *w, struct span text)
{
	bool done = false;

	if (span_starts(text, span_of("\xef\xbb\xbf", 3)))
		text = span_from(text, 3);
	w->at = text.ptr;
	w->end = text.len == 0 ? text.ptr : text.ptr + text.len;
	w->skipped = w->depth = 0;
	w->path_len = w->top.len = 0;
	while (!done) {
		enum parse_json_result result;
		bool empty = true;

		skip_blanks(w);
		if (w->at == w->end)
			return (PARSE_JSON_SYNTAX);
		result = *w->at == '{' || *w->at == '[' ? open_level(w, &empty) : walk_leaf(w);
		if (result == PARSE_JSON_OK && empty)
			result = next_value(w, &done);
		if (result != PARSE_JSON_OK)
			return (result);
	}
	return (PARSE_JSON_OK);
}

enum parse_json_result
parse_json_walk(struct span text, parse_json_each each, void *arg)
{
	struct walk w;

	w.each = each;
	w.enter = NULL;
	w.arg = arg;
	w.any_bytes = w.sloppy = false;
	return (walk(&w, text));
}

enum parse_json_result
parse_json_walk_line(struct span text, struct parse_json_door *door)
{
	struct walk w;
	enum parse_json_result result;

	w.each = door->each;
	w.enter = door->enter;
	w.arg = door->arg;
	w.any_bytes = true;
	w.sloppy = door->sloppy;
	result = walk(&w, text);
	door->cut = result == PARSE_JSON_SYNTAX && w.at == w.end && w.depth > 0;
	return (result);
}
