/* What is lost, and what is given up for the stream to go on. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "key/key.h"
#include "seal/note.h"
#include "seal/tags.h"
#include "store/keys.h"
#include "store/keys/change.h"
#include "store/keys/force.h"
#include "store/keys/held.h"
#include "store/keys/live.h"
#include "store/writer.h"

/* ---- a stream as the live writer has it, without opening a segment ---- */

int
store_live_hold(struct store *s, const char *name, const char *policy,
    const struct seal_names *names, struct store_live **l, struct err *e)
{
	struct store_live *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_sys(e, ERR_IO, "stream %s", name));
	made->keys_fd = made->open_fd = -1;
	(void)pthread_mutex_init(&made->lock, NULL);
	made->names = *names;
	(void)snprintf(made->origin, sizeof(made->origin), "cretula/%s/%s", s->id, name);
	if (store_stream_open_live(s, name, policy, names, &made->stream, e) == 0) {
		if (store_open_memory(made, e) == 0 && store_open_dirs(made, e) == 0) {
			*l = made;
			return (0);
		}
		(void)err_in(e, "store %s: stream %s", s->dir, name);
	}
	store_live_close(made);
	return (-1);
}

/* ---- before keys are made for a store that has none ---- */

int
store_recovery_fits(const char *dir, const unsigned char recovery[static 32], struct err *e)
{
	static const struct seal_names none = { .classes = NULL };
	struct seal_entry *scratch = calloc(1, sizeof(*scratch));
	struct store_chain chain = { .open = false };
	struct store_force force;
	struct seal_vkey vkey;
	unsigned char public_key[32];
	char path[PATH_MAX];
	int fd = -1, rc = -1;

	(void)snprintf(path, sizeof(path), "%s/streams/" STORE_OWN_STREAM, dir);
	crypto_sign_public(recovery, public_key);
	if (scratch == NULL || (fd = io_open_dir(AT_FDCWD, path, e)) == -1 ||
	    store_chain_read(fd, &chain, e) == -1 || chain.count == 0 ||
	    store_force_find(&chain, chain.count, &none, scratch, &force, e) == -1)
		(void)err_set(e, ERR_CONFIG, "streams/" STORE_OWN_STREAM ": not readable");
	else if (force.recovery.len == 0)
		(void)err_set(e, ERR_CONFIG, "it was made without a recovery key");
	else if (seal_vkey_read(force.recovery, &vkey, e) == 0)
		rc = memcmp(vkey.public_key, public_key, sizeof(public_key)) == 0 ? 0 :
			err_set(e, ERR_CONFIG, "the recovery key is not that of this store");
	store_chain_free(&chain);
	free(scratch);
	if (fd != -1)
		(void)close(fd);
	return (rc);
}

/* ---- looking ---- */

#define TAGS_BYTES_MAX ((size_t)1 << 31)

/* The last flush of open segment number, by its file; zeros: none. */
static struct seal_tag
last_flush(const struct store_live *l, uint64_t number)
{
	struct seal_tag last = { .g = 0 };
	struct buf bytes = { 0 };
	struct seal_tags tags;
	char path[40];

	(void)snprintf(path, sizeof(path), "%08ju.tags", (uintmax_t)number);
	if (io_read_file(l->open_fd, path, TAGS_BYTES_MAX, &bytes, NULL) == 0) {
		seal_tags_open(&tags, buf_view(&bytes), true);
		while (seal_tags_next(&tags, NULL) == 1 && tags.tag.seg == number)
			last = tags.tag;
	}
	buf_free(&bytes);
	return (last);
}

/* Records of what is open, as far as a whole sector says; without one, the flushes. */
static uint64_t
known_records(struct store_live *l)
{
	uint64_t first = l->stream->segments + 1;
	bool bad;

	if (l->ram)
		return (last_flush(l, first).n + last_flush(l, first + 1).n);
	if (store_ratchet_load(l, &bad, NULL) == -1 || l->ratchet->seg < first)
		return (0);
	return (l->ratchet->n + (l->ratchet->seg > first ? last_flush(l, first).n : 0));
}

/* The flush that comes next, as far as more than the chain knows; at least g. */
static uint64_t
known_flush(struct store_live *l, uint64_t g)
{
	uint64_t first = l->stream->segments + 1, known = 0;
	bool bad;

	if (l->ram) {
		for (uint64_t i = first; i <= first + 1; i++)
			if (last_flush(l, i).g >= known)
				known = last_flush(l, i).g + 1;
		/* Nobody vouches for what is written there. */
		return (known > g && known - g <= 2 * SEAL_FLUSHES_MAX ? known : g);
	}
	if (store_ratchet_load(l, &bad, NULL) == 0)
		known = l->ratchet->g;
	return (known > g ? known : g);
}

