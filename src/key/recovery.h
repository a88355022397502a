/*
 * key: the recovery key and escrowed ratchet keys, which are kept elsewhere;
 * docs/format.md 21.
 *
 * Files of secrets are new, 0600 and outside of every store and KEYS; what
 * reads one refuses it if others may read it too.
 */
#ifndef CRETULA_KEY_RECOVERY_H
#define CRETULA_KEY_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;

/* Is the folder of path outside of stores and KEYS?  0, or -1 and ERR_CONFIG. */
int key_outside(const char *path, struct err *e);

/* Make a pair: the seed to path, which must not exist, and to seed. */
int key_recovery_create(const char *path, unsigned char seed[static 32], struct err *e);
int key_recovery_read(const char *path, unsigned char seed[static 32], struct err *e);

/* KEYS/recovery.pub: the public half, which every genesis from now on names. */
int key_recovery_publish(int keys_fd, const unsigned char seed[static 32], struct err *e);
/* *have false: there is none. */
int key_recovery_public(int keys_fd, unsigned char out[static 32], bool *have, struct err *e);

/* New mask keys in KEYS, in the place of lost ones: what was masked before matches no more. */
int key_renew(int keys_fd, struct err *e);

/* A ratchet of ORIGIN begins at flush g with key k. */
struct key_escrow {
	struct span origin;
	uint64_t g;
	const unsigned char *k; /* 32 bytes */
};
/*
 * Put line into the escrow file at path: made if new, extended, or the line
 * of that origin and g replaced.  On disk when it returns.
 */
int key_escrow_add(const char *path, const struct key_escrow *line, struct err *e);
/* A whole file of that line alone, added to out.  Wipe it after use. */
void key_escrow_print(const struct key_escrow *line, struct buf *out);

#endif
