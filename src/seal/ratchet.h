/*
 * seal: the forward-secure ratchet of open segments; docs/format.md 12.
 *
 * Each flush is tagged with a key that is gone afterwards, and all tags are
 * folded into one aggregate: who takes the machine cannot forge a flush that
 * was committed, nor take one back.
 */
#ifndef CRETULA_SEAL_RATCHET_H
#define CRETULA_SEAL_RATCHET_H

#include "seal/tags.h"

#define SEAL_SECTOR_BYTES 512
#define SEAL_FLUSHES_MAX (UINT64_C(1) << 20) /* of a segment */

struct seal_ratchet {
	uint64_t g;               /* of the next flush */
	unsigned char k[32];      /* its key */
	unsigned char a[32];      /* aggregate of all before; zeros before the first */
	uint64_t seg, n, off;     /* what the last flush covered */
	unsigned char root[32];
	unsigned char state[32];  /* SHA-256 of its state's text */
};

/* Before flush g, whose key is k; nothing is covered yet. */
void seal_ratchet_begin(struct seal_ratchet *r, const unsigned char k[static 32], uint64_t g);

/* What genesis, start or recover say of k: SHA-256("cretula escrow v1" LF | k). */
void seal_ratchet_commitment(const unsigned char k[static 32], unsigned char out[static 32]);

/* The ratchet that begins with entry; NULL: none does. */
const struct seal_ratchet_start *seal_ratchet_begun(const struct seal_entry *entry);

/* Fold text, a tag's, into a; then the next key takes the place of k. */
void seal_ratchet_step(struct seal_ratchet *r, struct span origin, struct span text);

/*
 * One flush: adds the line with its state and LF to line (clear before; no
 * allocation if SEAL_TAG_BYTES_MAX are reserved) and moves r to what the
 * sector has to say once data and line are durable.  tag->g is set.
 */
void seal_ratchet_flush(struct seal_ratchet *r, struct span origin, struct seal_tag *tag,
    const struct seal_state *state, const struct seal_names *names, struct buf *line);

/* The sector of KEYS/NAME/ratchet.  Wipe it after use. */
void seal_ratchet_encode(
    const struct seal_ratchet *r, unsigned char sector[static SEAL_SECTOR_BYTES]);
/* 0; or -1, ERR_CONFIG: torn, erased (all zeros) or no such sector. */
int seal_ratchet_decode(const unsigned char sector[static SEAL_SECTOR_BYTES],
    struct seal_ratchet *r, struct err *e);

/* ---- with the first key (escrow) or without ---- */

struct seal_tags_want {
	struct span origin;
	uint64_t seg, n;                    /* of the segment entry */
	uint64_t g0, g;                     /* of its tags */
	const unsigned char *agg, *root;    /* 32 bytes each */
	/* Root of the first n records, true if known.  n never falls.  May be NULL. */
	bool (*root_at)(void *context, uint64_t n, unsigned char root[static 32]);
	void *context;
};

/* A line that was read, against its segment; and behind the last.  NULL, or what is wrong. */
const char *seal_tags_check_line(const struct seal_tags *t, const struct seal_tags_want *want);
const char *seal_tags_check_end(const struct seal_tags *t, const struct seal_tags_want *want);

/*
 * Replay a sealed segment's .tags.  r stands before flush g0 and is behind g
 * afterwards; NULL checks what needs no key.  0; or -1, ERR_FINDING, *line is
 * the first wrong line from 1, or 0 where none can be named (the aggregate is
 * another).  After a failure r has made seal_ratchet_skip, as far as it can.
 */
int seal_ratchet_check(struct seal_ratchet *r, struct span tags, const struct seal_tags_want *want,
    uint64_t *line, struct err *e);

/*
 * Go on behind flush g of a segment whose tags are pruned or wrong.  -1 and r
 * is as before: g is behind, or more than SEAL_FLUSHES_MAX away.
 */
int seal_ratchet_skip(struct seal_ratchet *r, uint64_t g, const unsigned char agg[static 32]);

#endif
