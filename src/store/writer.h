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
	struct key_slot log, epoch;
	struct key_slot next, log_next; /* announced by the entry at work */
};

struct store_writer {
	int dirfd, keys_fd, lock_fd, chain_fd;
	char name[STORE_NAME_MAX + 1];
	char origin[STORE_ORIGIN_BYTES];
	char policy[65];
	struct seal_names names;
	struct store_chain chain;
	struct seal_tree tree; /* over all lines of chain */
	size_t kept_bytes; /* of them, as seal_entry_kept says */
	unsigned char prev[32]; /* hash of the last line */
	int64_t t_us; /* t of the last entry */
	struct store_secrets *keys; /* guarded memory; epoch signs the next entry */
	bool broken;
	bool takeover;
	bool lost_log, lost_epoch; /* keys->log, keys->epoch are none */
	/* What the entry at work brings: */
	bool new_log;   /* keys->log_next, which signs beside keys->log */
	bool new_epoch; /* keys->next signs, keys->epoch is lost */
};

/* The vkey of a secret: ORIGIN for the log, ORIGIN/epoch/N for an epoch. */
void store_writer_key(
    const struct store_writer *w, const struct key_slot *slot, bool is_epoch, struct buf *out);

/* A new secret. */
void store_writer_make_key(struct key_slot *slot, const char *kind, uint64_t number);

/* Steps of docs/format.md 10, for the line that is the chain's last. */
int store_writer_sign(struct store_writer *w, const struct key_slot *epoch, struct err *e);
int store_writer_promote(struct store_writer *w, struct err *e);
int store_writer_promote_log(struct store_writer *w, struct err *e);

/* Genesis, and log.key before it. */
int store_writer_begin(struct store_writer *w, const struct store_special *special, struct err *e);

/* Take a line, now the chain's last, into tree and prev. */
void store_writer_absorb(struct store_writer *w, struct span line);

/*
 * After lock and chain are had: bring the chain to the state that a writer
 * leaves, and load the keys.
 */
int store_writer_repair(struct store_writer *w, struct err *e);

#endif
