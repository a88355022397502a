#include "app/retain/budget.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/retain/plan.h"
#include "app/watch/disk.h"
#include "base/num.h"
#include "seal/leaf.h"

#define DAYS_NS INT64_C(3600000000000) /* so often the days are counted */

/* ---- what goes ---- */

static void
see_stream(const struct app_budget *b, size_t i, struct app_retain *r, struct retain_stream *out)
{
	*r = (struct app_retain){ .store = b->store,
		.stream = b->streams[i].name,
		.policy = b->streams[i].policy,
		.now_us = b->now_us,
		.on_disk = true,
		.records = { .stream_fd = -1 } };
	if (app_retain_read(r, NULL) == -1)
		retain_plan_free(&r->plan); /* it says so when it is looked at for itself */
	*out = (struct retain_stream){ .segments = r->segments,
		.plan = &r->plan,
		.term_us = app_retain_term(r),
		.least_us = retain_least(&r->policy),
		.gives = r->tier == RETAIN_DETAIL };
}

int
app_budget_find(struct app_budget *b, struct err *e)
{
	struct app_retain *plans = calloc(b->count + 1, sizeof(*plans));
	struct retain_stream *streams = calloc(b->count + 1, sizeof(*streams));
	struct retain_store store = { streams, b->count, 0, b->limit, b->now_us };
	int rc = -1;

	if (plans == NULL || streams == NULL) {
		(void)err_memory(e);
	} else if (app_disk_store(b->store, &b->used, e) == 0) {
		store.used = b->used;
		for (size_t i = 0; i < b->count; i++)
			see_stream(b, i, &plans[i], &streams[i]);
		rc = retain_room_find(&store, &b->room, e);
		b->days = retain_room_days(&store);
		for (size_t i = 0; i < b->count; i++)
			app_retain_free(&plans[i]);
	}
	free(plans);
	free(streams);
	return (rc);
}

void
app_budget_rule(uint64_t limit, struct buf *out)
{
	char bytes[32];

	(void)num_print_bytes(bytes, limit);
	buf_fmt(out, "disk %s", bytes);
}

/* Two open segments of a stream, one of which is being sealed, and its reserve. */
#define OPEN_BYTES (2 * ((uint64_t)SEAL_BYTES_MAX + (1u << 20)))

bool
app_budget_small(const struct config *c, struct buf *text)
{
	uint64_t open = c->stream_count * OPEN_BYTES;
	const char *young = NULL; /* a stream of which nothing is too young */
	char limit[32], bytes[32];

	if (c->disk == 0 || c->disk >= open)
		return (false);
	for (unsigned i = c->stream_count; i-- > 0;)
		if (retain_least(&c->streams[i].retain) == 0)
			young = c->streams[i].name;
	(void)num_print_bytes(limit, c->disk);
	(void)num_print_bytes(bytes, open);
	buf_fmt(text,
	    "disk: %s is less than the %s that segments may take while they are open: ", limit,
	    bytes);
	if (young != NULL)
		buf_fmt(text,
		    "then all that is sealed goes for them, also of a minute ago, as stream %s "
		    "has no retain: { least: 7d }",
		    young);
	else
		buf_str(text, "then what comes waits until records get older than `least`");
	return (true);
}

/* ---- one at a time ---- */

static pthread_mutex_t entered_lock = PTHREAD_MUTEX_INITIALIZER;

/* Nobody else locks this directory; those of the store and its streams are for who writes. */
int
app_budget_enter(const char *store)
{
	char path[CONFIG_PATH_BYTES + 16];
	int fd, rc;

	if (pthread_mutex_trylock(&entered_lock) != 0)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/streams", store);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		do
			rc = flock(fd, LOCK_EX | LOCK_NB);
		while (rc == -1 && errno == EINTR);
		/* On a file system without such locks the one of the process is left. */
		if (rc == 0 || errno != EWOULDBLOCK)
			return (fd);
		(void)close(fd);
	}
	pthread_mutex_unlock(&entered_lock);
	return (-1);
}

void
app_budget_leave(int entered)
{
	if (entered == -1)
		return;
	(void)flock(entered, LOCK_UN); /* a child may have the fd, too */
	(void)close(entered);
	pthread_mutex_unlock(&entered_lock);
}

/* ---- of this process ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct app_budget_seen now = { .days = -1 };
static int64_t days_ns; /* when they were counted; 0: never */
static atomic_uint overs;

void
app_budget_seen(struct app_budget_seen *seen)
{
	pthread_mutex_lock(&lock);
	*seen = now;
	pthread_mutex_unlock(&lock);
	seen->over = app_budget_is_over();
}

void
app_budget_see(uint64_t limit, bool known, uint64_t used)
{
	pthread_mutex_lock(&lock);
	if (now.limit != limit)
		days_ns = 0;
	now.limit = limit;
	now.known = known;
	now.used = used;
	pthread_mutex_unlock(&lock);
}

void
app_budget_see_days(int days)
{
	pthread_mutex_lock(&lock);
	now.days = days;
	pthread_mutex_unlock(&lock);
}

bool
app_budget_wants_days(int64_t now_ns)
{
	bool wants;

	pthread_mutex_lock(&lock);
	wants = days_ns == 0 || now_ns - days_ns >= DAYS_NS;
	if (wants)
		days_ns = now_ns;
	pthread_mutex_unlock(&lock);
	return (wants);
}

void
app_budget_over(bool more)
{
	if (more)
		(void)atomic_fetch_add(&overs, 1);
	else
		(void)atomic_fetch_sub(&overs, 1);
}

bool
app_budget_is_over(void)
{
	return (atomic_load(&overs) > 0);
}
