/* serve, inside: what its units share. */
#ifndef CRETULA_SERVE_INSIDE_H
#define CRETULA_SERVE_INSIDE_H

#include <pthread.h>

#include "serve/limit.h"
#include "serve/serve.h"
#include "serve/session.h"

#define SERVE_ROLES_MAX 32

/* Kept until the end: there are as many as an operator changed. */
struct serve_roles {
	struct serve_roles *older;
	unsigned count;
	struct serve_role list[];
};

struct serve {
	struct serve_options how;
	uint64_t seed; /* of keys of limits */
	pthread_mutex_t lock; /* of what follows */
	struct serve_roles *roles; /* as they are now; older ones for who still has one in hand */
	uint64_t reloads;
	struct serve_sessions sessions;
	struct serve_limit asks, guesses;
	struct serve_limit strangers; /* asks of who is unknown, by where he comes from */
	struct serve_limit crowd; /* of all of them who come over TCP */
	struct serve_counts counts;
};

/* ---- who.c ---- */

enum serve_known { SERVE_KNOWN, SERVE_UNKNOWN, SERVE_WRONG_TOKEN };

/* Who asks.  fresh: another cookie, or "".  Under the lock. */
enum serve_known serve_who_find(struct serve *s, const struct serve_request *r,
    struct serve_who *who, char fresh[static SERVE_COOKIE_BYTES]);

/* The role whose token it is; NULL.  Every role is compared.  Under the lock. */
const struct serve_role *serve_who_token(const struct serve *s, struct span token);

/* What limits of a request that nobody known makes go by: a hash of the user or the network. */
uint64_t serve_who_peer(const struct serve *s, const struct serve_request *r);

/* ---- guard.c ---- */

/* What no request of a browser of ours would be.  0 and SERVE_PROBLEM_COUNT if it is good. */
enum serve_problem serve_guard_check(const struct serve *s, const struct serve_request *r);

/* Name and attributes of the cookie. */
#define SERVE_COOKIE_NAME 24
void serve_cookie_name(const struct serve_request *r, char name[static SERVE_COOKIE_NAME]);
void serve_cookie_set(struct serve_answer *a, const struct serve_request *r, const char *value);

/* A wrong token: counted, and slower each time. */
void serve_wrong_token(struct serve *s, const struct serve_request *r, struct serve_answer *a);

#endif
