/* What is not as one would wish, by figures; and what no figure of a store can show. */
#include <string.h>

#include "app/paper/paper.h"

enum {
	X_ERRORS,
	X_WARNINGS,
	X_INCOMPLETE,
	X_UNREADABLE,
	X_UNBALANCED,
	X_LOST,
	X_UNPARSED,
	X_PARTIAL,
	X_RAW,
	X_UNLOCKED,
	X_UNTAGGED,
	X_RATCHETS,
	X_ALARMS,
	X_LOSSES,
	X_OPEN,
	X_CLOCKS,
	X_OVERDUE,
	X_HELD,
	X_NO_ESCROW,
	X_VOID,
	X_POLICIES,
	X_WORDS,
	X_SHARED,
	X_NO_SCAN,
	X_LEAKS,
	X_UNREAD,
	X_ANCHOR,
	X_DUE,
	X_COUNT
};

static const char *const texts[X_COUNT] = {
	[X_ERRORS] = "findings of verify: the store is not what was sealed",
	[X_WARNINGS] = "warnings of verify",
	[X_INCOMPLETE] = "things that verify could not check: they are named under Integrity",
	[X_UNREADABLE] =
	    "streams whose chain could not be read whole: figures of these are too low",
	[X_UNBALANCED] = "segments whose counts do not add up",
	[X_LOST] = "events that are known to be lost",
	[X_UNPARSED] = "lines that could not be read: kept are time, length and reason",
	[X_PARTIAL] = "lines of which a part could not be read: that part is masked whole",
	[X_RAW] = "streams whose lines lay unmasked in files before they were read",
	[X_UNLOCKED] = "segments masked while secret memory could not be locked",
	[X_UNTAGGED] = "records that no flush covers: a crash left them behind the last one",
	[X_RATCHETS] =
	    "segments whose ratchet a crash took: nobody can tell whether their end was cut",
	[X_ALARMS] = "alarms: something open was not what a crash leaves",
	[X_LOSSES] = "losses that an operator accepted",
	[X_OPEN] =
	    "streams with an open segment: its records are not sealed yet, and not counted here",
	[X_CLOCKS] = "jumps of the clock",
	[X_OVERDUE] =
	    "keys of pseudonyms whose grace is over and that no entry says to be destroyed",
	[X_DUE] =
	    "segments, or sealed lines in them, that are over their term for a day and not held",
	[X_HELD] = "keys of pseudonyms that a legal hold keeps",
	[X_NO_ESCROW] =
	    "streams whose first ratchet key was given to nobody: their flushes cannot be replayed",
	[X_VOID] = "notes signed by log keys that were revoked later",
	[X_POLICIES] =
	    "policies of which only the hash is known here: give the configuration (--config)",
	[X_WORDS] = "policies that keep all words of paths",
	[X_SHARED] = "policies whose tokens of path segments are the same for all clients",
	[X_NO_SCAN] = "leak scans that were not made (--scan)",
	[X_LEAKS] = "leaks that the scan found",
	[X_UNREAD] = "files that the scan could not read",
	[X_ANCHOR] =
	    "anchors that were not given (--anchor): a store begun anew would pass for this one",
};

const char *const paper_limits[] = {
	"That a tool, or this page, makes anybody compliant. It says what one store shows; "
	"purposes, contracts, people and all "
	"that lies outside of the store are for the organisation to show.",
	"That the log's source told the truth, and all of it. Lines that never reached cretula are "
	"missed by nobody; what waits in "
	"memory between two commits (a second, while lines come) is in no chain.",
	"That an older copy of the whole store would be noticed, without a pin, a witness or a "
	"limit of age.",
	"Anything against somebody who has had all keys from the beginning, but what contradicts "
	"an anchor, a pin, a cosignature or "
	"a bundle that somebody else keeps.",
	"That the policy was a good one. Names and words have no pattern: no scan finds them.",
	"That pseudonyms are anonymous. While its key lives, who holds it can test a guess at a "
	"token; afterwards the records of one "
	"person of one epoch still belong together.",
	"That erased bytes are nowhere: flash, copy-on-write, snapshots, backups and copies that "
	"were given away keep what they have.",
	"Counts of what came and was not kept (counted, meta, joined, lost), and the times of "
	"entries between anchors: the writer's "
	"word, inside bounds that are checked.",
	"Who read files of the store, or of a bundle: only views through serve are recorded, and "
	"only sealed records are counted here.",
	"That clocks were right: times of records are their source's.",
	"That this page was not changed: it is not signed. Its figures can be made again from the "
	"store, or from a bundle, by verify "
	"and by this command; compare the hash of each stream's last entry.",
	NULL,
};

static void
count_streams(const struct paper *p, uint64_t *n)
{
	for (size_t i = 0; i < p->stream_count; i++) {
		const struct paper_stream *s = &p->streams[i];

		n[X_UNREADABLE] += s->problem[0] != '\0';
		n[X_UNTAGGED] += s->untagged;
		n[X_NO_ESCROW] += s->has_ratchet && !s->escrow;
	}
	n[X_UNREADABLE] += p->streams_more;
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct mask_policy *known = p->policies[i].known;

		n[X_POLICIES] += known == NULL;
		n[X_WORDS] += known != NULL && known->words_mode == MASK_WORDS_KEEP;
		n[X_SHARED] += known != NULL && known->path_token_shared;
	}
	n[X_POLICIES] += p->policies_more;
}

static void
count(const struct paper *p, uint64_t *n)
{
	const struct audit_coverage *c = &p->verify.coverage;
	struct paper_sums sums;

	app_paper_sum(p, &sums);
	count_streams(p, n);
	n[X_ERRORS] = p->verify.errors;
	n[X_WARNINGS] = p->verify.warnings;
	while (n[X_INCOMPLETE] < AUDIT_NOT_CHECKED && c->not_checked[n[X_INCOMPLETE]][0] != '\0')
		n[X_INCOMPLETE]++;
	n[X_UNBALANCED] = sums.unbalanced;
	n[X_LOST] = sums.counts.lost;
	n[X_UNPARSED] = sums.counts.in.unparsed;
	n[X_PARTIAL] = sums.counts.in.partial;
	n[X_RAW] = sums.raw;
	n[X_UNLOCKED] = sums.unlocked;
	n[X_RATCHETS] = c->ratchets_lost;
	n[X_ALARMS] = p->totals.alarms;
	n[X_LOSSES] = p->totals.losses;
	n[X_OPEN] = c->open_count;
	n[X_CLOCKS] = p->totals.clocks;
	n[X_OVERDUE] = p->keys.overdue;
	n[X_DUE] = p->due_segments;
	n[X_HELD] = p->keys.held_back;
	n[X_VOID] = c->notes_void;
	n[X_NO_SCAN] = !p->scan.done;
	n[X_LEAKS] = p->scan.leaks;
	n[X_UNREAD] = p->scan.unread;
	n[X_ANCHOR] = !c->anchored;
}

bool
app_paper_exception(const struct paper *p, unsigned i, struct paper_exception *x)
{
	uint64_t n[X_COUNT] = { 0 };

	count(p, n);
	for (unsigned k = 0; k < X_COUNT; k++)
		if (n[k] > 0 && i-- == 0) {
			*x = (struct paper_exception){ n[k], texts[k] };
			return (true);
		}
	return (false);
}
