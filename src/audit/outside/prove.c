/*
 * A proof from a store: the record in its segment, the segment's entry in the
 * stream's chain, and whose chain that is (audit/proof/lineage.h).
 */
#include "audit/outside/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/proof/lineage.h"
#include "base/clock.h"
#include "base/err.h"
#include "seal/lists.h"
#include "seal/placeholder.h"
#include "store/layout.h"

#define NO_LINE SIZE_MAX

/* ---- the segment of a record ---- */

static bool
holds(const struct seal_segment *facts, uint64_t record)
{
	return (record >= facts->first && record - facts->first < facts->n);
}

/* Entries ascend with their records: halve. */
static size_t
find_segment(const struct audit_source *s, const struct seal_names *names, uint64_t record,
    struct seal_entry *entry)
{
	size_t low = 0, high = (size_t)s->newest.note.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2, at = middle;

		while (at < high && !audit_part_is(store_chain_line(&s->chain, at), "segment"))
			at++;
		if (at == high) {
			high = middle;
			continue;
		}
		if (seal_entry_read(store_chain_line(&s->chain, at), names, entry, NULL) == -1 ||
		    entry->type != SEAL_SEGMENT)
			return (NO_LINE);
		if (holds(&entry->of.segment, record))
			return (at);
		if (record < entry->of.segment.first)
			high = middle;
		else
			low = at + 1;
	}
	return (NO_LINE);
}

/* ---- what became of it ---- */

/* As entries behind the segment's say. */
struct fate {
	size_t segment;        /* asked for: the segment's entry, */
	uint64_t seg, index;   /* its number, and the record in it */
	uint64_t revision;     /* of the segment's files */
	size_t entry;          /* the newest redact that names the record, or NO_LINE */
	unsigned replaced;     /* how often */
	struct seal_item item; /* of that redact */
};

static void
take_redact(const struct seal_redact *redact, size_t at, struct fate *fate)
{
	struct seal_item item;
	struct json_cursor c;

	fate->revision = redact->revision;
	for (seal_items_open(redact->items, &c); seal_items_next(&c, &item);)
		if (item.record == fate->index) {
			fate->entry = at;
			fate->item = item;
			fate->replaced += item.has_new;
		}
}

/* What is left of the record: when, by which entry, and why it went. */
static int
gone(const struct seal_entry *entry, const char *what, const char *because, struct span reason,
    struct err *e)
{
	char time[CLOCK_RFC3339_BYTES];

	time[clock_rfc3339(time, entry->t_us)] = '\0';
	return (err_set(e, ERR_INPUT, "%s by entry %ju of %s (%s: %.*s%s)", what,
	    (uintmax_t)entry->index, time, because, (int)(reason.len < 160 ? reason.len : 160),
	    reason.ptr, reason.len < 160 ? "" : " ..."));
}

static int
erased(const struct seal_entry *entry, const struct fate *fate, struct err *e)
{
	const struct seal_redact *redact = &entry->of.redact;
	struct buf tombstone = { 0 };

	(void)gone(entry, "erased", "reason", redact->reason, e);
	seal_erased_print(fate->item.leaf, &tombstone);
	if (buf_ok(&tombstone) && e != NULL) {
		size_t len = strlen(e->text);

		(void)snprintf(e->text + len, sizeof(e->text) - len,
		    "; all that is left is %.*s", (int)tombstone.len, tombstone.data);
	}
	buf_free(&tombstone);
	return (-1);
}

/* One entry behind the segment's: -1 if it took the record away. */
static int
take_entry(const struct seal_entry *entry, size_t at, struct fate *fate, struct err *e)
{
	const struct seal_prune *prune = &entry->of.prune;

	if (entry->type == SEAL_REDACT && entry->of.redact.seg == fate->seg) {
		take_redact(&entry->of.redact, at, fate);
		if (fate->entry == at && !fate->item.has_new)
			return (erased(entry, fate, e));
	}
	if (entry->type == SEAL_PRUNE && seal_ranges_have(prune->segs, fate->seg))
		return (gone(entry, "pruned with its segment", "rule", prune->rule, e));
	return (0);
}

