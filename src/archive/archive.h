/*
 * archive: a record loses what could still tell whose it was, years later.
 *
 * The second, stricter pass over records that are masked already.  The time is
 * cut to the hour, sizes and durations to two digits.  Tokens of chosen fields
 * become other tokens, under a key that nobody but this process ever has: equal
 * within a day (UTC) and a run, and like nothing outside; other tokens become
 * [class].  A value that fewer than k subjects of its day have becomes [rare],
 * or goes.  extra, forwarded hops and whole User-Agents go.
 *
 * Two passes over one set of records: archive_count, then archive_strict.
 * Memory is fixed; what does not fit counts as rare.
 */
#ifndef CRETULA_ARCHIVE_ARCHIVE_H
#define CRETULA_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/record.h"

struct err;
struct archive;

/* ---- policy.c ---- */

#define ARCHIVE_K_MIN 2
#define ARCHIVE_K_MAX 64
#define ARCHIVE_K_DEFAULT 10

struct archive_policy {
	unsigned k; /* subjects that a value needs in a day */
	bool client, user, session; /* stay tokens, under another key; else they go */
};

/* Its canonical JSON, added to out, and hex of the SHA-256 of that. */
void archive_policy_print(const struct archive_policy *p, struct buf *out);
int archive_policy_hash(const struct archive_policy *p, char hex[static 65], struct err *e);

/* ---- strict.c ---- */

/* What was done to the records of a set. */
struct archive_done {
	uint64_t rare;    /* values that became [rare], or went for it */
	uint64_t dropped; /* tokens that became [class] */
	uint64_t rekeyed;
	uint64_t unheld;  /* values for which there was no room to count: rare */
	uint64_t lean;    /* records that archive_lean saw */
};

/* A new key; *locked (may be NULL): its memory could be locked.  -1: ERR_IO. */
int archive_open(
    const struct archive_policy *p, struct archive **a, bool *locked, struct err *e);
void archive_close(struct archive *a); /* wipes the key; NULL is legal */

/* What commits to the key: docs/format.md 6, mask_seed. */
void archive_commitment(const struct archive *a, unsigned char commitment[static 32]);

/* Another set of records: nothing is counted yet. */
void archive_begin(struct archive *a);

/* First pass: who has which values? */
void archive_count(struct archive *a, const struct record *r);

/* Second pass: r becomes strict; its new texts are a's until the next call. */
void archive_strict(struct archive *a, struct record *r);

/* A strict record that is still too long: all of its texts but what it must have. */
void archive_lean(struct archive *a, struct record *r);

void archive_done(const struct archive *a, struct archive_done *done);
/* mask_epochs of the set (docs/format.md 6): which tokens it has, and of which days. */
void archive_epochs(const struct archive *a, struct buf *out);

/* ---- counts.c ---- */

struct stats_counts;

/*
 * sum is what the entries of a set say, found what its records are (states,
 * statuses, reasons, times): sum becomes what an entry of them says.  A record
 * that was erased since it was sealed is one that is only counted.
 */
void archive_counts_settle(struct stats_counts *sum, const struct stats_counts *found);

#endif
