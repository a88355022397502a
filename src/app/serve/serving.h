/*
 * app: `cretula serve`, inside: one process that listens and reads the store,
 * with a few threads that do what requests ask for.
 */
#ifndef CRETULA_APP_SERVE_SERVING_H
#define CRETULA_APP_SERVE_SERVING_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/http/http.h"
#include "app/http/whole.h"
#include "app/serve/access.h"
#include "audit/verify.h"
#include "config/config.h"
#include "serve/serve.h"

struct serving_job;
struct trust; /* trust.h */
struct serving_tail;

#define SERVING_WORKERS 4
#define SERVING_CONNECTIONS_MAX 128
#define SERVING_JOBS_MAX 256 /* that wait; more are told to come again */
#define SERVING_TAILS_MAX 32
#define SERVING_TAILS_OWN 16 /* of one operator */

/* How the store verified last; under the lock. */
struct serving_verified {
	bool running;
	int64_t at_us; /* 0: not yet */
	int64_t took_ns;
	int code;
	unsigned errors, warnings, finding_count;
	struct audit_finding findings[10];
	char not_checked[AUDIT_NOT_CHECKED][120]; /* as of audit/covered.h */
	char laggard[40]; /* whom one of them names, */
	unsigned laggard_line; /* that one, from 1; 0: none */
	uint64_t version; /* changes with each of it */
};

struct serving {
	const char *store;
	struct serve *serve;
	struct app_access *access;
	struct app_http *http;
	struct app_http_whole whole;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work, tick;
	struct serving_job *first, *last, *held; /* held: answers that wait */
	unsigned waiting, held_count;
	struct serving_tail *tails;
	struct serving_verified verified;
	bool stop;
	atomic_bool stop_verify;
	struct retain_policy access_terms; /* of the writer, which has them from its start */
	pthread_mutex_t trust_lock; /* of what follows */
	const struct config *config; /* as it was read last; says most terms in force */
	struct trust *trust; /* as it was read last; NULL */
	uint64_t trust_key; /* says what it was read from */
	/* of the threads */
	pthread_t workers[SERVING_WORKERS], ticker, verifier;
	unsigned worker_count;
	bool ticks, verifies;
};

/* ---- setup.c ---- */

/* Roles and hosts of the configuration.  0 or -1. */
int app_serving_roles(const struct config *c, struct serve **serve, struct err *e);
/* The roles of c from now on; as serve_reload. */
int app_serving_reload(
    const struct config *c, struct serve *serve, unsigned *ended, struct err *e);
/* cretula serve token, by --config, or path if there is one.  The exit code. */
struct app_args;
int app_serving_token(const struct app_args *args, const char *path);

/* ---- work.c ---- */

int app_serving_start(struct serving *v, int fd, struct err *e);
void app_serving_stop(struct serving *v);

/* ---- what routes do: each fills a, and n with what its access record says ---- */

typedef void (*serving_do)(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);

void app_serving_chain(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);
void app_serving_checkpoint(struct serving *v, const struct serve_call *call,
    struct serve_answer *a, struct app_access_note *n);
void app_serving_figures(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);
void app_serving_records(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);
void app_serving_streams(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);
void app_serving_trust(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n);

/* What e means to who asked: a stream that is not there, a filter, a time, or the store. */
struct err;
void app_serving_failed(const struct err *e, struct serve_answer *a);
void app_serving_empty_window(struct serve_answer *a);
void app_serving_bad_filter(const struct err *e, struct serve_answer *a);

/* ---- tail.c ---- */

/* The tail of call, which begins once its first answer is sent; NULL: a says why not. */
struct serving_tail *app_serving_tail_open(
    struct serving *v, const struct serve_call *call, struct serve_answer *a);
/* It is the request's from here on; its end is recorded as note says. */
void app_serving_tail_begin(struct serving *v, struct serving_tail *t, struct app_http_request *r,
    const struct app_access_note *note);
void app_serving_tail_free(struct serving_tail *t); /* one that never began */
/* By the thread that ticks. */
void app_serving_tails_step(struct serving *v);
/* Its client is gone, or has all of it.  By the server's thread. */
void app_serving_tail_gone(void *serving, struct app_http_request *r);
/* All of them end. */
void app_serving_tails_stop(struct serving *v);

/* ---- verify.c ---- */

int app_serving_verify_start(struct serving *v, struct err *e);
void app_serving_verify_stop(struct serving *v);

#endif
