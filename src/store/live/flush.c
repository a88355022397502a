/*
 * A flush: data and tag, both synced, then the sector of the ratchet, which
 * is the commit point.  A ratchet in memory has none: synced is committed.
 */
#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "base/io.h"
#include "crypto/random.h"
#include "store/live/inside.h"

void
store_open_leaves(struct live_hash *h, const unsigned char seed[static 16], uint64_t first,
    const char *lines, size_t count)
{
	assert(count <= LIVE_RUN_LINES && first + count <= SEAL_RECORDS_MAX);
	seal_salts(seed, (uint32_t)first, count, h->salts, h->memory);
	seal_leaves(
	    lines, h->ends, count, (const unsigned char(*)[16])h->salts, h->leaves);
}

/* The lines of run into the tree. */
static void
hash_run(struct store_live *l, const struct store_live_run *run)
{
	struct live_open *o = l->at;
	struct live_hash *h = l->hash;

	for (size_t i = 0, count; i < run->count; i += count) {
		uint32_t start = i == 0 ? 0 : run->ends[i - 1];

		count = run->count - i < LIVE_RUN_LINES ? run->count - i : LIVE_RUN_LINES;
		for (size_t j = 0; j < count; j++)
			h->ends[j] = run->ends[i + j] - start;
		store_open_leaves(h, o->seed, o->n, run->lines + start, count);
		(void)seal_tree_add(
		    &o->tree, (const unsigned char(*)[32])h->leaves, count, NULL);
		o->n += count;
	}
}

void
store_open_mark(struct store_live *l)
{
	const struct live_open *o = l->at;
	struct live_mark *m = &l->mark;

	m->tree = o->tree;
	m->state = o->state;
	m->n = o->n;
	m->g = o->g;
	memcpy(m->root, o->root, sizeof(m->root));
	*m->ratchet = *l->ratchet;
	m->made = true;
}

/*
 * What a failed flush wrote goes: no half record is left in front of the
 * next.  If only space was missing, the segment is again as of the mark.
 */
static void
take_back(struct store_live *l, uint64_t data_bytes)
{
	struct live_open *o = l->at;
	const struct live_mark *m = &l->mark;
	int saved = errno;
	bool back = io_truncate(o->data_fd, (off_t)data_bytes, NULL) == 0;

	o->room = data_bytes; /* what was behind it may be gone */
	back = io_truncate(o->tags_fd, (off_t)o->tags_bytes, NULL) == 0 && back;
	if (back && m->made && store_is_full(saved)) {
		o->tree = m->tree;
		o->state = m->state;
		o->n = m->n;
		o->g = m->g;
		memcpy(o->root, m->root, sizeof(o->root));
		*l->ratchet = *m->ratchet;
		l->broken = false;
	}
	l->mark.made = false;
	errno = saved;
}

static int
write_sector(struct store_live *l, struct err *e)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	int rc;

	seal_ratchet_encode(l->ratchet, sector);
	rc = io_slot_write(l->keys_fd, "ratchet", sector, e);
	crypto_wipe(sector, sizeof(sector));
	return (rc);
}

/* After a failed write: does the sector still say what it said before? */
static bool
sector_is_old(const struct store_live *l)
{
	unsigned char want[SEAL_SECTOR_BYTES], have[SEAL_SECTOR_BYTES];
	int saved = errno;
	bool same = false;

	if (l->mark.made && io_slot_read(l->keys_fd, "ratchet", have, NULL) == 0) {
		seal_ratchet_encode(l->mark.ratchet, want);
		same = memcmp(have, want, sizeof(want)) == 0;
	}
	crypto_wipe(want, sizeof(want));
	crypto_wipe(have, sizeof(have));
	errno = saved;
	return (same);
}

