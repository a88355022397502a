/* A consistency proof: made, checked, and told of. */
#include <string.h>

#include "audit/anchors/consistent.h"
#include "audit/anchors/source.h"
#include "audit/proof/lineage.h"
#include "base/err.h"
#include "base/json.h"
#include "store/layout.h"

/* ---- making ---- */

static void
print_head(
    const struct audit_source *of, const struct audit_source_note notes[static 2], struct buf *out)
{
	struct seal_proof proof;
	size_t old = (size_t)notes[0].note.size, new = (size_t)notes[1].note.size;

	seal_proof_consistency((const unsigned char(*)[32])of->leaves, new, old, &proof);
	buf_fmt(out, AUDIT_CONSISTENT_MAGIC "old %zu\nnew %zu\n", old, new);
	for (size_t i = 0; i < proof.count; i++) {
		buf_base64(out, proof.hashes[i], 32);
		buf_char(out, '\n');
	}
	for (unsigned i = 0; i < 2; i++) {
		buf_char(out, '\n');
		buf_span(out, buf_view(&notes[i].text));
	}
	buf_char(out, '\n');
}

static int
check_made(const struct buf *out, const struct seal_names *names, struct err *e)
{
	struct audit_consistent proof;

	if (!buf_ok(out))
		return (err_memory(e));
	if (audit_consistent_check(buf_view(out), NULL, names, &proof, e) == -1)
		return (-1);
	if (proof.why[0] != '\0')
		return (err_set(e, ERR_FINDING, "the store does not verify: %s", proof.why));
	return (0);
}

int
audit_consistent_prove(const char *store, const char *stream, struct audit_consistent_sizes sizes,
    const struct seal_names *names, struct buf *out, struct err *e)
{
	struct audit_source_note notes[2] = { { .text = { 0 } }, { .text = { 0 } } };
	struct audit_source *of = NULL, *own = NULL;
	unsigned shortages = err_memory_count();
	int rc = -1;

	if (audit_source_open(store, stream, &of, e) == -1)
		goto out;
	if (strcmp(stream, STORE_OWN_STREAM) == 0)
		own = of;
	else if (audit_source_open(store, STORE_OWN_STREAM, &own, e) == -1)
		goto out;
	if (sizes.to == 0)
		sizes.to = of->newest.note.size;
	if (sizes.from > sizes.to)
		(void)err_set(e, ERR_INPUT, "the note of size %ju is older than that of %ju",
		    (uintmax_t)sizes.to, (uintmax_t)sizes.from);
	else if (audit_source_note(of, sizes.from, &notes[0], e) == 0 &&
	    audit_source_note(of, sizes.to, &notes[1], e) == 0) {
		print_head(of, notes, out);
		if (audit_lineage_print(of, own, stream, names, out, e) == 0)
			rc = check_made(out, names, e);
	}
out:
	buf_free(&notes[0].text);
	buf_free(&notes[1].text);
	if (own != of)
		audit_source_close(own);
	audit_source_close(of);
	/* As audit_prove. */
	return (rc == -1 && err_memory_count() != shortages ? err_memory(e) : rc);
}

/* ---- telling ---- */

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
audit_consistent_print_text(const char *name, const struct audit_consistent *proof, struct buf *out)
{
	buf_str(out, "proof ");
	add_plain(out, name);
	if (proof->why[0] != '\0') {
		buf_str(out, ": DOES NOT VERIFY: 1 error\nE_PROOF ");
		add_plain(out, name);
		buf_str(out, ": the proof of two notes does not hold: ");
		add_plain(out, proof->why);
		buf_char(out, '\n');
		return;
	}
	buf_fmt(out, ": good: entries were only added to the first %ju of ", (uintmax_t)proof->old);
	add_plain(out, proof->origin);
	buf_fmt(out, "\nold: %ju ", (uintmax_t)proof->old);
	buf_base64(out, proof->old_root, sizeof(proof->old_root));
	buf_fmt(out, "\nnew: %ju ", (uintmax_t)proof->new);
	buf_base64(out, proof->new_root, sizeof(proof->new_root));
	buf_char(out, '\n');
	buf_str(out,
	    proof->anchored ? "anchor: matches\n" :
			      "not checked: anchor: none given, the store's key taken on trust\n");
	buf_str(out,
	    "not checked: the epoch keys' signatures, and keys changed since or revoked: that "
	    "needs the chain\n");
}

void
audit_consistent_print_json(const char *name, const struct audit_consistent *proof, struct buf *out)
{
	bool good = proof->why[0] == '\0';

	buf_char(out, '{');
	json_str(out, "proof", span_str(name));
	json_str(out, "verdict", span_str(good ? "good" : "bad"));
	json_u64(out, "exit_code", !good);
	json_key(out, "findings");
	if (!good) {
		buf_str(out, "[{");
		json_str(out, "code", span_str("E_PROOF"));
		json_str(out, "severity", span_str("error"));
		json_str(out, "text", span_str(proof->why));
		buf_str(out, "}]}\n");
		return;
	}
	buf_str(out, "[]");
	json_str(out, "stream", span_str(proof->stream));
	json_str(out, "origin", span_str(proof->origin));
	json_u64(out, "old", proof->old);
	json_u64(out, "new", proof->new);
	json_bool(out, "anchored", proof->anchored);
	buf_str(out, "}\n");
}
