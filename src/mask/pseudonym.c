#include "mask/pseudonym.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "crypto/random.h"
#include "mask/inside.h"
#include "mask/words/inside.h"

static void
print_mac(const char *prefix, const unsigned char mac[static 32], char out[static MASK_TOKEN_BYTES])
{
	out[0] = prefix[0];
	out[1] = prefix[1];
	out[2] = '.';
	(void)text_base32(out + 3, mac, MASK_TOKEN_RAW);
}

void
mask_token_print(const struct crypto_hmac_key *key, const char *prefix, struct span value,
    char out[static MASK_TOKEN_BYTES])
{
	unsigned char mac[32];

	crypto_hmac(key, value.ptr, value.len, mac);
	print_mac(prefix, mac, out);
}

/* A length that does not fit 16 bits is written as the largest that does. */
static void
frame(unsigned char out[static 2], size_t len)
{
	uint16_t n = len > UINT16_MAX ? UINT16_MAX : (uint16_t)len;

	out[0] = (unsigned char)(n >> 8);
	out[1] = (unsigned char)n;
}

void
mask_token_print_bound(const struct crypto_hmac_key *key, const char *prefix, struct span subject,
    struct span position, struct span value, char out[static MASK_TOKEN_BYTES])
{
	const struct span given[3] = { subject, position, value };
	unsigned char small[256], mac[32];
	size_t len = 0;

	if (subject.len + position.len + value.len + 6 <= sizeof(small)) {
		for (int i = 0; i < 3; i++) {
			frame(small + len, given[i].len);
			len += 2;
			if (given[i].len > 0)
				memcpy(small + len, given[i].ptr, given[i].len);
			len += given[i].len;
		}
		crypto_hmac(key, small, len, mac);
	} else {
		unsigned char lens[3][2];
		struct span parts[6];

		for (int i = 0; i < 3; i++) {
			frame(lens[i], given[i].len);
			parts[2 * i] = span_of((const char *)lens[i], 2);
			parts[2 * i + 1] = given[i];
		}
		crypto_hmac_parts(key, parts, 6, mac);
	}
	print_mac(prefix, mac, out);
}

/* ---- with the state of a mask ---- */

static void
note_epoch(struct mask *m, enum record_class c, int64_t index)
{
	if (m->noted[c] == index)
		return;
	mask_epochs_add(&m->batch->epochs, c, index);
	m->noted[c] = index;
}

/* The key of the line's epoch, whose use is noted in the batch. */
static const struct crypto_hmac_key *
key_of_line(struct mask *m, enum mask_slot slot)
{
	enum record_class c = mask_slot_class(slot);
	int64_t index = m->index[m->policy->epoch[c]];
	const struct crypto_hmac_key *key = mask_keys_get(m->keys, slot, index);

	if (key != NULL)
		note_epoch(m, c, index);
	return (key);
}

static inline bool
is_noted(const struct mask *m, enum record_class c)
{
	return (m->noted[c] == m->index[m->policy->epoch[c]]);
}

