/* Entries that may be judged, and those that came since the chain was read. */
#include <sys/types.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/live/live.h"
#include "base/io.h"
#include "store/reader.h"

void
audit_judged(struct audit_chain *chain, audit_judge each, void *arg)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL) {
		chain->list.failed = true;
		return;
	}
	for (uint64_t i = 0; i < chain->count && i != chain->bad_entry; i++) {
		if (seal_entry_read(chain->lines[i], chain->names, entry, NULL) == -1 ||
		    entry->index != i)
			break;
		each(arg, i, entry);
	}
	free(entry);
}

/* Where the whole lines that were read end. */
static size_t
end_of(const struct audit_chain *chain)
{
	const struct span *last;

	if (chain->count == 0)
		return (0);
	last = &chain->lines[chain->count - 1];
	return ((size_t)(last->ptr - chain->bytes.data) + last->len + 1);
}

/* What stands behind at now. */
static int
read_behind(const struct audit_chain *chain, size_t at, struct buf *bytes)
{
	char piece[16384];
	uint64_t size;
	ssize_t len = -1;
	int fd = store_open_file(chain->dirfd, "chain.jsonl", &size, NULL);

	if (fd == -1 || lseek(fd, (off_t)at, SEEK_SET) == -1)
		goto out;
	while ((len = io_read(fd, piece, sizeof(piece), NULL)) > 0 &&
	    bytes->len < AUDIT_CHAIN_BYTES_MAX)
		buf_add(bytes, piece, (size_t)len);
out:
	if (fd != -1)
		(void)close(fd);
	return (len == -1 || !buf_ok(bytes) ? -1 : 0);
}

uint64_t
audit_appended(const struct audit_chain *chain, audit_judge each, void *arg)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf bytes = { 0 };
	uint64_t i = chain->count;
	struct span rest;

	if (entry == NULL || read_behind(chain, end_of(chain), &bytes) == -1)
		goto out;
	for (rest = buf_view(&bytes); rest.len > 0; i++) {
		size_t len = span_find(rest, '\n');

		if (len == rest.len ||
		    seal_entry_read(span_of(rest.ptr, len), chain->names, entry, NULL) == -1 ||
		    entry->index != i)
			break;
		each(arg, i, entry);
		rest = span_from(rest, len + 1);
	}
out:
	buf_free(&bytes);
	free(entry);
	return (i);
}
