/* The report for people: the verdict, the findings, what was checked and what was not. */
#include <inttypes.h>

#include "audit/check.h"
#include "base/clock.h"
#include "base/num.h"

/* File names are foreign: what is not plain is shown as \xHH. */
static void
add_plain(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c >= 0x7f || c == '\\')
			buf_fmt(out, "\\x%02x", c);
		else
			buf_char(out, *p);
	}
}

static void
add_count(struct buf *out, uint64_t n, const char *one)
{
	char text[32];

	(void)num_print_grouped(text, n);
	buf_fmt(out, "%s %s%s", text, one, n == 1 ? "" : "s");
}

static void
add_time(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	buf_add(out, text, clock_rfc3339(text, t_us));
}

static void
add_verdict(struct buf *out, const struct audit_result *r)
{
	const struct audit_coverage *c = &r->coverage;

	buf_str(out, "store ");
	add_plain(out, r->store);
	buf_str(out, ": ");
	if (r->exit_code == 0) {
		buf_str(out, "good: ");
		add_count(out, c->records, "record");
		buf_str(out, " in ");
		add_count(out, c->segments, "segment");
	} else if (r->errors > 0 || r->exit_code == 1) {
		buf_str(out, "DOES NOT VERIFY: ");
		add_count(out, r->errors, "error");
	} else {
		buf_str(out, "INCOMPLETE: ");
		buf_fmt(out, "%u of the entries are of a kind that this version does not know",
		    c->unknown_entries);
	}
	if (r->warnings > 0) {
		buf_str(out, ", ");
		add_count(out, r->warnings, "warning");
	}
	buf_char(out, '\n');
}

/* "records 5-9", "record 5", or the entry where there is no record. */
static void
add_place(struct buf *out, const struct audit_finding *f)
{
	if (f->record != AUDIT_NONE && f->count > 1)
		buf_fmt(out, " records %" PRIu64 "-%" PRIu64, f->record, f->record + f->count - 1);
	else if (f->record != AUDIT_NONE)
		buf_fmt(out, " record %" PRIu64, f->record);
	else if (f->entry != AUDIT_NONE && f->segment == AUDIT_NONE && f->count > 1)
		buf_fmt(out, " entries %" PRIu64 "-%" PRIu64, f->entry, f->entry + f->count - 1);
	else if (f->entry != AUDIT_NONE && f->segment == AUDIT_NONE)
		buf_fmt(out, " entry %" PRIu64, f->entry);
	if (f->line != AUDIT_NONE)
		buf_fmt(out, " (line %" PRIu64 ")", f->line);
}

void
audit_print_finding(const struct audit_finding *f, struct buf *out)
{
	if (f->file[0] != '\0') {
		buf_char(out, ' ');
		add_plain(out, f->file);
	}
	add_place(out, f);
	buf_fmt(out, ": %s: ", audit_code_help[f->code]);
	add_plain(out, f->text);
}

static void
add_finding(struct buf *out, const struct audit_finding *f)
{
	buf_fmt(out, "%s ", audit_code_names[f->code]);
	add_plain(out, f->stream[0] == '\0' ? "streams" : f->stream);
	audit_print_finding(f, out);
	buf_char(out, '\n');
}

static void
add_open(struct buf *out, const struct audit_coverage *c)
{
	for (unsigned i = 0; i < c->open_count && i < AUDIT_OPENS; i++) {
		const struct audit_open *o = &c->open[i];

		buf_fmt(out, "open: stream %s: ", o->stream);
		if (o->gone) {
			buf_str(out, "the writer did not stop; no open segment is here\n");
			continue;
		}
		add_count(out, o->records, "record");
		buf_fmt(out, " up to flush %" PRIu64 ", not sealed\n", o->flush);
	}
	if (c->open_count > AUDIT_OPENS)
		buf_fmt(out, "open: %u streams more\n", c->open_count - AUDIT_OPENS);
}

static void
add_ratchet(struct buf *out, const struct audit_coverage *c)
{
	char count[32];

	if (c->ratchets == 0)
		return;
	(void)num_print_grouped(count, c->replayed);
	buf_fmt(out, "ratchet: flushes that hold with the escrow key: %s\n", count);
}

static void
add_anchors(struct buf *out, const struct audit_coverage *c)
{
	if (c->stamps > 0 || c->cosignatures > 0) {
		buf_str(out, "anchors: ");
		add_count(out, c->stamps, "time stamp");
		buf_str(out, " and ");
		add_count(out, c->cosignatures, "cosignature");
		buf_str(out, " by keys that are known\n");
	}
	for (unsigned i = 0; i < c->witnessed_count; i++)
		buf_fmt(out, "quorum: stream %s: its first %" PRIu64 " entries\n",
		    c->witnessed[i].stream, c->witnessed[i].size);
}

