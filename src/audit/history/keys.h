/* keys: the log key and the recovery key in force along a chain; docs/format.md 14, 19, 21. */
#ifndef CRETULA_AUDIT_KEYS_H
#define CRETULA_AUDIT_KEYS_H

#include "audit/verify.h"
#include "seal/note.h"

struct audit_chain;

#define AUDIT_EPOCH_NAME_BYTES (SEAL_NAME_BYTES_MAX + 32)

/* With its name, which the line of from holds; false: no key of ours is named so. */
bool audit_epoch_copy(
    struct seal_vkey *to, char name[AUDIT_EPOCH_NAME_BYTES], const struct seal_vkey *from);

/* A log key signs the notes of sizes from first up to the next reign. */
struct audit_reign {
	struct span vkey;
	uint64_t first;
};

/* A key whose signatures count for nothing under notes of size from and above. */
struct audit_revoked {
	struct span vkey;
	uint64_t from, entry;
};

/* Texts are borrowed from the chain. */
struct audit_keys {
	struct span log, recovery; /* vkeys in force; recovery may be empty */
	bool changing; /* the entry at hand is a rekey of the log key */
	bool alone; /* ... that the recovery key signed: the old one need not */
	struct span next_text;
	struct seal_vkey next;
	uint64_t void_from, void_entry; /* of the log key in force, revoked; AUDIT_NONE */
	struct audit_reign *reigns;
	struct audit_revoked *revoked;
	size_t reign_count, reign_size, revoked_count, revoked_size;
	uint64_t steps; /* comparisons so far */
};

/* The keys of genesis are in force. */
void audit_keys_begin(struct audit_chain *chain);
void audit_keys_free(struct audit_keys *keys);

/*
 * Before the note over entry i is looked at; judged: what is wrong with it is
 * told.  Is it one whose note is signed by the epoch key that it names?
 */
bool audit_keys_take(
    struct audit_chain *chain, const struct seal_entry *entry, uint64_t i, bool judged);

/*
 * Is the note signed by the log key in force?  AUDIT_CODE_COUNT if so; a rekey
 * takes effect, or not, with it.
 */
enum audit_code audit_keys_note(
    struct audit_chain *chain, const struct seal_note *note, struct err *e);

/*
 * The same of a note of any size, of a chain that was walked.  0, or -1 and
 * ERR_FINDING.
 */
int audit_keys_other(const struct audit_chain *chain, const struct seal_note *note, struct err *e);

/* Behind the note of the entry at hand, whether it could be read or not. */
void audit_keys_turn(struct audit_chain *chain, uint64_t i);

#endif
