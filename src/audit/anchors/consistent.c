/*
 * A consistency proof, checked with nothing but its text: which keys signed the
 * two notes, audit/proof/lineage.h says.
 */
#include "audit/anchors/consistent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/outside/anchor.h"
#include "audit/proof/lineage.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

static const struct span magic = SPAN(AUDIT_CONSISTENT_MAGIC);

struct check {
	struct audit_consistent *proof;
	struct seal_proof hashes;
	struct seal_note old, new;
	struct audit_parts parts;
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

/* ---- checking ---- */

static int
check_all(struct check *c, struct span rest, const struct audit_anchor *anchor,
    const struct seal_names *names)
{
	const struct audit_reigns *own = &c->lineage.own;
	struct audit_consistent *proof = c->proof;
	struct err e;

	if (audit_parts_before(&rest).len > 0)
		return (bad(c, "more than a proof"));
	if (audit_parts_read(rest, names, &c->parts, &e) == -1 ||
	    audit_lineage_read(&c->parts, 0, anchor, &c->lineage, &e) == -1 ||
	    audit_reigns_signed(own, &c->old, &e) == -1 ||
	    audit_reigns_signed(own, &c->new, &e) == -1)
		return (bad(c, e.text));
	if (!seal_proof_consistent(&c->hashes, c->old.size, c->old.root, c->new.size, c->new.root))
		return (bad(c, "the newer note does not go on from the older one"));
	proof->anchored = anchor != NULL;
	(void)snprintf(proof->stream, sizeof(proof->stream), "%.*s", (int)c->lineage.stream.len,
	    c->lineage.stream.ptr);
	(void)snprintf(
	    proof->origin, sizeof(proof->origin), "%.*s", (int)own->origin.len, own->origin.ptr);
	memcpy(proof->old_root, c->old.root, sizeof(c->old.root));
	memcpy(proof->new_root, c->new.root, sizeof(c->new.root));
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
		return (err_memory(e));
	c->proof = proof;
	if (text.len > AUDIT_CONSISTENT_BYTES_MAX)
		(void)bad(c, "longer than a proof can be");
	else if (read_head(c, &text) == 0 && read_note(c, &text, proof->old, &c->old) == 0 &&
	    read_note(c, &text, proof->new, &c->new) == 0)
		(void)check_all(c, text, anchor == NULL ? NULL : &pinned, names);
	audit_parts_free(&c->parts);
	free(c);
	return (0);
}
