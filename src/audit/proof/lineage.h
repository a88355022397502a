/*
 * lineage: whose notes a proof holds, from the auditor's line on: the genesis
 * of the store, the stream that it lists, and the log keys that either had, by
 * the entries that changed them; docs/format.md 17.  Private to audit/.
 */
#ifndef CRETULA_AUDIT_PROOF_LINEAGE_H
#define CRETULA_AUDIT_PROOF_LINEAGE_H

#include "audit/anchors/source.h"
#include "audit/outside/anchor.h"
#include "audit/proof/parts.h"

/* The keys of one chain; texts are borrowed from the parts. */
struct audit_reigns {
	struct span origin, recovery;
	size_t count;
	struct {
		struct span log;
		uint64_t first; /* size of the first note that it signs */
	} of[AUDIT_PARTS_MAX + 1];
};

struct audit_lineage {
	struct span stream; /* its name */
	unsigned char genesis[32]; /* hash of the store's */
	struct audit_reigns store, own; /* own: the stream's, which may be the same chain */
};

/*
 * The parts from the from-th on: [stream,] genesis, and the changes of keys.
 * anchor may be NULL.  0; or -1, ERR_FINDING.
 */
int audit_lineage_read(const struct audit_parts *parts, size_t from,
    const struct audit_anchor *anchor, struct audit_lineage *lineage, struct err *e);

/* The auditor's line; and every log key of both chains, in their order.  Each with LF. */
void audit_lineage_tell(
    const struct audit_lineage *lineage, struct buf *line, struct buf *logs);

/* Is note of this chain, signed by the log key that was in force at its size? */
int audit_reigns_signed(
    const struct audit_reigns *reigns, const struct seal_note *note, struct err *e);
/* ... and is the part's entry one of those under its note? */
int audit_reigns_hold(
    const struct audit_reigns *reigns, const struct audit_part *part, struct err *e);

/* ---- making ---- */

/* Entry index of the source, under its newest note. */
void audit_part_print(const struct audit_source *source, size_t index, struct buf *out);

/* Cheap, because most entries are not the one: canonical lines have their type in one place. */
bool audit_part_is(struct span line, const char *type);

/*
 * What audit_lineage_read reads, of a stream; of is own for the store's chain.
 * -1: ERR_FINDING not listed, ERR_INPUT too many changes, ERR_IO.
 */
int audit_lineage_print(const struct audit_source *of, const struct audit_source *own,
    const char *stream, const struct seal_names *names, struct buf *out, struct err *e);

#endif
