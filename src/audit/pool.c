/*
 * Segments over threads.  Findings are merged in the order of the segments,
 * a bounded number of segments at a time, so that neither the report nor the
 * memory depends on how many threads there are.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/live/moving.h"
#include "audit/segment.h"
#include "base/err.h"

#define AT_ONCE 256 /* segments between two merges */

struct work {
	struct audit_pool *pool;
	const struct audit_chain *chain;
	const struct audit_segment *segments;
	size_t count;
	uint64_t checked; /* entries */
	atomic_size_t next;
	_Atomic uint64_t done;
	struct audit_list lists[AT_ONCE];
	bool good[AT_ONCE]; /* are the records the sealed ones? */
	bool again[AT_ONCE];
};

struct worker {
	struct work *work;
	unsigned number;
	pthread_t thread;
	struct audit_coverage coverage;
};

int
audit_pool_open(struct audit_pool *pool, unsigned jobs, struct err *e)
{
	if (jobs > AUDIT_JOBS_MAX)
		jobs = AUDIT_JOBS_MAX;
	while (pool->job_count < jobs) {
		struct audit_job *job = calloc(1, sizeof(*job));

		if (job == NULL)
			return (err_set(e, ERR_IO, "out of memory"));
		pool->jobs[pool->job_count++] = job;
		if (store_reader_open(&job->reader, e) == -1 ||
		    audit_window_open(&job->lines, e) == -1)
			return (-1);
	}
	return (0);
}

void
audit_pool_close(struct audit_pool *pool)
{
	while (pool->job_count > 0) {
		struct audit_job *job = pool->jobs[--pool->job_count];

		store_reader_close(job->reader);
		audit_window_close(&job->lines);
		buf_free(&job->idx);
		free(job);
	}
	free(pool->again);
}

/* What a damaged or unsigned entry says is no measure for records. */
static bool
is_trusted(const struct audit_chain *chain, const struct audit_segment *segment)
{
	return (segment->line < chain->signed_count && segment->line != chain->bad_entry);
}

static void
add_coverage(struct audit_coverage *into, const struct audit_coverage *more)
{
	into->segments += more->segments;
	into->segments_missing += more->segments_missing;
	into->segments_before += more->segments_before;
	into->records += more->records;
	into->line_bytes += more->line_bytes;
	into->file_bytes += more->file_bytes;
	if (more->time_min_us < into->time_min_us)
		into->time_min_us = more->time_min_us;
	if (more->time_max_us > into->time_max_us)
		into->time_max_us = more->time_max_us;
}

static bool
is_stopped(const struct audit_chain *chain)
{
	return (chain->options != NULL && chain->options->stop != NULL &&
	    atomic_load(chain->options->stop));
}

/* Entries whose segments need not be read. */
static uint64_t
count_checked(const struct audit_chain *chain)
{
	return (chain->options == NULL || chain->options->checked == NULL ?
		0 :
		chain->options->checked(chain->options->checked_arg, chain->name));
}

static const struct audit_coverage none = { .time_min_us = INT64_MAX, .time_max_us = INT64_MIN };

/*
 * One segment.  If it does not fit the chain, and the chain grew since it was
 * read, an entry that we do not know may have taken it away.
 */
static void
check_one(struct worker *worker, size_t i)
{
	struct work *work = worker->work;
	const struct audit_chain *chain = work->chain;
	struct audit_list *list = &work->lists[i];
	struct audit_coverage coverage = none;

	audit_list_init(list, chain->name, AUDIT_FINDINGS_PER_FILE);
	work->again[i] = false;
	work->good[i] = is_trusted(chain, &work->segments[i]);
	if (!work->good[i] || is_stopped(chain)) {
		list->suppressed++;
		return;
	}
	if (work->segments[i].line < work->checked) {
		worker->coverage.segments_before++;
		return;
	}
	/* Who is the last has hands to spare. */
	store_reader_ahead(work->pool->jobs[worker->number]->reader,
	    work->pool->job_count > 1 && work->count - i < work->pool->job_count);
	work->good[i] = audit_segment_check(
	    work->pool->jobs[worker->number], chain, &work->segments[i], list, &coverage);
	work->again[i] = list->count > 0 && work->pool->defer && audit_has_grown(chain);
	if (work->again[i])
		audit_list_free(list);
	else
		add_coverage(&worker->coverage, &coverage);
}

static void *
run(void *arg)
{
	struct worker *worker = arg;
	struct work *work = worker->work;
	struct audit_pool *pool = work->pool;
	size_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->count) {
		uint64_t bytes = work->segments[i].bytes, done;

		check_one(worker, i);
		done = atomic_fetch_add(&work->done, bytes) + bytes;
		if (worker->number == 0 && pool->progress != NULL)
			pool->progress(pool->progress_arg, done, pool->total);
	}
	return (NULL);
}

/* The caller is worker 0; a thread that cannot be made is done without. */
static void
run_all(struct work *work, struct audit_coverage *coverage)
{
	struct worker workers[AUDIT_JOBS_MAX];
	unsigned count = work->pool->job_count, made = 1;

	if (count > work->count)
		count = (unsigned)work->count;
	workers[0] = (struct worker){ .work = work, .coverage = none };
	for (; made < count; made++) {
		workers[made] = (struct worker){ .work = work, .number = made, .coverage = none };
		if (pthread_create(&workers[made].thread, NULL, run, &workers[made]) != 0)
			break;
	}
	(void)run(&workers[0]);
	for (unsigned i = 0; i < made; i++) {
		if (i > 0)
			(void)pthread_join(workers[i].thread, NULL);
		add_coverage(coverage, &workers[i].coverage);
	}
}

static void
add_again(struct audit_pool *pool, uint64_t seg, struct audit_list *list)
{
	uint64_t *again = pool->again;

	if (pool->again_count == pool->again_size) {
		size_t size = pool->again_size == 0 ? 16 : pool->again_size * 2;

		if ((again = reallocarray(again, size, sizeof(*again))) == NULL) {
			list->failed = true;
			return;
		}
		pool->again = again;
		pool->again_size = size;
	}
	again[pool->again_count++] = seg;
}

void
audit_pool_check(struct audit_pool *pool, struct audit_chain *chain, struct audit_list *list)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work == NULL) {
		list->failed = true;
		return;
	}
	pool->again_count = 0;
	for (unsigned i = 0; i < pool->job_count; i++)
		audit_window_clear(&pool->jobs[i]->lines);
	work->pool = pool;
	work->chain = chain;
	work->checked = count_checked(chain);
	atomic_init(&work->done, pool->done);
	for (size_t at = 0; at < chain->segment_count; at += work->count) {
		work->segments = chain->segments + at;
		work->count =
		    chain->segment_count - at < AT_ONCE ? chain->segment_count - at : AT_ONCE;
		atomic_store(&work->next, 0);
		run_all(work, chain->coverage);
		chain->newest_good = work->good[work->count - 1];
		for (size_t i = 0; i < work->count; i++) {
			audit_list_sort(&work->lists[i]);
			audit_list_move(list, &work->lists[i]);
			if (work->again[i])
				add_again(pool, work->segments[i].seg, list);
		}
	}
	pool->done = atomic_load(&work->done);
	free(work);
}
