/*
 * mask: a reader of the MaxMind DB format, version 2: a binary tree over the
 * bits of an address, whose leaves point into a section of typed data.  Every
 * offset is checked before it is used, and every walk has a bound: the file
 * is somebody else's (ADR 16).
 */
#include "mask/geo.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/span.h"

#define MARKER "\xab\xcd\xefMaxMind.com"
#define MARKER_BYTES 14
#define MARKER_WITHIN ((size_t)128 << 10) /* of the end */
#define GAP_BYTES 16 /* of zeros between tree and data */
#define BYTES_MAX ((size_t)1 << 32)
#define FIELDS_MAX 1024 /* looked at for one answer */

enum type { POINTER = 1, TEXT = 2, U16 = 5, U32 = 6, MAP = 7, ARRAY = 11, BOOLEAN = 14 };

struct base {
	unsigned char *file; /* NULL: none */
	size_t file_len;
	struct span data; /* behind the gap */
	uint32_t node_count, v4_node;
	unsigned record_bits; /* 24, 28 or 32 */
	unsigned address_bits; /* 32 or 128 */
};

struct mask_geo {
	struct base country, asn;
};

/* ---- typed data ---- */

struct field {
	unsigned type;
	uint64_t size; /* bytes; of MAP and ARRAY members; of POINTER where it points */
	struct span value;
};

/* len bytes at *at as a big-endian number; false: they are not there. */
static bool
take(struct span s, size_t *at, unsigned len, uint64_t *n)
{
	if (s.len < len || *at > s.len - len)
		return (false);
	for (*n = 0; len > 0; len--)
		*n = *n << 8 | (unsigned char)s.ptr[(*at)++];
	return (true);
}

static bool
take_pointer(struct span s, size_t *at, unsigned control, struct field *f)
{
	static const uint32_t from[4] = { 0, 2048, 526336, 0 };
	unsigned bytes = (control >> 3 & 3) + 1;
	uint64_t low;

	if (!take(s, at, bytes, &low))
		return (false);
	f->size =
	    bytes == 4 ? low : ((uint64_t)(control & 7) << (8 * bytes) | low) + from[bytes - 1];
	return (true);
}

/* The field at *at, which moves behind it; into maps and arrays. */
static bool
take_field(struct span s, size_t *at, struct field *f)
{
	static const uint32_t from[3] = { 29, 285, 65821 };
	uint64_t control, more;

	if (!take(s, at, 1, &control))
		return (false);
	f->type = (unsigned)control >> 5;
	if (f->type == POINTER)
		return (take_pointer(s, at, (unsigned)control, f));
	if (f->type == 0) {
		if (!take(s, at, 1, &more))
			return (false);
		f->type = 7 + (unsigned)more;
	}
	f->size = control & 31;
	if (f->size >= 29) {
		unsigned bytes = (unsigned)f->size - 28;

		if (!take(s, at, bytes, &more))
			return (false);
		f->size = from[bytes - 1] + more;
	}
	if (f->type == MAP || f->type == ARRAY || f->type == BOOLEAN)
		return (true);
	if (f->size > s.len - *at)
		return (false);
	f->value = span_of(s.ptr + *at, f->size);
	*at += f->size;
	return (true);
}

/* The same; a pointer is followed once, and then *at is where it leads. */
static bool
take_followed(struct span s, size_t *at, struct field *f)
{
	if (!take_field(s, at, f))
		return (false);
	if (f->type != POINTER)
		return (true);
	if (f->size >= s.len)
		return (false);
	*at = f->size;
	return (take_field(s, at, f) && f->type != POINTER);
}

/* Move *at behind a value with all that is in it. */
static bool
skip(struct span s, size_t *at, unsigned *budget)
{
	struct field f;

	for (uint64_t left = 1; left > 0; left--) {
		if (*budget == 0 || !take_field(s, at, &f))
			return (false);
		--*budget;
		if (f.type == MAP)
			left += 2 * f.size;
		else if (f.type == ARRAY)
			left += f.size;
	}
	return (true);
}

