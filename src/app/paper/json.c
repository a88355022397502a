/* A paper as JSON: what the page says, for programs. */
#include <string.h>

#include "app/names.h"
#include "app/paper/paper.h"
#include "base/clock.h"
#include "base/json.h"
#include "record/table.h"
#include "seal/entry.h"

static void
add_text(struct buf *out, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_str(out, key, span_str(text));
}

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != 0 && t_us != INT64_MIN && t_us != INT64_MAX)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static void
print_head(const struct paper *p, struct buf *out)
{
	json_u64(out, "v", 1);
	json_object(out, "scope");
	add_text(out, "store", p->store);
	if (p->stream != NULL)
		add_text(out, "stream", p->stream);
	add_time(out, "since", p->range.since_us);
	add_time(out, "until", p->range.until_us);
	add_time(out, "made", p->now_us);
	add_text(out, "by", p->by);
	add_text(out, "version", p->version);
	add_time(out, "store_since", p->genesis_us);
	add_text(out, "auditor", p->verify.coverage.auditor);
	buf_char(out, '}');
}

/* ---- streams ---- */

static void
print_outcome(const char *key, const struct stats_outcome *o, struct buf *out)
{
	json_object(out, key);
	json_u64(out, "parsed", o->parsed);
	json_u64(out, "partial", o->partial);
	json_u64(out, "unparsed", o->unparsed);
	json_u64(out, "counted", o->counted);
	buf_char(out, '}');
}

static void
print_counts(const struct stats_counts *c, struct buf *out)
{
	const struct seal_names *names = app_names();

	json_u64(out, "lines", c->lines);
	json_u64(out, "line_bytes", c->bytes);
	print_outcome("in", &c->in, out);
	print_outcome("split", &c->split, out);
	print_outcome("replay", &c->replay, out);
	json_u64(out, "meta", c->meta);
	json_u64(out, "joined", c->joined);
	json_u64(out, "lost", c->lost);
	json_counts(out, "causes", stats_cause_names, c->causes, STATS_CAUSE_COUNT);
	json_counts(out, "masked", names->classes, c->masked, names->class_count);
	json_counts(out, "reasons", names->reasons, c->reasons, names->reason_count);
	if (c->time_min_us <= c->time_max_us) {
		add_time(out, "time_min", c->time_min_us);
		add_time(out, "time_max", c->time_max_us);
	}
}

static void
print_stream(const struct paper_stream *s, struct buf *out)
{
	json_item(out);
	add_text(out, "name", s->name);
	add_text(out, "origin", s->origin);
	add_text(out, "problem", s->problem);
	json_u64(out, "entries", s->entries);
	json_key(out, "head");
	buf_char(out, '"');
	buf_hex(out, s->head, sizeof(s->head));
	buf_char(out, '"');
	add_time(out, "since", s->genesis_us);
	add_time(out, "head_at", s->head_us);
	add_time(out, "sealed_at", s->sealed_us);
	add_time(out, "oldest_kept", s->kept_us);
	json_bool(out, "escrow", s->escrow);
	add_text(out, "raw_at_rest", s->raw.words[0] == '\0' ? "none" : s->raw.words);
	json_u64(out, "segments", s->segments);
	json_u64(out, "records", s->records);
	json_u64(out, "record_bytes", s->bytes);
	json_u64(out, "pruned_segments", s->pruned_segments);
	json_u64(out, "pruned_records", s->pruned_records);
	json_u64(out, "erased", s->erased);
	json_u64(out, "replaced", s->replaced);
	json_u64(out, "unbalanced", s->unbalanced);
	json_u64(out, "unlocked", s->unlocked);
	json_u64(out, "untagged", s->untagged);
	json_u64(out, "holds", s->holds);
	json_object(out, "retain");
	add_text(out, "rule", s->rule);
	json_u64(out, "due_segments", s->due_segments);
	json_u64(out, "due_records", s->due_records);
	json_u64(out, "due_lines_segments", s->due_lines);
	json_u64(out, "held_segments", s->held_segments);
	add_time(out, "next", s->next_us);
	buf_char(out, '}');
	json_object(out, "counts");
	print_counts(&s->counts, out);
	buf_str(out, "}}");
}

