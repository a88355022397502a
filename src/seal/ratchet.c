#include "seal/ratchet.h"

#include <assert.h>

#include "base/err.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define CHECK_AT 496 /* of the sector: the first 16 bytes of the hash of all before */
#define CHECK_BYTES 16

static const struct span magic = SPAN("cretula tags v1\n");
static const struct span evolve_label = SPAN("cretula evolve v1\n");
static const struct span escrow_label = SPAN("cretula escrow v1\n");
static const struct span tag_label = SPAN("cretula tag v1\n");

static void
hash_behind(struct span label, const unsigned char bytes[static 32], unsigned char out[static 32])
{
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, label.ptr, label.len);
	crypto_sha256_add(&h, bytes, 32);
	crypto_sha256_end(&h, out);
	crypto_wipe(&h, sizeof(h));
}

void
seal_ratchet_begin(struct seal_ratchet *r, const unsigned char k[static 32], uint64_t g)
{
	*r = (struct seal_ratchet){ .g = g };
	memcpy(r->k, k, sizeof(r->k));
	crypto_sha256(NULL, 0, r->root);
}

void
seal_ratchet_commitment(const unsigned char k[static 32], unsigned char out[static 32])
{
	hash_behind(escrow_label, k, out);
}

const struct seal_ratchet_start *
seal_ratchet_begun(const struct seal_entry *entry)
{
	if (entry->type == SEAL_GENESIS && entry->of.genesis.has_ratchet)
		return (&entry->of.genesis.ratchet);
	if (entry->type == SEAL_START && entry->of.start.has_ratchet)
		return (&entry->of.start.ratchet);
	if (entry->type == SEAL_RECOVER && entry->of.recover.has_ratchet)
		return (&entry->of.recover.ratchet);
	return (NULL);
}

static void
evolve(struct seal_ratchet *r)
{
	hash_behind(evolve_label, r->k, r->k);
	r->g++;
}

void
seal_ratchet_step(struct seal_ratchet *r, struct span origin, struct span text)
{
	const struct span parts[] = {
		tag_label,
		span_of((const char *)r->a, sizeof(r->a)),
		origin,
		SPAN("\n"),
		text,
		SPAN("\n"),
	};
	struct crypto_hmac_key key;
	unsigned char sum[32];

	crypto_hmac_key_init(&key, r->k, sizeof(r->k));
	crypto_hmac_parts(&key, parts, sizeof(parts) / sizeof(parts[0]), sum);
	memcpy(r->a, sum, sizeof(r->a));
	crypto_wipe(&key, sizeof(key));
	evolve(r);
}

void
seal_ratchet_flush(struct seal_ratchet *r, struct span origin, struct seal_tag *tag,
    const struct seal_state *state, const struct seal_names *names, struct buf *line)
{
	size_t start = line->len, tab, end;

	tag->g = r->g;
	seal_tag_print(tag, line);
	tab = line->len;
	buf_char(line, '\t');
	seal_state_print(state, names, line);
	end = line->len;
	buf_char(line, '\n');
	if (!buf_ok(line))
		return; /* nothing was flushed: r stays */
	seal_ratchet_step(r, origin, span_of(line->data + start, tab - start));
	crypto_sha256(line->data + tab + 1, end - tab - 1, r->state);
	r->seg = tag->seg;
	r->n = tag->n;
	r->off = state->off;
	memcpy(r->root, tag->root, sizeof(r->root));
}

/* ---- the sector ---- */

static unsigned char *
put_u64(unsigned char *at, uint64_t n)
{
	for (unsigned i = 0; i < 8; i++)
		*at++ = (unsigned char)(n >> 8 * i);
	return (at);
}

static unsigned char *
put_bytes(unsigned char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return (at + len);
}

void
seal_ratchet_encode(
    const struct seal_ratchet *r, unsigned char sector[static SEAL_SECTOR_BYTES])
{
	unsigned char digest[32], *at = sector;

	memset(sector, 0, SEAL_SECTOR_BYTES);
	at = put_bytes(at, magic.ptr, magic.len);
	at = put_u64(at, r->g);
	at = put_u64(at, r->seg);
	at = put_u64(at, r->n);
	at = put_u64(at, r->off);
	at = put_bytes(at, r->k, sizeof(r->k));
	at = put_bytes(at, r->a, sizeof(r->a));
	at = put_bytes(at, r->root, sizeof(r->root));
	at = put_bytes(at, r->state, sizeof(r->state));
	assert(at - sector <= CHECK_AT);
	crypto_sha256(sector, CHECK_AT, digest);
	memcpy(sector + CHECK_AT, digest, CHECK_BYTES);
}

static const unsigned char *
get_u64(const unsigned char *at, uint64_t *n)
{
	*n = 0;
	for (unsigned i = 0; i < 8; i++)
		*n |= (uint64_t)*at++ << 8 * i;
	return (at);
}

