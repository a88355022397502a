/* notes: what is in cp/, beside the walk over the entries.  Private to audit/. */
#ifndef CRETULA_AUDIT_NOTES_H
#define CRETULA_AUDIT_NOTES_H

#include "audit/check.h"

/* Notes: one walk over cp/ beside the walk over the entries. */
struct audit_notes {
	struct audit_chain *chain;
	struct seal_note note;
	struct buf bytes, newest; /* newest: the note over the last entry */
	enum audit_code run; /* of the notes before; AUDIT_CODE_COUNT: good */
	uint64_t run_first, run_count; /* sizes */
	char run_text[160];
	uint64_t good; /* the newest size that the log key signed */
	unsigned char good_root[32];
	bool has_epoch; /* the key that signed the newest note */
	struct seal_vkey epoch;
	char epoch_name[AUDIT_EPOCH_NAME_BYTES];
	uint64_t beyond[64]; /* sizes over the chain's */
	size_t beyond_count;
};
void audit_notes_init(struct audit_notes *notes, struct audit_chain *chain);
void audit_notes_free(struct audit_notes *notes);
/* The note over the first size entries, whose root is root. */
void audit_notes_check(
    struct audit_notes *notes, uint64_t size, const unsigned char root[static 32]);
/* checkpoint, notes of sizes over the chain's, entries without a note. */
void audit_notes_end(struct audit_notes *notes);

#endif
