/* app, inside: what the units of http/ share. */
#ifndef CRETULA_APP_HTTP_INSIDE_H
#define CRETULA_APP_HTTP_INSIDE_H

#include <sys/types.h>

#include <microhttpd.h>
#include <pthread.h>

#include "app/http/http.h"
#include "app/http/whole.h"

enum http_phase {
	HTTP_PHASE_FREE,
	HTTP_PHASE_NEW, /* it has not sent a request */
	HTTP_PHASE_IDLE, /* between two */
	HTTP_PHASE_BODY,
	HTTP_PHASE_WORK, /* a body is whole: it is for us to do something */
	HTTP_PHASE_ANSWER, /* it is being sent */
	HTTP_PHASE_STREAM /* events, as they come */
};

/* A connection. */
struct http_peer {
	int fd;
	enum http_phase phase;
	int64_t since_ns;
	uint64_t bytes; /* of the body, or of the answer */
};

struct app_http_request {
	struct app_http *server;
	struct app_http_request *next; /* among those that are answered */
	struct MHD_Connection *connection;
	struct http_peer *peer;
	const struct app_http_route *route; /* NULL: there is none */
	void *body;
	unsigned status; /* 0: not known yet */
	bool get, swallow;
	bool flawed; /* its head: refused, and the connection ends */
	uint64_t swallowed;
	struct http_whole *whole; /* NULL: it is of a route */
};

/* A request that is read whole. */
#define HTTP_STREAM_BYTES ((size_t)1 << 20) /* of events that wait for a client */
struct http_whole {
	struct app_http_request request; /* first: either is the other */
	char *target, *method;
	struct buf body;
	struct serve_request asked;
	struct serve_answer answer;
	bool seen; /* the head is */
	struct buf events; /* under the server's lock, as what follows */
	bool streams, sleeps, ended;
};

struct http_given {
	struct http_given *next;
	int fd;
};

struct app_http {
	const struct app_http_route *routes;
	unsigned route_count;
	const struct app_http_whole *whole; /* NULL: there are routes */
	int fd, wake_fd;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	bool started;
	struct http_peer *peers; /* of the thread */
	unsigned peer_count;
	int64_t swept_ns, stopped_ns;
	pthread_mutex_t lock; /* of what follows */
	struct app_http_request *answers;
	struct http_given *given;
	bool quiet, stop;
	struct app_http_counts counts;
	int64_t rest_until_ns; /* of the thread: what listens is not looked at */
};

/* ---- request.c ---- */

enum MHD_Result app_http_handle(void *server, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *len, void **request);
void app_http_completed(void *server, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode why);
/* Is it one that everybody reads alike?  Name and value as they lie at libmicrohttpd. */
bool app_http_header_ok(const char *name, size_t name_len, const char *value, size_t len);

/* ---- whole.c ---- */

void *app_http_whole_uri(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result app_http_whole_handle(struct app_http *s, struct MHD_Connection *connection,
    const char *method, const char *bytes, size_t *len, void **request);
void app_http_whole_completed(struct http_whole *w);

/* ---- server.c ---- */

/* r is to be looked at by the server's thread.  Under the lock. */
void app_http_wake(struct app_http_request *r);

struct http_peer *app_http_peer(struct MHD_Connection *connection);
void app_http_phase(struct http_peer *peer, enum http_phase phase);

#endif
