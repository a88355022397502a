/* app: the ordered writer, and the life of the threads. */
#include <errno.h>
#include <time.h>

#include "app/pipeline_slot.h"
#include "base/clock.h"

#define TICK_NS 100000000
#define KEEP_BYTES ((size_t)8 << 20) /* of a slot's memory; hostile input may touch more */

struct writer {
	struct shared *shared;
	uint64_t placed, taken; /* batches */
};

static struct slot *
slot_of(struct writer *w, uint64_t batch)
{
	return (&w->shared->slots[batch % w->shared->slot_count]);
}

/* Place what can be placed.  0, 1 if something moved, -1 with e. */
static int
place_next(struct writer *w, struct err *e)
{
	struct shared *s = w->shared;
	struct slot *slot = slot_of(w, w->placed);
	int rc;

	if (s->p->mode != PIPELINE_SEAL || w->placed >= s->read_count || slot->state != SLOT_MASKED)
		return (0);
	pthread_mutex_unlock(&s->lock);
	rc = s->p->sink.place(s->p->sink.arg, &slot->batch, e);
	pthread_mutex_lock(&s->lock);
	if (rc == 1 && w->placed > w->taken)
		return (0);
	if (rc != 0)
		return (rc == 1 ? err_set(e, ERR_IO, "a batch that no segment takes") : -1);
	slot->state = SLOT_PLACED;
	w->placed++;
	pthread_cond_broadcast(&s->to_workers);
	return (1);
}

/* Take the next batch if it is done.  0, 1 if one was taken, -1 with e. */
static int
take_next(struct writer *w, struct err *e)
{
	struct shared *s = w->shared;
	struct slot *slot = slot_of(w, w->taken);
	struct mask_batch *b = &slot->batch.mask;
	int rc;

	if (w->taken >= s->read_count || slot->state != SLOT_DONE)
		return (0);
	pthread_mutex_unlock(&s->lock);
	rc = s->p->sink.take(s->p->sink.arg, &slot->batch, e);
	if (rc == 0 && b->learn != NULL)
		mask_words_merge(s->p->setup->words, b->learn, b->number);
	if (b->records_len > KEEP_BYTES / 2) {
		arena_trim(&slot->records, KEEP_BYTES);
		arena_trim(&slot->packed, KEEP_BYTES);
	}
	pthread_mutex_lock(&s->lock);
	if (rc == -1)
		return (-1);
	slot->state = SLOT_FREE;
	w->taken++;
	pthread_cond_signal(&s->to_reader);
	return (1);
}

static void
wait_for_work(struct shared *s)
{
	struct timespec until;

	clock_mono_after(TICK_NS, &until);
	(void)pthread_cond_clockwait(&s->to_writer, &s->lock, CLOCK_MONOTONIC, &until);
}

static int
write_all(struct writer *w, struct err *e)
{
	struct shared *s = w->shared;
	int placed, taken = 0, rc = 0;

	pthread_mutex_lock(&s->lock);
	while (!s->read_end || w->taken < s->read_count) {
		if ((placed = place_next(w, e)) == -1 || (taken = take_next(w, e)) == -1) {
			rc = -1;
			break;
		}
		if (s->p->sink.tick != NULL && !s->stop && !s->p->sink.tick(s->p->sink.arg)) {
			s->stop = true;
			pthread_cond_signal(&s->to_reader);
		}
		if (placed == 0 && taken == 0)
			wait_for_work(s);
	}
	s->stop = true;
	s->quit = true;
	pthread_cond_broadcast(&s->to_reader);
	pthread_cond_broadcast(&s->to_workers);
	pthread_mutex_unlock(&s->lock);
	return (rc);
}

static int
start(pthread_t *thread, void *(*body)(void *), void *arg, struct err *e)
{
	if ((errno = pthread_create(thread, NULL, body, arg)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	return (0);
}

/* Threads up, write, threads down. */
static int
run_threads(struct shared *s, struct worker *workers, struct err *e)
{
	struct writer writer = { s, 0, 0 };
	pthread_t reader;
	bool reading = false;
	int rc = 0;

	for (unsigned i = 0; i < s->p->jobs && rc == 0; i++)
		if ((rc = start(&workers[i].thread, app_worker_main, &workers[i], e)) == 0)
			workers[i].started = true;
	if (rc == 0 && (rc = start(&reader, app_reader_main, s, e)) == 0)
		reading = true;
	if (rc == 0)
		rc = write_all(&writer, e);
	pthread_mutex_lock(&s->lock);
	s->stop = s->quit = true;
	pthread_cond_broadcast(&s->to_workers);
	pthread_cond_broadcast(&s->to_reader);
	pthread_mutex_unlock(&s->lock);
	if (reading)
		pthread_join(reader, NULL);
	for (unsigned i = 0; i < s->p->jobs; i++)
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
	return (rc);
}

int
app_pipeline_run(struct pipeline *p, bool *input_failed, struct err *e)
{
	struct shared s = { .p = p,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.to_reader = PTHREAD_COND_INITIALIZER,
		.to_workers = PTHREAD_COND_INITIALIZER,
		.to_writer = PTHREAD_COND_INITIALIZER };
	struct worker workers[PIPELINE_SLOTS] = { 0 };
	int rc;

	*input_failed = false;
	rc = app_slots_open(&s, e);
	for (unsigned i = 0; i < p->jobs && rc == 0; i++)
		rc = app_worker_open(&workers[i], &s, e);
	if (rc == 0)
		rc = run_threads(&s, workers, e);
	p->stopped = s.stopped;
	if (rc == 0 && s.input_failed) {
		*input_failed = true;
		if (e != NULL)
			*e = s.input_error;
		rc = -1;
	}
	for (unsigned i = 0; i < p->jobs; i++)
		app_worker_close(&workers[i]);
	app_slots_close(&s);
	return (rc);
}
