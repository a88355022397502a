/*
 * What a crash left is completed or cut; what a crash cannot leave is a
 * finding, and nothing is signed.  docs/format.md 10.
 */
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "seal/note.h"
#include "store/keys/force.h"
#include "store/keys/lineage.h"
#include "store/keys/pending.h"
#include "store/sweep.h"

/* One entry is large; all work here shares one. */
struct repair {
	struct store_writer *w;
	struct seal_entry entry;
	uint64_t signed_count; /* entries under the newest note */
	struct buf note; /* which reads so */
	struct store_force force; /* behind the entries that were asked about last */
};

/* The file ends behind so many lines. */
static int
cut_to(struct store_writer *w, size_t count, struct err *e)
{
	if (io_truncate(w->chain_fd, (off_t)w->chain.items[count].start, e) == -1 ||
	    io_fsync(w->chain_fd, e) == -1)
		return (err_in(e, "chain.jsonl"));
	store_chain_cut(&w->chain, count);
	return (0);
}

/* Bytes behind the last LF are of a line that no note can be about. */
static int
cut_torn_line(struct store_writer *w, struct err *e)
{
	return (w->chain.torn ? cut_to(w, w->chain.count, e) : 0);
}

static int
read_entry(struct repair *r, uint64_t index, struct err *e)
{
	struct store_writer *w = r->w;

	if (seal_entry_read(store_chain_line(&w->chain, index), &w->names, &r->entry, e) == -1)
		return (err_in(e, "entry %ju", (uintmax_t)index));
	if (r->entry.index != index)
		return (err_set(e, ERR_FINDING, "entry %ju says it is entry %ju", (uintmax_t)index,
		    (uintmax_t)r->entry.index));
	return (0);
}

/* Behind the first count entries; the genesis names the keys that sign it. */
static int
find_force(struct repair *r, uint64_t count, struct err *e)
{
	return (store_force_find(&r->w->chain, count == 0 ? 1 : count, &r->w->names, &r->entry,
	    &r->force, e));
}

static bool
is_key_of(
    const struct store_writer *w, const struct key_slot *slot, bool is_epoch, struct span vkey)
{
	struct buf own = { 0 };
	bool same;

	store_writer_key(w, slot, is_epoch, &own);
	same = span_equal(buf_view(&own), vkey);
	buf_free(&own);
	return (same);
}

/* The chain is that of this stream. */
static int
check_genesis(struct repair *r, struct err *e)
{
	const struct seal_genesis *g = &r->entry.of.genesis;
	struct store_writer *w = r->w;

	if (read_entry(r, 0, e) == -1)
		return (-1);
	if (r->entry.type != SEAL_GENESIS || !span_is(g->stream, w->name))
		return (err_set(e, ERR_FINDING, "entry 0 is not the genesis of this stream"));
	if (!span_is(g->origin, w->origin))
		return (err_set(e, ERR_FINDING, "entry 0 is the genesis of another store"));
	return (0);
}

/* The newest note is ours and about the first signed_count entries. */
static int
check_note(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	struct seal_note *note = malloc(sizeof(*note));
	struct seal_vkey key;
	unsigned char root[32];
	int rc = -1;

	if (note == NULL)
		return (err_sys(e, ERR_IO, "note"));
	seal_tree_root(&w->tree, root);
	if (find_force(r, r->signed_count, e) == -1 ||
	    seal_vkey_read(r->force.log, &key, e) == -1 ||
	    seal_note_read(buf_view(&r->note), note, e) == -1 ||
	    seal_note_check(note, &key, e) == -1)
		goto out;
	if (!span_is(note->origin, w->origin) || note->size != r->signed_count ||
	    memcmp(note->root, root, sizeof(root)) != 0)
		(void)err_set(e, ERR_FINDING, "not about the first %ju entries of this chain",
		    (uintmax_t)r->signed_count);
	else
		rc = 0;
out:
	free(note);
	return (rc == 0 ? 0 : err_in(e, "newest note"));
}

/* How many entries are signed: all, or all but one. */
static int
find_note(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	char path[STORE_PATH_BYTES];

	if (store_newest_note(w->dirfd, &r->signed_count, e) == -1)
		return (-1);
	if (r->signed_count > w->chain.count)
		return (
		    err_set(e, ERR_FINDING, "chain.jsonl: %ju entries are signed, %zu are there",
			(uintmax_t)r->signed_count, w->chain.count));
	if (r->signed_count + 1 < w->chain.count)
		return (err_set(e, ERR_FINDING,
		    "chain.jsonl: %zu entries are there, %ju are signed; "
		    "this program did not write the others",
		    w->chain.count, (uintmax_t)r->signed_count));
	if (r->signed_count == 0)
		return (0);
	store_note_path(path, r->signed_count);
	return (io_read_file(w->dirfd, path, SEAL_NOTE_BYTES_MAX, &r->note, e));
}

