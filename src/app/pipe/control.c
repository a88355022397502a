/* app: the writer of a pipe: commits, cuts, turns epochs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/pipe/pipe.h"
#include "app/pipe/publish.h"
#include "app/say.h"
#include "app/tally/counter.h"
#include "app/watch/figures.h"
#include "base/clock.h"
#include "input/input.h"
#include "input/given.h"
#include "input/live.h"

#define TICK_NS INT64_C(50000000)
#define TICK_QUIET_NS INT64_C(250000000) /* nothing was written for a while */
#define HEARTBEAT_NS INT64_C(60000000000) /* a flush at least so often */
#define AREA_KEEP ((size_t)16 << 20) /* of an area's memory */

/* ---- cuts ---- */

int
app_pipe_facts(struct app_pipe *p, struct buf *epochs, struct buf *words,
    struct store_live_facts *facts, struct err *e)
{
	mask_epochs_print(&p->epochs, p->setup.policy, epochs);
	pthread_mutex_lock(&p->words_lock);
	mask_words_save(p->setup.words, words);
	pthread_mutex_unlock(&p->words_lock);
	facts->period = NULL;
	facts->epochs = buf_view(epochs);
	facts->words = buf_view(words);
	facts->unlocked = p->unlocked;
	if (!buf_ok(epochs) || !buf_ok(words))
		return (err_set(e, ERR_IO, "out of memory closing a segment"));
	return (0);
}

static int
cut_period(struct app_pipe *p, int64_t now_us, const char *period, struct err *e)
{
	struct buf epochs = { 0 }, words = { 0 }, all = { 0 };
	struct store_live_next next = { .policy = p->policy_hash };
	struct store_live_facts facts;
	int64_t start_ns = clock_mono_ns(), took;
	int rc;

	app_pipe_epochs(p->setup.policy, p->ring, now_us, &all);
	next.epochs = buf_view(&all);
	if (!buf_ok(&all))
		rc = err_set(e, ERR_IO, "out of memory closing a segment");
	else if ((rc = app_pipe_facts(p, &epochs, &words, &facts, e)) == 0) {
		uint64_t number = store_live_segment(p->live);

		facts.period = period;
		if ((rc = store_live_cut(p->live, &facts, &next, e)) == 0) {
			app_counter_seal(p->counter, number);
			/* Without a next segment the open one still has its records. */
			mask_epochs_clear(&p->epochs);
		}
	}
	buf_free(&epochs);
	buf_free(&words);
	buf_free(&all);
	p->opened_ns = clock_mono_ns();
	took = p->opened_ns - start_ns;
	p->slowest_cut_ns = took > p->slowest_cut_ns ? took : p->slowest_cut_ns;
	return (rc);
}

static int
cut(struct app_pipe *p, int64_t now_us, struct err *e)
{
	return (cut_period(p, now_us, NULL, e));
}

/*
 * After a call with result rc: 1 if it failed for lack of space, and there is
 * some now.
 */
static int
waited(struct app_pipe *p, int rc, struct err *e)
{
	if (rc != -1 || p->live == NULL || !store_live_full(p->live))
		return (rc);
	return (app_pipe_wait_for_space(p, e) == 0 ? 1 : -1);
}

/* ---- flushes ---- */

static int
flush(struct app_pipe *p, const struct store_live_run *run, struct err *e)
{
	int64_t start_ns = clock_mono_ns(), took;

	if (store_live_flush(p->live, run, e) == -1)
		return (-1);
	p->flushed_ns = clock_mono_ns();
	took = p->flushed_ns - start_ns;
	p->slowest_flush_ns = took > p->slowest_flush_ns ? took : p->slowest_flush_ns;
	p->flushes++;
	return (0);
}

static int
flush_run(struct app_pipe *p, const struct app_area *a, struct err *e)
{
	struct store_live_run run = { a->lines, a->ends, a->count, &a->counts,
		a->has_source ? &a->source : NULL, a->next_source };

	/* Between two turns of epochs all records are of the same: those of now. */
	if (!store_live_fits(p->live, a->count, a->len) && cut(p, p->turn_us, e) == -1)
		return (-1);
	return (flush(p, &run, e));
}

