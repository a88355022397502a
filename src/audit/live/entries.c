/* Entries that may be judged, and those that came since the chain was read. */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
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
		if (seal_entry_read(audit_line(chain, i), chain->names, entry, NULL) == -1 ||
		    entry->index != i)
			break;
		each(arg, i, entry);
	}
	free(entry);
}

/* What stands behind at now, a piece at a time: a writer's lines are short, others' may not be. */
struct behind {
	int fd;
	size_t start, len; /* of bytes that are not taken yet */
	char bytes[SEAL_ENTRY_BYTES_MAX + 1];
};

static bool
begin_behind(struct behind *b, const struct audit_chain *chain)
{
	uint64_t size;

	b->start = b->len = 0;
	b->fd = store_open_file(chain->dirfd, "chain.jsonl", &size, NULL);
	return (b->fd != -1 &&
	    lseek(b->fd, (off_t)chain->lines.items[chain->count].start, SEEK_SET) != -1);
}

/* The next line, until the next call; false if no whole one of an entry's length is there. */
static bool
next_behind(struct behind *b, struct span *line)
{
	struct span left = span_of(b->bytes + b->start, b->len);
	size_t len = span_find(left, '\n');
	ssize_t got;

	if (len == left.len) {
		memmove(b->bytes, left.ptr, left.len);
		b->start = 0;
		got = io_read(b->fd, b->bytes + b->len, sizeof(b->bytes) - b->len, NULL);
		if (got <= 0)
			return (false);
		b->len += (size_t)got;
		left = span_of(b->bytes, b->len);
		if ((len = span_find(left, '\n')) == left.len)
			return (false);
	}
	*line = span_of(left.ptr, len);
	b->start += len + 1;
	b->len -= len + 1;
	return (true);
}

uint64_t
audit_appended(const struct audit_chain *chain, audit_judge each, void *arg)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct behind *b = malloc(sizeof(*b));
	uint64_t i = chain->count;
	struct span line;

	if (b != NULL)
		b->fd = -1;
	if (entry != NULL && b != NULL && begin_behind(b, chain))
		for (; i < SEAL_CHAIN_ENTRIES_MAX && next_behind(b, &line) &&
		     seal_entry_read(line, chain->names, entry, NULL) == 0 && entry->index == i;
		     i++)
			each(arg, i, entry);
	if (b != NULL && b->fd != -1)
		(void)close(b->fd);
	free(b);
	free(entry);
	return (i);
}
