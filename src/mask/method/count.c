/*
 * mask: what batches add up to, and whom it is counted for.
 *
 * A subject is counted by keyed hashes of its canonical value under keys of
 * the day, week and month; they are in no record and go with these keys.
 */
#include <string.h>

#include "crypto/random.h"
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
mask_count_epochs(struct mask *m)
{
	if (++m->index_number == 0) { /* they were all used up: none of them means anything now */
		crypto_wipe(m->tokens, MASK_TOKENS * sizeof(*m->tokens));
		m->index_number = 1;
	}
}

void
mask_count_text(struct mask *m, struct tally_text *given, struct span text)
{
	given->mark = m->from == NULL ? NULL : &m->from->mark;
	given->text = text;
	if (given->mark != NULL && m->batch->tally != NULL)
		tally_batch_text_ahead(m->batch->tally, *given->mark);
}

void
mask_count_ahead(struct mask *m)
{
	const struct mask_token_slot *kept = mask_token_peek(m);

	if (m->batch->tally != NULL && kept != NULL && kept->counted_by == m->index_number)
		tally_batch_who_ahead(m->batch->tally, kept->counted[KEY_DAY], kept->who);
}

/*
 * Of an IPv6 address its /64: one host has as many addresses there as it likes (RFC 8981), and
 * must not pass for ten.  Not of one behind a NAT64: there all of IPv4 is one /64, 64:ff9b::.
 */
static struct span
subject_of(enum mask_slot slot, struct span value)
{
	static const char nat64[8] = { 0, 0x64, (char)0xff, (char)0x9b };

	if (slot != MASK_SLOT_PEER || value.len != 16 ||
	    span_starts(value, span_of(nat64, sizeof(nat64))))
		return (value);
	return (span_of(value.ptr, 8));
}

/* What it is counted by, under the keys of the line; false: there is none of one of them. */
static bool
compute(struct mask *m, enum mask_slot slot, struct span value, struct mask_token_slot *kept)
{
	struct span subject = subject_of(slot, value);

	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		const unsigned char *key =
		    mask_keys_subject(m->keys, (enum key_period)p, m->index[p]);

		if (key == NULL)
			return (false);
		/* What is no address is never equal to one. */
		kept->counted[p] = crypto_short(key, subject) ^ (uint64_t)slot << 8;
		if (p == KEY_DAY)
			kept->sampled = (uint8_t)sampled(m, key, kept->counted[p]);
	}
	kept->counted_by = m->index_number;
	return (true);
}

void
mask_count_subject(
    struct mask *m, enum mask_slot slot, struct span value, struct mask_token_slot *kept)
{
	struct tally_batch *tally = m->batch == NULL ? NULL : m->batch->tally;
	struct tally_subject subject;

	m->given.who = -1;
	if (tally == NULL || kept == NULL ||
	    (kept->counted_by != m->index_number && !compute(m, slot, value, kept)))
		return;
	m->given.who = tally_batch_who(tally, kept->counted[KEY_DAY], m->record.time_us, kept->who);
	if (m->given.who == -1) {
		for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
			subject.epoch[p] = m->index[p];
			subject.hash[p] = kept->counted[p];
		}
		subject.sampled = (enum tally_sampled)kept->sampled;
		m->given.who =
		    tally_batch_meet(tally, kept->counted[KEY_DAY], m->record.time_us, &subject);
	}
	if (m->given.who != -1)
		kept->who = (uint16_t)m->given.who;
}

void
mask_count_record(struct mask *m, enum tally_part part, struct span line)
{
	const struct record *r = &m->record;
	struct record kept;

	if (m->batch->tally == NULL)
		return;
	if (!m->subject_known)
		m->given.who = -1;
	/* Each record is added, in their order: a batch counts them. */
	if (part == TALLY_RECORD && m->encoder.tight &&
	    record_decode(&m->decoder, line, &kept, NULL) == 0)
		r = &kept;
	tally_batch_add(m->batch->tally, r, part, &m->given);
}