static int
flush_area(struct app_pipe *p, struct app_area *a, struct err *e)
{
	int rc;

	while ((rc = waited(p, flush_run(p, a, e), e)) == 1)
		;
	if (rc == -1)
		return (-1);
	if (a->ticket > 0)
		input_live_commit(p->in, a->ticket);
	app_over_see(p, a->counts.causes[STATS_CAUSE_RATE]);
	app_figures_committed(p->figures, &a->counts, a->count, p->slowest_flush_ns);
	if (a->has_source)
		input_live_committed(p->in, a->file, a->source.at);
	mask_epochs_merge(&p->epochs, &a->epochs);
	stats_counts_add(&p->counts, &a->counts);
	if (a->tally != NULL)
		app_counter_add(p->counter, &a->tally, span_of(a->lines, a->len), a->ends,
		    store_live_records(p->live));
	p->records += a->count;
	p->period_bytes += a->len;
	return (0);
}

static void
clear_area(struct app_area *a)
{
	if (a->len > AREA_KEEP)
		arena_forget(&a->memory, a->lines + AREA_KEEP);
	a->touched = a->touched || a->len > 0;
	a->len = a->count = 0;
	a->ticket = 0;
	a->since_ns = 0;
	stats_counts_clear(&a->counts);
	mask_epochs_clear(&a->epochs);
	if (a->tally != NULL)
		tally_batch_clear(a->tally);
}

static int
heartbeat(struct app_pipe *p, struct err *e)
{
	struct stats_counts none;
	struct store_live_run run = { .counts = &none };

	stats_counts_clear(&none);
	return (flush(p, &run, e));
}

/* ---- the loop ---- */

/* Cut; where a full disk made the cut, the period's entry still has to come. */
static int
end_period(struct app_pipe *p, int64_t now_us, const char *period, struct err *e)
{
	int rc = waited(p, cut_period(p, now_us, period, e), e);

	while (rc == 1 && period != NULL)
		rc = waited(p, store_live_rotate(p->live, period, e), e);
	return (rc == -1 ? -1 : 0);
}

static int
end_numbered(struct app_pipe *p, struct err *e)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%ju", (uintmax_t)++p->period_number);
	p->period_bytes = 0;
	return (end_period(p, p->turn_us, number, e));
}

/* By size: is it full?  Segments of one period are about so large. */
static int
rotate_size(struct app_pipe *p, struct err *e)
{
	if (p->rotate.bytes == 0 || p->period_bytes < p->rotate.bytes)
		return (0);
	return (end_numbered(p, e));
}

/* By a signal: what is left of a day is a period of the same name. */
static int
rotate_now(struct app_pipe *p, struct err *e)
{
	struct store_unrotated u;
	char name[16];

	p->rotate_asked = false;
	if (p->rotate.by_time) {
		app_rotate_name(&p->rotate, p->turn_us, name);
		return (end_period(p, p->turn_us, name, e));
	}
	if (p->rotate.bytes == 0) { /* nobody counted so far */
		if (store_live_unrotated(p->live, &u, e) == -1)
			return (-1);
		p->period_number = u.number;
	}
	return (end_numbered(p, e));
}

/*
 * The keys of the new epochs come, the segment of the old ones ends: the head
 * of the next one names those that its records will be of.  Meanwhile the
 * reader waits, so that none comes between.
 */
static int
turn(struct app_pipe *p, int64_t now_us, struct err *e)
{
	char name[16];
	bool ends = app_rotate_ends(&p->rotate, p->period_us, now_us, name);
	int rc;

	while ((rc = waited(p, app_pipe_turn(p, now_us, e), e)) == 1)
		;
	if (rc == -1 || end_period(p, now_us, ends ? name : NULL, e) == -1)
		return (-1);
	app_counter_keys(p->counter, p->ring);
	p->period_us = now_us;
	app_pipe_head(p);
	return (0);
}

/* Records are kept without it; only what an older copy of the stream hides is not seen. */
void
app_pipe_head(struct app_pipe *p)
{
	struct err e = { ERR_NONE, "" };

	if (store_live_head(p->live, &e) == -1)
		app_pipe_warn(p, "how far the stream goes is not yet recorded: %s", e.text);
}

