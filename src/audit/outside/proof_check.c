/*
 * The proof of one record, checked with nothing but its text.  Each part names
 * what the part before it is measured by: the segment's root, the log key of
 * the stream, the log key of the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/anchor.h"
#include "audit/outside/prove.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "seal/tree.h"
#include "store/layout.h"

static const struct span magic = SPAN(AUDIT_PROOF_MAGIC);
static const struct span part_magic = SPAN("c2sp.org/tlog-proof@v1\n");
static const struct span record_start = SPAN("{\"time\":\"");

/* An entry of a chain, and that it is one of those under a note. */
struct part {
	struct seal_proof_file file;
	struct seal_note note;
	struct buf line;
	struct seal_entry entry; /* borrows line */
};

struct check {
	const struct seal_names *names;
	struct audit_proof *proof;
	struct seal_proof_file record; /* no checkpoint */
	struct buf extra; /* its salt | line */
	struct part parts[AUDIT_PROOF_PARTS];
};
enum { SEGMENT, STREAM, GENESIS };

static int
bad(struct check *c, const char *text)
{
	if (c->proof->why[0] == '\0')
		(void)snprintf(c->proof->why, sizeof(c->proof->why), "%.*s",
		    (int)sizeof(c->proof->why) - 1, text);
	return (-1);
}

/* ---- reading ---- */

/* The text up to where the next part begins; *rest is from there on. */
static struct span
cut_part(struct span *rest)
{
	struct span whole = *rest;
	size_t at = part_magic.len; /* its own first line is no next part */

	while (at < whole.len) {
		at += span_find(span_from(whole, at), '\n') + 1;
		if (span_starts(span_from(whole, at), part_magic))
			break;
	}
	if (at > whole.len)
		at = whole.len;
	*rest = span_from(whole, at);
	return (span_of(whole.ptr, at));
}

/*
 * The first part has the form of the others without a note.  It is read as one
 * of them, under a note that is none of anything.
 */
static int
read_record(struct check *c, struct span text, struct seal_note *note)
{
	static const char no_note[] =
	    "none\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 none AAAAAAAA\n";
	struct buf whole = { 0 };
	struct err e;
	int rc = -1;

	if (!span_starts(text, magic))
		return (bad(c, "not the proof of a record"));
	buf_span(&whole, part_magic);
	buf_span(&whole, span_from(text, magic.len));
	buf_str(&whole, no_note);
	if (!buf_ok(&whole))
		(void)bad(c, "out of memory");
	else if (seal_proof_read(buf_view(&whole), &c->record, note, &e) == -1)
		(void)bad(c, e.text);
	else if (!span_is(c->record.checkpoint, no_note))
		(void)bad(c, "proof of the record: more than a proof");
	else if (seal_proof_extra(&c->record, &c->extra) == -1 || c->extra.len <= 16)
		(void)bad(c, "proof of the record: neither salt nor line");
	else
		rc = 0;
	buf_free(&whole);
	return (rc);
}

static int
read_part(struct check *c, struct span text, struct part *part, enum seal_type type)
{
	struct err e;

	if (seal_proof_read(text, &part->file, &part->note, &e) == -1)
		return (bad(c, e.text));
	if (seal_proof_extra(&part->file, &part->line) == -1 ||
	    seal_entry_read(buf_view(&part->line), c->names, &part->entry, &e) == -1)
		return (bad(c, "what is to be proved is no entry"));
	if (part->entry.type != type || part->entry.index != part->file.index)
		return (bad(c, "what is to be proved is another entry"));
	return (0);
}

static int
read_all(struct check *c, struct span text)
{
	static const enum seal_type types[] = { SEAL_SEGMENT, SEAL_STREAM, SEAL_GENESIS };
	struct span first = cut_part(&text);

	if (read_record(c, first, &c->parts[0].note) == -1)
		return (-1);
	for (unsigned i = 0; i < AUDIT_PROOF_PARTS; i++)
		if (text.len == 0 || read_part(c, cut_part(&text), &c->parts[i], types[i]) == -1)
			return (bad(c, "a part is missing"));
	return (text.len == 0 ? 0 : bad(c, "more than the proof of a record"));
}

/* ---- checking ---- */

