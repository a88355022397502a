#include <stdlib.h>

#include "app/retain/budget.h"
#include "app/retain/plan.h"
#include "app/tally/tally.h"
#include "base/err.h"
#include "crypto/sha256.h"
#include "retain/room.h"

#define LAST_US INT64_C(253402300800000000) /* of the year 9999 */

/* Whom to ask. */
struct pruning {
	app_retain_prune prune;
	void *arg;
	struct seal_range *runs;
};

static int
prune_action(struct app_retain *r, enum retain_action action, struct store_prune_order *order,
    const struct pruning *p, struct err *e)
{
	size_t at = 0;

	while ((order->count = retain_plan_runs(
		    &r->plan, r->segments, action, &at, p->runs, STORE_PRUNE_RANGES_MAX)) > 0) {
		if (p->prune(p->arg, order, &r->entries[r->entry_count], e) == -1)
			return (-1);
		r->entry_count++;
	}
	return (0);
}

/* Every record of what goes is of before the cutoff, which is a time as entries have them. */
static int
prune_all(struct app_retain *r, struct span by, struct pruning *p, struct err *e)
{
	int64_t term_us = r->now_us - app_retain_term(r);
	struct buf rule = { 0 };
	struct store_prune_order order = { .by = by };
	int rc = -1;

	app_budget_rule(r->limit, &rule);
	p->runs = calloc(STORE_PRUNE_RANGES_MAX, sizeof(p->runs[0]));
	r->entries = calloc(r->plan.count / STORE_PRUNE_RANGES_MAX + 2, sizeof(r->entries[0]));
	if (p->runs == NULL || r->entries == NULL || !buf_ok(&rule)) {
		(void)err_memory(e);
		goto out;
	}
	order.ranges = p->runs;
	order.rule = buf_view(&r->rule);
	order.cutoff_us = term_us - ((term_us % 1000) + 1000) % 1000;
	if (prune_action(r, RETAIN_PRUNE, &order, p, e) == -1)
		goto out;
	order.rule = buf_view(&rule);
	order.cutoff_us = retain_room_cutoff(r->room_us);
	rc = prune_action(r, RETAIN_ROOM, &order, p, e);
out:
	free(p->runs);
	buf_free(&rule);
	return (rc);
}

bool
app_retain_is_less(const struct app_retain *r)
{
	return (r->plan.sums[RETAIN_PRUNE].segments + r->plan.sums[RETAIN_ROOM].segments +
		r->plan.sums[RETAIN_GONE].segments >
	    0);
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

	if (!app_retain_is_less(r))
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
	struct pruning p = { prune, arg, NULL };

	if (prune_all(r, by, &p, e) == -1)
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
	report->result = r->counted.code == ERR_NONE && r->lines.failed.code == ERR_NONE &&
		r->lines.passed == 0 ?
	    0 :
	    (uint64_t)ERR_INCOMPLETE;
	crypto_sha256(json->data, json->len, report->hash);
}
