/* serve: the table of routes: who may call what, how it is asked, what it makes a record of. */
#ifndef CRETULA_SERVE_ROUTE_H
#define CRETULA_SERVE_ROUTE_H

#include <stdbool.h>

#include "base/span.h"
#include "serve/request.h"
#include "view/view.h"

enum serve_does {
	SERVE_DOES_ASSET, /* the page */
	SERVE_DOES_CHAIN,
	SERVE_DOES_CHECKPOINT,
	SERVE_DOES_OPENAPI,
	SERVE_DOES_OVERVIEW,
	SERVE_DOES_RECORDS,
	SERVE_DOES_SERIES,
	SERVE_DOES_SESSION,
	SERVE_DOES_LOGIN,
	SERVE_DOES_LOGOUT,
	SERVE_DOES_STREAMS,
	SERVE_DOES_TAIL,
	SERVE_DOES_TOP,
	SERVE_DOES_TRUST
};

#define SERVE_TIER(role) (1u << (role))

enum serve_format { SERVE_JSON, SERVE_CSV, SERVE_LINES, SERVE_TEXT, SERVE_EVENTS };

struct serve_route {
	const char *path; /* sorted, then by method; one "*" at the end is a word */
	const char *method;
	enum serve_does does;
	unsigned tiers; /* bits of SERVE_TIER; 0: anybody, without a session */
	bool access; /* no answer without a record in cretula.access */
	unsigned params, needed; /* bits of SERVE_BIT */
	unsigned formats; /* bits of enum serve_format; the first of them is the default */
};
extern const struct serve_route serve_routes[];
extern const size_t serve_route_count;

/* The words that "*" of /api/v1/top/ stands for, sorted, and NULL. */
extern const char *const serve_dimensions[];

struct serve_found {
	const struct serve_route *route; /* NULL: there is none for this method, or path */
	bool path_known; /* by another method */
	const char *word; /* what "*" stands for; NULL */
	bool head; /* GET without its body */
	unsigned ending; /* 1 + the format that the path's ending names; 0: none */
};
void serve_route_find(struct span method, struct span path, struct serve_found *found);

/* "GET, HEAD, ..." of a path that is known. */
void serve_route_methods(struct span path, char out[static 64]);

#endif
