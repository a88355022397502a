/*
 * check: what the files of audit share.  Private to the room.
 *
 * A list collects the findings of one place (a chain, a segment) and is
 * bounded; lists are appended to the result in a fixed order, so that the
 * report does not depend on the number of jobs.
 */
#ifndef CRETULA_AUDIT_CHECK_H
#define CRETULA_AUDIT_CHECK_H

#include "audit/history/keys.h"
#include "audit/read/lines.h"
#include "audit/verify.h"
#include "seal/history.h"
#include "seal/note.h"
#include "seal/raw.h"
#include "store/layout.h"

struct err;

extern const char *const audit_code_help[AUDIT_CODE_COUNT];

/* ---- findings ---- */

struct audit_list {
	char stream[40];
	struct audit_finding *items;
	size_t count, size;
	size_t max;                          /* of all; at most AUDIT_FINDINGS_PER_FILE of a code */
	unsigned of_code[AUDIT_CODE_COUNT];
	uint64_t suppressed;
	bool has_error;                      /* also if it was one too many */
	bool failed;                         /* out of memory */
};

struct audit_place {
	const char *file;
	uint64_t segment, record, line, entry, count;
};

void audit_list_init(struct audit_list *list, const char *stream, size_t max);
void audit_list_free(struct audit_list *list);

/* A place in file of which nothing more is known. */
struct audit_place audit_place(const char *file);

/* Add a finding, or count it as suppressed if the list has enough of them. */
void audit_report(struct audit_list *list, enum audit_code code, const struct audit_place *at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Take out, as suppressed, findings of entries from first on that keep does not name. */
void audit_list_drop(struct audit_list *list, uint64_t first, enum audit_code keep);

/* Root cause first, then move all of more (which is emptied) behind into. */
void audit_list_sort(struct audit_list *list);
void audit_list_move(struct audit_list *into, struct audit_list *more);

/* ---- files ---- */

enum audit_kind { AUDIT_REGULAR, AUDIT_DIRECTORY, AUDIT_MISSING, AUDIT_OTHER };
enum audit_kind audit_kind(int dirfd, const char *path);

/*
 * Read a file whole.  0; or -1, and *code becomes E_FILE_TYPE or E_LIMIT, or
 * stays what the caller set for a file that is not there or cannot be read.
 */
int audit_read(int dirfd, const char *path, size_t max, struct buf *out, enum audit_code *code,
    struct err *e);

/*
 * Call each for every name in dir but . and ..; the directory is at path
 * below dirfd.  A directory that is not there or is none: -1.
 */
typedef void (*audit_each)(void *arg, int dir, const char *name);
int audit_walk(int dirfd, const char *path, audit_each each, void *arg, struct err *e);

/* Is it a name that a writer gives while it writes?  Counted as unfinished, no finding. */
bool audit_unfinished(const char *name, struct audit_coverage *coverage);

/* "00000042" and suffix, of at least 8 digits, no more zeros than needed; 0 if it is none. */
uint64_t audit_number(const char *name, const char *suffix);

/* ---- a chain ---- */

struct audit_segment {
	uint64_t line;  /* index of its entry */
	uint64_t seg, first, n, bytes;
};

/* What an entry of the store's chain says of another one. */
struct audit_head {
	char name[STORE_NAME_MAX + 8]; /* a longer one is cut: no stream has it */
	uint64_t size, entry;
	unsigned char root[32];
	bool listed; /* only that the stream is there: no size, no root */
};

struct audit_heads {
	struct audit_head *items; /* by name and size, once all are there */
	size_t count, size;
};

struct audit_chain {
	const char *name;
	int dirfd;
	const struct seal_names *names;
	const struct audit_options *options; /* may be NULL: none */
	struct audit_list list;
	struct audit_coverage *coverage;

	struct store_chain lines;     /* of chain.jsonl */
	struct audit_window window;   /* of who walks the chain; threads have their own */
	size_t count;
	bool torn;

	bool has_genesis;
	struct seal_genesis genesis;  /* borrows its line, which is kept; like the keys */
	unsigned char genesis_hash[32];
	bool has_log;
	struct seal_vkey log;         /* in force for the note that comes next */
	struct audit_keys keys;
	bool has_epoch;               /* of the entry that comes next */
	struct seal_vkey epoch;
	char epoch_name[AUDIT_EPOCH_NAME_BYTES];
	bool damaged;                 /* what follows is a dependant */
	bool displaced; /* an entry is not in its place */
	uint64_t bad_entry;           /* the first that its note does not cover; AUDIT_NONE */
	uint64_t signed_count;        /* entries under a good note */
	struct audit_segment *segments;
	size_t segment_count;
	struct seal_history *history; /* what signed entries did; NULL: without memory for it */
	struct audit_heads heads;     /* of the store's own chain */
	struct buf derived;           /* first parts of the names in derive entries: spans */
	uint64_t derived_bytes;       /* of these files, hashed so far */
	bool newest_good; /* the records of the newest segment are the sealed ones */
	uint64_t words_line, words_count; /* the entry that says it: the newest */
	unsigned char words_hash[32];
	struct seal_raw raw;
	struct buf anchors;   /* struct audit_anchored of what was found (outside/anchors.h) */
};

/* Find its entries: 0; or -1 with a finding in its list. */
int audit_chain_read(struct audit_chain *chain);
/* Entry i, until the next call; not from threads. */
struct span audit_line(struct audit_chain *chain, uint64_t i);
/* Entries, links, notes, epochs; fills what stands behind has_genesis. */
void audit_chain_check(struct audit_chain *chain);
void audit_chain_free(struct audit_chain *chain);

#endif
