/* Sections: integrity, completeness, masking. */
#include <string.h>

#include "app/names.h"
#include "app/paper/page/inside.h"
#include "audit/check.h"
#include "record/table.h"

/* ---- integrity ---- */

static void
put_fact(struct buf *out, const char *what, uint64_t n)
{
	app_html_row(out);
	app_html_head(out, what);
	app_html_number(out, n);
	app_html_row_end(out);
}

static void
put_coverage(const struct audit_coverage *c, struct buf *out)
{
	const struct {
		const char *what;
		uint64_t n;
		bool always;
	} rows[] = {
		{ "streams", c->streams, true },
		{ "entries of chains", c->entries, true },
		{ "signed notes", c->notes, true },
		{ "segments", c->segments, true },
		{ "segments that are missing", c->segments_missing, false },
		{ "records", c->records, true },
		{ "records erased, by an entry that says so", c->erased, true },
		{ "records replaced, by an entry that says so", c->replaced, true },
		{ "segments pruned, by an entry that says so", c->pruned, true },
		{ "legal holds in force", c->holds, true },
		{ "cosignatures that hold", c->cosignatures, true },
		{ "cosignatures by nobody known", c->cosignatures_unchecked, false },
		{ "time stamps that hold", c->stamps, true },
		{ "time stamps by nobody known", c->stamps_unchecked, false },
		{ "records that no flush covers", c->untagged, false },
		{ "keys of imports, not said to be destroyed", c->import_keys, false },
		{ "entries of unknown types", c->unknown_entries, false },
		{ "notes by log keys that were revoked later", c->notes_void, false },
	};

	app_html_table(out,
	    "What verify looked at, in the whole store (the window does not narrow it)",
	    "what|#how many");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].always || rows[i].n > 0)
			put_fact(out, rows[i].what, rows[i].n);
	app_html_end(out);
}

static void
put_findings(const struct audit_result *r, struct buf *out)
{
	if (r->finding_count == 0) {
		buf_str(out, "<p>Findings: none.</p>\n");
		return;
	}
	app_html_table(out, "Findings, the root cause first", "code|stream|file|#segment|text");
	for (size_t i = 0; i < r->finding_count && i < PAPER_ROWS_MAX; i++) {
		const struct audit_finding *f = &r->findings[i];

		app_html_row(out);
		app_html_head(out, audit_code_names[f->code]);
		app_html_cell(out, f->stream);
		app_html_cell(out, f->file);
		if (f->segment == AUDIT_NONE)
			app_html_cell(out, "");
		else
			app_html_number(out, f->segment);
		app_html_cell(out, f->text);
		app_html_row_end(out);
	}
	app_html_end(out);
	app_page_more(out, r->finding_count, PAPER_ROWS_MAX);
}

static void
put_heads(const struct paper *p, struct buf *out)
{
	app_html_table(out, "The last entry of each chain: its hash stands for all before it",
	    "stream|#entries|last entry (UTC)|SHA-256 of it|#holds|unmasked before");
	for (size_t i = 0; i < p->stream_count; i++) {
		const struct paper_stream *s = &p->streams[i];

		app_html_row(out);
		app_html_head(out, s->name);
		app_html_number(out, s->entries);
		app_html_time(out, s->head_us);
		buf_str(out, "<td><code>");
		buf_hex(out, s->head, sizeof(s->head));
		buf_str(out, "</code>");
		app_html_text(out, span_str(s->problem));
		buf_str(out, "</td>");
		app_html_number(out, s->holds);
		app_html_cell(out, s->raw.words[0] == '\0' ? "none" : s->raw.words);
		app_html_row_end(out);
	}
	app_html_end(out);
}

