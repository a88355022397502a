/*
 * The states of controls.def, each by a predicate over the figures.  A figure
 * that a predicate looks at is one that it shows.
 */
#include <string.h>

#include "app/paper/inside.h"

const char *const paper_states[4] = { "met", "partly", "not met", "not applicable" };

const struct paper_control paper_controls[PAPER_CONTROL_COUNT] = {
#define CONTROL(name, title, rule, gdpr, iso, soc2, pci, nist) \
	{ #name, title, rule, gdpr, iso, soc2, pci, nist },
#include "app/paper/controls.def"
#undef CONTROL
};

/* Shows it, and gives it back. */
static uint64_t
figure(struct paper_verdict *v, const char *name, uint64_t n)
{
	if (v->figure_count < PAPER_FIGURES_MAX) {
		v->figures[v->figure_count].name = name;
		v->figures[v->figure_count++].n = n;
	}
	return (n);
}

static uint64_t
count_findings(const struct paper *p, const enum audit_code *codes, size_t count)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->verify.finding_count; i++)
		for (size_t k = 0; k < count; k++)
			n += p->verify.findings[i].code == codes[k];
	return (n);
}
#define COUNT(p, ...) \
	count_findings(p, (const enum audit_code[]){ __VA_ARGS__ }, \
	    sizeof((const enum audit_code[]){ __VA_ARGS__ }) / sizeof(enum audit_code))

/* ---- integrity ---- */

static enum paper_state
judge_SEALED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t errors = figure(v, "errors", p->verify.errors);
	uint64_t code = figure(v, "exit_code", (uint64_t)p->verify.exit_code);

	(void)s;
	(void)figure(v, "warnings", p->verify.warnings);
	(void)figure(v, "entries", p->verify.coverage.entries);
	(void)figure(v, "segments", p->verify.coverage.segments);
	(void)figure(v, "records", p->verify.coverage.records);
	return (errors > 0 || code == 1 ? PAPER_NOT_MET : code == 0 ? PAPER_MET : PAPER_PARTLY);
}

