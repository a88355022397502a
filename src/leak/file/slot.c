/*
 * A file of a key says nothing of anybody, but its random bytes may look so:
 * magic 16 | kind 16 | number 8 | secret 32 | zeros | 16 bytes of SHA-256 of
 * all before (docs/format.md, 9).
 */
#include <string.h>

#include "crypto/sha256.h"
#include "leak/file/inside.h"

#define MAGIC "cretula slot v1\n"
#define KIND_AT 16
#define NUMBER_AT 32
#define SECRET_AT 40
#define ZEROS_AT 72
#define SUM_AT 496

static bool
is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return (false);
	return (true);
}

/* A word of small letters in sixteen bytes, zeros behind it. */
static bool
is_kind(const unsigned char *kind)
{
	size_t len = 0;

	while (len < NUMBER_AT - KIND_AT && kind[len] >= 'a' && kind[len] <= 'z')
		len++;
	return (len > 0 && is_zero(kind + len, NUMBER_AT - KIND_AT - len));
}

bool
leak_slot_blank(unsigned char bytes[static LEAK_SLOT_BYTES])
{
	unsigned char sum[CRYPTO_SHA256_BYTES];

	if (memcmp(bytes, MAGIC, KIND_AT) != 0 || !is_kind(bytes + KIND_AT) ||
	    !is_zero(bytes + ZEROS_AT, SUM_AT - ZEROS_AT))
		return (false);
	crypto_sha256(bytes, SUM_AT, sum);
	if (memcmp(bytes + SUM_AT, sum, LEAK_SLOT_BYTES - SUM_AT) != 0)
		return (false);
	memset(bytes + SECRET_AT, 0, ZEROS_AT - SECRET_AT);
	memset(bytes + SUM_AT, 0, LEAK_SLOT_BYTES - SUM_AT);
	return (true);
}
