/* The ring: root, live epochs, and the keys made from them. */
#include "key/ring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

static struct key_ring *
ring_new(struct err *e)
{
	bool locked;
	struct key_ring *ring = crypto_secret_alloc(sizeof(*ring), &locked);

	if (ring == NULL) {
		(void)err_set(e, ERR_CONFIG, "no guarded memory for keys");
		return (NULL);
	}
	ring->dirfd = -1;
	ring->import_lock = -1;
	ring->locked = locked;
	return (ring);
}

void
key_ring_free(struct key_ring *ring)
{
	if (ring == NULL)
		return;
	if (ring->import_lock != -1)
		(void)close(ring->import_lock);
	if (ring->dirfd != -1)
		(void)close(ring->dirfd);
	crypto_secret_free(ring);
}

/* An interrupted rotation, or another process in the middle of one. */
static int
settle(struct key_ring *ring, struct err *e)
{
	int lock, rc;

	if ((lock = key_keyring_lock(ring->dirfd, e)) == -1)
		return (-1);
	rc = key_keyring_settle(ring->dirfd, &ring->work, e);
	(void)close(lock);
	return (rc);
}

static int
load(struct key_ring *ring, struct err *e)
{
	struct key_slot *slot = &ring->work.kek; /* secret memory */

	if (key_slot_read(ring->dirfd, "root.key", "root", slot, e) == -1)
		return (-1);
	memcpy(ring->root, slot->secret, sizeof(ring->root));
	if (key_keyring_read(ring->dirfd, &ring->work, e) == -1 &&
	    ((errno != EBADMSG && errno != ENOENT) || settle(ring, e) == -1))
		return (-1);
	ring->table = ring->work.table;
	if (key_slot_read(ring->dirfd, "import.seed", "import", slot, e) == 0 ||
	    errno == EBADMSG) /* damaged: an import broke off while it began */
		ring->import_left = true;
	else if (errno != ENOENT && errno != ENODATA)
		return (-1);
	return (0);
}

