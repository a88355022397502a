/* app: memory of the pipeline, all of it taken before the first byte. */
#include <string.h>

#include "app/pipeline_slot.h"
#include "record/record.h"

#define SLOT_RECORDS_BYTES ((size_t)MASK_BATCH_RECORDS * RECORD_BYTES_MAX)
#define SLOT_RAW_BYTES ((size_t)INPUT_BATCH_BYTES + 64)
#define SLOT_SECRET_BYTES (SLOT_RAW_BYTES + INPUT_CONTEXT_BYTES)

static int
slot_open(struct slot *slot, struct shared *s, struct err *e)
{
	struct pipeline_batch *b = &slot->batch;
	size_t frames = store_compress_frames(SLOT_RECORDS_BYTES);
	size_t packed = store_compress_bound(SLOT_RECORDS_BYTES);
	bool seals = s->p->mode == PIPELINE_SEAL;

	if (arena_open(&slot->records,
		SLOT_RECORDS_BYTES + MASK_BATCH_RECORDS * (sizeof(uint32_t) + SEAL_HASH_BYTES) + 64,
		ARENA_LAZY, e) == -1)
		return (-1);
	if (seals &&
	    arena_open(&slot->packed, packed + frames * sizeof(struct store_frame) + 64, ARENA_LAZY,
		e) == -1)
		return (-1);
	b->mask.ends = arena_take(&slot->records, MASK_BATCH_RECORDS * sizeof(uint32_t));
	b->part.leaves = arena_take(&slot->records, MASK_BATCH_RECORDS * SEAL_HASH_BYTES);
	b->mask.records = arena_take(&slot->records, SLOT_RECORDS_BYTES);
	if (seals) {
		b->part.frames = arena_take(&slot->packed, frames * sizeof(struct store_frame));
		b->part.packed = arena_take(&slot->packed, packed);
	}
	slot->raw = arena_take(&s->raw, SLOT_RAW_BYTES);
	slot->context = arena_take(&s->raw, INPUT_CONTEXT_BYTES);
	if (seals && s->p->tally && tally_batch_open(&b->mask.tally, e) == -1)
		return (-1);
	if (s->p->learn || s->p->mode == PIPELINE_LEARN)
		return (mask_candidates_open(&b->mask.learn, e));
	return (0);
}

/*
 * Who only masks needs one to read into, one to write from and one a worker: the fewer they
 * are, the more of them is still in the processor's cache when it comes round again.
 */
static size_t
slots_wanted(const struct pipeline *p)
{
	size_t few = (size_t)p->jobs + 2;

	return (p->mode == PIPELINE_SEAL || few > PIPELINE_SLOTS ? PIPELINE_SLOTS : few);
}

int
app_slots_open(struct shared *s, struct err *e)
{
	s->slot_count = slots_wanted(s->p);
	if (arena_open(&s->raw, s->slot_count * (SLOT_SECRET_BYTES + 32), ARENA_SECRET, e) == -1)
		return (-1);
	s->p->unlocked = !s->raw.locked;
	for (size_t i = 0; i < s->slot_count; i++)
		if (slot_open(&s->slots[i], s, e) == -1)
			return (-1);
	return (0);
}

void
app_slots_close(struct shared *s)
{
	for (size_t i = 0; i < s->slot_count; i++) {
		mask_candidates_close(s->slots[i].batch.mask.learn);
		tally_batch_close(s->slots[i].batch.mask.tally);
		arena_close(&s->slots[i].records);
		arena_close(&s->slots[i].packed);
	}
	arena_close(&s->raw);
}

int
app_worker_open(struct worker *w, struct shared *s, struct err *e)
{
	size_t salts = (size_t)MASK_BATCH_RECORDS * 16;

	memset(w, 0, sizeof(*w));
	w->shared = s;
	if (mask_open(s->p->setup, &w->mask, e) == -1)
		return (-1);
	if (s->p->mode != PIPELINE_SEAL)
		return (0);
	if (store_compressor_open(1, &w->compressor, e) == -1 ||
	    arena_open(&w->memory, salts + SEAL_SALTS_MEMORY(MASK_BATCH_RECORDS) + 64, ARENA_PLAIN,
		e) == -1)
		return (-1);
	w->salts = arena_take(&w->memory, salts);
	w->salt_memory = arena_take(&w->memory, SEAL_SALTS_MEMORY(MASK_BATCH_RECORDS));
	return (0);
}

void
app_worker_close(struct worker *w)
{
	mask_close(w->mask);
	store_compressor_close(w->compressor);
	arena_close(&w->memory);
}
