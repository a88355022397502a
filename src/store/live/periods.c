/* What a live stream says from time to time: how far it goes, which period is over. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "seal/lists.h"
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
	return (broken ? 0 : store_own_head(l->stream->store, l->stream->name, size, root, e));
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
	struct store_chain chain = { .open = false };
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
		if (seal_entry_read(store_chain_line(&chain, i), names, entry, NULL) == -1)
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
		said = seal_entry_read(store_chain_line(chain, i), &l->names, entry, NULL) == 0 &&
		    entry->type == SEAL_DESTROY && span_is(entry->of.destroy.what, what) &&
		    memcmp(entry->of.destroy.commitment, commitment, 32) == 0;
	pthread_mutex_unlock(&l->lock);
	free(entry);
	return (said);
}

/* ---- periods ---- */

/*
 * When the newest segment came, of entries from there back.  What a crash left
 * open is sealed by the next start, behind its `recover`, which may be days
 * later: it came when the entry in front of that did.
 */
struct coming {
	bool looks, recovered;
};

static void
see_coming(struct coming *c, const struct seal_entry *entry, int64_t *t_us)
{
	bool segment = entry->type == SEAL_SEGMENT;

	if (segment && *t_us == INT64_MIN) {
		*t_us = entry->t_us;
		c->looks = true;
		return;
	}
	if (!c->looks)
		return;
	if (entry->type == SEAL_RECOVER) {
		c->recovered = true;
		return;
	}
	if (c->recovered)
		*t_us = entry->t_us;
	c->recovered = false;
	c->looks = segment; /* of what was open there may be two */
}

/* Back to the newest rotate that names a segment; under the lock. */
static int
look_back(struct store_live *l, struct seal_entry *entry, struct store_unrotated *u,
    uint64_t *rotated, struct err *e)
{
	const struct store_chain *chain = store_writer_chain(l->stream->writer);
	struct coming coming = { false, false };

	*u = (struct store_unrotated){ .t_us = INT64_MIN };
	*rotated = 0;
	for (size_t i = chain->count; i-- > 0 && *rotated == 0;) {
		struct json_cursor c;
		struct seal_range range;

		if (seal_entry_read(store_chain_line(chain, i), &l->names, entry, e) == -1)
			return (err_in(e, "entry %zu", i));
		see_coming(&coming, entry, &u->t_us);
		if (entry->type == SEAL_SEGMENT) {
			u->segments++;
			u->bytes += entry->of.segment.bytes;
		}
		if (entry->type != SEAL_ROTATE)
			continue;
		if (u->number == 0)
			(void)num_u64(entry->of.rotate.period, &u->number);
		seal_ranges_open(entry->of.rotate.segs, &c);
		while (seal_ranges_next(&c, &range))
			*rotated = range.last;
	}
	return (0);
}

int
store_live_unrotated(struct store_live *l, struct store_unrotated *u, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	uint64_t rotated;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	pthread_mutex_lock(&l->lock);
	rc = look_back(l, entry, u, &rotated, e);
	pthread_mutex_unlock(&l->lock);
	free(entry);
	return (rc);
}

int
store_live_rotate(struct store_live *l, const char *period, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_unrotated u;
	struct seal_range range;
	struct buf segs = { 0 };
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	pthread_mutex_lock(&l->lock);
	if ((rc = look_back(l, entry, &u, &range.first, e)) == 0) {
		range.first++;
		range.last = l->stream->segments;
		seal_ranges_print(&range, range.last >= range.first, &segs);
		memset(entry, 0, sizeof(*entry));
		entry->type = SEAL_ROTATE;
		entry->of.rotate.period = span_str(period);
		entry->of.rotate.segs = buf_view(&segs);
		rc = buf_ok(&segs) ? store_writer_append(l->stream->writer, entry, false, e)
				   : err_set(e, ERR_IO, "out of memory");
	}
	pthread_mutex_unlock(&l->lock);
	buf_free(&segs);
	free(entry);
	return (rc);
}
