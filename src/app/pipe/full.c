/*
 * app: a pipe whose disk is full: it seals what is open, blocks its input,
 * and goes on when there is space.  So it does where the store takes more than
 * it may, and nothing may go; but then the stream stays open, so that what gets
 * over its term meanwhile can go.
 */
#include <sys/statvfs.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/pipe/pipe.h"
#include "app/retain/budget.h"
#include "app/retain/keeper.h"
#include "app/say.h"
#include "app/watch/figures.h"
#include "app/tally/counter.h"
#include "base/clock.h"
#include "base/num.h"
#include "crypto/sha256.h"
#include "store/store.h"

#define PAUSE_FIRST_NS INT64_C(20000000)
#define PAUSE_LAST_NS INT64_C(2000000000)
#define LOOK_NS 20000000 /* signals are seen at least so often */
#define SPACE_BYTES ((uint64_t)2 << 20)

void
app_pipe_warn(const struct app_pipe *p, const char *fmt, ...)
{
	char text[ERR_TEXT_BYTES * 2];
	va_list ap;

	va_start(ap, fmt);
	if (p->daemon != NULL)
		app_log("warn", p->daemon, fmt, ap);
	else {
		(void)vsnprintf(text, sizeof(text), fmt, ap);
		app_warn("pipe", "%s", text);
	}
	va_end(ap);
}

void
app_pipe_close_live(struct app_pipe *p)
{
	if (p->live == NULL)
		return;
	app_keeper_live(p->keeper, NULL);
	p->segments += store_live_segments(p->live);
	store_live_close(p->live);
	p->live = NULL;
}

/* With the reserve: seal what is open and say why.  What is left the next open seals. */
static void
stop_full(struct app_pipe *p)
{
	struct buf epochs = { 0 }, words = { 0 };
	struct store_live_facts facts;

	store_live_use_reserve(p->live);
	p->left_bytes = store_live_bytes(p->live);
	if (!store_live_broken(p->live) && app_pipe_facts(p, &epochs, &words, &facts, NULL) == 0 &&
	    store_live_stop(p->live, &facts, "disk-full", NULL) == 0)
		p->left_bytes = 0;
	buf_free(&epochs);
	buf_free(&words);
	app_pipe_close_live(p);
	mask_epochs_clear(&p->epochs);
}

/* Room for the reserve, for what waits, and for what is left to be sealed? */
static bool
has_space(const struct app_pipe *p)
{
	struct statvfs fs;
	uint64_t need = SPACE_BYTES + p->left_bytes / 8;

	if (fstatvfs(store_words_fd(p->how.store), &fs) == -1)
		return (true); /* then trying will tell */
	for (int i = 0; i < 2; i++)
		need += p->areas[i].len;
	return ((uint64_t)fs.f_bavail * fs.f_frsize >= need);
}

int
app_pipe_open_live(struct app_pipe *p, struct store_live_found *found, struct err *e)
{
	struct store_live_options how = p->how;
	struct buf epochs = { 0 };
	int rc;

	app_pipe_epochs(p->setup.policy, p->ring, p->turn_us, &epochs);
	how.next.epochs = buf_view(&epochs);
	if (buf_ok(&epochs))
		rc = store_live_open(&how, &p->live, found, e);
	else
		rc = err_set(e, ERR_IO, "out of memory");
	buf_free(&epochs);
	if (rc == 0) {
		p->opened_ns = p->flushed_ns = clock_mono_ns();
		app_counter_reopen(p->counter, store_live_segment(p->live) - 1);
		app_keeper_live(p->keeper, p->live);
	}
	return (rc);
}

bool
app_pipe_pause(struct app_pipe *p, int64_t ns)
{
	const struct timespec look = { 0, LOOK_NS };

	for (int64_t until = clock_mono_ns() + ns; clock_mono_ns() < until;) {
		if (*p->stop != 0)
			return (false);
		/* Somebody made room: look now.  The end of a period stays asked for. */
		if ((atomic_fetch_and(p->seal, ~APP_PIPE_SEAL) & APP_PIPE_SEAL) != 0)
			return (true);
		(void)nanosleep(&look, NULL);
	}
	return (*p->stop == 0);
}

static uint64_t
count_waiting(const struct app_pipe *p)
{
	return (p->areas[0].count + p->areas[1].count);
}

/* Look for it more and more seldom, and open again.  -1 with e. */
static int
open_with_space(struct app_pipe *p, struct err *e)
{
	struct store_live_found found = { .full = true };
	int64_t pause_ns = PAUSE_FIRST_NS;

	while (found.full) {
		if (!app_pipe_pause(p, pause_ns))
			return (err_set(e, ERR_IO,
			    "no space left: told to stop with %llu records unwritten",
			    (unsigned long long)count_waiting(p)));
		pause_ns = 2 * pause_ns < PAUSE_LAST_NS ? 2 * pause_ns : PAUSE_LAST_NS;
		if (!has_space(p))
			continue;
		if (app_pipe_open_live(p, &found, e) == 0)
			break;
	}
	return (p->live == NULL ? -1 : 0);
}

int
app_pipe_wait_for_space(struct app_pipe *p, struct err *e)
{
	int rc;

	app_pipe_warn(
	    p, "no space left: what came is sealed, input waits until there is some (%s)", e->text);
	p->full_waits++;
	p->full = true; /* the reader leaves to its senders what they can keep */
	app_figures_state(p->figures, APP_FULL);
	stop_full(p);
	rc = open_with_space(p, e);
	p->full = false;
	if (rc == -1)
		return (-1);
	app_figures_state(p->figures, APP_READING);
	app_pipe_warn(p, "there is space again: input goes on");
	return (0);
}

/* ---- the disk budget ---- */

/* The chain says from when to when nothing was taken in. */
static int
append_report(struct app_pipe *p, bool over, const char *text, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_memory(e));
	entry->type = SEAL_REPORT;
	entry->of.report.kind = span_str("disk");
	entry->of.report.result = over ? ERR_IO : 0;
	crypto_sha256(text, strlen(text), entry->of.report.hash);
	rc = store_live_append(p->live, entry, e);
	free(entry);
	return (rc);
}

static void
print_over(char text[static 200])
{
	struct app_budget_seen seen;
	char used[32], limit[32];

	app_budget_seen(&seen);
	(void)num_print_bytes(used, seen.used);
	(void)num_print_bytes(limit, seen.limit);
	(void)snprintf(text, 200,
	    "the store takes %s, its budget (disk) is %s, and what may go is not enough: "
	    "input waits",
	    used, limit);
}

int
app_pipe_budget(struct app_pipe *p, struct err *e)
{
	bool over = app_budget_is_over();
	char text[200] = "the store is within its budget (disk): input goes on";

	if (over == p->over_budget)
		return (0);
	if (over)
		print_over(text);
	if (append_report(p, over, text, e) == -1)
		return (-1);
	p->over_budget = over;
	p->full = over; /* the reader leaves to its senders what they can keep */
	app_figures_state(p->figures, over ? APP_FULL : APP_READING);
	app_pipe_warn(p, "%s", text);
	if (over && store_live_records(p->live) > 0) {
		pthread_mutex_lock(&p->lock);
		p->pushed = true; /* sealed it takes less, and nothing can change it */
		pthread_mutex_unlock(&p->lock);
	}
	return (0);
}

bool
app_pipe_takes(const struct app_pipe *p)
{
	return (!p->over_budget || *p->stop != 0);
}