static void
print_streams(const struct paper *p, struct buf *out)
{
	struct paper_sums sums;

	json_array(out, "streams");
	for (size_t i = 0; i < p->stream_count; i++)
		print_stream(&p->streams[i], out);
	buf_char(out, ']');
	json_u64(out, "streams_not_listed", p->streams_more);
	app_paper_sum(p, &sums);
	json_object(out, "totals");
	json_u64(out, "segments", sums.segments);
	json_u64(out, "records", sums.records);
	json_u64(out, "pruned_records", sums.pruned_records);
	json_u64(out, "erased", sums.erased);
	json_u64(out, "replaced", sums.replaced);
	json_u64(out, "masked_values", sums.masked);
	print_counts(&sums.counts, out);
	buf_char(out, '}');
}

/* ---- masking ---- */

static void
print_methods(const struct mask_policy *policy, struct buf *out)
{
	json_object(out, "methods");
	for (unsigned i = 0; i < RECORD_CLASS_COUNT; i++)
		json_str(
		    out, record_classes[i].name, span_str(mask_method_names[policy->method[i]]));
	buf_char(out, '}');
	json_u64(out, "words_k", policy->words_k);
	json_bool(out, "words_kept", policy->words_mode == MASK_WORDS_KEEP);
	json_bool(out, "path_token_shared", policy->path_token_shared);
}

