/* SHA-256 with the SHA extensions: many messages of any length, in lanes. */
#include "crypto/sha256_shani.h"

#ifdef CRYPTO_SHA256_HAVE_SHANI

#include <assert.h>

#define LANES 4
#define STAGE_BLOCKS 16

/*
 * A message on its way.  A short one is copied whole, with its padding; of a
 * long one only the first block and the tail are.
 */
struct lane {
	__m128i abef, cdgh;
	const unsigned char *at; /* the next blocks */
	size_t blocks;           /* how many of them */
	struct span rest;        /* the message behind them */
	uint64_t total;
	bool last;               /* the padding is in these blocks */
	unsigned char *out;
	/* 64 bytes more, so that clearing behind the message has one size. */
	unsigned char stage[STAGE_BLOCKS * CRYPTO_BLOCK_BYTES + 64];
};

/* The stage holds the last len bytes of the message: pad them. */
static inline void
lane_pad(struct lane *l, size_t len)
{
	l->at = l->stage;
	l->blocks = (len + 9 + CRYPTO_BLOCK_BYTES - 1) / CRYPTO_BLOCK_BYTES;
	l->last = true;
	memset(l->stage + len + 1, 0, 64);
	l->stage[len] = 0x80;
	crypto_put_be64(l->stage + l->blocks * CRYPTO_BLOCK_BYTES - 8, l->total * 8);
}

SHANI static void
lane_start(struct lane *l, const struct crypto_message *m, unsigned char *out)
{
	struct regs r;
	size_t first;

	assert(m->head_len <= sizeof(m->head));
	regs_start(&r);
	l->abef = r.abef;
	l->cdgh = r.cdgh;
	l->out = out;
	l->total = m->head_len + m->body.len;
	memcpy(l->stage, m->head, sizeof(m->head)); /* all of it: one size is faster */
	if (l->total + 9 <= STAGE_BLOCKS * CRYPTO_BLOCK_BYTES) {
		if (m->body.len > 0)
			memcpy(l->stage + m->head_len, m->body.ptr, m->body.len);
		lane_pad(l, (size_t)l->total);
		return;
	}
	first = CRYPTO_BLOCK_BYTES - m->head_len;
	memcpy(l->stage + m->head_len, m->body.ptr, first);
	l->at = l->stage;
	l->blocks = 1;
	l->rest = span_from(m->body, first);
	l->last = false;
}

/* After a run of blocks that was not the last. */
static void
lane_more(struct lane *l)
{
	size_t tail = l->rest.len % CRYPTO_BLOCK_BYTES, whole = l->rest.len - tail;

	if (whole > 0) {
		l->at = (const unsigned char *)l->rest.ptr;
		l->blocks = whole / CRYPTO_BLOCK_BYTES;
		l->rest = span_from(l->rest, whole);
		return;
	}
	memcpy(l->stage, l->rest.ptr, tail);
	lane_pad(l, tail);
}

INLINE void
lane_load(const struct lane *l, struct regs *r)
{
	r->abef = l->abef;
	r->cdgh = l->cdgh;
}

INLINE void
lane_store(struct lane *l, const struct regs *r, size_t blocks)
{
	l->abef = r->abef;
	l->cdgh = r->cdgh;
	l->at += blocks * CRYPTO_BLOCK_BYTES;
	l->blocks -= blocks;
}

SHANI static void
advance1(struct lane *l[static 1], size_t blocks)
{
	struct regs a;

	lane_load(l[0], &a);
	for (size_t i = 0; i < blocks; i++) {
		regs_block(&a, l[0]->at + i * CRYPTO_BLOCK_BYTES);
		compress1(&a);
	}
	lane_store(l[0], &a, blocks);
}

SHANI static void
advance2(struct lane *l[static 2], size_t blocks)
{
	const unsigned char *pa = l[0]->at, *pb = l[1]->at;
	struct regs a, b;

	lane_load(l[0], &a);
	lane_load(l[1], &b);
	for (size_t i = 0; i < blocks; i++) {
		regs_block(&a, pa + i * CRYPTO_BLOCK_BYTES);
		regs_block(&b, pb + i * CRYPTO_BLOCK_BYTES);
		compress2(&a, &b);
	}
	lane_store(l[0], &a, blocks);
	lane_store(l[1], &b, blocks);
}

SHANI static void
advance4(struct lane *l[static 4], size_t blocks)
{
	const unsigned char *pa = l[0]->at, *pb = l[1]->at;
	const unsigned char *pc = l[2]->at, *pd = l[3]->at;
	struct regs a, b, c, d;

	lane_load(l[0], &a);
	lane_load(l[1], &b);
	lane_load(l[2], &c);
	lane_load(l[3], &d);
	for (size_t i = 0; i < blocks; i++) {
		regs_block(&a, pa + i * CRYPTO_BLOCK_BYTES);
		regs_block(&b, pb + i * CRYPTO_BLOCK_BYTES);
		regs_block(&c, pc + i * CRYPTO_BLOCK_BYTES);
		regs_block(&d, pd + i * CRYPTO_BLOCK_BYTES);
		compress4(&a, &b, &c, &d);
	}
	lane_store(l[0], &a, blocks);
	lane_store(l[1], &b, blocks);
	lane_store(l[2], &c, blocks);
	lane_store(l[3], &d, blocks);
}

/* Run 4, 2 or 1 of the lanes until one of them needs attention. */
static void
advance(struct lane **active, size_t count)
{
	size_t width = count >= 4 ? 4 : count >= 2 ? 2 : 1;
	size_t blocks = active[0]->blocks;

	for (size_t i = 1; i < width; i++)
		if (active[i]->blocks < blocks)
			blocks = active[i]->blocks;
	if (width == 4)
		advance4(active, blocks);
	else if (width == 2)
		advance2(active, blocks);
	else
		advance1(active, blocks);
}

SHANI static void
lane_finish(const struct lane *l)
{
	struct regs r;

	lane_load(l, &r);
	regs_digest(&r, l->out);
}

/*
 * Lanes slide: each takes the next message as soon as its own is done, so
 * messages of different lengths leave none idle before the end.
 */
void
crypto_sha256_lanes(const struct crypto_message *m, size_t count, unsigned char (*out)[32])
{
	struct lane lanes[LANES], *active[LANES];
	size_t used = count < LANES ? count : LANES, live = used, next = used;

	for (size_t i = 0; i < used; i++) {
		active[i] = &lanes[i];
		lane_start(active[i], &m[i], out[i]);
	}
	while (live > 0) {
		advance(active, live);
		for (size_t i = live; i-- > 0;) {
			struct lane *l = active[i];

			if (l->blocks > 0)
				continue;
			if (!l->last) {
				lane_more(l);
				continue;
			}
			lane_finish(l);
			if (next < count) {
				lane_start(l, &m[next], out[next]);
				next++;
			} else {
				active[i] = active[--live];
			}
		}
	}
	explicit_bzero(lanes, used * sizeof(lanes[0])); /* salts were here */
}

#else
typedef int crypto_sha256_lanes_are_for_x86_64; /* a unit must not be empty */
#endif
