/*
 * app: a live stream takes away what is over its term while it runs: a
 * thread looks each hour, and says what it did in the chain and in a metric.
 * With a disk budget it looks more often, and tells when it is over (budget.h).
 */
#ifndef CRETULA_APP_RETAIN_KEEPER_H
#define CRETULA_APP_RETAIN_KEEPER_H

#include "app/pipe/clock.h"
#include "app/watch/figures.h"
#include "retain/retain.h"

struct app_keeper;
struct store;
struct store_live;

struct app_keeper_options {
	const char *store_path, *stream;
	struct retain_policy policy;
	uint64_t limit; /* bytes that the store may take; 0: none */
	bool unsealed; /* no line is sealed to a quarantine_key: some may be of before */
	const char *archive; /* its store; NULL or "": there is none */
	struct app_clock clock; /* nothing goes by one that is not sure */
	struct app_figures *figures; /* NULL: nobody watches */
	/* Of what it did or could not do; by its thread. */
	void (*warn)(void *arg, const char *text);
	void *arg;
};

/* NULL: no thread; then nothing goes, and warn was told. */
struct app_keeper *app_keeper_start(const struct app_keeper_options *how);

/*
 * The stream as it is open now; NULL: it is not.  Waits while something goes, as
 * it must not be closed meanwhile.  k may be NULL.
 */
void app_keeper_live(struct app_keeper *k, struct store_live *live);

/* Waits while something goes, or is done to it.  k may be NULL. */
void app_keeper_stop(struct app_keeper *k);

typedef int app_keeper_act(
    const void *what, struct store_live *live, uint64_t *entry, struct err *e);

struct app_keeper_wish {
	app_keeper_act *act;
	const void *what; /* its own */
	int wait_ms; /* so long for what goes, or is done by somebody else */
};

/*
 * What is to be done to a stream of this process while nothing goes.  Adds
 * "ok ENTRY", "error CODE TEXT" or "no such stream", and LF, to out.  However
 * long it takes, other streams and their keepers do not wait for it.
 */
void app_keeper_do(const char *stream, const struct app_keeper_wish *wish, struct buf *out);

#endif