/* Is the part's entry one of origin's, under a note by its log key? */
static int
check_entry(struct check *c, const struct part *part, struct span origin, struct span log)
{
	unsigned char leaf[32];
	struct seal_vkey key;
	struct err e;

	if (seal_vkey_read(log, &key, &e) == -1 || !span_equal(key.name, origin) ||
	    !span_equal(part->note.origin, origin))
		return (bad(c, "a note of another origin"));
	if (seal_note_check(&part->note, &key, &e) == -1)
		return (bad(c, e.text));
	seal_entry_leaf(part->line.data, part->line.len, leaf);
	if (!seal_proof_included(
		&part->file.proof, leaf, part->file.index, part->note.size, part->note.root))
		return (bad(c, "an entry that the note does not cover"));
	return (0);
}

static int
check_record(struct check *c)
{
	const struct seal_segment *facts = &c->parts[SEGMENT].entry.of.segment;
	struct span line = span_from(buf_view(&c->extra), 16);
	unsigned char leaf[32];
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, "", 1);
	crypto_sha256_add(&h, c->extra.data, c->extra.len);
	crypto_sha256_end(&h, leaf);
	if (!seal_proof_included(&c->record.proof, leaf, c->record.index, facts->n, facts->root))
		return (bad(c, "the record is not one of the segment"));
	if (!span_starts(line, record_start) || line.len >= RECORD_BYTES_MAX ||
	    !text_is_utf8(line) || span_find(line, '\n') != line.len)
		return (bad(c, "sealed, but no record"));
	return (0);
}

static int
check_all(struct check *c, const struct audit_anchor *anchor)
{
	const struct seal_genesis *genesis = &c->parts[GENESIS].entry.of.genesis;
	const struct seal_stream *stream = &c->parts[STREAM].entry.of.stream;
	unsigned char hash[32];

	crypto_sha256(c->parts[GENESIS].line.data, c->parts[GENESIS].line.len, hash);
	if (anchor != NULL &&
	    (memcmp(hash, anchor->genesis, sizeof(hash)) != 0 ||
		!span_equal(anchor->vkey, genesis->log)))
		return (bad(c, "of another store than the anchor's"));
	c->proof->anchored = anchor != NULL;
	if (!span_is(genesis->stream, STORE_OWN_STREAM) || c->parts[GENESIS].file.index != 0)
		return (bad(c, "not the genesis of a store"));
	if (check_entry(c, &c->parts[GENESIS], genesis->origin, genesis->log) == -1 ||
	    check_entry(c, &c->parts[STREAM], genesis->origin, genesis->log) == -1 ||
	    check_entry(c, &c->parts[SEGMENT], stream->origin, stream->log) == -1)
		return (-1);
	return (check_record(c));
}

/* ---- the answer ---- */

static void
copy_text(char *out, size_t size, struct span text)
{
	(void)snprintf(out, size, "%.*s", (int)text.len, text.ptr);
}

static void
tell(const struct check *c, struct audit_proof *proof)
{
	const struct part *segment = &c->parts[SEGMENT];
	const struct seal_stream *stream = &c->parts[STREAM].entry.of.stream;

	copy_text(proof->stream, sizeof(proof->stream), stream->name);
	copy_text(proof->origin, sizeof(proof->origin), stream->origin);
	proof->segment = segment->entry.of.segment.seg;
	proof->record = segment->entry.of.segment.first + c->record.index;
	proof->entry = segment->file.index;
	proof->size = segment->note.size;
	proof->sealed_us = segment->entry.t_us;
	buf_span(&proof->line, span_from(buf_view(&c->extra), 16));
}

int
audit_proof_check(struct span text, const char *anchor, const struct seal_names *names,
    struct audit_proof *proof, struct err *e)
{
	struct audit_anchor pinned;
	struct check *c;
	int rc = 0;

	*proof = (struct audit_proof){ .record = AUDIT_NONE };
	if (anchor != NULL && audit_anchor_read(anchor, &pinned, e) == -1)
		return (-1);
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	c->names = names;
	c->proof = proof;
	if (text.len > AUDIT_PROOF_BYTES_MAX)
		(void)bad(c, "longer than a proof can be");
	else if (read_all(c, text) == 0 && check_all(c, anchor == NULL ? NULL : &pinned) == 0)
		tell(c, proof);
	if (proof->why[0] != '\0')
		proof->anchored = false;
	if (!buf_ok(&proof->line))
		rc = err_set(e, ERR_IO, "out of memory");
	buf_free(&c->extra);
	for (unsigned i = 0; i < AUDIT_PROOF_PARTS; i++)
		buf_free(&c->parts[i].line);
	free(c);
	return (rc);
}

void
audit_proof_free(struct audit_proof *proof)
{
	buf_free(&proof->line);
}