/* Is the hash of the last line the one that step 3 wrote down? */
static int
check_pending(struct store_writer *w, struct err *e)
{
	bool same;

	if (store_pending_is(
		w->keys_fd, store_chain_line(&w->chain, w->chain.count - 1), &same, e) == -1)
		return (-1);
	if (!same)
		return (err_set(e, ERR_FINDING,
		    "entry %zu is not signed, and this program did not "
		    "write it; remove the line from chain.jsonl",
		    w->chain.count - 1));
	return (0);
}

/* ---- keys ---- */

/* An empty, erased or torn slot holds no key; so does one that is not there. */
static int
read_slot(struct store_writer *w, const char *name, const char *kind, struct key_slot *slot,
    bool *have, struct err *e)
{
	*have = key_slot_read(w->keys_fd, name, kind, slot, e) == 0;
	if (*have || errno == ENOENT || errno == ENODATA || errno == EBADMSG)
		return (0);
	return (-1);
}

/*
 * The log key in force: in place, or still on its way there (*next), and in
 * keys->log; or lost, and e says why.
 */
static int
load_log(struct repair *r, bool *next, struct err *e)
{
	struct store_writer *w = r->w;
	struct store_secrets *keys = w->keys;
	bool have;

	w->lost_log = false;
	if (read_slot(w, "log.next", "log", &keys->log_next, &have, e) == -1)
		return (-1);
	if ((*next = have && is_key_of(w, &keys->log_next, false, r->force.log))) {
		keys->log = keys->log_next;
		return (0);
	}
	if (read_slot(w, "log.key", "log", &keys->log, &have, e) == -1)
		return (-1);
	if (have && is_key_of(w, &keys->log, false, r->force.log))
		return (0);
	w->lost_log = true;
	if (have)
		(void)err_set(e, ERR_FINDING, "log.key is not the key of this chain");
	return (0);
}

/* The same for the epoch key. */
static int
load_epoch(struct repair *r, bool *next, struct err *e)
{
	struct store_writer *w = r->w;
	struct store_secrets *keys = w->keys;
	bool have;

	w->lost_epoch = false;
	if (read_slot(w, "epoch.next", "epoch", &keys->next, &have, e) == -1)
		return (-1);
	if ((*next = have && is_key_of(w, &keys->next, true, span_str(r->force.next)))) {
		keys->epoch = keys->next;
		return (0);
	}
	if (read_slot(w, "epoch.key", "epoch", &keys->epoch, &have, e) == -1)
		return (-1);
	if (have && is_key_of(w, &keys->epoch, true, span_str(r->force.next)))
		return (0);
	w->lost_epoch = true;
	if (have)
		(void)err_set(e, ERR_FINDING,
		    "epoch.key is not the key that the chain names, but of epoch %ju: "
		    "an older copy of the chain, or of the keys",
		    (uintmax_t)keys->epoch.number);
	/* Who has signed what is not in the chain must not sign another history. */
	if (have && !w->lost_log && keys->epoch.number > r->force.epoch)
		return (-1);
	return (0);
}

static int
point_to_recover(struct err *e)
{
	struct err was;

	if (e == NULL)
		return (-1);
	was = *e;
	return (err_set(e, was.code, "%s (`cretula recover` says what is left)", was.text));
}

/*
 * The keys that sign behind the newest entry take their places (step 6), and
 * those that were made for an entry that never came go.
 */
static int
settle_keys(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	bool log_next, epoch_next;

	if (find_force(r, w->chain.count, e) == -1 || load_log(r, &log_next, e) == -1)
		return (-1);
	if (w->lost_log && !w->takeover)
		return (point_to_recover(e));
	if (load_epoch(r, &epoch_next, e) == -1)
		return (-1);
	if (w->lost_epoch && !w->takeover)
		return (point_to_recover(e));
	if ((log_next && store_writer_promote_log(w, e) == -1) ||
	    (epoch_next && store_writer_promote(w, e) == -1))
		return (-1);
	if ((w->lost_log || w->lost_epoch) &&
	    store_lineage_check(w->dirfd, &w->chain, &w->names, e) == -1)
		return (-1);
	if (w->lost_epoch) {
		crypto_wipe(&w->keys->epoch, sizeof(w->keys->epoch));
		w->keys->epoch.number = r->force.epoch;
	}
	if (!w->lost_log && !log_next && key_slot_erase(w->keys_fd, "log.next", e) == -1)
		return (-1);
	return (w->lost_epoch || epoch_next ? 0 : key_slot_erase(w->keys_fd, "epoch.next", e));
}

/* ---- the last entry was written (step 4) but not signed (step 5) ---- */

