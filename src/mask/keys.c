/* mask: the keys of the classes, epoch by epoch. */
#include <string.h>

#include "crypto/random.h"
#include "mask/inside.h"
#include "mask/method/count.h"

#define KEYSETS 8 /* of each period: neighbours in time do not evict each other */

static const struct {
	enum record_class class_id;
	const char *trust;
} slots[MASK_SLOT_COUNT] = {
	[MASK_SLOT_PEER] = { RECORD_CLASS_IP_PEER, "peer" },
	[MASK_SLOT_PEER_LIKE] = { RECORD_CLASS_IP_PEER, "like" },
	[MASK_SLOT_PEER_NAME] = { RECORD_CLASS_IP_PEER, "name" },
	[MASK_SLOT_PEER_PREFIX] = { RECORD_CLASS_IP_PEER, "prefix" },
	[MASK_SLOT_FWD] = { RECORD_CLASS_IP_FWD, "header" },
	[MASK_SLOT_FWD_LIKE] = { RECORD_CLASS_IP_FWD, "like" },
	[MASK_SLOT_FWD_NAME] = { RECORD_CLASS_IP_FWD, "name" },
	[MASK_SLOT_FWD_PREFIX] = { RECORD_CLASS_IP_FWD, "prefix" },
	[MASK_SLOT_USER_AUTH] = { RECORD_CLASS_USER_AUTH, "auth" },
	[MASK_SLOT_USER_CLAIM] = { RECORD_CLASS_USER_CLAIM, "claim" },
	[MASK_SLOT_EMAIL] = { RECORD_CLASS_EMAIL, "peer" },
	[MASK_SLOT_DEVICE] = { RECORD_CLASS_DEVICE, "peer" },
	[MASK_SLOT_SESSION] = { RECORD_CLASS_SESSION, "peer" },
	[MASK_SLOT_PATH] = { RECORD_CLASS_PATH, "peer" },
	[MASK_SLOT_PARAM] = { RECORD_CLASS_PARAM, "peer" },
	[MASK_SLOT_HOST] = { RECORD_CLASS_HOST, "peer" },
	[MASK_SLOT_SERVER] = { RECORD_CLASS_SERVER, "peer" },
	[MASK_SLOT_AGENT] = { RECORD_CLASS_AGENT, "peer" },
	[MASK_SLOT_JOIN] = { RECORD_CLASS_JOIN, "peer" },
	[MASK_SLOT_TLS] = { RECORD_CLASS_TLS, "peer" },
	[MASK_SLOT_TEXT] = { RECORD_CLASS_TEXT, "peer" },
};

struct keyset {
	bool used, missing;
	int64_t index;
	uint32_t ready; /* bit per slot */
	bool counts; /* subject is made */
	unsigned char prk[32], subject[32];
	struct crypto_hmac_key keys[MASK_SLOT_COUNT];
	struct crypto_prefix_key peer_prefix, fwd_prefix;
};

struct mask_keys {
	const struct key_ring *ring;
	const struct mask_policy *policy;
	struct keyset sets[KEY_PERIOD_COUNT][KEYSETS];
};

enum record_class
mask_slot_class(enum mask_slot slot)
{
	return (slots[slot].class_id);
}

struct mask_keys *
mask_keys_open(const struct key_ring *ring, const struct mask_policy *policy)
{
	struct mask_keys *k = crypto_secret_alloc(sizeof(*k), NULL);

	if (k == NULL)
		return (NULL);
	memset(k, 0, sizeof(*k));
	k->ring = ring;
	k->policy = policy;
	return (k);
}

void
mask_keys_close(struct mask_keys *k)
{
	crypto_secret_free(k);
}

static struct keyset *
keyset_of(struct mask_keys *k, enum key_period period, int64_t index)
{
	struct keyset *set = &k->sets[period][(uint64_t)index % KEYSETS];

	if (set->used && set->index == index)
		return (set);
	crypto_wipe(set, sizeof(*set));
	set->used = true;
	set->index = index;
	set->missing = key_ring_prk(k->ring, period, index, set->prk) == -1;
	return (set);
}

void
mask_keys_forget(struct mask_keys *k)
{
	unsigned char prk[32];

	for (int p = 0; p < KEY_PERIOD_COUNT; p++)
		for (int i = 0; i < KEYSETS; i++) {
			struct keyset *set = &k->sets[p][i];

			if (set->used &&
			    (set->missing ||
				key_ring_prk(k->ring, (enum key_period)p, set->index, prk) == -1 ||
				!crypto_equal(prk, set->prk, sizeof(prk))))
				crypto_wipe(set, sizeof(*set));
		}
	crypto_wipe(prk, sizeof(prk));
}

/* A key that is used for the first time, where it is wanted; false: it is there already. */
static bool
first_use(struct mask_keys *k, struct keyset *set, enum mask_slot slot,
    unsigned char key[static 32])
{
	if ((set->ready >> slot & 1) != 0)
		return (false);
	key_class(set->prk, k->policy->tenant, record_classes[slots[slot].class_id].prefix,
	    slots[slot].trust, key);
	set->ready |= UINT32_C(1) << slot;
	return (true);
}

const struct crypto_hmac_key *
mask_keys_get(struct mask_keys *k, enum mask_slot slot, int64_t index)
{
	struct keyset *set = keyset_of(k, k->policy->epoch[slots[slot].class_id], index);
	unsigned char key[32];

	if (set->missing)
		return (NULL);
	if (first_use(k, set, slot, key)) {
		crypto_hmac_key_init(&set->keys[slot], key, sizeof(key));
		crypto_wipe(key, sizeof(key));
	}
	return (&set->keys[slot]);
}

const struct crypto_prefix_key *
mask_keys_prefix(struct mask_keys *k, enum mask_slot slot, int64_t index)
{
	struct keyset *set = keyset_of(k, k->policy->epoch[slots[slot].class_id], index);
	struct crypto_prefix_key *made =
	    slot == MASK_SLOT_PEER_PREFIX ? &set->peer_prefix : &set->fwd_prefix;
	unsigned char key[32];

	if (set->missing)
		return (NULL);
	if (first_use(k, set, slot, key)) {
		crypto_prefix_key_init(made, key);
		crypto_wipe(key, sizeof(key));
	}
	return (made);
}

const unsigned char *
mask_keys_subject(struct mask_keys *k, enum key_period period, int64_t index)
{
	struct keyset *set = keyset_of(k, period, index);

	if (set->missing)
		return (NULL);
	if (!set->counts)
		key_class(set->prk, k->policy->tenant, "subject", "count", set->subject);
	set->counts = true;
	return (set->subject);
}

/* ---- which epochs ---- */

#define DAY_US (INT64_C(86400) * 1000000)

void
mask_line_epochs(struct mask *m, int64_t t_us)
{
	/* No time is below KEY_TIME_MIN_US, so that division rounds down. */
	int64_t day = t_us / DAY_US;
	bool other = m->index_number == 0;

	if (m->day == day)
		return;
	m->day = day;
	for (int p = 0; p < KEY_PERIOD_COUNT; p++) {
		int64_t index = key_epoch_index((enum key_period)p, t_us);

		if (m->epochs == MASK_EPOCH_LIVE)
			index = key_ring_newest(m->ring, (enum key_period)p, index);
		other = other || m->index[p] != index;
		m->index[p] = index;
	}
	if (other)
		mask_count_epochs(m);
}
