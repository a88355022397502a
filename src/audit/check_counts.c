/* What an entry says of its records, against the records: states, statuses, times. */
#include <stdio.h>

#include "audit/segment.h"

#define MINUTE_US ((int64_t)60 * 1000000)

static const char *const status_names[STATS_STATUS_CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx",
	"5xx" };

static void
compare(const char *name, uint64_t sealed, uint64_t found, const struct audit_place *at,
    struct audit_list *list)
{
	if (sealed != found)
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
compare_times(const struct stats_counts *sealed, const struct audit_pass *pass,
    const struct audit_place *at, struct audit_list *list)
{
	if (pass->lines == 0)
		return;
	if (sealed->time_min_us != minute_before(pass->time_min_us))
		audit_report(list, AUDIT_E_COUNTS, at, "time.min: not that of the records");
	if (sealed->time_max_us != minute_before(pass->time_max_us + MINUTE_US - 1))
		audit_report(list, AUDIT_E_COUNTS, at, "time.max: not that of the records");
}

void
audit_counts_check(const struct seal_entry *entry, const struct audit_pass *pass,
    const struct audit_place *at, struct audit_list *list)
{
	const struct seal_segment *facts = &entry->of.segment;
	const struct stats_counts *c = &facts->counts;
	char name[24];

	compare("bytes", facts->bytes, pass->bytes, at, list);
	if (pass->syntax.count > 0 || pass->large.count > 0)
		return; /* what cannot be read cannot be counted */
	compare("parsed", c->in.parsed + c->split.parsed + c->replay.parsed,
	    pass->states[RECORD_PARSED], at, list);
	compare("partial", c->in.partial + c->split.partial + c->replay.partial,
	    pass->states[RECORD_PARTIAL], at, list);
	compare("unparsed", c->in.unparsed + c->split.unparsed + c->replay.unparsed,
	    pass->states[RECORD_UNPARSED], at, list);
	for (unsigned i = 0; facts->has_by && i < STATS_STATUS_CLASSES; i++) {
		(void)snprintf(name, sizeof(name), "by.status.%s", status_names[i]);
		compare(name, c->status[i], pass->status[i], at, list);
	}
	compare_times(c, pass, at, list);
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
	compare("n", facts->n, stats_counts_records(&facts->counts), &at, list);
}
