/* key: epochs, and those of a ring that live on disk; part of key/key.h. */
#ifndef CRETULA_KEY_EPOCH_H
#define CRETULA_KEY_EPOCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct key_ring;

enum key_period { KEY_DAY, KEY_WEEK, KEY_MONTH };
#define KEY_PERIOD_COUNT 3

/* Days since 1970-01-01; weeks (from Monday) and months since the same. */
int64_t key_epoch_index(enum key_period period, int64_t t_us);
/*
 * A key that was changed within its epoch has the index of the epoch plus one
 * step for each change (ADR 12).
 */
#define KEY_CHANGE_STEP (INT64_C(1) << 20)
#define KEY_CHANGES_MAX 998
int64_t key_epoch_base(int64_t index); /* without the steps */
/*
 * "2026-11-25", "2026-W48", "2026-11", and after a change "2026-W48.2";
 * NUL-terminated.  Returns the length.
 */
size_t key_epoch_name(enum key_period period, int64_t index, char out[static 16]);
/* -1: no name of a possible epoch. */
int key_epoch_parse(struct span name, enum key_period *period, int64_t *index);
int64_t key_epoch_start_us(enum key_period period, int64_t index);
int64_t key_epoch_end_us(enum key_period period, int64_t index); /* first instant after it */

/* The widest range of event times that gets an epoch: 1990-01-01 to 2100-01-01. */
#define KEY_TIME_MIN_US ((int64_t)631152000 * 1000000)
#define KEY_TIME_MAX_US ((int64_t)4102444800 * 1000000)

/* ---- of a ring ---- */

/*
 * Live epochs: make sure a seed exists for the epoch of each period at
 * now_us (key_ring_newest: none is made again), write the keyring if one was
 * made, take over what another process wrote, and destroy the epochs that
 * ended longer than grace_us[period] ago (grace_us NULL: none; *destroyed
 * counts them).
 * Single-threaded; afterwards key_ring_prk is read-only and thread-safe.
 */
int key_ring_live(struct key_ring *ring, int64_t now_us, const int64_t *grace_us,
    unsigned *destroyed, struct err *e);
/* Called for each epoch that would be destroyed there: true keeps it (a hold). */
void key_ring_keep(struct key_ring *ring, bool (*ask)(void *arg, const char *epoch), void *arg);

/*
 * Does the keyring on disk have other epochs?  Beside threads that only ask for
 * keys.  One that cannot be read is no other one.
 */
bool key_ring_differs(struct key_ring *ring);

/*
 * The key in use at the time of base: base, or base after the newest change;
 * of the epoch behind the newest destroyed one where base is destroyed or
 * older (ADR 38).
 */
int64_t key_ring_newest(const struct key_ring *ring, enum key_period period, int64_t base);

/*
 * End the key of the epoch of now_us: another one is made for the rest of it.
 * name becomes the new one's, was the old one's.  ERR_CONFIG if the keyring has
 * no key of that epoch, so that there is nothing to end.
 */
int key_ring_change(struct key_ring *ring, enum key_period period, int64_t now_us,
    char was[static 16], char name[static 16], struct err *e);

/* Destroy one epoch, whatever its grace.  ERR_CONFIG if there is none. */
int key_ring_destroy(struct key_ring *ring, enum key_period period, int64_t index,
    struct err *e);

/* What `key show` prints: never a secret. */
struct key_ring_facts {
	unsigned char root_id[8]; /* first bytes of SHA-256("cretula root id\n" | root) */
	size_t epoch_count;
	bool import_open;
};
void key_ring_describe(const struct key_ring *ring, struct key_ring_facts *facts);
/* The i-th epoch: its name and commitment SHA-256("cretula seed v1\n" | seed). */
void key_ring_epoch(const struct key_ring *ring, size_t i, char name[static 16],
    unsigned char commitment[static 32]);
/* Its times: when it was made, and when it was or will be used last. */
struct key_epoch_times {
	enum key_period period;
	int64_t index, created_us, end_us;
};
void key_ring_times(const struct key_ring *ring, size_t i, struct key_epoch_times *times);

#endif
