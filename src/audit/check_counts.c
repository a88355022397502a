/* What an entry says of its records, against the records: states, statuses, reasons, times. */
#include <stdio.h>

#include "audit/segment.h"

#define MINUTE_US ((int64_t)60 * 1000000)

static const char *const status_names[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

/* How many records may be fewer or more than were sealed. */
struct slack {
	uint64_t fewer, more;
};

static const struct slack none = { 0, 0 };

static void
compare(const char *name, uint64_t sealed, uint64_t found, const struct slack *slack,
    const struct audit_place *at, struct audit_list *list)
{
	if (found + slack->fewer < sealed || found > sealed + slack->more)
		audit_report(list, AUDIT_E_COUNTS, at, "%s: sealed %ju, found %ju", name,
		    (uintmax_t)sealed, (uintmax_t)found);
}

/* Seconds in time are left away: the bounds are rounded out to the minute. */
static int64_t
minute_before(int64_t t_us)
{
	int64_t rest = t_us % MINUTE_US;

	return (t_us - rest - (rest < 0 ? MINUTE_US : 0));
}

static void
compare_times(const struct stats_counts *sealed, const struct audit_pass *pass, bool less,
    const struct audit_place *at, struct audit_list *list)
{
	int64_t min_us, max_us;

	if (pass->time_min_us > pass->time_max_us)
		return;
	min_us = minute_before(pass->time_min_us);
	max_us = minute_before(pass->time_max_us + MINUTE_US - 1);
	if (less ? sealed->time_min_us > min_us : sealed->time_min_us != min_us)
		audit_report(list, AUDIT_E_COUNTS, at, "time.min: not that of the records");
	if (less ? sealed->time_max_us < max_us : sealed->time_max_us != max_us)
		audit_report(list, AUDIT_E_COUNTS, at, "time.max: not that of the records");
}

/* Of reasons that are in no list of this program nobody here can tell. */
static void
compare_reasons(const struct audit_target *target, const struct slack *slack)
{
	const struct stats_counts *c = &target->facts->counts;
	char name[48];

	for (unsigned i = 0; i < target->names->reason_count && i < STATS_REASONS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "reasons.%s", target->names->reasons[i]);
		compare(name, c->reasons[i], target->pass->reasons[i], slack, &target->at,
		    target->list);
	}
}

static void
compare_records(const struct audit_target *target, const struct slack *slack)
{
	const struct stats_counts *c = &target->facts->counts;
	const struct audit_pass *pass = target->pass;
	const struct audit_place *at = &target->at;
	struct audit_list *list = target->list;
	char name[24];

	compare("parsed", c->in.parsed + c->split.parsed + c->replay.parsed,
	    pass->states[RECORD_PARSED], slack, at, list);
	compare("partial", c->in.partial + c->split.partial + c->replay.partial,
	    pass->states[RECORD_PARTIAL], slack, at, list);
	compare("unparsed", c->in.unparsed + c->split.unparsed + c->replay.unparsed,
	    pass->states[RECORD_UNPARSED], slack, at, list);
	for (unsigned i = 0; target->facts->has_by && i < STATS_STATUS_CLASSES; i++) {
		(void)snprintf(name, sizeof(name), "by.status.%s", status_names[i]);
		compare(name, c->status[i], pass->status[i], slack, at, list);
	}
}

void
audit_counts_check(const struct audit_target *target)
{
	const struct seal_past *past = target->past;
	const struct audit_pass *pass = target->pass;
	struct slack slack = none;

	if (past == NULL)
		compare(
		    "bytes", target->facts->bytes, pass->bytes, &none, &target->at, target->list);
	else
		slack = (struct slack){ .fewer = past->touched_count,
			.more = past->touched_count - past->erased_count };
	if (pass->syntax.count > 0)
		return; /* what cannot be read cannot be counted */
	compare_records(target, &slack);
	compare_reasons(target, &slack);
	compare_times(&target->facts->counts, pass, past != NULL, &target->at, target->list);
}

void
audit_counts_balance(const struct seal_entry *entry, struct audit_list *list)
{
	const struct seal_segment *facts = &entry->of.segment;
	struct audit_place at = audit_place("chain.jsonl");

	at.entry = entry->index;
	at.segment = facts->seg;
	if (!stats_counts_balanced(&facts->counts))
		audit_report(list, AUDIT_E_COUNTS, &at, "in.lines: not the sum of its parts");
	if (!stats_counts_caused(&facts->counts))
		audit_report(list, AUDIT_E_COUNTS, &at, "causes: more than were counted or lost");
	compare("n", facts->n, stats_counts_records(&facts->counts), &none, &at, list);
}