void
app_page_integrity(const struct paper *p, struct buf *out)
{
	const struct audit_coverage *c = &p->verify.coverage;

	buf_fmt(out, "<p>verify: exit code %d, %u error%s, %u warning%s. %s</p>\n",
	    p->verify.exit_code, p->verify.errors, p->verify.errors == 1 ? "" : "s",
	    p->verify.warnings, p->verify.warnings == 1 ? "" : "s",
	    c->anchored ?
		"The auditor's line that was given is that of this store." :
		"No auditor's line was given: that the store is consistent with itself is "
		"shown, not that it is the one that was begun.");
	put_findings(&p->verify, out);
	put_coverage(c, out);
	buf_str(out, "<h3>What could not be checked</h3>\n<ul>\n");
	for (unsigned i = 0; i < AUDIT_NOT_CHECKED && c->not_checked[i][0] != '\0'; i++) {
		buf_str(out, "<li>");
		app_html_text(out, span_str(c->not_checked[i]));
		buf_str(out, "</li>\n");
	}
	buf_str(
	    out, c->not_checked[0][0] == '\0' ? "<li>nothing: all was</li>\n</ul>\n" : "</ul>\n");
	put_heads(p, out);
}

/* ---- completeness ---- */

static uint64_t
records_of(const struct stats_outcome *o)
{
	return (o->parsed + o->partial + o->unparsed);
}

static bool
is_own(const struct paper_stream *s)
{
	return (strncmp(s->name, "cretula.", 8) == 0);
}

static void
put_counts(struct buf *out, const char *name, const struct stats_counts *c, uint64_t unbalanced)
{
	app_html_row(out);
	app_html_head(out, name);
	app_html_number(out, c->lines);
	app_html_number(out, records_of(&c->in));
	app_html_number(out, c->in.counted);
	app_html_number(out, c->meta);
	app_html_number(out, c->joined);
	app_html_number(out, c->lost);
	app_html_cell(out, unbalanced == 0 ? "yes" : "no");
	app_html_row_end(out);
}

static void
put_records(struct buf *out, const struct paper_stream *s)
{
	app_html_row(out);
	app_html_head(out, s->name);
	app_html_number(out, s->segments);
	app_html_number(out, s->records);
	app_html_number(out, records_of(&s->counts.split) + records_of(&s->counts.replay));
	app_html_number(out, s->pruned_records);
	app_html_number(out, s->erased);
	app_html_number(out, s->replaced);
	app_html_number(out, s->records - s->pruned_records - s->erased);
	if (s->counts.time_min_us <= s->counts.time_max_us) {
		app_html_time(out, s->counts.time_min_us);
		app_html_time(out, s->counts.time_max_us);
	} else
		buf_str(out, "<td>\xe2\x80\x93</td><td>\xe2\x80\x93</td>");
	app_html_row_end(out);
}

static void
put_named(const char *caption, const char *columns, const char *const *names, unsigned count,
    const uint64_t *values, struct buf *out)
{
	bool any = false;

	for (unsigned i = 0; i < count; i++)
		any = any || values[i] > 0;
	if (!any)
		return;
	app_html_table(out, caption, columns);
	for (unsigned i = 0; i < count; i++)
		if (values[i] > 0)
			put_fact(out, names[i], values[i]);
	app_html_end(out);
}

void
app_page_completeness(const struct paper *p, struct buf *out)
{
	struct paper_sums sums;

	app_paper_sum(p, &sums);
	buf_str(out,
	    "<p>Segments count whole if they hold a record of the window; pruned ones count as "
	    "they "
	    "were sealed. Each line that came is a record, or only counted (a rule, or a limit of "
	    "rate), or the file\xe2\x80\x99s own (meta), or joined to the line before it. What is "
	    "lost never came so far.</p>\n");
	app_html_table(out, "Lines = records + counted + meta + joined, as the writer sealed it",
	    "stream|#lines|#records|#counted|#meta|#joined|#lost|adds up");
	for (size_t i = 0; i < p->stream_count; i++)
		if (!is_own(&p->streams[i]))
			put_counts(out, p->streams[i].name, &p->streams[i].counts,
			    p->streams[i].unbalanced);
	put_counts(out, "all", &sums.counts, sums.unbalanced);
	app_html_end(out);
	app_html_table(out,
	    "Records; containers hold several events in a line, quarantine has lines that were "
	    "read again",
	    "stream|#segments|#sealed|#from containers or "
	    "quarantine|#pruned|#erased|#replaced|#there"
	    "|oldest (UTC)|newest (UTC)");
	for (size_t i = 0; i < p->stream_count; i++)
		if (p->streams[i].segments > 0)
			put_records(out, &p->streams[i]);
	app_html_end(out);
	put_named("Why events are lost, or only counted", "cause|#events", stats_cause_names,
	    STATS_CAUSE_COUNT, sums.counts.causes, out);
	put_named("Why lines could not be read", "reason|#lines", app_names()->reasons,
	    app_names()->reason_count, sums.counts.reasons, out);
}

