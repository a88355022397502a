/* store: import secrets, by their commitments: what a chain says of each. */
#ifndef CRETULA_STORE_SECRETS_H
#define CRETULA_STORE_SECRETS_H

#include "store/store.h"

/* Those that segments of a stream name and no later destroy entry does, oldest first. */
#define STORE_SECRETS_MAX 64
struct store_secrets_open {
	unsigned char list[STORE_SECRETS_MAX][32];
	size_t count;
};
int store_stream_secrets(
    const struct store_stream *st, struct store_secrets_open *open, struct err *e);
/* Append the destroy entry of one. */
int store_stream_destroyed(
    struct store_stream *st, const unsigned char commitment[static 32], struct err *e);
/*
 * The same in every other stream than but that used it.  -1 if one of them
 * could not take it; its next import will.
 */
int store_destroyed(struct store *s, const char *but, const struct seal_names *names,
    const unsigned char commitment[static 32], struct err *e);

#endif
