/* key, inside: little-endian numbers in files. */
#ifndef CRETULA_KEY_BYTES_H
#define CRETULA_KEY_BYTES_H

#include <stdint.h>

static inline void
key_put_le32(unsigned char *out, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (unsigned char)(n >> 8 * i);
}

static inline void
key_put_le64(unsigned char *out, uint64_t n)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)(n >> 8 * i);
}

static inline uint32_t
key_get_le32(const unsigned char *p)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n |= (uint32_t)p[i] << 8 * i;
	return (n);
}

static inline uint64_t
key_get_le64(const unsigned char *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		n |= (uint64_t)p[i] << 8 * i;
	return (n);
}

#endif
