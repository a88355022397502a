/* store, inside: ratchets that begin, and what is given up; docs/format.md 12, 21. */
#ifndef CRETULA_STORE_LIVE_RATCHET_H
#define CRETULA_STORE_LIVE_RATCHET_H

#include "store/live/inside.h"

/* ---- ratchet.c ---- */

/*
 * Another ratchet, which l->ratchet becomes: key k from flush g on, behind
 * aggregate a.  It waits in ratchet.next for the entry that names it; then
 * it takes the place of the one before.
 */
int store_ratchet_prepare(struct store_live *l, const unsigned char k[static 32], uint64_t g,
    const unsigned char a[static 32], struct err *e);
int store_ratchet_promote(struct store_live *l, struct err *e);
/* At a start: as promote if an entry named it, else it goes. */
int store_ratchet_settle(struct store_live *l, struct err *e);
/*
 * For a new ratchet, by the chain: a flush that no ratchet began with, and
 * the aggregate behind the last sealed one.
 */
int store_ratchet_next(
    struct store_live *l, uint64_t *g, unsigned char a[static 32], struct err *e);
/*
 * The ratchet of a start, in l->ratchet; where it is a new one, start names it.
 * escrow as in store_live_options.  With the entry, what is left to do is
 * promote, if it took the place of one in memory; or erase, if it is one.
 */
int store_ratchet_choose(struct store_live *l, const unsigned char *escrow, bool fresh,
    struct seal_start *start, struct err *e);
int store_ratchet_erase(struct store_live *l, struct err *e);
/* From its sector.  -1 and *bad: the sector is missing, torn or erased. */
int store_ratchet_load(struct store_live *l, bool *bad, struct err *e);

/* ---- recover.c ---- */

/* What a crash left is sealed.  *fresh: there is no ratchet yet, in l->ratchet neither. */
int store_open_settle(
    struct store_live *l, struct store_live_found *found, bool *fresh, struct err *e);
/*
 * Only look.  0: nothing open, or what a crash leaves; *word is NULL.  Else
 * the word of the alarm, e says more; -1: it could not be seen.
 */
int store_open_judge(struct store_live *l, const char **word, struct err *e);
/* ---- give_up.c ---- */

/* Shred what is in open/, and the heads. */
int store_open_give_up(struct store_live *l, struct err *e);

/* ---- entries.c ---- */

/* What the chain says of ratchets and losses; entries are read from the end. */
struct live_past {
	bool has_start;           /* the newest ratchet */
	struct seal_ratchet_start start; /* texts are not kept */
	bool has_agg;
	unsigned char agg[32];    /* of the newest segment with tags */
	uint64_t free_g;          /* above every flush and every beginning */
	bool alarm;               /* one that no recover answers */
};
int store_open_past(struct store_live *l, struct live_past *past, struct err *e);
/*
 * Is the newest ratchet one of a recover, and nothing has started since?  And
 * l->ram: is it one in memory?  Such a one begins with each start.
 */
int store_open_session(struct store_live *l, bool *given_up, struct err *e);

#endif
