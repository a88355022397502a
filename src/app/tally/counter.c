/* app: the thread that counts. */
#include "app/tally/inside.h"

#include <sys/prctl.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"

#define COMMIT_NS INT64_C(30000000000) /* what is open is written so often */
#define CATCH_UP_TRIES 100
#define CATCH_UP_NS 100000000
#define PATIENCE_NS INT64_C(30000000000) /* at the end, for what is still to be counted */

/* ---- the thread ---- */

static void
say(struct app_counter *c, const struct err *e)
{
	if (c->how.warn != NULL)
		c->how.warn(c->how.arg, e->text);
}

/* Later, from the segments. */
static void
fall_behind(struct app_counter *c, const struct err *e)
{
	if (!c->behind && e != NULL)
		say(c, e);
	tally_book_rollback(c->book);
	c->behind = true;
	c->dirty = false;
}

/* Lines of a full batch, one by one. */
static int
add_lines(struct app_counter *c, const struct item *item, struct err *e)
{
	struct span lines = item->lines;

	for (uint64_t n = 0; lines.len > 0; n++) {
		size_t len = span_find(lines, '\n');

		if (tally_book_late(c->book, item->batch, n, span_of(lines.ptr, len), e) == -1)
			return (-1);
		lines = span_from(lines, len < lines.len ? len + 1 : len);
	}
	return (0);
}

static void
add(struct app_counter *c, const struct item *item)
{
	struct err e = { ERR_NONE, "" };

	if (c->behind)
		return;
	if (app_counter_guard(c, &e) == -1 || tally_book_add(c->book, item->batch, &e) == -1 ||
	    add_lines(c, item, &e) == -1)
		fall_behind(c, &e);
	c->records = item->records;
	c->dirty = true;
}

static void
commit(struct app_counter *c, uint64_t segment, uint64_t records)
{
	struct err e = { ERR_NONE, "" };

	if (!c->behind && tally_book_commit(c->book, segment, records, &e) == -1)
		fall_behind(c, &e);
	c->dirty = false;
}

/* Live: what is open is written now and then, with how many records of it. */
static void
commit_open(struct app_counter *c)
{
	if (c->dirty && c->how.origin == NULL)
		commit(c, c->open, c->records);
}

/* What may be shown is written with it. */
static void
commit_shown(struct app_counter *c, bool ends)
{
	commit_open(c); /* what is in it came in time */
	if (!c->behind && app_counter_show(c, ends))
		commit(c, c->open, c->records);
}

/*
 * Up to the segment before.  What is sealed behind it was given with its subjects, whom no segment
 * names, and waits here.
 */
static int
catch_up_once(struct app_counter *c, uint64_t before, struct err *e)
{
	const struct app_tally_source source = { c->how.store, c->how.stream,
		c->how.waits ? NULL : &c->stop, before };

	if (app_tally_counts_again(c->book))
		tally_book_unguard(c->book);
	else if (app_counter_guard(c, e) == -1)
		return (-1);
	return (app_tally_catch_up(c->book, &source, NULL, e));
}

/* Its entry may still be on the way. */
static void
catch_up(struct app_counter *c, uint64_t segment)
{
	const struct timespec rest = { 0, CATCH_UP_NS };
	struct err e = { ERR_NONE, "" };
	uint64_t reached = 0, records;

	for (int tries = 0; tries < CATCH_UP_TRIES && !c->stop; tries++) {
		if (catch_up_once(c, segment + 1, &e) == -1) {
			say(c, &e);
			tally_book_rollback(c->book);
			return;
		}
		tally_book_reach(c->book, &reached, &records);
		if (reached > segment) {
			c->behind = false;
			return;
		}
		(void)nanosleep(&rest, NULL);
	}
}

static bool
is_there(void *arg, enum key_period period, int64_t index)
{
	const struct keys *keys = arg;

	for (size_t i = 0; i < keys->count; i++)
		if (keys->list[i].period == period && keys->list[i].index == index)
			return (true);
	return (false);
}

