/* input, inside: what the units of tls/ share. */
#ifndef CRETULA_INPUT_TLS_INSIDE_H
#define CRETULA_INPUT_TLS_INSIDE_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "input/tls.h"

#define TLS_BYTES ((size_t)16 << 10) /* of a record, at most */

/* What one side had no room for. */
struct tls_rest {
	char *bytes; /* TLS_BYTES; NULL: never needed */
	size_t len, at;
};

struct tls_peer {
	SSL *ssl; /* NULL: this place is free */
	int net, plain;
	uint32_t net_events, plain_events; /* what epoll watches; 0: not in it */
	int64_t since_ns;
	bool ready; /* the handshake is done */
	bool net_ended, plain_ended;
	bool wants_write; /* OpenSSL has something to send */
	struct tls_rest to_plain, to_net;
};

struct input_tls {
	struct input_tls_options how;
	SSL_CTX *context; /* under lock */
	pthread_mutex_t lock;
	pthread_t thread;
	bool started;
	int epoll_fd, wake_fd;
	struct arena memory;
	char *buffer; /* TLS_BYTES */
	struct tls_peer *peers;
	atomic_uint open;
	int64_t swept_ns;
	atomic_bool quiet, stop, drained;
	int64_t rest_until_ns; /* not 0: what listens is not looked at */
	_Atomic uint64_t refused, failed, short_of;
};

/* ---- context.c ---- */

/* NULL with e. */
SSL_CTX *input_tls_context(const struct input_tls_files *files, struct err *e);

/* ---- peer.c ---- */

/* The handshake goes on.  1: it is done; 0; -1: it failed. */
int input_tls_shake(struct tls_peer *peer);

/* Bytes from one side to the other, as far as it goes.  false: it is over. */
bool input_tls_pump(struct input_tls *t, struct tls_peer *peer);

/* Is there something that the plain side has not taken yet? */
bool input_tls_owes(const struct tls_peer *peer);

void input_tls_end_peer(struct tls_peer *peer);

#endif
