/*
 * The store's own chain.  Many processes write a store, each its streams;
 * this chain is had for one append at a time.
 */
#include <sys/file.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "key/key.h"
#include "store/inside.h"
#include "store/sweep.h"
#include "store/writer.h"

#define TRIES 500
#define PAUSE_NS 20000000 /* ten seconds in all */

static const struct seal_names no_names = { .classes = NULL };

bool
store_wait(unsigned *tries)
{
	const struct timespec pause = { 0, PAUSE_NS };

	if (++*tries >= TRIES)
		return (false);
	(void)nanosleep(&pause, NULL);
	return (true);
}

int
store_lock_dir(int fd, const char *name, struct err *e)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX | LOCK_NB);
	while (rc == -1 && errno == EINTR);
	if (rc == -1 && errno == EWOULDBLOCK)
		return (err_set(e, ERR_BUSY,
		    "another cretula process is writing to stream %s of this store", name));
	return (0); /* a file system without such locks: that of the keys counts */
}

void
store_draw_id(char id[static STORE_ID_BYTES])
{
	unsigned char random[8];

	do {
		crypto_random(random, sizeof(random));
		text_hex(id, random, sizeof(random));
	} while (strspn(id, "0123456789") == STORE_ID_BYTES - 1);
}

/* The id stands in line 0 of the store's chain; a new one is drawn. */
static int
find_id(struct store *s, int own_fd, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain chain = { .open = false };
	char want[64];
	int rc = -1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "store"));
	if (store_chain_read(own_fd, &chain, e) == -1 && errno != ENOENT)
		goto out;
	if (chain.count == 0) {
		store_draw_id(s->id);
		rc = 0;
		goto out;
	}
	if (seal_entry_read(store_chain_line(&chain, 0), &no_names, entry, e) == -1) {
		(void)err_in(e, "entry 0");
		goto out;
	}
	if (entry->type == SEAL_GENESIS && entry->of.genesis.origin.len > 24)
		memcpy(s->id, entry->of.genesis.origin.ptr + 8, STORE_ID_BYTES - 1);
	(void)snprintf(want, sizeof(want), "cretula/%s/" STORE_OWN_STREAM, s->id);
	if (entry->type == SEAL_GENESIS && span_is(entry->of.genesis.origin, want))
		rc = 0;
	else
		(void)err_set(e, ERR_FINDING, "entry 0 is not the genesis of a store");
out:
	store_chain_free(&chain);
	free(entry);
	return (rc);
}

static int
open_once(struct store *s, bool create, struct store_writer **own, struct err *e)
{
	struct store_identity id = { .name = STORE_OWN_STREAM,
		.store_id = s->id,
		.policy_hash = STORE_NO_POLICY,
		.names = &no_names };
	struct store_special special = s->special;
	int fd = -1, keys = -1, rc = -1;

	if (store_make_dir(s->streams_fd, STORE_OWN_STREAM, create, &fd, e) == -1)
		return (-1);
	special.create = create;
	/* The writer's own fd is a copy and goes on holding the lock. */
	if (store_lock_dir(fd, STORE_OWN_STREAM, e) == -1 || find_id(s, fd, e) == -1 ||
	    (keys = key_open_stream(
		 s->keys_fd, STORE_OWN_STREAM, create || special.takeover, e)) == -1)
		goto out;
	rc = store_writer_open(fd, keys, &id, &special, own, e);
out:
	if (keys != -1)
		(void)close(keys);
	(void)close(fd);
	return (rc);
}

int
store_own_open(struct store *s, bool create, struct store_writer **own, struct err *e)
{
	struct err why;
	unsigned tries = 0;

	for (;;) {
		why = (struct err){ .code = ERR_NONE };
		if (open_once(s, create, own, &why) == 0)
			return (0);
		if (why.code != ERR_BUSY || !store_wait(&tries))
			break;
	}
	if (e != NULL)
		*e = why;
	return (err_in(e, "stream " STORE_OWN_STREAM));
}

int
store_own_read(const struct store *s, struct store_chain *own, struct err *e)
{
	int fd = io_open_dir(s->streams_fd, STORE_OWN_STREAM, e), rc;

	if (fd == -1)
		return (-1);
	rc = store_chain_read(fd, own, e);
	(void)close(fd);
	return (rc);
}

int
store_own_learn(struct store *s, bool create, struct err *e)
{
	struct store_writer *own;
	int rc;

	if (store_own_open(s, create, &own, e) == -1)
		return (-1);
	/* The line names where the chain began, whatever its key is now. */
	store_writer_genesis(own, s->own_genesis);
	rc = store_writer_first_vkey(own, &s->own_vkey, e);
	store_writer_close(own);
	return (rc);
}

int
store_anchor(const struct store *s, struct buf *out, struct err *e)
{
	buf_span(out, buf_view(&s->own_vkey));
	buf_str(out, " sha256:");
	buf_hex(out, s->own_genesis, sizeof(s->own_genesis));
	return (buf_ok(out) ? 0 : err_set(e, ERR_IO, "anchor: out of memory"));
}

/* ---- heads ---- */

/* What the newest head of name says; false if there is none. */
static bool
newest_head(const struct store_chain *chain, const char *name, struct seal_entry *entry)
{
	for (size_t i = chain->count; i-- > 0;)
		if (seal_entry_read(store_chain_line(chain, i), &no_names, entry, NULL) == 0 &&
		    entry->type == SEAL_HEAD && span_is(entry->of.head.name, name))
			return (true);
	return (false);
}

static int
append_head(struct store_writer *own, const char *name, uint64_t size,
    const unsigned char root[static 32], struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = 0;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if (newest_head(store_writer_chain(own), name, entry) && entry->of.head.size == size)
		goto out;
	memset(entry, 0, sizeof(*entry));
	entry->type = SEAL_HEAD;
	entry->of.head.name = span_str(name);
	entry->of.head.size = size;
	memcpy(entry->of.head.root, root, sizeof(entry->of.head.root));
	if ((rc = store_writer_append(own, entry, false, e)) == -1)
		(void)err_in(e, "stream " STORE_OWN_STREAM);
out:
	free(entry);
	return (rc);
}

int
store_own_head(struct store *s, const char *name, uint64_t size,
    const unsigned char root[static 32], struct err *e)
{
	struct store_writer *own = NULL;
	int rc = -1;

	/*
	 * The line of an append that failed may be there without its note.  Whoever
	 * only warns of a missing head must not leave that: opening repairs it, and
	 * a head that is there by then is not written twice.
	 */
	for (int attempt = 0; attempt < 2; attempt++) {
		store_writer_close(own);
		if (store_own_open(s, false, &own, e) == -1)
			return (err_in(e, "store %s", s->dir));
		if ((rc = append_head(own, name, size, root, e)) == 0 || !store_writer_broken(own))
			break;
	}
	if (rc == -1)
		(void)err_in(e, "store %s", s->dir);
	store_writer_close(own);
	return (rc);
}

int
store_stream_head(struct store_stream *st, struct err *e)
{
	unsigned char root[32];

	if (store_writer_broken(st->writer))
		return (0);
	seal_tree_root(&st->writer->tree, root);
	return (store_own_head(st->store, st->name, store_writer_count(st->writer), root, e));
}
