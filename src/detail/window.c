/* window: how often something happened within the last minute. */
#include <string.h>

#include "detail/detail.h"

#define STEP_US (DETAIL_WINDOW_US / DETAIL_WINDOW_STEPS)
#define BURST_SHARE 20 /* errors are at least one of so many events, where no more is known */

/* Steps that are over are empty; a clock that goes back stays in its step. */
static void
turn(struct detail_window *w, int64_t now_us)
{
	int64_t step = now_us / STEP_US, ahead = step - w->step;

	if (ahead <= 0)
		return;
	for (int64_t i = 0; i < ahead && i < DETAIL_WINDOW_STEPS; i++)
		memset(&w->steps[(w->step + 1 + i) % DETAIL_WINDOW_STEPS], 0, sizeof(w->steps[0]));
	if (ahead >= DETAIL_WINDOW_STEPS)
		memset(w->steps, 0, sizeof(w->steps));
	w->step = step;
}

void
detail_window_add(struct detail_window *w, const struct detail_events *more, int64_t now_us)
{
	struct detail_events *at;

	turn(w, now_us);
	at = &w->steps[w->step % DETAIL_WINDOW_STEPS];
	at->all += more->all;
	at->errors += more->errors;
	at->refused += more->refused;
}

struct detail_events
detail_window_sum(struct detail_window *w, int64_t now_us)
{
	struct detail_events sum = { 0, 0, 0 };

	turn(w, now_us);
	for (int i = 0; i < DETAIL_WINDOW_STEPS; i++) {
		sum.all += w->steps[i].all;
		sum.errors += w->steps[i].errors;
		sum.refused += w->steps[i].refused;
	}
	return (sum);
}

static bool
is_unusual(const struct detail_events *sum, const struct stats_usual *errors)
{
	if (errors->known)
		return (stats_usual_score(errors, sum->errors) >= STATS_USUAL_SCORE);
	return (sum->errors * BURST_SHARE >= sum->all);
}

bool
detail_window_fires(struct detail_window *w, const struct detail_trigger *t,
    const struct stats_usual *errors, int64_t now_us)
{
	struct detail_events sum = detail_window_sum(w, now_us);

	switch (t->when) {
	case DETAIL_ERROR_BURST: return (sum.errors >= t->least && is_unusual(&sum, errors));
	case DETAIL_LOGIN_FAILURES: return (sum.refused >= t->least);
	default: return (false);
	}
}