static enum paper_state
judge_WITNESSED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	const struct audit_coverage *c = &p->verify.coverage;
	uint64_t good = figure(v, "cosignatures", c->cosignatures) +
	    figure(v, "time_stamps", c->stamps) + figure(v, "anchor_given", c->anchored);
	uint64_t other = figure(v, "not_checked", c->cosignatures_unchecked + c->stamps_unchecked);

	(void)s;
	return (good > 0 ? PAPER_MET : other > 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

static enum paper_state
judge_COMPLETE(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t lines = figure(v, "lines", s->counts.lines);
	uint64_t odd = figure(v, "unbalanced_segments", s->unbalanced);
	uint64_t lost = figure(v, "lost", s->counts.lost);

	(void)p;
	(void)figure(v, "records", s->records);
	(void)figure(v, "counted", s->counts.in.counted);
	if (lines == 0 && lost == 0)
		return (PAPER_NOT_APPLICABLE);
	return (odd > 0 ? PAPER_NOT_MET : lost > 0 ? PAPER_PARTLY : PAPER_MET);
}

static enum paper_state
judge_READABLE(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t lines = figure(v, "lines", s->counts.lines);
	uint64_t not_read = figure(v, "unparsed", s->counts.in.unparsed);

	(void)p;
	(void)figure(v, "partial", s->counts.in.partial);
	if (lines == 0)
		return (PAPER_NOT_APPLICABLE);
	return (not_read <= lines / 100 ? PAPER_MET :
		not_read <= lines / 2   ? PAPER_PARTLY :
					  PAPER_NOT_MET);
}

/* ---- masking ---- */

static enum paper_state
judge_MASKED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t masked = figure(v, "masked_values", s->masked);
	uint64_t done = figure(v, "scans", p->scan.done);
	uint64_t leaks = figure(v, "leaks", p->scan.leaks);
	uint64_t unread = figure(v, "files_not_read", p->scan.unread);

	if (s->records == 0)
		return (PAPER_NOT_APPLICABLE);
	if (done > 0 && leaks > 0)
		return (PAPER_NOT_MET);
	if (done > 0 && unread == 0)
		return (PAPER_MET);
	return (done > 0 || masked > 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

static enum paper_state
judge_POLICY(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t all = figure(v, "policies", p->policy_count + p->policies_more);
	uint64_t known = figure(v, "known", p->policies_known);

	(void)s;
	if (all == 0)
		return (PAPER_NOT_APPLICABLE);
	return (known == all ? PAPER_MET : known > 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

static enum paper_state
judge_RAW(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t streams = figure(v, "streams", s->captured);
	uint64_t raw = figure(v, "streams_from_disk", s->raw);

	(void)p;
	if (streams == 0)
		return (PAPER_NOT_APPLICABLE);
	return (raw == 0 ? PAPER_MET : PAPER_PARTLY);
}

static enum paper_state
judge_KEYS(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t late = figure(v, "overdue", p->keys.overdue);
	uint64_t gone = figure(v, "destroyed", p->keys.destroyed);

	(void)s;
	(void)figure(v, "live", p->keys.live);
	(void)figure(v, "held", p->keys.held_back);
	if (p->keys.count == 0)
		return (PAPER_NOT_APPLICABLE);
	return (late == 0 ? PAPER_MET : gone > 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

static enum paper_state
judge_MEMORY(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t segments = figure(v, "segments", s->segments);
	uint64_t unlocked = figure(v, "unlocked", s->unlocked);

	(void)p;
	if (segments == 0)
		return (PAPER_NOT_APPLICABLE);
	return (unlocked == 0            ? PAPER_MET :
		unlocked <= segments / 2 ? PAPER_PARTLY :
					   PAPER_NOT_MET);
}

/* ---- deletion ---- */

static uint64_t
days_until(int64_t end_us, int64_t t_us)
{
	return (t_us >= end_us ? 0 : (uint64_t)((end_us - t_us) / PAPER_DAY_US));
}

/* How old the newest report of a kind is, in days; what is good counts.  NULL: there is none. */
static const struct paper_check *
find_check(const struct paper *p, const char *kind, struct paper_verdict *v)
{
	for (unsigned i = 0; i < p->check_count; i++) {
		const struct paper_check *c = &p->checks[i];

		if (strcmp(c->kind, kind) != 0)
			continue;
		(void)figure(v, "reports", c->count);
		(void)figure(v, "last_result", c->last_result);
		(void)figure(v, "days_before_end", days_until(p->end_us, c->last_us));
		return (c);
	}
	(void)figure(v, "reports", 0);
	return (NULL);
}

static bool
is_fresh(const struct paper *p, const struct paper_check *c, int64_t days)
{
	return (c->last_result == 0 && p->end_us - c->last_us <= days * PAPER_DAY_US);
}

static enum paper_state
judge_RETENTION(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	const struct paper_check *run = find_check(p, "retain", v);
	uint64_t pruned = figure(v, "pruned_segments", p->totals.pruned_segments);
	uint64_t due = figure(v, "segments_over_their_term", p->due_segments);

	if (s->kept_us == INT64_MAX && pruned == 0)
		return (PAPER_NOT_APPLICABLE);
	if (run != NULL && is_fresh(p, run, 2) && due == 0)
		return (PAPER_MET);
	return (run != NULL || pruned > 0 || due == 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

/* Of the stream that reaches back least, whatever the window; no stream hides behind another. */
static enum paper_state
judge_HISTORY(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t least = UINT64_MAX, pruned = 0, age = days_until(p->now_us, p->genesis_us);
	enum paper_state worst = PAPER_MET;

	(void)s;
	for (size_t i = 0; i < p->stream_count; i++) {
		const struct paper_stream *t = &p->streams[i];
		bool none = t->kept_us == INT64_MAX;
		uint64_t reach = none ? 0 : days_until(p->now_us, t->kept_us);
		bool young = !t->pruned && days_until(p->now_us, t->genesis_us) <= 365;
		enum paper_state now = reach > 365 ? PAPER_MET :
		    young                          ? PAPER_PARTLY :
						     PAPER_NOT_MET;

		if (strncmp(t->name, "cretula.", 8) == 0 || (none && !t->pruned))
			continue;
		pruned += t->pruned;
		least = reach < least ? reach : least;
		worst = now > worst ? now : worst;
	}
	(void)figure(v, "days_of_records", least == UINT64_MAX ? 0 : least);
	(void)figure(v, "days_of_store", p->genesis_us == 0 ? 0 : age);
	(void)figure(v, "pruned_streams", pruned);
	if (least == UINT64_MAX)
		return (age <= 365 ? PAPER_PARTLY : PAPER_NOT_MET);
	return (worst);
}

static enum paper_state
judge_TOMBSTONES(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t odd = figure(v, "findings",
	    COUNT(p, AUDIT_E_ERASED_WITHOUT_TOMBSTONE, AUDIT_E_TOMBSTONED_RECORD_PRESENT,
		AUDIT_E_PRUNED_STILL_PRESENT, AUDIT_E_ERASED_SALT_PRESENT, AUDIT_E_RECORD_MISSING,
		AUDIT_E_SEGMENT_MISSING, AUDIT_E_ENTRY_TARGET));
	uint64_t removed = figure(v, "pruned_records", p->totals.pruned_records) +
	    figure(v, "erased", p->totals.erased) + figure(v, "replaced", p->totals.replaced) +
	    figure(v, "pruned_segments", p->totals.pruned_segments);

	(void)s;
	return (odd > 0 ? PAPER_NOT_MET : removed > 0 ? PAPER_MET : PAPER_NOT_APPLICABLE);
}

static enum paper_state
judge_HOLDS(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t odd = figure(v, "findings", COUNT(p, AUDIT_E_PRUNE_UNDER_HOLD));
	uint64_t in_force = figure(v, "in_force", p->holds);
	uint64_t said = figure(v, "holds", p->totals.holds);

	(void)s;
	(void)figure(v, "releases", p->totals.releases);
	return (odd > 0 ? PAPER_NOT_MET : in_force + said > 0 ? PAPER_MET : PAPER_NOT_APPLICABLE);
}

/* ---- watching ---- */

static enum paper_state
judge_ACCESS(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t asked = figure(v, "requests", s->requests);
	uint64_t problems = figure(v, "not_read", p->access_problem[0] != '\0');

	(void)figure(v, "refused", s->refused);
	(void)figure(v, "roles", p->role_count);
	if (problems > 0)
		return (PAPER_PARTLY);
	return (asked > 0 ? PAPER_MET : PAPER_NOT_APPLICABLE);
}

static enum paper_state
judge_check(const struct paper *p, const char *kind, int64_t days, struct paper_verdict *v)
{
	const struct paper_check *c = find_check(p, kind, v);

	return (c == NULL ? PAPER_NOT_MET : is_fresh(p, c, days) ? PAPER_MET : PAPER_PARTLY);
}

static enum paper_state
judge_CHECKED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	(void)s;
	return (judge_check(p, "verify", 2, v));
}

static enum paper_state
judge_TRIED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	(void)s;
	return (judge_check(p, "canary", 31, v));
}

static enum paper_state
judge_MEASURED(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	(void)s;
	return (judge_check(p, "risk", INT64_C(36500), v));
}

static enum paper_state
judge_CLOCK(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	(void)s;
	return (figure(v, "jumps", p->totals.clocks) == 0 ? PAPER_MET : PAPER_PARTLY);
}

static enum paper_state
judge_CHANGES(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t said = figure(v, "starts", p->totals.starts) +
	    figure(v, "changes_of_configuration", p->totals.configs) +
	    figure(v, "changes_of_keys", p->totals.keys_changed);
	uint64_t unknown = figure(v, "unknown_entries", p->verify.coverage.unknown_entries);

	(void)s;
	return (unknown > 0 ? PAPER_PARTLY : said > 0 ? PAPER_MET : PAPER_NOT_APPLICABLE);
}

static enum paper_state
judge_RECORD(const struct paper *p, const struct paper_sums *s, struct paper_verdict *v)
{
	uint64_t have = figure(v, "categories_of_data", s->masked > 0) +
	    figure(v, "recipients", s->requests > 0) +
	    figure(v, "time_limits", p->totals.prunes + p->keys.destroyed > 0) +
	    figure(v, "measures", p->policies_known > 0);

	return (have > 0 ? PAPER_PARTLY : PAPER_NOT_MET);
}

/* ---- all ---- */

void
app_paper_sum(const struct paper *p, struct paper_sums *s)
{
	memset(s, 0, sizeof(*s));
	s->kept_us = INT64_MAX;
	stats_counts_clear(&s->counts);
	for (unsigned i = 0; i < p->role_count; i++) {
		s->requests += p->roles[i].requests;
		s->refused += p->roles[i].refused;
	}
	for (size_t i = 0; i < p->stream_count; i++) {
		const struct paper_stream *t = &p->streams[i];
		bool own = strncmp(t->name, "cretula.", 8) == 0;

		s->segments += t->segments;
		s->unlocked += t->unlocked;
		if (own)
			continue;
		s->records += t->records;
		s->bytes += t->bytes;
		s->unbalanced += t->unbalanced;
		s->pruned_segments += t->pruned_segments;
		s->pruned_records += t->pruned_records;
		s->erased += t->erased;
		s->replaced += t->replaced;
		s->captured += t->segments > 0;
		s->raw += t->segments > 0 && t->raw.words[0] != '\0' &&
		    strcmp(t->raw.words, "tmpfs") != 0;
		stats_counts_add(&s->counts, &t->counts);
		if (t->kept_us < s->kept_us)
			s->kept_us = t->kept_us;
	}
	for (unsigned i = 0; i < STATS_CLASSES_MAX; i++)
		s->masked += s->counts.masked[i];
}

void
app_paper_judge(struct paper *p)
{
	static enum paper_state (*const judges[PAPER_CONTROL_COUNT])(
	    const struct paper *, const struct paper_sums *, struct paper_verdict *) = {
#define CONTROL(name, ...) judge_##name,
#include "app/paper/controls.def"
#undef CONTROL
	};
	uint64_t hidden = p->streams_more;
	struct paper_sums sums;

	app_paper_sum(p, &sums);
	for (size_t i = 0; i < p->stream_count; i++)
		hidden += p->streams[i].problem[0] != '\0';
	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++) {
		struct paper_verdict *v = &p->verdicts[i];

		v->figure_count = 0;
		v->state = judges[i](p, &sums, v);
		/* Of a chain that could not be read nobody knows what it says, or does not. */
		if (hidden > 0 &&
		    (v->state == PAPER_MET || v->state == PAPER_NOT_APPLICABLE)) {
			v->state = PAPER_PARTLY;
			(void)figure(v, "chains_not_read", hidden);
		}
	}
}