/* Which keys are to sign it, and are they there? */
static int
load_signers(struct repair *r, uint64_t index, struct err *e)
{
	struct store_writer *w = r->w;
	bool next;

	if (find_force(r, index, e) == -1 || load_log(r, &next, e) == -1 ||
	    load_epoch(r, &next, e) == -1 || read_entry(r, index, e) == -1)
		return (-1);
	if (index > 0 && store_force_brings(&r->entry).len > 0) {
		if (read_slot(w, "log.next", "log", &w->keys->log_next, &w->new_log, e) == -1)
			return (-1);
		if (!w->new_log ||
		    !is_key_of(w, &w->keys->log_next, false, store_force_brings(&r->entry)))
			return (err_set(e, ERR_FINDING,
			    "log.next is not the key that entry %ju names", (uintmax_t)index));
	}
	if (r->entry.type == SEAL_RECOVER && w->new_log)
		w->lost_log = w->new_epoch = true; /* the old ones do not sign */
	if (r->entry.type == SEAL_REKEY && w->new_log && r->entry.of.rekey.has_recovery)
		return (w->lost_epoch ? -1 : 0);
	return ((w->lost_log && !w->new_epoch) || (w->lost_epoch && !w->new_epoch) ? -1 : 0);
}

static int
sign_last(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	uint64_t index = w->chain.count - 1;
	bool have;

	if (load_signers(r, index, e) == -1 || check_pending(w, e) == -1)
		return (-1);
	if (memcmp(r->entry.prev, w->prev, sizeof(w->prev)) != 0)
		return (err_set(
		    e, ERR_FINDING, "entry %ju does not follow the one before", (uintmax_t)index));
	if (read_slot(w, "epoch.next", "epoch", &w->keys->next, &have, e) == -1)
		return (-1);
	if (r->entry.has_next && (!have || !is_key_of(w, &w->keys->next, true, r->entry.next)))
		return (err_set(e, ERR_FINDING, "epoch.next is not the key that entry %ju names",
		    (uintmax_t)index));
	store_writer_absorb(w, store_chain_line(&w->chain, index));
	return (store_writer_sign(
	    w, index == 0 || w->new_epoch ? &w->keys->next : &w->keys->epoch, e));
}

/*
 * Without the keys that were to sign it, an entry that no note is about can
 * only go: nobody can have seen it signed.  Not so if they did sign it, and
 * its note was taken away since.
 */
static int
cut_last(struct store_writer *w, struct err *e)
{
	bool was_signed;

	if (store_pending_covers(w->keys_fd, w->chain.count, &was_signed, e) == -1)
		return (-1);
	if (was_signed)
		return (err_set(e, ERR_FINDING,
		    "entry %zu was signed, and its note is gone: put a copy of cp/%08zu.note back",
		    w->chain.count - 1, w->chain.count));
	return (cut_to(w, w->chain.count - 1, e));
}

static int
settle_last(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	int rc = sign_last(r, e);

	if (rc == -1 && w->takeover && w->chain.count > 1 && w->tree.count < w->chain.count &&
	    (w->lost_log || w->lost_epoch))
		rc = cut_last(w, e);
	w->new_log = w->new_epoch = false;
	return (rc);
}

/* checkpoint is a copy of the newest note. */
static int
copy_checkpoint(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	struct buf now = { 0 };
	int rc = 0;

	if (io_read_file(w->dirfd, "checkpoint", SEAL_NOTE_BYTES_MAX, &now, e) == -1 &&
	    errno != ENOENT && errno != EFBIG)
		rc = -1;
	else if (!span_equal(buf_view(&now), buf_view(&r->note)))
		rc = io_replace(
		    w->dirfd, "checkpoint", buf_view(&r->note), STORE_FILE_MODE, false, e);
	buf_free(&now);
	return (rc);
}

static int
repair(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;

	if (check_genesis(r, e) == -1 || find_note(r, e) == -1)
		return (-1);
	for (uint64_t i = 0; i < r->signed_count; i++)
		store_writer_absorb(w, store_chain_line(&w->chain, i));
	if (r->signed_count > 0 && check_note(r, e) == -1)
		return (-1);
	if (store_pending_check(w->keys_fd, &w->chain, e) == -1)
		return (-1);
	if (r->signed_count < w->chain.count) {
		if (settle_last(r, e) == -1)
			return (-1);
	} else if (copy_checkpoint(r, e) == -1) {
		return (-1);
	}
	if (read_entry(r, w->chain.count - 1, e) == -1)
		return (-1);
	w->t_us = r->entry.t_us;
	return (settle_keys(r, e));
}

int
store_writer_repair(struct store_writer *w, struct err *e)
{
	struct repair *r;
	int rc;

	if (cut_torn_line(w, e) == -1)
		return (-1);
	if (w->chain.count == 0)
		return (0);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (err_sys(e, ERR_IO, "repair"));
	r->w = w;
	rc = repair(r, e);
	crypto_wipe(&w->keys->next, sizeof(w->keys->next));
	crypto_wipe(&w->keys->log_next, sizeof(w->keys->log_next));
	buf_free(&r->note);
	free(r);
	return (rc);
}
