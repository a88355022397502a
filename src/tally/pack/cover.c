/* cover: bytes under a key, written so that they look like no text. */
#include "tally/pack/cover.h"

#include <stdint.h>

/*
 * Seven bits a byte, whose eighth is set: random bytes beside texts would look
 * like a mailbox now and then, to `cretula scan` and to whoever searches.
 */
static unsigned char *
spread(unsigned char *out, const unsigned char *in, size_t len)
{
	uint64_t bits = 0;
	unsigned held = 0;

	for (; len >= 7; in += 7, len -= 7) {
		bits = 0;
		for (unsigned i = 0; i < 7; i++)
			bits = bits << 8 | in[i];
		for (unsigned i = 0; i < 8; i++)
			*out++ = (unsigned char)(0x80 | (bits >> (49 - 7 * i) & 0x7f));
	}
	for (bits = 0; len > 0; len--) {
		bits = bits << 8 | *in++;
		for (held += 8; held >= 7; held -= 7)
			*out++ = (unsigned char)(0x80 | (bits >> (held - 7) & 0x7f));
	}
	if (held > 0)
		*out++ = (unsigned char)(0x80 | (bits << (7 - held) & 0x7f));
	return (out);
}

static unsigned char *
gather(unsigned char *out, struct span in)
{
	uint64_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 7 | ((unsigned char)in.ptr[i] & 0x7f);
		if ((held += 7) >= 8)
			*out++ = (unsigned char)(bits >> (held -= 8));
	}
	return (out);
}

void
tally_cover(struct buf *out, unsigned char nonce[static CRYPTO_COVER_NONCE],
    const unsigned char key[static CRYPTO_COVER_KEY], struct span bytes)
{
	size_t whole = CRYPTO_COVER_NONCE + bytes.len, start = out->len;
	unsigned char *plain;
	uint64_t count;

	/* Covered where the room behind it is, then spread to the front of that. */
	if (buf_reserve(out, TALLY_SPREAD(whole) + whole) == -1)
		return;
	plain = (unsigned char *)out->data + start + TALLY_SPREAD(whole);
	memcpy(&count, nonce + CRYPTO_COVER_NONCE - 8, 8);
	count++;
	memcpy(nonce + CRYPTO_COVER_NONCE - 8, &count, 8);
	memcpy(plain, nonce, CRYPTO_COVER_NONCE);
	if (bytes.len > 0)
		memcpy(plain + CRYPTO_COVER_NONCE, bytes.ptr, bytes.len);
	crypto_cover(key, plain, plain + CRYPTO_COVER_NONCE, bytes.len);
	(void)spread((unsigned char *)out->data + start, plain, whole);
	out->len = start + TALLY_SPREAD(whole);
	out->data[out->len] = '\0';
}

void
tally_uncover(
    struct buf *plain, const unsigned char key[static CRYPTO_COVER_KEY], struct span covered)
{
	unsigned char *start, *end;
	size_t len;

	buf_clear(plain);
	if (buf_reserve(plain, covered.len) == -1)
		return;
	start = (unsigned char *)plain->data;
	end = gather(start, covered);
	len = (size_t)(end - start);
	if (len <= CRYPTO_COVER_NONCE)
		return;
	crypto_cover(key, start, start + CRYPTO_COVER_NONCE, len - CRYPTO_COVER_NONCE);
	plain->len = len - CRYPTO_COVER_NONCE;
	memmove(start, start + CRYPTO_COVER_NONCE, plain->len);
	plain->data[plain->len] = '\0';
}
