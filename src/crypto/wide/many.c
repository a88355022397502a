/* SHA-256 with AVX-512 of messages of any length. */
#include <assert.h>

#include "crypto/sha256_shani.h"
#include "crypto/wide/lanes.h"
#include "crypto/wide/sixteen.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

#define WINDOW 256 /* messages that are put in order at once */
#define BLOCKS_MAX 48 /* of a message in a lane; a longer one would let the others wait */
#define FEW (LANES / 2) /* fewer take less time without */

static size_t
length(const struct crypto_message *m)
{
	return (m->head_len + m->body.len);
}

static size_t
blocks_of(const struct crypto_message *m)
{
	return ((length(m) + 9 + CRYPTO_BLOCK_BYTES - 1) / CRYPTO_BLOCK_BYTES);
}

/* A bit for each byte of a block that lies before position at. */
static inline __mmask64
before(ptrdiff_t at)
{
	return (at >= CRYPTO_BLOCK_BYTES ? UINT64_MAX : at <= 0 ? 0 : (UINT64_C(1) << at) - 1);
}

/*
 * Block i but for the length at its end.  Bytes that the mask leaves out are
 * not touched, whatever lies there; nothing is copied that would have to be wiped.
 */
WIDE_INLINE __m512i
block_of(const struct crypto_message *m, size_t i)
{
	const ptrdiff_t from = (ptrdiff_t)(CRYPTO_BLOCK_BYTES * i) - (ptrdiff_t)m->head_len;
	const ptrdiff_t left = (ptrdiff_t)m->body.len - from;
	const void *at = (const void *)((uintptr_t)m->body.ptr + (uintptr_t)from);
	__mmask64 bytes = before(left), head = i == 0 ? before((ptrdiff_t)m->head_len) : 0;
	__mmask64 end = left >= 0 && left < CRYPTO_BLOCK_BYTES ? UINT64_C(1) << left : 0;
	__m512i block = _mm512_maskz_loadu_epi8(bytes & ~head, at);

	if (i == 0)
		block = _mm512_mask_loadu_epi8(block, head, m->head);
	return (lanes_swap(_mm512_mask_set1_epi8(block, end, (char)0x80)));
}

/* The count messages that order says, the longest first. */
WIDE static __attribute__((noinline)) void
many16(const struct crypto_message *m, const uint8_t *order, size_t count, unsigned char (*out)[32])
{
	const struct crypto_message *lanes[LANES];
	uint32_t bits[LANES];
	__m512i state[8], words[16];
	size_t used = count;

	for (size_t i = 0; i < LANES; i++) {
		lanes[i] = &m[order[i < count ? i : 0]];
		assert(lanes[i]->head_len <= sizeof(lanes[i]->head));
		bits[i] = (uint32_t)length(lanes[i]) * 8;
	}
	lanes_start(state);
	for (size_t block = 0; used > 0; block++) {
		__mmask16 work = (__mmask16)((1u << used) - 1), on;

		for (size_t i = 0; i < LANES; i++)
			words[i] = block_of(lanes[i], block);
		lanes_transpose(words);
		while (used > 0 && blocks_of(lanes[used - 1]) == block + 1)
			used--;
		on = (__mmask16)((1u << used) - 1);
		words[15] = _mm512_mask_loadu_epi32(words[15], (__mmask16)(work & ~on), bits);
		crypto_wide_block(state, words, work);
	}
	lanes_digests(state, words);
	for (size_t i = 0; i < count; i++)
		lanes_store(out[order[i]], words[i]);
}

/* Those of order one behind the other, without AVX-512. */
static void
rest(const struct crypto_message *m, const uint8_t *order, size_t count, unsigned char (*out)[32])
{
	struct crypto_message some[LANES];
	unsigned char digests[LANES][32];

	while (count > 0) {
		size_t n = count < LANES ? count : LANES;

		for (size_t i = 0; i < n; i++)
			some[i] = m[order[i]];
		crypto_sha256_lanes(some, n, digests);
		for (size_t i = 0; i < n; i++)
			memcpy(out[order[i]], digests[i], sizeof(digests[i]));
		order += n;
		count -= n;
	}
	explicit_bzero(some, sizeof(some));
}

/* The longest first; *over: how many are too long for lanes. */
static void
put_in_order(
    const struct crypto_message *m, size_t count, uint8_t order[static WINDOW], size_t *over)
{
	size_t at[BLOCKS_MAX + 2] = { 0 }, before = 0;
	uint8_t class[WINDOW];

	for (size_t i = 0; i < count; i++) {
		size_t blocks = blocks_of(&m[i]);

		class[i] =
		    (uint8_t)(BLOCKS_MAX + 1 - (blocks <= BLOCKS_MAX ? blocks : BLOCKS_MAX + 1));
		at[class[i]]++;
	}
	*over = at[0];
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		size_t here = at[i];

		at[i] = before;
		before += here;
	}
	for (size_t i = 0; i < count; i++)
		order[at[class[i]]++] = (uint8_t)i;
}

static void
window(const struct crypto_message *m, size_t count, unsigned char (*out)[32])
{
	uint8_t order[WINDOW];
	size_t i;

	put_in_order(m, count, order, &i);
	rest(m, order, i, out);
	for (; count - i >= FEW; i += count - i < LANES ? count - i : LANES)
		many16(m, order + i, count - i < LANES ? count - i : LANES, out);
	rest(m, order + i, count - i, out);
}

void
crypto_wide_many(const struct crypto_message *m, size_t count, unsigned char (*out)[32])
{
	for (size_t i = 0, n; i < count; i += n) {
		n = count - i < WINDOW ? count - i : WINDOW;
		window(m + i, n, out + i);
	}
	if (count >= FEW)
		crypto_wide_wipe();
}

#else
typedef int crypto_wide_many_is_for_x86_64; /* a unit must not be empty */
#endif
