/*
 * The proof of one record, checked with nothing but its text: the record is one
 * of the segment, its entry one of the stream (and so is the one that replaced
 * the record, if it was); whose stream that is, audit/proof/lineage.h says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/anchor.h"
#include "audit/outside/prove.h"
#include "audit/proof/lineage.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "seal/lists.h"
#include "seal/placeholder.h"

static const struct span magic = SPAN(AUDIT_PROOF_MAGIC);
static const struct span part_magic = SPAN("c2sp.org/tlog-proof@v1\n");
static const struct span record_start = SPAN("{\"time\":\"");

struct check {
	struct audit_proof *proof;
	struct seal_proof_file record; /* no checkpoint */
	struct seal_note no_note;
	struct buf extra; /* its salt | line */
	struct span line; /* the record that is in there */
	struct audit_parts parts;
	const struct audit_part *segment, *redact; /* redact: NULL if it is as it was sealed */
	struct audit_lineage lineage;
};

static int
bad(struct check *c, const char *text)
{
	if (c->proof->why[0] == '\0')
		(void)snprintf(c->proof->why, sizeof(c->proof->why), "%.*s",
		    (int)sizeof(c->proof->why) - 1, text);
	return (-1);
}

/* ---- reading ---- */

/*
 * The first part has the form of the others without a note.  It is read as one
 * of them, under a note that is none of anything.
 */
static int
read_record(struct check *c, struct span text)
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
	else if (seal_proof_read(buf_view(&whole), &c->record, &c->no_note, &e) == -1)
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
read_all(struct check *c, struct span text, const struct audit_anchor *anchor,
    const struct seal_names *names)
{
	struct span first = audit_parts_before(&text);
	const struct audit_parts *parts = &c->parts;
	size_t from = 1;
	struct err e;

	if (read_record(c, first) == -1)
		return (-1);
	if (audit_parts_read(text, names, &c->parts, &e) == -1)
		return (bad(c, e.text));
	if (parts->count < 3 || parts->items[0].entry.type != SEAL_SEGMENT)
		return (bad(c, "a part is missing"));
	c->segment = &parts->items[0];
	if (parts->items[1].entry.type == SEAL_REDACT)
		c->redact = &parts->items[from++];
	if (parts->items[from].entry.type != SEAL_STREAM)
		return (bad(c, "a part is missing"));
	if (audit_lineage_read(parts, from, anchor, &c->lineage, &e) == -1)
		return (bad(c, e.text));
	return (0);
}

/* ---- checking ---- */

/* Does the redact entry say of this record that this line replaced it? */
static int
check_replaced(struct check *c, struct span line, const unsigned char leaf[static 32])
{
	const struct seal_redact *redact = &c->redact->entry.of.redact;
	struct seal_item item = { .record = AUDIT_NONE };
	unsigned char now[32];
	struct json_cursor cursor;

	if (redact->seg != c->segment->entry.of.segment.seg)
		return (bad(c, "what replaced the record is of another segment"));
	for (seal_items_open(redact->items, &cursor); seal_items_next(&cursor, &item);)
		if (item.record == c->record.index)
			break;
	seal_replaced_leaf(line, (const unsigned char *)c->extra.data, now);
	if (item.record != c->record.index || !item.has_new ||
	    memcmp(item.leaf, leaf, sizeof(item.leaf)) != 0 ||
	    memcmp(item.new_leaf, now, sizeof(now)) != 0)
		return (bad(c, "the line is not the one that replaced the record"));
	return (0);
}

/* The leaf of the record, and in c->line what is there of it. */
static int
find_leaf(struct check *c, unsigned char leaf[static 32])
{
	struct span line = span_from(buf_view(&c->extra), 16);
	struct crypto_sha256 h;

	if (c->redact != NULL) {
		if (seal_line_read(line, leaf, &c->line) != SEAL_LINE_REPLACED)
			return (bad(c, "the line is not one that replaced a record"));
		return (check_replaced(c, line, leaf));
	}
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, "", 1);
	crypto_sha256_add(&h, c->extra.data, c->extra.len);
	crypto_sha256_end(&h, leaf);
	c->line = line;
	return (0);
}

static int
check_record(struct check *c)
{
	const struct seal_segment *facts = &c->segment->entry.of.segment;
	unsigned char leaf[32];

	if (find_leaf(c, leaf) == -1)
		return (-1);
	if (!seal_proof_included(&c->record.proof, leaf, c->record.index, facts->n, facts->root))
		return (bad(c, "the record is not one of the segment"));
	if (!span_starts(c->line, record_start) || c->line.len >= RECORD_BYTES_MAX ||
	    !text_is_utf8(c->line) || span_find(c->line, '\n') != c->line.len)
		return (bad(c, "sealed, but no record"));
	return (0);
}

static int
check_all(struct check *c)
{
	struct err e;

	if (audit_reigns_hold(&c->lineage.own, c->segment, &e) == -1 ||
	    (c->redact != NULL && audit_reigns_hold(&c->lineage.own, c->redact, &e) == -1))
		return (bad(c, e.text));
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
	copy_text(proof->stream, sizeof(proof->stream), c->lineage.stream);
	copy_text(proof->origin, sizeof(proof->origin), c->lineage.own.origin);
	proof->segment = c->segment->entry.of.segment.seg;
	proof->record = c->segment->entry.of.segment.first + c->record.index;
	proof->entry = c->segment->file.index;
	proof->size = c->segment->note.size;
	proof->sealed_us = c->segment->entry.t_us;
	proof->replaced = c->redact != NULL;
	if (proof->replaced) {
		proof->replaced_entry = c->redact->file.index;
		proof->replaced_us = c->redact->entry.t_us;
	}
	buf_span(&proof->line, c->line);
	audit_lineage_tell(&c->lineage, &proof->auditor, &proof->logs);
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
		return (err_memory(e));
	c->proof = proof;
	if (text.len > AUDIT_PROOF_BYTES_MAX)
		(void)bad(c, "longer than a proof can be");
	else if (read_all(c, text, anchor == NULL ? NULL : &pinned, names) == 0 &&
	    check_all(c) == 0) {
		tell(c, proof);
		proof->anchored = anchor != NULL;
	}
	if (!buf_ok(&proof->line) || !buf_ok(&proof->auditor) || !buf_ok(&proof->logs))
		rc = err_memory(e);
	buf_free(&c->extra);
	audit_parts_free(&c->parts);
	free(c);
	return (rc);
}

void
audit_proof_free(struct audit_proof *proof)
{
	buf_free(&proof->line);
	buf_free(&proof->auditor);
	buf_free(&proof->logs);
}
