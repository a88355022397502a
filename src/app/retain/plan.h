/* app: what is over its term in a stream, and taking it away. */
#ifndef CRETULA_APP_RETAIN_PLAN_H
#define CRETULA_APP_RETAIN_PLAN_H

#include "app/records.h"
#include "app/retain/lines.h"
#include "base/err.h"
#include "config/config.h"
#include "retain/retain.h"
#include "store/erase/erase.h"

struct store;

/* When the records are of that stay, held or not; inclusive. */
struct app_retain_span {
	int64_t first_us, last_us;
};
#define APP_RETAIN_SPANS_MAX 64

struct app_retain {
	/* in */
	const char *store, *stream;
	struct retain_policy policy;
	int64_t now_us;
	bool open; /* there are records that are not sealed yet */
	bool on_disk; /* bytes are what the files take, not what is sealed in them */
	bool room; /* what counts from until room_us makes room as well */
	int64_t room_us;
	uint64_t limit; /* for which; bytes */
	const char *archive; /* the store of its archive; NULL or "": it has none */
	struct app_lines_stuck *stuck; /* passed over, and added to; NULL: all are tried */
	/* the plan */
	struct app_records records; /* the chain that it is of */
	enum retain_tier tier; /* detail; access; archive, if its chain says so (derive) */
	struct buf rule;
	struct retain_segment *segments;
	struct retain_hold *holds;
	size_t hold_count;
	struct retain_plan plan;
	struct app_lines lines; /* that go before their records */
	char origin[256]; /* of its chain */
	uint64_t untaken; /* segments that go, and that the archive does not have */
	int64_t from_us; /* no record that stays is older; INT64_MAX: none stays */
	/* Of what stays between what went; by their first.  Too many are longer ones. */
	struct app_retain_span spans[APP_RETAIN_SPANS_MAX];
	size_t span_count;
	int64_t sealed_us; /* t of the newest segment */
	/* carried out */
	uint64_t *entries; /* of prune, in order */
	size_t entry_count;
	uint64_t folded, expired; /* cells, and rows of stats.db */
	struct err counted; /* why stats.db still has small ones */
};

/* Of cretula.access: the longest that any stream says. */
void app_retain_access(const struct config *c, struct retain_policy *policy);

/* Those of a stream, whichever it is.  false: the file has streams, and not this one. */
bool app_retain_policy(const struct config *c, const char *stream, struct retain_policy *policy);

/* Read the chain as it is now, without a lock.  0; -1 with e.  Close in any case. */
int app_retain_read(struct app_retain *r, struct err *e);
void app_retain_free(struct app_retain *r); /* all zero is legal */
int64_t app_retain_term(const struct app_retain *r); /* the term in force, once it is read */

/* When something goes next (0: nothing will), and what goes within a day from then on. */
void app_retain_next(
    const struct app_retain *r, int64_t *at_us, uint64_t *segments, uint64_t *records);

/* By the newest entries of a store: is it a day or less from now_us?  ERR_CONFIG: no. */
int app_retain_clock(const struct store *s, int64_t now_us, struct err *e);

/* store_prune, or that of a stream that is written live. */
typedef int (*app_retain_prune)(
    void *arg, const struct store_prune_order *order, uint64_t *entry, struct err *e);
/*
 * Prune what the plan says; then small cells of stats.db become part of "other".
 * What was done before it failed stays, and the next one goes on.
 */
int app_retain_apply(
    struct app_retain *r, struct span by, app_retain_prune prune, void *arg, struct err *e);

/* Fill in untaken.  -1 with e: what the archive has cannot be read. */
int app_retain_untaken(struct app_retain *r, struct err *e);

/* Does anything of it go, or did before? */
bool app_retain_is_less(const struct app_retain *r);

/* One line or more for people; an object for machines, whose hash is that of the report. */
void app_retain_print(const struct app_retain *r, bool dry, struct buf *out);
void app_retain_json(const struct app_retain *r, bool dry, struct buf *out);
/* Of a daemon: what went, for its log. */
void app_retain_tell(const struct app_retain *r);
/* The report entry of what was done. */
void app_retain_report(const struct app_retain *r, struct seal_entry *entry, struct buf *json);

#endif
