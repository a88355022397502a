#include "key/table.h"

#include <assert.h>

#include "crypto/random.h"
#include "key/bytes.h"

/* An entry: period 1 | index 8 | created 8 | seed 32 */
#define INDEX_AT 1
#define CREATED_AT 9
#define SEED_AT 17

size_t
key_table_encode(const struct key_table *t, unsigned char out[static KEY_TABLE_BYTES_MAX])
{
	unsigned char *p = out + KEY_TABLE_HEAD_BYTES;

	assert(t->count <= KEY_EPOCHS_MAX);
	memcpy(out, t->fingerprint, sizeof(t->fingerprint));
	key_put_le32(out + 32, (uint32_t)t->count);
	for (size_t i = 0; i < t->count; i++, p += KEY_TABLE_ENTRY_BYTES) {
		p[0] = (unsigned char)t->epochs[i].period;
		key_put_le64(p + INDEX_AT, (uint64_t)t->epochs[i].index);
		key_put_le64(p + CREATED_AT, (uint64_t)t->epochs[i].created_us);
		memcpy(p + SEED_AT, t->epochs[i].seed, 32);
	}
	return ((size_t)(p - out));
}

bool
key_epoch_possible(enum key_period period, int64_t index)
{
	return (index >= key_epoch_index(period, KEY_TIME_MIN_US) &&
	    index <= key_epoch_index(period, KEY_TIME_MAX_US - 1));
}

static int
decode_entry(struct key_table *t, const unsigned char *p)
{
	struct key_epoch *epoch = &t->epochs[t->count];
	int64_t index = (int64_t)key_get_le64(p + INDEX_AT);

	if (p[0] >= KEY_PERIOD_COUNT)
		return (-1);
	epoch->period = (enum key_period)p[0];
	if (!key_epoch_possible(epoch->period, index) ||
	    key_table_find(t, epoch->period, index) != NULL)
		return (-1);
	epoch->index = index;
	epoch->created_us = (int64_t)key_get_le64(p + CREATED_AT);
	memcpy(epoch->seed, p + SEED_AT, 32);
	t->count++;
	return (0);
}

int
key_table_decode(struct key_table *t, const unsigned char *bytes, size_t len)
{
	size_t count;

	if (len < KEY_TABLE_HEAD_BYTES)
		return (-1);
	count = key_get_le32(bytes + 32);
	if (count > KEY_EPOCHS_MAX ||
	    len != KEY_TABLE_HEAD_BYTES + count * KEY_TABLE_ENTRY_BYTES)
		return (-1);
	memcpy(t->fingerprint, bytes, sizeof(t->fingerprint));
	t->count = 0;
	bytes += KEY_TABLE_HEAD_BYTES;
	for (size_t i = 0; i < count; i++)
		if (decode_entry(t, bytes + i * KEY_TABLE_ENTRY_BYTES) == -1)
			return (-1);
	return (0);
}

const struct key_epoch *
key_table_find(const struct key_table *t, enum key_period period, int64_t index)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->epochs[i].period == period && t->epochs[i].index == index)
			return (&t->epochs[i]);
	return (NULL);
}

static bool
expired(const struct key_epoch *epoch, int64_t now_us, const int64_t *grace_us)
{
	int64_t end_us = key_epoch_end_us(epoch->period, epoch->index);

	assert(grace_us[epoch->period] >= 0);
	return (now_us - end_us > grace_us[epoch->period]);
}

bool
key_table_due(const struct key_table *t, int64_t now_us,
    const int64_t grace_us[static KEY_PERIOD_COUNT])
{
	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++)
		if (key_table_find(t, p, key_epoch_index(p, now_us)) == NULL)
			return (true);
	for (size_t i = 0; i < t->count; i++)
		if (expired(&t->epochs[i], now_us, grace_us))
			return (true);
	return (false);
}

size_t
key_table_expire(struct key_table *t, int64_t now_us,
    const int64_t grace_us[static KEY_PERIOD_COUNT])
{
	size_t kept = 0, had = t->count;

	for (size_t i = 0; i < had; i++) {
		if (expired(&t->epochs[i], now_us, grace_us))
			continue;
		if (kept != i)
			t->epochs[kept] = t->epochs[i];
		kept++;
	}
	crypto_wipe(&t->epochs[kept], (had - kept) * sizeof(t->epochs[0]));
	t->count = kept;
	return (had - kept);
}

int
key_table_extend(struct key_table *t, int64_t now_us)
{
	int made = 0;

	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++) {
		struct key_epoch *epoch = &t->epochs[t->count];
		int64_t index = key_epoch_index(p, now_us);

		if (key_table_find(t, p, index) != NULL)
			continue;
		if (t->count == KEY_EPOCHS_MAX)
			return (-1);
		epoch->period = p;
		epoch->index = index;
		epoch->created_us = now_us;
		crypto_random(epoch->seed, sizeof(epoch->seed));
		t->count++;
		made++;
	}
	return (made);
}
