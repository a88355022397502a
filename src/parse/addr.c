/* parse: addresses. */
#include "parse/addr.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Strict dotted quad to 4 bytes. */
static bool
addr_quad(const char *p, size_t len, unsigned char out[static 4])
{
	const char *end = p + len;

	for (int part = 0; part < 4; part++) {
		unsigned value, digit;
		const char *start = p;

		if (part > 0 && (p == end || *p++ != '.'))
			return (false);
		start = p;
		for (value = 0; p < end; p++) {
			digit = (unsigned char)(*p - '0');
			if (digit > 9)
				break;
			value = value * 10 + digit;
			if (value > 255)
				return (false);
		}
		if (p == start || (p - start > 1 && *start == '0'))
			return (false);
		out[part] = (unsigned char)value;
	}
	return (p == end);
}

#define QUAD_LEN_MIN 7
#define QUAD_LEN_MAX 15

static inline uint32_t
addr_load4(const char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return (le32toh(word));
}

static inline uint64_t
addr_load8(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (le64toh(word));
}

#define EACH8(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bit i: byte i of word is a dot. */
static inline unsigned
addr_dots(uint64_t word)
{
	uint64_t x = word ^ EACH8('.'), none = ((x & EACH8(0x7f)) + EACH8(0x7f)) | x;

	return ((unsigned)((~none >> 7 & EACH8(1)) * UINT64_C(0x0102040810204080) >> 56));
}

/*
 * The number of len characters, 1 to 3, in the highest bytes of x, with zeros
 * in '0' xor below; any value over 255 if it is none.
 */
static inline unsigned
addr_octet(uint32_t x, size_t len)
{
	static const uint8_t least[4] = { 0, 0, 10, 100 }; /* no zeros in front */
	unsigned value = (x >> 8 & 0xff) * 100 + (x >> 16 & 0xff) * 10 + (x >> 24);
	bool odd = (((x + 0x76767676u) | x) & 0x80808080u) != 0;

	return (value | (unsigned)(odd || value < least[len]) << 8);
}

/*
 * The same, for what is most often asked: where the dots are says where each
 * number is, and all four are read whatever their lengths.
 */
static bool
addr_quad_quick(struct span text, unsigned char out[static 4])
{
	const char *p = text.ptr;
	size_t dot[3], len[4];
	unsigned dots, octet[4];
	uint64_t head, tail;

	if (text.len < QUAD_LEN_MIN || text.len > QUAD_LEN_MAX)
		return (false);
	head = text.len >= 8 ? addr_load8(p) :
			       addr_load4(p) | (uint64_t)addr_load4(p + QUAD_LEN_MIN - 4) << 24;
	tail = text.len > 8 ? addr_load8(p + text.len - 8) >> 8 * (16 - text.len) : 0;
	dots = addr_dots(head) | addr_dots(tail) << 8;
	for (unsigned i = 0; i < 3; i++, dots &= dots - 1)
		dot[i] = (size_t)__builtin_ctz(dots | 1u << 16);
	len[0] = dot[0];
	len[1] = dot[1] - dot[0] - 1;
	len[2] = dot[2] - dot[1] - 1;
	len[3] = text.len - dot[2] - 1;
	if (dots != 0 || len[0] - 1 > 2 || len[1] - 1 > 2 || len[2] - 1 > 2 || len[3] - 1 > 2)
		return (false);
	octet[0] = addr_octet((addr_load4(p) ^ 0x30303030) << 8 * (4 - len[0]), len[0]);
	octet[1] = addr_octet(
	    (addr_load4(p + dot[0] + 1) ^ 0x30303030) << 8 * (4 - len[1]), len[1]);
	octet[2] = addr_octet(
	    (addr_load4(p + dot[2] - 4) ^ 0x30303030) & ~0u << 8 * (4 - len[2]), len[2]);
	octet[3] = addr_octet(
	    (addr_load4(p + text.len - 4) ^ 0x30303030) & ~0u << 8 * (4 - len[3]), len[3]);
	for (unsigned i = 0; i < 4; i++)
		out[i] = (unsigned char)octet[i];
	return ((octet[0] | octet[1] | octet[2] | octet[3]) <= 255);
}

