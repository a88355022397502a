/* The order of the durable steps: docs/format.md 10. */
#include "store/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "seal/note.h"
#include "store/keys/pending.h"
#include "store/sweep.h"

#define SOFTWARE "cretula " CRETULA_VERSION

static void
epoch_name(const struct store_writer *w, uint64_t number, char out[static STORE_ORIGIN_BYTES + 32])
{
	(void)snprintf(out, STORE_ORIGIN_BYTES + 32, "%s/epoch/%ju", w->origin, (uintmax_t)number);
}

void
store_writer_key(
    const struct store_writer *w, const struct key_slot *slot, bool is_epoch, struct buf *out)
{
	char name[STORE_ORIGIN_BYTES + 32];
	unsigned char public_key[32];

	epoch_name(w, slot->number, name);
	crypto_sign_public(slot->secret, public_key);
	seal_vkey_print(span_str(is_epoch ? name : w->origin), public_key, out);
}

void
store_writer_make_key(struct key_slot *slot, const char *kind, uint64_t number)
{
	memset(slot, 0, sizeof(*slot));
	memcpy(slot->kind, kind, strlen(kind));
	slot->number = number;
	crypto_random(slot->secret, sizeof(slot->secret));
}

void
store_writer_absorb(struct store_writer *w, struct span line)
{
	unsigned char leaf[1][32];

	seal_entry_leaf(line.ptr, line.len, leaf[0]);
	(void)seal_tree_add(&w->tree, (const unsigned char(*)[32])leaf, 1, NULL);
	crypto_sha256(line.ptr, line.len, w->prev);
	w->kept_bytes += seal_entry_kept(line) ? line.len : 0;
}

/* Step 5: by the log key, by the one that takes its place, by the epoch's. */
int
store_writer_sign(struct store_writer *w, const struct key_slot *epoch, struct err *e)
{
	char name[STORE_ORIGIN_BYTES + 32], path[STORE_PATH_BYTES];
	struct seal_signer signers[3];
	unsigned char root[32];
	struct buf note = { 0 };
	size_t count = 0;
	int rc = -1;

	if (!w->lost_log)
		signers[count++] = (struct seal_signer){ span_str(w->origin), w->keys->log.secret };
	if (w->new_log)
		signers[count++] = (struct seal_signer){ span_str(w->origin),
			w->keys->log_next.secret };
	epoch_name(w, epoch->number, name);
	signers[count++] = (struct seal_signer){ span_str(name), epoch->secret };
	seal_tree_root(&w->tree, root);
	seal_note_write(span_str(w->origin), w->tree.count, root, signers, count, &note);
	store_note_path(path, w->tree.count);
	if (!buf_ok(&note))
		(void)err_set(e, ERR_IO, "note: out of memory");
	else if (io_replace(w->dirfd, path, buf_view(&note), STORE_FILE_MODE, true, e) == 0)
		rc = io_replace(w->dirfd, "checkpoint", buf_view(&note), STORE_FILE_MODE, false, e);
	if (rc == 0)
		store_pending_signed(w->keys_fd, w->tree.count);
	buf_free(&note);
	return (rc);
}

/* Step 6: the key that was announced takes the place of the one that announced it. */
int
store_writer_promote(struct store_writer *w, struct err *e)
{
	if (key_slot_write(w->keys_fd, "epoch.key", &w->keys->next, e) == -1 ||
	    key_slot_erase(w->keys_fd, "epoch.next", e) == -1)
		return (-1);
	w->keys->epoch = w->keys->next;
	w->lost_epoch = false;
	crypto_wipe(&w->keys->next, sizeof(w->keys->next));
	return (0);
}

/* The same for the log key that a rekey or recover brought. */
int
store_writer_promote_log(struct store_writer *w, struct err *e)
{
	if (key_slot_write(w->keys_fd, "log.key", &w->keys->log_next, e) == -1 ||
	    key_slot_erase(w->keys_fd, "log.next", e) == -1)
		return (-1);
	w->keys->log = w->keys->log_next;
	w->lost_log = false;
	crypto_wipe(&w->keys->log_next, sizeof(w->keys->log_next));
	return (0);
}

/* Step 4.  A line of which only a part was written is taken back. */
static int
append_line(struct store_writer *w, struct span line, struct err *e)
{
	off_t size = (off_t)w->chain.bytes;

	if (io_write(w->chain_fd, line.ptr, line.len, e) == -1) {
		w->broken = io_truncate(w->chain_fd, size, NULL) == -1;
		return (err_in(e, "chain.jsonl"));
	}
	if (io_fsync(w->chain_fd, e) == -1) {
		w->broken = true;
		return (err_in(e, "chain.jsonl"));
	}
	return (0);
}

