/* A consistency proof: made, checked, and told of. */
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/consistent.h"
#include "audit/anchors/source.h"
#include "base/err.h"
#include "base/json.h"
#include "store/keys/force.h"
#include "store/layout.h"

/* ---- making ---- */

/*
 * A proof names the first log key, so its notes are of the time of that one:
 * the size before the first change of it, or the newest.
 */
static uint64_t
last_size(const struct audit_source *source)
{
	static const struct seal_names none = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	uint64_t size = source->newest.note.size, i;

	for (i = 1; entry != NULL && i < size; i++)
		if (store_force_changes(source->chain.lines[i]) &&
		    seal_entry_read(source->chain.lines[i], &none, entry, NULL) == 0 &&
		    store_force_brings(entry).len > 0)
			break;
	if (entry == NULL)
		i = size;
	free(entry);
	return (i < size ? i : size);
}

/* An entry of the store's chain, under a note. */
static void
print_entry(const struct audit_source *own, const struct audit_source_note *note, size_t index,
    struct buf *out)
{
	struct seal_proof proof;

	seal_proof_inclusion(
	    (const unsigned char(*)[32])own->leaves, (size_t)note->note.size, index, &proof);
	seal_proof_print(own->chain.lines[index], index, &proof, buf_view(&note->text), out);
}

static int
print_stream(const struct audit_source *own, const struct audit_source_note *note,
    const char *stream, const struct seal_names *names, struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t i, count = (size_t)note->note.size;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (i = 0; i < count; i++)
		if (seal_entry_read(own->chain.lines[i], names, entry, NULL) == 0 &&
		    entry->type == SEAL_STREAM && span_is(entry->of.stream.name, stream))
			break;
	free(entry);
	if (i == count)
		return (err_set(e, ERR_FINDING,
		    "the store does not list stream %s, or since its log key was changed", stream));
	print_entry(own, note, i, out);
	return (0);
}

/* Whose notes these are. */
static int
print_origin(const struct audit_source *own, const char *stream, const struct seal_names *names,
    struct buf *out, struct err *e)
{
	struct audit_source_note note = { .text = { 0 } };
	int rc = audit_source_note(own, last_size(own), &note, e);

	if (rc == 0 && strcmp(stream, STORE_OWN_STREAM) != 0)
		rc = print_stream(own, &note, stream, names, out, e);
	if (rc == 0)
		print_entry(own, &note, 0, out);
	buf_free(&note.text);
	return (rc);
}

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
		return (err_set(e, ERR_IO, "out of memory"));
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
	uint64_t last;
	int rc = -1;

	if (audit_source_open(store, stream, &of, e) == -1 ||
	    audit_source_open(store, STORE_OWN_STREAM, &own, e) == -1)
		goto out;
	last = last_size(of);
	if (sizes.to == 0)
		sizes.to = last;
	if (sizes.to > last && last < of->newest.note.size)
		(void)err_set(e, ERR_INPUT,
		    "the log key was changed behind the note of size %ju, which such a proof "
		    "cannot show",
		    (uintmax_t)last);
	else if (sizes.from > sizes.to)
		(void)err_set(e, ERR_INPUT, "the note of size %ju is older than that of %ju",
		    (uintmax_t)sizes.to, (uintmax_t)sizes.from);
	else if (audit_source_note(of, sizes.from, &notes[0], e) == 0 &&
	    audit_source_note(of, sizes.to, &notes[1], e) == 0) {
		print_head(of, notes, out);
		if (print_origin(own, stream, names, out, e) == 0)
			rc = check_made(out, names, e);
	}
out:
	buf_free(&notes[0].text);
	buf_free(&notes[1].text);
	audit_source_close(of);
	audit_source_close(own);
	return (rc);
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
	    "not checked: the epoch key's signature, and keys replaced or revoked: that needs the "
	    "chain\n");
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