static int
addr_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)(c | 0x20);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* One group of 1 to 4 hex digits; returns the characters read, 0 if none. */
static size_t
addr_group(struct span text, unsigned *value)
{
	size_t i = 0;
	int digit;

	*value = 0;
	while (i < text.len && i < 5 && (digit = addr_hex_digit(text.ptr[i])) >= 0) {
		*value = *value << 4 | (unsigned)digit;
		i++;
	}
	return (i > 4 ? 0 : i);
}

/* Put what stands behind "::" at the end; at is where it stands now. */
static bool
addr_spread(unsigned char out[static 16], size_t gap, size_t filled)
{
	size_t tail = filled - gap;

	if (filled > 14) /* "::" stands for one group at least */
		return (false);
	memmove(out + 16 - tail, out + gap, tail);
	memset(out + gap, 0, 16 - filled);
	return (true);
}

/* Strict RFC 4291 text to 16 bytes. */
static bool
addr_v6(struct span text, unsigned char out[static 16])
{
	size_t at = 0, filled = 0, gap = SIZE_MAX, got;
	unsigned value;

	if (text.len < 2 || text.len > 45)
		return (false);
	if (text.ptr[0] == ':') {
		if (text.ptr[1] != ':')
			return (false);
		gap = 0;
		at = 2;
	}
	while (at < text.len) {
		if (filled == 16 || (got = addr_group(span_from(text, at), &value)) == 0)
			return (false);
		if (at + got < text.len && text.ptr[at + got] == '.') {
			if (filled > 12 || !addr_quad(text.ptr + at, text.len - at, out + filled))
				return (false);
			filled += 4;
			break;
		}
		out[filled++] = (unsigned char)(value >> 8);
		out[filled++] = (unsigned char)value;
		at += got;
		if (at == text.len)
			break;
		if (text.ptr[at++] != ':' || at == text.len)
			return (false);
		if (text.ptr[at] == ':') {
			if (gap != SIZE_MAX)
				return (false);
			gap = filled;
			at++;
		}
	}
	return (gap == SIZE_MAX ? filled == 16 : addr_spread(out, gap, filled));
}

/* One part in inet_aton's sense: decimal, 0octal or 0xhex; false if none. */
static bool
addr_loose_part(struct span part, uint64_t *value)
{
	bool hex = part.len > 2 && part.ptr[0] == '0' && (part.ptr[1] | 0x20) == 'x';
	size_t i = hex ? 2 : 0;

	*value = 0;
	if (part.len == 0 || part.len > 16)
		return (false);
	for (; i < part.len; i++) {
		int digit = addr_hex_digit(part.ptr[i]);

		if (digit < 0 || (!hex && digit > 9))
			return (false);
		*value = hex ? *value << 4 | (unsigned)digit : *value * 10 + (unsigned)digit;
	}
	return (true);
}

/*
 * What inet_aton(3) or a sloppy reader may take for an IPv4 address: one to
 * four numeric parts, whatever their value.  A single number counts only if
 * its first octet is not zero, else every small number would be an address.
 */
static bool
addr_like_v4(struct span text)
{
	size_t at = 0, dot;
	unsigned parts = 0;
	uint64_t value = 0;

	if (text.len > 1 && text.ptr[text.len - 1] == '.')
		text.len--; /* the root dot of a host name */
	do {
		struct span rest = span_from(text, at);

		dot = span_find(rest, '.');
		if (!addr_loose_part(span_of(rest.ptr, dot), &value) || ++parts > 4)
			return (false);
		at += dot + 1;
	} while (at <= text.len);
	return (parts > 1 || (value >> 24 != 0 && value >> 32 == 0));
}

/* Hex digits, colons and dots with "::" or many colons, but not strict. */
static bool
addr_like_v6(struct span text)
{
	unsigned colons = 0;
	bool twice = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == ':') {
			colons++;
			twice = twice || (i > 0 && text.ptr[i - 1] == ':');
		} else if (c != '.' && addr_hex_digit(c) < 0) {
			return (false);
		}
	}
	return (twice || colons > 5);
}

