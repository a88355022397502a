#include "audit/proof/lineage.h"

#include <string.h>

#include "base/err.h"
#include "crypto/sha256.h"
#include "seal/statement.h"
#include "store/layout.h"

static int
bad(struct err *e, const char *text)
{
	return (err_set(e, ERR_FINDING, "%s", text));
}

/* ---- the key in force ---- */

static void
reign(struct audit_reigns *reigns, struct span log, uint64_t first)
{
	reigns->of[reigns->count].log = log;
	reigns->of[reigns->count].first = first;
	reigns->count++;
}

static struct span
in_force(const struct audit_reigns *reigns, uint64_t size)
{
	size_t k = reigns->count - 1;

	while (k > 0 && reigns->of[k].first > size)
		k--;
	return (reigns->of[k].log);
}

static void
begin(struct audit_reigns *reigns, struct span origin, struct span log, struct span recovery)
{
	reigns->origin = origin;
	reigns->recovery = recovery;
	reigns->count = 0;
	reign(reigns, log, 1);
}

/* Is note signed by the key?  If it has a line of the key that is bad, *line is set. */
static bool
is_signed(const struct seal_note *note, struct span log, bool *line, struct err *e)
{
	struct seal_vkey key;

	*line = false;
	if (seal_vkey_read(log, &key, e) == -1)
		return (false);
	for (unsigned i = 0; i < note->signature_count; i++)
		*line = *line ||
		    (span_equal(note->signatures[i].name, key.name) &&
			memcmp(note->signatures[i].id, key.id, sizeof(key.id)) == 0);
	return (seal_note_check(note, &key, e) == 0);
}

int
audit_reigns_signed(
    const struct audit_reigns *reigns, const struct seal_note *note, struct err *e)
{
	struct seal_vkey key;

	if (seal_vkey_read(in_force(reigns, note->size), &key, e) == -1 ||
	    !span_equal(key.name, reigns->origin) || !span_equal(note->origin, reigns->origin))
		return (bad(e, "a note of another origin"));
	return (seal_note_check(note, &key, e));
}

int
audit_reigns_hold(
    const struct audit_reigns *reigns, const struct audit_part *part, struct err *e)
{
	if (audit_reigns_signed(reigns, &part->note, e) == -1)
		return (-1);
	return (
	    audit_part_included(part) ? 0 : bad(e, "an entry that the note does not cover"));
}

/* ---- changes ---- */

/* By both keys; or by the new one alone, if the recovery key says so. */
static int
check_handover(const struct audit_part *part, struct span old, struct span new, bool alone,
    struct err *e)
{
	bool old_line, new_line, by_old, by_new;

	by_old = is_signed(&part->note, old, &old_line, e);
	by_new = is_signed(&part->note, new, &new_line, e);
	if (by_new && (by_old || (alone && !old_line)))
		return (0);
	return (bad(e, by_new ? "the old key did not sign the change of keys" :
				"the new key did not sign the change of keys"));
}

static int
take_rekey(struct audit_reigns *reigns, const struct audit_part *part, struct err *e)
{
	const struct seal_rekey *rekey = &part->entry.of.rekey;
	bool log = span_is(rekey->key, "log");
	struct span force = log ? in_force(reigns, part->note.size) : reigns->recovery;

	if (force.len == 0 || !span_equal(rekey->old, force))
		return (bad(e, "a change of a key that was not in force"));
	if (seal_rekey_check(reigns->origin, rekey, reigns->recovery, e) == -1)
		return (-1);
	if (!log) {
		reigns->recovery = rekey->new;
		return (audit_reigns_signed(reigns, &part->note, e));
	}
	if (check_handover(part, rekey->old, rekey->new, rekey->has_recovery, e) == -1)
		return (-1);
	reign(reigns, rekey->new, part->note.size);
	return (0);
}

static int
take_recover(struct audit_reigns *reigns, const struct audit_part *part, struct err *e)
{
	const struct seal_recover *recover = &part->entry.of.recover;
	struct span old = in_force(reigns, part->note.size);
	struct seal_vkey key;

	if (seal_vkey_read(recover->log, &key, e) == -1 ||
	    !span_equal(key.name, reigns->origin) || span_equal(recover->log, old))
		return (bad(e, "not another key of the same name"));
	if (!recover->has_recovery)
		return (bad(e, "a lost key, without the recovery key's signature"));
	if (seal_recovery_check(reigns->origin, old, recover->log, recover->recovery,
		reigns->recovery, e) == -1)
		return (-1);
	reign(reigns, recover->log, part->note.size);
	return (audit_reigns_signed(reigns, &part->note, e));
}

