/* What an entry says of its records, against the records: states, statuses, times, epochs. */
#include <stdio.h>

#include "audit/segment.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"

#define MINUTE_US ((int64_t)60 * 1000000)
#define DAY_US ((int64_t)86400 * 1000000)

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
	if (pass->syntax.count > 0)
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

/* ---- epochs ---- */

/* Two digits at at, between min and max; -1 if they are not. */
static int
two_digits(struct span name, size_t at, int min, int max)
{
	uint64_t n;

	if (name.len < at + 2 || num_u64(span_of(name.ptr + at, 2), &n) == -1 || (int)n < min ||
	    (int)n > max)
		return (-1);
	return ((int)n);
}

/* First and last day of 2026-W48, 2026-11-25 or 2026-11. */
static int
epoch_days(struct span name, int64_t *first, int64_t *last)
{
	uint64_t year;
	int month, day;

	if (name.len < 7 || num_u64(span_of(name.ptr, 4), &year) == -1 || name.ptr[4] != '-' ||
	    year == 0)
		return (-1);
	if (name.ptr[5] == 'W') {
		if (name.len != 8 || (day = two_digits(name, 6, 1, 53)) == -1)
			return (-1);
		/* Week 1 has January 4 in it; day 0 was a Thursday. */
		*first = clock_days((int)year, 1, 4);
		*first += 7 * (day - 1) - (((*first + 3) % 7 + 7) % 7);
		*last = *first + 6;
		return (0);
	}
	if ((month = two_digits(name, 5, 1, 12)) == -1)
		return (-1);
	if (name.len == 7) {
		*first = clock_days((int)year, month, 1);
		*last = (month == 12 ? clock_days((int)year + 1, 1, 1)
				     : clock_days((int)year, month + 1, 1)) -
		    1;
		return (0);
	}
	if (name.len != 10 || name.ptr[7] != '-' || (day = two_digits(name, 8, 1, 31)) == -1)
		return (-1);
	*first = *last = clock_days((int)year, month, day);
	return (0);
}

static int
add_range(struct span text, struct audit_ranges *ranges)
{
	static const struct span dots = SPAN("..");
	size_t at = 0;
	int64_t first, last, ignored;

	while (at < text.len && !span_starts(span_from(text, at), dots))
		at++;
	if (ranges->count == AUDIT_WEEKS || epoch_days(span_of(text.ptr, at), &first, &last) == -1)
		return (-1);
	if (at < text.len && epoch_days(span_from(text, at + dots.len), &ignored, &last) == -1)
		return (-1);
	ranges->range[ranges->count].from_us = first * DAY_US;
	ranges->range[ranges->count].to_us = (last + 1) * DAY_US;
	ranges->count++;
	return (0);
}

int
audit_ranges_read(struct span mask_epochs, const char *prefix, struct audit_ranges *ranges)
{
	struct json_value object, list, item;
	struct json_cursor cursor;
	struct span key;

	ranges->count = 0;
	if (json_parse(mask_epochs, &object, NULL) == -1 || object.type != JSON_OBJECT)
		return (-1);
	if (!json_get(&object, prefix, &list))
		return (0);
	if (list.type != JSON_ARRAY)
		return (-1);
	json_open(&cursor, &list);
	while (json_next(&cursor, &key, &item))
		if (item.type != JSON_STRING || add_range(item.text, ranges) == -1)
			return (-1);
	return (0);
}

bool
audit_ranges_have(const struct audit_ranges *ranges, int64_t time_us)
{
	for (unsigned i = 0; i < ranges->count; i++)
		if (time_us >= ranges->range[i].from_us && time_us < ranges->range[i].to_us)
			return (true);
	return (false);
}