/* Steps 3 to 6.  line ends with its LF. */
static int
commit(struct store_writer *w, const struct seal_entry *entry, struct span line, struct err *e)
{
	bool by_next = w->chain.count == 0 || w->new_epoch;
	const struct key_slot *epoch = by_next ? &w->keys->next : &w->keys->epoch;
	struct span bare = span_of(line.ptr, line.len - 1);
	struct store_chain *chain = &w->chain;

	if (store_chain_reserve(chain, bare) == -1)
		return (err_set(e, ERR_IO, "chain: out of memory"));
	if (store_pending_write(w->keys_fd, bare, e) == -1 || append_line(w, line, e) == -1)
		return (-1);
	w->broken = true; /* until all is done */
	store_chain_add(chain, bare);
	store_writer_absorb(w, bare);
	w->t_us = entry->t_us;
	if (store_writer_sign(w, epoch, e) == -1 ||
	    (entry->has_next && store_writer_promote(w, e) == -1) ||
	    (w->new_log && store_writer_promote_log(w, e) == -1))
		return (-1);
	w->broken = false;
	return (0);
}

/* For the seal of what is open, and for what ends or changes a stream. */
#define ROOM_BYTES ((size_t)8 << 20)
#define ROOM_ENTRIES ((size_t)4096)

#define ROOM_KEPT_BYTES ((size_t)1 << 20) /* after streams, for what changes keys */

static int
check_room(
    const struct store_writer *w, size_t bytes, size_t entries, size_t kept, struct err *e)
{
	const struct store_chain *chain = &w->chain;

	if (chain->bytes + bytes > SEAL_CHAIN_BYTES_MAX ||
	    chain->count + entries > SEAL_CHAIN_ENTRIES_MAX ||
	    w->kept_bytes + kept > SEAL_CHAIN_KEPT_BYTES_MAX)
		return (err_set(e, ERR_CONFIG,
		    "its chain is full (%zu entries): go on in another stream", chain->count));
	return (0);
}

int
store_writer_room(const struct store_writer *w, struct err *e)
{
	return (check_room(w, ROOM_BYTES, ROOM_ENTRIES, ROOM_KEPT_BYTES, e));
}

/* What the writer knows better than the caller; step 1. */
static int
fill_in(
    struct store_writer *w, struct seal_entry *entry, bool rotate, struct buf *next, struct err *e)
{
	bool genesis = w->chain.count == 0;
	int64_t now = clock_now_us();

	entry->index = w->chain.count;
	memcpy(entry->prev, w->prev, sizeof(entry->prev));
	now -= ((now % 1000) + 1000) % 1000;
	entry->t_us = now > w->t_us ? now : w->t_us;
	entry->software = span_str(SOFTWARE);
	entry->has_next = rotate;
	if (!rotate)
		return (0);
	entry->epoch = genesis ? 0 : w->keys->epoch.number;
	store_writer_make_key(&w->keys->next, "epoch", genesis ? 0 : entry->epoch + 1);
	store_writer_key(w, &w->keys->next, true, next);
	entry->next = buf_view(next);
	if (!buf_ok(next))
		return (err_set(e, ERR_IO, "entry: out of memory"));
	return (key_slot_write(w->keys_fd, "epoch.next", &w->keys->next, e));
}

int
store_writer_append(struct store_writer *w, struct seal_entry *entry, bool rotate, struct err *e)
{
	struct buf line = { 0 }, next = { 0 };
	int rc = -1;

	if (w->broken)
		return (err_set(e, ERR_IO,
		    "the chain needs a repair after a failed write; "
		    "the next start does it"));
	if ((w->lost_log && !w->new_log) || (w->lost_epoch && !w->new_epoch))
		return (err_set(e, ERR_CONFIG, "the signing keys are lost"));
	if (fill_in(w, entry, rotate, &next, e) == -1 ||
	    seal_entry_print(entry, &w->names, &line, e) == -1)
		goto out;
	buf_char(&line, '\n');
	if (!buf_ok(&line))
		(void)err_set(e, ERR_IO, "entry: out of memory");
	else if (check_room(w, line.len, 1, seal_entry_kept(buf_view(&line)) ? line.len : 0, e) ==
		0 &&
	    (entry->type != SEAL_STREAM || store_writer_room(w, e) == 0))
		rc = commit(w, entry, buf_view(&line), e);
out:
	crypto_wipe(&w->keys->next, sizeof(w->keys->next));
	crypto_wipe(&w->keys->log_next, sizeof(w->keys->log_next));
	w->new_log = w->new_epoch = false;
	entry->next = span_of(NULL, 0);
	buf_free(&line);
	buf_free(&next);
	return (rc);
}

/* ---- opening ---- */

