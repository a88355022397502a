/*
 * store: keys that change, are given out, or are lost; docs/format.md 14, 21.
 *
 * recovery is the seed of the recovery key, 32 bytes from key/recovery.h, or
 * NULL.  Another process that writes is ERR_BUSY, as everywhere.
 */
#ifndef CRETULA_STORE_KEYS_H
#define CRETULA_STORE_KEYS_H

#include "base/buf.h"
#include "base/err.h"
#include "key/recovery.h"
#include "seal/entry.h"
#include "store/store.h"

/*
 * As store_open of a store that is there, but lost keys are no failure: what
 * follows here brings new ones.  With recovery, also if KEYS is lost as a
 * whole: then it is made anew, with recovery.pub.
 */
int store_open_lost(const char *dir, const char *keys, const unsigned char *recovery,
    struct store **s, struct err *e);

/* Is recovery the seed of the recovery key of the store at dir?  Keys are not looked at. */
int store_recovery_fits(const char *dir, const unsigned char recovery[static 32], struct err *e);

/* Call each with the name of every stream, cretula.store first, until it says -1. */
typedef int (*store_each_name)(void *arg, const char *name, struct err *e);
int store_each_stream(const struct store *s, store_each_name each, void *arg, struct err *e);

/* Does an entry of any chain name that key, be it signed or torn? */
int store_key_is_named(
    const struct store *s, const unsigned char public_key[static 32], bool *named, struct err *e);

/* ---- of one stream, which may be cretula.store ---- */

struct store_rekey {
	const char *stream;
	const struct seal_names *names;
	const unsigned char *recovery;
	const unsigned char *next; /* seed of another recovery key, to which recovery gives way;
				      NULL: a new log key */
};
/*
 * vkey becomes the new one.  Another recovery key that is in force already
 * stays so; a stream that was made without one stays so, and vkey is empty.
 */
int store_rekey(struct store *s, const struct store_rekey *how, struct buf *vkey, struct err *e);

struct store_revoke {
	const char *stream;
	const struct seal_names *names;
	const unsigned char *recovery;
	struct span vkey; /* a log key of before */
	uint64_t from;    /* notes of this size and above count for nothing */
};
int store_revoke(struct store *s, const struct store_revoke *how, struct err *e);

struct store_escrow {
	const char *stream; /* made if new, then genesis says it */
	const char *policy; /* 64 hex digits, for that */
	const struct seal_names *names;
	/* Called before anything names the key; -1: it was not taken, and e. */
	int (*give)(void *arg, const struct key_escrow *line, struct err *e);
	void *arg;
};
/* What a crash left is sealed; then a ratchet begins whose key is given out. */
int store_escrow(struct store *s, const struct store_escrow *how, struct err *e);

/* ---- what is lost ---- */

struct store_loss {
	unsigned keys, own;  /* STORE_LOST_..., of the stream and of cretula.store */
	char word[33];       /* of the alarm; "": open segment and ratchet are good */
	struct err why;      /* says more of it */
	bool alarm;          /* the chain has one that nothing answers */
	uint64_t records;    /* of what is open, as far as the ratchet and older flushes know */
	uint64_t sealed;     /* they stay */
};
/* Only looks; s is best from store_open_lost. */
int store_look(struct store *s, const char *stream, const struct seal_names *names,
    struct store_loss *loss, struct err *e);
bool store_loss_none(const struct store_loss *loss);

struct store_accept {
	const char *stream;
	const struct seal_names *names;
	const unsigned char *recovery; /* needed where keys are lost */
	struct span text;              /* why, escaped as in seal/events.h */
};
/*
 * Give up what is lost, with an entry that says so: the open segment, if it
 * or the ratchet is not what a crash leaves; new keys for lost ones, of the
 * store's own chain first.  loss is what was found.  Nothing lost: 0, and
 * nothing is written.
 */
int store_accept(struct store *s, const struct store_accept *how, struct store_loss *loss,
    struct err *e);

#endif
