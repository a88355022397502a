#include "detect/text/sieve.h"

#include <assert.h>

#include "detect/verify.h"

/* What one byte is, bits in the order of struct detect_classes. */
enum {
	IS_DIGIT = 1,
	IS_GROUP = 2,
	IS_BASE = 4,
	IS_COLON = 8,
	IS_DOT = 16,
	IS_ZERO = 32,
	IS_X = 64,
	IS_MARK = 128
};

static uint8_t kinds[256];
static bool wide;

static unsigned
kind_of(unsigned char c)
{
	unsigned kind = 0;

	if (detect_verify_is_digit((char)c))
		kind |= IS_DIGIT | IS_GROUP;
	if (c == ' ' || (c >= '(' && c <= '/'))
		kind |= IS_GROUP;
	if (detect_verify_is_base64((char)c))
		kind |= IS_BASE;
	if (c == ':')
		kind |= IS_COLON;
	if (c == '.')
		kind |= IS_DOT;
	if (c == '0')
		kind |= IS_ZERO;
	if ((c | 0x20) == 'x')
		kind |= IS_X;
	/* U+FF00 and U+3000 begin so: digits and stops that look like ASCII. */
	if (c == '@' || c == '%' || c == '&' || c == '\\' || c == 0xef || c == 0xe3)
		kind |= IS_MARK;
	return (kind);
}

__attribute__((constructor)) static void
start(void)
{
	for (unsigned c = 0; c < 256; c++)
		kinds[c] = (uint8_t)kind_of((unsigned char)c);
	detect_sieve_force_portable(false);
}

void
detect_sieve_force_portable(bool portable)
{
#ifdef SIEVE_AVX2
	wide = !portable && detect_sieve_avx2_usable();
#else
	(void)portable;
#endif
}

static unsigned
nibbles(unsigned g, unsigned place, unsigned char c)
{
	return (detect_literals.low[g][place][c & 15] & detect_literals.high[g][place][c >> 4]);
}

static bool
may_be_literal(const unsigned char *p)
{
	for (unsigned g = 0; g < SIEVE_GROUPS; g++)
		if ((nibbles(g, 0, p[0]) & nibbles(g, 1, p[1]) & nibbles(g, 2, p[2]) &
			nibbles(g, 3, p[3])) != 0)
			return (true);
	return (false);
}

static struct detect_classes
classes_of(const unsigned char *p)
{
	struct detect_classes c = { 0 };

	for (unsigned i = 0; i < SIEVE_BLOCK; i++) {
		uint64_t kind = kinds[p[i]];

		c.digit |= (kind & 1) << i;
		c.group |= (kind >> 1 & 1) << i;
		c.base |= (kind >> 2 & 1) << i;
		c.colon |= (kind >> 3 & 1) << i;
		c.dot |= (kind >> 4 & 1) << i;
		c.zero |= (kind >> 5 & 1) << i;
		c.x |= (kind >> 6 & 1) << i;
		c.mark |= (kind >> 7 & 1) << i;
		c.literal |= (uint64_t)may_be_literal(p + i) << i;
	}
	return (c);
}

static void
sieve_plain(struct span text, size_t blocks, struct detect_classes *out)
{
	for (size_t b = 0; b < blocks; b++) {
		struct span rest = span_from(text, b * SIEVE_BLOCK);
		unsigned char copy[SIEVE_BLOCK + SIEVE_AHEAD] = { 0 };

		if (rest.len < sizeof(copy)) {
			memcpy(copy, rest.ptr, rest.len);
			rest.ptr = (const char *)copy;
		}
		out[b] = classes_of((const unsigned char *)rest.ptr);
	}
}

/* Bit i: bit i + k of the two blocks; k is 1 to 63. */
static inline uint64_t
ahead(uint64_t now, uint64_t next, unsigned k)
{
	return (now >> k | next << (64 - k));
}