static int
look(struct store_live *l, struct store_loss *loss, struct err *e)
{
	struct live_past past;
	const char *word;

	loss->keys = store_writer_lost(l->stream->writer);
	if (store_open_judge(l, &word, &loss->why) == -1) {
		if (e != NULL)
			*e = loss->why;
		return (-1);
	}
	if (store_open_past(l, &past, e) == -1)
		return (-1);
	loss->sealed = l->stream->records;
	loss->alarm = past.alarm;
	if (word == NULL)
		return (0);
	(void)snprintf(loss->word, sizeof(loss->word), "%s", word);
	loss->records = known_records(l);
	return (0);
}

static bool
is_nothing(const struct store_loss *loss)
{
	return (loss->keys == 0 && loss->word[0] == '\0' && !loss->alarm);
}

/* ---- accepting ---- */

/* A new ratchet, in front of the entry that names it. */
static int
prepare(struct store_live *l, struct seal_recover *recover, struct err *e)
{
	unsigned char k[32], a[32];
	bool given_up;
	uint64_t g;
	int rc;

	if (store_open_session(l, &given_up, e) == -1 || store_ratchet_next(l, &g, a, e) == -1)
		return (-1);
	/* The number of a flush that is lost is not used again. */
	g = known_flush(l, g);
	crypto_random(k, sizeof(k));
	rc = store_ratchet_prepare(l, k, g, a, e);
	crypto_wipe(k, sizeof(k));
	recover->has_ratchet = true;
	recover->ratchet.g = l->ratchet->g;
	recover->ratchet.mode = span_str("sector");
	seal_ratchet_commitment(l->ratchet->k, recover->ratchet.commitment);
	return (rc);
}

static int
append(struct store_writer *w, struct seal_entry *entry, const struct store_accept *how,
    struct err *e)
{
	entry->type = SEAL_RECOVER;
	entry->of.recover.reason = span_str("accepted");
	entry->of.recover.text = how->text;
	if (store_writer_lost(w) != 0)
		return (store_writer_take_over(w, entry, how->recovery, e));
	return (store_writer_append(w, entry, false, e));
}

static int
accept_loss(struct store_live *l, const struct store_accept *how, const struct store_loss *loss,
    struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool give_up = loss->word[0] != '\0';
	int rc = -1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->of.recover.seg = l->stream->segments + 1;
	entry->of.recover.lost = loss->records;
	if ((loss->keys != 0 &&
		store_writer_recovery_check(l->stream->writer, how->recovery, e) == -1) ||
	    (give_up && prepare(l, &entry->of.recover, e) == -1) ||
	    append(l->stream->writer, entry, how, e) == -1)
		goto out;
	if (!give_up ||
	    (store_ratchet_promote(l, e) == 0 && store_open_give_up(l, e) == 0))
		rc = 0;
out:
	free(entry);
	return (rc);
}

static int
look_own(struct store *s, struct store_loss *loss, struct err *e)
{
	struct store_held held;

	if (store_held_open(s, STORE_OWN_STREAM, NULL, &held, e) == -1)
		return (-1);
	loss->own = store_writer_lost(held.writer);
	store_held_close(&held);
	return (0);
}

int
store_look(struct store *s, const char *stream, const struct seal_names *names,
    struct store_loss *loss, struct err *e)
{
	struct store_live *l;
	int rc;

	memset(loss, 0, sizeof(*loss));
	if (look_own(s, loss, e) == -1)
		return (-1);
	if (strcmp(stream, STORE_OWN_STREAM) == 0)
		return (0);
	if (!store_is_listed(s, stream))
		return (err_set(e, ERR_INPUT, "store %s: no stream %s", s->dir, stream));
	if (store_live_hold(s, stream, STORE_NO_POLICY, names, &l, e) == -1)
		return (-1);
	if ((rc = look(l, loss, e)) == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, stream);
	store_live_close(l);
	return (rc);
}

bool
store_loss_none(const struct store_loss *loss)
{
	return (is_nothing(loss) && loss->own == 0);
}

/* The chain of the store first: no stream can be worked on without it. */
static int
accept_own(struct store *s, const struct store_accept *how, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_held held = { .writer = NULL };
	int rc = -1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if (store_held_open(s, STORE_OWN_STREAM, NULL, &held, e) == 0)
		rc = append(held.writer, entry, how, e);
	store_held_close(&held);
	free(entry);
	return (rc == 0 ? 0 : err_in(e, "store %s: stream " STORE_OWN_STREAM, s->dir));
}

int
store_accept(struct store *s, const struct store_accept *how, struct store_loss *loss,
    struct err *e)
{
	struct store_live *l;
	int rc;

	if (store_look(s, how->stream, how->names, loss, e) == -1 ||
	    (loss->own != 0 && accept_own(s, how, e) == -1))
		return (-1);
	if (is_nothing(loss))
		return (0);
	if (store_live_hold(s, how->stream, STORE_NO_POLICY, how->names, &l, e) == -1)
		return (-1);
	if ((rc = accept_loss(l, how, loss, e)) == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, how->stream);
	store_live_close(l);
	return (rc);
}
