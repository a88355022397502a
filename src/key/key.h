/*
 * key: which key, in which epoch, until it is erased.
 *
 * KEYS, a directory 0700 outside of STORE, on a local file system:
 *
 *   root.key      slot: the mask root key (32 bytes)
 *   kek           slot: key-encryption key of the keyring
 *   keyring       epoch seeds and the fingerprint key, boxed under the kek
 *   import.seed   slot: throw-away secret of an unfinished import (ADR 3)
 *   recovery.pub  the public recovery key, where one was made (key/recovery.h)
 *   STREAM/       log.key log.next epoch.key epoch.next ratchet ratchet.next
 *                 pending lock (store/ uses them)
 *
 * Slots are 512 bytes, overwritten in place and synced (design.md 7).
 * Secrets in memory are guarded, locked and wiped on free.
 */
#ifndef CRETULA_KEY_KEY_H
#define CRETULA_KEY_KEY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "key/epoch.h"

struct err;

/* ---- slots: one secret in one in-place file ---- */

struct key_slot {
	char kind[16]; /* "root", "kek", "log", "epoch", "import" */
	uint64_t number; /* e.g. the epoch number; 0 if meaningless */
	unsigned char secret[32];
};

/*
 * 512 bytes: "cretula slot v1\n", kind, number, secret, zeros, and the first
 * 16 bytes of SHA-256 of all before.  Writing replaces in place.  Reading
 * refuses: wrong size, owner, mode (group or world bits), checksum, kind.
 * All failures are ERR_CONFIG, of a full or bad disk ERR_IO, and name the
 * file.  An erased slot (all zero) reads as -1 with errno ENODATA.
 */
int key_slot_write(int dirfd, const char *name, const struct key_slot *slot, struct err *e);
int key_slot_read(
    int dirfd, const char *name, const char *kind, struct key_slot *slot, struct err *e);
int key_slot_erase(int dirfd, const char *name, struct err *e); /* zeros, synced; absent is fine */

/* ---- the directory ---- */

/*
 * Create KEYS (its parent exists), also in place of an empty directory, with
 * recovery.pub of the seed recovery, 32 bytes; NULL: without.
 * ERR_BUSY: another process does; errno EEXIST: it is there.
 */
int key_create(const char *dir, const unsigned char *recovery, struct err *e);

/* Is anything there?  An empty directory is nothing: somebody made room for keys. */
int key_dir_used(const char *dir, bool *used, struct err *e);

/*
 * Hold the directory fd, opened from path, for as long as fd is open.
 * ERR_BUSY if another one holds it or path leads elsewhere by now; ERR_IO
 * where directories cannot be locked.
 */
int key_lock_dir(int fd, const char *path, struct err *e);

/*
 * Open dir: a directory of ours, 0700, or a link to it.  Returns a dirfd; -1 with
 * ERR_CONFIG, and errno ENOENT if there is none.
 */
int key_open_dir(const char *dir, struct err *e);

/* KEYS/STREAM as a dirfd, made 0700 if create. */
int key_open_stream(int keys_fd, const char *stream, bool create, struct err *e);

/*
 * Read a secret that an administrator put somewhere (a PEM key, a token): links
 * are followed, as certbot has them; the file is regular, of ours or root's,
 * closed to all others.  The bytes read, at most size; -1 and ERR_CONFIG.
 */
ssize_t key_given_read(const char *path, void *bytes, size_t size, struct err *e);

/* ---- the ring: root and seeds, in guarded memory ---- */

struct key_ring;

/* Open KEYS/root.key and KEYS/keyring.  ERR_CONFIG on anything odd. */
int key_ring_open(int keys_fd, struct key_ring **ring, struct err *e);

/* A ring of this process only: random root, nothing on disk. */
int key_ring_ephemeral(struct key_ring **ring, struct err *e);

void key_ring_free(struct key_ring *ring); /* wipes; NULL is legal */
bool key_ring_locked(const struct key_ring *ring);

/*
 * Import epochs (ADR 3): one random secret per import; the seed of every
 * epoch is HKDF-Expand(secret, "cretula import epoch v1\n" | period letter
 * 'd' 'w' 'm' | index as decimal text, 32).  resume reuses the secret that an
 * unfinished import left (else it is destroyed and a new one made).  The
 * commitment SHA-256("cretula seed v1\n" | secret) goes into the chain.
 */
int key_ring_import(
    struct key_ring *ring, bool resume, unsigned char commitment[static 32], struct err *e);
/* That of an import that is at work, or was kept, for who only reads.  -1: there is none. */
int key_ring_import_look(struct key_ring *ring, unsigned char commitment[static 32]);
/*
 * Did the last key_ring_import destroy a secret that another import left?
 * Then its commitment, for the chains that name it.
 */
bool key_ring_import_replaced(const struct key_ring *ring, unsigned char commitment[static 32]);
/* Destroy the import's secret: memory and slot.  Also for abandoned ones. */
int key_ring_import_end(struct key_ring *ring, struct err *e);

/*
 * PRK of an epoch: HKDF-Extract(salt = seed, IKM = root).  -1 if the ring
 * has no such epoch (destroyed, never made, or out of range).  Thread-safe.
 */
int key_ring_prk(const struct key_ring *ring, enum key_period period, int64_t index,
    unsigned char prk[static 32]);

/* HKDF-Expand(prk, "cretula/1" 0 tenant 0 class 0 trust, 32). */
void key_class(const unsigned char prk[static 32], const char *tenant, const char *class_name,
    const char *trust, unsigned char out[static 32]);

/* HMAC key for fingerprints of source files, used for nothing else. */
void key_ring_fingerprint(const struct key_ring *ring, unsigned char out[static 32]);

/* HMAC key of the marks of forgotten words: HKDF-Expand(root, "cretula words v1\n", 32). */
void key_ring_words(const struct key_ring *ring, unsigned char out[static 32]);
/* The same without a ring, from KEYS/root.key: the vocabulary's file is sealed with it, too. */
int key_words_read(int keys_fd, unsigned char out[static 32], struct err *e);

#endif
