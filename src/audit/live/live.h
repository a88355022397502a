/*
 * live: what a chain says of flushes, and what lies open; docs/format.md 19.
 * Private to audit/.
 */
#ifndef CRETULA_AUDIT_LIVE_H
#define CRETULA_AUDIT_LIVE_H

#include "audit/check.h"
#include "seal/segment.h"

struct audit_escrow;

/*
 * Call each with every entry that may be judged: readable, in its place, and
 * nothing before it is damaged.
 */
typedef void (*audit_judge)(void *arg, uint64_t i, const struct seal_entry *entry);
void audit_judged(struct audit_chain *chain, audit_judge each, void *arg);

/*
 * The same for entries that were appended since the chain was read.  Nobody
 * checked them: they explain what lies there, and are judged the next time.
 * Returns how many whole lines there are.
 */
uint64_t audit_appended(const struct audit_chain *chain, audit_judge each, void *arg);

/* Where flushes go on behind the chain. */
struct audit_ratchet {
	bool has_next, has_start; /* flushes were sealed; a ratchet began since */
	uint64_t next, start; /* the flush that follows, by either */
	uint64_t sealed; /* the newest segment */
	bool ram; /* the ratchet in force was in memory only */
	uint64_t lost; /* the segment whose flushes a crash left without it; 0: none */
	bool running; /* the last session of the stream has no end */
};

/* May g be the next flush? */
bool audit_ratchet_goes_on(const struct audit_ratchet *ratchet, uint64_t g);

/* The entry moves ratchet on. */
void audit_ratchet_see(struct audit_ratchet *ratchet, const struct seal_entry *entry);

/* Do flushes go on from segment to segment?  Findings go to chain->list. */
void audit_ratchet_check(struct audit_chain *chain, struct audit_ratchet *ratchet);

/* With the keys: replay all flushes of the chain; findings go to list. */
void audit_ratchet_replay(
    struct audit_chain *chain, struct audit_escrow *escrow, struct audit_list *list);

/* Both, for a chain that was checked. */
void audit_live_check(struct audit_chain *chain);

#endif
