#include "audit/proof/parts.h"

#include <stdlib.h>

#include "base/err.h"
#include "seal/tree.h"

static const struct span magic = SPAN("c2sp.org/tlog-proof@v1\n");

/* Where, from a line's start at `from` on, the next part begins. */
static size_t
find_part(struct span text, size_t from)
{
	size_t at = from;

	while (at < text.len && !span_starts(span_from(text, at), magic))
		at += span_find(span_from(text, at), '\n') + 1;
	return (at < text.len ? at : text.len);
}

struct span
audit_parts_before(struct span *rest)
{
	struct span whole = *rest;
	size_t at = find_part(whole, 0);

	*rest = span_from(whole, at);
	return (span_of(whole.ptr, at));
}

static int
read_part(
    struct span text, const struct seal_names *names, struct audit_part *part, struct err *e)
{
	if (seal_proof_read(text, &part->file, &part->note, e) == -1)
		return (-1);
	if (seal_proof_extra(&part->file, &part->line) == -1 ||
	    seal_entry_read(buf_view(&part->line), names, &part->entry, e) == -1)
		return (err_set(e, ERR_FINDING, "what is to be proved is no entry"));
	if (part->entry.index != part->file.index)
		return (err_set(e, ERR_FINDING, "what is to be proved is another entry"));
	return (0);
}

/* A part is large and most proofs have three. */
static struct audit_part *
add_part(struct audit_parts *parts, struct err *e)
{
	struct audit_part *part;

	if (parts->items == NULL &&
	    (parts->items = calloc(AUDIT_PARTS_MAX, sizeof(*parts->items))) == NULL) {
		(void)err_memory(e);
		return (NULL);
	}
	if (parts->count == AUDIT_PARTS_MAX) {
		(void)err_set(e, ERR_FINDING, "more parts than a proof may have");
		return (NULL);
	}
	part = &parts->items[parts->count++];
	return (part);
}

int
audit_parts_read(
    struct span text, const struct seal_names *names, struct audit_parts *parts, struct err *e)
{
	struct span rest = text;

	while (rest.len > 0) {
		size_t len = find_part(rest, span_find(rest, '\n') + 1);
		struct audit_part *part = add_part(parts, e);

		if (part == NULL || read_part(span_of(rest.ptr, len), names, part, e) == -1)
			return (-1);
		rest = span_from(rest, len);
	}
	return (0);
}

void
audit_parts_free(struct audit_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		buf_free(&parts->items[i].line);
	free(parts->items);
	*parts = (struct audit_parts){ .items = NULL };
}

bool
audit_part_included(const struct audit_part *part)
{
	unsigned char leaf[32];

	seal_entry_leaf(part->line.data, part->line.len, leaf);
	return (seal_proof_included(
	    &part->file.proof, leaf, part->file.index, part->note.size, part->note.root));
}
