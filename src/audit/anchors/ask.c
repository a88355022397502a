#include "audit/anchors/ask.h"

#include "base/err.h"

static void
print(const struct audit_source *source, uint64_t old, const struct audit_source_note *note,
    struct buf *out)
{
	struct seal_proof proof = { .count = 0 };

	if (old > 0)
		seal_proof_consistency((const unsigned char(*)[32])source->leaves,
		    (size_t)note->note.size, (size_t)old, &proof);
	buf_fmt(out, "old %ju\n", (uintmax_t)old);
	for (size_t i = 0; i < proof.count; i++) {
		buf_base64(out, proof.hashes[i], 32);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
	buf_span(out, buf_view(&note->text));
}

int
audit_ask_witness(
    const struct audit_source *source, uint64_t old, uint64_t size, struct buf *out, struct err *e)
{
	struct audit_source_note note = { 0 };
	int rc = -1;

	if (size == 0)
		size = source->newest.note.size;
	if (audit_source_note(source, size, &note, e) == 0) {
		if (old > size)
			(void)err_set(e, ERR_INPUT, "--old %ju is more than the note of size %ju",
			    (uintmax_t)old, (uintmax_t)size);
		else {
			print(source, old, &note, out);
			rc = 0;
		}
	}
	buf_free(&note.text);
	return (rc);
}
