/* Flushes over segments: do they go on, and, with the keys, are they those that were made? */
#include "seal/ratchet.h"

#include <stdlib.h>
#include <string.h>

#include "audit/live/escrow.h"
#include "audit/live/live.h"
#include "audit/live/tags.h"
#include "crypto/random.h"
#include "store/layout.h"

/* ---- without keys ---- */

struct walk {
	struct audit_chain *chain;
	struct audit_ratchet *ratchet;
};

bool
audit_ratchet_goes_on(const struct audit_ratchet *ratchet, uint64_t g)
{
	return ((ratchet->has_next && g == ratchet->next) ||
	    (ratchet->has_start && g == ratchet->start));
}

void
audit_ratchet_see(struct audit_ratchet *ratchet, const struct seal_entry *entry)
{
	const struct seal_ratchet_start *start = seal_ratchet_begun(entry);
	const struct seal_segment *facts = &entry->of.segment;

	if (start != NULL) {
		ratchet->has_start = true;
		ratchet->start = start->g;
		ratchet->ram = span_is(start->mode, "ram");
		ratchet->lost = 0;
	}
	if (entry->type == SEAL_RECOVER && ratchet->ram && !entry->of.recover.alarm &&
	    span_is(entry->of.recover.reason, "ram"))
		ratchet->lost = entry->of.recover.seg;
	if (entry->type == SEAL_START || entry->type == SEAL_STOP)
		ratchet->running = entry->type == SEAL_START;
	if (entry->type != SEAL_SEGMENT)
		return;
	ratchet->sealed = facts->seg;
	if (!facts->has_tags)
		return;
	ratchet->has_next = true;
	ratchet->has_start = false;
	ratchet->next = facts->tags.g + 1;
}

/* Only a ratchet that is in memory is lost, and the writer says so before. */
static void
see_lost(struct walk *w, const struct seal_segment *facts, const struct audit_place *at)
{
	if (w->ratchet->lost != facts->seg) {
		audit_report(&w->chain->list, AUDIT_E_TAGS, at,
		    "no crash explains that its ratchet is lost");
		return;
	}
	w->chain->coverage->ratchets_lost++;
	audit_report(&w->chain->list, AUDIT_W_RATCHET_LOST, at,
	    "flushes %ju to %ju, and perhaps more that are gone",
	    (uintmax_t)facts->tags.g0, (uintmax_t)facts->tags.g);
}

static void
see_entry(void *arg, uint64_t i, const struct seal_entry *entry)
{
	struct walk *w = arg;
	struct audit_place at = audit_place("chain.jsonl");
	bool tagged = entry->type == SEAL_SEGMENT && entry->of.segment.has_tags;

	at.entry = i;
	if (tagged)
		at.segment = entry->of.segment.seg;
	if (tagged && !audit_ratchet_goes_on(w->ratchet, entry->of.segment.tags.g0))
		audit_report(&w->chain->list, AUDIT_E_TAGS, &at,
		    "its first flush is %ju, not the one that follows",
		    (uintmax_t)entry->of.segment.tags.g0);
	else if (tagged && entry->of.segment.tags.lost)
		see_lost(w, &entry->of.segment, &at);
	if (tagged || seal_ratchet_begun(entry) != NULL)
		w->chain->coverage->tagged = true;
	audit_ratchet_see(w->ratchet, entry);
}

void
audit_ratchet_check(struct audit_chain *chain, struct audit_ratchet *ratchet)
{
	struct walk w = { .chain = chain, .ratchet = ratchet };

	*ratchet = (struct audit_ratchet){ .has_next = false };
	audit_judged(chain, see_entry, &w);
}

/* ---- with them ---- */

struct replay {
	struct audit_chain *chain;
	struct audit_escrow *escrow;
	struct audit_list *list;
	struct audit_tags *file;
	struct seal_ratchet ratchet;
	bool has_key;
	unsigned char agg[32]; /* behind the last flush that was sealed */
};

