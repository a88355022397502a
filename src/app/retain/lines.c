#include "app/retain/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/records.h"
#include "app/retain/plan.h"
#include "app/say.h"
#include "app/subject/subject.h"
#include "base/json.h"
#include "base/num.h"
#include "store/store.h"

#define RUNS_MAX 48 /* of an entry: its text has room for so many of the longest */
/*
 * A line costs some 120 bytes of its chain, whose bound is of all that the
 * stream ever does.  Rather than end capture, lines wait for their records then.
 */
#define CHAIN_BYTES_MAX (SEAL_CHAIN_BYTES_MAX / 2)

/* ---- what there is ---- */

static size_t
place_of(const struct app_retain *r, size_t count, uint64_t seg)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->segments[middle].seg < seg)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

/* Its text begins with the runs; what is none, of whoever, says nothing. */
static void
see_done(struct app_retain *r, struct span text, size_t count)
{
	struct span runs = span_word(&text);
	struct json_cursor c;
	struct json_value list;
	struct seal_range run;

	if (json_parse(runs, &list, NULL) == -1 || list.type != JSON_ARRAY ||
	    !seal_ranges_ok(&list))
		return;
	r->lines.said = true;
	for (seal_ranges_open(list.raw, &c); seal_ranges_next(&c, &run);)
		for (size_t i = place_of(r, count, run.first);
		     i < count && r->segments[i].seg <= run.last; i++)
			r->lines.counts[i] = 0;
}

void
app_lines_see(struct app_retain *r, const struct seal_entry *entry, size_t count)
{
	const struct stats_counts *counts = &entry->of.segment.counts;

	if (entry->type == SEAL_SEGMENT)
		r->lines.counts[count] =
		    counts->in.unparsed + counts->split.unparsed + counts->replay.unparsed;
	else if (entry->type == SEAL_CONFIG && span_is(entry->of.config.kind, APP_LINES_KIND))
		see_done(r, entry->of.config.text, count);
}

int
app_lines_plan(struct app_retain *r, const struct retain_ask *ask, struct err *e)
{
	const struct retain_lines of = { ask, &r->plan, r->lines.counts,
		r->tier == RETAIN_DETAIL ? retain_term(&r->policy, RETAIN_QUARANTINE) :
					   RETAIN_FOREVER };

	retain_print_rule(&r->policy, RETAIN_QUARANTINE, &r->lines.rule);
	if (!buf_ok(&r->lines.rule))
		return (err_memory(e));
	return (retain_lines_plan(&of, &r->lines.plan, e));
}

void
app_lines_free(struct app_lines *lines)
{
	retain_plan_free(&lines->plan);
	free(lines->counts);
	buf_free(&lines->rule);
	buf_free(&lines->entries);
	*lines = (struct app_lines){ .counts = NULL };
}

struct retain_policy
app_lines_terms(const struct retain_policy *policy, bool unsealed, int64_t from_us, int64_t now_us)
{
	struct retain_policy terms = *policy;

	if (unsealed && now_us < from_us)
		terms.term_us[RETAIN_QUARANTINE] = retain_term(policy, RETAIN_DETAIL);
	return (terms);
}

/* ---- taking them ---- */

struct taking {
	struct app_retain *r;
	const struct app_lines_hands *hands;
	struct span by;
	struct app_records records; /* as they are now: some were pruned since the plan */
	struct app_subject *subject;
	bool *failed; /* of each segment of the plan */
	size_t chain_bytes; /* at most, with what we add */
};

static int
check_chain(const struct taking *t, struct err *e)
{
	return (t->chain_bytes <= CHAIN_BYTES_MAX ?
		0 :
		err_set(e, ERR_CONFIG,
		    "half of what a chain may have is used up: the lines go with their records"));
}

/* What a chain and a segment can bear is not all for us: a segment may need 2,731 entries. */
static int
erase_some(void *arg, const struct store_erase_order *order, uint64_t *entry, struct err *e)
{
	struct taking *t = arg;
	struct store_erase_order ours = *order;

	ours.spares = true;
	if (check_chain(t, e) == -1 || t->hands->erase(t->hands->arg, &ours, entry, e) == -1)
		return (-1);
	t->chain_bytes += SEAL_ENTRY_BYTES_MAX;
	return (0);
}