/* The chain tells when the clock went back or leapt. */
static int
see_clock(struct app_pipe *p, struct err *e)
{
	struct app_clock_break broke;

	if (app_clock_look(&p->clock, clock_now_us(), app_clock_boot_us(), &broke)) {
		p->broke = broke;
		p->has_broken = true;
	}
	if (!p->has_broken)
		return (0);
	if (store_live_clock(p->live, p->broke.was_us, p->broke.now_us, e) == -1)
		return (-1);
	p->has_broken = false;
	return (0);
}

/* What the reader asks for.  1: something was done; 0; -1 with e.  Under the lock. */
static int
serve_reader(struct app_pipe *p, struct err *e)
{
	struct app_area *a = &p->areas[p->filling ^ 1];
	int rc;

	if (!(p->ready && app_pipe_takes(p)) && !p->turn)
		return (0);
	if (p->ready && app_pipe_takes(p)) {
		pthread_mutex_unlock(&p->lock);
		if ((rc = flush_area(p, a, e)) == 0)
			clear_area(a);
		pthread_mutex_lock(&p->lock);
		p->ready = false;
	} else {
		int64_t now_us = p->turn_us;

		pthread_mutex_unlock(&p->lock);
		rc = turn(p, now_us, e);
		pthread_mutex_lock(&p->lock);
		p->turn = p->changed = false;
	}
	pthread_cond_signal(&p->to_reader);
	return (rc == -1 ? -1 : 1);
}

/* Of the area that waits for its turn while nothing comes.  Under the lock. */
static void
give_back(struct app_pipe *p, int64_t now_ns)
{
	struct app_area *a = &p->areas[p->filling ^ 1];

	if (!a->touched || p->ready || now_ns - p->flushed_ns < APP_PIPE_IDLE_NS)
		return;
	arena_forget(&a->memory, a->ends);
	a->touched = false;
}

/* What time and signals ask for.  Under the lock. */
static int
serve_time(struct app_pipe *p, struct err *e)
{
	char spared[APP_SPARED_BYTES];
	int64_t now_ns = clock_mono_ns();
	bool sealing = p->pushed || now_ns - p->opened_ns >= p->seal_every_ns, changed;
	bool rotating = p->pushed && p->rotate_asked;
	int rc, asked;

	if ((asked = atomic_exchange(p->seal, 0)) != 0)
		p->push = true;
	p->rotate_asked = p->rotate_asked || (asked & APP_PIPE_ROTATE) != 0;
	give_back(p, now_ns);
	p->pushed = false;
	pthread_mutex_unlock(&p->lock);
	changed = app_pipe_keys_changed(p);
	rc = store_live_check(p->live, e);
	app_pipe_publish_writer(p);
	app_over_see(p, 0);
	if (app_spared(spared))
		app_pipe_warn(p, "%s", spared);
	if (rc == 0)
		rc = see_clock(p, e);
	if (rc == 0)
		rc = rotate_size(p, e);
	if (rc == 0)
		rc = app_pipe_report(p, e);
	if (rc == 0)
		rc = app_raise_tell(p, e);
	if (rc == 0)
		rc = app_pipe_budget(p, e);
	if (rc == 0 && rotating)
		rc = rotate_now(p, e);
	else if (rc == 0 && sealing)
		rc = cut(p, p->turn_us, e);
	else if (rc == 0 && now_ns - p->flushed_ns >= HEARTBEAT_NS)
		rc = heartbeat(p, e);
	rc = waited(p, rc, e);
	pthread_mutex_lock(&p->lock);
	p->changed = p->changed || changed;
	return (rc == -1 ? -1 : 0);
}

/* The reader wakes us; who asks by a flag, or changes keys, is seen by the tick. */
static void
wait_a_bit(struct app_pipe *p)
{
	int64_t now_ns = clock_mono_ns(), seal_ns = p->opened_ns + p->seal_every_ns - now_ns,
		ns = now_ns - p->flushed_ns < APP_PIPE_QUIET_NS ? TICK_NS : TICK_QUIET_NS;
	struct timespec until;

	/* One that is due, and could not be made, waits for the tick. */
	clock_mono_after(seal_ns > 0 && seal_ns < ns ? seal_ns : ns, &until);
	(void)pthread_cond_clockwait(&p->to_main, &p->lock, CLOCK_MONOTONIC, &until);
}

