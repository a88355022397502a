/* app: detail that is raised for a while. */
#include "app/pipe/raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/pipe/capture.h"
#include "app/tally/counter.h"
#include "app/watch/figures.h"
#include "base/clock.h"
#include "base/json.h"

/* ---- the reader ---- */

/* For the writer; false: it has to write first. */
static bool
has_room(struct app_pipe *p)
{
	bool room;

	pthread_mutex_lock(&p->lock);
	room = p->raising.count < APP_RAISE_TOLD_MAX;
	pthread_mutex_unlock(&p->lock);
	return (room);
}

static void
tell(struct app_capture *c, const struct detail_change *change, const struct app_wish *wish)
{
	struct app_pipe *p = c->p;
	struct app_told *one;

	pthread_mutex_lock(&p->lock);
	one = &p->raising.told[p->raising.count++];
	memset(one, 0, sizeof(*one));
	one->change = *change;
	if (wish != NULL)
		one->wish = *wish;
	pthread_mutex_unlock(&p->lock);
	mask_raise(c->mask, change->after);
}

/* One that lasts for long is not prolonged all the time: each time is an entry. */
static bool
is_raised_enough(const struct detail_raised *r, const struct detail_trigger *t, int64_t now_us)
{
	const struct detail_one *one = &r->one[t->when];

	return (one->level >= t->raise && one->until_us - now_us > t->for_us / 2);
}

/* 1: something changed, and was told. */
static bool
fire_one(struct app_capture *c, const struct stats_usual *errors)
{
	const struct mask_policy *policy = c->p->setup.policy;
	struct app_raising *r = &c->p->raising;
	struct detail_change change;

	for (unsigned i = 0; i < policy->trigger_count; i++) {
		const struct detail_trigger *t = &policy->triggers[i];

		if (is_raised_enough(&r->now, t, c->now_us) ||
		    !detail_window_fires(&r->window, t, errors, c->now_us) ||
		    !detail_signal(&r->now, t, c->now_us, &change))
			continue;
		tell(c, &change, NULL);
		return (true);
	}
	return (false);
}

static void
take_wish(struct app_capture *c)
{
	struct detail_trigger t = { .when = DETAIL_BY_HAND };
	struct detail_change change;
	struct app_wish wish;

	if (!app_figures_wished(c->p->figures, &wish))
		return;
	t.raise = wish.raise;
	t.for_us = wish.for_us;
	if (detail_signal(&c->p->raising.now, &t, c->now_us, &change))
		tell(c, &change, &wish);
}

void
app_raise_see(struct app_capture *c, const struct detail_events *events)
{
	detail_window_add(&c->p->raising.window, events, c->now_us);
}

void
app_raise_turn(struct app_capture *c)
{
	struct app_raising *r = &c->p->raising;
	struct stats_usual errors = app_counter_usual(c->p->counter);
	struct detail_change change;

	app_figures_errors(c->p->figures, detail_window_sum(&r->window, c->now_us).errors, &errors);
	while (has_room(c->p)) {
		if (detail_tick(&r->now, c->now_us, &change))
			tell(c, &change, NULL);
		else if (!fire_one(c, &errors))
			break;
	}
	if (has_room(c->p))
		take_wish(c);
}

void
app_raise_end(struct app_capture *c)
{
	const struct timespec look = { 0, 5000000 };
	struct detail_change change;
	bool quit = false;

	while (!quit) {
		if (!has_room(c->p))
			(void)nanosleep(&look, NULL);
		else if (detail_tick(&c->p->raising.now, c->now_us + DETAIL_RAISE_MAX_US, &change))
			tell(c, &change, NULL);
		else
			break;
		pthread_mutex_lock(&c->p->lock);
		quit = c->p->quit;
		pthread_mutex_unlock(&c->p->lock);
	}
}

/* ---- the writer ---- */

/* "raise full error_burst", "raise full by_hand: REASON", "end count by_hand". */
static int
append(struct app_pipe *p, const struct app_told *told, struct err *e)
{
	const struct detail_change *change = &told->change;
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	char text[APP_RAISE_REASON_BYTES + 64], by[24] = "";
	struct buf quoted = { 0 };
	int rc;

	(void)snprintf(text, sizeof(text), "%s %s %s%s%s", change->until_us == 0 ? "end" : "raise",
	    detail_level_names[change->after], detail_signal_names[change->by],
	    told->wish.reason[0] != '\0' ? ": " : "", told->wish.reason);
	if (told->wish.reason[0] != '\0')
		(void)snprintf(by, sizeof(by), "uid %u", (unsigned)told->wish.uid);
	json_quote(&quoted, span_str(text)); /* entries take what stands between the quotes */
	if (entry == NULL || !buf_ok(&quoted)) {
		rc = err_memory(e);
		goto out;
	}
	entry->type = SEAL_CONFIG;
	entry->of.config.kind = span_of("detail", 6);
	entry->of.config.policy = span_str(p->policy_hash);
	entry->of.config.text = span_of(quoted.data + 1, quoted.len - 2);
	entry->of.config.has_until = change->until_us != 0;
	entry->of.config.until_us = change->until_us / 1000 * 1000; /* as entries have it */
	entry->of.config.by = span_str(by);
	rc = store_live_append(p->live, entry, e);
out:
	buf_free(&quoted);
	free(entry);
	return (rc);
}

static void
say(struct app_pipe *p, const struct detail_change *change)
{
	char until[CLOCK_RFC3339_BYTES];
	const char *by = detail_signal_names[change->by];

	if (change->until_us == 0) {
		app_pipe_warn(p, "detail: %s is over", by);
		return;
	}
	app_pipe_warn(p, "detail: at least %s until %.*s (%s)", detail_level_names[change->after],
	    (int)clock_rfc3339(until, change->until_us), until, by);
}

int
app_raise_tell(struct app_pipe *p, struct err *e)
{
	struct app_told told;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		if (p->raising.count == 0) {
			pthread_mutex_unlock(&p->lock);
			return (0);
		}
		told = p->raising.told[0];
		pthread_mutex_unlock(&p->lock);
		if (append(p, &told, e) == -1)
			return (-1); /* it stays, for when there is space */
		say(p, &told.change);
		app_figures_detail(p->figures, told.change.after, told.change.until_us);
		pthread_mutex_lock(&p->lock);
		memmove(p->raising.told, p->raising.told + 1,
		    --p->raising.count * sizeof(p->raising.told[0]));
		pthread_mutex_unlock(&p->lock);
	}
}
