/* table: rows of names, found by a small hash. */
#include <assert.h>

#include "parse/event.h"
#include "parse/json/read.h"
#include "parse/json/format/web.h"

#define NONE PARSE_JSON_AS_REST, 0
#define TEXT(field) PARSE_JSON_AS_TEXT, EVENT_##field
#define LIST(field) PARSE_JSON_AS_LIST, EVENT_##field
#define EXTRA(kind) PARSE_JSON_AS_EXTRA, EVENT_EXTRA_##kind

const struct parse_json_name parse_json_headers[] = {
#define HEADER(id, name, row) { SPAN(name), row, PARSE_JSON_ONE, name },
#include "parse/headers.def"
#undef HEADER
};
const unsigned parse_json_header_count = EVENT_HEADER_COUNT;
_Static_assert(
    sizeof(parse_json_headers) / sizeof(parse_json_headers[0]) == EVENT_HEADER_COUNT, "one each");

#define HEADER_SEED UINT32_C(0x9e3779b9)

static inline uint32_t
load32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

static inline uint64_t
load64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

/* Both ends and the length: names of a format hardly agree in all three. */
static inline unsigned
name_hash(struct span name, uint32_t seed)
{
	uint64_t a, b;

	if (name.len >= 8) {
		a = load64(name.ptr);
		b = load64(name.ptr + name.len - 8);
	} else if (name.len >= 4) {
		a = load32(name.ptr);
		b = load32(name.ptr + name.len - 4);
	} else {
		a = name.len == 0 ? 0 : (unsigned char)name.ptr[0];
		b = name.len == 0 ? 0 :
				    (uint64_t)(unsigned char)name.ptr[name.len / 2] << 8 |
			(unsigned char)name.ptr[name.len - 1];
	}
	a = (a ^ (name.len + seed)) * UINT64_C(0x9e3779b97f4a7c15);
	b = (b ^ a >> 32) * UINT64_C(0xc2b2ae3d27d4eb4f);
	return ((unsigned)((a ^ b) >> 53) & (PARSE_JSON_SLOTS - 1));
}

static inline uint64_t
differ64(const char *a, const char *b)
{
	return (load64(a) ^ load64(b));
}

/* As span_equal, of names that hardly ever differ where a hash agrees: no branch a byte. */
static inline bool
is_name(struct span a, struct span b)
{
	const char *last_a = a.ptr + a.len, *last_b = b.ptr + b.len;
	uint64_t differ;

	if (a.len != b.len)
		return (false);
	if (a.len < 8 || a.len > 32)
		return (span_equal(a, b));
	differ = differ64(a.ptr, b.ptr) | differ64(last_a - 8, last_b - 8);
	if (a.len > 16)
		differ |= differ64(a.ptr + 8, b.ptr + 8) | differ64(last_a - 16, last_b - 16);
	return (differ == 0);
}

/* Two rows of one name: the first one is found. */
static int
find(const struct parse_json_table *table, struct span name, uint32_t seed, bool header)
{
	for (unsigned at = name_hash(name, seed); table->slot[at] != 0;
	     at = (at + 1) & (PARSE_JSON_SLOTS - 1)) {
		unsigned row = table->slot[at] - 1u;

		if ((row >= table->count) == header && is_name(table->row[row]->path, name))
			return ((int)row);
	}
	return (-1);
}

int
parse_json_table_find(const struct parse_json_table *table, struct span path)
{
	return (find(table, path, 0, false));
}

int
parse_json_table_header(const struct parse_json_table *table, struct span name)
{
	return (find(table, name, HEADER_SEED, true));
}

static void
add(struct parse_json_table *table, const struct parse_json_name *names, unsigned count,
    unsigned *total, uint32_t seed)
{
	assert(*total + count <= PARSE_JSON_ROWS_MAX);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = name_hash(names[i].path, seed);

		while (table->slot[at] != 0)
			at = (at + 1) & (PARSE_JSON_SLOTS - 1);
		table->trees = table->trees || names[i].as == PARSE_JSON_AS_TREE;
		table->row[*total] = &names[i];
		table->slot[at] = (uint16_t)++ * total;
	}
}

static void
mark_own(struct parse_json_table *table, struct span paths)
{
	while (paths.len > 0) {
		size_t len = span_find(paths, ' ');
		int row = parse_json_table_find(table, span_of(paths.ptr, len));

		assert(row != -1);
		table->own[row] = true;
		paths = span_from(paths, len + 1);
	}
}

void
parse_json_table_build(struct parse_json_table *table, const struct parse_json_format *format,
    const struct parse_json_map *map)
{
	unsigned total = 0;

	memset(table, 0, sizeof(*table));
	for (unsigned i = 0; map != NULL && i < map->count; i++)
		parse_json_map_row(map, i, &table->mapped[i]);
	if (map != NULL)
		add(table, table->mapped, map->count, &total, 0);
	add(table, format->names, format->count, &total, 0);
	if (format->web)
		add(table, parse_json_web, parse_json_web_count, &total, 0);
	table->count = total;
	mark_own(table, span_str(format->own));
	add(table, parse_json_headers, parse_json_header_count, &total, HEADER_SEED);
	table->format = format;
}
