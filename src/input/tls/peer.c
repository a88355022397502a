/* input: a connection of TLS, between the net and the plain side. */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "crypto/random.h"
#include "input/tls/inside.h"

#define RECORDS_MAX 16 /* before others have their turn */

int
input_tls_shake(struct tls_peer *peer)
{
	int rc;

	ERR_clear_error();
	if ((rc = SSL_accept(peer->ssl)) == 1)
		return (1);
	rc = SSL_get_error(peer->ssl, rc);
	peer->wants_write = rc == SSL_ERROR_WANT_WRITE;
	return (rc == SSL_ERROR_WANT_READ || rc == SSL_ERROR_WANT_WRITE ? 0 : -1);
}

/* What the other side had no room for waits; there is nothing before it. */
static bool
hold(struct tls_rest *rest, const char *bytes, size_t len)
{
	if (rest->bytes == NULL && (rest->bytes = malloc(TLS_BYTES)) == NULL)
		return (false);
	memcpy(rest->bytes, bytes, len);
	rest->len = len;
	rest->at = 0;
	return (true);
}

static void
took(struct tls_rest *rest, size_t n)
{
	crypto_wipe(rest->bytes + rest->at, n);
	rest->at += n;
	if (rest->at == rest->len)
		rest->at = rest->len = 0;
}

/* How many bytes went; 0: not now; -1: nobody reads there any more. */
static ssize_t
put_plain(const struct tls_peer *peer, const char *bytes, size_t len)
{
	ssize_t n = send(peer->plain, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == -1)
		return (errno == EAGAIN || errno == EINTR ? 0 : -1);
	return (n);
}

static ssize_t
put_net(struct tls_peer *peer, const char *bytes, size_t len)
{
	int n, why;

	ERR_clear_error();
	if ((n = SSL_write(peer->ssl, bytes, (int)len)) > 0)
		return (n);
	why = SSL_get_error(peer->ssl, n);
	peer->wants_write = why == SSL_ERROR_WANT_WRITE;
	return (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? 0 : -1);
}

bool
input_tls_owes(const struct tls_peer *peer)
{
	return (peer->to_plain.len > 0);
}

/* From the net to the plain side.  false: it is over. */
static bool
pump_in(struct input_tls *t, struct tls_peer *peer)
{
	struct tls_rest *rest = &peer->to_plain;
	ssize_t put;
	int n = 1;

	if (rest->len > 0) {
		put = put_plain(peer, rest->bytes + rest->at, rest->len - rest->at);
		if (put == -1)
			return (false);
		took(rest, (size_t)put);
	}
	for (int i = 0; i < RECORDS_MAX && rest->len == 0 && !peer->net_ended; i++) {
		bool good = true;

		ERR_clear_error();
		if ((n = SSL_read(peer->ssl, t->buffer, (int)TLS_BYTES)) <= 0)
			break;
		if ((put = put_plain(peer, t->buffer, (size_t)n)) < n && put != -1)
			good = hold(rest, t->buffer + put, (size_t)(n - put));
		crypto_wipe(t->buffer, (size_t)n);
		if (put == -1 || !good)
			return (false);
	}
	if (n > 0)
		return (true);
	n = SSL_get_error(peer->ssl, n);
	peer->wants_write = peer->wants_write || n == SSL_ERROR_WANT_WRITE;
	if (n != SSL_ERROR_WANT_READ && n != SSL_ERROR_WANT_WRITE) {
		/* Its end, by an alert or without: what it sent is given. */
		peer->net_ended = true;
		(void)shutdown(peer->plain, SHUT_WR);
	}
	return (true);
}

/* From the plain side to the net: answers, and that it is over. */
static bool
pump_out(struct input_tls *t, struct tls_peer *peer)
{
	struct tls_rest *rest = &peer->to_net;
	ssize_t n, put;

	if (rest->len > 0) {
		if ((put = put_net(peer, rest->bytes + rest->at, rest->len - rest->at)) == -1)
			return (false);
		took(rest, (size_t)put);
	}
	while (rest->len == 0 && !peer->plain_ended) {
		n = recv(peer->plain, t->buffer, TLS_BYTES, MSG_DONTWAIT);
		if (n == -1)
			return (errno == EAGAIN || errno == EINTR);
		if (n == 0) {
			peer->plain_ended = true;
			break;
		}
		if ((put = put_net(peer, t->buffer, (size_t)n)) == -1 ||
		    (put < n && !hold(rest, t->buffer + put, (size_t)(n - put))))
			return (false);
	}
	if (!peer->plain_ended || rest->len > 0)
		return (true);
	(void)SSL_shutdown(peer->ssl);
	return (false);
}

bool
input_tls_pump(struct input_tls *t, struct tls_peer *peer)
{
	peer->wants_write = false;
	return (pump_in(t, peer) && pump_out(t, peer));
}

static void
free_rest(struct tls_rest *rest)
{
	if (rest->bytes != NULL)
		crypto_wipe(rest->bytes, TLS_BYTES);
	free(rest->bytes);
}

void
input_tls_end_peer(struct tls_peer *peer)
{
	if (peer->ssl == NULL)
		return;
	SSL_free(peer->ssl);
	(void)close(peer->net); /* epoll forgets both by itself */
	if (peer->plain != -1)
		(void)close(peer->plain);
	free_rest(&peer->to_plain);
	free_rest(&peer->to_net);
	memset(peer, 0, sizeof(*peer));
}
