/*
 * input: who waits at a socket that listens is let in, as long as descriptors
 * are left: some of them are kept for the store, which must be able to seal.
 */
#ifndef CRETULA_INPUT_ACCEPT_H
#define CRETULA_INPUT_ACCEPT_H

#include <stdbool.h>

/* How long those who find none wait in the socket's queue; nobody is turned away. */
#define INPUT_REST_MS 100

/*
 * The next connection, not blocking; -1: there is none now.  *short_of: but
 * somebody may wait, for whom no descriptor is left: look again INPUT_REST_MS
 * later, for until then the socket has something to say all the time.
 */
int input_accept(int fd, bool *short_of);

#endif