/* Each change stands under the note that it came with: the last entry of it. */
static int
take_change(struct audit_reigns *reigns, const struct audit_part *part, struct err *e)
{
	if (part->note.size != part->file.index + 1 || !audit_part_included(part) ||
	    !span_equal(part->note.origin, reigns->origin))
		return (bad(e, "a change of keys that is not the last entry of its note"));
	if (part->entry.type == SEAL_REKEY)
		return (take_rekey(reigns, part, e));
	if (part->entry.type == SEAL_RECOVER)
		return (take_recover(reigns, part, e));
	return (bad(e, "what is to be proved is another entry"));
}

/* The recovery key is known by the genesis, and that by the hash that the store's chain has. */
static int
take_genesis(
    struct audit_reigns *own, const struct audit_part *part, const struct seal_stream *stream,
    struct err *e)
{
	const struct seal_genesis *genesis = &part->entry.of.genesis;
	unsigned char hash[32];

	crypto_sha256(part->line.data, part->line.len, hash);
	if (part->file.index != 0 || memcmp(hash, stream->genesis, sizeof(hash)) != 0 ||
	    !span_equal(genesis->origin, stream->origin) || !span_equal(genesis->log, stream->log))
		return (bad(e, "not the genesis of the stream"));
	own->recovery = genesis->recovery;
	return (audit_reigns_hold(own, part, e));
}

/* Those of the store's chain, then the stream's genesis and its own; indexes ascend. */
static int
take_changes(const struct audit_parts *parts, size_t from, const struct seal_stream *stream,
    struct audit_lineage *l, struct err *e)
{
	struct audit_reigns *reigns = &l->store;
	uint64_t last = 0;

	for (size_t i = from; i < parts->count; i++) {
		const struct audit_part *part = &parts->items[i];

		if (part->entry.type == SEAL_GENESIS && reigns == &l->store && stream != NULL) {
			reigns = &l->own;
			last = 0;
			if (take_genesis(reigns, part, stream, e) == -1)
				return (-1);
			continue;
		}
		if (part->file.index <= last)
			return (bad(e, "changes of keys that are not in their order"));
		last = part->file.index;
		if (take_change(reigns, part, e) == -1)
			return (-1);
	}
	return (0);
}

/* ---- all of it ---- */

static int
check_genesis(const struct audit_part *part, const struct audit_anchor *anchor,
    unsigned char hash[static 32], struct err *e)
{
	const struct seal_genesis *genesis = &part->entry.of.genesis;

	if (part->entry.type != SEAL_GENESIS || part->file.index != 0 ||
	    !span_is(genesis->stream, STORE_OWN_STREAM))
		return (bad(e, "not the genesis of a store"));
	crypto_sha256(part->line.data, part->line.len, hash);
	if (anchor != NULL &&
	    (memcmp(hash, anchor->genesis, sizeof(anchor->genesis)) != 0 ||
		!span_equal(anchor->vkey, genesis->log)))
		return (bad(e, "of another store than the anchor's"));
	return (0);
}

int
audit_lineage_read(const struct audit_parts *parts, size_t from, const struct audit_anchor *anchor,
    struct audit_lineage *l, struct err *e)
{
	const struct audit_part *listed = NULL, *root;
	const struct seal_stream *stream = NULL;

	if (from < parts->count && parts->items[from].entry.type == SEAL_STREAM) {
		listed = &parts->items[from++];
		stream = &listed->entry.of.stream;
	}
	if (from >= parts->count)
		return (bad(e, "a part is missing"));
	root = &parts->items[from++];
	if (check_genesis(root, anchor, l->genesis, e) == -1)
		return (-1);
	begin(&l->store, root->entry.of.genesis.origin, root->entry.of.genesis.log,
	    root->entry.of.genesis.recovery);
	if (stream != NULL)
		begin(&l->own, stream->origin, stream->log, span_of(NULL, 0));
	if (take_changes(parts, from, stream, l, e) == -1 ||
	    audit_reigns_hold(&l->store, root, e) == -1 ||
	    (listed != NULL && audit_reigns_hold(&l->store, listed, e) == -1))
		return (-1);
	l->stream = stream == NULL ? root->entry.of.genesis.stream : stream->name;
	if (stream == NULL)
		l->own = l->store;
	return (0);
}

/* ---- telling ---- */

static void
tell_logs(const struct audit_reigns *reigns, struct buf *logs)
{
	for (size_t i = 0; i < reigns->count; i++) {
		buf_span(logs, reigns->of[i].log);
		buf_char(logs, '\n');
	}
}

void
audit_lineage_tell(const struct audit_lineage *l, struct buf *line, struct buf *logs)
{
	buf_span(line, l->store.of[0].log);
	buf_str(line, " sha256:");
	buf_hex(line, l->genesis, sizeof(l->genesis));
	buf_char(line, '\n');
	tell_logs(&l->store, logs);
	tell_logs(&l->own, logs);
}