static int
open_taking(struct taking *t, struct err *e)
{
	struct app_retain *r = t->r;
	struct app_subject *s = t->subject = calloc(1, sizeof(*s));

	t->failed = calloc(r->plan.count + 1, sizeof(*t->failed));
	if (s == NULL || t->failed == NULL)
		return (err_memory(e));
	if (app_records_open(&t->records, r->store, r->stream, NULL, NULL, e) == -1 ||
	    app_records_again(&t->records, e) == -1)
		return (-1);
	t->records.all = true; /* what is restricted has its term, too */
	s->records = &t->records;
	s->rescrub = true;
	s->again.lines = true;
	s->reason = buf_view(&r->lines.rule);
	s->by = t->by;
	s->taker = erase_some;
	s->taker_arg = t;
	s->entries_max = t->hands->entries_max;
	return (0);
}

static void
close_taking(struct taking *t)
{
	if (t->subject != NULL) {
		buf_free(&t->subject->plan);
		buf_free(&t->subject->numbers);
		buf_free(&t->subject->entries);
	}
	app_records_close(&t->records);
	free(t->subject);
	free(t->failed);
}

/* One segment; the chain as it is now tells where its records are. */
static int
take_segment(struct taking *t, uint64_t seg, struct err *e)
{
	const struct seal_past *past;
	struct app_subject_part part = { .seg = seg };

	if (app_records_again(&t->records, e) == -1)
		return (-1);
	t->chain_bytes = t->records.chain.bytes;
	if (check_chain(t, e) == -1)
		return (-1);
	if ((past = seal_history_segment(t->records.history, seg)) == NULL || past->pruned)
		return (err_set(e, ERR_FINDING, "it is not there any more"));
	part.at = past->entry;
	buf_clear(&t->subject->plan);
	buf_add(&t->subject->plan, &part, sizeof(part));
	if (!buf_ok(&t->subject->plan))
		return (err_memory(e));
	return (app_subject_carry_out(t->subject, NULL, e));
}

void
app_lines_try(struct app_lines_stuck *stuck, int64_t now_us, int64_t for_us)
{
	if (now_us >= stuck->until_us)
		buf_clear(&stuck->segs);
	if (stuck->segs.len == 0)
		stuck->until_us = now_us + for_us;
}

static bool
is_stuck(const struct app_lines_stuck *stuck, uint64_t seg)
{
	const uint64_t *segs;

	if (stuck == NULL || !buf_ok(&stuck->segs))
		return (false);
	segs = (const uint64_t *)(const void *)stuck->segs.data;
	for (size_t i = 0; i < stuck->segs.len / sizeof(segs[0]); i++)
		if (segs[i] == seg)
			return (true);
	return (false);
}

static void
fail(struct taking *t, uint64_t seg, struct err *e)
{
	struct app_lines *lines = &t->r->lines;

	if (t->r->stuck != NULL)
		buf_add(&t->r->stuck->segs, &seg, sizeof(seg));
	if (lines->failed.code == ERR_NONE) {
		(void)err_in(e, "segment %ju", (uintmax_t)seg);
		lines->failed = *e;
	}
}

static void
take_all(struct taking *t)
{
	struct app_lines *lines = &t->r->lines;

	for (size_t i = 0; i < lines->plan.count; i++) {
		uint64_t seg = t->r->segments[i].seg;
		struct err e = { ERR_NONE, "" };

		if (lines->plan.rows[i].action != RETAIN_PRUNE)
			continue;
		if (is_stuck(t->r->stuck, seg)) {
			t->failed[i] = true;
			lines->passed++;
			continue;
		}
		if (t->subject->stopped) {
			t->failed[i] = lines->more = true;
			continue;
		}
		if (take_segment(t, seg, &e) == 0 && !t->subject->stopped) {
			lines->segments++;
			continue;
		}
		t->failed[i] = true;
		lines->more |= t->subject->stopped;
		if (e.code != ERR_NONE)
			fail(t, seg, &e);
	}
	lines->taken = t->subject->done;
	lines->entries = t->subject->entries;
	t->subject->entries = (struct buf){ .data = NULL }; /* handed over */
}

/* ---- saying so ---- */

