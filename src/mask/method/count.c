/*
 * mask: what batches add up to, and whom it is counted for.
 *
 * A subject is counted by keyed hashes of its canonical value under keys of
 * the day, week and month; they are in no record and go with these keys.
 */
#include <string.h>

#include "crypto/stream/short.h"
#include "mask/inside.h"
#include "mask/method/count.h"

/*
 * By the day, and by its key: who has no key cannot tell, and once it is
 * destroyed nobody can.  Not the hash itself, so that who sees one does not know either.
 */
static enum tally_sampled
sampled(const struct mask *m, const unsigned char *key, uint64_t hash)
{
	uint64_t below = UINT64_MAX / 100 * m->policy->sample;
	char bytes[16] = "sample\0";

	if (m->policy->sample == 0)
		return (TALLY_NO_SAMPLE);
	memcpy(bytes + 8, &hash, sizeof(hash));
	return (crypto_short(key, span_of(bytes, sizeof(bytes))) < below ? TALLY_SAMPLED_IN :
									   TALLY_SAMPLED_OUT);
}

void
mask_count_subject(struct mask *m, enum mask_slot slot, struct span value)
{
	struct tally_batch *tally = m->batch == NULL ? NULL : m->batch->tally;
	uint64_t local = m->subject_hash + slot;
	struct tally_subject subject;

	m->who = -1;
	if (tally == NULL || !m->subject_known ||
	    (m->who = tally_batch_who(tally, local, m->record.time_us)) != -1)
		return;
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		const unsigned char *key =
		    mask_keys_subject(m->keys, (enum key_period)p, m->index[p]);

		if (key == NULL)
			return;
		subject.epoch[p] = m->index[p];
		/* What is no address is never equal to one. */
		subject.hash[p] = crypto_short(key, value) ^ (uint64_t)slot << 8;
		if (p == KEY_DAY)
			subject.sampled = sampled(m, key, subject.hash[p]);
	}
	m->who = tally_batch_meet(tally, local, m->record.time_us, &subject);
}

void
mask_count_record(struct mask *m, enum tally_part part, struct span line)
{
	int who = m->subject_known ? m->who : -1;
	const struct record *r = &m->record;
	struct record kept;

	if (m->batch->tally == NULL)
		return;
	/* Each record is added, in their order: a batch counts them. */
	if (part == TALLY_RECORD && m->encoder.tight &&
	    record_decode(&m->decoder, line, &kept, NULL) == 0)
		r = &kept;
	tally_batch_add(m->batch->tally, r, part, who);
}
