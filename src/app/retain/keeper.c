#include "app/retain/keeper.h"

#include <sys/prctl.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/retain/budget.h"
#include "app/retain/live.h"
#include "app/retain/plan.h"
#include "app/watch/disk.h"
#include "base/clock.h"
#include "store/periods.h"

#define FIRST_NS INT64_C(1000000000)
#define LOOK_NS INT64_C(3600000000000)
#define ROOM_NS INT64_C(60000000000) /* with a disk budget */
#define NEAR_NS INT64_C(10000000000) /* which is nearly used up */
#define OVER_NS INT64_C(2000000000) /* and over: input waits */
#define SURE 2 /* looks in a row: nothing goes for what was there for a moment */
#define LATE 6 /* looks after which what others should give is not waited for */
#define AGAIN_US RETAIN_DAY_US /* the chain is read so often at least */

#define LOOK_MS 20 /* of who asks, while something goes */

struct app_keeper {
	struct app_keeper *next; /* of all of this process */
	unsigned pins; /* who asks something of it: it stays as long; of all_lock */
	struct app_keeper_options how;
	struct app_retain at_work;
	int64_t next_us; /* nothing is over before */
	bool warned;
	bool more; /* sealed lines are over, and left to the next look */
	struct app_lines_stuck stuck;
	struct app_leftover left;
	struct app_complaint failed;
	int64_t lines_us; /* of a stream that seals none: looked for from then on */
	bool over; /* the store takes more than it may, and we say so */
	unsigned late; /* looks in a row at which it did */
	unsigned seen; /* looks in a row that saw it above its budget */
	bool known; /* used is */
	bool lost; /* and was not, which was said */
	uint64_t used;
	pthread_t thread;
	pthread_mutex_t lock; /* of live: held while something goes */
	struct store_live *live;
	pthread_mutex_t wait_lock; /* of stop */
	pthread_cond_t wake;
	bool stop, soon; /* soon: there is something to do at once */
};

/* Of the list and its pins, for a moment only: what is asked may take long. */
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t unpinned = PTHREAD_COND_INITIALIZER;
static struct app_keeper *all;

static void
warn(struct app_keeper *k, const char *what, const struct err *e)
{
	char text[ERR_TEXT_BYTES + 40];

	(void)snprintf(text, sizeof(text), "%s: %s", what, e->text);
	k->how.warn(k->how.arg, text);
}

static void
set_over(struct app_keeper *k, bool over)
{
	if (over != k->over)
		app_budget_over(over);
	k->over = over;
}

/* Said once, until it is known again; meanwhile nothing goes for room. */
static void
take_measure(struct app_keeper *k, bool known, uint64_t used, const struct err *e)
{
	if (!known && !k->lost)
		warn(k, "no room is made", e);
	k->lost = !known;
	k->known = known;
	k->used = known ? used : 0;
	app_budget_see(k->how.limit, known, k->used);
}

static void
measure(struct app_keeper *k)
{
	struct err e = { ERR_NONE, "" };
	uint64_t used = 0;
	bool known = app_disk_store(k->how.store_path, &used, &e) == 0;

	take_measure(k, known, used, &e);
}

static bool
is_full(const struct app_keeper *k)
{
	return (k->how.limit != 0 && k->known && k->used > k->how.limit);
}

/* Those of this process: no other one's can be pruned. */
static size_t
list_streams(struct app_budget_stream **list)
{
	size_t count = 0;

	pthread_mutex_lock(&all_lock);
	for (const struct app_keeper *k = all; k != NULL; k = k->next)
		count++;
	if ((*list = calloc(count + 1, sizeof(**list))) != NULL) {
		count = 0;
		for (const struct app_keeper *k = all; k != NULL; k = k->next, count++) {
			(void)snprintf(
			    (*list)[count].name, sizeof((*list)[count].name), "%s", k->how.stream);
			(*list)[count].policy = k->how.policy;
		}
	}
	pthread_mutex_unlock(&all_lock);
	return (*list == NULL ? 0 : count);
}

/* makes: it is ours to make some.  true: some is to be made. */
static bool
find_room(struct app_keeper *k, int64_t now_us, bool makes, struct app_budget *b)
{
	struct app_budget_stream *streams;
	struct err e = { ERR_NONE, "" };
	bool known;

	*b = (struct app_budget){
		.store = k->how.store_path, .limit = k->how.limit, .now_us = now_us, .days = -1
	};
	b->count = list_streams(&streams);
	b->streams = streams;
	known = app_budget_find(b, &e) == 0;
	take_measure(k, known, b->used, &e);
	app_budget_see_days(b->days);
	b->streams = NULL;
	free(streams);
	if (!known || !makes)
		b->room = (struct retain_room){ .until_us = INT64_MIN };
	return (makes && is_full(k));
}

/* After we gave ours: what is still too much, others should give soon. */
static void
settle(struct app_keeper *k, const struct app_budget *b, uint64_t given)
{
	uint64_t all_of_it = b->room.bytes + b->room.due;

	measure(k);
	if (!k->known)
		return;
	k->late = k->used > k->how.limit + b->room.gone ? k->late + 1 : 0;
	set_over(k,
	    k->late >= LATE ||
		k->used >
		    k->how.limit + b->room.gone + (all_of_it > given ? all_of_it - given : 0));
}

