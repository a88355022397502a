#include "app/quarantine/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "seal/leaf.h"
#include "store/compress.h"
#include "store/words.h"

#define PART_RECORDS 4096
#define PART_BYTES ((size_t)1 << 20)
#define LINES_BYTES (PART_BYTES + RECORD_BYTES_MAX)

int
app_pack_open(struct app_pack *p, struct err *e)
{
	p->lines = malloc(LINES_BYTES);
	p->ends = malloc(PART_RECORDS * sizeof(*p->ends));
	p->salts = malloc(PART_RECORDS * sizeof(*p->salts));
	p->salt_memory = malloc(SEAL_SALTS_MEMORY(PART_RECORDS));
	p->part.leaves = malloc(PART_RECORDS * sizeof(*p->part.leaves));
	p->part.packed = malloc(store_compress_bound(LINES_BYTES));
	p->part.frames = malloc(store_compress_frames(LINES_BYTES) * sizeof(*p->part.frames));
	if (p->lines == NULL || p->ends == NULL || p->salts == NULL || p->salt_memory == NULL ||
	    p->part.leaves == NULL || p->part.packed == NULL || p->part.frames == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	p->part.lines = p->lines;
	p->part.ends = p->ends;
	return (store_compressor_open(1, &p->compressor, e));
}

void
app_pack_close(struct app_pack *p)
{
	store_segment_drop(p->segment);
	store_compressor_close(p->compressor);
	free(p->lines);
	free(p->ends);
	free(p->salts);
	free(p->salt_memory);
	free(p->part.leaves);
	free(p->part.packed);
	free(p->part.frames);
}

static int
begin(struct app_pack *p, struct err *e)
{
	memset(&p->facts, 0, sizeof(p->facts));
	stats_counts_clear(&p->facts.counts);
	mask_epochs_clear(&p->epochs);
	p->placed_records = p->placed_bytes = 0;
	return (store_segment_begin(p->stream, &p->segment, e));
}

/* The lines at hand into the segment. */
static int
flush(struct app_pack *p, struct err *e)
{
	size_t count = p->part.count;

	if (count == 0)
		return (0);
	seal_salts(store_segment_seed(p->segment), (uint32_t)p->placed_records, count, p->salts,
	    p->salt_memory);
	seal_leaves(p->lines, p->ends, count, (const unsigned char(*)[16])p->salts, p->part.leaves);
	store_compress(p->compressor, &p->part);
	p->placed_records += count;
	p->placed_bytes += p->ends[count - 1];
	if (store_segment_add(p->segment, &p->part, e) == -1)
		return (-1);
	p->part.count = 0;
	return (0);
}

static size_t
used(const struct app_pack *p)
{
	return (p->part.count == 0 ? 0 : p->ends[p->part.count - 1]);
}

/* What a mask counted of one line, as of a replay. */
static void
count(struct app_pack *p, const struct stats_counts *counts)
{
	struct stats_counts c = *counts;

	c.replay = c.in;
	memset(&c.in, 0, sizeof(c.in));
	c.lines = c.bytes = c.joined = c.meta = 0;
	stats_counts_add(&p->facts.counts, &c);
}

bool
app_pack_full(const struct app_pack *p, size_t len)
{
	return (p->segment != NULL &&
	    (p->placed_records + p->part.count == SEAL_RECORDS_MAX ||
		p->placed_bytes + used(p) + len > SEAL_BYTES_MAX));
}

int
app_pack_add(struct app_pack *p, struct span line, const struct stats_counts *counts,
    const struct mask_epochs *epochs, struct err *e)
{
	if (app_pack_full(p, line.len) && app_pack_seal(p, e) == -1)
		return (-1);
	if (p->segment == NULL && begin(p, e) == -1)
		return (-1);
	memcpy(p->lines + used(p), line.ptr, line.len);
	p->ends[p->part.count] = (uint32_t)(used(p) + line.len);
	p->part.count++;
	count(p, counts);
	mask_epochs_merge(&p->epochs, epochs);
	if (p->part.count == PART_RECORDS || used(p) >= PART_BYTES)
		return (flush(p, e));
	return (0);
}

int
app_pack_say(struct store_stream *stream, uint64_t seg, uint64_t n, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "out of memory"));
	entry->type = SEAL_REPLAY;
	entry->of.replay.seg = seg;
	entry->of.replay.n = n;
	rc = store_stream_append(stream, entry, e);
	free(entry);
	return (rc);
}

int
app_pack_seal(struct app_pack *p, struct err *e)
{
	struct buf words = { 0 }, epochs = { 0 };
	struct seal_segment *facts = &p->facts;
	struct store_segment *segment;
	int rc = -1;

	if (p->segment == NULL)
		return (0);
	if (flush(p, e) == -1)
		return (-1);
	mask_words_save(p->words, &words);
	mask_epochs_print(&p->epochs, p->mask_policy, &epochs);
	if (!buf_ok(&words) || !buf_ok(&epochs)) {
		(void)err_set(e, ERR_IO, "out of memory sealing a segment");
		goto out;
	}
	/* The newest segment is what the vocabulary is checked against. */
	if (store_words_write(p->stream, &words, &facts->words_count, e) == -1)
		goto out;
	facts->policy = span_str(p->policy);
	facts->mask_epochs = buf_view(&epochs);
	facts->has_mask_seed = true;
	memcpy(facts->mask_seed, p->mask_seed, sizeof(facts->mask_seed));
	facts->unlocked = p->unlocked;
	segment = p->segment;
	p->segment = NULL; /* handed over */
	if (store_segment_seal(segment, facts, buf_view(&words), e) == -1 ||
	    app_pack_say(p->stream, facts->seg, facts->n, e) == -1)
		goto out;
	p->segments++;
	p->records += facts->n;
	rc = 0;
out:
	buf_free(&words);
	buf_free(&epochs);
	return (rc);
}
