/* A database of the MaxMind DB format with a few networks, written by its public description. */
#ifndef CRETULA_TEST_MMDB_H
#define CRETULA_TEST_MMDB_H

#include <stdint.h>
#include <string.h>

#define MMDB_NODES_MAX 512
#define MMDB_BYTES_MAX 12288

struct mmdb {
	unsigned ip_version;
	unsigned record_bits; /* 24, 28 or 32 */
	uint32_t gap; /* bytes that the test puts before data */
	uint32_t node[MMDB_NODES_MAX][2]; /* 0: nothing; 1..: a node; with DATA an offset in data */
	unsigned node_count;
	unsigned char data[4096];
	size_t data_len;
};
#define MMDB_DATA UINT32_C(0x80000000)

static inline void
mmdb_start(struct mmdb *m, unsigned ip_version)
{
	memset(m, 0, sizeof(*m));
	m->ip_version = ip_version;
	m->record_bits = 24;
	m->node_count = 1;
}

static inline unsigned char *
mmdb_text(unsigned char *p, const char *text)
{
	size_t len = strlen(text);

	if (len < 29)
		*p++ = (unsigned char)(2 << 5 | len);
	else {
		*p++ = 2 << 5 | 29;
		*p++ = (unsigned char)(len - 29);
	}
	memcpy(p, text, len);
	return (p + len);
}

static inline unsigned char *
mmdb_number(unsigned char *p, unsigned type, uint32_t n, unsigned bytes)
{
	if (type > 7) {
		*p++ = (unsigned char)bytes;
		*p++ = (unsigned char)(type - 7);
	} else
		*p++ = (unsigned char)(type << 5 | bytes);
	for (unsigned i = bytes; i-- > 0;)
		*p++ = (unsigned char)(n >> (8 * i));
	return (p);
}

/* {country: {iso_code: country}, autonomous_system_number: asn}: its place. */
static inline uint32_t
mmdb_place(struct mmdb *m, const char *country, uint32_t asn)
{
	unsigned char *p = m->data + m->data_len;
	uint32_t at = (uint32_t)m->data_len;

	*p++ = 7 << 5 | 2;
	p = mmdb_text(p, "country");
	*p++ = 7 << 5 | 1;
	p = mmdb_text(p, "iso_code");
	p = mmdb_text(p, country);
	p = mmdb_text(p, "autonomous_system_number");
	p = mmdb_number(p, 6, asn, 4);
	m->data_len = (size_t)(p - m->data);
	return (at | MMDB_DATA);
}

/* The first bits of bytes lead to place; an IPv4 network of a tree of IPv6 begins behind 96 zeros. */
static inline void
mmdb_add(struct mmdb *m, const unsigned char *bytes, unsigned bits, uint32_t place)
{
	unsigned at = 0;

	for (unsigned i = 0; i < bits; i++) {
		unsigned bit = bytes[i / 8] >> (7 - i % 8) & 1;

		if (i + 1 == bits) {
			m->node[at][bit] = place;
			return;
		}
		if ((m->node[at][bit] & MMDB_DATA) != 0)
			return; /* a wider network has it already */
		if (m->node[at][bit] == 0)
			m->node[at][bit] = m->node_count++;
		at = m->node[at][bit];
	}
}

static inline unsigned char *
mmdb_node(unsigned char *p, unsigned record_bits, const uint32_t to[2])
{
	unsigned low = record_bits == 32 ? 4 : 3;

	for (unsigned side = 0; side < 2; side++) {
		for (unsigned i = low; i-- > 0;)
			*p++ = (unsigned char)(to[side] >> (8 * i));
		if (side == 0 && record_bits == 28)
			*p++ = (unsigned char)((to[0] >> 24 & 15) << 4 | (to[1] >> 24 & 15));
	}
	return (p);
}

/* Returns the bytes written to out. */
static inline size_t
mmdb_write(const struct mmdb *m, unsigned char out[static MMDB_BYTES_MAX])
{
	unsigned char *p = out;

	for (unsigned i = 0; i < m->node_count; i++) {
		uint32_t to[2];

		for (int side = 0; side < 2; side++) {
			to[side] = m->node[i][side];
			if ((to[side] & MMDB_DATA) != 0)
				to[side] = m->node_count + 16 + m->gap + (to[side] & ~MMDB_DATA);
			else if (to[side] == 0)
				to[side] = m->node_count;
		}
		p = mmdb_node(p, m->record_bits, to);
	}
	memset(p, 0, 16);
	p += 16;
	memcpy(p, m->data, m->data_len);
	p += m->data_len;
	memcpy(p, "\xab\xcd\xefMaxMind.com", 14);
	p += 14;
	*p++ = 7 << 5 | 9;
	p = mmdb_number(mmdb_text(p, "node_count"), 6, m->node_count, 4);
	p = mmdb_number(mmdb_text(p, "record_size"), 5, m->record_bits, 2);
	p = mmdb_number(mmdb_text(p, "ip_version"), 5, m->ip_version, 2);
	p = mmdb_text(mmdb_text(p, "database_type"), "Test");
	p = mmdb_text(p, "languages");
	*p++ = 0; /* an empty array */
	*p++ = 11 - 7;
	p = mmdb_number(mmdb_text(p, "binary_format_major_version"), 5, 2, 2);
	p = mmdb_number(mmdb_text(p, "binary_format_minor_version"), 5, 0, 2);
	p = mmdb_number(mmdb_text(p, "build_epoch"), 9, 1764000000, 4);
	p = mmdb_text(p, "description");
	*p++ = 7 << 5;
	return ((size_t)(p - out));
}

#endif
