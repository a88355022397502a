/* What entries say was done: deletions, holds, and what changed. */
#include <stdio.h>
#include <string.h>

#include "app/paper/inside.h"
#include "app/restrict/box.h"
#include "base/clock.h"
#include "base/json.h"
#include "seal/entry.h"
#include "seal/history.h"
#include "seal/lists.h"

/* Of the types that become a row. */
static const char *const kinds[SEAL_UNKNOWN] = {
	[SEAL_CLOCK] = "clock",
	[SEAL_CONFIG] = "config",
	[SEAL_DERIVE] = "derive",
	[SEAL_HOLD] = "hold",
	[SEAL_PRUNE] = "prune",
	[SEAL_RECOVER] = "recover",
	[SEAL_REDACT] = "erase",
	[SEAL_REKEY] = "rekey",
	[SEAL_RELEASE] = "release",
	[SEAL_REVOKE] = "revoke",
	[SEAL_START] = "start",
	[SEAL_STOP] = "stop",
};

static struct paper_act
begin(const struct paper_stream *s, const struct seal_entry *entry)
{
	return ((struct paper_act){ .at_us = entry->t_us,
	    .until_us = INT64_MAX,
	    .entry = entry->index,
	    .stream = s->name,
	    .kind = kinds[entry->type],
	    .what = "",
	    .why = "",
	    .ref = "",
	    .by = "" });
}

/* ---- what went ---- */

static int
see_prune(struct paper *p, struct paper_act *a, const struct seal_entry *entry,
    const struct seal_history *history, struct err *e)
{
	const struct seal_prune *prune = &entry->of.prune;
	char cutoff[CLOCK_RFC3339_BYTES];
	struct buf why = { 0 };
	struct seal_range range;
	struct json_cursor c;
	const struct seal_past *past;

	seal_ranges_open(prune->segs, &c);
	while (seal_ranges_next(&c, &range))
		for (uint64_t seg = range.first; seg <= range.last; seg++) {
			if ((past = seal_history_segment(history, seg)) == NULL)
				break;
			a->records += past->n;
		}
	a->what = app_paper_runs(p, prune->segs, &a->segments);
	buf_span(&why, prune->rule);
	buf_fmt(&why, ", older than %.*s", (int)clock_rfc3339(cutoff, prune->cutoff_us), cutoff);
	a->why = app_paper_keep_buf(p, &why);
	a->by = app_paper_keep(p, prune->by);
	p->totals.prunes++;
	p->totals.pruned_segments += a->segments;
	p->totals.pruned_records += a->records;
	return (app_paper_add(&p->removed, a, e));
}

static int
see_redact(struct paper *p, struct paper_act *a, const struct seal_entry *entry, struct err *e)
{
	const struct seal_redact *redact = &entry->of.redact;
	uint64_t erased = 0, replaced = 0;
	struct buf what = { 0 };
	struct seal_item item;
	struct json_cursor c;

	seal_items_open(redact->items, &c);
	while (seal_items_next(&c, &item))
		*(item.has_new ? &replaced : &erased) += 1;
	buf_fmt(&what, "%ju", (uintmax_t)redact->seg);
	if (erased == 0)
		a->kind = "replace";
	a->what = app_paper_keep_buf(p, &what);
	a->records = erased + replaced;
	a->segments = 1;
	a->why = app_paper_keep_escaped(p, redact->reason);
	a->ref = app_paper_keep(p, redact->ref);
	a->by = app_paper_keep(p, redact->by);
	p->totals.redacts++;
	p->totals.erased += erased;
	p->totals.replaced += replaced;
	return (app_paper_add(&p->removed, a, e));
}

/* ---- what stays ---- */

static int
see_hold(struct paper *p, struct paper_act *a, const struct seal_entry *entry, struct err *e)
{
	const struct seal_hold *hold = &entry->of.hold;
	struct buf what = { 0 };
	const char *runs = app_paper_runs(p, hold->segs, &a->segments);

	buf_span(&what, hold->hold);
	if (runs[0] != '\0')
		buf_fmt(&what, ": segments %s", runs);
	if (hold->has_onward)
		buf_fmt(&what, "%s from %ju on", runs[0] != '\0' ? ", and" : ": segments",
		    (uintmax_t)hold->onward);
	if (hold->mask_epochs.len > 2)
		buf_str(&what, ", with keys");
	a->what = app_paper_keep_buf(p, &what);
	a->until_us = hold->has_until ? hold->until_us : INT64_MAX;
	a->why = app_paper_keep_escaped(p, hold->reason);
	a->by = app_paper_keep(p, hold->by);
	p->totals.holds++;
	return (app_paper_add(&p->held, a, e));
}

static int
see_release(struct paper *p, struct paper_act *a, const struct seal_entry *entry, struct err *e)
{
	const struct seal_release *release = &entry->of.release;

	a->what = app_paper_keep(p, release->hold);
	a->why = app_paper_keep_escaped(p, release->reason);
	a->by = app_paper_keep(p, release->by);
	p->totals.releases++;
	return (app_paper_add(&p->held, a, e));
}

/* ---- what changed ---- */

