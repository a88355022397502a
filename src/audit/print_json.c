/* The report as one JSON object and LF.  Places that are not given are left out. */
#include "audit/check.h"
#include "base/clock.h"
#include "base/json.h"

static void
add_text(struct buf *out, const char *key, const char *text)
{
	json_str(out, key, span_str(text));
}

static void
add_place(struct buf *out, const char *key, uint64_t value)
{
	if (value != AUDIT_NONE)
		json_u64(out, key, value);
}

static void
add_time(struct buf *out, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];

	json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

static void
add_finding(struct buf *out, const struct audit_finding *f)
{
	buf_char(out, '{');
	add_text(out, "code", audit_code_names[f->code]);
	add_text(
	    out, "severity", audit_code_severity[f->code] == AUDIT_ERROR ? "error" : "warning");
	add_text(out, "help", audit_code_help[f->code]);
	if (f->stream[0] != '\0')
		add_text(out, "stream", f->stream);
	if (f->file[0] != '\0')
		add_text(out, "file", f->file);
	add_place(out, "segment", f->segment);
	add_place(out, "record", f->record);
	add_place(out, "line", f->line);
	add_place(out, "entry", f->entry);
	json_u64(out, "count", f->count);
	add_text(out, "text", f->text);
	buf_char(out, '}');
}

static void
add_open(struct buf *out, const struct audit_coverage *c)
{
	json_key(out, "open");
	buf_char(out, '[');
	for (unsigned i = 0; i < c->open_count && i < AUDIT_OPENS; i++) {
		const struct audit_open *o = &c->open[i];

		if (i > 0)
			buf_char(out, ',');
		buf_char(out, '{');
		add_text(out, "stream", o->stream);
		json_bool(out, "gone", o->gone);
		if (!o->gone) {
			json_u64(out, "records", o->records);
			json_u64(out, "flush", o->flush);
		}
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
add_anchors(struct buf *out, const struct audit_coverage *c)
{
	json_u64(out, "stamps", c->stamps);
	json_u64(out, "stamps_unchecked", c->stamps_unchecked);
	json_u64(out, "cosignatures", c->cosignatures);
	json_u64(out, "cosignatures_unchecked", c->cosignatures_unchecked);
	json_key(out, "witnessed");
	buf_char(out, '[');
	for (unsigned i = 0; i < c->witnessed_count; i++) {
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "stream", span_str(c->witnessed[i].stream));
		json_u64(out, "size", c->witnessed[i].size);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
add_coverage(struct buf *out, const struct audit_coverage *c)
{
	json_key(out, "coverage");
	buf_char(out, '{');
	json_u64(out, "streams", c->streams);
	json_u64(out, "entries", c->entries);
	json_u64(out, "notes", c->notes);
	json_u64(out, "segments", c->segments);
	json_u64(out, "segments_missing", c->segments_missing);
	json_u64(out, "records", c->records);
	json_u64(out, "line_bytes", c->line_bytes);
	json_u64(out, "file_bytes", c->file_bytes);
	if (c->time_min_us <= c->time_max_us) {
		add_time(out, "time_min", c->time_min_us);
		add_time(out, "time_max", c->time_max_us);
	}
	if (c->newest_us != INT64_MIN)
		add_time(out, "newest", c->newest_us);
	json_bool(out, "anchored", c->anchored);
	if (c->auditor[0] != '\0')
		json_str(out, "auditor", span_str(c->auditor));
	json_u64(out, "segments_outside", c->segments_outside);
	if (c->segments_before > 0)
		json_u64(out, "segments_before", c->segments_before);
	json_u64(out, "pins_good", c->pins_good);
	json_u64(out, "pins_new", c->pins_new);
	json_u64(out, "unknown_entries", c->unknown_entries);
	json_u64(out, "unfinished", c->unfinished);
	json_u64(out, "erased", c->erased);
	json_u64(out, "replaced", c->replaced);
	json_u64(out, "pruned", c->pruned);
	json_u64(out, "holds", c->holds);
	json_u64(out, "losses_accepted", c->losses_accepted);
	json_u64(out, "notes_void", c->notes_void);
	json_u64(out, "import_keys", c->import_keys);
	json_u64(out, "untagged", c->untagged);
	json_u64(out, "derived_unseen", c->derived_unseen);
	json_u64(out, "replayed", c->replayed);
	json_u64(out, "ratchets_lost", c->ratchets_lost);
	json_key(out, "raw_at_rest");
	buf_char(out, '{');
	for (unsigned i = 0; i < c->raw_count; i++)
		json_str(out, c->raw[i].stream, span_str(c->raw[i].words));
	buf_char(out, '}');
	add_anchors(out, c);
	add_open(out, c);
	json_key(out, "not_checked");
	buf_char(out, '[');
	for (unsigned i = 0; i < AUDIT_NOT_CHECKED && c->not_checked[i][0] != '\0'; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_quote(out, span_str(c->not_checked[i]));
	}
	buf_str(out, "]}");
}

void
audit_print_json(const struct audit_result *r, struct buf *out)
{
	buf_char(out, '{');
	add_text(out, "store", r->store);
	add_text(out, "verdict",
	    r->exit_code == 0       ? "good"
		: r->exit_code == 1 ? "bad"
				    : "incomplete");
	json_u64(out, "exit_code", (uint64_t)r->exit_code);
	json_u64(out, "errors", r->errors);
	json_u64(out, "warnings", r->warnings);
	json_u64(out, "suppressed", r->suppressed);
	json_key(out, "findings");
	buf_char(out, '[');
	for (size_t i = 0; i < r->finding_count; i++) {
		if (i > 0)
			buf_char(out, ',');
		add_finding(out, &r->findings[i]);
	}
	buf_char(out, ']');
	add_coverage(out, &r->coverage);
	buf_str(out, "}\n");
}
