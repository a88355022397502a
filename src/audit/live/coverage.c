#include "audit/live/coverage.h"

#include <stdarg.h>
#include <stdio.h>

#include "audit/live/escrow.h"
#include "base/clock.h"

struct lines {
	struct audit_coverage *coverage;
	unsigned count;
};

static void __attribute__((format(printf, 2, 3))) add(struct lines *l, const char *fmt, ...)
{
	va_list args;

	if (l->count == AUDIT_NOT_CHECKED)
		return;
	va_start(args, fmt);
	(void)vsnprintf(l->coverage->not_checked[l->count],
	    sizeof(l->coverage->not_checked[l->count]), fmt, args);
	va_end(args);
	l->count++;
}

/* An older store verifies too, unless somebody knows how new it should be. */
static void
name_rollback(struct lines *l, size_t streams)
{
	const struct audit_coverage *coverage = l->coverage;
	char newest[CLOCK_RFC3339_BYTES] = "";

	if (coverage->entries > 0 && coverage->newest_us != INT64_MIN)
		newest[clock_rfc3339(newest, coverage->newest_us)] = '\0';
	add(l, "rollback: whether anything was sealed after %.30s",
	    newest[0] == '\0' ? "this" : newest);
	if (streams > 1 && coverage->laggard_us != INT64_MAX) {
		newest[clock_rfc3339(newest, coverage->laggard_us)] = '\0';
		add(l, "rollback: stream %.36s ends first, at %.30s", coverage->laggard, newest);
		l->coverage->laggard_line = l->count;
	}
	if (streams > 0 && coverage->own_us != INT64_MIN) {
		newest[clock_rfc3339(newest, coverage->own_us)] = '\0';
		add(l, "rollback: the store's chain says how long each stream is up to %.30s",
		    newest);
	}
}

static void
name_ratchet(struct lines *l, const struct audit_escrow *escrow)
{
	size_t unseen = 0;

	/* No key covered them until the start that took them in. */
	if (l->coverage->untagged > 0)
		add(l,
		    "ratchet: who wrote the %ju record%s that crashes left behind the last flush",
		    (uintmax_t)l->coverage->untagged, l->coverage->untagged == 1 ? "" : "s");
	if (l->coverage->ratchets_lost > 0)
		add(l, "ratchet: whether %u segment%s lost records at a crash (W_RATCHET_LOST)",
		    l->coverage->ratchets_lost, l->coverage->ratchets_lost == 1 ? "" : "s");
	if (escrow == NULL) {
		if (l->coverage->tagged)
			add(l, "ratchet: no escrow key");
		return;
	}
	for (size_t i = 0; i < escrow->count; i++)
		unseen += !escrow->keys[i].seen;
	if (l->coverage->ratchets_unkeyed > 0)
		add(l, "ratchet: %u that the escrow file has no key of",
		    l->coverage->ratchets_unkeyed);
	if (unseen > 0)
		add(l, "ratchet: %zu keys of the escrow file are of none that is here", unseen);
}

/* By whom nobody here knows: what they said is there, and may be anybody's. */
static void
name_anchors(struct lines *l)
{
	if (l->coverage->stamps_unchecked > 0)
		add(l, "timestamps: the authority's signature (%ju): openssl ts -verify, --tsa-ca",
		    (uintmax_t)l->coverage->stamps_unchecked);
	if (l->coverage->cosignatures_unchecked > 0)
		add(l, "cosignatures: %ju by nobody that is known (--policy)",
		    (uintmax_t)l->coverage->cosignatures_unchecked);
}

void
audit_note_end(struct audit_coverage *coverage, const char *name, int64_t others_us)
{
	int64_t own_us = coverage->newest_us;

	if (own_us != INT64_MIN && own_us < coverage->laggard_us) {
		coverage->laggard_us = own_us;
		(void)snprintf(coverage->laggard, sizeof(coverage->laggard), "%s", name);
	}
	if (others_us > own_us)
		coverage->newest_us = others_us;
}

void
audit_name_unchecked(
    const struct audit_options *options, size_t streams, struct audit_coverage *coverage)
{
	struct lines l = { .coverage = coverage };

	if (options->anchor == NULL)
		add(&l, "anchor: none given, genesis taken on trust");
	if (options->stream != NULL)
		add(&l, "other streams than %.40s", options->stream);
	if (options->max_age_us == 0)
		name_rollback(&l, streams);
	if (coverage->segments_outside > 0)
		add(&l, "segments outside of the bundle: %ju",
		    (uintmax_t)coverage->segments_outside);
	if (coverage->segments_before > 0)
		add(&l, "segments that were checked before: %ju",
		    (uintmax_t)coverage->segments_before);
	name_ratchet(&l, options->escrow);
	name_anchors(&l);
	add(&l, "counts of input lines, bytes and masked values: the writer's word");
}