/* IPv4-mapped becomes IPv4: one host, one canonical value (masking.md B3). */
static void
addr_unmap(struct parse_addr *addr)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	addr->len = 16;
	if (memcmp(addr->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(addr->bytes, addr->bytes + 12, 4);
		memset(addr->bytes + 4, 0, 12);
		addr->len = 4;
	}
}

static enum parse_addr_kind
addr_colons(struct span text, struct parse_addr *addr)
{
	size_t zone = span_find(text, '%');
	struct span bare = span_of(text.ptr, zone);
	struct parse_addr made;

	if (zone + 1 != text.len && addr_v6(bare, made.bytes)) {
		addr_unmap(&made);
		*addr = made;
		return (PARSE_ADDR_OK);
	}
	return (addr_like_v6(bare) ? PARSE_ADDR_LIKE : PARSE_ADDR_NONE);
}

static inline void
addr_set_quad(struct parse_addr *addr, const unsigned char quad[static 4])
{
	memset(addr->bytes, 0, sizeof(addr->bytes));
	memcpy(addr->bytes, quad, 4);
	addr->len = 4;
}

enum parse_addr_kind
parse_addr(struct span text, struct parse_addr *addr)
{
	unsigned char quad[4];

	if (text.len == 0 || text.len > 128)
		return (PARSE_ADDR_NONE);
	if (addr_quad_quick(text, quad)) {
		addr_set_quad(addr, quad);
		return (PARSE_ADDR_OK);
	}
	if (memchr(text.ptr, ':', text.len) != NULL)
		return (addr_colons(text, addr));
	text.len = span_find(text, '%');
	return (addr_like_v4(text) ? PARSE_ADDR_LIKE : PARSE_ADDR_NONE);
}

/* Decimal port; -1 if it is none. */
static int
addr_port(struct span text)
{
	int port = 0;

	if (text.len == 0 || text.len > 5)
		return (-1);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)(text.ptr[i] - '0') > 9)
			return (-1);
		port = port * 10 + (text.ptr[i] - '0');
	}
	return (port <= 65535 ? port : -1);
}

/* The address in front of a port that cannot be read is no strict address. */
static enum parse_addr_kind
addr_before_port(struct span host, struct span port_text, struct parse_addr *addr, int *port)
{
	struct parse_addr made;
	enum parse_addr_kind kind = parse_addr(host, &made);

	*port = addr_port(port_text);
	if (kind == PARSE_ADDR_OK && *port == -1)
		return (PARSE_ADDR_LIKE);
	if (kind == PARSE_ADDR_OK)
		*addr = made;
	else if (kind == PARSE_ADDR_NONE)
		*port = -1;
	return (kind);
}

/* "[address]:port"; inner starts behind the bracket. */
static enum parse_addr_kind
addr_brackets(struct span inner, struct parse_addr *addr, int *port)
{
	size_t at = span_find(inner, ']');
	struct span behind = span_from(inner, at + 1);
	enum parse_addr_kind kind;

	if (at < inner.len && behind.len > 0 && behind.ptr[0] == ':') {
		inner.len = at;
		return (addr_before_port(inner, span_from(behind, 1), addr, port));
	}
	kind = parse_addr(span_of(inner.ptr, at), addr);
	if (kind == PARSE_ADDR_OK && (at == inner.len || behind.len > 0))
		return (PARSE_ADDR_LIKE);
	return (kind);
}

enum parse_addr_kind
parse_addr_port(struct span text, struct parse_addr *addr, int *port)
{
	unsigned char quad[4];
	struct span behind;
	size_t at;

	*port = -1;
	if (addr_quad_quick(text, quad)) {
		addr_set_quad(addr, quad);
		return (PARSE_ADDR_OK);
	}
	if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = span_of(text.ptr + 1, text.len - 2);
	if (text.len > 0 && text.ptr[0] == '[')
		return (addr_brackets(span_from(text, 1), addr, port));
	at = span_find(text, ':');
	behind = span_from(text, at + 1);
	if (at < text.len && span_find(behind, ':') == behind.len)
		return (addr_before_port(span_of(text.ptr, at), behind, addr, port));
	return (parse_addr(text, addr));
}
