/* Bytes that must not stay, bytes that must not be guessed: apart from what makes secrets. */
#include <string.h>

#include "crypto/random.h"

void
crypto_wipe(void *bytes, size_t len)
{
	explicit_bzero(bytes, len);
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *one = a, *other = b;
	unsigned differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= (unsigned)one[i] ^ other[i];
	return (differs == 0);
}