static int
say_runs(struct taking *t, const struct seal_range *runs, size_t count, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf text = { 0 };
	int rc = -1;

	seal_ranges_print(runs, count, &text);
	buf_fmt(&text, " %ju %.*s", (uintmax_t)t->r->lines.taken, (int)t->r->lines.rule.len,
	    t->r->lines.rule.data);
	if (entry == NULL || !buf_ok(&text))
		(void)err_memory(e);
	else {
		entry->type = SEAL_CONFIG;
		entry->of.config = (struct seal_config){ .kind = span_str(APP_LINES_KIND),
			.policy = span_str(STORE_NO_POLICY),
			.text = buf_view(&text),
			.by = t->by };
		rc = t->hands->append(t->hands->arg, entry, e);
	}
	buf_free(&text);
	free(entry);
	return (rc);
}

static int
say_done(struct taking *t, struct err *e)
{
	struct seal_range runs[RUNS_MAX];
	size_t at = 0, count;

	while ((count = retain_lines_done(
		    &t->r->lines.plan, t->r->segments, t->failed, &at, runs, RUNS_MAX)) > 0)
		if (say_runs(t, runs, count, e) == -1)
			return (-1);
	return (0);
}

int
app_lines_take(
    struct app_retain *r, const struct app_lines_hands *hands, struct span by, struct err *e)
{
	struct taking t = { .r = r, .hands = hands, .by = by, .records = { .stream_fd = -1 } };
	int rc = 0;

	if (r->lines.plan.sums[RETAIN_PRUNE].segments == 0)
		return (0);
	if ((rc = open_taking(&t, e)) == 0) {
		take_all(&t);
		rc = say_done(&t, e);
	}
	close_taking(&t);
	return (rc);
}

bool
app_lines_did(const struct app_lines *lines)
{
	return (lines->segments > 0 || lines->taken > 0);
}

/* ---- what is shown ---- */

static void
print_lines(const char *what, uint64_t count, uint64_t segments, struct buf *out)
{
	char number[32];

	num_print_grouped(number, count);
	buf_fmt(out, "%s%s sealed line%s of %ju segment%s", what, number, count == 1 ? "" : "s",
	    (uintmax_t)segments, segments == 1 ? "" : "s");
}

void
app_lines_rules(const struct app_retain *r, char *out, size_t size)
{
	bool apart = r->tier == RETAIN_DETAIL &&
	    retain_term(&r->policy, RETAIN_QUARANTINE) < app_retain_term(r);

	(void)snprintf(out, size, "%.*s%s%.*s", (int)r->rule.len, r->rule.data, apart ? ", " : "",
	    apart ? (int)r->lines.rule.len : 0, r->lines.rule.data);
}

void
app_lines_print(const struct app_lines *lines, bool dry, struct buf *out)
{
	const struct retain_sum *due = &lines->plan.sums[RETAIN_PRUNE];
	const struct retain_sum *held = &lines->plan.sums[RETAIN_HELD];

	if (due->segments + held->segments == 0)
		return;
	buf_fmt(out, "\n  %.*s: ", (int)lines->rule.len, lines->rule.data);
	if (dry)
		print_lines("would take at most ", due->records, due->segments, out);
	else
		print_lines("took ", lines->taken, lines->segments, out);
	if (held->segments > 0)
		print_lines("; over, and held: at most ", held->records, held->segments, out);
}

void
app_lines_tell(const struct app_lines *lines, const char *stream)
{
	struct buf text = { 0 };

	if (lines->taken == 0)
		return;
	print_lines("", lines->taken, lines->segments, &text);
	if (buf_ok(&text))
		app_info(stream, "taken by %.*s: %.*s", (int)lines->rule.len, lines->rule.data,
		    (int)text.len, text.data);
	buf_free(&text);
}

void
app_lines_json(const struct app_lines *lines, struct buf *out)
{
	static const struct {
		enum retain_action action;
		const char *segments, *lines;
	} rows[] = { { RETAIN_PRUNE, "due_segments", "due_at_most" },
		{ RETAIN_HELD, "held_segments", "held_at_most" } };
	const uint64_t *entries = (const uint64_t *)(const void *)lines->entries.data;

	json_object(out, "lines");
	json_str(out, "rule", buf_view(&lines->rule));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_u64(out, rows[i].segments, lines->plan.sums[rows[i].action].segments);
		json_u64(out, rows[i].lines, lines->plan.sums[rows[i].action].records);
	}
	json_u64(out, "taken", lines->taken);
	json_u64(out, "segments", lines->segments);
	json_array(out, "entries");
	for (size_t i = 0; i < lines->entries.len / sizeof(entries[0]); i++)
		buf_fmt(out, "%s%ju", i == 0 ? "" : ",", (uintmax_t)entries[i]);
	buf_str(out, "]}");
}