/* What was added under keys that go is written first: its numbers stay.  NULL: of the ring. */
static void
forget(struct app_counter *c, const unsigned char *origin)
{
	struct err e = { ERR_NONE, "" };
	int rc;

	commit_open(c);
	rc = origin == NULL ? tally_book_forget(c->book, is_there, &c->there, &e) :
			      tally_book_forget_import(c->book, origin, &e);
	if (rc == -1)
		say(c, &e);
}

/*
 * What a run before did not count comes first.  A reach within a segment that
 * was never sealed, and is not open: what was open was given up.
 */
static void
begin(struct app_counter *c, uint64_t segments)
{
	struct err e = { ERR_NONE, "" };
	uint64_t segment = 0, records = 0;

	c->behind = false;
	c->open = segments + 1;
	c->records = 0;
	if (catch_up_once(c, c->open, &e) == -1)
		fall_behind(c, &e);
	tally_book_reach(c->book, &segment, &records);
	if (!c->behind && segment == c->open && records > 0) {
		(void)err_set(&e, ERR_INCOMPLETE,
		    "records that were given up are counted; `cretula stats --rebuild` counts "
		    "again");
		say(c, &e);
		commit(c, c->open, 0);
	} else if (segment != c->open)
		c->behind = true;
}

static void
serve(struct app_counter *c, const struct item *item)
{
	switch (item->kind) {
	case ADD: add(c, item); break;
	case REOPEN:
		if (c->dirty)
			commit(c, c->open, c->records);
		begin(c, item->segment);
		break;
	case SEAL:
		if (c->behind)
			catch_up(c, item->segment);
		else
			commit(c, item->segment + 1, 0);
		c->open = item->segment + 1;
		c->records = 0;
		break;
	case IMPORT_ENDS: forget(c, item->origin); break;
	default: break;
	}
}

/* Under the lock.  false: time to commit. */
static bool
wait_item(struct app_counter *c, int64_t since_ns)
{
	struct timespec until;
	int64_t until_ns;

	while (c->count == 0 && !c->quit && !c->lost && !c->keys_changed) {
		if (!c->dirty && c->how.origin != NULL) {
			pthread_cond_wait(&c->to_thread, &c->lock);
			continue;
		}
		until_ns = since_ns + COMMIT_NS - clock_mono_ns();
		if (until_ns <= 0)
			return (false);
		clock_mono_after(until_ns, &until);
		(void)pthread_cond_clockwait(&c->to_thread, &c->lock, CLOCK_MONOTONIC, &until);
	}
	return (true);
}

/* The first item, without the lock, which is held before and afterwards. */
static void
serve_first(struct app_counter *c)
{
	struct item *item = &c->items[c->first];

	pthread_mutex_unlock(&c->lock);
	serve(c, item);
	tally_batch_clear(item->batch);
	pthread_mutex_lock(&c->lock);
	app_counter_put_back(c, item);
	c->first = (c->first + 1) % c->places;
	c->count--;
	c->served++;
	pthread_cond_broadcast(&c->to_giver);
}

/*
 * Something found no room.  What waits was given before or after that, nobody
 * knows: it is not counted now.  Under the lock, which is given up meanwhile.
 */
static void
serve_loss(struct app_counter *c)
{
	uint64_t sealed = c->lost_seal;
	bool lost_batch = c->lost_batch;

	for (unsigned i = 0; i < c->count; i++) {
		struct item *item = &c->items[(c->first + i) % c->places];

		if (item->kind == ADD || item->kind == SEAL)
			item->kind = NOTHING;
		lost_batch = true;
	}
	c->lost = c->lost_batch = false;
	c->lost_seal = 0;
	pthread_mutex_unlock(&c->lock);
	fall_behind(c, NULL);
	if (sealed > 0) {
		catch_up(c, sealed);
		c->open = sealed + 1;
		c->records = 0;
	}
	c->behind = c->behind || lost_batch;
	pthread_mutex_lock(&c->lock);
}