/* What is still to be told when all records are written. */
static int
tell_all(struct app_pipe *p, struct err *e)
{
	int rc;

	do {
		if ((rc = app_pipe_report(p, e)) == 0)
			rc = app_raise_tell(p, e);
	} while ((rc = waited(p, rc, e)) == 1);
	return (rc);
}

static int
write_all(struct app_pipe *p, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	while (rc != -1) {
		if ((rc = serve_reader(p, e)) != 0)
			continue;
		if (p->ended)
			break;
		if ((rc = serve_time(p, e)) == 0 && !(p->ready && app_pipe_takes(p)) && !p->turn &&
		    !p->ended)
			wait_a_bit(p);
	}
	if (rc == -1)
		p->quit = true;
	pthread_cond_signal(&p->to_reader);
	pthread_mutex_unlock(&p->lock);
	return (rc == -1 ? -1 : tell_all(p, e));
}

/* ---- memory ---- */

static int
open_areas(struct app_pipe *p, struct err *e)
{
	const size_t lines = APP_PIPE_BYTES + (size_t)MASK_BATCH_RECORDS * RECORD_BYTES_MAX;

	for (int i = 0; i < 2; i++) {
		struct app_area *a = &p->areas[i];

		if (arena_open(&a->memory, lines + APP_PIPE_RECORDS * sizeof(uint32_t) + 64,
			ARENA_LAZY, e) == -1)
			return (-1);
		a->ends = arena_take(&a->memory, APP_PIPE_RECORDS * sizeof(uint32_t));
		a->lines = arena_take(&a->memory, lines);
		if (p->counter != NULL && tally_batch_open(&a->tally, e) == -1)
			return (-1);
		clear_area(a);
	}
	return (0);
}

static int
run_threads(struct app_pipe *p, struct app_capture *c, struct err *e)
{
	pthread_t reader;
	int rc;

	if ((errno = pthread_create(&reader, NULL, app_capture_main, c)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	rc = write_all(p, e);
	(void)pthread_join(reader, NULL);
	if (rc == 0 && p->failed) {
		if (e != NULL)
			*e = p->error;
		rc = -1;
	}
	return (rc);
}

/* Lines that came and are not committed. */
static uint64_t
count_unwritten(const struct app_pipe *p)
{
	uint64_t count = p->capture == NULL ? 0 : app_capture_waiting(p->capture);

	for (int i = 0; i < 2; i++)
		count += p->areas[i].counts.lines + p->areas[i].counts.lost;
	return (count);
}

int
app_pipe_run(struct app_pipe *p, struct err *e)
{
	int rc;

	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_mutex_init(&p->words_lock, NULL);
	(void)pthread_cond_init(&p->to_main, NULL);
	(void)pthread_cond_init(&p->to_reader, NULL);
	stats_counts_clear(&p->counts);
	mask_epochs_clear(&p->epochs);
	app_figures_detail(p->figures, DETAIL_COUNT, 0);
	p->turn_us = p->setup.now_us;
	p->opened_ns = p->flushed_ns = clock_mono_ns();
	p->unlocked = p->unlocked || !input_live_locked(p->in);
	rc = open_areas(p, e);
	stats_counts_lose(&p->areas[p->filling].counts, STATS_CAUSE_UNWRITTEN, p->lost);
	stats_counts_lose(&p->areas[p->filling].counts, STATS_CAUSE_FILE, p->lost_files);
	if (rc == 0 && p->capture == NULL)
		rc = app_capture_open(p, &p->capture, e);
	if (rc == 0)
		rc = run_threads(p, p->capture, e);
	if (rc == -1)
		p->unwritten = count_unwritten(p);
	app_capture_close(p->capture);
	p->capture = NULL;
	for (int i = 0; i < 2; i++) {
		arena_close(&p->areas[i].memory);
		tally_batch_close(p->areas[i].tally);
		p->areas[i].tally = NULL;
	}
	return (rc);
}
