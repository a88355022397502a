/* app: the reader and the workers. */
#include <sys/prctl.h>

#include <string.h>

#include "app/pipeline_slot.h"
#include "crypto/random.h"
#include "store/store.h"

/*
 * Thread names say what a thread may do: one called "cr-..." calls no
 * allocator, and tests/e2e/test_allocations.py holds it to that.
 */
static void
name_thread(const char *name)
{
	(void)prctl(PR_SET_NAME, name);
}

/* ---- workers ---- */

static void
task_mask(struct worker *w, struct slot *slot)
{
	struct mask_batch *b = &slot->batch.mask;

	if (b->learn != NULL)
		mask_candidates_reset(b->learn);
	if (b->tally != NULL)
		tally_batch_clear(b->tally);
	if (w->shared->p->mode == PIPELINE_LEARN)
		mask_batch_learn(w->mask, b);
	else
		mask_batch(w->mask, b);
	crypto_wipe(slot->raw, b->lines.len);
}

static void
task_pack(struct worker *w, struct pipeline_batch *b)
{
	struct store_part *part = &b->part;

	part->lines = b->mask.records;
	part->ends = b->mask.ends;
	part->count = b->mask.record_count;
	seal_salts(b->seed, b->first, part->count, w->salts, w->salt_memory);
	seal_leaves(part->lines, part->ends, part->count, (const unsigned char(*)[16])w->salts,
	    part->leaves);
	store_compress(w->compressor, part);
}

/*
 * The oldest batch that waits for a worker, so that the writer never waits
 * for a later one; NULL if there is none.
 */
static struct slot *
find_work(struct shared *s)
{
	struct slot *found = NULL;

	for (size_t i = 0; i < s->slot_count; i++) {
		struct slot *slot = &s->slots[i];

		if ((slot->state == SLOT_READ || slot->state == SLOT_PLACED) &&
		    (found == NULL || slot->batch.mask.number < found->batch.mask.number))
			found = slot;
	}
	return (found);
}

void *
app_worker_main(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->shared;
	struct slot *slot;
	bool masks;

	name_thread("cr-work");
	pthread_mutex_lock(&s->lock);
	while (!s->quit) {
		if ((slot = find_work(s)) == NULL) {
			pthread_cond_wait(&s->to_workers, &s->lock);
			continue;
		}
		masks = slot->state == SLOT_READ;
		slot->state = masks ? SLOT_MASKING : SLOT_PACKING;
		pthread_mutex_unlock(&s->lock);
		if (masks)
			task_mask(w, slot);
		else
			task_pack(w, &slot->batch);
		pthread_mutex_lock(&s->lock);
		slot->state = masks && s->p->mode == PIPELINE_SEAL ? SLOT_MASKED : SLOT_DONE;
		pthread_cond_signal(&s->to_writer);
	}
	pthread_mutex_unlock(&s->lock);
	return (NULL);
}

/* ---- reader ---- */

/* Wait for the next slot in order; NULL when told to stop. */
static struct slot *
wait_free(struct shared *s)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = &s->slots[s->read_count % s->slot_count];
	while (slot->state != SLOT_FREE && !s->stop)
		pthread_cond_wait(&s->to_reader, &s->lock);
	if (s->stop)
		slot = NULL;
	pthread_mutex_unlock(&s->lock);
	return (slot);
}

static void
hand_over(struct shared *s, struct slot *slot, const struct input_batch *in, struct span tail,
    size_t source)
{
	struct pipeline_batch *b = &slot->batch;

	if (s->p->fingerprint_key != NULL)
		store_fingerprint(s->p->fingerprint_key, tail, b->tail);
	b->source = source;
	b->at = in->at;
	b->read = in->read;
	b->end = in->end && !in->unfinished;
	b->unfinished = in->unfinished;
	b->mask.lines = span_of(in->bytes, in->len);
	b->mask.dropped = in->dropped;
	b->mask.dropped_lines = in->dropped_lines;
	b->mask.item = in->item;
	b->mask.read = in->read;
	pthread_mutex_lock(&s->lock);
	b->mask.number = s->read_count++;
	slot->state = SLOT_READ;
	pthread_cond_broadcast(&s->to_workers);
	pthread_mutex_unlock(&s->lock);
}

/* What the lines of the next batch are read by: when, and a line before them. */
static void
take_context(struct slot *slot, const struct input *in)
{
	struct span context = input_context(in);

	slot->batch.mask.written_us = input_written_us(in);
	if (context.len > 0)
		memcpy(slot->context, context.ptr, context.len);
	slot->batch.mask.context = span_of(slot->context, context.len);
}

/* One source to its end.  0, 1 when told to stop, -1 with e. */
static int
read_source(struct shared *s, struct input *in, size_t source, struct err *e)
{
	struct input_batch batch;
	struct slot *slot;

	do {
		if ((slot = wait_free(s)) == NULL)
			return (1);
		memset(&batch, 0, sizeof(batch));
		batch.bytes = slot->raw;
		take_context(slot, in);
		if (input_read(in, s->p->setup->line_max, &batch, e) == -1)
			return (err_in(e, "%s", s->p->name(s->p->next_arg, source)));
		if (batch.len > 0 || batch.end)
			hand_over(s, slot, &batch, input_tail(in), source);
	} while (!batch.end);
	return (0);
}

void *
app_reader_main(void *arg)
{
	struct shared *s = arg;
	struct input *in;
	struct err e = { ERR_NONE, "" };
	int rc = 0;

	for (size_t source = 0; rc == 0; source++) {
		in = NULL;
		name_thread("open"); /* a source takes all its memory here */
		if ((rc = s->p->next(s->p->next_arg, &in, &e)) == -1 || in == NULL)
			break;
		name_thread("cr-read");
		rc = read_source(s, in, source, &e);
		input_close(in);
	}
	pthread_mutex_lock(&s->lock);
	s->read_end = true;
	s->stopped = rc == -1 && e.code == ERR_INCOMPLETE;
	if (rc == -1 && !s->stopped) {
		s->input_failed = true;
		s->input_error = e;
	}
	pthread_cond_signal(&s->to_writer);
	pthread_mutex_unlock(&s->lock);
	return (NULL);
}
