/* ADR 3: the throw-away secret of an import. */
#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "key/ring.h"

#define SEED "import.seed"
#define SEED_KIND "import"

/* One import at a time: it holds the slot's lock until it ends. */
static int
hold(struct key_ring *ring, struct err *e)
{
	if (ring->import_lock == -1)
		ring->import_lock = io_lock(ring->dirfd, SEED, e);
	return (ring->import_lock == -1 ? -1 : 0);
}

static void
release(struct key_ring *ring)
{
	if (ring->import_lock != -1)
		(void)close(ring->import_lock);
	ring->import_lock = -1;
}

/*
 * What did an unfinished import leave?  A damaged slot was never used: its
 * import broke off while it wrote the secret.
 */
static int
read_left(struct key_ring *ring, struct key_slot *slot, bool *found, struct err *e)
{
	*found = false;
	if (ring->dirfd == -1)
		return (0);
	*found = key_slot_read(ring->dirfd, SEED, SEED_KIND, slot, e) == 0;
	if (*found || errno == ENOENT || errno == ENODATA || errno == EBADMSG)
		return (0);
	return (-1);
}

static int
take_secret(struct key_ring *ring, bool resume, struct key_slot *slot, struct err *e)
{
	unsigned char left[32];
	bool found;

	if (read_left(ring, slot, &found, e) == -1)
		return (-1);
	if (found && resume)
		return (0);
	if (found)
		key_commit(slot->secret, left);
	memset(slot, 0, sizeof(*slot));
	memcpy(slot->kind, SEED_KIND, sizeof(SEED_KIND));
	crypto_random(slot->secret, sizeof(slot->secret));
	/* In place: whatever an abandoned import left is destroyed by this. */
	if (ring->dirfd != -1 && key_slot_write(ring->dirfd, SEED, slot, e) == -1)
		return (-1);
	ring->import_replaced = found;
	if (found)
		memcpy(ring->replaced, left, sizeof(ring->replaced));
	return (0);
}

int
key_ring_import(
    struct key_ring *ring, bool resume, unsigned char commitment[static 32], struct err *e)
{
	struct key_slot *slot = &ring->work.kek; /* secret memory */
	int rc = -1;

	ring->import_replaced = false;
	if (ring->dirfd != -1 && hold(ring, e) == -1)
		goto out;
	if (take_secret(ring, resume, slot, e) == -1) {
		if (!ring->import_on)
			release(ring);
		goto out;
	}
	memcpy(ring->import_secret, slot->secret, sizeof(ring->import_secret));
	ring->import_on = true;
	key_commit(ring->import_secret, commitment);
	rc = 0;
out:
	crypto_wipe(slot, sizeof(*slot));
	return (rc);
}

int
key_ring_import_look(struct key_ring *ring, unsigned char commitment[static 32])
{
	struct key_slot *slot = &ring->work.kek; /* secret memory */
	int rc = -1;

	if (ring->dirfd != -1 && key_slot_read(ring->dirfd, SEED, SEED_KIND, slot, NULL) == 0) {
		memcpy(ring->import_secret, slot->secret, sizeof(ring->import_secret));
		ring->import_on = true;
		key_commit(ring->import_secret, commitment);
		rc = 0;
	}
	crypto_wipe(slot, sizeof(*slot));
	return (rc);
}

bool
key_ring_import_replaced(const struct key_ring *ring, unsigned char commitment[static 32])
{
	if (ring->import_replaced)
		memcpy(commitment, ring->replaced, sizeof(ring->replaced));
	return (ring->import_replaced);
}

int
key_ring_import_end(struct key_ring *ring, struct err *e)
{
	if (ring->dirfd != -1 && (ring->import_on || ring->import_left)) {
		if (hold(ring, e) == -1)
			return (-1); /* somebody else's import is running */
		if (key_slot_erase(ring->dirfd, SEED, e) == -1)
			return (-1);
		release(ring);
	}
	crypto_wipe(ring->import_secret, sizeof(ring->import_secret));
	ring->import_on = false;
	ring->import_left = false;
	return (0);
}
