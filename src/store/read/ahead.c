#include "store/read/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"

#define RUNS 2 /* one is used, one is made */

struct run {
	bool full;
	int rc;
	size_t len;
	struct err why;
	char *bytes;
};

struct store_ahead {
	store_take take;
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop, joined;
	unsigned at; /* the run that the user has, or waits for */
	bool holding; /* the user has it */
	struct run runs[RUNS];
};

/* Wait until run is empty; false: stop. */
static bool
wait_empty(struct store_ahead *a, const struct run *run)
{
	bool go;

	pthread_mutex_lock(&a->lock);
	while (run->full && !a->stop)
		pthread_cond_wait(&a->changed, &a->lock);
	go = !a->stop;
	pthread_mutex_unlock(&a->lock);
	return (go);
}

static void *
take_all(void *arg)
{
	struct store_ahead *a = arg;
	bool more = true;

	for (unsigned i = 0; more && wait_empty(a, &a->runs[i]); i = (i + 1) % RUNS) {
		struct run *run = &a->runs[i];
		struct span bytes = { NULL, 0 };

		run->rc = a->take(a->arg, &bytes, &run->why);
		run->len = bytes.len;
		if (bytes.len > 0)
			memcpy(run->bytes, bytes.ptr, bytes.len);
		more = run->rc == 0 && bytes.len > 0;
		pthread_mutex_lock(&a->lock);
		run->full = true;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return (NULL);
}

struct store_ahead *
store_ahead_begin(store_take take, void *arg, size_t size)
{
	struct store_ahead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return (NULL);
	a->take = take;
	a->arg = arg;
	a->joined = true;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	for (unsigned i = 0; i < RUNS; i++)
		a->runs[i].bytes = malloc(size);
	if (a->runs[0].bytes != NULL && a->runs[1].bytes != NULL)
		a->joined = pthread_create(&a->thread, NULL, take_all, a) != 0;
	if (!a->joined)
		return (a);
	store_ahead_end(a);
	return (NULL);
}

/* The run that was used is empty, and the next one is awaited. */
static struct run *
await(struct store_ahead *a)
{
	struct run *run = &a->runs[a->at];

	pthread_mutex_lock(&a->lock);
	if (a->holding) {
		run->full = false;
		a->at = (a->at + 1) % RUNS;
		run = &a->runs[a->at];
		pthread_cond_broadcast(&a->changed);
	}
	while (!run->full && !a->stop)
		pthread_cond_wait(&a->changed, &a->lock);
	if (!run->full) {
		run->len = 0;
		run->rc = err_set(&run->why, ERR_IO, "stopped");
	}
	a->holding = true;
	pthread_mutex_unlock(&a->lock);
	return (run);
}

int
store_ahead_next(struct store_ahead *a, struct span *run, struct err *e)
{
	struct run *at = &a->runs[a->at];

	/* Behind the last one there is nothing to wait for. */
	if (!a->holding || (at->rc == 0 && at->len > 0))
		at = await(a);
	*run = span_of(at->bytes, at->len);
	if (at->rc == -1 && e != NULL)
		*e = at->why;
	return (at->rc);
}

void
store_ahead_stop(struct store_ahead *a)
{
	if (a->joined)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	(void)pthread_join(a->thread, NULL);
	a->joined = true;
}

void
store_ahead_end(struct store_ahead *a)
{
	if (a == NULL)
		return;
	store_ahead_stop(a);
	for (unsigned i = 0; i < RUNS; i++)
		free(a->runs[i].bytes);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}
