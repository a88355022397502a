/*
 * A consistency proof, checked with nothing but its text: which key signed
 * both notes is said by the store's own chain, and that is named by the anchor.
 */
#include "audit/anchors/consistent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/anchor.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "seal/tree.h"
#include "store/layout.h"

static const struct span magic = SPAN(AUDIT_CONSISTENT_MAGIC);
static const struct span part_magic = SPAN("c2sp.org/tlog-proof@v1\n");

/* An entry of the store's chain, and that it is one of those under a note. */
struct part {
	struct seal_proof_file file;
	struct seal_note note;
	struct buf line;
	struct seal_entry entry; /* borrows line */
};

struct check {
	const struct seal_names *names;
	struct audit_consistent *proof;
	struct seal_proof hashes;
	struct seal_note old, new;
	struct part parts[AUDIT_CONSISTENT_PARTS];
	unsigned part_count;
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

static bool
take_line(struct span *rest, struct span *line)
{
	size_t end = span_find(*rest, '\n');

	if (end == rest->len)
		return (false);
	*line = span_of(rest->ptr, end);
	*rest = span_from(*rest, end + 1);
	return (true);
}

/* "old 5" */
static bool
take_size(struct span *rest, struct span word, uint64_t *size)
{
	struct span line, digits;

	if (!take_line(rest, &line) || !span_starts(line, word))
		return (false);
	digits = span_from(line, word.len);
	return (digits.len > 0 && digits.ptr[0] != '0' && num_u64(digits, size) == 0);
}

static int
read_head(struct check *c, struct span *rest)
{
	struct audit_consistent *proof = c->proof;
	struct span line;
	size_t len;

	if (!span_starts(*rest, magic))
		return (bad(c, "not a consistency proof"));
	*rest = span_from(*rest, magic.len);
	if (!take_size(rest, span_str("old "), &proof->old) ||
	    !take_size(rest, span_str("new "), &proof->new) || proof->old > proof->new)
		return (bad(c, "not of two sizes"));
	while (take_line(rest, &line)) {
		struct seal_proof *hashes = &c->hashes;

		if (line.len == 0)
			return (0);
		if (hashes->count == SEAL_PROOF_HASHES_MAX)
			return (bad(c, "more hashes than a tree is deep"));
		if (text_unbase64(line, hashes->hashes[hashes->count++], 32, &len) == -1 ||
		    len != 32)
			return (bad(c, "not a hash"));
	}
	return (bad(c, "no empty line behind the hashes"));
}

/* A note ends at its second empty line: that behind its body is the first. */
static int
read_note(struct check *c, struct span *rest, uint64_t size, struct seal_note *note)
{
	struct span whole = *rest, line;
	unsigned empty = 0;
	struct err e;

	while (empty < 2 && take_line(rest, &line))
		empty += line.len == 0;
	if (empty < 2)
		return (bad(c, "no empty line behind a note"));
	if (seal_note_read(span_of(whole.ptr, (size_t)(line.ptr - whole.ptr)), note, &e) == -1)
		return (bad(c, e.text));
	return (note->size == size ? 0 : bad(c, "the note of another size"));
}

/* The text up to where the next part begins; *rest is from there on. */
static struct span
cut_part(struct span *rest)
{
	struct span whole = *rest;
	size_t at = part_magic.len;

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

static int
read_parts(struct check *c, struct span rest)
{
	struct err e;

	while (rest.len > 0) {
		struct part *part = &c->parts[c->part_count];

		if (c->part_count == AUDIT_CONSISTENT_PARTS)
			return (bad(c, "more than a proof"));
		c->part_count++;
		if (seal_proof_read(cut_part(&rest), &part->file, &part->note, &e) == -1)
			return (bad(c, e.text));
		if (seal_proof_extra(&part->file, &part->line) == -1 ||
		    seal_entry_read(buf_view(&part->line), c->names, &part->entry, &e) == -1 ||
		    part->entry.index != part->file.index)
			return (bad(c, "what is to be proved is no entry"));
	}
	return (c->part_count > 0 ? 0 : bad(c, "nothing says whose notes these are"));
}

/* ---- checking ---- */

/* Is note one of origin's, signed by its log key? */
static int
check_note(struct check *c, const struct seal_note *note, struct span origin, struct span log)
{
	struct seal_vkey key;
	struct err e;

	if (seal_vkey_read(log, &key, &e) == -1 || !span_equal(key.name, origin) ||
	    !span_equal(note->origin, origin))
		return (bad(c, "a note of another origin"));
	return (seal_note_check(note, &key, &e) == -1 ? bad(c, e.text) : 0);
}

static int
check_part(struct check *c, const struct part *part, const struct seal_genesis *genesis)
{
	unsigned char leaf[32];

	if (check_note(c, &part->note, genesis->origin, genesis->log) == -1)
		return (-1);
	seal_entry_leaf(part->line.data, part->line.len, leaf);
	if (!seal_proof_included(
		&part->file.proof, leaf, part->file.index, part->note.size, part->note.root))
		return (bad(c, "an entry that the note does not cover"));
	return (0);
}

static int
check_anchor(struct check *c, const struct audit_anchor *anchor)
{
	const struct part *last = &c->parts[c->part_count - 1];
	unsigned char hash[32];

	if (last->entry.type != SEAL_GENESIS || last->entry.index != 0 ||
	    !span_is(last->entry.of.genesis.stream, STORE_OWN_STREAM))
		return (bad(c, "not the genesis of a store"));
	if (anchor == NULL)
		return (0);
	crypto_sha256(last->line.data, last->line.len, hash);
	if (memcmp(hash, anchor->genesis, sizeof(hash)) != 0 ||
	    !span_equal(anchor->vkey, last->entry.of.genesis.log))
		return (bad(c, "of another store than the anchor's"));
	c->proof->anchored = true;
	return (0);
}

static int
check_all(struct check *c, const struct audit_anchor *anchor)
{
	const struct seal_genesis *genesis;
	struct span name, origin, log;

	if (check_anchor(c, anchor) == -1)
		return (-1);
	genesis = &c->parts[c->part_count - 1].entry.of.genesis;
	name = genesis->stream;
	origin = genesis->origin;
	log = genesis->log;
	for (unsigned i = 0; i < c->part_count; i++)
		if (check_part(c, &c->parts[i], genesis) == -1)
			return (-1);
	if (c->part_count == 2) {
		const struct seal_stream *stream = &c->parts[0].entry.of.stream;

		if (c->parts[0].entry.type != SEAL_STREAM)
			return (bad(c, "what is to be proved is another entry"));
		name = stream->name;
		origin = stream->origin;
		log = stream->log;
	}
	if (check_note(c, &c->old, origin, log) == -1 || check_note(c, &c->new, origin, log) == -1)
		return (-1);
	if (!seal_proof_consistent(&c->hashes, c->old.size, c->old.root, c->new.size, c->new.root))
		return (bad(c, "the newer note does not go on from the older one"));
	(void)snprintf(c->proof->stream, sizeof(c->proof->stream), "%.*s", (int)name.len, name.ptr);
	(void)snprintf(
	    c->proof->origin, sizeof(c->proof->origin), "%.*s", (int)origin.len, origin.ptr);
	memcpy(c->proof->old_root, c->old.root, sizeof(c->old.root));
	memcpy(c->proof->new_root, c->new.root, sizeof(c->new.root));
	return (0);
}

int
audit_consistent_check(struct span text, const char *anchor, const struct seal_names *names,
    struct audit_consistent *proof, struct err *e)
{
	struct audit_anchor pinned;
	struct check *c;

	*proof = (struct audit_consistent){ .old = 0 };
	if (anchor != NULL && audit_anchor_read(anchor, &pinned, e) == -1)
		return (-1);
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	c->names = names;
	c->proof = proof;
	if (text.len > AUDIT_CONSISTENT_BYTES_MAX)
		(void)bad(c, "longer than a proof can be");
	else if (read_head(c, &text) == 0 && read_note(c, &text, proof->old, &c->old) == 0 &&
	    read_note(c, &text, proof->new, &c->new) == 0 && read_parts(c, text) == 0)
		(void)check_all(c, anchor == NULL ? NULL : &pinned);
	if (proof->why[0] != '\0')
		proof->anchored = false;
	for (unsigned i = 0; i < AUDIT_CONSISTENT_PARTS; i++)
		buf_free(&c->parts[i].line);
	free(c);
	return (0);
}
