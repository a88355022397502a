/* key: what stands for a text among those that are counted by. */
#include <string.h>

#include "tally/table.h"

#define TOKEN_TAIL 16 /* characters behind "sg." */

/* All of them at once. */
typedef unsigned char letters __attribute__((vector_size(TOKEN_TAIL)));

/*
 * Base32; or the dots that stand there while a token is being computed
 * (mask/pending.h).
 */
static bool
is_tail(const char *at)
{
	letters c, strange, other;
	uint64_t halves[4];

	memcpy(&c, at, sizeof(c));
	strange = (letters)(c - 'a' > 25) & (letters)(c - '2' > 5);
	other = c ^ '.';
	memcpy(halves, &strange, sizeof(strange));
	memcpy(halves + 2, &other, sizeof(other));
	return ((halves[0] | halves[1]) == 0 || (halves[2] | halves[3]) == 0);
}

#define TWO(a, b) ((unsigned)(a) << 8 | (unsigned)(b))

/* Of a token; tests/unit/tally asks it of every class. */
static bool
is_prefix(const char *at)
{
	switch (TWO((unsigned char)at[0], (unsigned char)at[1])) {
	case TWO('d', 'v'):
	case TWO('e', 'm'):
	case TWO('h', 't'):
	case TWO('i', 'f'):
	case TWO('i', 'p'):
	case TWO('p', 'n'):
	case TWO('r', 'q'):
	case TWO('s', 'e'):
	case TWO('s', 'g'):
	case TWO('u', 'a'):
	case TWO('u', 'c'):
	case TWO('u', 's'):
	case TWO('x', 'x'): return (true);
	default: return (false);
	}
}

static bool
is_word(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

/* Does the dot at text.ptr[dot] stand in a token?  The one before ended at behind. */
static bool
is_token(struct span text, size_t dot, size_t behind)
{
	if (dot < 2 || text.len - dot <= TOKEN_TAIL || !is_prefix(text.ptr + dot - 2))
		return (false);
	return (is_tail(text.ptr + dot + 1) && (dot - 2 == behind || !is_word(text.ptr[dot - 3])));
}

/* At most so long, and no part of a character at the end. */
static struct span
cut(struct span text)
{
	if (text.len <= TALLY_KEY_MAX)
		return (text);
	text.len = TALLY_KEY_MAX;
	while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
		text.len--;
	return (text);
}

struct span
tally_key(struct span text, char key[static TALLY_KEY_MAX + 32])
{
	size_t used = 0, copied = 0, end;

	if (text.len >= 7 && memcmp(text.ptr, "sealed:", 7) == 0)
		return (span_of("{sealed}", 8)); /* each is another one */
	/* Most are too short to hold a token, and near their end none begins. */
	if (text.len < 3 + TOKEN_TAIL)
		return (text);
	end = text.len - TOKEN_TAIL;
	for (size_t at = 2; at < end && used < TALLY_KEY_MAX;) {
		const char *dot = memchr(text.ptr + at, '.', end - at);
		size_t len;

		if (dot == NULL)
			break;
		at = (size_t)(dot - text.ptr);
		if (!is_token(text, at++, copied))
			continue;
		len = at - 3 - copied;
		if (len > TALLY_KEY_MAX - used)
			break; /* it stands behind the cut */
		memcpy(key + used, text.ptr + copied, len);
		used += len;
		memcpy(key + used, (const char[]){ '{', dot[-2], dot[-1], '}' }, 4);
		used += 4;
		copied = at += TOKEN_TAIL;
	}
	if (copied == 0)
		return (cut(text));
	if (used < TALLY_KEY_MAX) {
		size_t rest = text.len - copied;

		rest = rest > TALLY_KEY_MAX + 16 - used ? TALLY_KEY_MAX + 16 - used : rest;
		memcpy(key + used, text.ptr + copied, rest);
		used += rest;
	}
	return (cut(span_of(key, used)));
}

uint64_t
tally_hash(const uint64_t seed[static 2], uint64_t start, struct span text)
{
	const char *p = text.ptr;
	size_t len = text.len;
	uint64_t h = tally_mix(start ^ seed[0], seed[1] | 1), word;

	for (; len > 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = tally_mix(h ^ word, seed[1] ^ UINT64_C(0x9e3779b97f4a7c15));
	}
	word = tally_short_word(p, len);
	return (tally_mix(h ^ word, seed[0] ^ (text.len * 2 + 1)));
}
