/*
 * input: TLS in front of a socket that listens.
 *
 * A thread of its own shakes hands and decrypts (OpenSSL takes memory, which
 * threads that read may not); the plain side of each connection is one end of
 * a pair of sockets, which is given to whoever reads it.  TLS 1.2 with
 * forward secrecy and authenticated encryption, or 1.3; no tickets, no
 * renegotiation.  A handshake waits for nobody: who has not ended his within
 * 10 s is closed, or earlier if there is no place for one more.
 */
#ifndef CRETULA_INPUT_TLS_H
#define CRETULA_INPUT_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct input_tls;

#define INPUT_FILE_BYTES 1024

/* PEM; certificate with the chain behind it.  client_ca "": clients need no certificate. */
struct input_tls_files {
	char certificate[INPUT_FILE_BYTES], key[INPUT_FILE_BYTES], client_ca[INPUT_FILE_BYTES];
};

struct input_tls_options {
	struct input_tls_files files;
	int fd; /* listens, not blocking; stays the caller's, who closes it last */
	unsigned connections;
	void (*give)(void *arg, int fd); /* the plain end; called by the thread */
	void *arg;
};

/* 0; -1 with e: ERR_CONFIG: a file that cannot be used, a key that others may read. */
int input_tls_open(const struct input_tls_options *how, struct input_tls **tls, struct err *e);
/* Its thread, if there is none yet. */
int input_tls_start(struct input_tls *tls, struct err *e);
/* Whose plain end is closed is told the rest, within a second. */
void input_tls_finish(struct input_tls *tls);
void input_tls_close(struct input_tls *tls); /* NULL is legal */

/* For connections from now on.  -1 with e: all stays as it was. */
int input_tls_reload(struct input_tls *tls, struct err *e);

/* Nobody is let in any more; what came is decrypted. */
void input_tls_quiet(struct input_tls *tls);
/* And that is done. */
bool input_tls_drained(const struct input_tls *tls);

/* Until when a certificate and the chain behind it are good.  0; -1 with e. */
int input_tls_expiry(const char *path, int64_t *until_us, struct err *e);

struct input_tls_counts {
	uint64_t refused; /* for lack of room */
	uint64_t short_of; /* how often somebody waited for lack of descriptors */
	uint64_t failed; /* no handshake, or none in time */
};
void input_tls_count(const struct input_tls *tls, struct input_tls_counts *counts);

#endif
