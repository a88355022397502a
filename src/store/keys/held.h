/* store, inside: a chain that is worked on, of a stream or of the store. */
#ifndef CRETULA_STORE_KEYS_HELD_H
#define CRETULA_STORE_KEYS_HELD_H

#include <stdbool.h>

#include "seal/entry.h"

struct err;
struct store;
struct store_stream;
struct store_writer;

struct store_held {
	struct store_stream *stream; /* NULL: cretula.store, */
	struct store_writer *own;    /* which is this */
	struct store_writer *writer;
};

/* Never makes a stream: ERR_INPUT if there is none of that name. */
int store_held_open(struct store *s, const char *name, const struct seal_names *names,
    struct store_held *held, struct err *e);
void store_held_close(struct store_held *held);

bool store_is_listed(const struct store *s, const char *name);

#endif
