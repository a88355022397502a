/* The entries of cretula.store that list streams, and streams that have none. */
#include "store/begin/listing.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/sweep.h"

static const struct seal_names no_names = { .classes = NULL };

/* ---- the store's list of streams ---- */

bool
store_listing_find(const struct store_writer *own, const char *name, struct seal_entry *entry)
{
	const struct store_chain *chain = store_writer_chain(own);

	for (size_t i = 0; i < chain->count; i++)
		if (seal_entry_read(store_chain_line(chain, i), &no_names, entry, NULL) == 0 &&
		    entry->type == SEAL_STREAM && span_is(entry->of.stream.name, name))
			return (true);
	return (false);
}

/* Nothing but the genesis is written before the stream is listed. */
int
store_listing_add(
    struct store_stream *st, struct store_writer *own, struct seal_entry *entry, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(st->writer);
	struct buf log = { 0 };
	char origin[80];
	int rc = -1;

	if (chain->count > 1)
		return (err_set(e, ERR_FINDING,
		    "the store does not list it; is cretula.store an "
		    "older copy?"));
	(void)snprintf(origin, sizeof(origin), "cretula/%s/%s", st->store->id, st->name);
	memset(entry, 0, sizeof(*entry));
	entry->type = SEAL_STREAM;
	entry->of.stream.name = span_str(st->name);
	entry->of.stream.origin = span_str(origin);
	store_writer_vkey(st->writer, &log);
	entry->of.stream.log = buf_view(&log);
	store_writer_genesis(st->writer, entry->of.stream.genesis);
	if (!buf_ok(&log))
		(void)err_set(e, ERR_IO, "out of memory");
	else if ((rc = store_writer_append(own, entry, true, e)) == -1)
		(void)err_in(e, "stream " STORE_OWN_STREAM);
	buf_free(&log);
	return (rc);
}

/* ---- streams that were left half made ---- */

struct name {
	char text[STORE_NAME_MAX + 1];
};

struct settling {
	struct store *store;
	struct store_writer *own;
	struct name *listed; /* sorted */
	size_t count;
	struct buf left; /* of struct name: there, and not listed */
};

static int
compare_names(const void *a, const void *b)
{
	return (strcmp(((const struct name *)a)->text, ((const struct name *)b)->text));
}

/* The line says it in front; only those are read. */
static bool
may_list(struct span line)
{
	static const char type[] = "\"type\":\"stream\"";

	return (memmem(line.ptr, line.len, type, sizeof(type) - 1) != NULL);
}

static int
gather_listed(struct settling *s, struct seal_entry *entry)
{
	const struct store_chain *chain = store_writer_chain(s->own);

	if ((s->listed = calloc(chain->count + 1, sizeof(*s->listed))) == NULL)
		return (-1);
	for (size_t i = 0; i < chain->count; i++) {
		if (!may_list(store_chain_line(chain, i)) ||
		    seal_entry_read(store_chain_line(chain, i), &no_names, entry, NULL) == -1 ||
		    entry->type != SEAL_STREAM || !store_name_known(entry->of.stream.name))
			continue;
		memcpy(s->listed[s->count++].text, entry->of.stream.name.ptr,
		    entry->of.stream.name.len);
	}
	qsort(s->listed, s->count, sizeof(s->listed[0]), compare_names);
	return (0);
}

static int
see_stream(void *arg, int fd, const char *text, struct err *e)
{
	struct settling *s = arg;
	struct name name = { "" };

	(void)fd;
	(void)e;
	if (!store_name_known(span_str(text)) || strcmp(text, STORE_OWN_STREAM) == 0)
		return (0);
	memcpy(name.text, text, strlen(text));
	if (bsearch(&name, s->listed, s->count, sizeof(name), compare_names) == NULL)
		buf_add(&s->left, &name, sizeof(name));
	return (0);
}

/* Our own keys are there before the first line is. */
static bool
has_keys(const struct store *s, const char *name)
{
	struct stat st;

	return (fstatat(s->keys_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

/*
 * Nothing was signed: half a line and unfinished files go, then the empty
 * directories.  With anything else in one of them it stays.
 */
static void
remove_stream(const struct store *s, const struct store_stream *st)
{
	struct stat torn;

	if (store_sweep_tmp(st->dirfd, ".", "", NULL) == -1 ||
	    (fstatat(st->dirfd, "cp", &torn, AT_SYMLINK_NOFOLLOW) == 0 &&
		store_sweep_tmp(st->dirfd, "cp", "", NULL) == -1))
		return;
	(void)unlinkat(st->dirfd, "cp", AT_REMOVEDIR);
	(void)unlinkat(st->dirfd, "seg", AT_REMOVEDIR);
	if (fstatat(st->dirfd, "cp", &torn, AT_SYMLINK_NOFOLLOW) == 0 ||
	    fstatat(st->dirfd, "seg", &torn, AT_SYMLINK_NOFOLLOW) == 0)
		return; /* notes, or records: of a chain that is gone */
	if (fstatat(st->dirfd, "chain.jsonl", &torn, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (!has_keys(s, st->name) || io_unlink(st->dirfd, "chain.jsonl", NULL) == -1))
		return;
	if (unlinkat(s->streams_fd, st->name, AT_REMOVEDIR) == 0)
		(void)io_sync_dir(s->streams_fd, NULL);
}

static void
settle(struct settling *s, const char *name, struct seal_entry *entry)
{
	struct store_stream *st = store_stream_new(s->store, name, &no_names, NULL);
	struct store_chain chain = { .open = false };
	int rc;

	if (st == NULL || (st->dirfd = io_open_dir(s->store->streams_fd, name, NULL)) == -1 ||
	    store_lock_dir(st->dirfd, name, NULL) == -1)
		goto out;
	rc = store_chain_read(st->dirfd, &chain, NULL);
	if (rc == -1 ? errno == ENOENT : chain.count == 0)
		remove_stream(s->store, st);
	else if (rc == 0 && chain.count == 1 && has_keys(s->store, name) &&
	    store_stream_writer(st, STORE_NO_POLICY, false, NULL) == 0)
		(void)store_listing_add(st, s->own, entry, NULL);
out:
	store_chain_free(&chain);
	store_stream_close(st);
}

void
store_abandoned_settle(struct store *store, struct store_writer *own)
{
	struct settling s = { .store = store, .own = own };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	const struct name *left;

	if (entry != NULL && gather_listed(&s, entry) == 0 &&
	    store_scan(store->streams_fd, ".", see_stream, &s, NULL) == 0 && buf_ok(&s.left)) {
		left = (const void *)s.left.data;
		for (size_t i = 0; i < s.left.len / sizeof(*left); i++)
			settle(&s, left[i].text, entry);
	}
	buf_free(&s.left);
	free(s.listed);
	free(entry);
}
