#include <endian.h>
#include <string.h>

#include "crypto/sha256.h"
#include "mask/inside.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* As text_base32 does it, five bytes to eight characters at a time. */
static inline void
print(const unsigned char mac[static MASK_TOKEN_RAW], char *out)
{
	for (unsigned half = 0; half < 2; half++) {
		const unsigned char *in = mac + 5 * half;
		uint64_t x = (uint64_t)in[0] << 32 | (uint64_t)in[1] << 24 |
		    (uint64_t)in[2] << 16 | (uint64_t)in[3] << 8 | in[4];
		uint64_t digits; /* one where a byte is no letter */

		/* Two times 20 bits, four times ten, eight times five. */
		x = (x & UINT64_C(0xfffff00000)) << 12 | (x & 0xfffff);
		x = (x & UINT64_C(0x000ffc00000ffc00)) << 6 | (x & UINT64_C(0x000003ff000003ff));
		x = (x & UINT64_C(0x03e003e003e003e0)) << 3 | (x & UINT64_C(0x001f001f001f001f));
		digits = (x + EACH(0x80 - 26)) >> 7 & EACH(1);
		x = htobe64(x + EACH('a') - digits * ('a' + 26 - '2'));
		memcpy(out + 8 * half, &x, sizeof(x));
	}
}
_Static_assert(MASK_TOKEN_RAW == 10, "two halves");

/* Compute the first count of them; those behind move up. */
static void
finish(struct mask_pending *p, unsigned count)
{
	unsigned char macs[MASK_PENDING_MAX][32];

	crypto_hmac_many(p->in, count, macs);
	for (unsigned i = 0; i < count; i++)
		print(macs[i], p->out[i]);
	p->count -= count;
	memmove(p->in, p->in + count, p->count * sizeof(p->in[0]));
	memmove(p->out, p->out + count, p->count * sizeof(p->out[0]));
}

void
mask_pending_finish(struct mask *m)
{
	finish(&m->pending, m->pending.count);
	m->pending.line = 0;
}

static const char dots[] = "................";
_Static_assert(sizeof(dots) - 1 == MASK_TOKEN_BYTES - 3, "what a token is until it is known");

unsigned char *
mask_pending_add(struct mask *m, const struct crypto_hmac_key *key, char *out)
{
	struct mask_pending *p = &m->pending;

	/* Those of the line at hand point to its texts: that is as good a time. */
	if (p->count == MASK_PENDING_MAX)
		mask_pending_finish(m);
	p->in[p->count].key = *key;
	p->out[p->count] = out;
	/* Texts of the table have them already; what is written anew, the encoder waits for. */
	if (memcmp(out, dots, sizeof(dots) - 1) != 0)
		memcpy(out, dots, sizeof(dots) - 1);
	return (p->in[p->count++].block);
}

void
mask_pending_before(struct mask *m, const unsigned char first[static 64])
{
	struct mask_pending *p = &m->pending;

	crypto_sha256_blocks(p->in[p->count - 1].key.inner, first, 1);
}

void
mask_pending_added(struct mask *m)
{
	if (!m->pending.open)
		mask_pending_finish(m);
}

void
mask_pending_drop(struct mask *m, unsigned count)
{
	if (m->pending.count > count)
		m->pending.count = count;
}

void
mask_pending_drop_text(struct mask *m, struct span text)
{
	struct mask_pending *p = &m->pending;

	while (p->count > 0 && p->out[p->count - 1] >= text.ptr &&
	    p->out[p->count - 1] < text.ptr + text.len)
		p->count--;
}

/* The same as place_of, of a value of EXTRA. */
static char *
place_in_extra(const struct mask *m, const char *at)
{
	const struct record *r = &m->record;

	for (unsigned i = 0; record_has(r, RECORD_FIELD_EXTRA) && i < r->extra_count; i++) {
		const struct record_extra *x = &r->extra[i];
		char *line;

		if (x->is_number || at < x->text.ptr || at >= x->text.ptr + x->text.len)
			continue;
		line = record_extra_at(&m->encoder, i);
		return (line == NULL ? NULL : line + (at - x->text.ptr));
	}
	return (NULL);
}

/*
 * Where the byte at of a text of the record stands in its line; NULL if
 * unknown.  Looked for from the place of the one before on: most are neighbours.
 */
static char *
place_of(const struct mask *m, const char *at, size_t *place)
{
	static const enum record_field fields[] = { RECORD_FIELD_PATH, RECORD_FIELD_QUERY,
		RECORD_FIELD_REFERER, RECORD_FIELD_HOST, RECORD_FIELD_OBJECT, RECORD_FIELD_SERVER,
		RECORD_FIELD_UPSTREAM };
	const size_t count = sizeof(fields) / sizeof(fields[0]);
	const struct record *r = &m->record;

	for (size_t i = 0; i < count; i++, *place = (*place + 1) % count) {
		enum record_field f = fields[*place];
		struct span text = r->text[f];
		char *line;

		if (!record_has(r, f) || at < text.ptr || at >= text.ptr + text.len)
			continue;
		line = record_plain_at(&m->encoder, f);
		return (line == NULL ? NULL : line + (at - text.ptr));
	}
	return (place_in_extra(m, at));
}

bool
mask_pending_move(struct mask *m)
{
	struct mask_pending *p = &m->pending;
	char *places[MASK_PENDING_MAX];
	size_t place = 0;

	for (unsigned i = p->line; i < p->count; i++)
		if ((places[i] = place_of(m, p->out[i], &place)) == NULL) {
			mask_pending_finish(m);
			return (false);
		}
	for (unsigned i = p->line; i < p->count; i++)
		p->out[i] = places[i];
	if (p->count >= MASK_PENDING_BATCH)
		finish(p, p->count - p->count % MASK_PENDING_BATCH);
	p->line = p->count;
	return (true);
}
