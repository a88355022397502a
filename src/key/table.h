/* key, inside: the live epochs and the fingerprint key, and their bytes. */
#ifndef CRETULA_KEY_TABLE_H
#define CRETULA_KEY_TABLE_H

#include "key/key.h"

/*
 * Three periods of a year's grace need 430; a keyring that is fuller than
 * this is a grace set wrong.
 */
#define KEY_EPOCHS_MAX 512

struct key_epoch {
	enum key_period period;
	int64_t index;
	int64_t created_us;
	unsigned char seed[32];
};

struct key_table {
	unsigned char fingerprint[32];
	int64_t gone[KEY_PERIOD_COUNT]; /* the newest that was destroyed; 0: none was */
	size_t count;
	struct key_epoch epochs[KEY_EPOCHS_MAX];
};

/*
 * fingerprint 32 | count 4 | entries: period 1, index 8, created 8, seed 32 |
 * the newest destroyed day, week and month: index 8 each.  Older keyrings end
 * behind their entries.
 */
#define KEY_TABLE_HEAD_BYTES 36
#define KEY_TABLE_ENTRY_BYTES 49
#define KEY_TABLE_GONE_BYTES (KEY_PERIOD_COUNT * 8)
#define KEY_TABLE_BYTES_MAX \
	(KEY_TABLE_HEAD_BYTES + KEY_EPOCHS_MAX * KEY_TABLE_ENTRY_BYTES + KEY_TABLE_GONE_BYTES)

size_t key_table_encode(const struct key_table *t,
    unsigned char out[static KEY_TABLE_BYTES_MAX]);

/* 0, or -1 and t is undefined: not what encode wrote. */
int key_table_decode(struct key_table *t, const unsigned char *bytes, size_t len);

/* The epoch, or NULL. */
const struct key_epoch *key_table_find(const struct key_table *t, enum key_period period,
    int64_t index);

/* Could there be such an epoch, between KEY_TIME_MIN_US and _MAX_US? */
bool key_epoch_possible(enum key_period period, int64_t index);

/* The key in use of an epoch: the one of the newest change; NULL if there is none. */
const struct key_epoch *key_table_newest(const struct key_table *t, enum key_period period,
    int64_t base);

/*
 * Whose key is used at the time of base: base's own; but what was destroyed,
 * or is older than that, is not made again (ADR 38): then that of the epoch
 * behind it.
 */
int64_t key_table_base(const struct key_table *t, enum key_period period, int64_t base);

/* When it was used last: at the end of its time, or when a newer one was made. */
int64_t key_table_end_us(const struct key_table *t, const struct key_epoch *epoch);

/* Does t lack an epoch of now, or hold one whose grace is over?  grace_us NULL: none ever is. */
bool key_table_due(const struct key_table *t, int64_t now_us, const int64_t *grace_us);

/* Which of those whose grace is over are kept all the same. */
struct key_keep {
	bool (*ask)(void *arg, const char *epoch); /* NULL: none */
	void *arg;
};

/* Take out and wipe the epochs whose grace is over.  Returns how many. */
size_t key_table_expire(struct key_table *t, int64_t now_us, const int64_t *grace_us,
    const struct key_keep *keep);
/* Take out and wipe one.  -1: there is none. */
int key_table_remove(struct key_table *t, enum key_period period, int64_t index);

/* Make one.  -1: t is full. */
int key_table_add(struct key_table *t, enum key_period period, int64_t index, int64_t now_us);
/* Make the missing epochs of now.  Returns how many; or -1: t is full. */
int key_table_extend(struct key_table *t, int64_t now_us);

#endif
