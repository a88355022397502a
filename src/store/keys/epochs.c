/* Mask epochs: which are held, and what is said of those that are gone. */
#include "store/epochs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "seal/history.h"
#include "store/chain.h"
#include "store/erase/erase.h"
#include "store/inside.h"
#include "store/keys.h"
#include "store/keys/held.h"
#include "store/writer.h"

/* ---- holds ---- */

struct asking {
	const struct store *store;
	const struct seal_names *names;
	int64_t t_us;
	const char (*epochs)[16];
	size_t count;
	bool *held;
	struct buf *hold;
};

static void
ask_history(const struct asking *a, const char *stream, const struct seal_history *history)
{
	for (size_t i = 0; i < a->count; i++) {
		struct span id = { NULL, 0 };

		if (!seal_history_held_epoch(history, span_str(a->epochs[i]), a->t_us, &id))
			continue;
		a->held[i] = true;
		if (a->hold == NULL)
			continue;
		buf_clear(a->hold);
		buf_span(a->hold, id);
		buf_fmt(a->hold, " in stream %s", stream);
	}
}

static int
ask_stream(void *arg, const char *stream, struct err *e)
{
	struct asking *a = arg;
	struct store_chain chain = { .open = false };
	struct seal_history *history = NULL;
	int fd = io_open_dir(a->store->streams_fd, stream, e), rc = -1;

	/* Of a stream that is removed nothing is left to be held. */
	if (fd == -1)
		return (errno == ENOENT ? 0 : -1);
	if (store_chain_read(fd, &chain, e) == 0 &&
	    store_history_read(&chain, a->names, &history, e) == 0) {
		ask_history(a, stream, history);
		rc = 0;
	}
	seal_history_free(history);
	store_chain_free(&chain);
	(void)close(fd);
	return (rc == 0 ? 0 : err_in(e, "stream %s", stream));
}

int
store_epochs_held(const struct store *s, const struct seal_names *names, int64_t t_us,
    const struct store_held_epochs *ask, struct err *e)
{
	struct asking a = { s, names, t_us, ask->names, ask->count, ask->held, ask->hold };

	for (size_t i = 0; i < ask->count; i++)
		ask->held[i] = false;
	return (store_each_stream(s, ask_stream, &a, e));
}

/* ---- all entries ---- */

struct walking {
	const struct store *store;
	const struct seal_names *names;
	store_each each;
	void *arg;
	struct seal_entry *entry;
};

static int
walk_stream(void *arg, const char *stream, struct err *e)
{
	struct walking *w = arg;
	struct store_chain chain = { .open = false };
	int fd = io_open_dir(w->store->streams_fd, stream, e), rc;

	if (fd == -1)
		return (errno == ENOENT ? 0 : -1);
	rc = store_chain_read(fd, &chain, e);
	(void)close(fd);
	for (size_t i = 0; i < chain.count && rc == 0; i++) {
		if ((rc = seal_entry_read(store_chain_line(&chain, i), w->names, w->entry, e)) == 0)
			rc = w->each(w->arg, stream, w->entry, e);
		else
			(void)err_in(e, "entry %zu", i);
	}
	store_chain_free(&chain);
	return (rc == 0 ? 0 : err_in(e, "stream %s", stream));
}

int
store_each_entry(const struct store *s, const struct seal_names *names, store_each each, void *arg,
    struct err *e)
{
	struct walking w = { s, names, each, arg, calloc(1, sizeof(*w.entry)) };
	int rc;

	if (w.entry == NULL)
		return (err_sys(e, ERR_IO, "entries"));
	rc = store_each_stream(s, walk_stream, &w, e);
	free(w.entry);
	return (rc);
}

/* ---- what is gone ---- */

static bool
says(const struct store_chain *chain, const struct seal_names *names,
    const struct store_gone *gone, struct seal_entry *entry)
{
	bool said = false;

	for (size_t i = chain->count; i-- > 0 && !said;)
		said = seal_entry_read(store_chain_line(chain, i), names, entry, NULL) == 0 &&
		    entry->type == SEAL_DESTROY && span_is(entry->of.destroy.what, gone->what) &&
		    memcmp(entry->of.destroy.commitment, gone->commitment, 32) == 0;
	return (said);
}

int
store_epoch_say(struct store_writer *w, const struct seal_names *names,
    const struct store_gone *gone, unsigned *said, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = 0;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if (!says(store_writer_chain(w), names, gone, entry)) {
		memset(entry, 0, sizeof(*entry));
		entry->type = SEAL_DESTROY;
		entry->of.destroy.what = span_str(gone->what);
		memcpy(entry->of.destroy.commitment, gone->commitment, 32);
		if ((rc = store_writer_append(w, entry, false, e)) == 0)
			(*said)++;
	}
	free(entry);
	return (rc);
}

int
store_epoch_gone(struct store *s, const char *stream, const struct seal_names *names,
    const struct store_gone *gone, unsigned *said, struct err *e)
{
	struct store_held held;
	int rc;

	if (store_held_open(s, stream, names, &held, e) == -1)
		return (-1);
	rc = store_epoch_say(held.writer, names, gone, said, e);
	store_held_close(&held);
	return (rc);
}

int
store_keys_said(struct store *s, const char *kind, struct span text, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_writer *own = NULL;
	int rc = -1;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_CONFIG;
	entry->of.config.kind = span_str(kind);
	entry->of.config.policy = span_str(STORE_NO_POLICY);
	entry->of.config.text = text;
	if (store_own_open(s, false, &own, e) == 0)
		rc = store_writer_append(own, entry, false, e);
	store_writer_close(own);
	free(entry);
	return (rc);
}
