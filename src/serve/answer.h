/* serve: an answer: status, headers, body; or a problem (RFC 9457), which repeats no request. */
#ifndef CRETULA_SERVE_ANSWER_H
#define CRETULA_SERVE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define SERVE_HEADERS_MAX 24
#define SERVE_VALUE_BYTES 320

struct serve_answer {
	unsigned status;
	const char *type; /* NULL: no body */
	struct buf body;
	struct span fixed; /* a body that outlives us, instead */
	const char *etag; /* of that; NULL: it is made of the body */
	struct {
		const char *name;
		char value[SERVE_VALUE_BYTES];
	} headers[SERVE_HEADERS_MAX];
	unsigned header_count;
	const char *problem; /* its code; NULL: it is none */
	bool no_store; /* not even to compare it later */
	bool shared; /* the same for all: anybody may keep it, and ask whether it is still so */
	bool stream; /* events follow, as they come */
	bool close; /* no further request of this connection is answered */
	unsigned hold_ms; /* it is sent so much later */
};

void serve_answer_free(struct serve_answer *a);
void serve_header_add(struct serve_answer *a, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum serve_problem {
	SERVE_PROBLEM_ACCESS,
	SERVE_PROBLEM_BODY,
	SERVE_PROBLEM_BUSY,
	SERVE_PROBLEM_FILTER,
	SERVE_PROBLEM_HOST,
	SERVE_PROBLEM_METHOD,
	SERVE_PROBLEM_NOT_FOUND,
	SERVE_PROBLEM_ORIGIN,
	SERVE_PROBLEM_PARAMETER,
	SERVE_PROBLEM_RATE,
	SERVE_PROBLEM_REQUEST,
	SERVE_PROBLEM_SESSION,
	SERVE_PROBLEM_STORE,
	SERVE_PROBLEM_STREAM,
	SERVE_PROBLEM_TIER,
	SERVE_PROBLEM_TOKEN,
	SERVE_PROBLEM_TYPE,
	SERVE_PROBLEM_WINDOW,
	SERVE_PROBLEM_COUNT
};
extern const struct serve_problem_row {
	const char *code; /* sorted */
	unsigned status;
	const char *title;
	const char *detail; /* a sentence */
} serve_problems[SERVE_PROBLEM_COUNT];

/* Where it is: all of it may be 0. */
struct serve_problem_place {
	unsigned column; /* of a filter */
	const char *parameter; /* a name of ours */
	const char *detail; /* instead of the row's */
};
/* a becomes the problem, whatever it was.  place NULL: nowhere. */
void serve_problem_set(
    struct serve_answer *a, enum serve_problem problem, const struct serve_problem_place *place);

/* The entity tag of a's body. */
#define SERVE_ETAG_BYTES 36
void serve_etag(const struct serve_answer *a, char etag[static SERVE_ETAG_BYTES]);

/* Caching, and what keeps a browser from doing more with it.  tls: it may insist on it later. */
void serve_answer_guard(struct serve_answer *a, bool tls);

#endif
