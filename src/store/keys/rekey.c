/* New keys for the chain of a stream, or for that of the store. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/inside.h"
#include "store/keys.h"
#include "store/keys/change.h"
#include "store/keys/force.h"
#include "store/keys/held.h"
#include "store/writer.h"

/* ---- a chain, held ---- */

int
store_held_open(struct store *s, const char *name, const struct seal_names *names,
    struct store_held *held, struct err *e)
{
	*held = (struct store_held){ .stream = NULL };
	if (strcmp(name, STORE_OWN_STREAM) == 0) {
		if (store_own_open(s, false, &held->own, e) == -1)
			return (err_in(e, "store %s", s->dir));
		held->writer = held->own;
		return (0);
	}
	if (!store_is_listed(s, name))
		return (err_set(e, ERR_INPUT, "store %s: no stream %s", s->dir, name));
	if (store_stream_open_live(s, name, STORE_NO_POLICY, names, &held->stream, e) == -1)
		return (-1);
	held->writer = held->stream->writer;
	return (0);
}

void
store_held_close(struct store_held *held)
{
	store_stream_close(held->stream);
	store_writer_close(held->own);
	*held = (struct store_held){ .stream = NULL };
}

/* ---- the streams of a store ---- */

int
store_each_stream(const struct store *s, store_each_name each, void *arg, struct err *e)
{
	static const struct seal_names none = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain own = { .open = false };
	int rc = 0;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "streams"));
	if ((rc = store_own_read(s, &own, e)) == 0)
		rc = each(arg, STORE_OWN_STREAM, e);
	for (size_t i = 0; i < own.count && rc == 0; i++) {
		struct span line = store_chain_line(&own, i);
		char name[STORE_NAME_MAX + 1];

		if (seal_entry_read(line, &none, entry, NULL) == -1 ||
		    entry->type != SEAL_STREAM || !store_name_known(entry->of.stream.name))
			continue;
		memcpy(name, entry->of.stream.name.ptr, entry->of.stream.name.len);
		name[entry->of.stream.name.len] = '\0';
		rc = each(arg, name, e);
	}
	store_chain_free(&own);
	free(entry);
	return (rc);
}

struct search {
	const char *name;
	bool found;
};

static int
is_name(void *arg, const char *name, struct err *e)
{
	struct search *search = arg;

	(void)e;
	search->found |= strcmp(name, search->name) == 0;
	return (0);
}

bool
store_is_listed(const struct store *s, const char *name)
{
	struct search search = { name, false };

	return (store_each_stream(s, is_name, &search, NULL) == 0 && search.found);
}

struct mention {
	const struct store *store;
	struct buf key; /* as the end of a vkey says it */
	bool found;
};

static int
look_for(void *arg, const char *name, struct err *e)
{
	struct mention *m = arg;
	struct store_chain chain;
	int dirfd = io_open_dir(m->store->streams_fd, name, e), rc;

	if (dirfd == -1)
		return (-1);
	if ((rc = store_chain_read(dirfd, &chain, e)) == 0) {
		for (size_t i = 0; i < chain.count && !m->found; i++) {
			struct span line = store_chain_line(&chain, i);

			m->found = memmem(line.ptr, line.len, m->key.data, m->key.len) != NULL;
		}
		store_chain_free(&chain);
	}
	(void)close(dirfd);
	return (rc);
}

int
store_key_is_named(
    const struct store *s, const unsigned char public_key[static 32], bool *named, struct err *e)
{
	struct mention m = { .store = s };
	unsigned char key[33] = { 1 }; /* Ed25519 */
	int rc = -1;

	memcpy(key + 1, public_key, 32);
	buf_base64(&m.key, key, sizeof(key));
	if (!buf_ok(&m.key))
		(void)err_set(e, ERR_IO, "out of memory");
	else if ((rc = store_each_stream(s, look_for, &m, e)) == 0)
		*named = m.found;
	buf_free(&m.key);
	return (rc);
}

/* ---- rekey and revoke ---- */

/* Adds the key of that kind which is in force to out; there may be no recovery key. */
static int
print_force(struct store_writer *w, bool recovery, struct buf *out, struct err *e)
{
	struct seal_entry *scratch = calloc(1, sizeof(*scratch));
	struct store_force force;
	int rc;

	if (scratch == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	rc = store_force_find(&w->chain, w->chain.count, &w->names, scratch, &force, e);
	if (rc == 0)
		buf_span(out, recovery ? force.recovery : force.log);
	free(scratch);
	return (rc);
}

static int
rekey(struct store_writer *w, const struct store_rekey *how, struct buf *vkey, struct err *e)
{
	int rc = 0;

	if (how->next == NULL) {
		rc = store_writer_rekey(w, how->recovery, e);
	} else {
		if (print_force(w, true, vkey, e) == -1)
			return (-1);
		if (vkey->len == 0) /* made without one, for good */
			return (0);
		if (!store_writer_recovery_is(w, how->next))
			rc = store_writer_rekey_recovery(w, how->next, how->recovery, e);
	}
	buf_clear(vkey);
	return (rc == -1 ? -1 : print_force(w, how->next != NULL, vkey, e));
}

int
store_rekey(struct store *s, const struct store_rekey *how, struct buf *vkey, struct err *e)
{
	struct store_held held;
	int rc;

	if (store_held_open(s, how->stream, how->names, &held, e) == -1)
		return (-1);
	if ((rc = rekey(held.writer, how, vkey, e)) == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, how->stream);
	store_held_close(&held);
	return (rc);
}

int
store_revoke(struct store *s, const struct store_revoke *how, struct err *e)
{
	struct store_held held;
	int rc;

	if (store_held_open(s, how->stream, how->names, &held, e) == -1)
		return (-1);
	rc = store_writer_revoke(held.writer, how->vkey, how->from, how->recovery, e);
	if (rc == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, how->stream);
	store_held_close(&held);
	return (rc);
}