/* The tag of what at says, durable with the data. */
static int
write_tag(struct store_live *l, struct err *e)
{
	struct live_open *o = l->at;
	struct seal_tag tag = { .seg = o->number,
		.n = o->n,
		.wall_ms = (uint64_t)(clock_now_us() / 1000) };

	seal_tree_root(&o->tree, tag.root);
	buf_clear(&l->line);
	seal_ratchet_flush(
	    l->ratchet, span_str(l->origin), &tag, &o->state, &l->names, &l->line);
	if (!buf_ok(&l->line))
		return (err_set(e, ERR_IO, "tag: out of memory"));
	if (io_write(o->tags_fd, l->line.data, l->line.len, e) == -1)
		return (err_in(e, "open/%08ju.tags", (uintmax_t)o->number));
	memcpy(o->root, tag.root, sizeof(o->root));
	o->g = tag.g;
	return (0);
}

int
store_open_commit(struct store_live *l, uint64_t before, struct err *e)
{
	struct live_open *o = l->at;

	if (write_tag(l, e) == -1) {
		take_back(l, before);
		return (-1);
	}
	/* What could not be synced nobody knows: no full disk that one waits for. */
	if (io_fdatasync(o->data_fd, e) == -1 || io_fdatasync(o->tags_fd, e) == -1) {
		errno = EIO;
		return (-1);
	}
	if (!l->ram && write_sector(l, e) == -1) {
		if (sector_is_old(l))
			take_back(l, before);
		else
			errno = EIO;
		return (-1);
	}
	l->mark.made = false;
	o->tags_bytes += l->line.len;
	if (!o->flushed)
		o->g0 = o->g;
	o->flushed = true;
	memcpy(o->agg, l->ratchet->a, sizeof(o->agg));
	return (0);
}

bool
store_live_fits(const struct store_live *l, uint64_t records, uint64_t bytes)
{
	return (l->at->n + records <= SEAL_RECORDS_MAX &&
	    l->at->state.off + bytes <= SEAL_BYTES_MAX &&
	    (!l->at->flushed || l->at->g - l->at->g0 + 1 < SEAL_FLUSHES_MAX));
}

/* All sources of the segment; of very many the oldest go: what counts is where to go on. */
static void
note_source(struct seal_state *state, const struct store_live_run *run)
{
	if (run->source == NULL)
		return;
	if (state->source_count == 0 || run->next_source) {
		if (state->source_count == SEAL_SOURCES_MAX)
			memmove(state->sources, state->sources + 1,
			    --state->source_count * sizeof(state->sources[0]));
		state->source_count++;
	}
	state->sources[state->source_count - 1] = *run->source;
}

int
store_live_flush(struct store_live *l, const struct store_live_run *run, struct err *e)
{
	struct live_open *o = l->at;
	uint64_t bytes = run->count == 0 ? 0 : run->ends[run->count - 1], before = o->state.off;

	if (l->broken)
		return (err_set(e, ERR_IO, "a flush failed; the next start goes on"));
	assert(store_live_fits(l, run->count, bytes));
	store_open_mark(l);
	l->broken = true; /* until all is done */
	if (bytes > 0 && (store_open_room(o, before + bytes, e) == -1 ||
			     io_write(o->data_fd, run->lines, bytes, e) == -1)) {
		take_back(l, before);
		store_open_failed(l);
		return (err_in(e, "open/%08ju.data", (uintmax_t)o->number));
	}
	hash_run(l, run);
	o->state.off += bytes;
	stats_counts_add(&o->state.counts, run->counts);
	note_source(&o->state, run);
	if (store_open_commit(l, before, e) == -1) {
		store_open_failed(l);
		return (-1);
	}
	l->broken = false;
	return (0);
}

uint64_t
store_live_segment(const struct store_live *l)
{
	return (l->at->number);
}

uint64_t
store_live_records(const struct store_live *l)
{
	return (l->at->n);
}

uint64_t
store_live_bytes(const struct store_live *l)
{
	return (l->at->state.off);
}

bool
store_live_broken(const struct store_live *l)
{
	return (l->broken);
}
