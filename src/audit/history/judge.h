/* judge: whether entries may say what they say; docs/format.md 19.  Private to audit/. */
#ifndef CRETULA_AUDIT_JUDGE_H
#define CRETULA_AUDIT_JUDGE_H

#include "audit/check.h"

/*
 * Of a chain whose notes are checked, the entries that are signed: makes
 * chain->history and, of the store's own chain, chain->heads; findings go to
 * chain->list.  What stands behind a damaged entry is taken as it is: what is
 * odd about it is a dependant.
 */
void audit_judge_entries(struct audit_chain *chain);

/* What derive names: a file, a note of another stream.  at: the entry. */
void audit_derive_check(
    struct audit_chain *chain, const struct seal_derive *derive, const struct audit_place *at);

/* All entries are judged; is name in the stream's directory on the way to such a file? */
void audit_derived_end(struct audit_chain *chain);
bool audit_derived_names(const struct audit_chain *chain, const char *name);

/* All heads of the own chain are there: sorts them, tells of streams that none lists. */
void audit_heads_end(struct audit_chain *own);
/* What the own chain's heads say of chain; its length and root are checked. */
void audit_heads_check(const struct audit_heads *heads, struct audit_chain *chain);

/*
 * Names in seg/, where entries pruned, erased or replaced something.  see: 1 if
 * it is a file of a segment (if it may not be there, that is told), -1 if the
 * segment has no such file, 0 if there is no such segment.
 */
struct audit_seg_files;
int audit_seg_files_open(struct audit_seg_files **files, struct audit_chain *chain);
int audit_seg_files_see(struct audit_seg_files *files, const char *name);
void audit_seg_files_close(struct audit_seg_files *files); /* reports */

#endif
