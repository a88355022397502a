/* A ratchet that begins: the first, and those that take the place of another. */
#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "key/key.h"
#include "store/live/ratchet.h"

static int
write_slot(struct store_live *l, const char *name, const struct seal_ratchet *r, struct err *e)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	int rc;

	seal_ratchet_encode(r, sector);
	rc = io_slot_write(l->keys_fd, name, sector, e);
	crypto_wipe(sector, sizeof(sector));
	return (rc);
}

/* The first time: key and sector, and then the entry that commits to the key. */
static int
begin(struct store_live *l, struct err *e)
{
	unsigned char k[32];

	crypto_random(k, sizeof(k));
	seal_ratchet_begin(l->ratchet, k, 1);
	crypto_wipe(k, sizeof(k));
	return (write_slot(l, "ratchet", l->ratchet, e));
}

int
store_ratchet_prepare(struct store_live *l, const unsigned char k[static 32], uint64_t g,
    const unsigned char a[static 32], struct err *e)
{
	seal_ratchet_begin(l->ratchet, k, g);
	memcpy(l->ratchet->a, a, sizeof(l->ratchet->a));
	return (write_slot(l, "ratchet.next", l->ratchet, e));
}

int
store_ratchet_promote(struct store_live *l, struct err *e)
{
	static const unsigned char zeros[SEAL_SECTOR_BYTES];

	if (write_slot(l, "ratchet", l->ratchet, e) == -1)
		return (-1);
	return (io_slot_write(l->keys_fd, "ratchet.next", zeros, e));
}

/* 1: one waits, in r; 0: none; -1.  A torn one was never named. */
static int
read_next(struct store_live *l, struct seal_ratchet *r, struct err *e)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	struct err why;
	int rc = 0;

	if (io_slot_read(l->keys_fd, "ratchet.next", sector, &why) == -1) {
		if (errno == ENOENT || errno == EINVAL)
			return (0); /* as ever: an alarm that follows has no such reason */
		if (e != NULL)
			*e = why;
		return (-1);
	}
	if (seal_ratchet_decode(sector, r, NULL) == 0)
		rc = 1;
	crypto_wipe(sector, sizeof(sector));
	return (rc);
}

static bool
is_named(const struct live_past *past, const struct seal_ratchet *r)
{
	unsigned char commitment[32];

	seal_ratchet_commitment(r->k, commitment);
	return (past->has_start && past->start.g == r->g &&
	    memcmp(past->start.commitment, commitment, sizeof(commitment)) == 0);
}

int
store_ratchet_settle(struct store_live *l, struct err *e)
{
	static const unsigned char zeros[SEAL_SECTOR_BYTES];
	struct live_past past;
	int have = read_next(l, l->ratchet, e);

	if (have != 1)
		return (have);
	if (store_open_past(l, &past, e) == -1)
		return (-1);
	if (is_named(&past, l->ratchet))
		return (store_ratchet_promote(l, e));
	return (io_slot_write(l->keys_fd, "ratchet.next", zeros, e));
}

/* Is it the sector that is wrong, or we who cannot read it? */
static bool
is_ours_to_fail(int errnum)
{
	return (errnum == EIO || errnum == EACCES || errnum == EPERM || errnum == ENOMEM ||
	    errnum == EMFILE || errnum == ENFILE);
}

int
store_ratchet_load(struct store_live *l, bool *bad, struct err *e)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	int rc;

	*bad = false;
	if (io_slot_read(l->keys_fd, "ratchet", sector, e) == -1) {
		*bad = !is_ours_to_fail(errno);
		return (-1);
	}
	rc = seal_ratchet_decode(sector, l->ratchet, e);
	*bad = rc == -1;
	crypto_wipe(sector, sizeof(sector));
	return (rc);
}

int
store_ratchet_next(struct store_live *l, uint64_t *g, unsigned char a[static 32], struct err *e)
{
	struct live_past past;

	if (store_open_past(l, &past, e) == -1)
		return (-1);
	*g = past.free_g;
	memcpy(a, past.agg, sizeof(past.agg));
	return (0);
}

/* ---- at a start ---- */

/* Whoever has the secret of escrow gets the first key back; nobody on this machine does. */
static int
seal_key(const unsigned char escrow[static 32], const struct seal_ratchet *r,
    struct seal_ratchet_start *start, struct err *e)
{
	struct crypto_sealer sealer;

	_Static_assert(SEAL_RATCHET_BOX == 32 + CRYPTO_SEALED_OVERHEAD, "a box of a key");
	if (crypto_sealer_start(&sealer, escrow) == -1)
		return (err_set(e, ERR_CONFIG, "the escrow key is none that can be sealed to"));
	crypto_sealed_make(
	    &sealer, span_of((const char *)r->k, sizeof(r->k)), start->box);
	crypto_sealer_end(&sealer);
	start->has_box = true;
	return (0);
}

/* Nothing of it is written anywhere. */
static int
begin_in_memory(struct store_live *l, struct err *e)
{
	unsigned char k[32], a[32];
	uint64_t g;

	if (store_ratchet_next(l, &g, a, e) == -1)
		return (-1);
	crypto_random(k, sizeof(k));
	seal_ratchet_begin(l->ratchet, k, g);
	memcpy(l->ratchet->a, a, sizeof(l->ratchet->a));
	crypto_wipe(k, sizeof(k));
	return (0);
}

/* Behind one in memory, of which nothing is left. */
static int
begin_in_slot(struct store_live *l, struct err *e)
{
	unsigned char k[32], a[32];
	uint64_t g;
	int rc;

	if (store_ratchet_next(l, &g, a, e) == -1)
		return (-1);
	crypto_random(k, sizeof(k));
	rc = store_ratchet_prepare(l, k, g, a, e);
	crypto_wipe(k, sizeof(k));
	return (rc);
}

int
store_ratchet_choose(struct store_live *l, const unsigned char *escrow, bool fresh,
    struct seal_start *start, struct err *e)
{
	int rc;

	if (escrow == NULL && !fresh && !l->ram)
		return (0); /* it goes on */
	if (escrow != NULL)
		rc = begin_in_memory(l, e);
	else
		rc = fresh ? begin(l, e) : begin_in_slot(l, e);
	if (rc == -1)
		return (-1);
	l->ram = escrow != NULL;
	start->has_ratchet = true;
	start->ratchet.g = l->ratchet->g;
	start->ratchet.mode = span_str(l->ram ? "ram" : "sector");
	seal_ratchet_commitment(l->ratchet->k, start->ratchet.commitment);
	return (l->ram ? seal_key(escrow, l->ratchet, &start->ratchet, e) : 0);
}

int
store_ratchet_erase(struct store_live *l, struct err *e)
{
	if (key_slot_erase(l->keys_fd, "ratchet", e) == -1)
		return (-1);
	return (key_slot_erase(l->keys_fd, "ratchet.next", e));
}
