/*
 * store: records erased or replaced, with what is left of them.
 *
 * docs/format.md 11.  The next revision of a segment's file holds placeholders
 * in the place of those records, and its .salt gives nothing of theirs; then a
 * signed entry names them, and the files before are overwritten.  After a
 * crash the next open of the stream removes what has no entry, or overwrites
 * what was to go.  Whole segments are pruned by the entry alone: their files
 * go behind it.
 */
#ifndef CRETULA_STORE_ERASE_ERASE_H
#define CRETULA_STORE_ERASE_ERASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "seal/history.h"
#include "seal/lists.h"

struct err;
struct store;
struct store_chain;
struct store_gone;
struct store_stream;
struct store_eraser; /* of one stream */

/* What the entries of a chain did, for readers too.  ERR_FINDING: one cannot be read. */
int store_history_read(const struct store_chain *chain, const struct seal_names *names,
    struct seal_history **history, struct err *e);

/*
 * Seal what a dead writer left open in a stream; *kept is how many records
 * that were.  ERR_CONFIG if it is not what a crash leaves (store/live.h).
 */
int store_seal_left(struct store *s, const char *name, const struct seal_names *names,
    uint64_t *kept, struct err *e);

/* st outlives it.  Nothing else may append to st meanwhile. */
int store_eraser_open(struct store_stream *st, struct store_eraser **x, struct err *e);
void store_eraser_close(struct store_eraser *x); /* NULL is legal */

/* May anything of seg be taken away?  -1: ERR_INPUT, ERR_CONFIG as store_erase. */
int store_erase_check(const struct seal_history *history, uint64_t seg, struct err *e);

struct store_erase_item {
	uint32_t record;  /* in its segment */
	struct span line; /* the record that replaces it, without LF; ptr NULL: it is erased */
};

struct store_erase_order {
	uint64_t seg;
	const struct store_erase_item *items; /* ascending by record */
	size_t count; /* 1 to SEAL_ITEMS_MAX; SEAL_ERASED_MAX if all are erased */
	struct span reason;                   /* any text */
	struct span ref, by;                  /* plain texts; empty: none */
	bool spares; /* it can wait: half of what a .salt may have is left to who cannot */
};

/*
 * What stood in the place of a replaced record was not what is sealed, and went
 * with it: a config entry of this kind, "SEG COUNT RUNS" (docs/format.md 11),
 * is in front of the redact.
 */
#define STORE_ERASE_DAMAGED "damaged"

/*
 * One redact entry, *entry is its index.  Refused before anything is written:
 * ERR_INPUT (no such segment or record, pruned, erased already), ERR_CONFIG (a
 * hold names the segment; a new line that is no record, or longer or of
 * another time than fits; too many erasures, or more than it spares),
 * ERR_USAGE (texts), ERR_FINDING (the segment is not the sealed one, but for
 * what was replaced and is to be erased).  ERR_IO:
 * nothing of it stays, unless the text says that the next open goes on.
 */
int store_erase(struct store_eraser *x, const struct store_erase_order *order, uint64_t *entry,
    struct err *e);

/* ---- whole segments ---- */

#define STORE_PRUNE_RANGES_MAX 1500 /* so many fit an entry, whatever else it says */

struct store_prune_order {
	const struct seal_range *ranges; /* as seal/lists.h has them */
	size_t count;                    /* 1 to STORE_PRUNE_RANGES_MAX */
	struct span rule;                /* plain text */
	struct span by;                  /* plain text; empty: not said */
	int64_t cutoff_us;
};

/*
 * One prune entry, *entry is its index; then the salts of those segments are
 * overwritten and all their files removed.  Refused before anything is
 * written: ERR_INPUT (no such segment, pruned already), ERR_CONFIG (a hold
 * names one), ERR_USAGE (texts).  ERR_IO: nothing is pruned, unless the text
 * says that the next open goes on; it also does after a crash.
 */
int store_prune(struct store_eraser *x, const struct store_prune_order *order, uint64_t *entry,
    struct err *e);

/* ---- holds ---- */

#define STORE_HOLD_RANGES_MAX 1500 /* as STORE_PRUNE_RANGES_MAX */

struct store_hold_order {
	struct span id;                  /* a word: case-7 */
	const struct seal_range *ranges; /* segments that are there; may be none */
	size_t count;
	bool has_onward, has_until;
	uint64_t onward;                 /* also every segment from this one on */
	int64_t until_us;                /* when it is over by itself */
	struct span mask_epochs;         /* raw JSON object */
	const struct store_gone *gone; /* keys that are gone: said before it */
	size_t gone_count;
	struct span reason;              /* any text */
	struct span by;                  /* plain text; empty: not said */
};

/*
 * One hold entry, *entry is its index.  A key that is gone is said to be
 * destroyed before, if it was not: behind a hold that names it that would be
 * one that was held.  Refused before anything is written:
 * ERR_INPUT (a hold of that id is in force, no such segment), ERR_USAGE (id,
 * texts).
 */
int store_hold(struct store_eraser *x, const struct store_hold_order *order, uint64_t *entry,
    struct err *e);

struct store_release_order {
	struct span id, reason, by;
};
/* The same of a release; ERR_INPUT: no such hold is in force. */
int store_release(struct store_eraser *x, const struct store_release_order *order,
    uint64_t *entry, struct err *e);

#endif
