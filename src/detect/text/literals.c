/*
 * detect: the literals that a text is searched for, all at once.  Buckets of
 * literals that begin alike leave the sieve few false alarms; a table of the
 * first three bytes ends most of those.
 */
#include <stdlib.h>

#include "detect/text/sieve.h"

#define SLOTS 1024 /* a power of two */
#define BUCKETS (8 * SIEVE_GROUPS)

/* Searched for as they are (prefixes.def), or in any case. */
static struct literal {
	struct span text;
	bool folded;
} literals[] = {
#define PREFIX(text, tail) { SPAN(text), false },
#include "detect/prefixes.def"
#undef PREFIX
	/* JSON objects in base64: a JWT begins so. */
	{ SPAN("eyJ"), false },
	{ SPAN("eyA"), false },
	{ SPAN("ewo"), false },
	/* GitHub's with a checksum. */
	{ SPAN("ghp_"), false },
	{ SPAN("gho_"), false },
	{ SPAN("ghu_"), false },
	{ SPAN("ghs_"), false },
	{ SPAN("ghr_"), false },
	/* Names that something secret is assigned to; what stands around them is looked at. */
	{ SPAN("access"), true },
	{ SPAN("apikey"), true },
	{ SPAN("api-key"), true },
	{ SPAN("api_key"), true },
	{ SPAN("apitoken"), true },
	{ SPAN("aspsession"), true },
	{ SPAN("authorization"), true },
	{ SPAN("cfid="), true },
	{ SPAN("credential"), true },
	{ SPAN("jsessionid"), true },
	{ SPAN("jwt"), true },
	{ SPAN("pass"), true },
	{ SPAN("phpsessid"), true },
	{ SPAN("private"), true },
	{ SPAN("pwd"), true },
	{ SPAN("secret"), true },
	{ SPAN("sess"), true },
	{ SPAN("sid="), true },
	{ SPAN("signature"), true },
	{ SPAN("token"), true },
	/* Schemes, zones, and what makes nine digits a number of a state. */
	{ SPAN("basic "), true },
	{ SPAN("bearer "), true },
	{ SPAN(".arpa"), true },
	{ SPAN("ssn"), true },
};
const unsigned detect_literal_count = sizeof(literals) / sizeof(literals[0]);
_Static_assert(sizeof(literals) / sizeof(literals[0]) < 255, "a slot holds a number and one");

struct detect_literals detect_literals;
static uint8_t slots[SLOTS]; /* number of the first literal of a head, plus one */

static uint32_t
head_of(const char *text)
{
	return (((uint32_t)(unsigned char)text[0] | (uint32_t)(unsigned char)text[1] << 8 |
		    (uint32_t)(unsigned char)text[2] << 16) |
	    0x202020);
}

static size_t
slot_of(uint32_t head)
{
	return (head * UINT32_C(0x9e3779b1) >> 22 & (SLOTS - 1));
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = __builtin_bswap32(head_of(((const struct literal *)a)->text.ptr));
	uint32_t y = __builtin_bswap32(head_of(((const struct literal *)b)->text.ptr));

	return ((x > y) - (x < y));
}

/* ---- buckets: as few texts as possible may look like one of theirs ---- */

struct bucket {
	uint16_t low[SIEVE_HEAD], high[SIEVE_HEAD]; /* nibbles that it lets through, by place */
};
static struct bucket buckets[BUCKETS];

static void
let_through(struct bucket *b, unsigned place, unsigned char c)
{
	b->low[place] |= (uint16_t)(1u << (c & 15));
	b->high[place] |= (uint16_t)(1u << (c >> 4));
}

static void
add_literal(struct bucket *b, const struct literal *literal)
{
	for (unsigned place = 0; place < SIEVE_HEAD; place++) {
		char c = place < literal->text.len ? literal->text.ptr[place] : '\0';

		if (place >= literal->text.len) {
			b->low[place] = b->high[place] = UINT16_MAX;
			continue;
		}
		let_through(b, place, (unsigned char)c);
		if (literal->folded && (unsigned char)((c | 0x20) - 'a') < 26)
			let_through(b, place, (unsigned char)(c ^ 0x20));
	}
}

/* How many heads it lets through. */
static uint64_t
width(const struct bucket *b)
{
	uint64_t product = 1;

	for (unsigned place = 0; place < SIEVE_HEAD; place++)
		product *= (uint64_t)(__builtin_popcount(b->low[place]) *
		    __builtin_popcount(b->high[place]));
	return (product);
}

/* Into the bucket that grows least. */
static void
place_literal(const struct literal *literal)
{
	uint64_t least = UINT64_MAX;
	struct bucket *best = NULL;

	for (unsigned i = 0; i < BUCKETS; i++) {
		struct bucket grown = buckets[i];
		uint64_t more;

		add_literal(&grown, literal);
		more = width(&grown) - width(&buckets[i]);
		if (more < least) {
			least = more;
			best = &buckets[i];
		}
	}
	add_literal(best, literal);
}

static void
make_tables(void)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (unsigned place = 0; place < SIEVE_HEAD; place++)
			for (unsigned n = 0; n < 16; n++) {
				uint8_t bit = (uint8_t)(1u << i % 8);

				if ((buckets[i].low[place] >> n & 1) != 0)
					detect_literals.low[i / 8][place][n] |= bit;
				if ((buckets[i].high[place] >> n & 1) != 0)
					detect_literals.high[i / 8][place][n] |= bit;
			}
}

__attribute__((constructor)) static void
start(void)
{
	size_t count = detect_literal_count;

	qsort(literals, count, sizeof(literals[0]), compare);
	for (size_t i = 0; i < count; i++) {
		uint32_t head = head_of(literals[i].text.ptr);
		size_t at = slot_of(head);

		place_literal(&literals[i]);
		if (i > 0 && head_of(literals[i - 1].text.ptr) == head)
			continue;
		while (slots[at] != 0)
			at = (at + 1) & (SLOTS - 1);
		slots[at] = (uint8_t)(i + 1);
	}
	make_tables();
}

static bool
is_literal(struct span rest, const struct literal *literal)
{
	if (!literal->folded)
		return (span_starts(rest, literal->text));
	if (rest.len < literal->text.len)
		return (false);
	for (size_t i = 0; i < literal->text.len; i++)
		if ((rest.ptr[i] | 0x20) != (literal->text.ptr[i] | 0x20))
			return (false);
	return (true);
}

bool
detect_literal_at(struct span rest)
{
	uint32_t head;

	if (rest.len < 3)
		return (false);
	head = head_of(rest.ptr);
	for (size_t at = slot_of(head); slots[at] != 0; at = (at + 1) & (SLOTS - 1)) {
		size_t i = slots[at] - 1u;

		if (head_of(literals[i].text.ptr) != head)
			continue;
		for (; i < detect_literal_count && head_of(literals[i].text.ptr) == head; i++)
			if (is_literal(rest, &literals[i]))
				return (true);
		return (false);
	}
	return (false);
}