/* Where the value of key stands in the map at *at. */
static bool
find_key(struct span s, size_t *at, const char *key, unsigned *budget)
{
	struct field map, name;

	if (!take_followed(s, at, &map) || map.type != MAP)
		return (false);
	for (uint64_t i = 0; i < map.size; i++) {
		size_t text = *at;

		if (*budget == 0 || !take_followed(s, &text, &name) || name.type != TEXT ||
		    !skip(s, at, budget))
			return (false);
		if (span_is(name.value, key))
			return (true);
		if (!skip(s, at, budget))
			return (false);
	}
	return (false);
}

/* The value of a path of at most two keys; false: not there, or of another type. */
static bool
get(struct span s, size_t at, const char *const path[2], unsigned type, struct field *f)
{
	unsigned budget = FIELDS_MAX;

	for (int i = 0; i < 2 && path[i] != NULL; i++)
		if (!find_key(s, &at, path[i], &budget))
			return (false);
	return (take_followed(s, &at, f) && f->type == type);
}

static uint64_t
number_of(const struct field *f)
{
	uint64_t n = 0;
	size_t at = 0;

	return (f->value.len <= 8 && take(f->value, &at, (unsigned)f->value.len, &n) ? n : 0);
}

/* ---- the tree ---- */

/* Where the side of a node leads. */
static uint32_t
follow(const struct base *b, uint32_t node, unsigned side)
{
	const unsigned char *p = b->file + (size_t)node * (b->record_bits / 4);

	switch (b->record_bits) {
	case 24: p += 3 * side; return ((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
	case 28:
		if (side == 0)
			return ((uint32_t)(p[3] & 0xf0) << 20 | (uint32_t)p[0] << 16 |
			    (uint32_t)p[1] << 8 | p[2]);
		return ((uint32_t)(p[3] & 0x0f) << 24 | (uint32_t)p[4] << 16 | (uint32_t)p[5] << 8 |
		    p[6]);
	default:
		p += 4 * side;
		return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	}
}

/* 1 and *at in data; 0: nothing is known; -1: the tree leads nowhere. */
static int
look_up(const struct base *b, const unsigned char *bytes, unsigned len, size_t *at)
{
	uint32_t node = len == 4 ? b->v4_node : 0;

	if (len * 8 > b->address_bits)
		return (0);
	for (unsigned i = 0; i < len * 8 && node < b->node_count; i++)
		node = follow(b, node, bytes[i / 8] >> (7 - i % 8) & 1);
	if (node == b->node_count)
		return (0);
	if (node < b->node_count + GAP_BYTES || node - b->node_count - GAP_BYTES >= b->data.len)
		return (-1);
	*at = node - b->node_count - GAP_BYTES;
	return (1);
}

static bool
is_capital(char c)
{
	return (c >= 'A' && c <= 'Z');
}

void
mask_geo_find(
    const struct mask_geo *geo, const unsigned char *bytes, unsigned len, struct mask_place *place)
{
	static const char *const iso[2] = { "country", "iso_code" },
				 *const code[2] = { "country_code" };
	static const char *const number[2] = { "autonomous_system_number" };
	const struct base *b = &geo->country;
	struct field f;
	size_t at;

	memset(place, 0, sizeof(*place));
	if (b->file != NULL && look_up(b, bytes, len, &at) == 1 &&
	    (get(b->data, at, iso, TEXT, &f) || get(b->data, at, code, TEXT, &f)) &&
	    f.value.len == 2 && is_capital(f.value.ptr[0]) && is_capital(f.value.ptr[1]))
		memcpy(place->country, f.value.ptr, 2);
	b = &geo->asn;
	if (b->file != NULL && look_up(b, bytes, len, &at) == 1 &&
	    get(b->data, at, number, U32, &f) && f.value.len <= 4)
		place->asn = (uint32_t)number_of(&f);
}

/* ---- opening ---- */

static int
map_file(const char *path, struct base *b, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *file;

	if (fd == -1)
		return (err_sys(e, ERR_CONFIG, "geo: %s", path));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (uint64_t)st.st_size >= BYTES_MAX) {
		(void)close(fd);
		return (err_set(e, ERR_CONFIG, "geo: %s: no database", path));
	}
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (file == MAP_FAILED)
		return (err_sys(e, ERR_CONFIG, "geo: %s", path));
	b->file = file;
	b->file_len = (size_t)st.st_size;
	return (0);
}

/* A number of the description. */
static uint64_t
fact(struct span facts, const char *name, unsigned type)
{
	const char *const path[2] = { name, NULL };
	struct field f;

	return (get(facts, 0, path, type, &f) ? number_of(&f) : 0);
}

static bool
read_facts(struct base *b)
{
	struct span file = span_of((const char *)b->file, b->file_len), facts;
	size_t from = file.len > MARKER_WITHIN ? file.len - MARKER_WITHIN : 0, at = SIZE_MAX, tree;
	uint64_t nodes, bits, version;

	for (size_t i = from; i + MARKER_BYTES <= file.len; i++)
		if (memcmp(file.ptr + i, MARKER, MARKER_BYTES) == 0)
			at = i; /* the last one counts */
	if (at == SIZE_MAX)
		return (false);
	facts = span_from(file, at + MARKER_BYTES);
	nodes = fact(facts, "node_count", U32);
	bits = fact(facts, "record_size", U16);
	version = fact(facts, "ip_version", U16);
	if (nodes == 0 || nodes > UINT32_MAX / 2 || (bits != 24 && bits != 28 && bits != 32) ||
	    (version != 4 && version != 6) || fact(facts, "binary_format_major_version", U16) != 2)
		return (false);
	tree = (size_t)nodes * (size_t)(bits / 4);
	if (tree > at || at - tree <= GAP_BYTES)
		return (false);
	b->data = span_of(file.ptr + tree + GAP_BYTES, at - tree - GAP_BYTES);
	b->node_count = (uint32_t)nodes;
	b->record_bits = (unsigned)bits;
	b->address_bits = version == 4 ? 32 : 128;
	return (true);
}

/* IPv4 stands behind 96 zeros; and addresses all over, so that a damaged tree shows. */
static bool
probe(struct base *b)
{
	size_t at;

	for (unsigned i = 0; b->address_bits == 128 && i < 96 && b->v4_node < b->node_count; i++)
		b->v4_node = follow(b, b->v4_node, 0);
	for (unsigned i = 0; i < 256; i++) {
		unsigned char v4[4] = { (unsigned char)i, 1, (unsigned char)(i * 7), 1 };
		unsigned char v6[16] = { 0x20, (unsigned char)i, (unsigned char)(i * 11), 0, 1 };

		if (look_up(b, v4, 4, &at) == -1 || look_up(b, v6, 16, &at) == -1)
			return (false);
	}
	return (true);
}

static int
open_base(const char *path, struct base *b, struct err *e)
{
	if (path[0] == '\0')
		return (0);
	if (map_file(path, b, e) == -1)
		return (-1);
	if (!read_facts(b))
		return (err_set(e, ERR_CONFIG, "geo: %s: no database", path));
	if (!probe(b))
		return (err_set(e, ERR_CONFIG, "geo: %s: the database is damaged", path));
	return (0);
}

int
mask_geo_open(const char *country, const char *asn, struct mask_geo **geo, struct err *e)
{
	struct mask_geo *made;

	*geo = NULL;
	if (country[0] == '\0' && asn[0] == '\0')
		return (0);
	if ((made = calloc(1, sizeof(*made))) == NULL)
		return (err_set(e, ERR_CONFIG, "geo: no memory"));
	if (open_base(country, &made->country, e) == -1 || open_base(asn, &made->asn, e) == -1) {
		mask_geo_close(made);
		return (-1);
	}
	*geo = made;
	return (0);
}

void
mask_geo_close(struct mask_geo *geo)
{
	if (geo == NULL)
		return;
	if (geo->country.file != NULL)
		(void)munmap(geo->country.file, geo->country.file_len);
	if (geo->asn.file != NULL)
		(void)munmap(geo->asn.file, geo->asn.file_len);
	free(geo);
}
