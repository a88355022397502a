#include "store/anchors/anchor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "store/inside.h"
#include "store/sweep.h"

#define FILES_MAX 1000 /* of a size and a kind */

struct work {
	const struct store_anchor_facts *what;
	int dirfd; /* of the stream */
	struct store_writer *writer; /* of its chain */
	const struct seal_names *names;
	unsigned char hash[32];
	char *path;
};

/* Does an entry name these bytes for this size?  Then path is as it says. */
static int
find_entry(struct work *w, bool *found, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(w->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	*found = false;
	for (size_t i = 0; i < chain->count && !*found; i++) {
		const struct seal_anchor *anchor = &entry->of.anchor;

		*found = seal_entry_read(store_chain_line(chain, i), w->names, entry, NULL) == 0 &&
		    entry->type == SEAL_ANCHOR && anchor->size == w->what->size &&
		    anchor->file.name.len < STORE_ANCHOR_PATH_BYTES &&
		    memcmp(anchor->file.hash, w->hash, sizeof(w->hash)) == 0;
		if (*found)
			(void)snprintf(w->path, STORE_ANCHOR_PATH_BYTES, "%.*s",
			    (int)anchor->file.name.len, anchor->file.name.ptr);
	}
	free(entry);
	return (0);
}

/* 1: path is there with these very bytes, 0: it is free, 2: it is something else's, -1. */
static int
look(const struct work *w, struct err *e)
{
	struct buf bytes = { 0 };
	int rc = 2;

	if (io_read_file(w->dirfd, w->path, w->what->bytes.len, &bytes, e) == 0)
		rc = span_equal(buf_view(&bytes), w->what->bytes) ? 1 : 2;
	else if (errno == ENOENT)
		rc = 0;
	else if (errno != EFBIG)
		rc = -1;
	buf_free(&bytes);
	return (rc);
}

static int
write_file(struct work *w, struct err *e)
{
	const struct store_anchor_facts *what = w->what;
	int dir, rc = 2;

	if (store_make_dir(w->dirfd, "anchor", true, &dir, e) == -1)
		return (-1);
	if (store_sweep_tmp(w->dirfd, "anchor", ".", e) == -1)
		rc = -1;
	for (unsigned n = 1; rc == 2 && n <= FILES_MAX; n++) {
		char more[16] = "";

		if (n > 1)
			(void)snprintf(more, sizeof(more), "-%u", n);
		(void)snprintf(w->path, STORE_ANCHOR_PATH_BYTES, "anchor/%08ju%s.%s",
		    (uintmax_t)what->size, more, what->extension);
		rc = look(w, e);
	}
	if (rc == 2)
		rc = err_set(e, ERR_IO, "too many anchors of one note");
	else if (rc == 1)
		rc = io_sync_dir(dir, e); /* a crash may have come before this */
	else if (rc == 0)
		rc = io_replace(w->dirfd, w->path, what->bytes, 0640, true, e);
	(void)close(dir);
	return (rc);
}

static int
append(struct work *w, struct err *e)
{
	const struct store_anchor_facts *what = w->what;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_anchor *anchor;
	int rc;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	entry->type = SEAL_ANCHOR;
	anchor = &entry->of.anchor;
	anchor->kind = span_str(what->kind);
	anchor->size = what->size;
	anchor->file.name = span_str(w->path);
	anchor->file.size = what->bytes.len;
	memcpy(anchor->file.hash, w->hash, sizeof(w->hash));
	anchor->by = what->by;
	anchor->has_time = true;
	anchor->time_us = what->time_us - what->time_us % 1000;
	rc = store_writer_append(w->writer, entry, false, e);
	free(entry);
	return (rc);
}

static int
add(struct work *w, bool *added, struct err *e)
{
	bool found = false;

	crypto_sha256(w->what->bytes.ptr, w->what->bytes.len, w->hash);
	if (w->what->size > store_writer_count(w->writer))
		return (err_set(
		    e, ERR_INPUT, "the chain has no note of size %ju", (uintmax_t)w->what->size));
	if (find_entry(w, &found, e) == -1)
		return (-1);
	*added = !found;
	if (found)
		return (0);
	return (write_file(w, e) == -1 ? -1 : append(w, e));
}

int
store_anchor_add(struct store *s, const char *stream, const struct seal_names *names,
    const struct store_anchor_facts *what, struct store_anchored *done, struct err *e)
{
	struct work w = { .what = what, .names = names, .path = done->path };
	struct store_writer *own = NULL;
	struct store_stream *st = NULL;
	int rc;

	if (!store_name_known(span_str(stream)) ||
	    (w.dirfd = io_open_dir(s->streams_fd, stream, e)) == -1)
		return (err_set(e, ERR_INPUT, "the store has no stream %.40s", stream));
	if (strcmp(stream, STORE_OWN_STREAM) == 0)
		rc = store_own_open(s, false, &own, e);
	else
		rc = store_stream_open(s, stream, STORE_NO_POLICY, names, &st, e);
	w.writer = st == NULL ? own : st->writer;
	if (rc == 0 && (rc = add(&w, &done->added, e)) == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, stream);
	store_writer_close(own);
	store_stream_close(st);
	(void)close(w.dirfd);
	return (rc);
}