/* As serve_loss. */
static void
serve_keys(struct app_counter *c)
{
	c->there = c->keys;
	c->keys_changed = false;
	pthread_mutex_unlock(&c->lock);
	forget(c, NULL);
	pthread_mutex_lock(&c->lock);
}

static void *
main_of_thread(void *arg)
{
	struct app_counter *c = arg;
	int64_t since_ns = clock_mono_ns();

	(void)prctl(PR_SET_NAME, "tally");
	c->since_ns = since_ns;
	begin(c, c->how.segments);
	app_counter_look_up(c);
	pthread_mutex_lock(&c->lock);
	while (!c->quit || c->count > 0 || (c->lost && c->whole)) {
		if (c->lost)
			serve_loss(c);
		if (c->keys_changed && c->count == 0)
			serve_keys(c);
		if (wait_item(c, since_ns) && c->count > 0)
			serve_first(c);
		if (clock_mono_ns() - since_ns < COMMIT_NS)
			continue;
		pthread_mutex_unlock(&c->lock);
		commit_shown(c, false);
		app_counter_look_up(c);
		pthread_mutex_lock(&c->lock);
		since_ns = clock_mono_ns();
	}
	pthread_mutex_unlock(&c->lock);
	commit_shown(c, c->whole);
	if (c->whole && c->how.late != NULL && tally_book_kept_back(c->book) > 0)
		c->how.late(c->how.arg, tally_book_kept_back(c->book));
	pthread_mutex_lock(&c->lock);
	c->done = true;
	pthread_cond_broadcast(&c->to_giver);
	pthread_mutex_unlock(&c->lock);
	return (NULL);
}

/* ---- opening and closing ---- */

static void
free_counter(struct app_counter *c)
{
	for (int i = 0; i < ITEMS; i++)
		tally_batch_close(c->items[i].batch);
	tally_book_close(c->book);
	arena_close(&c->copies);
	free(c);
}

static int
open_book(struct app_counter *c, struct err *e)
{
	struct buf path = { 0 };
	int rc = app_tally_path(c->how.store, &path, e);

	for (unsigned i = 0; i < c->places && rc == 0; i++)
		rc = tally_batch_open(&c->items[i].batch, e);
	if (rc == 0 && !c->how.waits)
		rc = arena_open(&c->copies, COPIES_BYTES, ARENA_LAZY, e);
	if (rc == 0)
		rc = tally_book_open(path.data, c->how.stream, c->how.origin, &c->book, e);
	buf_free(&path);
	return (rc);
}

struct app_counter *
app_counter_open(const struct app_counter_options *how)
{
	struct app_counter *c = calloc(1, sizeof(*c));
	struct err e = { ERR_NONE, "" };

	if (c == NULL)
		return (NULL);
	c->how = *how;
	c->places = how->waits ? ITEMS : ITEMS_LIVE;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->to_thread, NULL);
	(void)pthread_cond_init(&c->to_giver, NULL);
	if (open_book(c, &e) == -1) {
		say(c, &e);
		free_counter(c);
		return (NULL);
	}
	return (c);
}

void
app_counter_start(struct app_counter *c)
{
	struct err e = { ERR_NONE, "" };

	if (c == NULL)
		return;
	c->started = pthread_create(&c->thread, NULL, main_of_thread, c) == 0;
	if (!c->started) {
		(void)err_set(&e, ERR_IO, "starting a thread");
		say(c, &e);
	}
}

void
app_counter_ends(struct app_counter *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->whole = true;
	pthread_mutex_unlock(&c->lock);
}

/* Whoever looks at stats next shall find all of the input.  Under the lock. */
static void
wait_for_all(struct app_counter *c)
{
	struct timespec until;

	clock_mono_after(PATIENCE_NS, &until);
	while (c->started && !c->done &&
	    pthread_cond_clockwait(&c->to_giver, &c->lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

void
app_counter_close(struct app_counter *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_signal(&c->to_thread);
	if (c->whole)
		wait_for_all(c);
	c->stop = true;
	pthread_mutex_unlock(&c->lock);
	if (c->started)
		(void)pthread_join(c->thread, NULL);
	free_counter(c);
}
