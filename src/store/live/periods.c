/* What a live stream says from time to time: how far it goes, which period is over. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "store/live/inside.h"
#include "store/writer.h"

int
store_live_head(struct store_live *l, struct err *e)
{
	const struct store_writer *w = l->stream->writer;
	unsigned char root[32];
	uint64_t size;
	bool broken;

	pthread_mutex_lock(&l->lock);
	broken = store_writer_broken(w);
	size = store_writer_count(w);
	seal_tree_root(&w->tree, root);
	pthread_mutex_unlock(&l->lock);
	if (broken)
		return (err_set(
		    e, ERR_IO, "the chain of stream %s needs a repair", l->stream->name));
	return (store_own_head(l->stream->store, l->stream->name, size, root, e));
}

/* ---- the clock ---- */

int
store_live_clock(struct store_live *l, int64_t was_us, int64_t now_us, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_clock *clock;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_CLOCK;
	clock = &entry->of.clock;
	clock->was_us = was_us - ((was_us % 1000) + 1000) % 1000;
	clock->now_us = now_us - ((now_us % 1000) + 1000) % 1000;
	store_boot_id(clock->boot, &clock->has_boot);
	rc = store_live_append(l, entry, e);
	free(entry);
	return (rc);
}

/* What a segment of this very boot lets expect the clock to say. */
static bool
expect(const struct seal_entry *entry, struct store_last *last)
{
	const struct seal_segment *s = &entry->of.segment;
	unsigned char boot[16];
	bool have;

	if (entry->type != SEAL_SEGMENT || !s->has_live)
		return (false);
	store_boot_id(boot, &have);
	if (have && memcmp(boot, s->live.boot, sizeof(boot)) == 0 &&
	    store_boot_ms() >= s->live.to_ms)
		last->expected_us =
		    entry->t_us + (int64_t)(store_boot_ms() - s->live.to_ms) * 1000;
	return (true);
}

int
store_last(const struct store *s, const char *name, const struct seal_names *names,
    struct store_last *last, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain chain = { .lines = NULL };
	int fd = -1, rc = -1;

	*last = (struct store_last){ .t_us = INT64_MIN };
	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	if ((fd = io_open_dir(s->streams_fd, name, e)) == -1 ||
	    store_chain_read(fd, &chain, e) == -1) {
		rc = errno == ENOENT ? 0 : -1;
		goto out;
	}
	/* What cannot be read the open will tell. */
	for (size_t i = chain.count; i-- > 0;) {
		if (seal_entry_read(chain.lines[i], names, entry, NULL) == -1)
			continue;
		if (last->t_us == INT64_MIN)
			last->t_us = entry->t_us;
		if (expect(entry, last))
			break;
	}
	rc = 0;
out:
	if (fd != -1)
		(void)close(fd);
	store_chain_free(&chain);
	free(entry);
	return (rc);
}

/* ---- epochs that are gone ---- */

bool
store_live_says_destroyed(
    struct store_live *l, const char *what, const unsigned char commitment[static 32])
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	bool said = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = chain->count; entry != NULL && i-- > 0 && !said;)
		said = seal_entry_read(chain->lines[i], &l->names, entry, NULL) == 0 &&
		    entry->type == SEAL_DESTROY && span_is(entry->of.destroy.what, what) &&
		    memcmp(entry->of.destroy.commitment, commitment, 32) == 0;
	pthread_mutex_unlock(&l->lock);
	free(entry);
	return (said);
}
