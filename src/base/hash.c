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