static const unsigned char *
get_bytes(const unsigned char *at, void *bytes, size_t len)
{
	memcpy(bytes, at, len);
	return (at + len);
}

static bool
all_zero(const unsigned char *bytes, size_t len)
{
	unsigned char any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return (any == 0);
}

int
seal_ratchet_decode(const unsigned char sector[static SEAL_SECTOR_BYTES], struct seal_ratchet *r,
    struct err *e)
{
	const unsigned char *at = sector + magic.len;
	unsigned char digest[32];

	if (all_zero(sector, SEAL_SECTOR_BYTES))
		return (err_set(e, ERR_CONFIG, "ratchet: erased"));
	crypto_sha256(sector, CHECK_AT, digest);
	if (!crypto_equal(sector + CHECK_AT, digest, CHECK_BYTES))
		return (err_set(e, ERR_CONFIG, "ratchet: the sector is torn"));
	if (memcmp(sector, magic.ptr, magic.len) != 0)
		return (err_set(e, ERR_CONFIG, "ratchet: not a sector of this version"));
	at = get_u64(at, &r->g);
	at = get_u64(at, &r->seg);
	at = get_u64(at, &r->n);
	at = get_u64(at, &r->off);
	at = get_bytes(at, r->k, sizeof(r->k));
	at = get_bytes(at, r->a, sizeof(r->a));
	at = get_bytes(at, r->root, sizeof(r->root));
	at = get_bytes(at, r->state, sizeof(r->state));
	if (!all_zero(at, (size_t)(sector + CHECK_AT - at)))
		return (err_set(e, ERR_CONFIG, "ratchet: not a sector of this version"));
	return (0);
}

/* ---- checking ---- */

const char *
seal_tags_check_line(const struct seal_tags *t, const struct seal_tags_want *want)
{
	unsigned char root[32];

	if (t->tag.seg != want->seg)
		return ("of another segment");
	if (t->line == 1 && t->tag.g != want->g0)
		return ("not the segment's first flush");
	if (t->tag.g > want->g || t->tag.n > want->n)
		return ("more than the segment has");
	if (want->root_at != NULL && want->root_at(want->context, t->tag.n, root) &&
	    memcmp(root, t->tag.root, sizeof(root)) != 0)
		return ("the records had another root");
	return (NULL);
}

const char *
seal_tags_check_end(const struct seal_tags *t, const struct seal_tags_want *want)
{
	if (t->line == 0 || t->tag.g != want->g)
		return ("flushes are missing at the end");
	if (t->tag.n != want->n || memcmp(t->tag.root, want->root, sizeof(t->tag.root)) != 0)
		return ("the last flush is not the whole segment");
	return (NULL);
}

/* 0, or -1 and *line.  r may be NULL. */
static int
walk(struct seal_ratchet *r, struct span tags, const struct seal_tags_want *want, uint64_t *line,
    struct err *e)
{
	const char *why = NULL;
	struct seal_tags t;
	int got;

	seal_tags_open(&t, tags, false);
	while ((got = seal_tags_next(&t, e)) == 1 && (why = seal_tags_check_line(&t, want)) == NULL)
		if (r != NULL)
			seal_ratchet_step(r, want->origin, t.text);
	*line = t.line;
	if (got == -1)
		return (-1);
	if (why == NULL && (why = seal_tags_check_end(&t, want)) != NULL)
		*line = t.line + 1;
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "tags: line %ju: %s", (uintmax_t)*line, why));
	return (0);
}

int
seal_ratchet_check(struct seal_ratchet *r, struct span tags, const struct seal_tags_want *want,
    uint64_t *line, struct err *e)
{
	struct seal_ratchet start = { .g = want->g0 };
	int rc;

	if (r != NULL)
		start = *r;
	rc = start.g == want->g0 ?
	    walk(r, tags, want, line, e) :
	    err_set(e, ERR_FINDING, "tags: not the flush that follows the segment before");
	if (start.g != want->g0)
		*line = 1;
	if (rc == 0 && r != NULL && !crypto_equal(r->a, want->agg, sizeof(r->a))) {
		*line = 0;
		rc = err_set(e, ERR_FINDING, "tags: the aggregate is another");
	}
	if (rc == -1 && r != NULL) {
		*r = start;
		(void)seal_ratchet_skip(r, want->g, want->agg);
	}
	crypto_wipe(&start, sizeof(start));
	return (rc);
}

int
seal_ratchet_skip(struct seal_ratchet *r, uint64_t g, const unsigned char agg[static 32])
{
	if (g < r->g || g - r->g >= SEAL_FLUSHES_MAX)
		return (-1);
	while (r->g <= g)
		evolve(r);
	memcpy(r->a, agg, sizeof(r->a));
	return (0);
}
