/* app: what is given to the thread that counts. */
#include <string.h>

#include "app/tally/inside.h"

/* The next free place; NULL: there is none, and who gives does not wait.  Under the lock. */
static struct item *
take_place(struct app_counter *c, bool waits)
{
	while (c->count == c->places && waits)
		pthread_cond_wait(&c->to_giver, &c->lock);
	if (c->count == c->places)
		return (NULL);
	return (&c->items[(c->first + c->count) % c->places]);
}

/* The number of what was given. */
static uint64_t
give(struct app_counter *c)
{
	c->count++;
	pthread_cond_signal(&c->to_thread);
	return (++c->given);
}

/* The lines of records that a full batch does not hold; none of another. */
static struct span
late_lines(const struct tally_batch *b, struct span lines, const uint32_t *ends)
{
	uint32_t held = tally_batch_records(b);

	if (!tally_batch_full(b))
		return (span_of("", 0));
	return (held == 0 ? lines : span_from(lines, ends[held - 1]));
}

/* Where who gives does not wait, a copy is taken; false: no room. */
static bool
take_lines(struct app_counter *c, struct item *item, struct span lines)
{
	char *copy;

	if (!c->how.waits && lines.len > 0) {
		if ((copy = arena_take(&c->copies, lines.len)) == NULL)
			return (false);
		c->copy_count++;
		lines.ptr = memcpy(copy, lines.ptr, lines.len);
	}
	item->lines = lines;
	return (true);
}

void
app_counter_put_back(struct app_counter *c, struct item *item)
{
	if (!c->how.waits && item->lines.len > 0 && --c->copy_count == 0) {
		arena_reset(&c->copies);
		arena_trim(&c->copies, 0);
	}
	item->lines = span_of("", 0);
}

/* What is given later is counted from the segment, too. */
static void
lose(struct app_counter *c)
{
	c->lost = c->lost_batch = true;
	pthread_cond_signal(&c->to_thread);
}

void
app_counter_add(struct app_counter *c, struct tally_batch **b, struct span lines,
    const uint32_t *ends, uint64_t records)
{
	struct tally_batch *batch = *b;
	bool full = tally_batch_full(batch);
	struct item *item;
	uint64_t mine;

	if (c == NULL || !c->started || tally_batch_empty(batch))
		return;
	pthread_mutex_lock(&c->lock);
	if ((item = take_place(c, c->how.waits)) == NULL ||
	    !take_lines(c, item, late_lines(batch, lines, ends))) {
		lose(c);
		pthread_mutex_unlock(&c->lock);
		tally_batch_clear(batch);
		return;
	}
	*b = item->batch;
	item->kind = ADD;
	item->batch = batch;
	item->records = records;
	mine = give(c);
	/* Lines are the giver's: it waits until they are counted. */
	while (c->how.waits && full && c->served < mine)
		pthread_cond_wait(&c->to_giver, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

/* Where nobody waits and there is no room: whatever it was, all is behind until lost_seal. */
static void
give_kind(struct app_counter *c, enum kind kind, uint64_t segment, const unsigned char *origin)
{
	struct item *item;

	pthread_mutex_lock(&c->lock);
	if ((item = take_place(c, c->how.waits)) == NULL) {
		c->lost = true;
		c->lost_batch = kind != SEAL;
		c->lost_seal = segment;
		pthread_cond_signal(&c->to_thread);
	} else {
		item->kind = kind;
		item->segment = segment;
		if (origin != NULL)
			memcpy(item->origin, origin, sizeof(item->origin));
		(void)give(c);
	}
	pthread_mutex_unlock(&c->lock);
}

void
app_counter_reopen(struct app_counter *c, uint64_t segments)
{
	if (c != NULL && c->started)
		give_kind(c, REOPEN, segments, NULL);
}

void
app_counter_seal(struct app_counter *c, uint64_t segment)
{
	if (c != NULL && c->started)
		give_kind(c, SEAL, segment, NULL);
}

void
app_counter_import_ends(struct app_counter *c, const unsigned char *origin)
{
	if (c != NULL && c->started)
		give_kind(c, IMPORT_ENDS, 0, origin);
}

void
app_counter_keys(struct app_counter *c, const struct key_ring *ring)
{
	struct key_ring_facts facts;

	if (c == NULL || !c->started)
		return;
	key_ring_describe(ring, &facts);
	if (facts.epoch_count > KEYS_MAX)
		return;
	pthread_mutex_lock(&c->lock);
	c->keys.count = facts.epoch_count;
	for (size_t i = 0; i < facts.epoch_count; i++)
		key_ring_times(ring, i, &c->keys.list[i]);
	c->keys_changed = true;
	pthread_cond_signal(&c->to_thread);
	pthread_mutex_unlock(&c->lock);
}