/* ---- masking ---- */

static void
put_policy(const struct paper_policy *policy, struct buf *out)
{
	app_html_row(out);
	buf_str(out, "<th scope=\"row\"><code>");
	app_html_text(out, span_str(policy->hash));
	buf_str(out, "</code></th>");
	app_html_cell(out, policy->streams);
	app_html_number(out, policy->segments);
	app_html_time(out, policy->first_us);
	app_html_time(out, policy->last_us);
	app_html_cell(out, policy->known == NULL ? "not known here" : policy->from);
	app_html_row_end(out);
}

static void
put_methods(const struct paper *p, const struct mask_policy *policy, struct buf *out)
{
	struct paper_sums sums;

	app_paper_sum(p, &sums);
	app_html_table(out, "Classes of identifiers: how each is masked, and how often it was",
	    policy == NULL ? "class|what it is|#values masked" :
			     "class|what it is|method|key changes|#values masked");
	for (unsigned i = 1; i < RECORD_CLASS_COUNT; i++) {
		app_html_row(out);
		app_html_head(out, record_classes[i].name);
		app_html_cell(out, record_classes[i].help);
		if (policy != NULL) {
			app_html_cell(out, mask_method_names[policy->method[i]]);
			app_html_cell(out,
			    record_classes[i].prefix[0] == '\0' ?
				"" :
				mask_period_names[policy->epoch[i]]);
		}
		app_html_number(out, sums.counts.masked[i]);
		app_html_row_end(out);
	}
	app_html_end(out);
}

static void
put_scan(const struct paper_scan *scan, struct buf *out)
{
	if (!scan->done) {
		buf_str(
		    out, "<p>A leak scan of the store was not made (<code>--scan</code>).</p>\n");
		return;
	}
	buf_str(out,
	    "<p>Leak scan of the store, by code that shares nothing with what masks: <strong>");
	app_html_grouped(out, scan->leaks);
	buf_str(out, scan->leaks == 1 ? " leak" : " leaks");
	buf_str(out, "</strong> in ");
	app_html_grouped(out, scan->files);
	buf_str(out, " files, ");
	app_html_grouped(out, scan->bytes);
	buf_str(out, " bytes of content; not read: ");
	app_html_grouped(out, scan->unread);
	buf_str(out, " files. Names and words have no pattern: no scan finds them.</p>\n");
}

/* With several policies, the methods of the newest that is known. */
void
app_page_masking(const struct paper *p, struct buf *out)
{
	const struct paper_policy *newest = NULL;

	app_html_table(out, "Policies in force: each segment names one, by the SHA-256 of its text",
	    "policy|streams|#segments|first seal (UTC)|last seal (UTC)|known from");
	for (unsigned i = 0; i < p->policy_count; i++) {
		put_policy(&p->policies[i], out);
		if (p->policies[i].known != NULL &&
		    (newest == NULL || p->policies[i].last_us > newest->last_us))
			newest = &p->policies[i];
	}
	app_html_end(out);
	if (newest != NULL && p->policy_count > 1) {
		buf_str(out, "<p>Methods below are of <code>");
		app_html_text(out, span_str(newest->hash));
		buf_str(out,
		    "</code>; those of others are in <code>report.json</code>, where known.</p>\n");
	}
	if (newest != NULL)
		buf_fmt(out,
		    "<p>A word of a path stays readable once more than %u networks used it in its "
		    "place.%s%s</p>\n",
		    newest->known->words_k,
		    newest->known->words_mode == MASK_WORDS_KEEP ?
			" <strong>Switched off: all words are kept.</strong>" :
			"",
		    newest->known->path_token_shared ?
			" <strong>Tokens of path segments are the same for all clients.</strong>" :
			"");
	put_methods(p, newest == NULL ? NULL : newest->known, out);
	buf_str(out,
	    "<p class=\"soft\">Values are counted in segments of 20 records and more; smaller ones "
	    "tell "
	    "too much.</p>\n");
	put_scan(&p->scan, out);
}