/* What is not here any more, and what must stay. */
static void
add_past(struct buf *out, const struct audit_coverage *c)
{
	buf_str(out, "erased: ");
	add_count(out, c->erased, "record");
	buf_str(out, "; replaced: ");
	add_count(out, c->replaced, "record");
	buf_str(out, "; pruned: ");
	add_count(out, c->pruned, "segment");
	buf_str(out, "; in force: ");
	add_count(out, c->holds, "hold");
	buf_char(out, '\n');
	buf_str(out, "losses accepted: ");
	add_count(out, c->losses_accepted, "alarm");
	buf_str(out, "; by keys revoked later: ");
	add_count(out, c->notes_void, "note");
	buf_str(out, "; not said to be destroyed: ");
	add_count(out, c->import_keys, "import key");
	buf_char(out, '\n');
	if (c->derived_unseen > 0) {
		buf_str(out, "derived, not in this bundle: ");
		add_count(out, c->derived_unseen, "file");
		buf_char(out, '\n');
	}
}

static void
add_coverage(struct buf *out, const struct audit_coverage *c)
{
	char size[32];

	buf_str(out, "checked: ");
	add_count(out, c->streams, "stream");
	buf_str(out, ", ");
	add_count(out, c->entries, "chain line");
	buf_str(out, ", ");
	add_count(out, c->notes, "signed note");
	buf_str(out, ", ");
	add_count(out, c->segments, "segment");
	buf_str(out, ", ");
	add_count(out, c->records, "record");
	(void)num_print_bytes(size, c->line_bytes);
	buf_fmt(out, " (%s of lines", size);
	(void)num_print_bytes(size, c->file_bytes);
	buf_fmt(out, ", %s of files)\n", size);
	add_past(out, c);
	if (c->segments_missing > 0) {
		buf_str(out, "missing: ");
		add_count(out, c->segments_missing, "segment");
		buf_char(out, '\n');
	}
	if (c->time_min_us <= c->time_max_us) {
		buf_str(out, "records from ");
		add_time(out, c->time_min_us);
		buf_str(out, " to ");
		add_time(out, c->time_max_us);
		buf_char(out, '\n');
	}
	if (c->newest_us != INT64_MIN) {
		buf_str(out, "newest entry: ");
		add_time(out, c->newest_us);
		buf_char(out, '\n');
	}
	if (c->anchored)
		buf_str(out, "anchor: matches\n");
	if (c->pins_good + c->pins_new > 0)
		buf_fmt(out, "pins: %u chains go on from what was seen, %u are seen first\n",
		    c->pins_good, c->pins_new);
	if (c->unfinished > 0) {
		buf_str(out, "unfinished, not looked at: ");
		add_count(out, c->unfinished, "file");
		buf_char(out, '\n');
	}
	for (unsigned i = 0; i < c->raw_count; i++)
		buf_fmt(out, "raw at rest before: stream %s: %s\n", c->raw[i].stream,
		    c->raw[i].words);
	add_ratchet(out, c);
	add_anchors(out, c);
	add_open(out, c);
	if (c->unknown_entries > 0)
		buf_fmt(out, "entries of unknown kind: %u\n", c->unknown_entries);
	for (unsigned i = 0; i < AUDIT_NOT_CHECKED && c->not_checked[i][0] != '\0'; i++) {
		buf_str(out, "not checked: ");
		add_plain(out, c->not_checked[i]);
		buf_char(out, '\n');
	}
}

void
audit_print_text(const struct audit_result *r, struct buf *out)
{
	add_verdict(out, r);
	for (size_t i = 0; i < r->finding_count; i++)
		add_finding(out, &r->findings[i]);
	if (r->suppressed > 0) {
		buf_str(out, "and ");
		add_count(out, r->suppressed, "finding");
		buf_str(out, " that follow from these or are of the same kind\n");
	}
	add_coverage(out, &r->coverage);
	if (r->errors > 0)
		buf_str(out,
		    "next: change nothing, keep a copy of all of it; docs/operations.md says what "
		    "each code means, and what to do\n");
	if (r->errors == 0 && !r->coverage.anchored && r->coverage.auditor[0] != '\0') {
		buf_str(out, "auditor's line, as this store says it: ");
		add_plain(out, r->coverage.auditor);
		buf_char(out, '\n');
	}
}
