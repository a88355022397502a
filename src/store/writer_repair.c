/*
 * What a crash left is completed or cut; what a crash cannot leave is a
 * finding, and nothing is signed.  docs/format.md 10.
 */
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/note.h"
#include "store/sweep.h"

/* One entry is large; all work here shares one. */
struct repair {
	struct store_writer *w;
	struct seal_entry entry;
	uint64_t signed_count; /* entries under the newest note */
	struct buf note; /* which reads so */
};

/* Bytes behind the last LF are of a line that no note can be about. */
static int
cut_torn_line(struct store_writer *w, struct err *e)
{
	struct store_chain *chain = &w->chain;
	struct span last;
	size_t keep = 0;

	if (!chain->torn)
		return (0);
	if (chain->count > 0) {
		last = chain->lines[chain->count - 1];
		keep = (size_t)(last.ptr - chain->bytes.data) + last.len + 1;
	}
	if (io_truncate(w->chain_fd, (off_t)keep, e) == -1 || io_fsync(w->chain_fd, e) == -1)
		return (err_in(e, "chain.jsonl"));
	chain->bytes.len = keep;
	chain->torn = false;
	return (0);
}

static int
read_entry(struct repair *r, uint64_t index, struct err *e)
{
	struct store_writer *w = r->w;

	if (seal_entry_read(w->chain.lines[index], &w->names, &r->entry, e) == -1)
		return (err_in(e, "entry %ju", (uintmax_t)index));
	if (r->entry.index != index)
		return (err_set(e, ERR_FINDING, "entry %ju says it is entry %ju", (uintmax_t)index,
		    (uintmax_t)r->entry.index));
	return (0);
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

/* Chain and keys belong together, and to this stream. */
static int
check_genesis(struct repair *r, struct err *e)
{
	const struct seal_genesis *g = &r->entry.of.genesis;
	struct store_writer *w = r->w;

	if (key_slot_read(w->keys_fd, "log.key", "log", &w->keys->log, e) == -1 ||
	    read_entry(r, 0, e) == -1)
		return (-1);
	if (r->entry.type != SEAL_GENESIS || !span_is(g->stream, w->name))
		return (err_set(e, ERR_FINDING, "entry 0 is not the genesis of this stream"));
	if (!span_is(g->origin, w->origin))
		return (err_set(e, ERR_FINDING, "entry 0 is the genesis of another store"));
	if (!is_key_of(w, &w->keys->log, false, g->log))
		return (err_set(e, ERR_FINDING, "log.key is not the key of this chain"));
	return (0);
}

/* The newest note is ours and about the first signed_count entries. */
static int
check_note(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	struct seal_note *note = malloc(sizeof(*note));
	struct buf vkey = { 0 };
	struct seal_vkey key;
	unsigned char root[32];
	int rc = -1;

	if (note == NULL)
		return (err_sys(e, ERR_IO, "note"));
	seal_tree_root(&w->tree, root);
	store_writer_vkey(w, &vkey);
	if (seal_vkey_read(buf_view(&vkey), &key, e) == -1 ||
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
	buf_free(&vkey);
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
	struct span line = w->chain.lines[w->chain.count - 1];
	unsigned char hash[32];
	struct buf pending = { 0 };
	char text[65];
	bool same;

	crypto_sha256(line.ptr, line.len, hash);
	text_hex(text, hash, sizeof(hash));
	text[64] = '\n';
	if (io_read_file(w->keys_fd, "pending", sizeof(text), &pending, e) == -1 &&
	    errno != ENOENT && errno != EFBIG) {
		buf_free(&pending);
		return (-1);
	}
	same = span_equal(buf_view(&pending), span_of(text, sizeof(text)));
	buf_free(&pending);
	if (!same)
		return (err_set(e, ERR_FINDING,
		    "entry %zu is not signed, and this program did not "
		    "write it; remove the line from chain.jsonl",
		    w->chain.count - 1));
	return (0);
}

/* The newest entry below limit that named a key: that key is in force. */
static int
find_next(struct repair *r, uint64_t limit, struct err *e)
{
	while (limit-- > 0) {
		if (read_entry(r, limit, e) == -1)
			return (-1);
		if (r->entry.has_next)
			return (0);
	}
	return (err_set(e, ERR_FINDING, "no entry names an epoch key"));
}

/* An empty, erased or torn slot holds no key, which is legal for epoch.next. */
static int
read_next(struct store_writer *w, bool *have, struct err *e)
{
	*have = key_slot_read(w->keys_fd, "epoch.next", "epoch", &w->keys->next, e) == 0;
	if (*have || errno == ENOENT || errno == ENODATA || errno == EBADMSG)
		return (0);
	return (-1);
}

/*
 * The epoch key that signs behind the entry at hand: in place, or still on
 * its way (step 6).
 */
static int
settle_epoch(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	struct store_secrets *keys = w->keys;
	bool have;

	if (read_next(w, &have, e) == -1)
		return (-1);
	if (have && is_key_of(w, &keys->next, true, r->entry.next))
		return (store_writer_promote(w, e));
	crypto_wipe(&keys->next, sizeof(keys->next));
	if (key_slot_read(w->keys_fd, "epoch.key", "epoch", &keys->epoch, e) == -1)
		return (-1);
	if (!is_key_of(w, &keys->epoch, true, r->entry.next))
		return (err_set(e, ERR_FINDING,
		    "epoch.key is of epoch %ju, the chain names another "
		    "key: an older copy of the chain, or of the keys",
		    (uintmax_t)keys->epoch.number));
	return (key_slot_erase(w->keys_fd, "epoch.next", e));
}

/* The last entry was written (step 4) but not signed (step 5). */
static int
sign_last(struct repair *r, struct err *e)
{
	struct store_writer *w = r->w;
	uint64_t index = w->chain.count - 1;
	const struct key_slot *epoch = index == 0 ? &w->keys->next : &w->keys->epoch;
	bool have;

	if (check_pending(w, e) == -1)
		return (-1);
	if (index > 0) {
		if (find_next(r, index, e) == -1)
			return (-1);
		if (key_slot_read(w->keys_fd, "epoch.key", "epoch", &w->keys->epoch, e) == -1)
			return (-1);
		if (!is_key_of(w, &w->keys->epoch, true, r->entry.next))
			return (err_set(
			    e, ERR_FINDING, "epoch.key is not the key that the chain names"));
	}
	if (read_entry(r, index, e) == -1 || read_next(w, &have, e) == -1)
		return (-1);
	if (memcmp(r->entry.prev, w->prev, sizeof(w->prev)) != 0)
		return (err_set(
		    e, ERR_FINDING, "entry %ju does not follow the one before", (uintmax_t)index));
	if (r->entry.has_next && (!have || !is_key_of(w, &w->keys->next, true, r->entry.next)))
		return (err_set(e, ERR_FINDING, "epoch.next is not the key that entry %ju names",
		    (uintmax_t)index));
	store_writer_absorb(w, w->chain.lines[index]);
	return (store_writer_sign(w, epoch, e));
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
		store_writer_absorb(w, w->chain.lines[i]);
	if (r->signed_count > 0 && check_note(r, e) == -1)
		return (-1);
	if (r->signed_count < w->chain.count) {
		if (sign_last(r, e) == -1)
			return (-1);
	} else if (copy_checkpoint(r, e) == -1) {
		return (-1);
	}
	if (read_entry(r, w->chain.count - 1, e) == -1)
		return (-1);
	w->t_us = r->entry.t_us;
	if (find_next(r, w->chain.count, e) == -1)
		return (-1);
	return (settle_epoch(r, e));
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
	buf_free(&r->note);
	free(r);
	return (rc);
}
