/*
 * store: keys that change, are given out, or are lost; docs/format.md 14, 21.
 *
 * recovery is the seed of the recovery key, 32 bytes from key/recovery.h, or
 * NULL.  Another process that writes is ERR_BUSY, as everywhere.
 */
#ifndef CRETULA_STORE_KEYS_H
#define CRETULA_STORE_KEYS_H

#include "base/buf.h"
#include "seal/entry.h"
#include "store/store.h"

struct err;

/*
 * As store_open of a store that is there, but lost keys are no failure: what
 * follows here brings new ones.  With recovery, also if KEYS is lost as a
 * whole: then it is made anew, with recovery.pub.
 */
int store_open_lost(const char *dir, const char *keys, const unsigned char *recovery,
    struct store **s, struct err *e);

/* Call each with the name of every stream, cretula.store first, until it says -1. */
typedef int (*store_each_name)(void *arg, const char *name, struct err *e);
int store_each_stream(const struct store *s, store_each_name each, void *arg, struct err *e);

/* ---- of one stream, which may be cretula.store ---- */

struct store_rekey {
	const char *stream;
	const struct seal_names *names;
	const unsigned char *recovery;
	const unsigned char *next; /* seed of another recovery key; NULL: a new log key */
};
/* Adds the new vkey to vkey.  Another recovery key that is in force already stays so. */
int store_rekey(struct store *s, const struct store_rekey *how, struct buf *vkey, struct err *e);

struct store_revoke {
	const char *stream;
	const struct seal_names *names;
	const unsigned char *recovery;
	struct span vkey; /* a log key of before */
	uint64_t from;    /* notes of this size and above count for nothing */
};
int store_revoke(struct store *s, const struct store_revoke *how, struct err *e);

#endif
