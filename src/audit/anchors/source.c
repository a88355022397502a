#include "audit/anchors/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "seal/entry.h"
#include "seal/tree.h"
#include "store/layout.h"

/* ---- opening ---- */

static int
open_stream(const char *store, const char *stream, struct err *e)
{
	int top, streams = -1, fd = -1;

	if (!store_name_known(span_str(stream)))
		return (err_set(e, ERR_USAGE, "--stream: '%.80s' is no stream name", stream));
	if ((top = io_open(AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0, NULL)) != -1) {
		streams = io_open_dir(top, "streams", NULL);
		(void)close(top);
	}
	if (streams == -1)
		return (err_set(e, ERR_INPUT, "%s: no store", store));
	if ((fd = io_open_dir(streams, stream, NULL)) == -1)
		(void)err_set(e, ERR_INPUT, "the store has no stream %s", stream);
	(void)close(streams);
	return (fd);
}

static void
hash_line(struct span line, unsigned char leaf[static 32])
{
	seal_entry_leaf(line.ptr, line.len, leaf);
}

static int
hash_entries(struct audit_source *s, struct err *e)
{
	if ((s->leaves = calloc(s->chain.count + 1, sizeof(s->leaves[0]))) == NULL)
		return (err_memory(e));
	for (size_t i = 0; i < s->chain.count; i++)
		hash_line(store_chain_line(&s->chain, i), s->leaves[i]);
	return (0);
}

static int
read_note(
    const struct audit_source *s, const char *path, struct audit_source_note *note, struct err *e)
{
	if (io_read_file(s->dirfd, path, SEAL_NOTE_BYTES_MAX, &note->text, e) == -1 ||
	    seal_note_read(buf_view(&note->text), &note->note, e) == -1)
		return (-1);
	return (0);
}

static int
check_root(const struct audit_source *s, const struct audit_source_note *note, struct err *e)
{
	struct seal_tree *tree = calloc(1, sizeof(*tree));
	unsigned char root[32];

	if (tree == NULL)
		return (err_memory(e));
	seal_tree_init(tree);
	if (note->note.size <= s->chain.count)
		(void)seal_tree_add(
		    tree, (const unsigned char(*)[32])s->leaves, (size_t)note->note.size, NULL);
	seal_tree_root(tree, root);
	free(tree);
	if (note->note.size == 0 || note->note.size > s->chain.count ||
	    memcmp(root, note->note.root, sizeof(root)) != 0)
		return (err_set(e, ERR_FINDING, "a note of other entries: cretula verify"));
	return (0);
}

/* The note is read first: a writer that goes on only adds to the chain. */
static int
read_all(struct audit_source *s, struct err *e)
{
	if (read_note(s, "checkpoint", &s->newest, e) == -1 ||
	    store_chain_read(s->dirfd, &s->chain, e) == -1 || hash_entries(s, e) == -1)
		return (-1);
	return (check_root(s, &s->newest, e));
}

int
audit_source_open(
    const char *store, const char *stream, struct audit_source **source, struct err *e)
{
	struct audit_source *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	if ((made->dirfd = open_stream(store, stream, e)) != -1) {
		if (read_all(made, e) == 0) {
			*source = made;
			return (0);
		}
		(void)err_in(e, "stream %s", stream);
	}
	audit_source_close(made);
	return (-1);
}

void
audit_source_close(struct audit_source *s)
{
	if (s == NULL)
		return;
	if (s->dirfd != -1)
		(void)close(s->dirfd);
	store_chain_free(&s->chain);
	buf_free(&s->newest.text);
	free(s->leaves);
	free(s);
}

/* ---- asking ---- */

int
audit_source_peek(
    const struct audit_source *s, uint64_t size, struct audit_source_note *note, struct err *e)
{
	char path[STORE_PATH_BYTES];

	if (size == 0 || size > s->newest.note.size)
		return (err_set(e, ERR_INPUT, "there is no note of size %ju, the newest is of %ju",
		    (uintmax_t)size, (uintmax_t)s->newest.note.size));
	store_note_path(path, size);
	if (read_note(s, path, note, e) == -1)
		return (-1);
	if (note->note.size != size)
		return (err_set(e, ERR_FINDING, "%s: of another size", path));
	return (0);
}

int
audit_source_note(
    const struct audit_source *s, uint64_t size, struct audit_source_note *note, struct err *e)
{
	return (audit_source_peek(s, size, note, e) == -1 ? -1 : check_root(s, note, e));
}

uint64_t
audit_source_anchored(const struct audit_source *s, const char *kind)
{
	static const struct seal_names names = { .classes = NULL };
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	uint64_t size = 0;

	for (size_t i = 0; entry != NULL && i < s->chain.count; i++)
		if (seal_entry_read(store_chain_line(&s->chain, i), &names, entry, NULL) == 0 &&
		    entry->type == SEAL_ANCHOR && span_is(entry->of.anchor.kind, kind) &&
		    entry->of.anchor.size > size && entry->of.anchor.size <= s->newest.note.size)
			size = entry->of.anchor.size;
	free(entry);
	return (size);
}
