/*
 * app: requests that are read whole and answered by whoever has time for it,
 * at once or as a stream of events: what `serve` makes of a server.
 *
 * Whoever reads a request's spans does so before it replies.  A request lives
 * until gone(), which the server's thread calls.
 */
#ifndef CRETULA_APP_HTTP_WHOLE_H
#define CRETULA_APP_HTTP_WHOLE_H

#include <stddef.h>

#include "serve/answer.h"
#include "serve/request.h"

struct app_http_request;

struct app_http_whole {
	size_t body_max; /* a longer one is a flaw of the request */
	bool local; /* connections are of a unix socket: the kernel knows whose */
	bool tls;
	/* By the server's thread, which must not wait: somebody replies, once. */
	void (*ask)(void *arg, struct app_http_request *r, const struct serve_request *request);
	/* Of a stream: nobody reads it any more, or all was sent. */
	void (*gone)(void *arg, struct app_http_request *r);
	void *arg;
};

/* Takes over what a holds.  By any thread. */
void app_http_reply(struct app_http_request *r, struct serve_answer *a);

/*
 * More of a stream.  false: the client is too slow, or it is over: nothing of
 * bytes was taken.  By any thread, until gone().
 */
bool app_http_push(struct app_http_request *r, struct span bytes);
/* Would it take so many now?  Likewise. */
bool app_http_room(struct app_http_request *r, size_t bytes);
/* That was all. */
void app_http_end(struct app_http_request *r);

#endif
