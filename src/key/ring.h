/* key, inside: what a ring holds.  All of it is in secret memory. */
#ifndef CRETULA_KEY_RING_H
#define CRETULA_KEY_RING_H

#include "key/keyring.h"

struct key_ring {
	int dirfd;          /* our own; -1: ephemeral */
	int import_lock;    /* the fd that holds import.seed; -1: none */
	bool locked;        /* mlock succeeded */
	bool import_on;     /* import_secret makes the epochs */
	bool import_left;   /* an unfinished import left its slot */
	bool import_replaced; /* and a new one destroyed it: */
	unsigned char replaced[32]; /* its commitment */
	unsigned char root[32];
	unsigned char import_secret[32];
	struct key_keep keep;
	struct key_table table;
	struct key_keyring work; /* next state of table, and files */
};

/* SHA-256("cretula seed v1\n" | secret), what the chain says of a secret. */
void key_commit(const unsigned char secret[static 32], unsigned char commitment[static 32]);

#endif
