/* The parts of a proof that say whose notes these are, out of a store. */
#include <stdlib.h>
#include <string.h>

#include "audit/proof/lineage.h"
#include "base/err.h"
#include "store/keys/force.h"

static void
print_under(const struct audit_source *source, const struct audit_source_note *note, size_t index,
    struct buf *out)
{
	struct seal_proof proof;

	seal_proof_inclusion(
	    (const unsigned char(*)[32])source->leaves, (size_t)note->note.size, index, &proof);
	seal_proof_print(
	    store_chain_line(&source->chain, index), index, &proof, buf_view(&note->text), out);
}

void
audit_part_print(const struct audit_source *source, size_t index, struct buf *out)
{
	print_under(source, &source->newest, index, out);
}

bool
audit_part_is(struct span line, const char *type)
{
	struct span rest = span_from(line, 7); /* {"v":1, */
	size_t comma = span_find(rest, ',');

	rest = span_from(rest, comma + 1 + sizeof("\"type\":\"") - 1);
	return (span_starts(rest, span_str(type)) && span_find(rest, '"') == strlen(type));
}

/* ---- changes of keys ---- */

/* Of a chain, so that those of two are not too many parts. */
#define CHANGES_MAX ((AUDIT_PARTS_MAX - 5) / 2)

/* Indexes of the entries that change keys, up to the last that changes the log key. */
struct changes {
	size_t index[CHANGES_MAX];
	size_t count;
};

static int
find_changes(const struct audit_source *source, const struct seal_names *names,
    struct seal_entry *entry, struct changes *changes, struct err *e)
{
	size_t kept = 0;

	changes->count = 0;
	for (size_t i = 1; i < source->newest.note.size; i++) {
		bool log;

		if (!store_force_changes(store_chain_line(&source->chain, i)) ||
		    seal_entry_read(store_chain_line(&source->chain, i), names, entry, NULL) == -1)
			continue;
		log = store_force_brings(entry).len > 0;
		if (!log && entry->type != SEAL_REKEY)
			continue;
		if (changes->count == CHANGES_MAX)
			return (err_set(e, ERR_INPUT,
			    "its keys were changed too often for one text; `cretula evidence` "
			    "without --record can show it"));
		changes->index[changes->count++] = i;
		if (log)
			kept = changes->count;
	}
	changes->count = kept;
	return (0);
}

/* Under the note that it came with, so that the key before vouches for it. */
static int
print_change(const struct audit_source *source, size_t index, struct buf *out, struct err *e)
{
	struct audit_source_note note = { .text = { 0 } };
	int rc = audit_source_peek(source, index + 1, &note, e);

	if (rc == 0)
		print_under(source, &note, index, out);
	buf_free(&note.text);
	return (rc);
}

static int
print_changes(const struct audit_source *source, bool with_genesis, const struct seal_names *names,
    struct seal_entry *scratch, struct buf *out, struct err *e)
{
	struct changes changes;

	if (find_changes(source, names, scratch, &changes, e) == -1)
		return (-1);
	if (changes.count > 0 && with_genesis && print_change(source, 0, out, e) == -1)
		return (-1);
	for (size_t i = 0; i < changes.count; i++)
		if (print_change(source, changes.index[i], out, e) == -1)
			return (-1);
	return (0);
}

/* ---- the store ---- */

static int
print_listed(const struct audit_source *own, const char *stream, const struct seal_names *names,
    struct seal_entry *entry, struct buf *out, struct err *e)
{
	size_t count = (size_t)own->newest.note.size;

	for (size_t i = 0; i < count; i++)
		if (audit_part_is(store_chain_line(&own->chain, i), "stream") &&
		    seal_entry_read(store_chain_line(&own->chain, i), names, entry, NULL) == 0 &&
		    entry->type == SEAL_STREAM && span_is(entry->of.stream.name, stream)) {
			audit_part_print(own, i, out);
			return (0);
		}
	return (err_set(e, ERR_FINDING, "the store does not list stream %s", stream));
}

int
audit_lineage_print(const struct audit_source *of, const struct audit_source *own,
    const char *stream, const struct seal_names *names, struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = -1;

	if (entry == NULL)
		return (err_memory(e));
	if (of == own || print_listed(own, stream, names, entry, out, e) == 0) {
		audit_part_print(own, 0, out);
		rc = print_changes(own, false, names, entry, out, e);
		if (rc == 0 && of != own)
			rc = print_changes(of, true, names, entry, out, e);
	}
	free(entry);
	return (rc);
}
