/* store: what the chains of a store say of mask epochs. */
#ifndef CRETULA_STORE_EPOCHS_H
#define CRETULA_STORE_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "seal/entry.h"

struct err;
struct store;

/*
 * Of each epoch: does a hold that is in force at t_us, in the chain of any
 * stream, name it?  Chains are read as they are, without a lock.  -1: one
 * cannot be read, so that nobody knows.
 */
struct store_held_epochs {
	const char (*names)[16];
	size_t count;
	bool *held;       /* out: of each */
	struct buf *hold; /* out: "ID in stream NAME" of the last that was found; may be NULL */
};
int store_epochs_held(const struct store *s, const struct seal_names *names, int64_t t_us,
    const struct store_held_epochs *ask, struct err *e);

/*
 * Every entry of every stream, cretula.store first, as they are now and
 * without a lock, until each says -1.
 */
typedef int (*store_each)(void *arg, const char *stream, const struct seal_entry *entry,
    struct err *e);
int store_each_entry(const struct store *s, const struct seal_names *names, store_each each,
    void *arg, struct err *e);

/* An epoch whose key is gone. */
struct store_gone {
	char what[16];
	unsigned char commitment[32];
};

/*
 * Append a destroy entry of it to the chain of a stream that nobody else is
 * writing to (ERR_BUSY), unless it is there already.  *said counts those
 * that were appended.
 */
int store_epoch_gone(struct store *s, const char *stream, const struct seal_names *names,
    const struct store_gone *gone, unsigned *said, struct err *e);

/* The same of a writer that is open. */
struct store_writer;
int store_epoch_say(struct store_writer *w, const struct seal_names *names,
    const struct store_gone *gone, unsigned *said, struct err *e);

/* Append to cretula.store what was done with keys, and why (escaped). */
int store_keys_said(struct store *s, const char *kind, struct span text, struct err *e);

#endif
