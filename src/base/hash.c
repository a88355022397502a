#include "base/hash.h"

#include <string.h>

/*
 * Folding: the 128-bit product of two words, halves added without carry.
 * Both factors are mixed with values that depend on the seed; with a public
 * value in either, a chosen word could make it zero and the other word void.
 */

/* Odd numbers of no meaning. */
#define KEY_A UINT64_C(0x9d3c6a5fb1e84727)
#define KEY_B UINT64_C(0xc6b2d95a1f7348e9)
#define KEY_C UINT64_C(0xe87a4b63d50c9f1d)
#define KEY_D UINT64_C(0xb5296af7318ce40b)

#define STRIPE ((size_t)32)

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return ((uint64_t)product ^ (uint64_t)(product >> 64));
}

static inline uint64_t
rotate(uint64_t n, unsigned bits)
{
	return (n << bits | n >> (64 - bits));
}

static inline uint64_t
load8(const unsigned char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return (n);
}

static inline uint64_t
load4(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return (n);
}

/* At most 16 bytes as two words; with the length they determine the bytes. */
static inline void
load_short(const unsigned char *p, size_t len, uint64_t *a, uint64_t *b)
{
	if (len >= 8) {
		*a = load8(p);
		*b = load8(p + len - 8);
	} else if (len >= 4) {
		*a = load4(p);
		*b = load4(p + len - 4);
	} else if (len > 0) {
		*a = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
		*b = 0;
	} else {
		*a = *b = 0;
	}
}

/*
 * Products commute, so each of the four places has a key of its own: words
 * that changed places must not hash alike.
 */
uint64_t
hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
	const unsigned char *p = bytes;
	uint64_t key_a = fold(seed ^ KEY_A, KEY_B), key_b = fold(seed ^ KEY_C, KEY_D);
	uint64_t left = rotate(key_a, 29), right = rotate(key_b, 41), a, b;
	size_t rest = len;

	if (len <= 16) {
		load_short(p, len, &a, &b);
	} else {
		for (; rest > STRIPE; rest -= STRIPE, p += STRIPE) {
			left = fold(load8(p) ^ key_a, load8(p + 8) ^ left);
			right = fold(load8(p + 16) ^ key_b, load8(p + 24) ^ right);
		}
		if (rest > 16)
			left = fold(load8(p) ^ key_a, load8(p + 8) ^ left);
		a = load8(p + rest - 16);
		b = load8(p + rest - 8);
	}
	return (fold(fold(a ^ left, b ^ right) ^ key_a, key_b ^ len));
}

static inline uint64_t
load_odd(const unsigned char *p, size_t len)
{
	return (len == 0 ? 0 : (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1]);
}

/*
 * 16 bytes a step, in two chains that do not wait for each other.  Every
 * factor has a secret in it that the bytes do not know: a chain or a seed.
 */
void
hash_wide(struct span s, const uint64_t seed[static 2], uint64_t salt, uint64_t key[static 2])
{
	const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
	const uint64_t key_a = seed[1] ^ KEY_A, key_b = seed[0] ^ KEY_B;
	uint64_t a = seed[0] ^ salt, b = seed[1] + salt, x, y;

	for (; end - p > 16; p += 16) {
		x = load8(p);
		y = load8(p + 8);
		a = fold(a ^ x, y ^ key_a);
		b = fold(b ^ y, x + key_b);
	}
	if (s.len >= 16) {
		x = load8(end - 16);
		y = load8(end - 8);
	} else if (s.len >= 8) {
		x = load8(p);
		y = load8(end - 8);
	} else if (s.len >= 4) {
		x = load4(p);
		y = load4(end - 4);
	} else {
		x = load_odd(p, s.len);
		y = 0;
	}
	a = fold(a ^ x, y ^ key_a ^ s.len);
	b = fold(b ^ y, (x + key_b) ^ s.len);
	key[0] = fold(a ^ KEY_C, key_a);
	key[1] = fold(b ^ KEY_D, key_b);
}