static void
print_masking(const struct paper *p, struct buf *out)
{
	json_object(out, "masking");
	json_array(out, "policies");
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct paper_policy *policy = &p->policies[i];

		json_item(out);
		add_text(out, "hash", policy->hash);
		add_text(out, "streams", policy->streams);
		json_u64(out, "segments", policy->segments);
		add_time(out, "first", policy->first_us);
		add_time(out, "last", policy->last_us);
		json_bool(out, "known", policy->known != NULL);
		add_text(out, "from", policy->from);
		if (policy->known != NULL)
			print_methods(policy->known, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	json_u64(out, "policies_not_listed", p->policies_more);
	json_object(out, "scan");
	json_bool(out, "done", p->scan.done);
	if (p->scan.done) {
		json_u64(out, "leaks", p->scan.leaks);
		json_u64(out, "files", p->scan.files);
		json_u64(out, "files_not_read", p->scan.unread);
		json_u64(out, "bytes", p->scan.bytes);
	}
	buf_str(out, "}}");
}

/* ---- acts, keys, accesses ---- */

static void
print_act(const struct paper_act *a, struct buf *out)
{
	json_item(out);
	add_time(out, "at", a->at_us);
	add_text(out, "stream", a->stream);
	json_u64(out, "entry", a->entry);
	add_text(out, "kind", a->kind);
	add_text(out, "what", a->what);
	if (a->segments > 0)
		json_u64(out, "segments", a->segments);
	if (a->records > 0)
		json_u64(out, "records", a->records);
	add_time(out, "until", a->until_us);
	add_text(out, "reason", a->why);
	add_text(out, "ref", a->ref);
	add_text(out, "by", a->by);
	buf_char(out, '}');
}

static void
print_acts(const char *key, const struct paper_acts *acts, struct buf *out)
{
	json_object(out, key);
	json_u64(out, "total", acts->total);
	json_array(out, "newest");
	for (size_t i = 0; i < acts->count; i++)
		print_act(&acts->rows[i], out);
	buf_str(out, "]}");
}

static void
print_totals(const struct paper *p, struct buf *out)
{
	const struct paper_totals *t = &p->totals;

	json_object(out, "removed");
	json_u64(out, "prunes", t->prunes);
	json_u64(out, "pruned_segments", t->pruned_segments);
	json_u64(out, "pruned_records", t->pruned_records);
	json_u64(out, "redactions", t->redacts);
	json_u64(out, "erased", t->erased);
	json_u64(out, "replaced", t->replaced);
	json_u64(out, "holds", t->holds);
	json_u64(out, "releases", t->releases);
	json_u64(out, "holds_in_force", p->holds);
	buf_char(out, '}');
}

static void
print_keys(const struct paper *p, struct buf *out)
{
	json_object(out, "keys");
	json_u64(out, "live", p->keys.live);
	json_u64(out, "held", p->keys.held_back);
	json_u64(out, "overdue", p->keys.overdue);
	json_u64(out, "destroyed", p->keys.destroyed);
	json_array(out, "rows");
	for (size_t i = 0; i < p->keys.count; i++) {
		const struct paper_key *key = &p->keys.rows[i];

		json_item(out);
		add_text(out, "name", key->name);
		add_text(out, "state", paper_key_states[key->state]);
		add_time(out, "first", key->first_us);
		add_time(out, "last", key->last_us);
		add_time(out, "end", key->end_us);
		if (!key->is_import)
			json_u64(out, "grace_s", (uint64_t)(key->grace_us / 1000000));
		add_time(out, "destroyed", key->destroyed_us);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

static void
print_access(const struct paper *p, struct buf *out)
{
	json_object(out, "access");
	json_bool(out, "recorded", p->has_access);
	add_text(out, "problem", p->access_problem);
	json_array(out, "roles");
	for (unsigned i = 0; i < p->role_count; i++) {
		const struct paper_role *r = &p->roles[i];

		json_item(out);
		add_text(out, "role", r->role);
		add_text(out, "tier", r->tier);
		json_u64(out, "requests", r->requests);
		json_u64(out, "refused", r->refused);
		json_u64(out, "rows", r->rows);
		json_u64(out, "operators", r->operators);
		add_time(out, "first", r->first_us);
		add_time(out, "last", r->last_us);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

static void
print_checks(const struct paper *p, struct buf *out)
{
	json_array(out, "checks");
	for (unsigned i = 0; i < p->check_count; i++) {
		const struct paper_check *c = &p->checks[i];

		json_item(out);
		add_text(out, "kind", c->kind);
		json_u64(out, "count", c->count);
		json_u64(out, "not_good", c->bad);
		add_time(out, "last", c->last_us);
		json_u64(out, "last_result", c->last_result);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

/* ---- controls ---- */

static void
print_control(const struct paper_control *c, const struct paper_verdict *v, struct buf *out)
{
	json_item(out);
	json_str(out, "id", span_str(c->id));
	json_str(out, "title", span_str(c->title));
	json_str(out, "state", span_str(paper_states[v->state]));
	json_object(out, "figures");
	for (unsigned i = 0; i < v->figure_count; i++)
		json_u64(out, v->figures[i].name, v->figures[i].n);
	buf_char(out, '}');
	json_str(out, "rule", span_str(c->rule));
	add_text(out, "gdpr", c->gdpr);
	add_text(out, "iso27001", c->iso);
	add_text(out, "soc2", c->soc2);
	add_text(out, "pci_dss", c->pci);
	add_text(out, "nist_800_53", c->nist);
	buf_char(out, '}');
}

static void
print_exceptions(const struct paper *p, struct buf *out)
{
	struct paper_exception x;

	json_array(out, "exceptions");
	for (unsigned i = 0; app_paper_exception(p, i, &x); i++) {
		json_item(out);
		json_u64(out, "count", x.count);
		json_str(out, "text", span_str(x.text));
		buf_char(out, '}');
	}
	buf_char(out, ']');
	json_array(out, "not_guaranteed");
	for (unsigned i = 0; paper_limits[i] != NULL; i++) {
		buf_str(out, i == 0 ? "" : ",");
		json_quote(out, span_str(paper_limits[i]));
	}
	buf_char(out, ']');
}

void
app_paper_print_json(const struct paper *p, struct buf *out)
{
	struct buf verify = { 0 };

	buf_char(out, '{');
	print_head(p, out);
	audit_print_json(&p->verify, &verify);
	json_key(out, "integrity");
	if (buf_ok(&verify))
		buf_add(out, verify.data, verify.len - 1); /* without its LF */
	else
		out->broken = true;
	buf_free(&verify);
	print_streams(p, out);
	print_masking(p, out);
	print_totals(p, out);
	print_acts("deletions", &p->removed, out);
	print_acts("holds", &p->held, out);
	print_keys(p, out);
	print_access(p, out);
	print_checks(p, out);
	print_acts("changes", &p->changed, out);
	print_exceptions(p, out);
	json_array(out, "controls");
	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++)
		print_control(&paper_controls[i], &p->verdicts[i], out);
	buf_str(out, "]}\n");
}
