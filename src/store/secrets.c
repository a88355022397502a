/* Which import secrets the chains do not yet call destroyed. */
#include "store/secrets.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "store/inside.h"

static size_t
position(const struct store_secrets_open *open, const unsigned char commitment[static 32])
{
	size_t i = 0;

	while (i < open->count && memcmp(open->list[i], commitment, 32) != 0)
		i++;
	return (i);
}

/* More than fit wait until some of them are recorded. */
static void
take_entry(struct store_secrets_open *open, const struct seal_entry *entry)
{
	if (entry->type == SEAL_SEGMENT && entry->of.segment.has_mask_seed) {
		const unsigned char *seed = entry->of.segment.mask_seed;

		if (open->count < STORE_SECRETS_MAX && position(open, seed) == open->count)
			memcpy(open->list[open->count++], seed, 32);
	} else if (entry->type == SEAL_DESTROY) {
		size_t i = position(open, entry->of.destroy.commitment);

		if (i < open->count)
			memmove(open->list[i], open->list[i + 1], (--open->count - i) * 32);
	}
}

static int
scan(const struct store_chain *chain, const struct seal_names *names,
    struct store_secrets_open *open, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = -1;

	open->count = 0;
	if (entry == NULL)
		return (err_sys(e, ERR_IO, "out of memory"));
	for (size_t i = 0; i < chain->count; i++) {
		if (seal_entry_read(store_chain_line(chain, i), names, entry, e) == -1) {
			(void)err_in(e, "entry %zu", i);
			goto out;
		}
		take_entry(open, entry);
	}
	rc = 0;
out:
	free(entry);
	return (rc);
}

int
store_stream_secrets(
    const struct store_stream *st, struct store_secrets_open *open, struct err *e)
{
	if (scan(store_writer_chain(st->writer), &st->names, open, e) == -1)
		return (err_in(e, "store %s: stream %s", st->store->dir, st->name));
	return (0);
}

int
store_stream_destroyed(
    struct store_stream *st, const unsigned char commitment[static 32], struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "out of memory"));
	entry->type = SEAL_DESTROY;
	entry->of.destroy.what = span_str("import");
	memcpy(entry->of.destroy.commitment, commitment, 32);
	rc = store_stream_append(st, entry, e);
	free(entry);
	return (rc);
}

/* ---- the other streams ---- */

/* A look without opening the stream for writing: most have not used it. */
static int
has_used(struct store *s, const char *name, const struct seal_names *names,
    const unsigned char commitment[static 32], bool *used, struct err *e)
{
	struct store_secrets_open *open = calloc(1, sizeof(*open));
	struct store_chain chain = { .open = false };
	int fd = -1, rc = -1;

	if (open == NULL) {
		(void)err_sys(e, ERR_IO, "out of memory");
		goto out;
	}
	if ((fd = io_open_dir(s->streams_fd, name, e)) == -1 ||
	    store_chain_read(fd, &chain, e) == -1 || scan(&chain, names, open, e) == -1)
		goto out;
	*used = position(open, commitment) < open->count;
	rc = 0;
out:
	if (fd != -1)
		(void)close(fd);
	store_chain_free(&chain);
	free(open);
	return (rc);
}

static int
record_in(struct store *s, const char *name, const struct seal_names *names,
    const unsigned char commitment[static 32], struct err *e)
{
	struct store_stream *st = NULL;
	bool used = false;
	int rc;

	if (has_used(s, name, names, commitment, &used, e) == -1)
		return (err_in(e, "store %s: stream %s", s->dir, name));
	if (!used)
		return (0);
	if (store_stream_open(s, name, STORE_NO_POLICY, names, &st, e) == -1)
		return (-1);
	rc = store_stream_destroyed(st, commitment, e);
	store_stream_close(st);
	return (rc);
}

int
store_destroyed(struct store *s, const char *but, const struct seal_names *names,
    const unsigned char commitment[static 32], struct err *e)
{
	static const struct seal_names none = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain own = { .open = false };
	int rc = 0;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "out of memory"));
	if (store_own_read(s, &own, e) == -1)
		rc = -1;
	for (size_t i = 0; i < own.count; i++) {
		char name[STORE_NAME_MAX + 1];

		if (seal_entry_read(store_chain_line(&own, i), &none, entry, NULL) == -1 ||
		    entry->type != SEAL_STREAM || !store_name_known(entry->of.stream.name) ||
		    span_is(entry->of.stream.name, but))
			continue;
		memcpy(name, entry->of.stream.name.ptr, entry->of.stream.name.len);
		name[entry->of.stream.name.len] = '\0';
		if (record_in(s, name, names, commitment, rc == 0 ? e : NULL) == -1)
			rc = -1; /* the other streams are tried all the same */
	}
	store_chain_free(&own);
	free(entry);
	return (rc);
}
