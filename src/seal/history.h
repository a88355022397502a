/*
 * seal: what the entries of a chain did to segments, records and holds;
 * docs/format.md 19.
 *
 * Fed every entry in order.  The verifier judges with it; a writer asks it
 * before it appends.  Pure: no files, no keys, no clock but the entries' own.
 * Memory is bounded by the entries, and time: entries that would have to be
 * compared with too many others are not judged.
 */
#ifndef CRETULA_SEAL_HISTORY_H
#define CRETULA_SEAL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/entry.h"
#include "seal/lists.h"

struct err;
struct seal_history;

enum seal_verdict {
	SEAL_VERDICT_GOOD,
	SEAL_VERDICT_TARGET, /* names what is not there; changed nothing */
	SEAL_VERDICT_HELD,   /* removes what a hold names; counts all the same */
	SEAL_VERDICT_COUNTS, /* replay: another number than its segment says */
	SEAL_VERDICT_OPEN    /* not judged: comparing it would take too long */
};

/* A record that is not what it was, as of the newest redact that names it. */
struct seal_touched {
	uint32_t record;        /* in its segment */
	bool erased;            /* else replaced */
	uint16_t replaced;      /* how often it was replaced so far */
	unsigned char leaf[32]; /* of its first line: stays in the tree */
	unsigned char now[32];  /* replaced: what commits to the newest line */
};

struct seal_past {
	uint64_t seg, entry, n; /* entry: index of its segment entry */
	bool pruned, has_tags;
	uint64_t revision;      /* of its files; 0: as sealed */
	uint64_t file_size;     /* of that revision; revision 0: as sealed */
	uint64_t replay;        /* records that were replayed, as sealed */
	struct seal_touched *touched; /* by record */
	size_t touched_count, touched_size, erased_count;
};

int seal_history_open(struct seal_history **history, struct err *e);
void seal_history_free(struct seal_history *history); /* NULL is legal */

/*
 * Take an entry.  0 and the verdict, with the reason in why (may be NULL) if
 * it is not good; or -1 without memory, e is why.  Types that do nothing to
 * segments are good.
 */
int seal_history_take(struct seal_history *history, const struct seal_entry *entry,
    enum seal_verdict *verdict, struct err *why);

/* NULL: no such segment. */
const struct seal_past *seal_history_segment(const struct seal_history *history, uint64_t seg);
/* What was done to a record of it; NULL: nothing. */
const struct seal_touched *seal_past_record(const struct seal_past *past, uint32_t record);

/* A hold that nobody released.  Texts and ranges are valid until the next take. */
struct seal_hold_past {
	char *text; /* of id and epochs; private */
	uint64_t entry;
	struct span id, epochs;
	struct seal_range *ranges; /* of segments */
	size_t range_count;
	bool has_onward, has_until;
	uint64_t onward; /* also every segment from this one on */
	int64_t until_us;
};
/* i from 0 on; NULL: no more. */
const struct seal_hold_past *seal_history_hold(const struct seal_history *history, size_t i);
bool seal_hold_in_force(const struct seal_hold_past *hold, int64_t t_us);

/* Does a hold in force at t_us name segment seg?  Then its id (valid until the next take). */
bool seal_history_held(const struct seal_history *history, uint64_t seg, int64_t t_us,
    struct span *hold);

/* The same of a mask epoch. */
bool seal_history_held_epoch(const struct seal_history *history, struct span epoch, int64_t t_us,
    struct span *hold);

size_t seal_history_pruned(const struct seal_history *history);   /* segments */
size_t seal_history_holds(const struct seal_history *history, int64_t t_us); /* in force */

#endif
