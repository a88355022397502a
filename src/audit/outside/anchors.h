/*
 * anchors: what others said of the notes of a chain: witnesses cosigned them,
 * authorities stamped the time; docs/format.md 20.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_OUTSIDE_ANCHORS_H
#define CRETULA_AUDIT_OUTSIDE_ANCHORS_H

#include "audit/check.h"

/*
 * What an `anchor` entry says, against its file and the note that it names;
 * findings go to the chain's list (E_ENTRY_TARGET, E_ANCHOR, E_WITNESS), and
 * what was checked to its coverage.  at->entry is the entry's index.  To be
 * called while the chain is walked, for an entry that is readable and in its
 * place, with nothing before it damaged; reads the note and the entry that it
 * needs itself.
 */
void audit_anchor_check(
    struct audit_chain *chain, const struct seal_anchor *anchor, const struct audit_place *at);

/*
 * Behind the walk: has a note the quorum of the auditor's policy
 * (E_WITNESS), and is every file of anchor/ one of an entry (W_UNKNOWN_FILE)?
 */
void audit_anchors_end(struct audit_chain *chain);

/* Behind all chains: a policy that demands a quorum, and names no log that is here. */
void audit_anchors_missing(const struct audit_options *options,
    const struct audit_coverage *coverage, struct audit_list *list);

#endif
