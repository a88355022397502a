/* app: which window of time a request means. */
#include <string.h>

#include "app/serve/figures/figures.h"
#include "base/clock.h"
#include "base/num.h"

#define MINUTE_US INT64_C(60000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define SETTLE_US INT64_C(600000000) /* figures come a while after what they count */
#define POINTS_MAX 10080 /* a week of minutes */
#define POINTS_GOOD 800

static const char *const names[] = { "hour", "day", "week", "month" };
static const enum tally_period periods[] = { TALLY_HOUR, TALLY_DAY, TALLY_WEEK, TALLY_MONTH };

static bool
bad(struct serve_answer *a, enum serve_problem problem, enum serve_param param)
{
	const struct serve_problem_place place = { .parameter = serve_param_names[param] };

	serve_problem_set(a, problem, &place);
	return (false);
}

static void
set(struct figures *f, struct figures_window *w, const char *name, int64_t since_us,
    int64_t until_us)
{
	*w = (struct figures_window){ name, since_us, until_us, until_us + SETTLE_US <= f->now_us };
}

/* "now", a day, a week, a month by its name, or an instant.  NULL: what ended last. */
static bool
read_at(const char *text, enum tally_period period, int64_t now_us, int64_t *t_us)
{
	int64_t first, last;

	if (text == NULL) {
		*t_us = tally_start_us(period, tally_index(period, now_us - SETTLE_US) - 1);
		return (true);
	}
	*t_us = now_us;
	if (strcmp(text, "now") == 0)
		return (true);
	if (clock_named_days(span_str(text), &first, &last) == 0) {
		*t_us = first * DAY_US;
		return (true);
	}
	return (clock_parse_rfc3339(text, strlen(text), t_us) == 0);
}

/* In the years 1 to 9999, of which lengths and what lies before them can be computed. */
static bool
read_time(const char *text, int64_t now_us, int64_t *t_us)
{
	int64_t back_us;

	if (text == NULL || clock_parse_rfc3339(text, strlen(text), t_us) == 0)
		return (true);
	if (text[0] != '-' || num_duration(span_str(text + 1), &back_us) == -1)
		return (false);
	*t_us = now_us - back_us;
	return (*t_us >= clock_days(1, 1, 1) * DAY_US);
}

static int64_t
floor_to(int64_t t_us, int64_t unit_us)
{
	int64_t rest = t_us % unit_us;

	return (t_us - (rest < 0 ? rest + unit_us : rest));
}

/* Whole minutes, or hours where minutes are not kept apart. */
static bool
find_free(const struct serve_params *p, struct figures *f, int64_t unit_us, struct serve_answer *a)
{
	int64_t since_us = f->now_us - DAY_US, until_us = f->now_us;

	if (!read_time(p->text[SERVE_UNTIL], f->now_us, &until_us))
		return (bad(a, SERVE_PROBLEM_PARAMETER, SERVE_UNTIL));
	since_us = until_us - DAY_US;
	if (!read_time(p->text[SERVE_SINCE], f->now_us, &since_us))
		return (bad(a, SERVE_PROBLEM_PARAMETER, SERVE_SINCE));
	since_us = floor_to(since_us, unit_us);
	until_us = floor_to(until_us + unit_us - 1, unit_us);
	if (since_us >= until_us) {
		app_serving_empty_window(a);
		return (false);
	}
	set(f, &f->window, "free", since_us, until_us);
	set(f, &f->before, "free", since_us - (until_us - since_us), since_us);
	return (true);
}

static bool
find_fixed(const struct serve_params *p, struct figures *f, struct serve_answer *a)
{
	unsigned choice =
	    p->text[SERVE_WINDOW] != NULL ? p->choice[SERVE_WINDOW] : SERVE_WINDOW_DAY;
	enum tally_period period = periods[choice];
	int64_t t_us, index;

	if (!read_at(p->text[SERVE_AT], period, f->now_us, &t_us))
		return (bad(a, SERVE_PROBLEM_PARAMETER, SERVE_AT));
	index = tally_index(period, t_us);
	set(f, &f->window, names[choice], tally_start_us(period, index),
	    tally_start_us(period, index + 1));
	set(f, &f->before, names[choice], tally_start_us(period, index - 1),
	    tally_start_us(period, index));
	return (true);
}

/* The step that was asked for, or the finest that is not too many. */
static bool
find_step(const struct serve_call *call, struct figures *f, struct serve_answer *a)
{
	static const int64_t units[] = { MINUTE_US, HOUR_US, DAY_US };
	static const enum tally_period steps[] = { TALLY_MINUTE, TALLY_HOUR, TALLY_DAY };
	const struct serve_params *p = &call->params;
	int64_t length_us = f->window.until_us - f->window.since_us;
	unsigned step = f->grant->tier == VIEW_DEVELOPER ? SERVE_STEP_MINUTE :
	    f->grant->tier == VIEW_ANALYST               ? SERVE_STEP_HOUR :
							   SERVE_STEP_DAY;

	if (p->text[SERVE_STEP] != NULL)
		step = p->choice[SERVE_STEP];
	else
		while (step < SERVE_STEP_DAY && length_us / units[step] > POINTS_GOOD)
			step++;
	if (length_us / units[step] > POINTS_MAX)
		return (bad(a, SERVE_PROBLEM_WINDOW, SERVE_STEP));
	f->step = steps[step];
	return (true);
}

bool
app_figures_window(const struct serve_call *call, struct figures *f, struct serve_answer *a)
{
	const struct serve_params *p = &call->params;
	bool free = p->text[SERVE_SINCE] != NULL || p->text[SERVE_UNTIL] != NULL;
	int64_t unit_us = call->route->does == SERVE_DOES_TOP ? HOUR_US : MINUTE_US;

	if (!(free ? find_free(p, f, unit_us, a) : find_fixed(p, f, a)))
		return (false);
	return (find_step(call, f, a));
}
