/*
 * audit: prove it to a stranger.
 *
 * verify is pure: it reads a STORE (no keys, no network), writes nothing and
 * reports findings, root cause first.  Bounded memory whatever the store
 * holds; hostile stores are its input.
 */
#ifndef CRETULA_AUDIT_VERIFY_H
#define CRETULA_AUDIT_VERIFY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit/covered.h"
#include "base/buf.h"
#include "base/span.h"
#include "seal/entry.h"

struct err;

enum audit_severity { AUDIT_ERROR, AUDIT_WARNING };

/* Codes E_..., W_...: rows of audit/findings.def, sorted; help and severity there. */
enum audit_code {
#define FINDING(code, severity, help) AUDIT_##code,
#include "audit/findings.def"
#undef FINDING
	AUDIT_CODE_COUNT
};
extern const char *const audit_code_names[AUDIT_CODE_COUNT];
extern const enum audit_severity audit_code_severity[AUDIT_CODE_COUNT];

#define AUDIT_NONE UINT64_MAX /* a place that is not given */

struct audit_finding {
	enum audit_code code;
	char stream[40];
	char file[64];          /* relative to the stream */
	uint64_t segment, record, line, entry; /* AUDIT_NONE where unknown; record: of the stream */
	uint64_t count;         /* how many, where it makes sense; else 1 */
	char text[160];         /* one line for people; never bytes of a record */
};

struct audit_escrow;
struct audit_list;
struct audit_pins;
struct audit_policy;
struct audit_range;

/*
 * Is token (CMS SignedData of RFC 3161) an authority's signature over body, by
 * certificates that the caller trusts and that were valid at time_us?  0; or
 * -1 with ERR_FINDING.
 */
typedef int (*audit_stamp_check)(
    void *arg, struct span token, struct span body, int64_t time_us, struct err *e);

struct audit_options {
	const char *stream;       /* only this one; NULL: all */
	const char *anchor;       /* the auditor's line; NULL: none */
	struct audit_pins *pins; /* what was seen before (outside/pin.h); NULL: nothing */
	struct audit_escrow *escrow; /* first keys of ratchets (live/escrow.h); NULL: none */
	const struct audit_policy *policy; /* logs and witnesses (anchors/policy.h); NULL: none */
	audit_stamp_check stamp; /* NULL: the signatures of time stamps are not checked */
	void *stamp_arg;
	const struct audit_range *range; /* part of a store (outside/bundle.h); NULL: all of it */
	struct audit_list *found; /* already; moved into the result; NULL: nothing */
	int64_t max_age_us; /* of the newest entry of a stream; 0: any */
	unsigned jobs;            /* >= 1 */
	const struct seal_names *names;
	/*
	 * How many entries of a stream were found good with their segments before:
	 * those are not read again.  May be NULL.
	 */
	uint64_t (*checked)(void *arg, const char *stream);
	void *checked_arg;
	/*
	 * The SHA-256 of the file of each segment whose records are the sealed
	 * ones: who reads them later can see that it is that file.  May be NULL;
	 * with one job it is called in this thread.
	 */
	void (*seen)(void *arg, uint64_t seg, const unsigned char hash[static 32]);
	void *seen_arg;
	const atomic_bool *stop; /* true: no more segments, the result is of no use; NULL: never */
	/* May be NULL.  From one thread; done and total are bytes of lines. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

#define AUDIT_FINDINGS_PER_FILE 100

struct audit_result {
	char store[256];                /* its path, as it was given */
	struct audit_finding *findings; /* root cause first */
	size_t finding_count;
	uint64_t suppressed;            /* dependants and over the limit */
	struct audit_coverage coverage;
	int exit_code;                  /* 0, 1 or 3; --strict is the caller's: warnings > 0 -> 4 */
	unsigned errors, warnings;
};

/* 0 and *result, good or bad; -1 only if the store cannot be read at all. */
int audit_verify(const char *store, const struct audit_options *options,
    struct audit_result *result, struct err *e);
void audit_result_free(struct audit_result *result);

/* The report for people, and as JSON (one object). */
void audit_print_text(const struct audit_result *r, struct buf *out);
void audit_print_json(const struct audit_result *r, struct buf *out);
/* Of one: where it is (" FILE record 7", nothing if that is not known), and ": what". */
void audit_print_finding(const struct audit_finding *f, struct buf *out);

#endif