/* ---- one look ---- */

/* What did not go, or was done. */
static void
tell(void *arg, const char *text)
{
	struct app_keeper *k = arg;

	k->how.warn(k->how.arg, text);
}

static int64_t
next_of(struct app_keeper *k, int64_t now_us)
{
	const struct app_retain *r = &k->at_work;
	int64_t next_us = now_us + AGAIN_US;

	if (r->plan.next_us < next_us)
		next_us = r->plan.next_us;
	if (r->lines.plan.next_us < next_us)
		next_us = r->lines.plan.next_us;
	if (k->stuck.segs.len > 0 && next_us > k->stuck.until_us)
		next_us = k->stuck.until_us;
	k->more = r->lines.more;
	if (!k->more && now_us >= k->lines_us)
		k->lines_us = now_us + AGAIN_US;
	return (k->more ? now_us : next_us);
}

/* Under the lock.  -1: it could not be done, which was said. */
static int
look(struct app_keeper *k, int64_t now_us, const struct app_budget *b, uint64_t *given)
{
	struct app_retain *r = &k->at_work;
	struct err e = { ERR_NONE, "" };
	int rc;

	k->more = false; /* else what fails is tried each second */
	app_lines_try(&k->stuck, now_us, LOOK_NS / 1000);
	*r = (struct app_retain){ .store = k->how.store_path,
		.stream = k->how.stream,
		.policy = app_lines_terms(&k->how.policy, k->how.unsealed, k->lines_us, now_us),
		.now_us = now_us,
		.open = true,
		.on_disk = b->limit != 0,
		.room = b->room.needed,
		.room_us = b->room.until_us,
		.limit = b->limit,
		.archive = k->how.archive,
		.stuck = &k->stuck,
		.records = { .stream_fd = -1 } };
	if ((rc = app_retain_read(r, &e)) == 0)
		rc = app_retain_carry_out(r, k->live, tell, k, &e);
	app_complaint_warn(&k->failed, rc == -1 ? &e : NULL, k->how.warn, k->how.arg);
	if (rc == 0) {
		k->next_us = next_of(k, now_us);
		app_figures_retained(k->how.figures, now_us, r->plan.sums);
	}
	*given = r->plan.sums[RETAIN_PRUNE].bytes + r->plan.sums[RETAIN_ROOM].bytes;
	app_retain_free(r);
	return (rc);
}

static void
look_in_time(struct app_keeper *k, int64_t now_us)
{
	struct app_budget b = { .limit = 0 };
	uint64_t given = 0;
	int rc = 0, entered = -1;
	bool full = false;

	k->seen = is_full(k) ? k->seen + 1 : 0;
	if (k->seen >= SURE)
		entered = app_budget_enter(k->how.store_path);
	if (entered != -1 || (k->how.limit != 0 && app_budget_wants_days(clock_mono_ns())))
		full = find_room(k, now_us, entered != -1, &b);
	pthread_mutex_lock(&k->lock);
	if (k->live != NULL && (full || now_us >= k->next_us))
		rc = look(k, now_us, &b, &given);
	k->left.any |= k->live != NULL && store_live_left(k->live);
	pthread_mutex_unlock(&k->lock);
	if (full)
		settle(k, &b, rc == -1 ? b.room.bytes + b.room.due : given);
	else if (k->how.limit == 0 || (k->known && !is_full(k)))
		set_over(k, false);
	app_budget_leave(entered);
}

/* What was signed goes by no clock. */
static void
try_left(struct app_keeper *k)
{
	const struct app_leftover_ears ears = { k->how.figures, k->how.warn, k->how.arg };

	pthread_mutex_lock(&k->lock);
	app_leftover_try(&k->left, k->live, &ears);
	pthread_mutex_unlock(&k->lock);
}

/* As keys do: not by a clock that leapt. */
static void
tick(struct app_keeper *k)
{
	struct app_clock_break broke;

	try_left(k);
	(void)app_clock_look(&k->how.clock, clock_now_us(), app_clock_boot_us(), &broke);
	if (k->how.limit != 0)
		measure(k);
	if (!app_clock_is_sure(&k->how.clock)) {
		if (!k->warned)
			k->how.warn(k->how.arg,
			    "nothing is pruned before the clock has been what it is for a day");
		k->warned = true;
		if (k->known)
			set_over(k, is_full(k));
		return;
	}
	look_in_time(k, k->how.clock.now_us);
}

/* Until it looks again for what is over. */
static int64_t
usual_rest(const struct app_keeper *k)
{
	if (k->more)
		return (FIRST_NS);
	if (k->how.limit == 0)
		return (LOOK_NS);
	if (k->over || is_full(k))
		return (OVER_NS);
	return (k->used > k->how.limit - k->how.limit / 10 ? NEAR_NS : ROOM_NS);
}

static int64_t
rest_of(const struct app_keeper *k)
{
	return (app_leftover_rest(&k->left, usual_rest(k)));
}

/* ---- the thread ---- */

