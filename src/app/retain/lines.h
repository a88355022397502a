/*
 * app: sealed lines that go before the records that hold them (retain/lines.h).
 *
 * Each is taken out of its record, as by subject rescrub: a redact entry names
 * the record, which stays without it.  Behind them an entry `config` of kind
 * `quarantine` says of which segments none is left, so that these are not read again.
 */
#ifndef CRETULA_APP_RETAIN_LINES_H
#define CRETULA_APP_RETAIN_LINES_H

#include "base/buf.h"
#include "base/err.h"
#include "retain/lines.h"
#include "store/erase/erase.h"

struct app_retain;
struct seal_entry;

#define APP_LINES_KIND "quarantine"

/* Segments that could not give their lines: a daemon passes them over until then. */
struct app_lines_stuck {
	struct buf segs; /* uint64_t */
	int64_t until_us;
};
/* If they are to be tried again at now_us, none is stuck; what gets stuck now is so for_us. */
void app_lines_try(struct app_lines_stuck *stuck, int64_t now_us, int64_t for_us);

struct app_lines {
	struct buf rule; /* "quarantine 14d" */
	uint64_t *counts; /* of each segment of the plan, as retain/lines.h */
	bool said; /* of some the chain says that there is none */
	struct retain_plan plan;
	/* carried out */
	uint64_t taken; /* records whose line went */
	uint64_t segments; /* that have none any more */
	struct buf entries; /* uint64_t: of redact */
	bool more; /* entries_max were not enough */
	struct err failed; /* why the lines of some segment are there yet */
	uint64_t passed; /* segments that were stuck */
};

/*
 * The terms at a look of a daemon that seals no line: lines of before have theirs
 * from *from_us on.  Else each seal had two entries that say there is none.
 */
struct retain_policy app_lines_terms(
    const struct retain_policy *policy, bool unsealed, int64_t from_us, int64_t now_us);

/* A segment entry of the chain, or one that says that some have no line any more. */
void app_lines_see(struct app_retain *r, const struct seal_entry *entry, size_t count);
/* ask is that of r's own plan, which is made. */
int app_lines_plan(struct app_retain *r, const struct retain_ask *ask, struct err *e);
void app_lines_free(struct app_lines *lines); /* all zero is legal */

/* Who takes away, and appends; those of a stream that is written live, or of one that is not. */
struct app_lines_hands {
	int (*erase)(
	    void *arg, const struct store_erase_order *order, uint64_t *entry, struct err *e);
	int (*append)(void *arg, struct seal_entry *entry, struct err *e);
	void *arg;
	size_t entries_max; /* of redact: more is left to the next time; 0: no bound */
};

/*
 * What is wrong with one segment keeps no other: it is in failed.  -1: what was
 * done could not be said, and will be looked for again.
 */
int app_lines_take(
    struct app_retain *r, const struct app_lines_hands *hands, struct span by, struct err *e);

/* Did lines go, or is it known now that there are none? */
bool app_lines_did(const struct app_lines *lines);

/* "detail 30d", or "detail 30d, quarantine 14d" if lines go before; cut to size. */
void app_lines_rules(const struct app_retain *r, char *out, size_t size);
void app_lines_print(const struct app_lines *lines, bool dry, struct buf *out);
void app_lines_tell(const struct app_lines *lines, const char *stream); /* for the log */
void app_lines_json(const struct app_lines *lines, struct buf *out); /* the member "lines" */

#endif
