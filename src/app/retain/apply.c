#include <stdlib.h>

#include "app/retain/plan.h"
#include "app/tally/tally.h"
#include "base/err.h"
#include "crypto/sha256.h"

#define LAST_US INT64_C(253402300800000000) /* of the year 9999 */

/* Every record of what goes is of before it. */
static int64_t
cutoff(const struct app_retain *r)
{
	int64_t us = r->now_us - app_retain_term(r);

	return (us - ((us % 1000) + 1000) % 1000); /* as entries have times */
}

static int
prune_all(struct app_retain *r, struct span by, app_retain_prune prune, void *arg, struct err *e)
{
	struct seal_range *runs = calloc(STORE_PRUNE_RANGES_MAX, sizeof(*runs));
	struct store_prune_order order = {
		.ranges = runs, .rule = buf_view(&r->rule), .by = by, .cutoff_us = cutoff(r)
	};
	size_t at = 0;
	int rc = 0;

	r->entries = calloc(r->plan.count / STORE_PRUNE_RANGES_MAX + 1, sizeof(r->entries[0]));
	if (runs == NULL || r->entries == NULL)
		rc = err_memory(e);
	while (rc == 0 &&
	    (order.count = retain_plan_runs(
		 &r->plan, r->segments, RETAIN_PRUNE, &at, runs, STORE_PRUNE_RANGES_MAX)) > 0)
		if ((rc = prune(arg, &order, &r->entries[r->entry_count], e)) == 0)
			r->entry_count++;
	free(runs);
	return (rc);
}

static void
fold_between(struct app_retain *r, int64_t behind_us, int64_t until_us)
{
	if (until_us > behind_us && r->counted.code == ERR_NONE)
		(void)app_tally_fold(
		    r->store, r->stream, behind_us, until_us, &r->folded, &r->counted);
}

/* What is not sealed yet is of now: of since the newest seal, and a day ahead at most. */
static void
fold_last(struct app_retain *r, int64_t behind_us)
{
	int64_t sealed_us = r->sealed_us < r->now_us ? r->sealed_us : r->now_us;
	int64_t future_us = r->now_us + RETAIN_DAY_US;

	if (r->open) {
		fold_between(r, behind_us, sealed_us);
		if (behind_us < future_us)
			behind_us = future_us;
	}
	fold_between(r, behind_us, LAST_US);
}

/*
 * Where no record is left: before what stays, between it and behind it.  Also
 * where nothing goes now: a run before this one may have died here.
 */
static void
fold(struct app_retain *r)
{
	int64_t behind_us = INT64_MIN;

	if (r->plan.sums[RETAIN_PRUNE].segments + r->plan.sums[RETAIN_GONE].segments == 0)
		return;
	for (size_t i = 0; i < r->span_count; i++) {
		fold_between(r, behind_us, r->spans[i].first_us);
		if (r->spans[i].last_us > behind_us)
			behind_us = r->spans[i].last_us;
	}
	fold_last(r, behind_us);
}

/* Counts have a term of their own.  What can be counted again stays counted. */
static void
expire(struct app_retain *r)
{
	int64_t term_us = retain_term(&r->policy, RETAIN_AGGREGATES), until_us;

	if (term_us == RETAIN_FOREVER || r->counted.code != ERR_NONE)
		return;
	until_us = r->now_us - term_us;
	if (until_us > r->from_us)
		until_us = r->from_us;
	(void)app_tally_expire(r->store, r->stream, until_us, &r->expired, &r->counted);
}

int
app_retain_apply(
    struct app_retain *r, struct span by, app_retain_prune prune, void *arg, struct err *e)
{
	if (prune_all(r, by, prune, arg, e) == -1)
		return (-1);
	fold(r);
	expire(r);
	return (0);
}

void
app_retain_report(const struct app_retain *r, struct seal_entry *entry, struct buf *json)
{
	struct seal_report *report = &entry->of.report;

	*entry = (struct seal_entry){ .type = SEAL_REPORT };
	app_retain_json(r, false, json);
	report->kind = span_str("retain");
	report->result = r->counted.code == ERR_NONE ? 0 : (uint64_t)ERR_INCOMPLETE;
	crypto_sha256(json->data, json->len, report->hash);
}