/* A goes on from the flushes before, whoever made them. */
static void
begin_ratchet(struct replay *r, uint64_t i, const struct seal_ratchet_start *start)
{
	const struct audit_escrow_key *key;
	struct audit_place at = audit_place("chain.jsonl");
	bool other;

	key = audit_escrow_find(
	    r->escrow, r->chain->genesis.origin, start->g, start->commitment, &other);
	at.entry = i;
	if (other && key == NULL)
		audit_report(r->list, AUDIT_E_RATCHET_MAC, &at,
		    "the ratchet from flush %ju on is not that of the escrow key",
		    (uintmax_t)start->g);
	else if (key == NULL)
		r->chain->coverage->ratchets_unkeyed++;
	r->has_key = key != NULL;
	if (key == NULL)
		return;
	r->chain->coverage->ratchets++;
	seal_ratchet_begin(&r->ratchet, key->k, start->g);
	memcpy(r->ratchet.a, r->agg, sizeof(r->agg));
}

/* Step over the whole file.  false: it is not there, or not of the segment. */
static bool
step_over(struct replay *r, const struct seal_segment *facts)
{
	struct seal_tags_want want = { .seg = facts->seg,
		.n = facts->n,
		.g0 = facts->tags.g0,
		.g = facts->tags.g,
		.root = facts->root };
	char path[STORE_PATH_BYTES];
	enum audit_code code;
	bool good = true;
	int got = -1;

	store_segment_path(path, facts->seg, "tags");
	if (r->ratchet.g != facts->tags.g0 ||
	    audit_tags_open(r->file, r->chain->dirfd, path, false, &code, NULL) == -1)
		return (false);
	while (good && (got = audit_tags_next(r->file, NULL)) == 1) {
		good = seal_tags_check_line(&r->file->walk, &want) == NULL;
		if (good)
			seal_ratchet_step(
			    &r->ratchet, r->chain->genesis.origin, r->file->walk.text);
	}
	audit_tags_close(r->file);
	return (good && got == 0 && seal_tags_check_end(&r->file->walk, &want) == NULL);
}

/*
 * What is wrong with .tags but the aggregate is told by whoever reads it
 * without keys; if it was pruned nobody does.
 */
static void
replay_segment(struct replay *r, uint64_t i, const struct seal_segment *facts)
{
	struct seal_ratchet before = r->ratchet;
	char path[STORE_PATH_BYTES];
	struct audit_place at;
	bool whole;

	if (facts->tags.lost) { /* no aggregate to compare, and another ratchet follows */
		r->has_key = false;
		return;
	}
	whole = r->has_key && step_over(r, facts);
	if (whole && memcmp(r->ratchet.a, facts->tags.agg, 32) != 0) {
		store_segment_path(path, facts->seg, "tags");
		at = audit_place(path);
		at.entry = i;
		at.segment = facts->seg;
		audit_report(r->list, AUDIT_E_RATCHET_MAC, &at,
		    "flushes %ju to %ju are not those of the escrow key's ratchet",
		    (uintmax_t)facts->tags.g0, (uintmax_t)facts->tags.g);
	} else if (whole)
		r->chain->coverage->replayed += facts->tags.g - facts->tags.g0 + 1;
	memcpy(r->agg, facts->tags.agg, sizeof(r->agg));
	if (whole)
		memcpy(r->ratchet.a, r->agg, sizeof(r->agg));
	else if (r->has_key) {
		r->ratchet = before;
		r->has_key = seal_ratchet_skip(&r->ratchet, facts->tags.g, r->agg) == 0;
	}
	crypto_wipe(&before, sizeof(before));
}

static void
replay_entry(void *arg, uint64_t i, const struct seal_entry *entry)
{
	struct replay *r = arg;
	const struct seal_ratchet_start *start = seal_ratchet_begun(entry);

	if (start != NULL)
		begin_ratchet(r, i, start);
	if (entry->type == SEAL_SEGMENT && entry->of.segment.has_tags)
		replay_segment(r, i, &entry->of.segment);
}

void
audit_ratchet_replay(
    struct audit_chain *chain, struct audit_escrow *escrow, struct audit_list *list)
{
	struct replay r = { .chain = chain, .escrow = escrow, .list = list };

	if (!chain->has_genesis)
		return;
	if ((r.file = malloc(sizeof(*r.file))) == NULL) {
		list->failed = true;
		return;
	}
	audit_judged(chain, replay_entry, &r);
	crypto_wipe(&r.ratchet, sizeof(r.ratchet));
	free(r.file);
}
