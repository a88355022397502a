/*
 * paper: what `evidence --report` says of a store: filled once, from the
 * chains and from verify, then printed as a page and as JSON.  Whatever
 * judges or prints it reads nothing else: the same paper, the same bytes.
 */
#ifndef CRETULA_APP_PAPER_PAPER_H
#define CRETULA_APP_PAPER_PAPER_H

#include "app/paper/rows.h"
#include "audit/outside/bundle.h"
#include "config/config.h"

#define PAPER_ROWS_MAX 1000 /* of each list: the newest */
#define PAPER_STREAMS_MAX 4096
#define PAPER_POLICIES_MAX 64
#define PAPER_CHECKS_MAX 16
#define PAPER_ROLES_MAX 64
#define PAPER_FIGURES_MAX 8
#define PAPER_DAY_US INT64_C(86400000000)

struct err;

struct paper_scan {
	bool done;
	uint64_t leaks, files, unread, bytes;
};

enum paper_state { PAPER_MET, PAPER_PARTLY, PAPER_NOT_MET, PAPER_NOT_APPLICABLE };
extern const char *const paper_states[4];

enum paper_control_id {
#define CONTROL(name, ...) PAPER_CONTROL_##name,
#include "app/paper/controls.def"
#undef CONTROL
	PAPER_CONTROL_COUNT
};

/* A row of controls.def, and what its predicate made of the figures. */
struct paper_control {
	const char *id, *title, *rule;
	const char *gdpr, *iso, *soc2, *pci, *nist; /* "": none */
};
extern const struct paper_control paper_controls[PAPER_CONTROL_COUNT];
struct paper_verdict {
	enum paper_state state;
	struct {
		const char *name;
		uint64_t n;
	} figures[PAPER_FIGURES_MAX];
	unsigned figure_count;
};

struct paper_totals { /* of the window */
	uint64_t prunes, pruned_segments, pruned_records, redacts, erased, replaced, destroyed;
	uint64_t holds, releases, starts, clocks, alarms, losses, keys_changed, configs;
};

/* Over the streams that a user has; segments over all. */
struct paper_sums {
	uint64_t segments, unlocked, records, bytes, unbalanced, captured, raw, masked;
	uint64_t pruned_segments, pruned_records, erased, replaced, requests, refused;
	struct stats_counts counts;
	int64_t kept_us; /* INT64_MAX: none */
};

struct paper {
	const char *store, *version, *by, *stream; /* stream NULL: all */
	int64_t now_us, genesis_us, end_us; /* end: of the window, or now */
	struct audit_range range;
	struct audit_result verify;
	struct paper_stream *streams;
	size_t stream_count;
	uint64_t streams_more;
	struct paper_acts removed, held, changed;
	struct paper_keys keys;
	struct paper_policy policies[PAPER_POLICIES_MAX];
	unsigned policy_count;
	uint64_t policies_more, policies_known, holds;
	uint64_t due_segments, due_records; /* of all streams that a user has */
	struct paper_check checks[PAPER_CHECKS_MAX];
	unsigned check_count;
	bool has_access; /* there is a stream of access records */
	char access_problem[200];
	struct paper_role roles[PAPER_ROLES_MAX];
	unsigned role_count;
	struct paper_scan scan;
	struct paper_totals totals;
	struct paper_verdict verdicts[PAPER_CONTROL_COUNT];
	struct paper_text *texts; /* what the rows point at */
};

struct app_paper {
	const char *store, *stream, *since, *until, *by, *anchor;
	const struct audit_policy *witnesses; /* NULL: none */
	const struct config *config; /* to know policies and graces by; NULL: none */
	bool scan;
	unsigned jobs;
};

/*
 * 0, and the paper is to be freed; -1 if the store cannot be read at all.  Of a
 * damaged one it says what is damaged: the exit code is paper->verify's.
 */
int app_paper_fill(const struct app_paper *how, struct paper *p, struct err *e);
void app_paper_free(struct paper *p);

/* The verdicts, of what is filled in. */
void app_paper_judge(struct paper *p);
void app_paper_sum(const struct paper *p, struct paper_sums *sums);

/* What somebody who relies on it must know: the i-th that there is; false behind the last. */
struct paper_exception {
	uint64_t count;
	const char *text;
};
bool app_paper_exception(const struct paper *p, unsigned i, struct paper_exception *x);
extern const char *const paper_limits[]; /* what no store can show; NULL ends */

void app_paper_print_json(const struct paper *p, struct buf *out);
void app_paper_print_page(const struct paper *p, struct buf *out);

#endif
