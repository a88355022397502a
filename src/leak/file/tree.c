/* Files over threads; each thread has its scanners, hits are merged at the end. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "leak/file/inside.h"

#define READ_BYTES ((size_t)256 << 10)

struct work {
	struct leak_tree *tree;
	atomic_size_t next;
	_Atomic uint64_t done;
};

struct worker {
	struct work *work;
	unsigned number;
	pthread_t thread;
	struct leak_scanner *scanner, *rest;
	struct leak_stream *stream;
	unsigned char *bytes;
	size_t file; /* in hand */
	struct leak_hit *hits;
	size_t hit_count, hit_size;
	uint64_t by_rule[LEAK_RULES_MAX];
	bool no_memory;
};

static int
by_place(const void *a, const void *b)
{
	const struct leak_hit *x = a, *y = b;

	if (x->file != y->file)
		return (x->file < y->file ? -1 : 1);
	if (x->at != y->at)
		return (x->at < y->at ? -1 : 1);
	if (x->rule != y->rule)
		return (x->rule < y->rule ? -1 : 1);
	return (x->value < y->value ? -1 : x->value > y->value);
}

/*
 * Room for one more.  They come in no order within a file: of twice as many
 * as are wanted the first ones stay.
 */
static bool
make_room(struct worker *worker)
{
	size_t keep = worker->work->tree->keep, size = worker->hit_size * 2;
	struct leak_hit *more;

	if (worker->hit_count < worker->hit_size)
		return (true);
	if (worker->hit_size >= 2 * keep) {
		qsort(worker->hits, worker->hit_count, sizeof(*worker->hits), by_place);
		worker->hit_count = keep;
		return (true);
	}
	size = size < 64 ? 64 : size > 2 * keep ? 2 * keep : size;
	if ((more = reallocarray(worker->hits, size, sizeof(*more))) == NULL) {
		worker->no_memory = true;
		return (false);
	}
	worker->hits = more;
	worker->hit_size = size;
	return (true);
}

static void
add_hit(void *arg, const struct leak_finding *finding)
{
	struct worker *worker = arg;
	struct leak_tree *tree = worker->work->tree;
	struct leak_hit *hit;

	tree->files[worker->file].hits++;
	worker->by_rule[finding->rule]++;
	if (tree->keep == 0 || !make_room(worker))
		return;
	hit = &worker->hits[worker->hit_count++];
	*hit = (struct leak_hit){ .file = worker->file,
		.rule = finding->rule,
		.value = finding->value,
		.at = finding->at };
	snprintf(hit->view, sizeof(hit->view), "%s", finding->view);
}

static void
problem(struct leak_file *file, const char *why)
{
	if (file->problem[0] == '\0')
		snprintf(file->problem, sizeof(file->problem), "%s", why);
}

/* All bytes of fd through the stream. */
static void
read_all(struct worker *worker, struct leak_file *file, int fd, bool look_into)
{
	struct work *work = worker->work;
	struct leak_tree *tree = work->tree;
	ssize_t n;

	leak_stream_begin(worker->stream, look_into);
	while ((n = read(fd, worker->bytes, READ_BYTES)) != 0) {
		uint64_t done;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			problem(file, strerror(errno));
			break;
		}
		file->read += look_into ? (uint64_t)n : 0;
		done = atomic_fetch_add(&work->done, look_into ? (uint64_t)n : 0) + (uint64_t)n;
		if (!leak_stream_add(worker->stream, worker->bytes, (size_t)n))
			break;
		if (worker->number == 0 && tree->progress != NULL)
			tree->progress(tree->progress_arg, done, tree->bytes_listed);
	}
	leak_stream_end(worker->stream);
	file->seen += leak_stream_seen(worker->stream);
	if (leak_stream_problem(worker->stream) != NULL)
		problem(file, leak_stream_problem(worker->stream));
}

