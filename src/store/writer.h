/* store, inside: what the writer and its repair share. */
#ifndef CRETULA_STORE_WRITER_H
#define CRETULA_STORE_WRITER_H

#include "key/key.h"
#include "seal/tree.h"
#include "store/chain.h"
#include "store/layout.h"

#define STORE_ORIGIN_BYTES 80
#define STORE_FILE_MODE 0640

struct store_secrets {
	struct key_slot log, epoch, next; /* next: announced by the entry at work */
};

struct store_writer {
	int dirfd, keys_fd, lock_fd, chain_fd;
	char name[STORE_NAME_MAX + 1];
	char origin[STORE_ORIGIN_BYTES];
	char policy[65];
	struct seal_names names;
	struct store_chain chain;
	struct seal_tree tree; /* over all lines of chain */
	unsigned char prev[32]; /* hash of the last line */
	int64_t t_us; /* t of the last entry */
	struct store_secrets *keys; /* guarded memory; epoch signs the next entry */
	bool broken;
};

/* The vkey of a secret: ORIGIN for the log, ORIGIN/epoch/N for an epoch. */
void store_writer_key(
    const struct store_writer *w, const struct key_slot *slot, bool is_epoch, struct buf *out);

/* Steps of docs/format.md 10, for the line that is the chain's last. */
int store_writer_sign(struct store_writer *w, const struct key_slot *epoch, struct err *e);
int store_writer_promote(struct store_writer *w, struct err *e);

/* Take a line, now the chain's last, into tree and prev. */
void store_writer_absorb(struct store_writer *w, struct span line);

/*
 * After lock and chain are had: bring the chain to the state that a writer
 * leaves, and load the keys.
 */
int store_writer_repair(struct store_writer *w, struct err *e);

#endif