static uint64_t
line_salt(const struct mask *m, enum mask_slot slot)
{
	uint64_t index = (uint64_t)m->index[m->policy->epoch[mask_slot_class(slot)]];

	return ((index * MASK_SLOT_COUNT + (uint64_t)slot + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static struct mask_token_slot *
token_slot(const struct mask *m, uint64_t hash)
{
	return (&m->tokens[hash & (MASK_TOKENS - 1)]);
}

static inline void
print_prefix(char out[static MASK_TOKEN_BYTES], enum record_class c)
{
	out[0] = record_classes[c].prefix[0];
	out[1] = record_classes[c].prefix[1];
	out[2] = '.';
}

/* A token noted before may be reused only if its epoch is noted, too. */
static bool
recall(struct mask *m, enum mask_slot slot, const uint64_t key[static 2],
    char out[static MASK_TOKEN_BYTES])
{
	const struct mask_token_slot *at = token_slot(m, key[0]);
	enum record_class c = mask_slot_class(slot);

	if (at->key[0] != key[0] || at->key[1] != key[1] ||
	    (!is_noted(m, c) && key_of_line(m, slot) == NULL))
		return (false);
	print_prefix(out, c);
	memcpy(out + 3, at->text, sizeof(at->text));
	return (true);
}

static void
remember(struct mask *m, const uint64_t key[static 2], const char token[static MASK_TOKEN_BYTES])
{
	struct mask_token_slot *at = token_slot(m, key[0]);

	at->key[0] = key[0];
	at->key[1] = key[1];
	at->counted_by = 0;
	memcpy(at->text, token + 3, sizeof(at->text));
}

void
mask_token_ahead(struct mask *m, enum mask_slot slot, struct span value)
{
	m->at->peer_ahead.raw = value;
	hash_wide(value, m->seed, line_salt(m, slot), m->at->peer_ahead.key);
	__builtin_prefetch(token_slot(m, m->at->peer_ahead.key[0]));
}

const struct mask_token_slot *
mask_token_peek(const struct mask *m)
{
	const struct mask_ahead *ahead = &m->at->peer_ahead;
	const struct mask_token_slot *at = token_slot(m, ahead->key[0]);

	return (ahead->raw.ptr != NULL && at->key[0] == ahead->key[0] &&
		    at->key[1] == ahead->key[1] ?
		at :
		NULL);
}

struct mask_token_slot *
mask_token_kept(
    struct mask *m, enum mask_slot slot, struct span value, char out[static MASK_TOKEN_BYTES])
{
	const struct crypto_hmac_key *mac;
	uint64_t key[2];

	if (slot == MASK_SLOT_PEER && value.ptr == m->at->peer_ahead.raw.ptr)
		memcpy(key, m->at->peer_ahead.key, sizeof(key));
	else
		hash_wide(value, m->seed, line_salt(m, slot), key);
	if (!recall(m, slot, key, out)) {
		if ((mac = key_of_line(m, slot)) == NULL)
			return (NULL);
		mask_token_print(mac, record_classes[mask_slot_class(slot)].prefix, value, out);
		remember(m, key, out);
	}
	return (token_slot(m, key[0]));
}

bool
mask_token(
    struct mask *m, enum mask_slot slot, struct span value, char out[static MASK_TOKEN_BYTES])
{
	const struct crypto_hmac_key *mac;

	/* Sessions are many and come from few clients at a time, requests come once. */
	if (slot != MASK_SLOT_SESSION && slot != MASK_SLOT_JOIN)
		return (mask_token_kept(m, slot, value, out) != NULL);
	if ((mac = key_of_line(m, slot)) == NULL)
		return (false);
	mask_token_print(mac, record_classes[mask_slot_class(slot)].prefix, value, out);
	return (true);
}

bool
mask_prefix(struct mask *m, enum mask_slot slot, struct span address, unsigned bits,
    unsigned char out[static 16])
{
	enum record_class c = mask_slot_class(slot);
	int64_t index = m->index[m->policy->epoch[c]];
	const struct crypto_prefix_key *key = mask_keys_prefix(m->keys, slot, index);
	struct mask_token_slot *at;
	uint64_t hash[2];

	if (key == NULL)
		return (false);
	note_epoch(m, c, index);
	hash_wide(address, m->seed, line_salt(m, slot), hash);
	at = token_slot(m, hash[0]);
	if (at->key[0] != hash[0] || at->key[1] != hash[1]) {
		crypto_prefix(key, (const unsigned char *)address.ptr, (unsigned)address.len, bits,
		    (unsigned char *)at->text);
		memcpy(at->key, hash, sizeof(at->key));
		at->counted_by = 0;
	}
	memcpy(out, at->text, sizeof(at->text));
	return (true);
}

/* Nothing to bind to: a token that is never seen again. */
static void
print_fresh(struct mask *m, const struct crypto_hmac_key *mac, const char *prefix,
    char out[static MASK_TOKEN_BYTES])
{
	char place[32];
	uint64_t batch = m->batch->number;
	uint32_t numbers[2] = { m->line_number, m->fresh_count++ };

	mask_words_nonce(m->words, (unsigned char *)place);
	for (int i = 0; i < 8; i++)
		place[16 + i] = (char)(batch >> (56 - 8 * i));
	for (int i = 0; i < 8; i++)
		place[24 + i] = (char)(numbers[i / 4] >> (24 - 8 * (i % 4)));
	mask_token_print_bound(
	    mac, prefix, span_of("fresh", 5), span_of(place, sizeof(place)), span_of(NULL, 0), out);
}

bool
mask_token_bound(struct mask *m, enum mask_slot slot, struct span position, struct span value,
    char out[static MASK_TOKEN_BYTES])
{
	const struct crypto_hmac_key *mac = key_of_line(m, slot);
	const char *prefix = record_classes[mask_slot_class(slot)].prefix;
	struct span subject = span_of(m->subject, MASK_TOKEN_BYTES);

	if (mac == NULL)
		return (false);
	if (slot == MASK_SLOT_PATH && m->policy->path_token_shared)
		subject = span_of(NULL, 0);
	else if (!m->subject_known) {
		m->effects.cacheable = false;
		print_fresh(m, mac, prefix, out);
		return (true);
	}
	mask_token_print_bound(mac, prefix, subject, position, value, out);
	return (true);
}

/* ---- what may come later ---- */

size_t
mask_token_tail(struct span position, struct span value, char *out, size_t size)
{
	unsigned char *at = (unsigned char *)out;

	if (position.len + value.len + 4 > size)
		return (0);
	frame(at, position.len);
	memcpy(at + 2, position.ptr, position.len);
	at += 2 + position.len;
	frame(at, value.len);
	if (value.len > 0)
		memcpy(at + 2, value.ptr, value.len);
	return (position.len + value.len + 4);
}

bool
mask_token_later(
    struct mask *m, enum mask_slot slot, struct span value, char out[static MASK_TOKEN_BYTES])
{
	enum record_class c = mask_slot_class(slot);
	const struct crypto_hmac_key *key = key_of_line(m, slot);
	unsigned char *block;

	if (key == NULL)
		return (false);
	if (value.len > CRYPTO_HMAC_SHORT_BYTES) {
		mask_token_print(key, record_classes[c].prefix, value, out);
		return (true);
	}
	print_prefix(out, c);
	block = mask_pending_add(m, key, out + 3);
	if (value.len > 0)
		memcpy(block, value.ptr, value.len);
	crypto_hmac_pad(block, value.len);
	mask_pending_added(m);
	return (true);
}

#define SUBJECT_FRAMED (2 + MASK_TOKEN_BYTES)
#define TAIL_SHORT (CRYPTO_HMAC_SHORT_BYTES - SUBJECT_FRAMED)
#define TAIL_LONG (TAIL_SHORT + 64)

/* A window into it keeps the first bytes of a tail and clears the rest. */
static const unsigned char tail_mask[2 * MASK_TAIL_SLACK] =
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";

/* Sixteen bytes of the tail from at on, cleared behind its end. */
static inline void
put_tail(unsigned char *block, struct span tail, size_t at)
{
	typedef unsigned char sixteen __attribute__((vector_size(16)));
	sixteen bytes, mask;

	memcpy(&bytes, tail.ptr + at, sizeof(bytes));
	memcpy(&mask, tail_mask + MASK_TAIL_SLACK - tail.len + at, sizeof(mask));
	bytes &= mask;
	memcpy(block + SUBJECT_FRAMED + at, &bytes, sizeof(bytes));
}

/* len | subject | tail, padded; nothing that is written here is read here, which would wait. */
static inline void
bound_block(
    const char subject[static MASK_TOKEN_BYTES], struct span tail, unsigned char block[static 64])
{
	size_t bits = (64 + SUBJECT_FRAMED + tail.len) * 8;

	block[0] = 0;
	block[1] = MASK_TOKEN_BYTES;
	memcpy(block + 2, subject, MASK_TOKEN_BYTES);
	put_tail(block, tail, 0);
	put_tail(block, tail, 16);
	put_tail(block, tail, 64 - SUBJECT_FRAMED - 16);
	block[SUBJECT_FRAMED + tail.len] = 0x80;
	block[62] = (unsigned char)(bits >> 8);
	block[63] = (unsigned char)bits;
}
_Static_assert(64 - SUBJECT_FRAMED <= MASK_TAIL_SLACK && 64 - SUBJECT_FRAMED >= 32,
    "three steps cover the block and stay in the slack");

/* What no block holds: long tails, shared tokens, lines without a subject. */
static void
print_odd(struct mask *m, enum mask_slot slot, const struct crypto_hmac_key *key, struct span tail,
    char out[static MASK_TOKEN_BYTES])
{
	const char *prefix = record_classes[mask_slot_class(slot)].prefix;
	bool shared = slot == MASK_SLOT_PATH && m->policy->path_token_shared;
	unsigned char mac[32], len[2] = { 0, shared ? 0 : MASK_TOKEN_BYTES };
	const struct span parts[3] = { span_of((const char *)len, 2),
		span_of(m->subject, shared ? 0 : MASK_TOKEN_BYTES), tail };

	if (!shared && !m->subject_known) {
		m->effects.cacheable = false;
		print_fresh(m, key, prefix, out);
		return;
	}
	crypto_hmac_parts(key, parts, 3, mac);
	print_mac(prefix, mac, out);
}

/* A tail that needs a block more: the first is absorbed at once, the second waits as others do. */
static __attribute__((noinline)) void
bound_long(struct mask *m, const struct crypto_hmac_key *key, struct span tail, char *out)
{
	unsigned char both[2 * 64] = { 0, MASK_TOKEN_BYTES }, *block;
	size_t bits = (64 + SUBJECT_FRAMED + tail.len) * 8; /* the key's block counts */

	memcpy(both + 2, m->subject, MASK_TOKEN_BYTES);
	memcpy(both + SUBJECT_FRAMED, tail.ptr, tail.len);
	both[SUBJECT_FRAMED + tail.len] = 0x80;
	both[sizeof(both) - 2] = (unsigned char)(bits >> 8);
	both[sizeof(both) - 1] = (unsigned char)bits;
	block = mask_pending_add(m, key, out);
	mask_pending_before(m, both);
	memcpy(block, both + 64, 64);
	crypto_wipe(both, sizeof(both));
	mask_pending_added(m);
}

bool
mask_token_bound_later(
    struct mask *m, enum mask_slot slot, struct span tail, char out[static MASK_TOKEN_BYTES])
{
	const struct crypto_hmac_key *key = key_of_line(m, slot);

	if (key == NULL)
		return (false);
	if (!m->subject_known || tail.len > TAIL_LONG ||
	    (slot == MASK_SLOT_PATH && m->policy->path_token_shared)) {
		print_odd(m, slot, key, tail, out);
		return (true);
	}
	print_prefix(out, mask_slot_class(slot));
	if (tail.len > TAIL_SHORT) {
		bound_long(m, key, tail, out + 3);
		return (true);
	}
	bound_block(m->subject, tail, mask_pending_add(m, key, out + 3));
	mask_pending_added(m);
	return (true);
}
