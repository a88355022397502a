/*
 * serve: views over HTTP: who asks, whether they may, and what becomes of the
 * answer.  Knows no sockets and no store: whoever has both calls begin with a
 * request, does what the route says, makes the access record, calls finish.
 *
 * Every call may come from any thread.
 */
#ifndef CRETULA_SERVE_SERVE_H
#define CRETULA_SERVE_SERVE_H

#include "serve/answer.h"
#include "serve/request.h"
#include "serve/route.h"

struct err;
struct serve;

#define SERVE_NAME_BYTES 64
#define SERVE_ROLE_USERS 16
#define SERVE_ROLE_STREAMS 16
#define SERVE_HOSTS_MAX 10

struct serve_role {
	char name[SERVE_NAME_BYTES];
	struct view_grant grant; /* its name becomes the one above */
	bool has_token;
	unsigned char token[32]; /* its hash */
	struct serve_user {
		char name[SERVE_NAME_BYTES]; /* "*": whoever the proxy names */
		bool has_uid; /* of this machine: known on a unix socket */
		uint32_t uid;
	} users[SERVE_ROLE_USERS];
	unsigned user_count;
	char streams[SERVE_ROLE_STREAMS][SERVE_NAME_BYTES];
	unsigned stream_count; /* 0: every one but those of cretula itself */
};

struct serve_options {
	const struct serve_role *roles; /* copied */
	unsigned role_count;
	char hosts[SERVE_HOSTS_MAX][272]; /* that a request may be for, with the port; none: any */
	unsigned host_count;
	bool has_proxy;
	uint32_t proxy_uid; /* whose X-Remote-User is believed, on a unix socket */
};

int serve_open(const struct serve_options *how, struct serve **s, struct err *e);
void serve_close(struct serve *s); /* NULL is legal */

/*
 * Other roles from now on.  Sessions whose token no role of their name has any more end
 * (ended: how many), and so do all tails: who may still follow asks again.  1; 0: they
 * are as they were, and nothing ends; -1: nothing has changed.
 */
int serve_reload(struct serve *s, const struct serve_role *roles, unsigned count, unsigned *ended,
    struct err *e);

enum serve_via { SERVE_VIA_BEARER, SERVE_VIA_COOKIE, SERVE_VIA_PEER, SERVE_VIA_PROXY };
extern const char *const serve_via_names[];

struct serve_who {
	const struct serve_role *role;
	enum serve_via via;
	char operator[SERVE_NAME_BYTES];
	uint64_t session; /* of a cookie; 0 */
	int64_t expires_ns; /* the same, by clock_mono_ns */
	uint64_t reloads; /* before it asked */
};

struct serve_call {
	const struct serve_request *request;
	const struct serve_route *route; /* NULL: none was found */
	bool known; /* who is set */
	struct serve_who who;
	struct serve_params params;
	const char *word; /* of the path */
	enum serve_format format;
	bool head;
};

/*
 * true: what the route says is to be done, by a: then access, then finish.
 * false: a is the answer; but where the route makes access records and the
 * caller is known, of this refusal, too.
 */
bool serve_begin(struct serve *s, const struct serve_request *r, struct serve_call *call,
    struct serve_answer *a);

/* What GET, POST and DELETE of the session do; routes of which nobody else knows. */
void serve_session_do(struct serve *s, struct serve_call *call, struct serve_answer *a);

/* Headers, entity tag, 304.  Once an answer, refusals too. */
void serve_finish(struct serve *s, const struct serve_call *call, struct serve_answer *a);

/* An operator's: short, and of letters that no record or log minds. */
bool serve_name_ok(struct span name);

/* May it see that stream? */
bool serve_may_see(const struct serve_role *role, const char *stream);

/* Is the session that a tail belongs to still there, if it is of one, and are the roles as then? */
bool serve_lives(struct serve *s, const struct serve_who *who);

struct serve_counts {
	uint64_t requests, refused; /* from status 400 on */
	uint64_t wrong_tokens, limited;
	unsigned sessions;
};
void serve_count(struct serve *s, struct serve_counts *counts);

#endif
