/* who: the subjects of a batch have numbers in it. */
#include "tally/alike.h"

static inline uint32_t
first_who_slot(const struct tally_batch *b, uint64_t local)
{
	return ((uint32_t)((local ^ b->seed[0]) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
	    TALLY_WHO_SLOTS);
}

void
tally_batch_who_ahead(const struct tally_batch *b, uint64_t local, unsigned last)
{
	if (last < b->who_count)
		__builtin_prefetch(&b->locals[last]);
	__builtin_prefetch(&b->who_slots[first_who_slot(b, local)], 1);
}

/* Where the subject of a day stands, or would. */
static uint32_t
who_slot(const struct tally_batch *b, uint64_t local)
{
	uint32_t at = first_who_slot(b, local);

	for (; b->who_slots[at] != 0; at = (at + 1) % TALLY_WHO_SLOTS) {
		const struct tally_local *w = &b->locals[b->who_slots[at] - 1];

		if (w->local == local && w->day == b->day)
			break;
	}
	return (at);
}

int
tally_batch_who(struct tally_batch *b, uint64_t local, int64_t time_us, unsigned last)
{
	tally_batch_see(b, time_us);
	if (last < b->who_count && b->locals[last].local == local && b->locals[last].day == b->day)
		return ((int)last);
	return (b->who_slots[who_slot(b, local)] - 1);
}

int
tally_batch_meet(
    struct tally_batch *b, uint64_t local, int64_t time_us, const struct tally_subject *subject)
{
	struct tally_who *w = &b->who[b->who_count];
	uint32_t at;

	tally_batch_see(b, time_us);
	at = who_slot(b, local);
	if (b->who_slots[at] != 0 || b->who_count == TALLY_WHO)
		return (b->who_slots[at] - 1);
	b->locals[b->who_count] =
	    (struct tally_local){ .local = local, .day = b->day, .sampled = subject->sampled };
	w->hour = b->hour;
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		w->hash[p] = subject->hash[p];
		w->epoch[p] = (int32_t)subject->epoch[p];
		b->mixed = b->mixed || w->epoch[p] != b->who[0].epoch[p];
	}
	b->who_slots[at] = (uint16_t)++b->who_count;
	return ((int)b->who_count - 1);
}

void
tally_entry_note(struct tally_batch *b, struct tally_entry *entry, int who)
{
	unsigned count = entry->who_count;

	if (who < 0 || count == TALLY_SUBJECTS_MANY)
		return;
	for (unsigned i = 0; i < count; i++)
		if (tally_entry_who(b, entry, i) == (unsigned)who)
			return;
	if (count < TALLY_ENTRY_WHO)
		entry->who[count] = (uint16_t)who;
	else if (count < TALLY_SUBJECTS_MAX)
		b->more[entry - b->entries].who[count - TALLY_ENTRY_WHO] = (uint16_t)who;
	entry->who_count++;
}
