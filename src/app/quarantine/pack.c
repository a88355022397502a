#include "app/quarantine/pack.h"

#include <stdlib.h>
#include <string.h>

#include "app/gather.h"
#include "base/err.h"
#include "seal/leaf.h"
#include "store/words.h"

int
app_pack_open(struct app_pack *p, struct err *e)
{
	return (app_gather_open(1, &p->lines, e));
}

void
app_pack_close(struct app_pack *p)
{
	store_segment_drop(p->segment);
	app_gather_close(p->lines);
}

static int
begin(struct app_pack *p, struct err *e)
{
	memset(&p->facts, 0, sizeof(p->facts));
	stats_counts_clear(&p->facts.counts);
	mask_epochs_clear(&p->epochs);
	p->placed_records = p->placed_bytes = 0;
	if (store_segment_begin(p->stream, &p->segment, e) == -1)
		return (-1);
	app_gather_begin(p->lines, p->segment);
	return (0);
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
	    (p->placed_records == SEAL_RECORDS_MAX || p->placed_bytes + len > SEAL_BYTES_MAX));
}

int
app_pack_add(struct app_pack *p, struct span line, const struct stats_counts *counts,
    const struct mask_epochs *epochs, struct err *e)
{
	if (app_pack_full(p, line.len) && app_pack_seal(p, e) == -1)
		return (-1);
	if (p->segment == NULL && begin(p, e) == -1)
		return (-1);
	memcpy(app_gather_room(p->lines), line.ptr, line.len);
	p->placed_records++;
	p->placed_bytes += line.len;
	count(p, counts);
	mask_epochs_merge(&p->epochs, epochs);
	return (app_gather_took(p->lines, line.len, e));
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
	if (app_gather_end(p->lines, e) == -1)
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