static int
find_fate(const struct audit_source *s, const struct seal_names *names, struct fate *fate,
    struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_memory(e) : 0;

	for (size_t i = fate->segment + 1; rc == 0 && i < s->newest.note.size; i++) {
		struct span line = store_chain_line(&s->chain, i);

		if ((audit_part_is(line, "redact") || audit_part_is(line, "prune")) &&
		    seal_entry_read(line, names, entry, NULL) == 0)
			rc = take_entry(entry, i, fate, e);
	}
	free(entry);
	return (rc);
}

/* ---- the text ---- */

static void
print_made(const struct audit_record_proof *made, struct buf *out)
{
	buf_str(out, AUDIT_PROOF_MAGIC "extra ");
	buf_base64(out, made->extra.data, made->extra.len);
	buf_fmt(out, "\nindex %ju\n", (uintmax_t)made->index);
	for (size_t i = 0; i < made->proof.count; i++) {
		buf_base64(out, made->proof.hashes[i], 32);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
}

static int
print_record(const struct audit_source *s, const struct seal_names *names, uint64_t record,
    struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct audit_record_proof made = { 0 };
	struct fate fate = { .entry = NO_LINE };
	int rc = -1;

	if (entry == NULL)
		return (err_memory(e));
	if ((fate.segment = find_segment(s, names, record, entry)) == NO_LINE) {
		(void)err_set(e, ERR_INPUT, "no signed segment holds it");
		goto out;
	}
	fate.seg = entry->of.segment.seg;
	made.index = fate.index = record - entry->of.segment.first;
	if (find_fate(s, names, &fate, e) == -1 ||
	    seal_entry_read(store_chain_line(&s->chain, fate.segment), names, entry, e) == -1)
		goto out;
	made.revision = fate.revision;
	made.replaced = fate.replaced;
	made.now = fate.item.new_leaf;
	if (audit_prove_in_segment(s->dirfd, &entry->of.segment, &made, e) == -1)
		goto out;
	print_made(&made, out);
	audit_part_print(s, fate.segment, out);
	if (fate.entry != NO_LINE)
		audit_part_print(s, fate.entry, out);
	rc = 0;
out:
	if (rc == -1)
		(void)err_in(e, "record %ju", (uintmax_t)record);
	buf_free(&made.extra);
	free(entry);
	return (rc);
}

/* ---- the store ---- */

static int
check_made(const struct buf *out, const struct seal_names *names, struct err *e)
{
	struct audit_proof proof;
	int rc;

	if (!buf_ok(out))
		return (err_memory(e));
	if ((rc = audit_proof_check(buf_view(out), NULL, names, &proof, e)) == 0 &&
	    proof.why[0] != '\0')
		rc = err_set(e, ERR_FINDING, "the store does not verify: %s", proof.why);
	audit_proof_free(&proof);
	return (rc);
}

int
audit_prove(const char *store, const char *stream, uint64_t record, const struct seal_names *names,
    struct buf *out, struct err *e)
{
	struct audit_source *of = NULL, *own = NULL;
	unsigned shortages = err_memory_count();
	int rc = -1;

	if (audit_source_open(store, stream, &of, e) == 0 &&
	    audit_source_open(store, STORE_OWN_STREAM, &own, e) == 0 &&
	    print_record(of, names, record, out, e) == 0 &&
	    audit_lineage_print(of, own, stream, names, out, e) == 0)
		rc = check_made(out, names, e);
	audit_source_close(of);
	audit_source_close(own);
	/* Not a word of the store then: what looks like a fault of it may be one of memory. */
	return (rc == -1 && err_memory_count() != shortages ? err_memory(e) : rc);
}
