/*
 * key, inside: the keyring file, and how it moves to a fresh KEK.
 *
 * keyring = "cretula keyring v1\n" | box under the KEK, whose plain text is
 *
 *   fingerprint key 32 | count u32 | count entries:
 *   period u8 (0 day, 1 week, 2 month) | index i64 | created_us i64 | seed 32
 *   | index i64 of the newest destroyed day, week and month, 0: none
 *
 * with all numbers little-endian.  To destroy epochs the rest is boxed under
 * a fresh KEK, in three steps, each durable before the next begins:
 *
 *   1. keyring.next appears, under the new KEK   (kek: old, opens keyring)
 *   2. the new KEK overwrites the slot kek       (kek: new, opens keyring.next)
 *   3. keyring.next is renamed to keyring
 *
 * The slot is one sector, so it holds one KEK or the other, and each opens
 * one of the two files: a crash leaves the old state (before 2) or the new
 * one, whose step 3 the next opening repeats.  A keyring.next that the KEK
 * does not open is a leftover from before step 2 and means nothing.
 */
#ifndef CRETULA_KEY_KEYRING_H
#define CRETULA_KEY_KEYRING_H

#include "crypto/box.h"
#include "key/table.h"

#define KEY_KEYRING_MAGIC "cretula keyring v1\n"
#define KEY_KEYRING_MAGIC_BYTES (sizeof(KEY_KEYRING_MAGIC) - 1)
#define KEY_KEYRING_BYTES_MAX \
	(KEY_KEYRING_MAGIC_BYTES + CRYPTO_BOX_OVERHEAD + KEY_TABLE_BYTES_MAX)

/* What the calls below work in; it lives in secret memory. */
struct key_keyring {
	struct key_table table;
	struct key_slot kek;
	unsigned char plain[KEY_TABLE_BYTES_MAX];
	unsigned char file[KEY_KEYRING_BYTES_MAX];
};

/* Read the KEK and the keyring into k; changes nothing on disk. */
int key_keyring_read(int dirfd, struct key_keyring *k, struct err *e);

/*
 * One writer at a time: a lock on the slot kek.  Waits up to two seconds;
 * returns the fd that holds it, or -1 with ERR_BUSY, ERR_IO or ERR_CONFIG.
 */
int key_keyring_lock(int dirfd, struct err *e);

/*
 * Under the lock.  As read, but finishes what an interrupted rotation left.
 * Must come before save and rotate: only then is it known which KEK the disk
 * has.
 */
int key_keyring_settle(int dirfd, struct key_keyring *k, struct err *e);

/* Under the lock: write k's table under k's KEK; or under a fresh one. */
int key_keyring_save(int dirfd, struct key_keyring *k, struct err *e);
int key_keyring_rotate(int dirfd, struct key_keyring *k, struct err *e);

#endif