/* Runs of 16: every bit of a run but the last 15 stays. */
static inline uint64_t
runs_of_16(uint64_t now, uint64_t next)
{
	for (unsigned k = 1; k <= 8; k *= 2) {
		now &= ahead(now, next, k);
		next &= next >> k;
	}
	return (now);
}

static inline uint64_t
runs_of_7(uint64_t now, uint64_t next)
{
	now &= ahead(now, next, 1);
	next &= next >> 1;
	now &= ahead(now, next, 2);
	next &= next >> 2;
	return (now & ahead(now, next, 3));
}

static inline uint64_t
near(uint64_t now, uint64_t next)
{
	return (now &
	    (ahead(now, next, 1) | ahead(now, next, 2) | ahead(now, next, 3) | ahead(now, next, 4) |
		ahead(now, next, 5)));
}

/* Four colons, each at most five bytes behind the one before it: no time of day has them. */
static inline uint64_t
four_colons(uint64_t now, uint64_t next)
{
	for (int i = 0; i < 3; i++) {
		uint64_t found = near(now, next);

		next = near(next, 0);
		now = found;
	}
	return (now);
}

/* What goes on from the block before, in bit 0. */
struct carry {
	uint64_t run, digit;
};

/* The marks of a block, from its classes and those of the next. */
static inline uint64_t
marks_of(const struct detect_classes *c, const struct detect_classes *next, struct carry *carry)
{
	uint64_t marks = c->mark, runs = runs_of_16(c->base, next->base);

	marks |= c->digit & ~(c->digit << 1 | carry->digit) & runs_of_7(c->group, next->group);
	marks |= runs & ~(runs << 1 | carry->run);
	carry->run = runs >> 63;
	carry->digit = c->digit >> 63;
	marks |= c->zero & ahead(c->x, next->x, 1);
	if (c->colon != 0) {
		marks |= c->colon & ahead(c->colon, next->colon, 1);
		marks |= four_colons(c->colon, next->colon);
	}
	return (marks | (c->dot & ahead(c->dot, next->dot, 5)));
}

/* Those candidates that are literals indeed. */
static inline uint64_t
literals_of(struct span text, size_t at, uint64_t candidates)
{
	uint64_t found = 0;

	for (; candidates != 0; candidates &= candidates - 1) {
		unsigned i = (unsigned)__builtin_ctzll(candidates);

		if (at + i < text.len && detect_literal_at(span_from(text, at + i)))
			found |= UINT64_C(1) << i;
	}
	return (found);
}

static void
classify(struct span text, size_t blocks, struct detect_classes *out)
{
#ifdef SIEVE_AVX2
	if (wide) {
		detect_sieve_avx2(text, blocks, out);
		return;
	}
#endif
	sieve_plain(text, blocks, out);
}

/*
 * A piece and the block behind it.  How many blocks of the piece there are;
 * the one behind them is empty or classified, too.
 */
static size_t
classify_piece(struct span rest, struct detect_classes *out)
{
	size_t blocks = (rest.len + SIEVE_BLOCK - 1) / SIEVE_BLOCK;

	if (blocks > SIEVE_BLOCKS) {
		classify(rest, SIEVE_BLOCKS + 1, out);
		return (SIEVE_BLOCKS);
	}
	classify(rest, blocks, out);
	out[blocks] = (struct detect_classes){ 0 };
	return (blocks);
}

size_t
detect_sieve(struct span text, size_t at, uint64_t marks[static SIEVE_BLOCKS])
{
	struct detect_classes classes[SIEVE_BLOCKS + 1];
	struct carry carry = { 0 };
	size_t blocks;

	assert(at % SIEVE_PIECE == 0 && at < text.len);
	blocks = classify_piece(span_from(text, at), classes);
	for (size_t b = 0; b < blocks; b++) {
		marks[b] = marks_of(&classes[b], &classes[b + 1], &carry);
		if (classes[b].literal != 0)
			marks[b] |= literals_of(text, at + b * SIEVE_BLOCK, classes[b].literal);
	}
	return (blocks);
}
