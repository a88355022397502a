#include "store/keys/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "seal/note.h"
#include "seal/statement.h"
#include "seal/tree.h"
#include "store/keys/force.h"
#include "store/layout.h"

/* The vkeys in force, borrowed from the chain. */
struct lineage {
	int dirfd;
	struct span origin, log, recovery;
	struct seal_entry entry;
	struct seal_note note;
	struct seal_tree tree; /* of the entries up to and with the one at hand */
};

/* A note of another size, or over other entries, says nothing of these. */
static int
check_over(struct lineage *l, uint64_t index, struct err *e)
{
	unsigned char root[32];

	seal_tree_root(&l->tree, root);
	if (span_equal(l->note.origin, l->origin) && l->note.size == index + 1 &&
	    memcmp(l->note.root, root, sizeof(root)) == 0)
		return (0);
	return (err_set(e, ERR_FINDING, "its note is not over the entries up to it"));
}

/* Is the note over the entries up to and with index signed by vkey? */
static int
check_note(struct lineage *l, uint64_t index, struct span vkey, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct buf text = { 0 };
	struct seal_vkey key;
	int rc = -1;

	store_note_path(path, index + 1);
	if (io_read_file(l->dirfd, path, SEAL_NOTE_BYTES_MAX, &text, e) == 0 &&
	    seal_vkey_read(vkey, &key, e) == 0 &&
	    seal_note_read(buf_view(&text), &l->note, e) == 0)
		rc = seal_note_check(&l->note, &key, e);
	if (rc == 0)
		rc = check_over(l, index, e);
	buf_free(&text);
	return (rc);
}

static int
take_rekey(struct lineage *l, uint64_t index, struct err *e)
{
	const struct seal_rekey *r = &l->entry.of.rekey;
	bool is_log = span_is(r->key, "log");
	struct span *key = is_log ? &l->log : &l->recovery;

	if (!is_log && !r->has_recovery)
		return (0); /* by a log key alone: nothing, as for a verifier */
	if (!span_equal(r->old, *key))
		return (err_set(e, ERR_FINDING, "rekey: the old key is not the one in force"));
	if (seal_rekey_check(l->origin, r, l->recovery, e) == -1 ||
	    (!r->has_recovery && check_note(l, index, l->log, e) == -1))
		return (-1);
	*key = r->new;
	return (0);
}

static int
take(struct lineage *l, uint64_t index, struct err *e)
{
	const struct seal_recover *recover = &l->entry.of.recover;

	if (l->entry.type == SEAL_GENESIS) {
		l->origin = l->entry.of.genesis.origin;
		l->log = l->entry.of.genesis.log;
		l->recovery = l->entry.of.genesis.recovery;
		return (check_note(l, index, l->log, e));
	}
	if (l->entry.type == SEAL_REKEY)
		return (take_rekey(l, index, e));
	if (l->entry.type != SEAL_RECOVER || recover->log.len == 0)
		return (0);
	if (seal_recovery_check(
		l->origin, l->log, recover->log, recover->recovery, l->recovery, e) == -1)
		return (-1);
	l->log = recover->log;
	return (0);
}

int
store_lineage_check(int dirfd, const struct store_chain *chain, const struct seal_names *names,
    struct err *e)
{
	struct lineage *l = calloc(1, sizeof(*l));
	int rc = 0;

	if (l == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	l->dirfd = dirfd;
	seal_tree_init(&l->tree);
	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		struct span line = store_chain_line(chain, i);
		unsigned char leaf[1][32];

		seal_entry_leaf(line.ptr, line.len, leaf[0]);
		(void)seal_tree_add(&l->tree, (const unsigned char(*)[32])leaf, 1, NULL);
		if (i > 0 && !store_force_changes(line))
			continue;
		if (seal_entry_read(line, names, &l->entry, e) == -1 || take(l, i, e) == -1)
			rc = err_in(e, "entry %zu", i);
	}
	free(l);
	return (rc);
}