static int
open_file(struct leak_file *file)
{
	struct stat st;
	int fd;

	if (strcmp(file->path, "-") == 0)
		return (dup(STDIN_FILENO));
	fd = open(file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		problem(file, strerror(errno));
		return (-1);
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		problem(file, "it is no file any more");
		(void)close(fd);
		return (-1);
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return (fd);
}

/* A damaged one is looked at again as it stands: nothing can hide behind damage. */
static void
scan_file(struct worker *worker, size_t i)
{
	struct leak_file *file = &worker->work->tree->files[i];
	int fd;

	if (file->problem[0] != '\0' || (fd = open_file(file)) == -1)
		return;
	worker->file = i;
	read_all(worker, file, fd, true);
	if (leak_stream_is_broken(worker->stream) && lseek(fd, 0, SEEK_SET) == 0)
		read_all(worker, file, fd, false);
	(void)close(fd);
}

static void *
run(void *arg)
{
	struct worker *worker = arg;
	struct work *work = worker->work;
	size_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->tree->file_count)
		scan_file(worker, i);
	return (NULL);
}

static int
open_worker(struct worker *worker, struct work *work, unsigned number, struct err *e)
{
	worker->work = work;
	worker->number = number;
	if (leak_scanner_open(work->tree->rules, add_hit, worker, &worker->scanner, e) == -1 ||
	    leak_scanner_open(work->tree->rules, add_hit, worker, &worker->rest, e) == -1 ||
	    leak_stream_open(worker->scanner, worker->rest, &worker->stream, e) == -1)
		return (-1);
	if ((worker->bytes = malloc(READ_BYTES)) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	return (0);
}

static void
close_worker(struct worker *worker)
{
	leak_stream_close(worker->stream);
	leak_scanner_close(worker->scanner);
	leak_scanner_close(worker->rest);
	free(worker->bytes);
	free(worker->hits);
}

/* Each worker kept its first ones; together, sorted, they are cut to what was wanted. */
static int
merge(struct leak_tree *tree, struct worker *workers, unsigned count, struct err *e)
{
	size_t all = 0;

	for (unsigned i = 0; i < count; i++)
		all += workers[i].hit_count;
	if (all > 0 && (tree->hits = calloc(all, sizeof(*tree->hits))) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (unsigned i = 0; i < count; i++) {
		if (workers[i].no_memory)
			return (err_set(e, ERR_IO, "out of memory"));
		for (size_t k = 0; k < LEAK_RULES_MAX; k++) {
			tree->by_rule[k] += workers[i].by_rule[k];
			tree->total += workers[i].by_rule[k];
		}
		for (size_t k = 0; k < workers[i].hit_count; k++)
			tree->hits[tree->hit_count++] = workers[i].hits[k];
	}
	if (all > 0)
		qsort(tree->hits, all, sizeof(*tree->hits), by_place);
	if (tree->hit_count > tree->keep)
		tree->hit_count = tree->keep;
	return (0);
}

int
leak_tree_scan(struct leak_tree *tree, const char *const *paths, size_t count, struct err *e)
{
	struct work work = { .tree = tree };
	struct worker *workers = NULL;
	unsigned jobs, made = 1, opened = 0;
	int rc = -1;

	if (leak_list(tree, paths, count, e) == -1)
		return (-1);
	jobs = tree->jobs < 1 ? 1 : tree->jobs > LEAK_JOBS_MAX ? LEAK_JOBS_MAX : tree->jobs;
	if (jobs > tree->file_count)
		jobs = tree->file_count == 0 ? 1 : (unsigned)tree->file_count;
	if ((workers = calloc(jobs, sizeof(*workers))) == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	for (; opened < jobs; opened++)
		if (open_worker(&workers[opened], &work, opened, e) == -1)
			goto out;
	/* The caller is worker 0; a thread that cannot be made is done without. */
	for (; made < jobs; made++)
		if (pthread_create(&workers[made].thread, NULL, run, &workers[made]) != 0)
			break;
	(void)run(&workers[0]);
	for (unsigned i = 1; i < made; i++)
		(void)pthread_join(workers[i].thread, NULL);
	rc = merge(tree, workers, made, e);
out:
	for (unsigned i = 0; i < jobs; i++)
		close_worker(&workers[i]);
	free(workers);
	return (rc);
}

void
leak_tree_free(struct leak_tree *tree)
{
	for (size_t i = 0; i < tree->file_count; i++)
		free(tree->files[i].path);
	free(tree->files);
	free(tree->hits);
	tree->files = NULL;
	tree->hits = NULL;
	tree->file_count = tree->hit_count = 0;
}
