/* The live epochs of a keyring that others write, too; changes by command. */
#include <assert.h>
#include <unistd.h>

#include "base/err.h"
#include "crypto/random.h"
#include "key/ring.h"

static bool
is_same(const struct key_table *a, const struct key_table *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++) {
		const struct key_epoch *other =
		    key_table_find(b, a->epochs[i].period, a->epochs[i].index);

		same = other != NULL && crypto_equal(other->seed, a->epochs[i].seed, 32);
	}
	return (same);
}

bool
key_ring_differs(struct key_ring *ring)
{
	bool differs;

	if (ring->dirfd == -1)
		return (false);
	/* In the middle of a rotation neither file opens; the next look will. */
	differs = key_keyring_read(ring->dirfd, &ring->work, NULL) == 0 &&
	    !is_same(&ring->table, &ring->work.table);
	crypto_wipe(&ring->work, sizeof(ring->work));
	return (differs);
}

int64_t
key_ring_newest(const struct key_ring *ring, enum key_period period, int64_t base)
{
	const struct key_epoch *newest;

	base = key_table_base(&ring->table, period, base);
	newest = key_table_newest(&ring->table, period, base);
	return (newest == NULL ? base : newest->index);
}

/* ---- changes, under the lock ---- */

struct change {
	enum key_period period;
	int64_t index, now_us;
	int (*make)(struct key_ring *ring, struct change *c, struct err *e);
};

static int
under_lock(struct key_ring *ring, struct change *c, struct err *e)
{
	int lock, rc = -1;

	assert(ring->dirfd != -1);
	if ((lock = key_keyring_lock(ring->dirfd, e)) == -1)
		return (-1);
	if (key_keyring_settle(ring->dirfd, &ring->work, e) == 0 &&
	    (rc = c->make(ring, c, e)) == 0)
		ring->table = ring->work.table;
	crypto_wipe(&ring->work, sizeof(ring->work));
	(void)close(lock);
	return (rc);
}

static int
add_next(struct key_ring *ring, struct change *c, struct err *e)
{
	const struct key_epoch *newest;
	char name[16];

	c->index = key_table_base(&ring->work.table, c->period, c->index);
	newest = key_table_newest(&ring->work.table, c->period, c->index);
	(void)key_epoch_name(c->period, c->index, name);
	if (newest == NULL)
		return (err_set(e, ERR_CONFIG, "%s has no key yet: nothing to end", name));
	c->index = newest->index + KEY_CHANGE_STEP;
	if (c->now_us < newest->created_us)
		c->now_us = newest->created_us;
	if (!key_epoch_possible(c->period, c->index) ||
	    key_table_add(&ring->work.table, c->period, c->index, c->now_us) == -1)
		return (err_set(e, ERR_CONFIG, "%s: too many keys", name));
	return (key_keyring_save(ring->dirfd, &ring->work, e));
}

int
key_ring_change(struct key_ring *ring, enum key_period period, int64_t now_us,
    char was[static 16], char name[static 16], struct err *e)
{
	struct change c = { period, 0, now_us, add_next };

	if (now_us < KEY_TIME_MIN_US || now_us >= KEY_TIME_MAX_US)
		return (err_set(e, ERR_CONFIG, "the clock is not between 1990 and 2100"));
	c.index = key_epoch_index(period, now_us);
	if (under_lock(ring, &c, e) == -1)
		return (-1);
	(void)key_epoch_name(period, c.index - KEY_CHANGE_STEP, was);
	(void)key_epoch_name(period, c.index, name);
	return (0);
}

static int
remove_one(struct key_ring *ring, struct change *c, struct err *e)
{
	if (key_table_remove(&ring->work.table, c->period, c->index) == -1)
		return (err_set(e, ERR_CONFIG, "there is no such epoch"));
	return (key_keyring_rotate(ring->dirfd, &ring->work, e));
}

int
key_ring_destroy(
    struct key_ring *ring, enum key_period period, int64_t index, struct err *e)
{
	struct change c = { period, index, 0, remove_one };

	return (under_lock(ring, &c, e));
}

void
key_ring_times(const struct key_ring *ring, size_t i, struct key_epoch_times *times)
{
	const struct key_epoch *epoch = &ring->table.epochs[i];

	assert(i < ring->table.count);
	*times = (struct key_epoch_times){ epoch->period, epoch->index, epoch->created_us,
		key_table_end_us(&ring->table, epoch) };
}