int
key_ring_open(int keys_fd, struct key_ring **ring, struct err *e)
{
	struct key_ring *made;
	int rc = -1;

	if ((made = ring_new(e)) == NULL)
		goto out;
	if ((made->dirfd = fcntl(keys_fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		(void)err_sys(e, ERR_CONFIG, "key directory");
		goto out;
	}
	if (load(made, e) == -1)
		goto out;
	crypto_wipe(&made->work, sizeof(made->work));
	*ring = made;
	made = NULL; /* handed over */
	rc = 0;
out:
	key_ring_free(made);
	return (rc);
}

int
key_ring_ephemeral(struct key_ring **ring, struct err *e)
{
	struct key_ring *made = ring_new(e);

	if (made == NULL)
		return (-1);
	crypto_random(made->root, sizeof(made->root));
	crypto_random(made->table.fingerprint, sizeof(made->table.fingerprint));
	*ring = made;
	return (0);
}

bool
key_ring_locked(const struct key_ring *ring)
{
	return (ring->locked);
}

/* Bring work's table to now, and the disk with it. */
static int
advance(struct key_ring *ring, int64_t now_us, const int64_t *grace_us, struct err *e)
{
	struct key_keyring *work = &ring->work;
	size_t expired = key_table_expire(&work->table, now_us, grace_us, &ring->keep);
	int made = key_table_extend(&work->table, now_us);

	if (made == -1)
		return (err_set(e, ERR_CONFIG,
		    "keyring: more than %d live epochs; the grace periods are too long",
		    KEY_EPOCHS_MAX));
	if (ring->dirfd == -1)
		return (0);
	if (expired > 0)
		return (key_keyring_rotate(ring->dirfd, work, e));
	return (made == 0 ? 0 : key_keyring_save(ring->dirfd, work, e));
}

/* The disk wins over memory: another process may have made the same epochs. */
static int
advance_disk(struct key_ring *ring, int64_t now_us, const int64_t *grace_us, struct err *e)
{
	int lock, rc = -1;

	if ((lock = key_keyring_lock(ring->dirfd, e)) == -1)
		return (-1);
	if (key_keyring_settle(ring->dirfd, &ring->work, e) == 0)
		rc = advance(ring, now_us, grace_us, e);
	(void)close(lock);
	return (rc);
}

/* How many epochs of old the new table does not have. */
static unsigned
count_gone(const struct key_table *old, const struct key_table *new)
{
	unsigned gone = 0;

	for (size_t i = 0; i < old->count; i++)
		if (key_table_find(new, old->epochs[i].period, old->epochs[i].index) == NULL)
			gone++;
	return (gone);
}

/* Bring memory and disk to now. */
static int
turn(struct key_ring *ring, int64_t now_us, const int64_t *grace_us, unsigned *destroyed,
    struct err *e)
{
	int rc;

	if (ring->dirfd == -1) {
		ring->work.table = ring->table;
		rc = advance(ring, now_us, grace_us, e);
	} else {
		rc = advance_disk(ring, now_us, grace_us, e);
	}
	if (rc == 0) {
		*destroyed = count_gone(&ring->table, &ring->work.table);
		ring->table = ring->work.table;
	}
	crypto_wipe(&ring->work, sizeof(ring->work));
	return (rc);
}

int
key_ring_live(struct key_ring *ring, int64_t now_us, const int64_t *grace_us,
    unsigned *destroyed, struct err *e)
{
	if (now_us < KEY_TIME_MIN_US || now_us >= KEY_TIME_MAX_US)
		return (err_set(e, ERR_CONFIG, "the clock is not between 1990 and 2100"));
	if (!key_table_due(&ring->table, now_us, grace_us) && !key_ring_differs(ring)) {
		*destroyed = 0;
		return (0);
	}
	return (turn(ring, now_us, grace_us, destroyed, e));
}

void
key_ring_keep(struct key_ring *ring, bool (*ask)(void *arg, const char *epoch), void *arg)
{
	ring->keep = (struct key_keep){ ask, arg };
}

/* ADR 3: an import's epochs come from one secret and go with it. */
static void
import_seed(const struct key_ring *ring, enum key_period period, int64_t index,
    unsigned char seed[static 32])
{
	static const char letters[KEY_PERIOD_COUNT] = { 'd', 'w', 'm' };
	char info[64];
	int len = snprintf(info, sizeof(info), "cretula import epoch v1\n%c%lld",
	    letters[period], (long long)index);

	assert(len > 0 && (size_t)len < sizeof(info));
	crypto_hkdf_expand(ring->import_secret, span_of(info, (size_t)len), seed, 32);
}

int
key_ring_prk(const struct key_ring *ring, enum key_period period, int64_t index,
    unsigned char prk[static 32])
{
	const struct key_epoch *epoch;
	unsigned char seed[32];

	assert(period < KEY_PERIOD_COUNT);
	if (!key_epoch_possible(period, index))
		return (-1);
	if (ring->import_on) {
		import_seed(ring, period, index, seed);
	} else {
		if ((epoch = key_table_find(&ring->table, period, index)) == NULL)
			return (-1);
		memcpy(seed, epoch->seed, sizeof(seed));
	}
	crypto_hkdf_extract(seed, sizeof(seed), ring->root, sizeof(ring->root), prk);
	crypto_wipe(seed, sizeof(seed));
	return (0);
}

/* One block of HKDF-Expand, without putting the parts together first. */
void
key_class(const unsigned char prk[static 32], const char *tenant, const char *class_name,
    const char *trust, unsigned char out[static 32])
{
	const struct span parts[] = {
		SPAN("cretula/1\0"),
		{ tenant, strlen(tenant) + 1 },
		{ class_name, strlen(class_name) + 1 },
		{ trust, strlen(trust) },
		SPAN("\1"),
	};
	struct crypto_hmac_key k;

	crypto_hmac_key_init(&k, prk, 32);
	crypto_hmac_parts(&k, parts, sizeof(parts) / sizeof(parts[0]), out);
	crypto_wipe(&k, sizeof(k));
}

void
key_ring_fingerprint(const struct key_ring *ring, unsigned char out[static 32])
{
	memcpy(out, ring->table.fingerprint, sizeof(ring->table.fingerprint));
}

void
key_ring_words(const struct key_ring *ring, unsigned char out[static 32])
{
	crypto_hkdf_expand(ring->root, span_str("cretula words v1\n"), out, 32);
}

int
key_words_read(int keys_fd, unsigned char out[static 32], struct err *e)
{
	struct key_slot slot;
	int rc = key_slot_read(keys_fd, "root.key", "root", &slot, e);

	if (rc == 0)
		crypto_hkdf_expand(slot.secret, span_str("cretula words v1\n"), out, 32);
	crypto_wipe(&slot, sizeof(slot));
	return (rc);
}

static void
labelled_hash(const char *label, const unsigned char secret[static 32],
    unsigned char out[static 32])
{
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, label, strlen(label));
	crypto_sha256_add(&h, secret, 32);
	crypto_sha256_end(&h, out);
	crypto_wipe(&h, sizeof(h));
}

void
key_commit(const unsigned char secret[static 32], unsigned char commitment[static 32])
{
	labelled_hash("cretula seed v1\n", secret, commitment);
}

void
key_ring_describe(const struct key_ring *ring, struct key_ring_facts *facts)
{
	unsigned char id[32];

	labelled_hash("cretula root id\n", ring->root, id);
	memcpy(facts->root_id, id, sizeof(facts->root_id));
	facts->epoch_count = ring->table.count;
	facts->import_open = ring->import_on || ring->import_left;
}

void
key_ring_epoch(const struct key_ring *ring, size_t i, char name[static 16],
    unsigned char commitment[static 32])
{
	assert(i < ring->table.count);
	(void)key_epoch_name(ring->table.epochs[i].period, ring->table.epochs[i].index, name);
	key_commit(ring->table.epochs[i].seed, commitment);
}
