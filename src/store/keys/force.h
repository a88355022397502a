/* store, inside: the keys that a chain names; docs/format.md 14, 21. */
#ifndef CRETULA_STORE_KEYS_FORCE_H
#define CRETULA_STORE_KEYS_FORCE_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/entry.h"
#include "seal/note.h"
#include "store/chain.h"

struct err;

/* In force behind the first entries; log and recovery are borrowed from the chain. */
struct store_force {
	struct span log, recovery; /* vkeys; recovery may be empty */
	char next[SEAL_NAME_BYTES_MAX + 64]; /* the epoch key that signs the entry that comes */
	uint64_t epoch; /* its number */
};

/*
 * Behind the first count entries, at least one.  Nothing is verified but who
 * signed a change of the recovery key: whoever asks has the newest note
 * checked.  scratch is overwritten.
 */
int store_force_find(const struct store_chain *chain, uint64_t count,
    const struct seal_names *names, struct seal_entry *scratch, struct store_force *force,
    struct err *e);

/* The log vkey that entry puts in force; empty: none. */
struct span store_force_brings(const struct seal_entry *entry);

/* May line, behind genesis, change them?  Then it is a rekey or a recover. */
bool store_force_changes(struct span line);

/* Was vkey the log key of chain at any time? */
bool store_force_was(const struct store_chain *chain, const struct seal_names *names,
    struct seal_entry *scratch, struct span vkey);

#endif
