/* The report about a proof, for people and as JSON. */
#include "audit/outside/prove.h"
#include "base/clock.h"
#include "base/json.h"

static const char *const unchecked[] = {
	"anchor: none given, the store's key taken on trust",
	"the epoch keys' signatures, and keys changed since or revoked: that needs the chain",
	"whether the record was erased or replaced since: a proof stays valid",
};

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

void
audit_proof_print_text(const char *name, const struct audit_proof *proof, struct buf *out)
{
	char time[CLOCK_RFC3339_BYTES];

	buf_str(out, "proof ");
	add_plain(out, name);
	if (proof->why[0] != '\0') {
		buf_str(out, ": DOES NOT VERIFY: 1 error\nE_PROOF ");
		add_plain(out, name);
		buf_str(out, ": the proof of a record does not hold: ");
		add_plain(out, proof->why);
		buf_char(out, '\n');
		return;
	}
	buf_fmt(out, ": good: record %ju of stream ", (uintmax_t)proof->record);
	add_plain(out, proof->stream);
	time[clock_rfc3339(time, proof->sealed_us)] = '\0';
	buf_fmt(out, "\nsealed: %s, segment %ju, entry %ju of %ju signed ones of ", time,
	    (uintmax_t)proof->segment, (uintmax_t)proof->entry, (uintmax_t)proof->size);
	add_plain(out, proof->origin);
	if (proof->replaced) {
		time[clock_rfc3339(time, proof->replaced_us)] = '\0';
		buf_fmt(out, "\nreplaced: %s, by entry %ju: what was sealed first is gone", time,
		    (uintmax_t)proof->replaced_entry);
	}
	buf_str(out, "\nrecord: ");
	buf_span(out, buf_view(&proof->line));
	buf_char(out, '\n');
	if (proof->anchored)
		buf_str(out, "anchor: matches\n");
	for (unsigned i = proof->anchored; i < sizeof(unchecked) / sizeof(unchecked[0]); i++)
		buf_fmt(out, "not checked: %s\n", unchecked[i]);
}

void
audit_proof_print_json(const char *name, const struct audit_proof *proof, struct buf *out)
{
	bool good = proof->why[0] == '\0';
	char time[CLOCK_RFC3339_BYTES];

	buf_char(out, '{');
	json_str(out, "proof", span_str(name));
	json_str(out, "verdict", span_str(good ? "good" : "bad"));
	json_u64(out, "exit_code", !good);
	json_key(out, "findings");
	buf_char(out, '[');
	if (!good) {
		buf_char(out, '{');
		json_str(out, "code", span_str("E_PROOF"));
		json_str(out, "severity", span_str("error"));
		json_str(out, "text", span_str(proof->why));
		buf_str(out, "}]}\n");
		return;
	}
	buf_char(out, ']');
	json_str(out, "stream", span_str(proof->stream));
	json_str(out, "origin", span_str(proof->origin));
	json_u64(out, "record", proof->record);
	json_u64(out, "segment", proof->segment);
	json_u64(out, "entry", proof->entry);
	json_u64(out, "size", proof->size);
	json_str(out, "sealed", span_of(time, clock_rfc3339(time, proof->sealed_us)));
	json_bool(out, "anchored", proof->anchored);
	json_bool(out, "replaced", proof->replaced);
	if (proof->replaced) {
		json_u64(out, "replaced_entry", proof->replaced_entry);
		json_str(out, "replaced_at",
		    span_of(time, clock_rfc3339(time, proof->replaced_us)));
	}
	json_str(out, "line", buf_view(&proof->line));
	json_key(out, "not_checked");
	buf_char(out, '[');
	for (unsigned i = proof->anchored; i < sizeof(unchecked) / sizeof(unchecked[0]); i++) {
		if (i > proof->anchored)
			buf_char(out, ',');
		json_quote(out, span_str(unchecked[i]));
	}
	buf_str(out, "]}\n");
}
