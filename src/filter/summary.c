#include "filter/summary.h"

#include <endian.h>

#include "filter/inside.h"

#define BLOOM_BITS (FILTER_BLOOM_BYTES * 8)
#define BLOOM_PROBES 4

_Static_assert((BLOOM_BITS & (BLOOM_BITS - 1)) == 0, "a mask finds a bit");

/* FNV-1a, mixed: stored, so it never changes; who fills the filter only costs time. */
static uint64_t
hash(enum record_field field, struct span text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	h = (h ^ (unsigned)field) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	return (h ^ h >> 33);
}

static void
bloom_add(struct filter_summary *s, enum record_field field, struct span text)
{
	uint64_t h = hash(field, text);

	for (int i = 0; i < BLOOM_PROBES; i++, h = h >> 16 | h << 48)
		s->bloom[h % BLOOM_BITS / 8] |= (unsigned char)(1u << (h % 8));
}

static bool
bloom_has(const struct filter_summary *s, enum record_field field, struct span text)
{
	uint64_t h = hash(field, text);

	for (int i = 0; i < BLOOM_PROBES; i++, h = h >> 16 | h << 48)
		if ((s->bloom[h % BLOOM_BITS / 8] & 1u << (h % 8)) == 0)
			return (false);
	return (true);
}

void
filter_summary_clear(struct filter_summary *s)
{
	memset(s, 0, sizeof(*s));
	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		s->least[f] = INT64_MAX;
		s->most[f] = INT64_MIN;
	}
}

static void
add_number(struct filter_summary *s, enum record_field field, int64_t n)
{
	if (n < s->least[field])
		s->least[field] = n;
	if (n > s->most[field])
		s->most[field] = n;
}

void
filter_summary_add(struct filter_summary *s, const struct record *r)
{
	s->present |= r->present;
	if (record_has(r, RECORD_FIELD_FLAGS))
		s->flags |= r->flags;
	for (uint64_t left = r->present; left != 0; left &= left - 1) {
		enum record_field f = (enum record_field)__builtin_ctzll(left);

		switch (record_fields[f].type) {
		case RECORD_TIME: add_number(s, f, r->time_us); break;
		case RECORD_INT: add_number(s, f, r->number[f]); break;
		case RECORD_TEXT: bloom_add(s, f, r->text[f]); break;
		case RECORD_LIST:
			for (size_t i = 0; i < r->forwarded_count; i++)
				bloom_add(s, f, r->forwarded[i]);
			break;
		default: break; /* flags above; extra is not told apart */
		}
	}
}

/* ---- may it match? ---- */

static bool
number_may(const struct filter_term *term, int64_t least, int64_t most)
{
	if (!term->is_number)
		return (false);
	switch (term->op) {
	case FILTER_EQ: return (least <= term->number && term->number <= most);
	case FILTER_LT: return (least < term->number);
	case FILTER_LE: return (least <= term->number);
	case FILTER_GT: return (most > term->number);
	case FILTER_GE: return (most >= term->number);
	default: return (true);
	}
}

static bool
flags_may(const struct filter_term *term, uint64_t flags)
{
	if (term->op != FILTER_EQ)
		return (true);
	for (; flags != 0; flags &= flags - 1)
		if (span_is(term->text, record_flags[__builtin_ctzll(flags)].name))
			return (true);
	return (false);
}

/* The contrary of a term holds for records without the field: it is not looked at. */
static bool
term_may(const struct filter_term *term, const struct filter_summary *s)
{
	enum record_field f = term->field;

	if (term->negate || f == RECORD_FIELD_STATE) /* which parsed records do not say */
		return (true);
	if ((s->present >> f & 1) == 0)
		return (false);
	switch (record_fields[f].type) {
	case RECORD_TIME:
	case RECORD_INT: return (number_may(term, s->least[f], s->most[f]));
	case RECORD_FLAGS: return (flags_may(term, s->flags));
	case RECORD_EXTRA: return (true);
	default: return (term->op != FILTER_EQ || bloom_has(s, f, term->text));
	}
}

static bool
node_may(const struct filter *filter, const struct filter_summary *s, uint8_t at)
{
	const struct filter_node *node = &filter->nodes[at];

	while (node->joins) {
		if (node_may(filter, s, node->left) == node->any)
			return (node->any);
		node = &filter->nodes[node->right];
	}
	return (term_may(&filter->terms[node->term], s));
}

bool
filter_may(const struct filter *filter, const struct filter_summary *s)
{
	return (node_may(filter, s, filter->root));
}

/* ---- bytes ---- */

static unsigned char *
put(unsigned char *out, uint64_t n)
{
	n = htole64(n);
	memcpy(out, &n, sizeof(n));
	return (out + sizeof(n));
}

static const unsigned char *
take(const unsigned char *in, uint64_t *n)
{
	memcpy(n, in, sizeof(*n));
	*n = le64toh(*n);
	return (in + sizeof(*n));
}

void
filter_summary_print(const struct filter_summary *s, unsigned char out[static FILTER_SUMMARY_BYTES])
{
	out = put(put(out, s->present), s->flags);
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		out = put(put(out, (uint64_t)s->least[f]), (uint64_t)s->most[f]);
	memcpy(out, s->bloom, sizeof(s->bloom));
}

void
filter_summary_read(struct filter_summary *s, const unsigned char in[static FILTER_SUMMARY_BYTES])
{
	uint64_t least, most;

	in = take(take(in, &s->present), &s->flags);
	s->flags &= ((UINT64_C(1) << (RECORD_FLAG_COUNT - 1)) << 1) - 1; /* those there are */
	for (int f = 0; f < RECORD_FIELD_COUNT; f++) {
		in = take(take(in, &least), &most);
		s->least[f] = (int64_t)least;
		s->most[f] = (int64_t)most;
	}
	memcpy(s->bloom, in, sizeof(s->bloom));
}
