/* app: what chains say of the throw-away secrets of imports (ADR 3). */
#ifndef CRETULA_APP_SECRET_H
#define CRETULA_APP_SECRET_H

struct err;
struct key_ring;
struct store;
struct store_stream;

/*
 * Say which secret is gone: that of this stream each that is not kept (NULL:
 * none), also what a crash kept from being said; the others the one in gone
 * (NULL: none), which their own next import would say else.
 */
int app_secret_destroyed(struct store *store, struct store_stream *stream, const char *name,
    const unsigned char *kept, const unsigned char *gone, struct err *e);

/*
 * There is nothing to mask: end the secret that something broken off has
 * left, and say so.  One that is in use stays.
 */
int app_secret_settle(struct key_ring *ring, struct store *store, struct store_stream *stream,
    const char *name, struct err *e);

#endif
