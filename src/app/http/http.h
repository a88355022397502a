/*
 * app: a small HTTP/1.1 server, by libmicrohttpd, with a thread of its own.
 *
 * A table of routes; what a route does is called by that thread only, so it
 * must not wait.  Bodies go to a door piece by piece, and may be answered
 * later, by any thread.  Answers are texts of this unit's own or of a route:
 * never bytes that a client sent.
 *
 * Whoever sends or takes nothing for too long is closed: 10 s for the head of
 * a first request, 30 s and a second for each 64 KiB for a body or an answer,
 * 2 min between two requests.  Where there is no place for one more connection,
 * one that never sent a request makes room, or else one between two requests;
 * where requests are read whole also one that sends a body or is sent an
 * answer, the slowest first.
 */
#ifndef CRETULA_APP_HTTP_HTTP_H
#define CRETULA_APP_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "input/live.h"

struct err;
struct app_http; /* a server */
struct app_http_request; /* of which the body is read, or the answer is owed */

/* What a request says of itself before its body; empty, if it does not. */
struct app_http_head {
	struct span authorization, encoding, key, digest; /* key: Idempotency-Key */
	uint64_t length; /* of the body as it comes; UINT64_MAX: not known */
};

/* Where the bodies of a route go. */
struct app_http_door {
	/* 0: *body is the request's until gone(); or the status of its refusal. */
	unsigned (*begin)(
	    void *arg, const struct app_http_head *head, struct app_http_request *r, void **body);
	/* 0; or a status: nothing more of it comes.  The bytes are wiped behind it. */
	unsigned (*data)(void *body, struct span bytes);
	/* A status; 0: app_http_answer is called later. */
	unsigned (*end)(void *body);
	/* It is answered, or who sent it is gone. */
	void (*gone)(void *body);
};

struct app_http_route {
	const char *path;
	const char *type; /* Content-Type of what get gives, or of done */
	unsigned (*get)(void *arg, struct buf *out); /* GET: a status, and its text in out */
	const struct app_http_door *door; /* POST */
	const char *done; /* the text of its 200 */
	void *arg;
};

struct app_http_whole; /* whole.h */
struct app_http_options {
	const struct app_http_route *routes; /* outlive the server */
	unsigned route_count;
	const struct app_http_whole *whole; /* instead of routes; NULL */
	int fd; /* listens; the server's, also if it fails; -1: only app_http_give */
	unsigned connections; /* at most */
};

/* ERR_CONFIG where cretula was built without libmicrohttpd. */
int app_http_start(const struct app_http_options *how, struct app_http **server, struct err *e);

/* Nobody is let in any more; who is in is still answered. */
void app_http_quiet(struct app_http *server);

/* Every request must have been answered by then; texts are sent for at most 2 s.  NULL is legal. */
void app_http_stop(struct app_http *server);

/* A connection that came by other ways (TLS): the server's from here on.  By any thread. */
void app_http_give(struct app_http *server, int fd);

/* Of one whose end() gave 0, once.  By any thread. */
void app_http_answer(struct app_http_request *r, unsigned status);

/* Since the start. */
struct app_http_counts {
	uint64_t connections, refused; /* let in; closed for lack of room */
	uint64_t short_of; /* how often somebody waited for lack of descriptors */
	uint64_t slow; /* closed for their slowness */
	uint64_t requests, errors; /* answered; with a status from 400 on */
	unsigned open;
};
void app_http_count(struct app_http *server, struct app_http_counts *counts);

/* Was cretula built with it? */
bool app_http_built(void);

#endif
