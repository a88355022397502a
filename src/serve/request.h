/*
 * serve: views over HTTP.  This unit: what a request says, and no more of it.
 *
 * Foreign bytes: paths are compared, never opened; names of parameters are
 * those of a table; values have a kind and a length each.
 */
#ifndef CRETULA_SERVE_REQUEST_H
#define CRETULA_SERVE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define SERVE_TARGET_BYTES 8192 /* of a target at most: a filter may be written in %XX */

/* What a request is that none of ours would be. */
enum serve_flaw {
	SERVE_FLAW_NONE,
	SERVE_FLAW_HOST, /* no Host, or two */
	SERVE_FLAW_HEADER, /* one that is none, or one that we read comes twice */
	SERVE_FLAW_LENGTH, /* Transfer-Encoding, or lengths that differ */
	SERVE_FLAW_BODY /* too large */
};

/* As it came.  A header that is not there is empty. */
struct serve_request {
	struct span method, target;
	struct span host, origin, site, cookie, authorization, accept, encoding, type, none_match,
	    user, last_event;
	struct span body;
	enum serve_flaw flaw;
	bool local; /* by a unix socket */
	uint32_t uid; /* whose, if local */
	uint64_t network; /* else the address of IPv4, the /64 of IPv6: for limits alone */
	bool tls;
};

/* ---- the target ---- */

struct serve_target {
	struct span path; /* into the request's target */
	struct span query; /* behind the "?" */
};

/* /PATH[?QUERY] of printable ASCII, without "#".  0; -1: it is none. */
int serve_target_read(struct span target, struct serve_target *out);

enum serve_param {
	SERVE_AT,
	SERVE_CURSOR,
	SERVE_FROM,
	SERVE_LIMIT,
	SERVE_ORDER,
	SERVE_SINCE,
	SERVE_STEP,
	SERVE_STREAM,
	SERVE_UNTIL,
	SERVE_WHERE,
	SERVE_WINDOW,
	SERVE_PARAM_COUNT
};
extern const char *const serve_param_names[SERVE_PARAM_COUNT]; /* sorted */
#define SERVE_BIT(param) (1u << (param))

struct serve_params {
	unsigned given; /* bits */
	const char *text[SERVE_PARAM_COUNT]; /* NULL if not given */
	uint64_t number[SERVE_PARAM_COUNT]; /* of FROM and LIMIT */
	unsigned choice[SERVE_PARAM_COUNT]; /* of ORDER, STEP and WINDOW: index of its word */
	char bytes[SERVE_TARGET_BYTES + SERVE_PARAM_COUNT];
};

enum { SERVE_ORDER_NEWEST, SERVE_ORDER_OLDEST };
enum { SERVE_STEP_MINUTE, SERVE_STEP_HOUR, SERVE_STEP_DAY };
enum { SERVE_WINDOW_HOUR, SERVE_WINDOW_DAY, SERVE_WINDOW_WEEK, SERVE_WINDOW_MONTH };

/*
 * name=value&..., percent-encoded, of the parameters in allowed.  0; -1, and
 * *wrong is the parameter that cannot be, or -1 if it is none of allowed, comes
 * twice, or is no text.
 */
int serve_params_read(struct span query, unsigned allowed, struct serve_params *out, int *wrong);

/* ---- headers ---- */

/* The value of a cookie; empty if it is not there.  One that comes twice is none. */
struct span serve_cookie_find(struct span cookie, const char *name);

/* The token of "Bearer TOKEN"; empty. */
struct span serve_bearer(struct span authorization);

/* Does Accept name type?  What weighs 0 is not taken, and a range names nothing. */
bool serve_prefers(struct span accept, const char *type);

/* The same of Accept-Encoding: only what is named. */
bool serve_packs(struct span accept_encoding, const char *encoding);

/* Is Content-Type that type, whatever its parameters? */
bool serve_is_type(struct span content_type, const char *type);

/* Does If-None-Match name the entity tag? */
bool serve_matches(struct span none_match, const char *etag);

/* The token of {"token": "..."}: -1 if the body is none. */
#define SERVE_TOKEN_BYTES 129
int serve_login_read(struct span body, char token[static SERVE_TOKEN_BYTES]);

#endif