static bool
exists(int dirfd, const char *name)
{
	return (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

static int
set_identity(struct store_writer *w, const struct store_identity *id, struct err *e)
{
	if (!store_name_known(span_str(id->name)))
		return (err_set(e, ERR_CONFIG, "not a stream name: [a-z][a-z0-9-]{0,31}"));
	assert(strlen(id->policy_hash) == 64 && strlen(id->store_id) == 16);
	(void)snprintf(w->name, sizeof(w->name), "%s", id->name);
	(void)snprintf(w->origin, sizeof(w->origin), "cretula/%s/%s", id->store_id, id->name);
	(void)snprintf(w->policy, sizeof(w->policy), "%s", id->policy_hash);
	w->names = *id->names;
	return (0);
}

static struct store_writer *
new_writer(int dirfd, int keys_fd, struct err *e)
{
	struct store_writer *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		(void)err_sys(e, ERR_IO, "writer");
		return (NULL);
	}
	w->dirfd = w->keys_fd = w->lock_fd = w->chain_fd = -1;
	w->t_us = INT64_MIN;
	seal_tree_init(&w->tree);
	if ((w->keys = crypto_secret_alloc(sizeof(*w->keys), NULL)) == NULL) {
		(void)err_set(e, ERR_CONFIG, "no guarded memory for keys");
	} else if ((w->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)) == -1 ||
	    (w->keys_fd = fcntl(keys_fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		(void)err_sys(e, ERR_IO, "writer");
	} else {
		return (w);
	}
	store_writer_close(w);
	return (NULL);
}

static int
lock_and_sweep(struct store_writer *w, struct err *e)
{
	int notes;

	if ((w->lock_fd = io_lock(w->keys_fd, "lock", e)) == -1 ||
	    store_make_dir(w->dirfd, "cp", false, &notes, e) == -1)
		return (-1);
	(void)close(notes);
	if (store_sweep_tmp(w->dirfd, ".", ".", e) == -1 ||
	    store_sweep_tmp(w->dirfd, "cp", ".", e) == -1)
		return (-1);
	return (store_sweep_tmp(w->keys_fd, ".", ".", e));
}

/* No entry yet is only right where no note and no key says otherwise. */
static int
check_empty(struct store_writer *w, bool create, struct err *e)
{
	uint64_t newest;

	if (!create)
		return (err_set(e, ERR_FINDING, "chain.jsonl: the entries are gone"));
	if (store_newest_note(w->dirfd, &newest, e) == -1)
		return (-1);
	if (newest > 0 || exists(w->keys_fd, "epoch.key"))
		return (err_set(e, ERR_FINDING,
		    "chain.jsonl: the entries are gone, though its %s; "
		    "restore the stream, or move its keys away to give it up",
		    newest > 0 ? "notes are there" : "keys have signed some"));
	return (0);
}

static int
open_chain(struct store_writer *w, bool create, struct err *e)
{
	int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

	if (store_chain_read(w->dirfd, &w->chain, e) == -1 && errno != ENOENT)
		return (-1);
	if (w->chain.count == 0 && check_empty(w, create, e) == -1)
		return (-1);
	w->chain_fd = io_open(w->dirfd, "chain.jsonl", flags | (w->chain.count == 0 ? O_CREAT : 0),
	    STORE_FILE_MODE, e);
	if (w->chain_fd == -1)
		return (-1);
	if (!w->chain.open && store_chain_read(w->dirfd, &w->chain, e) == -1)
		return (-1);
	return (w->chain.count == 0 ? io_sync_dir(w->dirfd, e) : 0);
}

int
store_writer_open(int dirfd, int keys_fd, const struct store_identity *id,
    const struct store_special *special, struct store_writer **w, struct err *e)
{
	struct store_writer *made = new_writer(dirfd, keys_fd, e);
	int rc = -1;

	if (made == NULL)
		return (-1);
	made->takeover = special->takeover;
	if (set_identity(made, id, e) == -1 || lock_and_sweep(made, e) == -1 ||
	    open_chain(made, special->create, e) == -1 || store_writer_repair(made, e) == -1)
		goto out;
	if (made->chain.count == 0 && store_writer_begin(made, special, e) == -1)
		goto out;
	*w = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	store_writer_close(made);
	return (rc);
}

void
store_writer_close(struct store_writer *w)
{
	if (w == NULL)
		return;
	if (w->chain_fd != -1)
		(void)close(w->chain_fd);
	if (w->dirfd != -1)
		(void)close(w->dirfd);
	if (w->lock_fd != -1)
		(void)close(w->lock_fd);
	if (w->keys_fd != -1)
		(void)close(w->keys_fd);
	crypto_secret_free(w->keys);
	store_chain_free(&w->chain);
	free(w);
}

/* ---- what others may know ---- */

bool
store_writer_broken(const struct store_writer *w)
{
	return (w->broken);
}

unsigned
store_writer_lost(const struct store_writer *w)
{
	return ((w->lost_log ? STORE_LOST_LOG : 0) | (w->lost_epoch ? STORE_LOST_EPOCH : 0));
}

uint64_t
store_writer_count(const struct store_writer *w)
{
	return (w->chain.count);
}

const struct store_chain *
store_writer_chain(const struct store_writer *w)
{
	return (&w->chain);
}

void
store_writer_vkey(const struct store_writer *w, struct buf *out)
{
	store_writer_key(w, &w->keys->log, false, out);
}

int
store_writer_first_vkey(const struct store_writer *w, struct buf *out, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if ((rc = seal_entry_read(store_chain_line(&w->chain, 0), &w->names, entry, e)) == 0)
		buf_span(out, entry->of.genesis.log);
	free(entry);
	return (rc);
}

void
store_writer_genesis(const struct store_writer *w, unsigned char hash[static 32])
{
	const struct span line = store_chain_line(&w->chain, 0);

	crypto_sha256(line.ptr, line.len, hash);
}
