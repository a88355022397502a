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
	for (size_t i = 0; i < KEY_PERIOD_COUNT; i++, p += 8)
		key_put_le64(p, (uint64_t)t->gone[i]);
	return ((size_t)(p - out));
}

bool
key_epoch_possible(enum key_period period, int64_t index)
{
	int64_t base = key_epoch_base(index);

	return (base >= key_epoch_index(period, KEY_TIME_MIN_US) &&
	    base <= key_epoch_index(period, KEY_TIME_MAX_US - 1) &&
	    index / KEY_CHANGE_STEP <= KEY_CHANGES_MAX);
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

static int
decode_gone(struct key_table *t, const unsigned char *p)
{
	for (enum key_period period = 0; period < KEY_PERIOD_COUNT; period++, p += 8) {
		t->gone[period] = (int64_t)key_get_le64(p);
		if (t->gone[period] != 0 && !key_epoch_possible(period, t->gone[period]))
			return (-1);
	}
	return (0);
}

int
key_table_decode(struct key_table *t, const unsigned char *bytes, size_t len)
{
	size_t count, entries_bytes;

	if (len < KEY_TABLE_HEAD_BYTES)
		return (-1);
	count = key_get_le32(bytes + 32);
	if (count > KEY_EPOCHS_MAX)
		return (-1);
	entries_bytes = KEY_TABLE_HEAD_BYTES + count * KEY_TABLE_ENTRY_BYTES;
	if (len != entries_bytes && len != entries_bytes + KEY_TABLE_GONE_BYTES)
		return (-1);
	memcpy(t->fingerprint, bytes, sizeof(t->fingerprint));
	t->count = 0;
	memset(t->gone, 0, sizeof(t->gone));
	if (len != entries_bytes && decode_gone(t, bytes + entries_bytes) == -1)
		return (-1);
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

const struct key_epoch *
key_table_newest(const struct key_table *t, enum key_period period, int64_t base)
{
	const struct key_epoch *newest = NULL;

	for (size_t i = 0; i < t->count; i++)
		if (t->epochs[i].period == period && key_epoch_base(t->epochs[i].index) == base &&
		    (newest == NULL || t->epochs[i].index > newest->index))
			newest = &t->epochs[i];
	return (newest);
}

/* Of one time, changes count; else the time does. */
static bool
is_behind(int64_t index, int64_t other)
{
	int64_t base = key_epoch_base(index), other_base = key_epoch_base(other);

	return (base != other_base ? base > other_base : index > other);
}

int64_t
key_table_base(const struct key_table *t, enum key_period period, int64_t base)
{
	const struct key_epoch *newest = key_table_newest(t, period, base);
	int64_t gone = t->gone[period], last = key_epoch_base(gone);

	if (base > last || (newest != NULL && (base < last || newest->index > gone)))
		return (base);
	return (last + 1);
}

int64_t
key_table_end_us(const struct key_table *t, const struct key_epoch *epoch)
{
	int64_t end_us = key_epoch_end_us(epoch->period, epoch->index);

	for (size_t i = 0; i < t->count; i++) {
		const struct key_epoch *other = &t->epochs[i];

		if (other->period == epoch->period && other->index > epoch->index &&
		    key_epoch_base(other->index) == key_epoch_base(epoch->index) &&
		    other->created_us < end_us)
			end_us = other->created_us;
	}
	return (end_us);
}

/* Is its grace over? */
static bool
is_over(const struct key_table *t, const struct key_epoch *epoch, int64_t now_us,
    const int64_t grace_us[static KEY_PERIOD_COUNT])
{
	assert(grace_us[epoch->period] >= 0);
	return (now_us - key_table_end_us(t, epoch) > grace_us[epoch->period]);
}

bool
key_table_due(const struct key_table *t, int64_t now_us, const int64_t *grace_us)
{
	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++)
		if (key_table_newest(t, p, key_table_base(t, p, key_epoch_index(p, now_us))) ==
		    NULL)
			return (true);
	for (size_t i = 0; grace_us != NULL && i < t->count; i++)
		if (is_over(t, &t->epochs[i], now_us, grace_us))
			return (true);
	return (false);
}

/* Before any is taken out: the end of one is the beginning of another. */
static size_t
mark(const struct key_table *t, int64_t now_us, const int64_t *grace_us,
    const struct key_keep *keep, bool gone[static KEY_EPOCHS_MAX])
{
	size_t count = 0;
	char name[16];

	for (size_t i = 0; i < t->count; i++) {
		const struct key_epoch *epoch = &t->epochs[i];

		gone[i] = is_over(t, epoch, now_us, grace_us);
		if (gone[i] && keep->ask != NULL) {
			(void)key_epoch_name(epoch->period, epoch->index, name);
			gone[i] = !keep->ask(keep->arg, name);
		}
		count += gone[i];
	}
	return (count);
}

static void
take_out(struct key_table *t, const bool gone[static KEY_EPOCHS_MAX])
{
	size_t kept = 0, had = t->count;

	for (size_t i = 0; i < had; i++) {
		int64_t *last = &t->gone[t->epochs[i].period];

		if (gone[i] && is_behind(t->epochs[i].index, *last))
			*last = t->epochs[i].index;
		if (gone[i])
			continue;
		if (kept != i)
			t->epochs[kept] = t->epochs[i];
		kept++;
	}
	crypto_wipe(&t->epochs[kept], (had - kept) * sizeof(t->epochs[0]));
	t->count = kept;
}

size_t
key_table_expire(struct key_table *t, int64_t now_us, const int64_t *grace_us,
    const struct key_keep *keep)
{
	bool gone[KEY_EPOCHS_MAX];
	size_t count = grace_us == NULL ? 0 : mark(t, now_us, grace_us, keep, gone);

	if (count > 0)
		take_out(t, gone);
	return (count);
}

int
key_table_remove(struct key_table *t, enum key_period period, int64_t index)
{
	const struct key_epoch *epoch = key_table_find(t, period, index);
	bool gone[KEY_EPOCHS_MAX] = { false };

	if (epoch == NULL)
		return (-1);
	gone[epoch - t->epochs] = true;
	take_out(t, gone);
	return (0);
}

int
key_table_add(struct key_table *t, enum key_period period, int64_t index, int64_t now_us)
{
	struct key_epoch *epoch = &t->epochs[t->count];

	if (t->count == KEY_EPOCHS_MAX)
		return (-1);
	epoch->period = period;
	epoch->index = index;
	epoch->created_us = now_us;
	crypto_random(epoch->seed, sizeof(epoch->seed));
	t->count++;
	return (0);
}

int
key_table_extend(struct key_table *t, int64_t now_us)
{
	int made = 0;

	for (enum key_period p = 0; p < KEY_PERIOD_COUNT; p++) {
		int64_t index = key_table_base(t, p, key_epoch_index(p, now_us));

		if (key_table_newest(t, p, index) != NULL)
			continue;
		if (key_table_add(t, p, index, now_us) == -1)
			return (-1);
		made++;
	}
	return (made);
}