/* false: it is to stop. */
static bool
pause_for(struct app_keeper *k, int64_t ns)
{
	struct timespec until;
	bool stop;

	clock_mono_after(ns, &until);
	pthread_mutex_lock(&k->wait_lock);
	while (!k->stop && !k->soon &&
	    pthread_cond_clockwait(&k->wake, &k->wait_lock, CLOCK_MONOTONIC, &until) == 0)
		;
	stop = k->stop;
	k->soon = false;
	pthread_mutex_unlock(&k->wait_lock);
	return (!stop);
}

static void *
main_of_thread(void *arg)
{
	struct app_keeper *k = arg;

	(void)prctl(PR_SET_NAME, "retain");
	for (int64_t ns = FIRST_NS; pause_for(k, ns); ns = rest_of(k))
		tick(k);
	return (NULL);
}

static void
free_keeper(struct app_keeper *k)
{
	(void)pthread_cond_destroy(&k->wake);
	(void)pthread_mutex_destroy(&k->wait_lock);
	(void)pthread_mutex_destroy(&k->lock);
	buf_free(&k->stuck.segs);
	free(k);
}

struct app_keeper *
app_keeper_start(const struct app_keeper_options *how)
{
	struct app_keeper *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		how->warn(how->arg, "nothing is pruned: out of memory");
		return (NULL);
	}
	k->how = *how;
	k->next_us = INT64_MIN;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_mutex_init(&k->wait_lock, NULL);
	(void)pthread_cond_init(&k->wake, NULL);
	if (pthread_create(&k->thread, NULL, main_of_thread, k) == 0) {
		pthread_mutex_lock(&all_lock);
		k->next = all;
		all = k;
		pthread_mutex_unlock(&all_lock);
		return (k);
	}
	how->warn(how->arg, "nothing is pruned: no thread could be started");
	free_keeper(k);
	return (NULL);
}

void
app_keeper_live(struct app_keeper *k, struct store_live *live)
{
	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->live = live;
	pthread_mutex_unlock(&k->lock);
}

/* Once nobody asks anything of it, and nobody will. */
static void
leave(struct app_keeper *k)
{
	struct app_keeper **at = &all;

	pthread_mutex_lock(&all_lock);
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	while (k->pins > 0)
		pthread_cond_wait(&unpinned, &all_lock);
	pthread_mutex_unlock(&all_lock);
}

void
app_keeper_stop(struct app_keeper *k)
{
	if (k == NULL)
		return;
	leave(k);
	pthread_mutex_lock(&k->wait_lock);
	k->stop = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->wait_lock);
	(void)pthread_join(k->thread, NULL);
	set_over(k, false);
	free_keeper(k);
}

/* ---- who asks ---- */

/* NULL: there is none.  What is found stays until it is let go. */
static struct app_keeper *
pin(const char *stream)
{
	struct app_keeper *k;

	pthread_mutex_lock(&all_lock);
	for (k = all; k != NULL && strcmp(k->how.stream, stream) != 0;)
		k = k->next;
	if (k != NULL)
		k->pins++;
	pthread_mutex_unlock(&all_lock);
	return (k);
}

static void
let_go(struct app_keeper *k)
{
	pthread_mutex_lock(&all_lock);
	if (--k->pins == 0)
		pthread_cond_broadcast(&unpinned);
	pthread_mutex_unlock(&all_lock);
}

/* false: it takes too long. */
static bool
lock_soon(struct app_keeper *k, int wait_ms)
{
	for (;; wait_ms -= LOOK_MS) {
		if (pthread_mutex_trylock(&k->lock) == 0)
			return (true);
		if (wait_ms <= 0)
			return (false);
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/* Files that could not be overwritten do not wait for an hour. */
static void
wake(struct app_keeper *k)
{
	pthread_mutex_lock(&k->wait_lock);
	k->soon = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->wait_lock);
}

static void
do_it(struct app_keeper *k, const struct app_keeper_wish *wish, struct buf *out)
{
	struct err e = { ERR_BUSY,
		"something of it is being erased or pruned just now; try again" };
	uint64_t entry;
	int rc = -1;

	if (lock_soon(k, wish->wait_ms)) {
		if (k->live == NULL)
			(void)err_set(&e, ERR_BUSY, "the stream waits to be opened again");
		else
			rc = wish->act(wish->what, k->live, &entry, &e);
		if (rc == 0) { /* what was released may be over, what was stuck may go */
			k->next_us = INT64_MIN;
			k->stuck.until_us = INT64_MIN;
		} else if (k->live != NULL && store_live_left(k->live))
			wake(k);
		pthread_mutex_unlock(&k->lock);
	}
	if (rc == 0)
		buf_fmt(out, "ok %llu\n", (unsigned long long)entry);
	else
		buf_fmt(out, "error %d %s\n", (int)e.code, e.text);
}

void
app_keeper_do(const char *stream, const struct app_keeper_wish *wish, struct buf *out)
{
	struct app_keeper *k = pin(stream);

	if (k == NULL) {
		buf_str(out, "no such stream\n");
		return;
	}
	do_it(k, wish, out);
	let_go(k);
}