static void
say_times(struct paper *p, struct paper_act *a, const struct seal_clock *clock)
{
	char was[CLOCK_RFC3339_BYTES], now[CLOCK_RFC3339_BYTES];
	struct buf what = { 0 };

	buf_fmt(&what, "from %.*s to %.*s", (int)clock_rfc3339(was, clock->was_us), was,
	    (int)clock_rfc3339(now, clock->now_us), now);
	a->what = app_paper_keep_buf(p, &what);
}

/* Of what is restricted the request and the epoch: the box says nothing to a reader. */
static struct span
text_of(const struct seal_config *config)
{
	size_t len = config->text.len;

	if (!span_is(config->kind, APP_RESTRICT))
		return (config->text);
	while (len > 0 && config->text.ptr[len - 1] != ' ')
		len--;
	return (span_of(config->text.ptr, len > 0 ? len - 1 : 0));
}

static void
say_config(struct paper *p, struct paper_act *a, const struct seal_config *config)
{
	a->what = app_paper_keep(p, config->kind);
	a->why = app_paper_keep_escaped(p, text_of(config));
	a->by = app_paper_keep(p, config->by);
	a->until_us = config->has_until ? config->until_us : INT64_MAX;
	p->totals.configs++;
}

/* Something was made of records: an archive, an export. */
static void
say_derive(struct paper *p, struct paper_act *a, const struct seal_derive *derive)
{
	struct buf what = { 0 };
	const char *runs = app_paper_runs(p, derive->segs, &a->segments);

	buf_span(&what, derive->transform);
	buf_fmt(&what, ": segments %s of ", runs);
	buf_span(&what, derive->origin);
	a->what = app_paper_keep_buf(p, &what);
}

static void
say_recover(struct paper *p, struct paper_act *a, const struct seal_recover *recover)
{
	a->what = app_paper_keep(p, recover->reason);
	a->why = app_paper_keep_escaped(p, recover->text);
	a->records = recover->lost;
	p->totals.alarms += recover->alarm;
	p->totals.losses += span_is(recover->reason, "accepted");
	p->totals.keys_changed += recover->log.len > 0;
}

static int
see_change(struct paper *p, struct paper_act *a, const struct seal_entry *entry, struct err *e)
{
	switch (entry->type) {
	case SEAL_CLOCK:
		say_times(p, a, &entry->of.clock);
		p->totals.clocks++;
		break;
	case SEAL_CONFIG: say_config(p, a, &entry->of.config); break;
	case SEAL_DERIVE: say_derive(p, a, &entry->of.derive); break;
	case SEAL_RECOVER: say_recover(p, a, &entry->of.recover); break;
	case SEAL_REKEY:
		a->what = app_paper_keep(p, entry->of.rekey.key);
		p->totals.keys_changed++;
		break;
	case SEAL_REVOKE:
		a->what = app_paper_keep(p, entry->of.revoke.vkey);
		p->totals.keys_changed++;
		break;
	case SEAL_START:
		a->what = app_paper_keep(p, entry->of.start.mode);
		p->totals.starts++;
		break;
	case SEAL_STOP: a->what = app_paper_keep(p, entry->of.stop.reason); break;
	default: return (0);
	}
	return (app_paper_add(&p->changed, a, e));
}

/* Entries of type report: what was looked at, and how that went. */
static void
see_report(struct paper *p, const struct seal_entry *entry)
{
	const struct seal_report *report = &entry->of.report;
	struct paper_check *check = p->checks;

	while (check < p->checks + p->check_count && !span_is(report->kind, check->kind))
		check++;
	if (check == p->checks + PAPER_CHECKS_MAX)
		return;
	if (check == p->checks + p->check_count) {
		p->check_count++;
		(void)snprintf(check->kind, sizeof(check->kind), "%.*s", (int)report->kind.len,
		    report->kind.ptr);
	}
	check->count++;
	check->bad += report->result != 0;
	/* The same run is said in each stream: a bad one shows. */
	if (entry->t_us > check->last_us ||
	    (entry->t_us == check->last_us && report->result > check->last_result))
		check->last_result = report->result;
	if (entry->t_us > check->last_us)
		check->last_us = entry->t_us;
}

int
app_paper_see_act(struct paper *p, struct paper_stream *s, const struct seal_entry *entry,
    const struct seal_history *history, struct err *e)
{
	struct paper_act a;

	if (entry->type == SEAL_DESTROY && app_paper_see_destroyed(p, entry, e) == -1)
		return (-1);
	if (!app_paper_in(p, entry->t_us) || entry->type >= SEAL_UNKNOWN)
		return (0);
	a = begin(s, entry);
	switch (entry->type) {
	case SEAL_PRUNE: return (see_prune(p, &a, entry, history, e));
	case SEAL_REDACT: return (see_redact(p, &a, entry, e));
	case SEAL_HOLD: return (see_hold(p, &a, entry, e));
	case SEAL_RELEASE: return (see_release(p, &a, entry, e));
	case SEAL_REPORT: see_report(p, entry); return (0);
	default: return (see_change(p, &a, entry, e));
	}
}
