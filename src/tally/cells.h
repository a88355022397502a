/* tally, inside: what becomes of the cells in the memory of a book. */
#ifndef CRETULA_TALLY_CELLS_H
#define CRETULA_TALLY_CELLS_H

#include "tally/shelf.h"

/* ---- merge.c ---- */

/* What changed of a group, into what the file has of it; nothing of it has changed then. */
int tally_merge(struct tally_book *book, uint32_t group, struct err *e);
/* The same of what is cleared then: it is not known to have been written. */
int tally_merge_last(struct tally_book *book, uint32_t group, struct err *e);

/* ---- cells.c ---- */

/* The cell of a key that has a place of its own; NULL: there is none in memory. */
struct tally_kept *tally_cells_find(
    struct tally_book *book, uint64_t hash, uint32_t group, struct span key);
uint64_t tally_cells_hash(const struct tally_book *book, struct span key);

/* All entries of a batch. */
int tally_cells_add(struct tally_book *book, const struct tally_batch *b, struct err *e);
/* The same of those periods and dimensions that wanted says yes to. */
typedef bool (*tally_wanted)(const void *arg, int period, int dim, int64_t index);
int tally_cells_add_some(struct tally_book *book, const struct tally_batch *b, tally_wanted wanted,
    const void *arg, struct err *e);
/*
 * All entries go from what is counted: of the cell of their key, or of "other" if it has no place.
 * own: is told of each that has one.
 */
typedef void (*tally_own)(void *arg, const struct tally_group *group, struct span key);
int tally_cells_less(
    struct tally_book *book, const struct tally_batch *b, tally_own own, void *arg, struct err *e);
/* The key of an entry; of a number in digits. */
#define TALLY_NUMBER_BYTES 20
struct span tally_entry_key(const struct tally_batch *b, const struct tally_entry *entry,
    char number[static TALLY_NUMBER_BYTES]);
/* Bytes of the longest one there is. */
static inline size_t
tally_key_max(enum tally_dim dim)
{
	return (tally_is_number(dim) ? TALLY_NUMBER_BYTES : TALLY_KEY_MAX);
}

#endif
